/* SPDX-License-Identifier: MIT */
/*
 * Columns: the only place that knows how wide text is. A character is as wide as wcwidth says in
 * the process's locale (as curses has it); what a reader takes for one character is a cluster
 * (utf8proc), and it is never split. Text is UTF-8 that core/base/sanitize let through; other bytes
 * count one column each, so nothing here can be led astray. Pure; any thread.
 */
#ifndef TUI_TEXT_H
#define TUI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

#define TEXT_TAB   8
#define TEXT_GLYPH 20 /* bytes: a base and four marks, as many as a curses cell holds */

/* What one screen cell shows, or two when width is 2. */
struct text_cell {
    char glyph[TEXT_GLYPH]; /* len bytes, the rest zero; never a control, never two bases */
    uint8_t len;
    uint8_t width; /* 1 or 2; 0 = nothing to show */
};

/* Bytes of the first cluster (≥ 1 when len > 0) and the columns it takes; column is where it
   stands, for tabs. A newline is a cluster of no width. */
size_t text_cluster(const char *text, size_t len, int column, int *width);

/* The first cell and the bytes it stands for. A cluster is one cell, but where a script writes
   several spacing characters side by side (flags, Indic vowel signs): then they are several cells,
   as wide together as the cluster. An emoji of several characters shows the first. */
size_t text_cell(struct text_cell *out, const char *text, size_t len);

int text_width(const char *text, size_t len); /* columns from column 0; saturates */

/* Longest run of whole clusters within columns; its columns go to *width (may be NULL). */
size_t text_fit(const char *text, size_t len, int columns, int *width);
/* The cluster that starts before byte `at`: its first byte. 0 for 0. */
size_t text_before(const char *text, size_t at);

/* Appends text in at most columns columns, cut with "…", and, when pad, filled with blanks to
   exactly that. 0, or buf_add's error. */
int text_cut(struct buf *out, const char *text, size_t len, int columns, bool pad);

struct text_row {
    size_t start, end; /* bytes; blanks at a break and the newline belong to no row */
    int width;         /* columns, at most the wrap's width */
    bool last;         /* a newline or the end of the text follows */
};

/* Rows of a text, one by one: set text, len and width, then call text_wrap_next until it says no.
   width may change between rows. A newline ends a row; "" has none. */
struct text_wrap {
    const char *text;
    size_t len;
    int width; /* columns of a row; less than 1 counts as 1 */
    bool hard; /* break at the column, not between words */
    size_t at; /* where the next row starts */
};

bool text_wrap_next(struct text_wrap *wrap, struct text_row *row);
size_t text_rows(const char *text, size_t len, int width); /* how many there are */

#endif
