/* SPDX-License-Identifier: MIT */
/*
 * Memory for one screenful: everything that a query returns lives in the arena it was given and
 * dies with it, so a page of rows is freed in one call. Cleared and used again it allocates nothing
 * new. Not thread-safe: one owner.
 */
#ifndef HISTORY_ARENA_H
#define HISTORY_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
    size_t used;                /* bytes in use in the newest */
};

void arena_init(struct arena *arena);  /* all zero is an empty arena too */
void arena_clear(struct arena *arena); /* what it gave is gone; its largest block is kept */
void arena_free(struct arena *arena);

void *arena_new(struct arena *arena, size_t size);                   /* zeroed, aligned for all */
void *arena_array(struct arena *arena, size_t count, size_t size);   /* likewise */
char *arena_copy(struct arena *arena, const void *data, size_t len); /* with a NUL behind it */
char *arena_text(struct arena *arena, const char *text);             /* NULL gives NULL */

#endif
