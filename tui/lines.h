/* SPDX-License-Identifier: MIT */
/*
 * Text in lines, each made of spans with a role: what Markdown, JSON and diffs are rendered to, and
 * what a panel scrolls, searches and draws. Text is UTF-8 that was sanitized. Owner: tui.
 */
#ifndef TUI_LINES_H
#define TUI_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "tui/grid.h"

struct span {
    uint32_t len; /* bytes */
    uint8_t role, attrs;
};

struct line {
    size_t text; /* where it starts in lines.text */
    size_t len;
    size_t span; /* its first in lines.spans */
    size_t spans;
};

struct lines {
    struct buf text;
    struct span *spans;
    size_t span_count, span_cap;
    struct line *items;
    size_t count, cap;
    bool full; /* the ceiling was reached: what came later is missing, and should be said to be */
};

void lines_init(struct lines *lines, size_t max_bytes);
void lines_free(struct lines *lines);
void lines_cut(struct lines *lines, size_t count); /* keeps the first count */

/* A line is begun, added to, and counts at once. */
void lines_begin(struct lines *lines);
void lines_add(struct lines *lines, enum role role, unsigned attrs, const char *text, size_t len);
void lines_put(struct lines *lines, enum role role, const char *text);
void lines_repeat(struct lines *lines, enum role role, const char *glyph, int count);
/* Adds bytes [start, end) of another's line, with their spans. */
void lines_copy(struct lines *lines, const struct lines *from, size_t line, size_t start,
                size_t end);

/* A line's text, borrowed until the lines change. */
const char *lines_text(const struct lines *lines, size_t line, size_t *len);

struct lines_mark {
    size_t start, end; /* bytes of the line */
    enum role role;    /* instead of its own */
};

/* Draws a line at the pen; marks are in order and do not overlap. */
void lines_draw(const struct lines *lines, size_t line, struct pen *pen,
                const struct lines_mark *marks, size_t mark_count);

#endif
