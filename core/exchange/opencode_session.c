/* SPDX-License-Identifier: MIT */
#include "core/exchange/opencode_session.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <math.h>
#include <stdlib.h>

#define LOOK 8 /* records that tell the format */

struct opencode {
    struct trajectory *t;
    enum speaker speaker;
    bool open;  /* the last step belongs to the message at hand */
    int64_t us; /* of the message */
    const char *model;
    struct err *err;
};

static int64_t us_of(const cJSON *time, const char *name)
{
    double ms = json_number(time, name, 0);

    return ms > 0 && ms < 8e12 ? (int64_t)(ms * 1000) : 0;
}

static struct trajectory_step *step_of(struct opencode *o)
{
    if (o->open)
        return trajectory_last(o->t);
    struct trajectory_step *step = trajectory_add(o->t, o->speaker, NULL);
    if (!step) {
        (void)err_set(o->err, E_TOOBIG, "it has more than %zu messages", TRAJECTORY_STEPS_MAX);
        return NULL;
    }
    step->us = o->us;
    if (o->speaker == SPEAKER_AGENT)
        trajectory_name(&step->model, o->model);
    o->open = true;
    return step;
}

static void count(struct trajectory_step *step, const cJSON *usage)
{
    const cJSON *tokens = json_object(usage, "tokens"), *cache = json_object(tokens, "cache");
    double cost = json_number(usage, "cost", -1);

    if (tokens) {
        step->tokens_cached = json_int(cache, "read", 0);
        step->tokens_in =
            json_int(tokens, "input", 0) + step->tokens_cached + json_int(cache, "write", 0);
        step->tokens_out = json_int(tokens, "output", 0) + json_int(tokens, "reasoning", 0);
    }
    if (cost >= 0 && cost < 1e6)
        step->cost_microusd = llround(cost * 1e6);
}

/* ---- parts */

static void take_text(struct trajectory_step *step, const cJSON *part)
{
    const char *text = json_text(part, "text");

    if (text && *text)
        trajectory_say(step, text);
}

static void take_reasoning(struct trajectory_step *step, const cJSON *part)
{
    trajectory_name(&step->reasoning, json_text(part, "text"));
}

static void take_tool(struct trajectory_step *step, const cJSON *part)
{
    const cJSON *state = json_object(part, "state");
    const char *status = json_text(state, "status");
    bool failed = str_eq(status, "error");
    char *args = records_json(json_get(state, "input"));
    struct trajectory_call *call =
        trajectory_call_add(step, json_text(part, "callID"), json_text(part, "tool"), args);

    free(args);
    if (!failed && !str_eq(status, "completed"))
        return;
    call->result = records_text(json_get(state, failed ? "error" : "output"));
    call->is_error = failed;
    call->us = us_of(json_object(state, "time"), "end");
}

static void take_file(struct trajectory_step *step, const cJSON *part)
{
    const char *name = json_text(part, "filename");
    char *text = mem_printf("[file %s]", name ? name : "");

    trajectory_say(step, text);
    free(text);
}

static void take_finish(struct trajectory_step *step, const cJSON *part)
{
    trajectory_name(&step->finish, json_text(part, "reason"));
    count(step, part);
}

static const struct {
    const char *type;
    void (*take)(struct trajectory_step *step, const cJSON *part);
} parts[] = {
    {"text", take_text}, {"reasoning", take_reasoning}, {"tool", take_tool},
    {"file", take_file}, {"step-finish", take_finish},
};

/* A message of the agent holds one model call after the other. */
static int take_part(struct opencode *o, const cJSON *part)
{
    const char *type = json_text(part, "type");

    if (str_eq(type, "step-start"))
        o->open = false;
    for (size_t i = 0; type && i < sizeof parts / sizeof *parts; i++) {
        if (!str_eq(parts[i].type, type))
            continue;
        struct trajectory_step *step = step_of(o);
        if (!step)
            return E_TOOBIG;
        parts[i].take(step, part);
    }
    return 0;
}

/* ---- a session */

static int take_message(struct opencode *o, const cJSON *message)
{
    const cJSON *part, *info = json_object(message, "info");
    const cJSON *model = json_object(info, "model");
    bool agent = str_eq(json_text(info, "role"), "assistant");
    size_t before = o->t->count;
    int rc = 0;

    o->open = false;
    o->speaker = agent ? SPEAKER_AGENT : SPEAKER_USER;
    o->us = us_of(json_object(info, "time"), "created");
    o->model = json_text(info, "modelID");
    trajectory_name(&o->t->model, o->model ? o->model : json_text(model, "modelID"));
    trajectory_name(&o->t->provider, json_text(info, "providerID"));
    trajectory_name(&o->t->workspace, json_text(json_object(info, "path"), "cwd"));
    cJSON_ArrayForEach(part, json_array(message, "parts")) if (rc == 0) rc = take_part(o, part);
    if (rc == 0 && o->t->count > before && trajectory_last(o->t)->tokens_in < 0)
        count(trajectory_last(o->t), info);
    if (rc == 0 && !agent && o->t->count > before)
        trajectory_name(&o->t->title, trajectory_last(o->t)->text);
    return rc;
}

static int read_session(struct opencode *o, const cJSON *root)
{
    const cJSON *message, *info = json_object(root, "info");
    int rc = 0;

    trajectory_name(&o->t->session, json_text(info, "id"));
    trajectory_name(&o->t->title, json_text(info, "title"));
    trajectory_name(&o->t->version, json_text(info, "version"));
    trajectory_name(&o->t->workspace, json_text(info, "directory"));
    cJSON_ArrayForEach(message, json_array(root, "messages")) if (rc == 0) rc =
        take_message(o, message);
    return rc;
}

/* Lines of `run --format json`: what the agent did; the question is not among them. */
static int read_lines(struct opencode *o, const struct records *records, size_t from)
{
    int rc = 0;

    o->speaker = SPEAKER_AGENT;
    for (size_t i = from; rc == 0 && i < records->count; i++) {
        const cJSON *record = records->at[i], *part = json_object(record, "part");

        trajectory_name(&o->t->session, json_text(record, "sessionID"));
        o->us = us_of(record, "timestamp");
        if (part)
            rc = take_part(o, part);
    }
    return rc;
}

bool opencode_fits(const struct records *records)
{
    if (records->count == 1 && json_object(records->at[0], "info") &&
        json_array(records->at[0], "messages"))
        return true;
    for (size_t i = 0; i < records->count && i < LOOK; i++)
        if (json_text(records->at[i], "sessionID") && json_object(records->at[i], "part"))
            return true;
    return false;
}

int opencode_read(struct trajectory *t, const struct records *records, size_t from, size_t *next,
                  struct err *err)
{
    struct opencode o = {.t = t, .err = err};

    trajectory_name(&t->agent, "opencode");
    *next = records->count;
    return json_array(records->at[from], "messages") ? read_session(&o, records->at[from])
                                                     : read_lines(&o, records, from);
}
