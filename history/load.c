/* SPDX-License-Identifier: MIT */
/*
 * The journal's reading half, on the writer's own connection: what the engine needs to go on with
 * a run. Reads need no lock: a transaction of SQLite's own sees one state.
 */
#include "history/store.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "history/lineage.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char sql_run[] = "SELECT r.uid, r.workspace, r.provider, b.data FROM run r"
                              " LEFT JOIN blob b ON b.id=r.config WHERE r.id=?";
/* One with input_seq 0 was written before a jump: a place to go back to, not to go on from. */
static const char sql_newest[] =
    "SELECT input_seq, summary FROM checkpoint"
    " INDEXED BY checkpoint_input WHERE run=? AND input_seq>0 ORDER BY input_seq DESC LIMIT 1";
static const char sql_at[] = "SELECT input_seq, summary FROM checkpoint WHERE run=? AND node=?";
static const char sql_inputs[] =
    "SELECT i.seq, i.type, i.wall_us, i.mono_us, i.random, i.facts, i.decision, i.blob, b.data"
    " FROM input i LEFT JOIN blob b ON b.id=i.blob WHERE i.run=? AND i.seq>=? ORDER BY i.seq";
static const char sql_same[] =
    "SELECT e.effect, e.tool, e.started_us, n.segment, n.depth FROM effect e INDEXED BY effect_same"
    " JOIN node n ON n.run=e.run AND n.node=e.node"
    " WHERE e.run=? AND e.args_hash=? AND e.started_us>0 ORDER BY e.effect DESC";
static const char sql_branches[] = "SELECT name, head FROM branch WHERE run=? AND head IS NOT NULL"
                                   " ORDER BY branch";
static const char sql_jumps[] = "SELECT j.from_node, b.name FROM reflog j"
                                " JOIN branch b ON b.run=j.run AND b.branch=j.branch"
                                " WHERE j.run=? AND j.op=? ORDER BY j.n";
static const char sql_past[] =
    "SELECT a.us, a.duration_us, a.outcome, c.provider || '/' || c.model,"
    " e.tool || '@' || r.workspace FROM attempt a JOIN run r ON r.id=a.run"
    " LEFT JOIN call c ON a.call<>0 AND c.run=a.run AND c.call=a.call"
    " LEFT JOIN effect e ON a.effect<>0 AND e.run=a.run AND e.effect=a.effect"
    " WHERE a.us>=? AND a.ended=1 ORDER BY a.us";
static const char sql_nodes[] =
    "SELECT n.node, n.depth, n.kind, b.data FROM node n LEFT JOIN blob b ON b.id=n.blob"
    " WHERE n.run=? AND n.segment=? AND n.depth BETWEEN ? AND ? ORDER BY n.depth";

static char *text_of(sqlite3_stmt *row, int column)
{
    return mem_text((const char *)sqlite3_column_text(row, column));
}

/* The body in a column; NULL data where there should be some is damage. */
static int body_of(struct history *history, sqlite3_stmt *row, int column, const char **body,
                   size_t *len, struct err *err)
{
    const void *packed = sqlite3_column_blob(row, column);

    return body_unpack(history->packer, packed, (size_t)sqlite3_column_bytes(row, column), body,
                       len, err);
}

static int copy_body(struct history *history, sqlite3_stmt *row, int column, char **out,
                     struct err *err)
{
    const char *body;
    size_t len;
    int rc = body_of(history, row, column, &body, &len, err);

    if (rc == 0)
        *out = mem_copy(body, len);
    return rc;
}

/* The connection for a read; opened again after a failed commit. */
int load_ready(void *self, struct err *err)
{
    struct history *history = self;

    if (history->db)
        return 0;
    int rc = store_begin(history, err);
    return rc < 0 ? rc : store_end(history, 0, err);
}

static int read_run(struct history *history, int64_t run, struct run_image *out, struct err *err)
{
    sqlite3_stmt *row;
    int rc = db_query(&row, history->db, sql_run, BIND(bind_int(run)), err);

    if (rc == 0)
        rc = db_next(history->db, row, err);
    if (rc == 0)
        rc = err_set(err, E_NOTFOUND, "there is no run %" PRId64, run);
    if (rc > 0) {
        out->run = run;
        out->uid = text_of(row, 0);
        out->workspace = text_of(row, 1);
        out->provider = text_of(row, 2);
        rc = copy_body(history, row, 3, &out->config, err);
    }
    db_done(row);
    return rc;
}

/* A checkpoint's summary: 1, or 0 when there is none. */
static int read_summary(struct history *history, const char *sql, const struct bind *args,
                        struct run_image *out, int64_t *input_seq, struct err *err)
{
    sqlite3_stmt *row;
    int rc = db_query(&row, history->db, sql, args, err);

    if (rc == 0)
        rc = db_next(history->db, row, err);
    if (rc > 0) {
        *input_seq = sqlite3_column_int64(row, 0);
        int copied = copy_body(history, row, 1, &out->summary, err);
        rc = copied < 0 ? copied : 1;
    }
    db_done(row);
    return rc;
}

static int input_of(struct history *history, sqlite3_stmt *row, struct stored_input *out,
                    struct err *err)
{
    const void *decision = sqlite3_column_blob(row, 6);

    *out = (struct stored_input){
        .seq = sqlite3_column_int64(row, 0),
        .type = sqlite3_column_int(row, 1),
        .wall_us = sqlite3_column_int64(row, 2),
        .mono_us = sqlite3_column_int64(row, 3),
        .random = (uint64_t)sqlite3_column_int64(row, 4),
    };
    if (!decision || sqlite3_column_bytes(row, 6) != SHA256_BYTES)
        return err_set(err, E_CORRUPT, "input %" PRId64 " is damaged", out->seq);
    memcpy(out->decision.at, decision, SHA256_BYTES);
    if (sqlite3_column_int64(row, 7) != 0) {
        const char *body;
        int rc = body_of(history, row, 8, &body, &out->len, err);
        if (rc < 0)
            return err_wrap(err, rc, "input %" PRId64, out->seq);
        out->body = mem_copy(body, out->len);
    }
    out->facts = text_of(row, 5);
    return 0;
}

static void input_clear(struct stored_input *input)
{
    free(input->facts);
    free(input->body);
}

static int each_input(struct history *history, int64_t run, int64_t from,
                      int (*each)(void *ctx, struct stored_input *input), void *ctx,
                      struct err *err)
{
    sqlite3_stmt *row;
    int rc = db_query(&row, history->db, sql_inputs, BIND(bind_int(run), bind_int(from)), err);

    while (rc == 0 && (rc = db_next(history->db, row, err)) > 0) {
        struct stored_input input;
        rc = input_of(history, row, &input, err);
        if (rc == 0)
            rc = each(ctx, &input);
        input_clear(&input);
    }
    db_done(row);
    return rc;
}

struct gather {
    struct run_image *image;
    size_t cap;
    int64_t next;
    struct err *err;
};

static int gather(void *ctx, struct stored_input *input)
{
    struct gather *g = ctx;
    struct run_image *image = g->image;

    if (input->seq != g->next)
        return err_set(g->err, E_CORRUPT, "input %" PRId64 " is missing", g->next);
    g->next++;
    image->inputs = mem_room(image->inputs, image->input_count, &g->cap, sizeof *image->inputs);
    image->inputs[image->input_count++] = *input;
    input->facts = input->body = NULL; /* moved */
    return 0;
}

int load_run(void *self, int64_t run, struct run_image *out, struct err *err)
{
    struct history *history = self;
    int64_t seq = 0;

    memset(out, 0, sizeof *out);
    int rc = load_ready(history, err);
    if (rc < 0)
        return rc;
    rc = db_begin(history->db, false, err);
    if (rc == 0)
        rc = read_run(history, run, out, err);
    if (rc == 0)
        rc = read_summary(history, sql_newest, BIND(bind_int(run)), out, &seq, err);
    if (rc >= 0) {
        struct gather g = {.image = out, .next = seq + 1, .err = err};
        rc = each_input(history, run, seq + 1, gather, &g, err);
    }
    db_rollback(history->db);
    if (rc < 0) {
        run_image_free(out);
        return err_wrap(err, rc, "run %" PRId64, run);
    }
    return 0;
}

int load_at(void *self, int64_t run, int64_t node, struct run_image *out, struct err *err)
{
    struct history *history = self;
    int64_t seq;

    memset(out, 0, sizeof *out);
    int rc = load_ready(history, err);
    if (rc == 0)
        rc = read_run(history, run, out, err);
    if (rc == 0)
        rc = read_summary(history, sql_at, BIND(bind_int(run), bind_int(node)), out, &seq, err);
    if (rc == 0)
        rc = err_set(err, E_NOTFOUND, "node %" PRId64 " of run %" PRId64 " is no checkpoint", node,
                     run);
    if (rc < 0)
        run_image_free(out);
    return rc < 0 ? rc : 0;
}

/* One part of a path. Every depth must be there. */
static int each_node(struct history *history, int64_t run, const struct lineage_part *part,
                     int (*each)(void *ctx, const struct chain_node *node), void *ctx,
                     struct err *err)
{
    sqlite3_stmt *row;
    int64_t depth = part->first;
    int rc = db_query(
        &row, history->db, sql_nodes,
        BIND(bind_int(run), bind_int(part->segment), bind_int(part->first), bind_int(part->last)),
        err);

    while (rc == 0 && (rc = db_next(history->db, row, err)) > 0) {
        struct chain_node node = {
            .node = sqlite3_column_int64(row, 0),
            .depth = sqlite3_column_int64(row, 1),
            .type = (enum node_kind)sqlite3_column_int(row, 2),
        };
        if (node.depth != depth) {
            rc = 0;
            break;
        }
        depth++;
        rc = body_of(history, row, 3, &node.body, &node.len, err);
        if (rc == 0)
            rc = each(ctx, &node);
    }
    db_done(row);
    if (rc == 0 && depth != part->last + 1)
        return err_set(err, E_CORRUPT,
                       "run %" PRId64 ": the node at segment %" PRId64 ", depth %" PRId64
                       " is missing",
                       run, part->segment, depth);
    return rc;
}

int load_chain(void *self, int64_t run, int64_t node, int64_t from,
               int (*each)(void *ctx, const struct chain_node *node), void *ctx, struct err *err)
{
    struct history *history = self;
    struct lineage path;
    int rc = load_ready(history, err);

    if (rc == 0)
        rc = db_begin(history->db, false, err);
    if (rc < 0)
        return rc;
    rc = lineage_read(&path, history->db, run, node, err);
    for (size_t i = 0; rc == 0 && i < path.count; i++) {
        struct lineage_part part = path.parts[i];
        if (part.first < from)
            part.first = from;
        if (part.first <= part.last)
            rc = each_node(history, run, &part, each, ctx, err);
    }
    lineage_free(&path);
    db_rollback(history->db);
    return rc;
}

/* ---- the same effect elsewhere */

struct place {
    int64_t effect, wall_us, segment, depth;
};

static int find_same(struct history *history, int64_t run, const struct lineage *path,
                     const char *tool, const struct hash *args, struct place *out, struct err *err)
{
    sqlite3_stmt *row;
    bool found = false;
    int rc = db_query(&row, history->db, sql_same, BIND(bind_int(run), bind_hash(args)), err);

    while (rc == 0 && !found && (rc = db_next(history->db, row, err)) > 0) {
        *out = (struct place){
            .effect = sqlite3_column_int64(row, 0),
            .wall_us = sqlite3_column_int64(row, 2),
            .segment = sqlite3_column_int64(row, 3),
            .depth = sqlite3_column_int64(row, 4),
        };
        found = str_eq((const char *)sqlite3_column_text(row, 1), tool) &&
                !lineage_has(path, out->segment, out->depth);
        rc = 0;
    }
    db_done(row);
    return rc < 0 ? rc : found;
}

/* Whether the way to `node` passes the place; one that cannot be read does not. */
static bool leads_there(struct history *history, int64_t run, int64_t node,
                        const struct place *place)
{
    struct lineage path;
    bool leads = lineage_read(&path, history->db, run, node, NULL) == 0 &&
                 lineage_has(&path, place->segment, place->depth);

    lineage_free(&path);
    return leads;
}

static char *name_of_branch(struct history *history, int64_t run, const struct place *place)
{
    sqlite3_stmt *row;
    char *name = NULL;
    int rc = db_query(&row, history->db, sql_branches, BIND(bind_int(run)), NULL);

    while (rc == 0 && !name && db_next(history->db, row, NULL) > 0)
        if (leads_there(history, run, sqlite3_column_int64(row, 1), place))
            name = text_of(row, 0);
    db_done(row);
    return name;
}

/* The tip that a run's k-th rollback left is called BRANCH~k. */
static char *name_of_tip(struct history *history, int64_t run, const struct place *place)
{
    sqlite3_stmt *row;
    char *name = NULL;
    int k = 0;
    int rc =
        db_query(&row, history->db, sql_jumps, BIND(bind_int(run), bind_int(HEAD_ROLLBACK)), NULL);

    while (rc == 0 && !name && db_next(history->db, row, NULL) > 0) {
        k++;
        if (leads_there(history, run, sqlite3_column_int64(row, 0), place))
            name = mem_printf("%s~%d", (const char *)sqlite3_column_text(row, 1), k);
    }
    db_done(row);
    return name;
}

int load_repeated(void *self, int64_t run, int64_t node, const char *tool, const struct hash *args,
                  int64_t *effect, int64_t *wall_us, char **branch, struct err *err)
{
    struct history *history = self;
    struct lineage path;
    struct place place;
    int rc = load_ready(history, err);

    if (rc == 0)
        rc = lineage_read(&path, history->db, run, node, err);
    if (rc < 0)
        return rc;
    rc = find_same(history, run, &path, tool, args, &place, err);
    lineage_free(&path);
    if (rc <= 0)
        return rc;
    *effect = place.effect;
    *wall_us = place.wall_us;
    *branch = name_of_branch(history, run, &place);
    if (!*branch)
        *branch = name_of_tip(history, run, &place);
    if (!*branch)
        *branch = mem_text("another branch");
    return 1;
}

/* ---- attempts of the last minutes */

int load_past(void *self, int64_t since_wall_us, struct past_attempt **out, size_t *count,
              struct err *err)
{
    struct history *history = self;
    sqlite3_stmt *row = NULL;
    size_t cap = 0;
    int rc = load_ready(history, err);

    *out = NULL;
    *count = 0;
    if (rc == 0)
        rc = db_query(&row, history->db, sql_past, BIND(bind_int(since_wall_us)), err);
    if (rc < 0)
        return rc;
    while ((rc = db_next(history->db, row, err)) > 0) {
        bool model = sqlite3_column_type(row, 3) != SQLITE_NULL;
        *out = mem_room(*out, *count, &cap, sizeof **out);
        (*out)[(*count)++] = (struct past_attempt){
            .scope = mem_text(model ? "model" : "tool"),
            .key = text_of(row, model ? 3 : 4),
            .wall_us = sqlite3_column_int64(row, 0),
            .duration_us = sqlite3_column_int64(row, 1),
            .outcome = text_of(row, 2),
        };
    }
    db_done(row);
    return rc;
}

/* ---- all inputs */

struct visit {
    int (*each)(void *ctx, const struct stored_input *input);
    void *ctx;
};

static int visit(void *ctx, struct stored_input *input)
{
    struct visit *v = ctx;

    return v->each(v->ctx, input);
}

int history_inputs(struct history *history, int64_t run, int64_t from,
                   int (*each)(void *ctx, const struct stored_input *input), void *ctx,
                   struct err *err)
{
    struct visit v = {each, ctx};
    int rc = load_ready(history, err);

    return rc == 0 ? each_input(history, run, from, visit, &v, err) : rc;
}
