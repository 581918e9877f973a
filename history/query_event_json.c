/* SPDX-License-Identifier: MIT */
/*
 * The full line of an event: what its body leaves out is found by its references. One function for
 * each row that events refer to adds the members it knows; what the body says itself wins, and the
 * table in core/event.c says which members there are and in what order.
 */
#include "history/query_event.h"

#include "core/base/clock.h"
#include "core/base/json.h"
#include "history/query_chain.h"
#include "history/query_data.h"
#include "history/query_run.h"
#include "history/query_work.h"

#include <stdlib.h>
#include <string.h>

/* An event on its way to its line. */
struct line {
    struct query *q;
    struct arena *arena;
    const struct event_row *event;
    const cJSON *body;
    cJSON *found; /* members from other rows */
    struct err *err;
};

static double ms(int64_t us)
{
    return (double)us / 1000;
}

static int ignore_missing(int rc)
{
    return rc == E_NOTFOUND ? 0 : rc;
}

/* ---- the run */

static int add_run(struct line *l)
{
    struct run_row run;
    int rc = query_run(l->q, l->arena, l->event->run, &run, NULL);

    if (rc < 0)
        return ignore_missing(rc);
    json_set_text(l->found, "task", run.title);
    json_set_text(l->found, "model", run.model);
    json_set_text(l->found, "provider", run.provider);
    json_set_text(l->found, "workspace", run.workspace);
    return 0;
}

/* ---- the model call */

static void add_member(cJSON *to, const cJSON *from, const char *name)
{
    const cJSON *value = json_get(from, name);

    if (value)
        cJSON_AddItemToObject(to, name, cJSON_Duplicate(value, true));
}

static cJSON *shown_calls(const cJSON *calls)
{
    cJSON *list = cJSON_CreateArray();
    const cJSON *call;

    cJSON_ArrayForEach(call, calls)
    {
        cJSON *shown = cJSON_CreateObject();
        add_member(shown, call, "id");
        add_member(shown, call, "name");
        add_member(shown, call, "arguments");
        cJSON_AddItemToArray(list, shown);
    }
    return list;
}

/* The message as the table names it, without what only a provider understands. */
static int add_message(struct line *l, int64_t node)
{
    struct buf body;
    cJSON *message = NULL;

    buf_init(&body, BODY_MAX);
    int rc = query_body(l->q, l->event->run, node, &body, l->err);
    if (rc == 0)
        rc = json_parse(&message, body.data, body.len, NULL, l->err);
    buf_free(&body);
    if (rc < 0)
        return ignore_missing(rc);
    cJSON *shown = cJSON_CreateObject();
    add_member(shown, message, "role");
    add_member(shown, message, "content");
    add_member(shown, message, "reasoning");
    if (json_array(message, "tool_calls"))
        cJSON_AddItemToObject(shown, "tool_calls", shown_calls(json_array(message, "tool_calls")));
    cJSON_AddItemToObject(l->found, "message", shown);
    cJSON_Delete(message);
    return 0;
}

static void add_usage(struct line *l, const struct call_row *call)
{
    cJSON *usage = cJSON_CreateObject();

    json_set_int(usage, "input_tokens", call->tokens_in);
    json_set_int(usage, "output_tokens", call->tokens_out);
    json_set_int(usage, "cached_tokens", call->tokens_cached);
    json_set_int(usage, "reasoning_tokens", call->tokens_reasoning);
    if (call->cost_microusd >= 0)
        json_set_number(usage, "cost_usd", (double)call->cost_microusd / 1e6);
    cJSON_AddItemToObject(l->found, "usage", usage);
}

static int add_call(struct line *l)
{
    struct call_row call;
    int64_t number = json_int(l->body, "call", 0);

    if (number == 0)
        return 0;
    int rc = query_call(l->q, l->arena, l->event->run, number, &call, NULL);
    if (rc < 0)
        return ignore_missing(rc);
    json_set_text(l->found, "model", call.model);
    json_set_int(l->found, "iteration", call.iteration);
    json_set_int(l->found, "attempts", call.attempts);
    if (l->event->type != EVENT_LLM_CALL)
        return 0;
    json_set_int(l->found, "total_tokens", call.tokens_in + call.tokens_out);
    json_set_number(l->found, "duration_ms", ms(call.duration_us));
    json_set_text(l->found, "finish_reason", call.finish);
    json_set_text(l->found, "error", call.error);
    add_usage(l, &call);
    return call.node ? add_message(l, call.node) : 0;
}

/* ---- the tool call */

/* Arguments that are no object (a model's mistake) are shown as the text they are. */
static int add_arguments(struct line *l, int64_t effect)
{
    struct buf text;
    cJSON *value = NULL;

    buf_init(&text, BODY_MAX);
    int rc = query_effect_args(l->q, l->event->run, effect, &text, l->err);
    if (rc == 0 && json_parse(&value, text.data, text.len, NULL, NULL) < 0)
        value = cJSON_CreateString(text.data);
    buf_free(&text);
    if (value)
        cJSON_AddItemToObject(l->found, "arguments", value);
    return ignore_missing(rc);
}

static int add_effect(struct line *l)
{
    struct effect_row effect;
    int64_t number = json_int(l->body, "effect", 0);

    if (number == 0)
        return 0;
    int rc = query_effect(l->q, l->arena, l->event->run, number, &effect, NULL);
    if (rc < 0)
        return ignore_missing(rc);
    json_set_text(l->found, "tool_name", effect.tool);
    if (l->event->type != EVENT_TOOL_CALL)
        return 0;
    json_set_int(l->found, "result_length", (int64_t)effect.result_len);
    json_set_text(l->found, "outcome", effect_state_name(effect.state));
    json_set_int(l->found, "attempts", effect.attempts);
    if (effect.started_us && effect.ended_us > effect.started_us)
        json_set_number(l->found, "duration_ms", ms(effect.ended_us - effect.started_us));
    return add_arguments(l, number);
}

/* ---- an attempt */

static int add_attempt(struct line *l)
{
    struct attempt_row *rows;
    size_t count;
    int64_t n = json_int(l->body, "attempt", 0);

    if (n == 0)
        return 0;
    int rc = query_attempts(l->q, l->arena, l->event->run, json_int(l->body, "call", 0),
                            json_int(l->body, "effect", 0), n - 1, 1, &rows, &count, l->err);
    if (rc < 0 || count == 0)
        return rc;
    json_set_text(l->found, "outcome", rows[0].outcome);
    json_set_text(l->found, "cause", rows[0].cause);
    if (rows[0].status >= 0)
        json_set_int(l->found, "status", rows[0].status);
    json_set_number(l->found, "duration_ms", ms(rows[0].duration_us));
    json_set_bool(l->found, "injected", rows[0].injected);
    return 0;
}

/* ---- a checkpoint */

static int add_checkpoint(struct line *l)
{
    struct node_row node;
    int rc = query_node(l->q, l->arena, l->event->run, l->event->node, &node, NULL);

    if (rc < 0)
        return ignore_missing(rc);
    json_set_int(l->found, "iteration", node.iteration);
    json_set_text(l->found, "text", node.label);
    return 0;
}

/* Which rows an event's missing members come from. */
static int (*const sources[EVENT_TYPE_COUNT][2])(struct line *l) = {
    [EVENT_SESSION_START] = {add_run},     [EVENT_LLM_START] = {add_call},
    [EVENT_LLM_ATTEMPT] = {add_attempt},   [EVENT_LLM_CALL] = {add_call},
    [EVENT_TOOL_START] = {add_effect},     [EVENT_TOOL_ATTEMPT] = {add_effect, add_attempt},
    [EVENT_TOOL_CALL] = {add_effect},      [EVENT_APPROVAL_WANTED] = {add_effect},
    [EVENT_IN_DOUBT] = {add_effect},       [EVENT_REPEATED_EFFECT] = {add_effect},
    [EVENT_CHECKPOINT] = {add_checkpoint}, [EVENT_LABEL] = {add_checkpoint},
};

/* ---- the line */

static const char *branch_name(struct line *l)
{
    static const char sql[] = "SELECT name FROM branch WHERE run=? AND branch=?";
    sqlite3_stmt *row;
    const char *name = NULL;

    if (db_query(&row, l->q->db, sql, BIND(bind_int(l->event->run), bind_int(l->event->branch)),
                 NULL) < 0)
        return NULL;
    if (db_next(l->q->db, row, NULL) > 0)
        name = arena_text(l->arena, (const char *)sqlite3_column_text(row, 0));
    db_done(row);
    return name;
}

static int add_common(struct line *l, cJSON *line)
{
    static const char sql[] = "SELECT agent, uid FROM run WHERE id=?";
    char time[CLOCK_ISO];
    sqlite3_stmt *row;
    int rc = db_query(&row, l->q->db, sql, BIND(bind_int(l->event->run)), l->err);

    if (rc == 0)
        rc = db_next(l->q->db, row, l->err);
    clock_iso(time, l->event->us);
    json_set_text(line, "timestamp", time);
    if (rc > 0) {
        json_set_text(line, "agent_id", (const char *)sqlite3_column_text(row, 0));
        json_set_text(line, "session_id", (const char *)sqlite3_column_text(row, 1));
    }
    db_done(row);
    json_set_text(line, "event_type", event_name(l->event->type));
    json_set_int(line, "seq", l->event->seq);
    json_set_text(line, "branch", branch_name(l));
    if (l->event->node)
        json_set_int(line, "node", l->event->node);
    return rc < 0 ? rc : 0;
}

/* The event's own members, in the table's order; a member of the common part is not repeated. */
static void add_own(struct line *l, cJSON *line)
{
    for (const struct event_field *f = event_info(l->event->type)->fields; f->name; f++) {
        const cJSON *value = json_get(l->body, f->name);
        if (!value)
            value = json_get(l->found, f->name);
        if (value && !cJSON_IsNull(value) && !json_get(line, f->name))
            cJSON_AddItemToObject(line, f->name, cJSON_Duplicate(value, true));
    }
}

static int make_line(struct line *l, struct buf *out)
{
    cJSON *line = cJSON_CreateObject();
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < 2 && sources[l->event->type][i]; i++)
        rc = sources[l->event->type][i](l);
    if (rc == 0)
        rc = add_common(l, line);
    if (rc == 0) {
        add_own(l, line);
        char *text = json_print(line);
        rc = buf_text(out, text);
        if (rc < 0)
            rc = err_set(l->err, rc, "event %lld does not fit", (long long)l->event->seq);
        free(text);
    }
    cJSON_Delete(line);
    return rc;
}

int query_event_json(struct query *q, const struct event_row *event, struct buf *out,
                     struct err *err)
{
    struct arena arena;
    cJSON *body = NULL, *found = cJSON_CreateObject();
    const char *text = event->body ? event->body : "{}";
    int rc = json_parse(&body, text, strlen(text), NULL, err);

    arena_init(&arena);
    if (rc < 0) {
        rc = err_set(err, E_CORRUPT, "event %lld is damaged", (long long)event->seq);
    } else {
        struct line l = {
            .q = q, .arena = &arena, .event = event, .body = body, .found = found, .err = err};
        rc = make_line(&l, out);
    }
    arena_free(&arena);
    cJSON_Delete(found);
    cJSON_Delete(body);
    return rc;
}
