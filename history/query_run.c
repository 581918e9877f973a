/* SPDX-License-Identifier: MIT */
#include "history/query_run.h"

#include "core/base/str.h"
#include "history/owner.h"
#include "history/query_data.h"

#include <string.h>

/* state −1: gc is deleting it. */
#define RUN_COLUMNS                                                                                \
    "SELECT r.id, r.uid, substr(r.title, 1, 500), r.agent, r.model, r.provider, r.workspace,"      \
    " r.created_us, r.updated_us, r.state, r.reason, r.iterations, r.tool_calls, r.errors,"        \
    " r.retries, r.tokens_in, r.tokens_out, r.tokens_cached, r.cost_microusd, r.branch, b.name,"   \
    " b.head, l.owner, l.pid, o.format, coalesce(o.uid, r.uid), d.parent, d.step, d.race, d.lane"  \
    " FROM run r"                                                                                  \
    " LEFT JOIN branch b ON b.run=r.id AND b.branch=r.branch"                                      \
    " LEFT JOIN lease l ON l.run=r.id"                                                             \
    " LEFT JOIN origin o ON o.run=r.id"                                                            \
    " LEFT JOIN descent d ON d.run=r.id"

static const char sql_newest[] =
    RUN_COLUMNS " WHERE r.id<? AND r.state>=0 ORDER BY r.id DESC LIMIT ?";
static const char sql_after[] = RUN_COLUMNS " WHERE r.id>? AND r.state>=0 ORDER BY r.id LIMIT ?";
static const char sql_one[] = RUN_COLUMNS " WHERE r.id=? AND r.state>=0";
static const char sql_count[] = "SELECT count(*) FROM run WHERE state>=0";
static const char sql_last[] =
    "SELECT id FROM run WHERE id>0 AND state>=0 ORDER BY id DESC LIMIT 1";
static const char sql_exact[] = "SELECT id FROM run WHERE uid=? AND state>=0";
static const char sql_prefix[] =
    "SELECT id, uid FROM run WHERE uid>=?1 AND uid<?1 || '~' AND state>=0 ORDER BY uid LIMIT 2";
static const char sql_config[] = "SELECT config FROM run WHERE id=?";

/* Looked at anew for each row: a process can die without a commit. */
static void read_owner(const struct reading *r, struct run_row *row, const char *owner)
{
    struct owner_info info;

    if (!owner || !*owner)
        return;
    owner_look(&info, r->q->path, owner);
    row->owner = info.alive ? RUN_OWNED : RUN_OWNER_DIED;
    row->owner_pid = info.pid ? info.pid : read_int(r, 23);
    if (info.alive && info.socket[0])
        row->owner_socket = arena_text(r->arena, info.socket);
}

static int read_run(const struct reading *r, void *out)
{
    struct run_row *row = out;

    *row = (struct run_row){
        .run = read_int(r, 0),
        .uid = read_text(r, 1),
        .title = read_text(r, 2),
        .agent = read_text(r, 3),
        .model = read_text(r, 4),
        .provider = read_text(r, 5),
        .workspace = read_text(r, 6),
        .created_us = read_int(r, 7),
        .updated_us = read_int(r, 8),
        .state = (int)read_int(r, 9),
        .reason = read_text(r, 10),
        .iterations = read_int(r, 11),
        .tool_calls = read_int(r, 12),
        .errors = read_int(r, 13),
        .retries = read_int(r, 14),
        .tokens_in = read_int(r, 15),
        .tokens_out = read_int(r, 16),
        .tokens_cached = read_int(r, 17),
        .cost_microusd = read_int(r, 18),
        .branch = read_int(r, 19),
        .branch_name = read_text(r, 20),
        .head = read_int(r, 21),
        .origin = read_text(r, 24),
        .lived_as = read_text(r, 25),
        .parent = read_text(r, 26),
        .parent_step = read_int(r, 27),
        .race = read_text(r, 28),
        .lane = read_text(r, 29),
    };
    read_owner(r, row, (const char *)sqlite3_column_text(r->row, 22));
    return 0;
}

int query_runs(struct query *q, struct arena *arena, const struct run_page *page,
               struct run_row **rows, size_t *count, struct err *err)
{
    int64_t from = page->after ? page->after : page->before ? page->before : INT64_MAX;
    struct query_list list = {
        .sql = page->after ? sql_after : sql_newest,
        .args = BIND(bind_int(from)),
        .limit = page->limit,
        .size = sizeof **rows,
        .read = read_run,
    };

    return query_list(q, arena, &list, (void **)rows, count, err);
}

int query_run_count(struct query *q, int64_t *count, struct err *err)
{
    int rc = db_value(q->db, sql_count, NULL, count, err);

    return rc < 0 ? query_code(q, rc, err) : 0;
}

int query_run(struct query *q, struct arena *arena, int64_t run, struct run_row *row,
              struct err *err)
{
    struct query_list list = {.sql = sql_one, .args = BIND(bind_int(run)), .read = read_run};
    int rc = query_one(q, arena, &list, row, err);

    if (rc == 0)
        return err_set(err, E_NOTFOUND, "there is no run %lld", (long long)run);
    return rc < 0 ? rc : 0;
}

static int find_prefix(struct query *q, const char *word, int64_t *run, struct err *err)
{
    sqlite3_stmt *row;
    char first[64] = "";
    int found = 0;
    int rc = db_query(&row, q->db, sql_prefix, BIND(bind_text(word)), err);

    while (rc == 0 && (rc = db_next(q->db, row, err)) > 0) {
        const char *uid = (const char *)sqlite3_column_text(row, 1);
        rc = 0;
        *run = sqlite3_column_int64(row, 0);
        if (++found == 1)
            str_format(first, sizeof first, "%s", uid);
        else
            rc = err_set(err, E_RANGE, "'%s' fits several runs, %s and %s among them", word, first,
                         uid);
    }
    db_done(row);
    if (rc == 0 && found == 0)
        return err_set(err, E_NOTFOUND, "there is no run '%s'; `rerail ls` lists them", word);
    return rc;
}

int query_run_find(struct query *q, const char *word, int64_t *run, struct err *err)
{
    int rc = 0;

    if (*word == '#')
        word++;
    *run = 0;
    if (strcmp(word, "last") == 0) {
        rc = db_value(q->db, sql_last, NULL, run, err);
        if (rc >= 0 && *run == 0)
            return err_set(err, E_NOTFOUND, "there are no runs yet");
        return rc < 0 ? rc : 0;
    }
    if (*word == '\0')
        return err_set(err, E_NOTFOUND, "name a run by the start of its id, or `last`");
    rc = db_value(q->db, sql_exact, BIND(bind_text(word)), run, err);
    if (rc == 0)
        rc = find_prefix(q, word, run, err);
    return rc < 0 ? rc : 0;
}

int query_run_config(struct query *q, struct arena *arena, int64_t run, const char **json,
                     struct err *err)
{
    int64_t blob = 0;
    const char *body;
    size_t len;
    int rc = db_value(q->db, sql_config, BIND(bind_int(run)), &blob, err);

    if (rc == 0)
        return err_set(err, E_NOTFOUND, "there is no run %lld", (long long)run);
    if (rc > 0)
        rc = query_blob(q, blob, &body, &len, err);
    if (rc == 0)
        *json = arena_copy(arena, body, len);
    return rc;
}
