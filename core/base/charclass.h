/* SPDX-License-Identifier: MIT */
/*
 * What a character may do to a reader or a terminal: the classes that core/base/sanitize treats
 * apart. Ranges that matter for safety are our own table; letters, marks and emoji are Unicode's.
 */
#ifndef CORE_BASE_CHARCLASS_H
#define CORE_BASE_CHARCLASS_H

#include <stdint.h>

enum charclass {
    CHAR_PLAIN,
    CHAR_JOINING, /* a letter of a script whose letters join */
    CHAR_EMOJI,   /* pictographs, regional indicators, skin tones */
    CHAR_MARK,    /* combining, no width */
    CHAR_SPACE,   /* U+0020 */
    CHAR_BLANK,   /* looks like one */
    CHAR_WRONG,   /* no UTF-8, or a noncharacter */
    CHAR_LF,
    CHAR_TAB,
    CHAR_CR,
    CHAR_CONTROL, /* other C0, DEL */
    CHAR_ESC,
    CHAR_C1,        /* but U+0085 */
    CHAR_NEL,       /* U+0085 */
    CHAR_SEPARATOR, /* U+2028, U+2029 */
    CHAR_BIDI,      /* direction controls */
    CHAR_HIDDEN,    /* zero width or filler: nobody sees it */
    CHAR_SELECTOR,  /* variation selectors 15 and 16 */
    CHAR_JOINER,    /* ZWJ, ZWNJ */
    CHAR_CLASSES
};

enum charclass charclass_of(int32_t cp); /* negative: CHAR_WRONG */

#endif
