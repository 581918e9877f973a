/* SPDX-License-Identifier: MIT */
/* The half of query_chain.h that is about checkpoints: places to go back to. */
#include "history/query_chain.h"

#include "core/base/str.h"
#include "history/query_data.h"

#include <inttypes.h>
#include <string.h>

#define CHECKPOINT_COLUMNS                                                                         \
    "SELECT c.node, n.segment, n.depth, c.iteration, c.us, c.input_seq, l.text, c.run"             \
    " FROM checkpoint c JOIN node n ON n.run=c.run AND n.node=c.node"                              \
    " LEFT JOIN label l ON l.run=c.run AND l.node=c.node"

static const char sql_page[] =
    CHECKPOINT_COLUMNS " WHERE c.run=? AND c.node<? ORDER BY c.node DESC LIMIT ?";
static const char sql_places[] =
    "SELECT c.node, n.segment, n.depth FROM checkpoint c JOIN node n ON n.run=c.run"
    " AND n.node=c.node WHERE c.run=? AND c.node>? ORDER BY c.node LIMIT ?";
static const char sql_at[] = CHECKPOINT_COLUMNS " WHERE c.run=? AND c.node=?";
static const char sql_by_label[] =
    CHECKPOINT_COLUMNS " WHERE c.run=? AND l.text=? ORDER BY c.node DESC LIMIT 1";
static const char sql_by_iteration[] =
    "SELECT n.segment, n.depth, c.node FROM checkpoint c JOIN node n ON n.run=c.run"
    " AND n.node=c.node WHERE c.run=? AND c.iteration=? ORDER BY c.node DESC";
static const char sql_count[] = "SELECT count(*) FROM checkpoint WHERE run=?";
static const char sql_summary[] = "SELECT summary FROM checkpoint WHERE run=? AND node=?";
static const char sql_segment[] =
    "SELECT s.parent, s.base, n.node FROM segment s JOIN node n ON n.run=s.run"
    " AND n.segment=s.segment AND n.depth=s.base WHERE s.run=? AND s.segment=?";
static const char sql_node_at[] = "SELECT node FROM node WHERE run=? AND segment=? AND depth=?";
/* Nodes of one segment are numbered upwards; those of others may lie between. */
static const char sql_newest[] =
    "SELECT c.node, n.depth FROM checkpoint c JOIN node n ON n.run=c.run AND n.node=c.node"
    " WHERE c.run=? AND c.node BETWEEN ? AND ? AND n.segment=? ORDER BY c.node DESC LIMIT 1";
static const char sql_effects[] =
    "SELECT count(*), min(e.effect), e.tool FROM effect e"
    " JOIN node n ON n.run=e.run AND n.node=e.node"
    " WHERE e.run=? AND e.policy<>'pure' AND e.node BETWEEN ? AND ? AND e.started_us>0"
    " AND n.segment=?";

/* A place of a segment, and what is known of the segment. */
struct place {
    int64_t run, segment, depth, node;
    int64_t parent, base, first; /* first = the segment's first node */
};

static int read_place(struct query *q, struct place *p, struct err *err)
{
    sqlite3_stmt *row;
    int rc = db_query(&row, q->db, sql_segment, BIND(bind_int(p->run), bind_int(p->segment)), err);

    if (rc == 0)
        rc = db_next(q->db, row, err);
    if (rc > 0) {
        p->parent = sqlite3_column_int64(row, 0);
        p->base = sqlite3_column_int64(row, 1);
        p->first = sqlite3_column_int64(row, 2);
    }
    db_done(row);
    return rc < 0 ? rc : rc > 0;
}

/* The newest checkpoint of the place's segment up to the place: 1, or 0. */
static int newest_here(struct query *q, const struct place *p, int64_t *node, int64_t *depth,
                       struct err *err)
{
    sqlite3_stmt *row;
    int rc = db_query(
        &row, q->db, sql_newest,
        BIND(bind_int(p->run), bind_int(p->first), bind_int(p->node), bind_int(p->segment)), err);

    if (rc == 0)
        rc = db_next(q->db, row, err);
    if (rc > 0) {
        *node = sqlite3_column_int64(row, 0);
        *depth = sqlite3_column_int64(row, 1);
    }
    db_done(row);
    return rc;
}

/* Adds the effects of the segment's nodes from `from` to the place. */
static int add_effects(struct query *q, struct arena *arena, const struct place *p, int64_t from,
                       struct checkpoint_row *row, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = db_query(
        &stmt, q->db, sql_effects,
        BIND(bind_int(p->run), bind_int(from), bind_int(p->node), bind_int(p->segment)), err);

    if (rc == 0)
        rc = db_next(q->db, stmt, err);
    if (rc > 0 && sqlite3_column_int64(stmt, 0) > 0) {
        row->effects += sqlite3_column_int64(stmt, 0);
        row->effect_tool = arena_text(arena, (const char *)sqlite3_column_text(stmt, 2));
    }
    db_done(stmt);
    return rc < 0 ? rc : 0;
}

/* To the end of the parent segment's part of the path: 1, or 0 at the root. */
static int go_up(struct query *q, struct place *p, struct err *err)
{
    if (p->parent == 0)
        return 0;
    p->segment = p->parent;
    p->depth = p->base - 1;
    int rc =
        db_value(q->db, sql_node_at,
                 BIND(bind_int(p->run), bind_int(p->segment), bind_int(p->depth)), &p->node, err);
    return rc <= 0 ? rc : read_place(q, p, err);
}

/* What lies between a checkpoint and the one before it on its path. */
static int read_since(struct query *q, struct arena *arena, int64_t run, struct checkpoint_row *row,
                      struct err *err)
{
    struct place p = {.run = run, .segment = row->segment, .depth = row->depth, .node = row->node};
    int64_t node = 0, depth = 0;
    int rc = read_place(q, &p, err);

    row->messages = row->depth;
    for (bool self = true; rc > 0; self = false) {
        struct place before = p;
        before.node -= self;
        rc = newest_here(q, &before, &node, &depth, err);
        if (rc < 0)
            return rc;
        int added = add_effects(q, arena, &p, rc > 0 ? node + 1 : p.first, row, err);
        if (added < 0)
            return added;
        if (rc > 0) {
            row->previous = node;
            row->messages = row->depth - depth;
            return 0;
        }
        rc = go_up(q, &p, err);
    }
    return rc;
}

static int read_checkpoint(const struct reading *r, void *out)
{
    struct checkpoint_row *row = out;

    *row = (struct checkpoint_row){
        .node = read_int(r, 0),
        .segment = read_int(r, 1),
        .depth = read_int(r, 2),
        .iteration = read_int(r, 3),
        .us = read_int(r, 4),
        .input_seq = read_int(r, 5),
        .label = read_text(r, 6),
    };
    return read_since(r->q, r->arena, read_int(r, 7), row, r->err);
}

int query_checkpoints(struct query *q, struct arena *arena, int64_t run, int64_t before,
                      size_t limit, struct checkpoint_row **rows, size_t *count, struct err *err)
{
    struct query_list list = {
        .sql = sql_page,
        .args = BIND(bind_int(run), bind_int(before ? before : INT64_MAX)),
        .limit = limit,
        .size = sizeof **rows,
        .read = read_checkpoint,
    };

    return query_list(q, arena, &list, (void **)rows, count, err);
}

int query_checkpoint_count(struct query *q, int64_t run, int64_t *count, struct err *err)
{
    int rc = db_value(q->db, sql_count, BIND(bind_int(run)), count, err);

    return rc < 0 ? query_code(q, rc, err) : 0;
}

static int read_checkpoint_place(const struct reading *r, void *out)
{
    *(struct checkpoint_place *)out =
        (struct checkpoint_place){read_int(r, 0), read_int(r, 1), read_int(r, 2)};
    return 0;
}

int query_checkpoint_places(struct query *q, struct arena *arena, int64_t run, int64_t after,
                            size_t limit, struct checkpoint_place **rows, size_t *count,
                            struct err *err)
{
    struct query_list list = {
        .sql = sql_places,
        .args = BIND(bind_int(run), bind_int(after)),
        .limit = limit,
        .size = sizeof **rows,
        .read = read_checkpoint_place,
    };

    return query_list(q, arena, &list, (void **)rows, count, err);
}

static int no_checkpoint(struct err *err, const char *word)
{
    return err_set(err, E_NOTFOUND, "there is no checkpoint '%s'", word);
}

static int checkpoint_of_node(struct query *q, struct arena *arena, int64_t run, int64_t node,
                              struct checkpoint_row *row, struct err *err)
{
    struct query_list list = {
        .sql = sql_at, .args = BIND(bind_int(run), bind_int(node)), .read = read_checkpoint};

    return query_one(q, arena, &list, row, err);
}

int query_checkpoint(struct query *q, struct arena *arena, int64_t run, int64_t node,
                     struct checkpoint_row *row, struct err *err)
{
    int rc = checkpoint_of_node(q, arena, run, node, row, err);

    if (rc == 0)
        return err_set(err, E_NOTFOUND, "node %" PRId64 " is no checkpoint", node);
    return rc < 0 ? rc : 0;
}

int query_checkpoint_at(struct query *q, struct arena *arena, const struct chain_path *path,
                        int64_t depth, struct checkpoint_row *row, struct err *err)
{
    for (size_t i = path->count; i > 0; i--) {
        const struct chain_part *part = &path->parts[i - 1];
        struct place p = {.run = path->run,
                          .segment = part->segment,
                          .depth = depth < part->last ? depth : part->last};
        int64_t node = 0, at = 0;
        if (part->first > depth)
            continue;
        int rc =
            db_value(q->db, sql_node_at,
                     BIND(bind_int(p.run), bind_int(p.segment), bind_int(p.depth)), &p.node, err);
        if (rc > 0)
            rc = read_place(q, &p, err);
        if (rc > 0)
            rc = newest_here(q, &p, &node, &at, err);
        if (rc < 0)
            return query_code(q, rc, err);
        if (rc > 0) {
            rc = checkpoint_of_node(q, arena, path->run, node, row, err);
            return rc < 0 ? rc : 0;
        }
    }
    return no_checkpoint(err, "last");
}

/* ---- as people name them */

static int find_iteration(struct query *q, const struct chain_path *path, int64_t iteration,
                          int64_t *node, struct err *err)
{
    sqlite3_stmt *row;
    bool found = false;
    int rc = db_query(&row, q->db, sql_by_iteration, BIND(bind_int(path->run), bind_int(iteration)),
                      err);

    while (rc == 0 && !found && (rc = db_next(q->db, row, err)) > 0) {
        found = chain_path_has(path, sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1));
        *node = sqlite3_column_int64(row, 2);
        rc = 0;
    }
    db_done(row);
    return rc < 0 ? rc : found;
}

int query_checkpoint_find(struct query *q, struct arena *arena, int64_t run, const char *word,
                          struct checkpoint_row *row, struct err *err)
{
    struct query_list by_label = {
        .sql = sql_by_label, .args = BIND(bind_int(run), bind_text(word)), .read = read_checkpoint};
    struct chain_path path;
    int64_t number = 0;
    int rc = query_one(q, arena, &by_label, row, err);

    if (rc != 0)
        return rc < 0 ? rc : 0;
    rc = query_path(q, arena, run, 0, &path, err);
    if (rc < 0)
        return rc;
    if (strcmp(word, "last") == 0)
        return query_checkpoint_at(q, arena, &path, path.depth, row, err);
    if (*word == '#' && str_int(&number, word + 1, 0, INT64_MAX) == 0)
        rc = find_iteration(q, &path, number, &number, err);
    else
        rc = str_int(&number, word, 1, INT64_MAX) == 0;
    if (rc > 0)
        rc = checkpoint_of_node(q, arena, run, number, row, err);
    return rc == 0 ? no_checkpoint(err, word) : rc < 0 ? rc : 0;
}

int query_summary(struct query *q, struct arena *arena, int64_t run, int64_t node,
                  const char **json, struct err *err)
{
    sqlite3_stmt *row;
    const char *body;
    size_t len;
    int rc = db_query(&row, q->db, sql_summary, BIND(bind_int(run), bind_int(node)), err);

    if (rc == 0)
        rc = db_next(q->db, row, err);
    if (rc == 0)
        rc = err_set(err, E_NOTFOUND, "node %" PRId64 " is no checkpoint", node);
    if (rc > 0) {
        rc = body_unpack(q->packer, sqlite3_column_blob(row, 0),
                         (size_t)sqlite3_column_bytes(row, 0), &body, &len, err);
        if (rc == 0)
            *json = arena_copy(arena, body, len);
    }
    db_done(row);
    return query_code(q, rc, err);
}
