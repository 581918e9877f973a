/* SPDX-License-Identifier: MIT */
#include "history/query_work.h"

#include "history/query_data.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define CALL_COLUMNS                                                                               \
    "SELECT c.call, c.branch, c.parent, c.iteration, c.us, c.model, c.provider, c.ended, c.node,"  \
    " c.tokens_in, c.tokens_out, c.tokens_cached, c.tokens_reasoning, c.cost_microusd,"            \
    " c.duration_us, c.first_us, c.finish, c.error, c.request,"                                    \
    " (SELECT count(*) FROM attempt a WHERE a.run=c.run AND a.call=c.call AND a.effect=0)"         \
    " FROM call c"
/* Without statistics SQLite takes a whole run by its primary key where an index knows the row: the
   index is named where that happened. */
#define ATTEMPT_COLUMNS                                                                            \
    "SELECT a.call, a.effect, a.n, a.us, a.ended, a.outcome, a.cause, a.status, a.duration_us,"    \
    " a.first_us, a.delay_us, a.delay_source, a.request_id, a.injected,"                           \
    " (SELECT len FROM blob WHERE id=a.raw), c.model, c.provider, c.tokens_out, e.tool"            \
    " FROM attempt a"                                                                              \
    " LEFT JOIN call c ON a.call<>0 AND c.run=a.run AND c.call=a.call"                             \
    " LEFT JOIN effect e ON a.effect<>0 AND e.run=a.run AND e.effect=a.effect"

static const char sql_call[] = CALL_COLUMNS " WHERE c.run=? AND c.call=?";
static const char sql_call_of_node[] =
    CALL_COLUMNS " INDEXED BY call_parent WHERE c.run=? AND c.parent=? AND c.node=?";
static const char sql_calls_after[] =
    CALL_COLUMNS " INDEXED BY call_parent WHERE c.run=? AND c.parent=? ORDER BY c.call LIMIT ?";
static const char sql_newest_call[] = CALL_COLUMNS " WHERE c.run=? ORDER BY c.call DESC LIMIT 1";
static const char sql_params[] = "SELECT params FROM call WHERE run=? AND call=?";

static const char sql_effect[] =
    "SELECT " EFFECT_COLUMNS " FROM effect e WHERE e.run=? AND e.effect=?";
static const char sql_effects_of[] =
    "SELECT " EFFECT_COLUMNS " FROM effect e WHERE e.run=? AND e.node=? ORDER BY e.ix LIMIT ?";
static const char sql_effect_of_result[] =
    "SELECT " EFFECT_COLUMNS
    " FROM effect e INDEXED BY effect_result WHERE e.run=? AND e.result=? AND e.result<>0";
static const char sql_open_effects[] = "SELECT " EFFECT_COLUMNS " FROM effect e"
                                       " INDEXED BY effect_open WHERE e.run=?"
                                       " AND e.state IN (0, 1, 5) ORDER BY e.effect LIMIT ?";
static const char sql_args[] = "SELECT args FROM effect WHERE run=? AND effect=?";
static const char sql_result[] = "SELECT result_blob FROM effect WHERE run=? AND effect=?";

static const char sql_attempts[] =
    ATTEMPT_COLUMNS " WHERE a.run=? AND a.call=? AND a.effect=? AND a.n>? ORDER BY a.n LIMIT ?";
static const char sql_raw[] = "SELECT raw FROM attempt WHERE run=? AND call=? AND effect=? AND n=?";
static const char sql_window_calls[] =
    ATTEMPT_COLUMNS " WHERE a.run=? AND a.call>0 AND a.ended=1 AND a.us>=?"
                    " ORDER BY a.call DESC, a.effect DESC, a.n DESC LIMIT ?";
static const char sql_window_tools[] = ATTEMPT_COLUMNS
    " WHERE a.run=? AND a.call=0 AND a.ended=1 AND a.us>=? AND (?3 IS NULL OR e.tool=?3)"
    " ORDER BY a.effect DESC, a.n DESC LIMIT ?";
static const char sql_window_all[] = ATTEMPT_COLUMNS
    " WHERE a.us>=?1 AND a.ended=1 AND (?2 IS NULL OR c.provider=?2) AND (?3 IS NULL OR e.tool=?3)"
    " ORDER BY a.us DESC LIMIT ?4";

/* ---- calls */

static int read_call(const struct reading *r, void *out)
{
    struct call_row *row = out;

    *row = (struct call_row){
        .call = read_int(r, 0),
        .branch = read_int(r, 1),
        .parent = read_int(r, 2),
        .iteration = read_int(r, 3),
        .us = read_int(r, 4),
        .model = read_text(r, 5),
        .provider = read_text(r, 6),
        .ended = read_int(r, 7) != 0,
        .node = read_int(r, 8),
        .tokens_in = read_int(r, 9),
        .tokens_out = read_int(r, 10),
        .tokens_cached = read_int(r, 11),
        .tokens_reasoning = read_int(r, 12),
        .cost_microusd = read_int(r, 13),
        .duration_us = read_int(r, 14),
        .first_us = read_int(r, 15),
        .finish = read_text(r, 16),
        .error = read_text(r, 17),
        .attempts = read_int(r, 19),
    };
    if (sqlite3_column_bytes(r->row, 18) == SHA256_BYTES)
        memcpy(row->request.at, sqlite3_column_blob(r->row, 18), SHA256_BYTES);
    return 0;
}

int query_call(struct query *q, struct arena *arena, int64_t run, int64_t call,
               struct call_row *row, struct err *err)
{
    struct query_list list = {
        .sql = sql_call, .args = BIND(bind_int(run), bind_int(call)), .read = read_call};
    int rc = query_one(q, arena, &list, row, err);

    if (rc == 0)
        return err_set(err, E_NOTFOUND, "run %" PRId64 " has no call %" PRId64, run, call);
    return rc < 0 ? rc : 0;
}

int query_call_of_node(struct query *q, struct arena *arena, int64_t run, int64_t parent,
                       int64_t node, struct call_row *row, struct err *err)
{
    struct query_list list = {.sql = sql_call_of_node,
                              .args = BIND(bind_int(run), bind_int(parent), bind_int(node)),
                              .read = read_call};

    return query_one(q, arena, &list, row, err);
}

int query_calls_after(struct query *q, struct arena *arena, int64_t run, int64_t node, size_t limit,
                      struct call_row **rows, size_t *count, struct err *err)
{
    struct query_list list = {
        .sql = sql_calls_after,
        .args = BIND(bind_int(run), bind_int(node)),
        .limit = limit,
        .size = sizeof **rows,
        .read = read_call,
    };

    return query_list(q, arena, &list, (void **)rows, count, err);
}

/* The body whose id `sql` selects, with a name for the row that must be there. */
static int blob_id(struct query *q, const char *sql, const struct bind *args, int64_t *id,
                   struct err *err)
{
    int rc = db_value(q->db, sql, args, id, err);

    if (rc == 0)
        return err_set(err, E_NOTFOUND, "there is no such row in the history");
    return rc < 0 ? query_code(q, rc, err) : 0;
}

int query_call_params(struct query *q, struct arena *arena, int64_t run, int64_t call,
                      const char **json, struct err *err)
{
    int64_t id = 0;
    const char *body;
    size_t len;
    int rc = blob_id(q, sql_params, BIND(bind_int(run), bind_int(call)), &id, err);

    if (rc == 0)
        rc = query_blob(q, id, &body, &len, err);
    if (rc == 0)
        *json = arena_copy(arena, body, len);
    return rc;
}

/* ---- effects */

int read_effect(const struct reading *r, void *out)
{
    struct effect_row *row = out;

    *row = (struct effect_row){
        .effect = read_int(r, 0),
        .node = read_int(r, 1),
        .index = read_int(r, 2),
        .tool = read_text(r, 3),
        .policy = read_text(r, 4),
        .call_id = read_text(r, 5),
        .key = read_text(r, 6),
        .state = (enum effect_state)read_int(r, 7),
        .epoch = read_int(r, 8),
        .us = read_int(r, 9),
        .started_us = read_int(r, 10),
        .ended_us = read_int(r, 11),
        .result = read_int(r, 12),
        .pid = read_int(r, 13),
        .start_time = read_int(r, 14),
        .boot_id = read_text(r, 15),
        .by = read_text(r, 16),
        .note = read_text(r, 17),
        .args_len = (size_t)read_int(r, 18),
        .result_len = (size_t)read_int(r, 19),
        .attempts = read_int(r, 20),
    };
    return row->state < EFFECT_STATE_COUNT
               ? 0
               : err_set(r->err, E_NEWER, "effect %" PRId64 " is in an unknown state", row->effect);
}

int query_effect(struct query *q, struct arena *arena, int64_t run, int64_t effect,
                 struct effect_row *row, struct err *err)
{
    struct query_list list = {
        .sql = sql_effect, .args = BIND(bind_int(run), bind_int(effect)), .read = read_effect};
    int rc = query_one(q, arena, &list, row, err);

    if (rc == 0)
        return err_set(err, E_NOTFOUND, "run %" PRId64 " has no tool call %" PRId64, run, effect);
    return rc < 0 ? rc : 0;
}

int query_effect_of_result(struct query *q, struct arena *arena, int64_t run, int64_t node,
                           struct effect_row *row, struct err *err)
{
    struct query_list list = {.sql = sql_effect_of_result,
                              .args = BIND(bind_int(run), bind_int(node)),
                              .read = read_effect};

    return query_one(q, arena, &list, row, err);
}

int query_effects_of(struct query *q, struct arena *arena, int64_t run, int64_t node,
                     struct effect_row **rows, size_t *count, struct err *err)
{
    struct query_list list = {
        .sql = sql_effects_of,
        .args = BIND(bind_int(run), bind_int(node)),
        .limit = 128, /* core/model keeps no more calls of one message */
        .size = sizeof **rows,
        .read = read_effect,
    };

    return query_list(q, arena, &list, (void **)rows, count, err);
}

int query_effect_args(struct query *q, int64_t run, int64_t effect, struct buf *out,
                      struct err *err)
{
    int64_t id = 0;
    int rc = blob_id(q, sql_args, BIND(bind_int(run), bind_int(effect)), &id, err);

    return rc == 0 ? query_blob_to(q, id, out, err) : rc;
}

int query_effect_result(struct query *q, int64_t run, int64_t effect, struct buf *out,
                        struct err *err)
{
    int64_t id = 0;
    int rc = blob_id(q, sql_result, BIND(bind_int(run), bind_int(effect)), &id, err);

    return rc == 0 ? query_blob_to(q, id, out, err) : rc;
}

/* ---- attempts */

static int read_attempt(const struct reading *r, void *out)
{
    struct attempt_row *row = out;

    *row = (struct attempt_row){
        .call = read_int(r, 0),
        .effect = read_int(r, 1),
        .n = read_int(r, 2),
        .us = read_int(r, 3),
        .ended = read_int(r, 4) != 0,
        .outcome = read_text(r, 5),
        .cause = read_text(r, 6),
        .status = (int)read_int(r, 7),
        .duration_us = read_int(r, 8),
        .first_us = read_int(r, 9),
        .delay_us = read_int(r, 10),
        .delay_source = read_text(r, 11),
        .request_id = read_text(r, 12),
        .injected = read_int(r, 13) != 0,
        .raw_len = (size_t)read_int(r, 14),
        .name = read_text(r, read_int(r, 0) ? 15 : 18),
        .provider = read_text(r, 16),
        .tokens_out = read_int(r, 17),
    };
    return 0;
}

int query_attempts(struct query *q, struct arena *arena, int64_t run, int64_t call, int64_t effect,
                   int64_t after, size_t limit, struct attempt_row **rows, size_t *count,
                   struct err *err)
{
    struct query_list list = {
        .sql = sql_attempts,
        .args = BIND(bind_int(run), bind_int(call), bind_int(effect), bind_int(after)),
        .limit = limit,
        .size = sizeof **rows,
        .read = read_attempt,
    };

    return query_list(q, arena, &list, (void **)rows, count, err);
}

int query_attempt_raw(struct query *q, int64_t run, int64_t call, int64_t effect, int64_t n,
                      struct buf *out, struct err *err)
{
    int64_t id = 0;
    int rc = blob_id(q, sql_raw, BIND(bind_int(run), bind_int(call), bind_int(effect), bind_int(n)),
                     &id, err);

    return rc == 0 ? query_blob_to(q, id, out, err) : rc;
}

/* ---- what is open */

int query_open_work(struct query *q, struct arena *arena, int64_t run, size_t limit,
                    struct open_work *out, struct err *err)
{
    struct query_list newest = {
        .sql = sql_newest_call, .args = BIND(bind_int(run)), .read = read_call};
    struct query_list open = {
        .sql = sql_open_effects,
        .args = BIND(bind_int(run)),
        .limit = limit,
        .size = sizeof *out->effects,
        .read = read_effect,
    };

    memset(out, 0, sizeof *out);
    int rc = query_one(q, arena, &newest, &out->call, err);
    if (rc < 0)
        return rc;
    out->open_call = rc > 0 && !out->call.ended;
    return query_list(q, arena, &open, (void **)&out->effects, &out->effect_count, err);
}

/* ---- windows for health */

static int window_part(struct query *q, struct arena *arena, const struct window *window,
                       const char *sql, const struct bind *args, struct attempt_row **rows,
                       size_t *count, struct err *err)
{
    struct query_list list = {.sql = sql,
                              .args = args,
                              .limit = window->limit,
                              .size = sizeof **rows,
                              .read = read_attempt};

    return query_list(q, arena, &list, (void **)rows, count, err);
}

static int newest_first(const void *a, const void *b)
{
    const struct attempt_row *left = a, *right = b;

    return (left->us < right->us) - (left->us > right->us);
}

/* Calls and tools of one run are two ranges of the primary key; the window is the newest of both.
 */
static int window_of_run(struct query *q, struct arena *arena, const struct window *window,
                         struct attempt_row **rows, size_t *count, struct err *err)
{
    struct attempt_row *calls = NULL, *tools = NULL;
    size_t call_count = 0, tool_count = 0;
    int rc = 0;

    if (!window->tool)
        rc = window_part(q, arena, window, sql_window_calls,
                         BIND(bind_int(window->run), bind_int(window->since_us)), &calls,
                         &call_count, err);
    if (rc == 0)
        rc = window_part(
            q, arena, window, sql_window_tools,
            BIND(bind_int(window->run), bind_int(window->since_us), bind_text(window->tool)),
            &tools, &tool_count, err);
    if (rc < 0)
        return rc;
    *rows = arena_array(arena, call_count + tool_count, sizeof **rows);
    if (call_count > 0)
        memcpy(*rows, calls, call_count * sizeof **rows);
    if (tool_count > 0)
        memcpy(*rows + call_count, tools, tool_count * sizeof **rows);
    *count = call_count + tool_count;
    qsort(*rows, *count, sizeof **rows, newest_first);
    if (*count > window->limit)
        *count = window->limit;
    return 0;
}

int query_window(struct query *q, struct arena *arena, const struct window *window,
                 struct attempt_row **rows, size_t *count, struct err *err)
{
    if (window->run)
        return window_of_run(q, arena, window, rows, count, err);
    return window_part(
        q, arena, window, sql_window_all,
        BIND(bind_int(window->since_us), bind_text(window->provider), bind_text(window->tool)),
        rows, count, err);
}
