/* SPDX-License-Identifier: MIT */
/*
 * A text to read and scroll through: parts, each in one role, wrapped to a width as far as somebody
 * looked. Ten megabytes in one line or a million lines cost what is on the screen; only going to
 * the end wraps all of it. Text is made harmless when it is added. Pure; owner: tui.
 */
#ifndef TUI_DOCUMENT_H
#define TUI_DOCUMENT_H

#include "core/base/buf.h"
#include "tui/grid.h"
#include "tui/json_page.h"

#include <stdbool.h>
#include <stddef.h>

struct markdown;
struct pattern;

#define DOCUMENT_MAX ((size_t)72 << 20)

struct document_part {
    size_t start, end; /* of the text */
    enum role role;
    int indent;                /* columns */
    struct markdown *markdown; /* instead of text; its lines are its rows. NULL = none */
    bool borrowed;             /* it is somebody else's */
    struct json_page *json;    /* likewise */
};

struct document_row {
    size_t start, end; /* of the text; of Markdown and JSON: start is the line */
    size_t part;
};

struct document {
    struct buf text;
    struct document_part *parts;
    size_t part_count, part_cap;
    int width;
    struct document_row *rows; /* those wrapped so far */
    size_t row_count, row_cap;
    size_t part_at, at; /* where wrapping goes on */
};

void document_init(struct document *doc);
void document_free(struct document *doc);
void document_clear(struct document *doc);

/* A part of its own lines; text beyond the ceiling is left out and said to be. */
void document_add(struct document *doc, enum role role, int indent, const char *text, size_t len);
void document_printf(struct document *doc, enum role role, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Markdown, rendered at the document's width; an answer that still streams in is the caller's. */
void document_markdown(struct document *doc, const char *text, size_t len);
void document_stream(struct document *doc, struct markdown *markdown);
/* JSON as a tree whose rows fold; any other text as document_add does. */
void document_data(struct document *doc, enum role role, int indent, const char *text, size_t len);
/* A streamed part that has grown is laid out anew; what comes before it stays. */
void document_grown(struct document *doc);

bool document_folds(const struct document *doc); /* there is something to fold */
/* Folds what a row belongs to; returns the row where that starts. */
size_t document_fold(struct document *doc, size_t row, enum json_fold fold);
void document_fold_all(struct document *doc, bool fold);

void document_width(struct document *doc, int width); /* wraps anew when it differs */
/* Wraps until there are so many rows; returns how many there are (less at the end). */
size_t document_need(struct document *doc, size_t rows);

/* Draws from a row on; matches of a pattern (may be NULL) are marked. */
void document_draw(const struct document *doc, struct grid *grid, struct rect rect, size_t top,
                   const struct pattern *marks);
bool document_matches(const struct document *doc, size_t row, const struct pattern *pattern);

#endif
