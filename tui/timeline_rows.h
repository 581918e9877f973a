/* SPDX-License-Identifier: MIT */
/*
 * Which lines the timeline has: all of one depth, read when they are asked for. A depth counts the
 * nodes of the head's path, and behind them the open work. It has the line of its row, what that
 * opens into, and the rows that were rolled back and left the path there. Main thread only.
 */
#ifndef TUI_TIMELINE_ROWS_H
#define TUI_TIMELINE_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "history/arena.h"
#include "tui/timeline_line.h"

#define TIMELINE_LINES  96        /* of one depth, at most */
#define TIMELINE_OPENED 64        /* rows that are open at one time */
#define TIMELINE_CALL   INT64_MAX /* the call in flight, among what is open */

struct finder;
struct model;

/* Zero is a good start. */
struct timeline_rows {
    struct arena arena;              /* of what the lines point to: its owner clears and frees it */
    int64_t opened[TIMELINE_OPENED]; /* nodes, −segments of rolled-back rows, TIMELINE_CALL */
    size_t opened_count;
    const struct finder *only; /* a filter: nothing but its matches; NULL = all */
};

bool timeline_rows_is_open(const struct timeline_rows *rows, int64_t what);
/* Opens or folds. When too many are open, the one opened first is folded again. */
void timeline_rows_toggle(struct timeline_rows *rows, int64_t what);
/* Opens every rolled-back row; folds them when any is open. */
void timeline_rows_unfold(struct timeline_rows *rows, const struct model *model);

/* The depths that there are: the root's is 0 in every run that rerail made. */
int64_t timeline_rows_first(const struct model *model);
int64_t timeline_rows_last(const struct model *model);
/* The nearest depth that the filter shows, from `depth` on in the direction of `by` (1 or −1); -1
   when there is none. */
int64_t timeline_rows_from(const struct timeline_rows *rows, const struct model *model,
                           int64_t depth, int by);

/* Whether some of the segment is not on the path: its first row there, and the depth behind which
   it stands. */
bool timeline_rows_left(const struct model *model, const struct segment_row *segment,
                        int64_t *first, int64_t *after);

/* All lines of one depth into `out`, which has room for TIMELINE_LINES; returns how many. `node` is
   the depth's row when it is at hand, else NULL; `width` in columns is for text that wraps. */
size_t timeline_rows_at(struct timeline_rows *rows, struct model *model, int64_t depth,
                        const struct node_row *node, struct timeline_line *out, int width);
/* How many those are, at least 1; reads nothing where nothing can be open. */
int timeline_rows_count(struct timeline_rows *rows, struct model *model, int64_t depth);

#endif
