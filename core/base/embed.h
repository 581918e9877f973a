/* SPDX-License-Identifier: MIT */
/*
 * Files that the build puts into the program (EMBED in the Makefile): the default keymap, a theme,
 * the demo. They are read like files of the operator, by the same parsers. Any thread; constant.
 */
#ifndef CORE_BASE_EMBED_H
#define CORE_BASE_EMBED_H

#include <stddef.h>

struct embed {
    const char *name;           /* the path in the source tree: "tui/keys.yaml" */
    const unsigned char *bytes; /* a zero byte follows, not counted: a text is a string */
    size_t size;
};

/* Every file, in the Makefile's order; ends with a NULL name. */
extern const struct embed embed_table[];

/* NULL when the build embedded no such file. */
const struct embed *embed_find(const char *name);

#endif
