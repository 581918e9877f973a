/* SPDX-License-Identifier: MIT */
/*
 * The way from the root of a run to one of its nodes, as a list of segments from the root on. What
 * both sides of history stand on: reading a chain is a range scan for each part.
 */
#ifndef HISTORY_LINEAGE_H
#define HISTORY_LINEAGE_H

#include "history/db.h"

struct lineage_part {
    int64_t segment, first, last; /* depths first … last are in this segment */
};

struct lineage {
    struct lineage_part *parts;
    size_t count, cap;
    int64_t head, depth;
};

/* To `node`, 0 = the head of the run's active branch. E_NOTFOUND; E_CORRUPT when a part is missing
   or the parts run in a circle. */
int lineage_read(struct lineage *out, struct db *db, int64_t run, int64_t node, struct err *err);
void lineage_free(struct lineage *lineage);
bool lineage_has(const struct lineage *lineage, int64_t segment, int64_t depth);

/* The place of a node: 1, or 0 when there is none. */
int lineage_place(struct db *db, int64_t run, int64_t node, int64_t *segment, int64_t *depth,
                  struct err *err);

#endif
