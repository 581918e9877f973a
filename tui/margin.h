/* SPDX-License-Identifier: MIT */
/*
 * What stands before the lines of nested blocks: bullets, quotation bars, indents. The first line
 * of a block may begin otherwise than its others (a bullet, then blanks). Narrow pages go without
 * the deeper ones, so that there is always room for text. Pure.
 */
#ifndef TUI_MARGIN_H
#define TUI_MARGIN_H

#include <stdbool.h>
#include <stddef.h>

#include "tui/lines.h"

#define MARGIN_DEEP 32 /* blocks deeper than this have no margin of their own */
#define MARGIN_TEXT 24

struct margin_part {
    char first[MARGIN_TEXT], rest[MARGIN_TEXT];
    enum role role;
    int width;    /* columns of either */
    bool started; /* first was put */
};

struct margin {
    int page; /* columns in all */
    struct margin_part parts[MARGIN_DEEP];
    int depth; /* pushed, also those beyond MARGIN_DEEP */
};

void margin_init(struct margin *margin, int page);
/* Both texts must be as wide as each other. */
void margin_push(struct margin *margin, enum role role, const char *first, const char *rest);
void margin_pop(struct margin *margin);
bool margin_started(const struct margin *margin); /* the innermost block has a line */

int margin_room(const struct margin *margin);                  /* columns for text, at least 1 */
void margin_begin(struct margin *margin, struct lines *lines); /* begins a line behind them */
void margin_blank(struct margin *margin, struct lines *lines); /* a line of nothing else */

#endif
