/* SPDX-License-Identifier: MIT */
#include "history/query_jump.h"

#include "history/query_data.h"

#include <inttypes.h>
#include <string.h>

static const char sql_reflog[] =
    "SELECT n, branch, from_node, to_node, us, op, actor, reason FROM reflog"
    " WHERE run=? AND n<? ORDER BY n DESC LIMIT ?";
static const char sql_jumps[] =
    "SELECT op, from_node FROM reflog WHERE run=? AND branch=? ORDER BY n DESC";
static const char sql_ends[] =
    "SELECT min(node), max(node) FROM node WHERE run=? AND segment=? AND depth IN (?, ?)";
static const char sql_count_effects[] =
    "SELECT count(*) FROM effect e JOIN node n ON n.run=e.run AND n.node=e.node"
    " WHERE e.run=? AND e.policy<>'pure' AND e.node BETWEEN ? AND ? AND e.started_us>0"
    " AND n.segment=?";
static const char sql_effects[] =
    "SELECT " EFFECT_COLUMNS " FROM effect e JOIN node n ON n.run=e.run AND n.node=e.node"
    " WHERE e.run=? AND e.policy<>'pure' AND e.node BETWEEN ? AND ? AND e.started_us>0"
    " AND n.segment=? ORDER BY e.node DESC, e.ix DESC LIMIT ?";

/* ---- preview */

/* How deep the two paths go together. */
static int64_t shared_depth(const struct chain_path *a, const struct chain_path *b)
{
    int64_t depth = 0;

    for (size_t i = 0; i < a->count && i < b->count; i++) {
        if (a->parts[i].segment != b->parts[i].segment)
            break;
        depth = a->parts[i].last < b->parts[i].last ? a->parts[i].last : b->parts[i].last;
        if (a->parts[i].last != b->parts[i].last)
            break;
    }
    return depth;
}

/* Numbers of the first and last node of a part. */
static int part_ends(struct query *q, int64_t run, const struct chain_part *part, int64_t ends[2],
                     struct err *err)
{
    sqlite3_stmt *row;
    int rc = db_query(
        &row, q->db, sql_ends,
        BIND(bind_int(run), bind_int(part->segment), bind_int(part->first), bind_int(part->last)),
        err);

    if (rc == 0)
        rc = db_next(q->db, row, err);
    if (rc > 0) {
        ends[0] = sqlite3_column_int64(row, 0);
        ends[1] = sqlite3_column_int64(row, 1);
    }
    db_done(row);
    return rc < 0 ? rc : 0;
}

/* The effects of one part of the path, the newest first, appended while there is room. */
static int add_effects(struct query *q, struct arena *arena, int64_t run,
                       const struct chain_part *part, size_t limit, struct jump_preview *out,
                       struct err *err)
{
    int64_t ends[2] = {0, 0}, found = 0;
    struct effect_row *some;
    size_t got;
    int rc = part_ends(q, run, part, ends, err);
    const struct bind *args =
        BIND(bind_int(run), bind_int(ends[0]), bind_int(ends[1]), bind_int(part->segment));
    struct query_list list = {.sql = sql_effects,
                              .args = args,
                              .limit = limit - out->count,
                              .size = sizeof *some,
                              .read = read_effect};

    if (rc == 0)
        rc = db_value(q->db, sql_count_effects, args, &found, err);
    if (rc < 0)
        return rc;
    out->effects += found;
    if (found == 0 || list.limit == 0)
        return 0;
    rc = query_list(q, arena, &list, (void **)&some, &got, err);
    if (rc < 0)
        return rc;
    memcpy(out->first + out->count, some, got * sizeof *some);
    out->count += got;
    return 0;
}

int query_preview(struct query *q, struct arena *arena, int64_t run, int64_t to, size_t limit,
                  struct jump_preview *out, struct err *err)
{
    struct chain_path now = {0}, then = {0};
    int rc = query_path(q, arena, run, 0, &now, err);

    memset(out, 0, sizeof *out);
    limit = limit < QUERY_ROWS_MAX ? limit : QUERY_ROWS_MAX;
    if (rc == 0)
        rc = query_path(q, arena, run, to, &then, err);
    if (rc < 0)
        return rc;
    int64_t shared = shared_depth(&now, &then);
    out->from = now.head;
    out->to = to;
    out->messages = now.depth - shared;
    out->forward = then.depth > shared;
    out->first = arena_array(arena, limit, sizeof *out->first);
    for (size_t i = now.count; rc == 0 && i > 0 && now.parts[i - 1].last > shared; i--) {
        struct chain_part part = now.parts[i - 1];
        if (part.first <= shared)
            part.first = shared + 1;
        rc = add_effects(q, arena, run, &part, limit, out, err);
    }
    return query_code(q, rc, err);
}

/* ---- reflog */

static int read_jump(const struct reading *r, void *out)
{
    struct reflog_row *row = out;

    *row = (struct reflog_row){
        .n = read_int(r, 0),
        .branch = read_int(r, 1),
        .from = read_int(r, 2),
        .to = read_int(r, 3),
        .us = read_int(r, 4),
        .op = (enum head_op)read_int(r, 5),
        .actor = read_text(r, 6),
        .reason = read_text(r, 7),
    };
    return row->op < HEAD_OP_COUNT
               ? 0
               : err_set(r->err, E_NEWER, "jump %" PRId64 " is of an unknown kind", row->n);
}

int query_reflog(struct query *q, struct arena *arena, int64_t run, int64_t before, size_t limit,
                 struct reflog_row **rows, size_t *count, struct err *err)
{
    struct query_list list = {
        .sql = sql_reflog,
        .args = BIND(bind_int(run), bind_int(before ? before : INT64_MAX)),
        .limit = limit,
        .size = sizeof **rows,
        .read = read_jump,
    };

    return query_list(q, arena, &list, (void **)rows, count, err);
}

/* Read backwards, each undo (or redo) cancels the next older jump that it took back. */
struct unwinding {
    int64_t undo, redo;
    int64_t undone, redone; /* still to be matched */
    bool undo_known, redo_known;
};

static void unwind(struct unwinding *u, enum head_op op, int64_t from)
{
    bool forward = op == HEAD_ROLLBACK || op == HEAD_REDO;

    if (!u->undo_known && forward) {
        if (u->undone == 0) {
            u->undo = from;
            u->undo_known = true;
        } else {
            u->undone--;
        }
    } else if (!u->undo_known && op == HEAD_UNDO) {
        u->undone++;
    }
    if (u->redo_known)
        return;
    if (op == HEAD_ROLLBACK) {
        u->redo_known = true; /* it cleared what could be redone */
    } else if (op == HEAD_REDO) {
        u->redone++;
    } else if (op == HEAD_UNDO) {
        if (u->redone == 0) {
            u->redo = from;
            u->redo_known = true;
        } else {
            u->redone--;
        }
    }
}

int query_undo(struct query *q, int64_t run, int64_t branch, int64_t *undo, int64_t *redo,
               struct err *err)
{
    struct unwinding u = {0};
    sqlite3_stmt *row;
    int rc = db_query(&row, q->db, sql_jumps, BIND(bind_int(run), bind_int(branch)), err);

    while (rc == 0 && !(u.undo_known && u.redo_known) && (rc = db_next(q->db, row, err)) > 0) {
        unwind(&u, (enum head_op)sqlite3_column_int(row, 0), sqlite3_column_int64(row, 1));
        rc = 0;
    }
    db_done(row);
    *undo = u.undo;
    *redo = u.redo;
    return rc < 0 ? query_code(q, rc, err) : 0;
}
