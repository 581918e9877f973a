/* SPDX-License-Identifier: MIT */
#include "history/query_input.h"

#include "history/query_data.h"

#include <inttypes.h>
#include <string.h>

static const char sql_inputs[] =
    "SELECT seq, type, wall_us, mono_us, random, facts, decision, blob FROM input"
    " WHERE run=? AND seq>=? ORDER BY seq LIMIT ?";
static const char sql_count[] = "SELECT coalesce(max(seq), 0) FROM input WHERE run=?";

static int read_input(const struct reading *r, void *out)
{
    struct stored_input *row = out;
    int64_t blob = read_int(r, 7);
    const char *body;
    int rc = 0;

    *row = (struct stored_input){
        .seq = read_int(r, 0),
        .type = (int)read_int(r, 1),
        .wall_us = read_int(r, 2),
        .mono_us = read_int(r, 3),
        .random = (uint64_t)read_int(r, 4),
        .facts = arena_text(r->arena, (const char *)sqlite3_column_text(r->row, 5)),
    };
    if (sqlite3_column_bytes(r->row, 6) != SHA256_BYTES)
        return err_set(r->err, E_CORRUPT, "input %" PRId64 " is damaged", row->seq);
    memcpy(row->decision.at, sqlite3_column_blob(r->row, 6), SHA256_BYTES);
    if (blob != 0)
        rc = query_blob(r->q, blob, &body, &row->len, r->err);
    if (blob != 0 && rc == 0)
        row->body = arena_copy(r->arena, body, row->len);
    return rc;
}

int query_inputs(struct query *q, struct arena *arena, int64_t run, int64_t from, size_t limit,
                 struct stored_input **rows, size_t *count, struct err *err)
{
    struct query_list list = {.sql = sql_inputs,
                              .args = BIND(bind_int(run), bind_int(from)),
                              .limit = limit,
                              .size = sizeof **rows,
                              .read = read_input};

    return query_list(q, arena, &list, (void **)rows, count, err);
}

int query_input_count(struct query *q, int64_t run, int64_t *count, struct err *err)
{
    int rc = db_value(q->db, sql_count, BIND(bind_int(run)), count, err);

    return rc < 0 ? query_code(q, rc, err) : 0;
}
