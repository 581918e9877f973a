/* SPDX-License-Identifier: MIT */
#include "core/base/charclass.h"

#include <stddef.h>
#include <utf8proc.h>

struct range {
    int32_t first, last;
    enum charclass kind;
};

/* In order, without overlap. */
static const struct range special[] = {
    {0x0080, 0x0084, CHAR_C1},       {0x0085, 0x0085, CHAR_NEL},
    {0x0086, 0x009F, CHAR_C1},       {0x00A0, 0x00A0, CHAR_BLANK},
    {0x00AD, 0x00AD, CHAR_HIDDEN},   {0x034F, 0x034F, CHAR_HIDDEN},
    {0x061C, 0x061C, CHAR_BIDI},     {0x115F, 0x1160, CHAR_HIDDEN},
    {0x1680, 0x1680, CHAR_BLANK},    {0x17B4, 0x17B5, CHAR_HIDDEN},
    {0x180B, 0x180F, CHAR_HIDDEN},   {0x2000, 0x200A, CHAR_BLANK},
    {0x200B, 0x200B, CHAR_HIDDEN},   {0x200C, 0x200D, CHAR_JOINER},
    {0x200E, 0x200F, CHAR_BIDI},     {0x2028, 0x2029, CHAR_SEPARATOR},
    {0x202A, 0x202E, CHAR_BIDI},     {0x202F, 0x202F, CHAR_BLANK},
    {0x205F, 0x205F, CHAR_BLANK},    {0x2060, 0x2065, CHAR_HIDDEN},
    {0x2066, 0x2069, CHAR_BIDI},     {0x206A, 0x206F, CHAR_HIDDEN},
    {0x2800, 0x2800, CHAR_BLANK},    {0x3000, 0x3000, CHAR_BLANK},
    {0x3164, 0x3164, CHAR_HIDDEN},   {0xFDD0, 0xFDEF, CHAR_WRONG},
    {0xFE00, 0xFE0D, CHAR_HIDDEN},   {0xFE0E, 0xFE0F, CHAR_SELECTOR},
    {0xFEFF, 0xFEFF, CHAR_HIDDEN},   {0xFFA0, 0xFFA0, CHAR_HIDDEN},
    {0xFFF0, 0xFFFB, CHAR_HIDDEN},   {0x13430, 0x1345F, CHAR_HIDDEN},
    {0x1BCA0, 0x1BCA3, CHAR_HIDDEN}, {0x1D173, 0x1D17A, CHAR_HIDDEN},
    {0x1F1E6, 0x1F1FF, CHAR_EMOJI},  {0x1F3FB, 0x1F3FF, CHAR_EMOJI},
    {0xE0000, 0xE0FFF, CHAR_HIDDEN},
};

/* Where a joiner changes how the letters beside it are written: Arabic to Mongolian, the later
   Indic blocks, and the historic and minority scripts of plane 1. In Latin, Greek, Cyrillic and
   CJK it is only a way to hide a difference. */
static const struct range joining[] = {
    {0x0600, 0x18AF, CHAR_JOINING},   {0x1900, 0x1CFF, CHAR_JOINING},
    {0xA800, 0xABFF, CHAR_JOINING},   {0xFB50, 0xFDFF, CHAR_JOINING},
    {0x10A00, 0x11FFF, CHAR_JOINING}, {0x1E900, 0x1EEFF, CHAR_JOINING},
};

static const struct range *find(const struct range *table, size_t count, int32_t cp)
{
    while (count > 0) {
        const struct range *middle = table + count / 2;
        if (cp >= middle->first && cp <= middle->last)
            return middle;
        if (cp > middle->last) {
            table = middle + 1;
            count--;
        }
        count /= 2;
    }
    return NULL;
}

static enum charclass ascii_class(int32_t cp)
{
    switch (cp) {
    case '\n': return CHAR_LF;
    case '\t': return CHAR_TAB;
    case '\r': return CHAR_CR;
    case ' ': return CHAR_SPACE;
    case 0x1B: return CHAR_ESC;
    default: return cp < ' ' || cp == 0x7F ? CHAR_CONTROL : CHAR_PLAIN;
    }
}

static enum charclass letter_class(int32_t cp)
{
    return find(joining, sizeof joining / sizeof *joining, cp) ? CHAR_JOINING : CHAR_PLAIN;
}

static enum charclass property_class(int32_t cp)
{
    const utf8proc_property_t *property = utf8proc_get_property(cp);

    switch (property->category) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME: return CHAR_MARK;
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_MC: return letter_class(cp);
    default: break;
    }
    return property->boundclass == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC ? CHAR_EMOJI
                                                                             : CHAR_PLAIN;
}

enum charclass charclass_of(int32_t cp)
{
    if (cp < 0 || cp > 0x10FFFF || (cp & 0xFFFE) == 0xFFFE)
        return CHAR_WRONG;
    if (cp < 0x80)
        return ascii_class(cp);
    const struct range *range = find(special, sizeof special / sizeof *special, cp);
    return range ? range->kind : property_class(cp);
}
