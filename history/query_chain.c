/* SPDX-License-Identifier: MIT */
#include "history/query_chain.h"

#include "core/base/str.h"
#include "history/lineage.h"
#include "history/message_text.h"
#include "history/query_data.h"

#include <inttypes.h>
#include <string.h>

#define PREVIEW      241  /* with the NUL */
#define PREVIEW_PEEK 2048 /* bytes of a body that a preview is made from */

#define BRANCH_COLUMNS                                                                             \
    "SELECT b.branch, b.head, b.base, b.from_branch, b.name, n.depth, n.segment,"                  \
    " b.branch=r.branch FROM branch b JOIN run r ON r.id=b.run"                                    \
    " LEFT JOIN node n ON n.run=b.run AND n.node=b.head"
#define NODE_COLUMNS                                                                               \
    "SELECT n.node, n.parent, n.segment, n.depth, n.us, n.kind, n.blob,"                           \
    " (SELECT len FROM blob WHERE id=n.blob), c.iteration, l.text, n.run FROM node n"              \
    " LEFT JOIN checkpoint c ON c.run=n.run AND c.node=n.node"                                     \
    " LEFT JOIN label l ON l.run=n.run AND l.node=n.node"

static const char sql_branches[] =
    BRANCH_COLUMNS " WHERE b.run=? AND b.branch>? ORDER BY b.branch LIMIT ?";
static const char sql_branch[] = BRANCH_COLUMNS " WHERE b.run=? AND b.name=?";
static const char sql_nodes[] = NODE_COLUMNS
    " WHERE n.run=? AND n.segment=? AND n.depth>=? AND n.depth<=? ORDER BY n.depth LIMIT ?";
static const char sql_node[] = NODE_COLUMNS " WHERE n.run=? AND n.node=?";
static const char sql_body[] = "SELECT blob FROM node WHERE run=? AND node=?";
static const char sql_segments[] =
    "SELECT s.segment, s.parent, s.base,"
    " (SELECT max(depth) FROM node n WHERE n.run=s.run AND n.segment=s.segment),"
    " (SELECT node FROM node n WHERE n.run=s.run AND n.segment=s.segment ORDER BY depth LIMIT 1),"
    " (SELECT node FROM node n WHERE n.run=s.run AND n.segment=s.segment ORDER BY depth DESC"
    "  LIMIT 1)"
    " FROM segment s WHERE s.run=? AND s.segment>? ORDER BY s.segment LIMIT ?";
static const char sql_segment_places[] =
    "SELECT segment, parent, base FROM segment WHERE run=? AND segment>? ORDER BY segment LIMIT ?";

/* ---- branches */

static int read_branch(const struct reading *r, void *out)
{
    struct branch_row *row = out;

    *row = (struct branch_row){
        .branch = read_int(r, 0),
        .head = read_int(r, 1),
        .base = read_int(r, 2),
        .from_branch = read_int(r, 3),
        .name = read_text(r, 4),
        .depth = read_int(r, 5),
        .segment = read_int(r, 6),
        .active = read_int(r, 7) != 0,
    };
    return 0;
}

int query_branches(struct query *q, struct arena *arena, int64_t run, int64_t after, size_t limit,
                   struct branch_row **rows, size_t *count, struct err *err)
{
    struct query_list list = {
        .sql = sql_branches,
        .args = BIND(bind_int(run), bind_int(after)),
        .limit = limit,
        .size = sizeof **rows,
        .read = read_branch,
    };

    return query_list(q, arena, &list, (void **)rows, count, err);
}

int query_branch_find(struct query *q, struct arena *arena, int64_t run, const char *name,
                      struct branch_row *row, struct err *err)
{
    struct query_list list = {
        .sql = sql_branch, .args = BIND(bind_int(run), bind_text(name)), .read = read_branch};
    int rc = query_one(q, arena, &list, row, err);

    if (rc == 0)
        return err_set(err, E_NOTFOUND, "there is no branch '%s'", name);
    return rc < 0 ? rc : 0;
}

/* ---- paths */

int query_path(struct query *q, struct arena *arena, int64_t run, int64_t node,
               struct chain_path *path, struct err *err)
{
    struct lineage lineage;
    int rc = lineage_read(&lineage, q->db, run, node, err);

    memset(path, 0, sizeof *path);
    if (rc < 0)
        return query_code(q, rc, err);
    path->run = run;
    path->head = lineage.head;
    path->depth = lineage.depth;
    path->count = lineage.count;
    path->parts = arena_array(arena, lineage.count, sizeof *path->parts);
    for (size_t i = 0; i < lineage.count; i++) {
        const struct lineage_part *part = &lineage.parts[i];
        path->parts[i] = (struct chain_part){part->segment, part->first, part->last};
    }
    lineage_free(&lineage);
    return 0;
}

bool chain_path_has(const struct chain_path *path, int64_t segment, int64_t depth)
{
    size_t low = 0, high = path->count;

    while (low < high) { /* along a path the numbers of segments grow */
        size_t at = low + (high - low) / 2;
        const struct chain_part *part = &path->parts[at];
        if (part->segment == segment)
            return depth >= part->first && depth <= part->last;
        if (part->segment < segment)
            low = at + 1;
        else
            high = at;
    }
    return false;
}

/* ---- nodes */

static const char *preview(const struct reading *r, int64_t blob)
{
    char start[PREVIEW_PEEK], line[PREVIEW];
    size_t len = query_blob_start(r->q, blob, start, sizeof start);

    len = message_preview(line, sizeof line, start, len);
    return len > 0 ? arena_copy(r->arena, line, len) : NULL;
}

/* An assistant's node carries the call that gave it, a tool's the effect whose result it is. */
static int read_work(const struct reading *r, int64_t run, struct node_row *row)
{
    int rc = 0;

    if (row->kind == NODE_ASSISTANT) {
        rc = query_call_of_node(r->q, r->arena, run, row->parent, row->node, &row->call, r->err);
        row->has_call = rc > 0;
        if (rc > 0 && row->iteration == 0)
            row->iteration = row->call.iteration;
    } else if (row->kind == NODE_TOOL) {
        rc = query_effect_of_result(r->q, r->arena, run, row->node, &row->effect, r->err);
        row->has_effect = rc > 0;
    }
    return rc < 0 ? rc : 0;
}

static int read_node(const struct reading *r, void *out)
{
    struct node_row *row = out;

    *row = (struct node_row){
        .node = read_int(r, 0),
        .parent = read_int(r, 1),
        .segment = read_int(r, 2),
        .depth = read_int(r, 3),
        .us = read_int(r, 4),
        .kind = (enum node_kind)read_int(r, 5),
        .len = (size_t)read_int(r, 7),
        .checkpoint = sqlite3_column_type(r->row, 8) != SQLITE_NULL,
        .iteration = read_int(r, 8),
        .label = read_text(r, 9),
    };
    if (row->kind >= NODE_KIND_COUNT)
        return err_set(r->err, E_NEWER, "node %" PRId64 " is of an unknown kind", row->node);
    row->preview = preview(r, read_int(r, 6));
    return read_work(r, read_int(r, 10), row);
}

static int nodes_of(struct query *q, struct arena *arena, int64_t run,
                    const struct chain_part *part, size_t limit, struct node_row **rows,
                    size_t *count, struct err *err)
{
    struct query_list list = {
        .sql = sql_nodes,
        .args = BIND(bind_int(run), bind_int(part->segment), bind_int(part->first),
                     bind_int(part->last)),
        .limit = limit,
        .size = sizeof **rows,
        .read = read_node,
    };

    return query_list(q, arena, &list, (void **)rows, count, err);
}

/* The part of a path that holds a depth; path->count when none does. */
static size_t part_at(const struct chain_path *path, int64_t depth)
{
    size_t low = 0, high = path->count;

    while (low < high) {
        size_t at = low + (high - low) / 2;
        if (path->parts[at].last < depth)
            low = at + 1;
        else
            high = at;
    }
    return low;
}

int query_nodes(struct query *q, struct arena *arena, const struct chain_path *path, int64_t depth,
                size_t limit, struct node_row **rows, size_t *count, struct err *err)
{
    limit = limit < QUERY_ROWS_MAX ? limit : QUERY_ROWS_MAX;
    *rows = arena_array(arena, limit, sizeof **rows);
    *count = 0;
    for (size_t i = part_at(path, depth); i < path->count && *count < limit; i++) {
        struct chain_part part = path->parts[i];
        struct node_row *some;
        size_t got;
        if (part.first < depth)
            part.first = depth;
        int rc = nodes_of(q, arena, path->run, &part, limit - *count, &some, &got, err);
        if (rc < 0)
            return rc;
        memcpy(*rows + *count, some, got * sizeof *some);
        *count += got;
    }
    return 0;
}

int query_segment_nodes(struct query *q, struct arena *arena, int64_t run, int64_t segment,
                        int64_t depth, size_t limit, struct node_row **rows, size_t *count,
                        struct err *err)
{
    struct chain_part part = {segment, depth, INT64_MAX};

    return nodes_of(q, arena, run, &part, limit, rows, count, err);
}

static int no_node(struct err *err, int64_t node)
{
    return err_set(err, E_NOTFOUND, "the run has no step %" PRId64, node);
}

int query_node(struct query *q, struct arena *arena, int64_t run, int64_t node,
               struct node_row *row, struct err *err)
{
    struct query_list list = {
        .sql = sql_node, .args = BIND(bind_int(run), bind_int(node)), .read = read_node};
    int rc = query_one(q, arena, &list, row, err);

    return rc == 0 ? no_node(err, node) : rc < 0 ? rc : 0;
}

int query_body(struct query *q, int64_t run, int64_t node, struct buf *out, struct err *err)
{
    int64_t blob = 0;
    int rc = db_value(q->db, sql_body, BIND(bind_int(run), bind_int(node)), &blob, err);

    if (rc == 0)
        return no_node(err, node);
    return rc < 0 ? query_code(q, rc, err) : query_blob_to(q, blob, out, err);
}

/* ---- the tree */

static int read_segment(const struct reading *r, void *out)
{
    struct segment_row *row = out;

    *row = (struct segment_row){
        .segment = read_int(r, 0),
        .parent = read_int(r, 1),
        .first = read_int(r, 2),
        .last = read_int(r, 3),
        .first_node = read_int(r, 4),
        .last_node = read_int(r, 5),
    };
    return 0;
}

int query_segments(struct query *q, struct arena *arena, int64_t run, int64_t after, size_t limit,
                   struct segment_row **rows, size_t *count, struct err *err)
{
    struct query_list list = {
        .sql = sql_segments,
        .args = BIND(bind_int(run), bind_int(after)),
        .limit = limit,
        .size = sizeof **rows,
        .read = read_segment,
    };

    return query_list(q, arena, &list, (void **)rows, count, err);
}

static int read_segment_place(const struct reading *r, void *out)
{
    *(struct segment_place *)out =
        (struct segment_place){read_int(r, 0), read_int(r, 1), read_int(r, 2)};
    return 0;
}

int query_segment_places(struct query *q, struct arena *arena, int64_t run, int64_t after,
                         size_t limit, struct segment_place **rows, size_t *count, struct err *err)
{
    struct query_list list = {
        .sql = sql_segment_places,
        .args = BIND(bind_int(run), bind_int(after)),
        .limit = limit,
        .size = sizeof **rows,
        .read = read_segment_place,
    };

    return query_list(q, arena, &list, (void **)rows, count, err);
}
