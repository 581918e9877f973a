/* SPDX-License-Identifier: MIT */
#include "history/lineage.h"

#include "core/base/mem.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char sql_head[] =
    "SELECT b.head FROM run r JOIN branch b ON b.run=r.id AND b.branch=r.branch WHERE r.id=?";
static const char sql_place[] = "SELECT segment, depth FROM node WHERE run=? AND node=?";
static const char sql_segment[] = "SELECT parent, base FROM segment WHERE run=? AND segment=?";

int lineage_place(struct db *db, int64_t run, int64_t node, int64_t *segment, int64_t *depth,
                  struct err *err)
{
    sqlite3_stmt *row;
    int rc = db_query(&row, db, sql_place, BIND(bind_int(run), bind_int(node)), err);

    if (rc == 0)
        rc = db_next(db, row, err);
    if (rc > 0) {
        *segment = sqlite3_column_int64(row, 0);
        *depth = sqlite3_column_int64(row, 1);
    }
    db_done(row);
    return rc;
}

static int read_segment(struct db *db, int64_t run, int64_t segment, int64_t *parent, int64_t *base,
                        struct err *err)
{
    sqlite3_stmt *row;
    int rc = db_query(&row, db, sql_segment, BIND(bind_int(run), bind_int(segment)), err);

    if (rc == 0)
        rc = db_next(db, row, err);
    if (rc > 0) {
        *parent = sqlite3_column_int64(row, 0);
        *base = sqlite3_column_int64(row, 1);
    }
    db_done(row);
    if (rc == 0)
        return err_set(err, E_CORRUPT, "run %" PRId64 ": segment %" PRId64 " is missing", run,
                       segment);
    return rc < 0 ? rc : 0;
}

static void reverse(struct lineage *lineage)
{
    for (size_t i = 0, j = lineage->count; i + 1 < j; i++) {
        struct lineage_part swap = lineage->parts[i];
        lineage->parts[i] = lineage->parts[--j];
        lineage->parts[j] = swap;
    }
}

/* Each part must begin at a lower depth than the one after it, so a circle ends soon. */
static int walk(struct lineage *out, struct db *db, int64_t run, int64_t segment, int64_t depth,
                struct err *err)
{
    while (segment != 0) {
        int64_t parent = 0, base = 0;
        int rc = read_segment(db, run, segment, &parent, &base, err);
        if (rc < 0)
            return rc;
        if (base > depth || parent >= segment)
            return err_set(err, E_CORRUPT, "run %" PRId64 ": segment %" PRId64 " is out of place",
                           run, segment);
        out->parts = mem_room(out->parts, out->count, &out->cap, sizeof *out->parts);
        out->parts[out->count++] = (struct lineage_part){segment, base, depth};
        segment = parent;
        depth = base - 1;
    }
    reverse(out);
    return 0;
}

int lineage_read(struct lineage *out, struct db *db, int64_t run, int64_t node, struct err *err)
{
    int64_t segment = 0;
    int rc = 1;

    memset(out, 0, sizeof *out);
    if (node == 0)
        rc = db_value(db, sql_head, BIND(bind_int(run)), &node, err);
    if (rc > 0 && node != 0)
        rc = lineage_place(db, run, node, &segment, &out->depth, err);
    if (rc == 0 || (rc > 0 && node == 0))
        rc = err_set(err, E_NOTFOUND, "the run has no step %" PRId64, node);
    out->head = node;
    if (rc > 0)
        rc = walk(out, db, run, segment, out->depth, err);
    if (rc < 0)
        lineage_free(out);
    return rc;
}

void lineage_free(struct lineage *lineage)
{
    free(lineage->parts);
    memset(lineage, 0, sizeof *lineage);
}

bool lineage_has(const struct lineage *lineage, int64_t segment, int64_t depth)
{
    size_t low = 0, high = lineage->count;

    while (low < high) { /* along a path the numbers of segments grow */
        size_t at = low + (high - low) / 2;
        if (lineage->parts[at].segment == segment)
            return depth >= lineage->parts[at].first && depth <= lineage->parts[at].last;
        if (lineage->parts[at].segment < segment)
            low = at + 1;
        else
            high = at;
    }
    return false;
}
