/* SPDX-License-Identifier: MIT */
/*
 * What was typed before, newest first, for each kind of entry; kept across starts in a file that
 * only the operator can read, a JSON object a line. What holds a key, or looks like one, is not
 * kept at all, nor what begins with a blank. Main thread only.
 */
#ifndef TUI_RECALL_H
#define TUI_RECALL_H

#include <stddef.h>

struct mask;
struct recall;

#define RECALL_KEPT 500                /* of all kinds together; the oldest go */
#define RECALL_TEXT ((size_t)16 << 10) /* bytes; a longer text is not kept */

struct recall_options {
    const char *path;        /* NULL = for this start only */
    const struct mask *mask; /* the keys that are known; borrowed, NULL = none */
};

/* A file that cannot be read is begun anew with the next text. */
void recall_new(struct recall **out, const struct recall_options *options);
void recall_free(struct recall *recall);

void recall_add(struct recall *recall, const char *kind, const char *text);
/* The one that is `back` older than the newest of its kind; NULL past the oldest. Borrowed until
   the next recall_add. */
const char *recall_get(const struct recall *recall, const char *kind, size_t back);
/* From *back on the next older one that holds a text, and how far back it is; NULL: none. */
const char *recall_find(const struct recall *recall, const char *kind, const char *part,
                        size_t *back);

#endif
