/* SPDX-License-Identifier: MIT */
/* Reader: the breakpoints of a run. See query.h for the rules. */
#ifndef HISTORY_QUERY_BREAKPOINT_H
#define HISTORY_QUERY_BREAKPOINT_H

#include "history/query.h"

struct breakpoint_row {
    int64_t breakpoint; /* its number in the run */
    const char *spec;   /* core/agent/breakpoint.h */
    bool enabled;
    int64_t hits, us; /* when it was made */
};
/* In order, those behind number `after`. */
int query_breakpoints(struct query *q, struct arena *arena, int64_t run, int64_t after,
                      size_t limit, struct breakpoint_row **rows, size_t *count, struct err *err);

#endif
