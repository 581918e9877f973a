/* SPDX-License-Identifier: MIT */
#include "history/query_breakpoint.h"

#include "history/query_data.h"

static const char sql_breakpoints[] = "SELECT breakpoint, spec, enabled, hits, us FROM breakpoint"
                                      " WHERE run=? AND breakpoint>? ORDER BY breakpoint LIMIT ?";

static int read_breakpoint(const struct reading *r, void *out)
{
    struct breakpoint_row *row = out;

    *row = (struct breakpoint_row){
        .breakpoint = read_int(r, 0),
        .spec = read_text(r, 1),
        .enabled = read_int(r, 2) != 0,
        .hits = read_int(r, 3),
        .us = read_int(r, 4),
    };
    return 0;
}

int query_breakpoints(struct query *q, struct arena *arena, int64_t run, int64_t after,
                      size_t limit, struct breakpoint_row **rows, size_t *count, struct err *err)
{
    struct query_list list = {.sql = sql_breakpoints,
                              .args = BIND(bind_int(run), bind_int(after)),
                              .limit = limit,
                              .size = sizeof **rows,
                              .read = read_breakpoint};

    return query_list(q, arena, &list, (void **)rows, count, err);
}
