/* SPDX-License-Identifier: MIT */
/* The reader's inside, shared by the query_*.c files, du.c and fsck.c only. */
#ifndef HISTORY_QUERY_DATA_H
#define HISTORY_QUERY_DATA_H

#include "core/base/buf.h"
#include "history/body.h"
#include "history/db.h"
#include "history/query.h"
#include "history/query_work.h"

#define QUERY_ROWS_MAX 4096 /* of one page, whatever is asked for */

struct query {
    struct db *db;
    struct packer *packer;
    char *path;
    bool newer;
    bool inside;           /* between query_begin and query_end */
    int64_t version, seen; /* of the data: at the last look, 0 = never */
    struct buf text;       /* scratch: a message's decoded text */
};

/* One row of a result, for the reader of its type. */
struct reading {
    struct query *q;
    struct arena *arena;
    sqlite3_stmt *row;
    struct err *err;
};

/* Reads up to `limit` rows of `size` bytes each; LIMIT is the statement's last parameter and is
   bound here. `read` fills one; it may run other statements. */
struct query_list {
    const char *sql;
    const struct bind *args; /* without the limit */
    size_t limit, size;
    int (*read)(const struct reading *r, void *out);
};
int query_list(struct query *q, struct arena *arena, const struct query_list *list, void **rows,
               size_t *count, struct err *err);
/* One row, no limit in the statement: 1, or 0 when there is none. */
int query_one(struct query *q, struct arena *arena, const struct query_list *list, void *out,
              struct err *err);

const char *read_text(const struct reading *r, int column);
int64_t read_int(const struct reading *r, int column);

/* What goes wrong when a newer rerail's file has another shape. */
int query_code(const struct query *q, int rc, struct err *err);

/* A stored body by its id; borrowed until the next one is read. id 0 is an empty one. */
int query_blob(struct query *q, int64_t id, const char **body, size_t *len, struct err *err);
int query_blob_to(struct query *q, int64_t id, struct buf *out, struct err *err);
/* At most `cap` first bytes of it, without reading a long one whole. */
size_t query_blob_start(struct query *q, int64_t id, char *out, size_t cap);

/* Row readers that other rows contain. 1 or 0 (none). */
int query_call_of_node(struct query *q, struct arena *arena, int64_t run, int64_t parent,
                       int64_t node, struct call_row *row, struct err *err);
int query_effect_of_result(struct query *q, struct arena *arena, int64_t run, int64_t node,
                           struct effect_row *row, struct err *err);
int read_effect(const struct reading *r, void *out);
#define EFFECT_COLUMNS                                                                             \
    "e.effect, e.node, e.ix, e.tool, e.policy, e.call_id, e.key, e.state, e.epoch, e.us,"          \
    " e.started_us, e.ended_us, e.result, e.pid, e.start_time, e.boot_id, e.by, e.note,"           \
    " (SELECT len FROM blob WHERE id=e.args), (SELECT len FROM blob WHERE id=e.result_blob),"      \
    " (SELECT count(*) FROM attempt a WHERE a.run=e.run AND a.call=0 AND a.effect=e.effect)"

#endif
