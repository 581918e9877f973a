/* SPDX-License-Identifier: MIT */
#include "core/exchange/codex_session.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <stdlib.h>
#include <string.h>

#define LOOK 8 /* records that tell the format */

struct codex {
    struct trajectory *t;
    bool answering; /* the last step is an answer that is not yet over */
    char *model;    /* of the turn */
    int64_t us;     /* of the item */
    struct err *err;
};

static int too_many(struct codex *c)
{
    return err_set(c->err, E_TOOBIG, "it has more than %zu messages", TRAJECTORY_STEPS_MAX);
}

/* ---- an answer of the model, item by item */

static struct trajectory_step *answer(struct codex *c)
{
    if (!c->answering) {
        struct trajectory_step *step = trajectory_add(c->t, SPEAKER_AGENT, NULL);
        if (!step)
            return NULL;
        step->us = c->us;
        trajectory_name(&step->model, c->model);
        c->answering = true;
    }
    return trajectory_last(c->t);
}

static int take_message(struct codex *c, const cJSON *item)
{
    const char *role = json_text(item, "role");
    char *text = records_text(json_get(item, "content"));
    struct trajectory_step *step;
    bool agent = str_eq(role, "assistant");

    if (agent) {
        step = answer(c);
        if (step)
            trajectory_say(step, text);
    } else {
        step = trajectory_add(c->t, str_eq(role, "user") ? SPEAKER_USER : SPEAKER_SYSTEM, text);
        if (step)
            step->us = c->us;
        if (str_eq(role, "user") && *text != '<') /* what codex itself puts there is in tags */
            trajectory_name(&c->t->title, text);
        c->answering = false;
    }
    free(text);
    return step ? 0 : too_many(c);
}

static int take_reasoning(struct codex *c, const cJSON *item)
{
    struct trajectory_step *step = answer(c);
    const cJSON *content = json_get(item, "content");
    char *text =
        records_text(cJSON_GetArraySize(content) > 0 ? content : json_get(item, "summary"));

    if (step)
        trajectory_name(&step->reasoning, text);
    free(text);
    return step ? 0 : too_many(c);
}

static int add_call(struct codex *c, const cJSON *item, const char *name, const char *args)
{
    struct trajectory_step *step = answer(c);

    if (!step)
        return too_many(c);
    const char *id = json_text(item, "call_id");
    trajectory_call_add(step, id ? id : json_text(item, "id"), name, args);
    return 0;
}

static int take_call(struct codex *c, const cJSON *item)
{
    char *args = records_json(json_get(item, "arguments"));
    int rc = add_call(c, item, json_text(item, "name"), args);

    free(args);
    return rc;
}

/* Its input is free text. */
static int take_custom_call(struct codex *c, const cJSON *item)
{
    cJSON *args = cJSON_CreateObject();

    json_set_text(args, "input", json_text(item, "input"));
    char *text = json_print(args);
    int rc = add_call(c, item, json_text(item, "name"), text);
    free(text);
    cJSON_Delete(args);
    return rc;
}

/* Calls that the server or codex carries out itself: what they did is their argument. */
static int take_action(struct codex *c, const cJSON *item)
{
    char *args = records_json(json_get(item, "action"));
    const char *type = json_text(item, "type");
    int rc =
        add_call(c, item, str_starts(type, "local_shell") ? "local_shell" : "web_search", args);

    free(args);
    return rc;
}

/* {"output":TEXT,"metadata":{"exit_code":N}} as text, or the text itself. */
static char *output_text(const cJSON *output, bool *failed)
{
    cJSON *inner = NULL;
    const char *text = cJSON_GetStringValue(output);

    if (text && *text == '{' && json_parse(&inner, text, strlen(text), NULL, NULL) == 0 &&
        json_text(inner, "output")) {
        *failed = json_int(json_object(inner, "metadata"), "exit_code", 0) != 0;
        char *copy = mem_text(json_text(inner, "output"));
        cJSON_Delete(inner);
        return copy;
    }
    cJSON_Delete(inner);
    *failed = cJSON_IsFalse(json_get(output, "success"));
    return records_text(cJSON_IsObject(output) ? json_get(output, "content") : output);
}

static int take_output(struct codex *c, const cJSON *item)
{
    bool failed;
    char *text = output_text(json_get(item, "output"), &failed);
    const char *id = json_text(item, "call_id");

    c->answering = false;
    if (!trajectory_answer(c->t, id ? id : "", text, failed, c->us))
        c->t->left_out++;
    free(text);
    return 0;
}

static const struct {
    const char *type;
    int (*take)(struct codex *c, const cJSON *item);
} items[] = {
    {"message", take_message},
    {"reasoning", take_reasoning},
    {"function_call", take_call},
    {"custom_tool_call", take_custom_call},
    {"local_shell_call", take_action},
    {"web_search_call", take_action},
    {"function_call_output", take_output},
    {"custom_tool_call_output", take_output},
    {"local_shell_call_output", take_output},
};

static int take_item(struct codex *c, const cJSON *item)
{
    const char *type = json_text(item, "type");

    for (size_t i = 0; type && i < sizeof items / sizeof *items; i++)
        if (str_eq(items[i].type, type))
            return items[i].take(c, item);
    return 0; /* a kind that says nothing about the conversation, or one of tomorrow */
}

/* ---- what is around it */

static void take_session(struct codex *c, const cJSON *meta)
{
    trajectory_name(&c->t->session, json_text(meta, "id"));
    trajectory_name(&c->t->workspace, json_text(meta, "cwd"));
    trajectory_name(&c->t->version, json_text(meta, "cli_version"));
    trajectory_name(&c->t->provider, json_text(meta, "model_provider"));
}

static void take_turn(struct codex *c, const cJSON *turn)
{
    free(c->model);
    c->model = mem_text(json_text(turn, "model"));
    trajectory_name(&c->t->model, c->model);
    trajectory_name(&c->t->workspace, json_text(turn, "cwd"));
}

/* Comes behind the answer that it counts. */
static void take_event(struct codex *c, const cJSON *event)
{
    const cJSON *used = json_object(json_object(event, "info"), "last_token_usage");

    if (!str_eq(json_text(event, "type"), "token_count") || !used)
        return;
    for (size_t i = c->t->count; i > 0; i--) {
        struct trajectory_step *step = &c->t->steps[i - 1];

        if (step->speaker != SPEAKER_AGENT)
            continue;
        if (step->tokens_in < 0) {
            step->tokens_in = json_int(used, "input_tokens", -1);
            step->tokens_out = json_int(used, "output_tokens", -1);
            step->tokens_cached = json_int(used, "cached_input_tokens", -1);
        }
        return;
    }
}

static int take_compaction(struct codex *c, const cJSON *payload)
{
    struct trajectory_step *step =
        trajectory_add(c->t, SPEAKER_SYSTEM, json_text(payload, "message"));

    if (!step)
        return too_many(c);
    step->us = c->us;
    c->answering = false;
    return 0;
}

static int take_record(struct codex *c, const cJSON *record)
{
    const char *type = json_text(record, "type");
    const cJSON *payload = json_object(record, "payload");

    c->us = records_time(json_text(record, "timestamp"));
    if (!payload && !type)
        take_session(c, record); /* the first line of an old file */
    else if (!payload)
        return take_item(c, record);
    else if (str_eq(type, "session_meta"))
        take_session(c, payload);
    else if (str_eq(type, "turn_context"))
        take_turn(c, payload);
    else if (str_eq(type, "event_msg"))
        take_event(c, payload);
    else if (str_eq(type, "compacted"))
        return take_compaction(c, payload);
    else if (str_eq(type, "response_item"))
        return take_item(c, payload);
    return 0;
}

bool codex_fits(const struct records *records)
{
    for (size_t i = 0; i < records->count && i < LOOK; i++) {
        const cJSON *record = records->at[i];
        const char *type = json_text(record, "type");

        if (json_object(record, "payload") &&
            (str_eq(type, "session_meta") || str_eq(type, "response_item") ||
             str_eq(type, "turn_context") || str_eq(type, "event_msg")))
            return true;
        if (str_eq(type, "function_call") ||
            (str_eq(type, "message") && json_text(record, "role") && json_array(record, "content")))
            return true;
    }
    return false;
}

int codex_read(struct trajectory *t, const struct records *records, size_t from, size_t *next,
               struct err *err)
{
    struct codex c = {.t = t, .err = err};
    int rc = 0;

    for (size_t i = from; rc == 0 && i < records->count; i++)
        rc = take_record(&c, records->at[i]);
    free(c.model);
    trajectory_name(&t->agent, "codex");
    *next = records->count;
    return rc;
}
