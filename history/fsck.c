/* SPDX-License-Identifier: MIT */
/*
 * Each check is a function over one run or over the whole file. They read in pages, each page one
 * short transaction, so a console beside it goes on; rows never change once they are there (but for
 * open ones), so pages read one after the other still fit.
 */
#include "history/fsck.h"

#include "core/base/mem.h"
#include "core/journal.h"
#include "history/lock.h"
#include "history/query_data.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PAGE     1000
#define COUNT(a) (sizeof(a) / sizeof *(a))

struct fsck {
    struct query *q;
    const struct fsck_options *options;
    struct fsck_report *report;
    struct err *err;
    int64_t last_input; /* of the run at hand */
};

static void found(struct fsck *f, int64_t run, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void found(struct fsck *f, int64_t run, const char *fmt, ...)
{
    char text[ERR_MSG_MAX];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap); /* a longer one is cut: enough for a person */
    va_end(ap);
    f->report->findings++;
    if (f->options->found)
        f->options->found(f->options->ctx, run, text);
}

static int stopped(const struct fsck *f)
{
    if (f->options->stop && __atomic_load_n(f->options->stop, __ATOMIC_RELAXED))
        return err_set(f->err, E_CANCELLED, "fsck was stopped");
    return 0;
}

/* Calls `row` for each row of `sql`, whose last parameter is how far it has come and whose first
   column is where it goes on; PAGE rows a transaction. `run` 0 = the statement has none. */
static int each_row(struct fsck *f, const char *sql, int64_t run, int64_t from,
                    int (*row)(struct fsck *f, int64_t run, sqlite3_stmt *row))
{
    int64_t at = from;
    int count, rc;

    do {
        sqlite3_stmt *stmt;
        const struct bind one[] = {bind_int(at), bind_int(PAGE), {.kind = BIND_END}};
        const struct bind two[] = {bind_int(run), bind_int(at), bind_int(PAGE), {.kind = BIND_END}};
        count = 0;
        rc = stopped(f);
        if (rc == 0)
            rc = db_query(&stmt, f->q->db, sql, run ? two : one, f->err);
        else
            stmt = NULL;
        while (rc == 0 && (rc = db_next(f->q->db, stmt, f->err)) > 0) {
            count++;
            at = sqlite3_column_int64(stmt, 0);
            rc = row(f, run, stmt);
        }
        db_done(stmt);
    } while (rc == 0 && count == PAGE);
    return rc;
}

/* ---- the file */

static int check_pages(struct fsck *f)
{
    static const char *const pragmas[] = {"PRAGMA integrity_check(100)",
                                          "PRAGMA foreign_key_check"};

    for (size_t i = f->options->quick ? 1 : 0; i < COUNT(pragmas); i++) {
        sqlite3_stmt *row;
        int rc = db_query(&row, f->q->db, pragmas[i], NULL, f->err);
        while (rc == 0 && (rc = db_next(f->q->db, row, f->err)) > 0) {
            const char *text = (const char *)sqlite3_column_text(row, 0);
            if (i == 1)
                found(f, 0, "table %s refers to a row that is missing", text);
            else if (strcmp(text, "ok") != 0)
                found(f, 0, "SQLite: %s", text);
            rc = 0;
        }
        db_done(row);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* The end of the hole that begins at `first`; first − 1 when there is none. */
static int hole_end(struct fsck *f, int64_t first, int64_t *last)
{
    static const char sql[] = "SELECT last FROM hole WHERE first=?";
    int rc = db_value(f->q->db, sql, BIND(bind_int(first)), last, f->err);

    if (rc == 0)
        *last = first - 1;
    return rc < 0 ? rc : 0;
}

static int check_events(struct fsck *f)
{
    static const char sql[] = "SELECT seq FROM event WHERE seq>? ORDER BY seq LIMIT ?";
    int64_t last = 0, seq, hole;
    int rc = 0, more;

    do {
        sqlite3_stmt *row;
        more = 0;
        rc = stopped(f);
        if (rc < 0)
            return rc;
        rc = db_query(&row, f->q->db, sql, BIND(bind_int(last), bind_int(PAGE)), f->err);
        while (rc == 0 && (rc = db_next(f->q->db, row, f->err)) > 0) {
            more = 1;
            seq = sqlite3_column_int64(row, 0);
            rc = seq == last + 1 ? 0 : hole_end(f, last + 1, &hole);
            if (rc == 0 && seq != last + 1 && hole != seq - 1)
                found(f, 0, "events %" PRId64 " to %" PRId64 " are missing", last + 1, seq - 1);
            last = seq;
            f->report->events++;
        }
        db_done(row);
    } while (rc == 0 && more);
    if (rc == 0)
        rc = hole_end(f, last + 1, &hole);
    if (rc == 0 && hole > last)
        last = hole;
    int64_t witness = lock_peek(f->q->path);
    if (rc == 0 && witness > last)
        found(f, 0, "events %" PRId64 " to %" PRId64 " were stored and are missing", last + 1,
              witness);
    return rc;
}

static int check_body(struct fsck *f, int64_t run, sqlite3_stmt *row)
{
    const char *body;
    size_t len;
    int64_t id = sqlite3_column_int64(row, 0);

    (void)run;
    f->report->blobs++;
    int rc = body_unpack(f->q->packer, sqlite3_column_blob(row, 3),
                         (size_t)sqlite3_column_bytes(row, 3), &body, &len, NULL);
    if (rc < 0) {
        found(f, 0, "body %" PRId64 " cannot be unpacked", id);
        return 0;
    }
    struct hash hash = sha256(body, len);
    if (sqlite3_column_bytes(row, 1) != SHA256_BYTES ||
        memcmp(hash.at, sqlite3_column_blob(row, 1), SHA256_BYTES) != 0 ||
        (int64_t)len != sqlite3_column_int64(row, 2))
        found(f, 0, "body %" PRId64 " is not what its hash says", id);
    return 0;
}

static int check_bodies(struct fsck *f)
{
    static const char sql[] = "SELECT id, hash, len, data FROM blob WHERE id>? ORDER BY id LIMIT ?";

    return each_row(f, sql, 0, 0, check_body);
}

/* ---- one run */

struct link {
    int64_t node, depth;
    struct hash chain;
};

/* The node that a segment goes on from: its parent segment's at base − 1. */
static int read_link(struct fsck *f, int64_t run, int64_t segment, int64_t depth, struct link *out)
{
    static const char sql[] =
        "SELECT node, depth, chain FROM node WHERE run=? AND segment=? AND depth=?";
    sqlite3_stmt *row;
    int rc = db_query(&row, f->q->db, sql, BIND(bind_int(run), bind_int(segment), bind_int(depth)),
                      f->err);

    memset(out, 0, sizeof *out);
    out->depth = depth;
    if (rc == 0)
        rc = db_next(f->q->db, row, f->err);
    if (rc > 0) {
        out->node = sqlite3_column_int64(row, 0);
        if (sqlite3_column_bytes(row, 2) == SHA256_BYTES)
            memcpy(out->chain.at, sqlite3_column_blob(row, 2), SHA256_BYTES);
    }
    db_done(row);
    return rc;
}

/* One node against the one before it, which it then becomes. */
static void check_node(struct fsck *f, int64_t run, sqlite3_stmt *row, struct link *before)
{
    int64_t depth = sqlite3_column_int64(row, 0), node = sqlite3_column_int64(row, 1);
    const void *chain = sqlite3_column_blob(row, 4), *body = sqlite3_column_blob(row, 5);
    int kind = sqlite3_column_int(row, 3);
    struct hash content, want;

    f->report->nodes++;
    if (depth != before->depth + 1)
        found(f, run, "node %" PRId64 " is at depth %" PRId64 ", not %" PRId64, node, depth,
              before->depth + 1);
    if (sqlite3_column_int64(row, 2) != before->node)
        found(f, run, "node %" PRId64 " does not follow node %" PRId64, node, before->node);
    if (!body || sqlite3_column_bytes(row, 5) != SHA256_BYTES) {
        found(f, run, "the body of node %" PRId64 " is missing", node);
    } else if (kind < 0 || kind >= NODE_KIND_COUNT) {
        found(f, run, "node %" PRId64 " is of an unknown kind", node);
    } else {
        memcpy(content.at, body, SHA256_BYTES);
        want = node_chain(&before->chain, (enum node_kind)kind, &content, node);
        if (memcmp(want.at, chain, SHA256_BYTES) != 0)
            found(f, run, "the chain is broken at node %" PRId64 ": it was altered", node);
    }
    before->node = node;
    before->depth = depth;
    memcpy(before->chain.at, chain, SHA256_BYTES);
}

struct segment {
    int64_t number, parent, base;
};

/* The next segment of a run: 1, or 0 behind the last. */
static int next_segment(struct fsck *f, int64_t run, struct segment *segment)
{
    static const char sql[] = "SELECT segment, parent, base FROM segment WHERE run=? AND segment>?"
                              " ORDER BY segment LIMIT 1";
    sqlite3_stmt *row;
    int rc = db_query(&row, f->q->db, sql, BIND(bind_int(run), bind_int(segment->number)), f->err);

    if (rc == 0)
        rc = db_next(f->q->db, row, f->err);
    if (rc > 0) {
        segment->number = sqlite3_column_int64(row, 0);
        segment->parent = sqlite3_column_int64(row, 1);
        segment->base = sqlite3_column_int64(row, 2);
    }
    db_done(row);
    return rc;
}

/* Some nodes of a segment, from behind `before` on: how many. */
static int check_some_nodes(struct fsck *f, int64_t run, int64_t segment, struct link *before)
{
    static const char sql[] =
        "SELECT n.depth, n.node, n.parent, n.kind, n.chain, b.hash FROM node n"
        " LEFT JOIN blob b ON b.id=n.blob"
        " WHERE n.run=? AND n.segment=? AND n.depth>? ORDER BY n.depth LIMIT ?";
    sqlite3_stmt *row;
    int count = 0;
    int rc = db_query(
        &row, f->q->db, sql,
        BIND(bind_int(run), bind_int(segment), bind_int(before->depth), bind_int(PAGE)), f->err);

    while (rc == 0 && (rc = db_next(f->q->db, row, f->err)) > 0) {
        check_node(f, run, row, before);
        count++;
        rc = 0;
    }
    db_done(row);
    return rc < 0 ? rc : count;
}

static int check_segments(struct fsck *f, int64_t run)
{
    struct segment segment = {0};
    int rc, count;

    while ((rc = next_segment(f, run, &segment)) > 0) {
        struct link before = {.depth = segment.base - 1};
        if (segment.parent) {
            rc = read_link(f, run, segment.parent, segment.base - 1, &before);
            if (rc == 0)
                found(f, run, "segment %" PRId64 " begins behind a node that is missing",
                      segment.number);
        }
        do {
            count = rc < 0 ? rc : stopped(f);
            if (count == 0)
                count = check_some_nodes(f, run, segment.number, &before);
        } while (count == PAGE);
        if (count < 0)
            return count;
    }
    return rc;
}

static int check_input(struct fsck *f, int64_t run, sqlite3_stmt *row)
{
    int64_t seq = sqlite3_column_int64(row, 0);

    if (seq != f->last_input + 1)
        found(f, run, "inputs %" PRId64 " to %" PRId64 " are missing", f->last_input + 1, seq - 1);
    f->last_input = seq;
    return 0;
}

static int check_checkpoint(struct fsck *f, int64_t run, sqlite3_stmt *row)
{
    const char *body;
    size_t len;

    if (body_unpack(f->q->packer, sqlite3_column_blob(row, 1), (size_t)sqlite3_column_bytes(row, 1),
                    &body, &len, NULL) < 0)
        found(f, run, "the summary of checkpoint %" PRId64 " is damaged",
              (int64_t)sqlite3_column_int64(row, 0));
    if (sqlite3_column_int64(row, 2))
        found(f, run, "checkpoint %" PRId64 " is of an input that is missing",
              (int64_t)sqlite3_column_int64(row, 0));
    return 0;
}

static int count_effect(struct fsck *f, int64_t run, sqlite3_stmt *row)
{
    int64_t effect = sqlite3_column_int64(row, 0);

    f->report->effects++;
    if (sqlite3_column_int64(row, 1))
        found(f, run, "tool call %" PRId64 " has no result, and the model was asked again", effect);
    if (sqlite3_column_int64(row, 2))
        found(f, run, "the result of tool call %" PRId64 " is missing", effect);
    return 0;
}

/* A statement that finds nothing on a sound run; its first column is a number to name. */
static const struct {
    const char *sql, *what;
} rules[] = {
    {"SELECT branch FROM branch WHERE run=?1 AND head IS NOT NULL AND NOT EXISTS"
     " (SELECT 1 FROM node n WHERE n.run=?1 AND n.node=head)",
     "the head of branch %" PRId64 " is missing"},
    {"SELECT branch FROM run r WHERE r.id=?1 AND r.branch<>0 AND NOT EXISTS"
     " (SELECT 1 FROM branch b WHERE b.run=?1 AND b.branch=r.branch)",
     "the active branch %" PRId64 " is missing"},
    {"SELECT segment FROM segment s WHERE s.run=?1 AND NOT EXISTS"
     " (SELECT 1 FROM node n WHERE n.run=?1 AND n.segment=s.segment)",
     "segment %" PRId64 " has no nodes"},
    {"SELECT segment FROM segment s WHERE s.run=?1 AND EXISTS"
     " (SELECT 1 FROM node n WHERE n.run=?1 AND n.segment=s.segment AND n.depth<s.base)",
     "segment %" PRId64 " has nodes before its beginning"},
    {"SELECT seq FROM input i WHERE i.run=?1 AND i.blob>0 AND NOT EXISTS"
     " (SELECT 1 FROM blob b WHERE b.id=i.blob)",
     "the body of input %" PRId64 " is missing"},
    {"SELECT call FROM call c WHERE c.run=?1 AND c.node>0 AND NOT EXISTS"
     " (SELECT 1 FROM node n WHERE n.run=?1 AND n.node=c.node)",
     "the answer of call %" PRId64 " is missing"},
    {"SELECT node FROM label l WHERE l.run=?1 AND NOT EXISTS"
     " (SELECT 1 FROM checkpoint c WHERE c.run=?1 AND c.node=l.node)",
     "a label is on node %" PRId64 ", which is no checkpoint"},
};

static int check_rule(struct fsck *f, int64_t run, size_t rule)
{
    sqlite3_stmt *row;
    int rc = db_query(&row, f->q->db, rules[rule].sql, BIND(bind_int(run)), f->err);

    while (rc == 0 && (rc = db_next(f->q->db, row, f->err)) > 0) {
        char text[128];
        /* From the table above, not from outside. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        (void)snprintf(text, sizeof text, rules[rule].what, (int64_t)sqlite3_column_int64(row, 0));
#pragma GCC diagnostic pop
        found(f, run, "%s", text);
        rc = 0;
    }
    db_done(row);
    return rc;
}

static const char sql_inputs[] = "SELECT seq FROM input WHERE run=? AND seq>? ORDER BY seq LIMIT ?";
static const char sql_checkpoints[] =
    "SELECT c.node, c.summary, c.input_seq>0 AND NOT EXISTS"
    " (SELECT 1 FROM input i WHERE i.run=c.run AND i.seq=c.input_seq)"
    " FROM checkpoint c WHERE c.run=? AND c.node>? ORDER BY c.node LIMIT ?";
static const char sql_effects[] =
    "SELECT e.effect, e.result=0 AND EXISTS (SELECT 1 FROM node a JOIN node l ON l.run=a.run"
    " AND l.segment=a.segment AND l.depth>a.depth AND l.kind=3 WHERE a.run=e.run AND "
    "a.node=e.node),"
    " e.result>0 AND NOT EXISTS (SELECT 1 FROM node n WHERE n.run=e.run AND n.node=e.result)"
    " FROM effect e WHERE e.run=? AND e.effect>? ORDER BY e.effect LIMIT ?";
_Static_assert(NODE_ASSISTANT == 3, "sql_effects");

static const struct {
    const char *sql;
    int (*row)(struct fsck *f, int64_t run, sqlite3_stmt *row);
} checks[] = {
    {sql_inputs, check_input},
    {sql_checkpoints, check_checkpoint},
    {sql_effects, count_effect},
};

static int check_run(struct fsck *f, int64_t run)
{
    int rc = check_segments(f, run);

    f->report->runs++;
    f->last_input = 0;
    for (size_t i = 0; rc == 0 && i < COUNT(checks); i++)
        rc = each_row(f, checks[i].sql, run, 0, checks[i].row);
    for (size_t i = 0; rc == 0 && i < COUNT(rules); i++)
        rc = check_rule(f, run, i);
    return rc;
}

static int check_runs(struct fsck *f)
{
    static const char sql[] = "SELECT id FROM run WHERE id>? AND state>=0 ORDER BY id LIMIT 1";
    int64_t run = 0;
    int rc;

    while ((rc = db_value(f->q->db, sql, BIND(bind_int(run)), &run, f->err)) > 0) {
        rc = check_run(f, run);
        if (rc < 0)
            return rc;
    }
    return rc;
}

int fsck_run(struct fsck_report *out, struct query *q, const struct fsck_options *options,
             struct err *err)
{
    struct fsck f = {.q = q, .options = options, .report = out, .err = err};
    int rc = 0;

    memset(out, 0, sizeof *out);
    if (options->run == 0)
        rc = check_pages(&f);
    if (rc == 0 && options->run == 0)
        rc = check_events(&f);
    if (rc == 0 && options->run == 0)
        rc = check_bodies(&f);
    if (rc == 0)
        rc = options->run ? check_run(&f, options->run) : check_runs(&f);
    return query_code(q, rc, err);
}
