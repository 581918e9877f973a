/* SPDX-License-Identifier: MIT */
/*
 * A table for people, or one JSON object a line for programs, from the same rows: a row is the JSON
 * object, a column says which member it shows and how. Everything in cells is made harmless and
 * kept on one line; with JSON it is made harmless when the output is a terminal. Main thread.
 */
#ifndef TUI_LISTING_H
#define TUI_LISTING_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum column_kind {
    COLUMN_TEXT,
    COLUMN_NUMBER,
    COLUMN_TIME,    /* ISO text; shown to the second */
    COLUMN_MS,      /* "430ms", "1.9s" */
    COLUMN_BYTES,   /* "18.4 KiB" */
    COLUMN_USD,     /* "$0.02" */
    COLUMN_PERCENT, /* "4.1%" */
};

struct column {
    const char *name;  /* member of the row */
    const char *title; /* NULL ends the columns; members without a column are in JSON only */
    enum column_kind kind;
};

struct listing;

/* `columns` is borrowed. With json each row is printed as it is added. */
void listing_new(struct listing **out, const struct column *columns, bool json, FILE *to);
void listing_add(struct listing *listing, cJSON *row); /* moves */
/* Prints what was not yet printed and frees. Returns how many rows there were. */
size_t listing_end(struct listing *listing);

/* "18.4 KiB" and the like, for sentences. */
void listing_bytes(char *out, size_t cap, int64_t bytes);
/* Sets a member to a time as ISO text; 0 = absent. */
void listing_time(cJSON *row, const char *name, int64_t wall_us);

#endif
