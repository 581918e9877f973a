/* SPDX-License-Identifier: MIT */
#include "core/exchange/atif.h"

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define VERSION "ATIF-v1.7"

static const char *const sources[] = {
    [SPEAKER_SYSTEM] = "system", [SPEAKER_USER] = "user", [SPEAKER_AGENT] = "agent"};

/* ---- reading */

static void take_calls(struct trajectory_step *to, const cJSON *step)
{
    const cJSON *call;

    cJSON_ArrayForEach(call, json_array(step, "tool_calls"))
    {
        char *args = records_json(json_get(call, "arguments"));

        trajectory_call_add(to, json_text(call, "tool_call_id"), json_text(call, "function_name"),
                            args);
        free(args);
    }
}

static void take_metrics(struct trajectory_step *to, const cJSON *metrics)
{
    double cost = json_number(metrics, "cost_usd", -1);

    to->tokens_in = json_int(metrics, "prompt_tokens", -1);
    to->tokens_out = json_int(metrics, "completion_tokens", -1);
    to->tokens_cached = json_int(metrics, "cached_tokens", -1);
    if (cost >= 0 && cost < 1e6)
        to->cost_microusd = llround(cost * 1e6);
}

/* What was seen without a call that asked for it is said by the system. */
static int take_results(struct trajectory *t, const cJSON *step, int64_t us)
{
    const cJSON *result;

    cJSON_ArrayForEach(result, json_array(json_object(step, "observation"), "results"))
    {
        char *text = records_text(json_get(result, "content"));
        bool failed = json_bool(json_object(result, "extra"), "is_error", false);
        const char *id = json_text(result, "source_call_id");
        bool fits = trajectory_answer(t, id, text, failed, us) ||
                    trajectory_add(t, SPEAKER_SYSTEM, text) != NULL;

        free(text);
        if (!fits)
            return E_TOOBIG;
    }
    return 0;
}

static int take_step(struct trajectory *t, const cJSON *step, struct err *err)
{
    const char *source = json_text(step, "source");
    char *text = records_text(json_get(step, "message"));
    enum speaker speaker = SPEAKER_SYSTEM;
    int rc = 0;

    while (speaker < SPEAKER_AGENT && !str_eq(source, sources[speaker]))
        speaker++;
    if (!str_eq(source, sources[speaker]))
        rc = err_set(err, E_PARSE, "step %zu is of no known source", t->count + 1);
    struct trajectory_step *to = rc == 0 ? trajectory_add(t, speaker, text) : NULL;
    if (speaker == SPEAKER_USER)
        trajectory_name(&t->title, text);
    free(text);
    if (to) {
        to->us = records_time(json_text(step, "timestamp"));
        trajectory_name(&to->model, json_text(step, "model_name"));
        trajectory_name(&to->reasoning, json_text(step, "reasoning_content"));
        take_calls(to, step);
        take_metrics(to, json_object(step, "metrics"));
        rc = take_results(t, step, to->us);
    }
    if (rc == E_TOOBIG || (rc == 0 && !to))
        rc = err_set(err, E_TOOBIG, "it has more than %zu steps", TRAJECTORY_STEPS_MAX);
    return rc;
}

bool atif_fits(const struct records *records)
{
    const char *version = json_text(records->at[0], "schema_version");

    return records->count == 1 && version && str_starts(version, "ATIF-v1.");
}

int atif_read(struct trajectory *t, const struct records *records, size_t from, size_t *next,
              struct err *err)
{
    const cJSON *root = records->at[from], *agent = json_object(root, "agent"), *step;
    int rc = 0;

    *next = from + 1;
    trajectory_name(&t->session, json_text(root, "session_id"));
    trajectory_name(&t->agent, json_text(agent, "name"));
    trajectory_name(&t->version, json_text(agent, "version"));
    trajectory_name(&t->model, json_text(agent, "model_name"));
    cJSON_ArrayForEach(step, json_array(root, "steps")) if (rc == 0) rc = take_step(t, step, err);
    return rc;
}

/* ---- writing */

/* Arguments are an object there; what is none is kept as text under a name of its own. */
static cJSON *arguments_of(const struct trajectory_call *call)
{
    cJSON *args = NULL;

    if (json_parse(&args, call->args, strlen(call->args), &json_args, NULL) == 0 &&
        cJSON_IsObject(args))
        return args;
    cJSON_Delete(args);
    args = cJSON_CreateObject();
    if (*call->args)
        json_set_text(args, "arguments", call->args);
    return args;
}

/* Ids are unique and not empty within a step. */
static char *id_of(const struct trajectory_step *step, size_t index)
{
    const char *id = step->calls[index].id;
    bool taken = *id == '\0';

    for (size_t i = 0; i < index; i++)
        taken = taken || str_eq(step->calls[i].id, id);
    return taken ? mem_printf("%s_%zu", *id ? id : "call", index + 1) : mem_text(id);
}

static void add_calls(cJSON *to, const struct trajectory_step *step)
{
    cJSON *calls = cJSON_AddArrayToObject(to, "tool_calls"), *results = cJSON_CreateArray();

    for (size_t i = 0; i < step->call_count; i++) {
        const struct trajectory_call *from = &step->calls[i];
        cJSON *call = cJSON_CreateObject();
        char *id = id_of(step, i);

        json_set_text(call, "tool_call_id", id);
        json_set_text(call, "function_name", *from->name ? from->name : "unknown");
        cJSON_AddItemToObject(call, "arguments", arguments_of(from));
        cJSON_AddItemToArray(calls, call);
        if (from->result) {
            cJSON *result = cJSON_CreateObject();

            json_set_text(result, "source_call_id", id);
            json_set_text(result, "content", from->result);
            if (from->is_error)
                json_set_bool(cJSON_AddObjectToObject(result, "extra"), "is_error", true);
            cJSON_AddItemToArray(results, result);
        }
        free(id);
    }
    if (cJSON_GetArraySize(results) > 0)
        cJSON_AddItemToObject(cJSON_AddObjectToObject(to, "observation"), "results", results);
    else
        cJSON_Delete(results);
}

static void set_known(cJSON *to, const char *name, int64_t value)
{
    if (value >= 0)
        json_set_int(to, name, value);
}

static int64_t no_more(int64_t value, int64_t most)
{
    return value > most ? most : value;
}

static void add_metrics(cJSON *to, const struct trajectory_step *step)
{
    cJSON *metrics = cJSON_CreateObject();

    set_known(metrics, "prompt_tokens", step->tokens_in);
    set_known(metrics, "completion_tokens", step->tokens_out);
    set_known(metrics, "cached_tokens", no_more(step->tokens_cached, step->tokens_in));
    if (step->cost_microusd >= 0)
        json_set_number(metrics, "cost_usd", (double)step->cost_microusd / 1e6);
    if (metrics->child)
        cJSON_AddItemToObject(to, "metrics", metrics);
    else
        cJSON_Delete(metrics);
}

static cJSON *step_json(const struct trajectory_step *step, size_t number)
{
    cJSON *to = cJSON_CreateObject();
    char time[CLOCK_ISO];

    json_set_int(to, "step_id", (int64_t)number);
    if (step->us > 0) {
        clock_iso(time, step->us);
        json_set_text(to, "timestamp", time);
    }
    json_set_text(to, "source", sources[step->speaker]);
    if (step->speaker == SPEAKER_AGENT)
        json_set_text(to, "model_name", step->model);
    json_set_text(to, "message", step->text);
    if (step->speaker != SPEAKER_AGENT)
        return to;
    json_set_text(to, "reasoning_content", step->reasoning);
    if (step->call_count > 0)
        add_calls(to, step);
    add_metrics(to, step);
    return to;
}

/* Sums of these stay sums, whatever an imported record said. */
static int64_t known(int64_t count)
{
    return count > 0 ? no_more(count, (int64_t)1 << 40) : 0;
}

static cJSON *totals(const struct trajectory *t)
{
    cJSON *metrics = cJSON_CreateObject();
    int64_t in = 0, out = 0, cached = 0, cost = 0;
    bool priced = false;

    for (size_t i = 0; i < t->count; i++) {
        const struct trajectory_step *step = &t->steps[i];

        in += known(step->tokens_in);
        out += known(step->tokens_out);
        cached += known(no_more(step->tokens_cached, step->tokens_in));
        cost += known(step->cost_microusd);
        priced = priced || step->cost_microusd >= 0;
    }
    json_set_int(metrics, "total_prompt_tokens", in);
    json_set_int(metrics, "total_completion_tokens", out);
    json_set_int(metrics, "total_cached_tokens", cached);
    if (priced)
        json_set_number(metrics, "total_cost_usd", (double)cost / 1e6);
    json_set_int(metrics, "total_steps", (int64_t)t->count);
    return metrics;
}

int atif_write(struct buf *out, const struct trajectory *t, const char *by)
{
    cJSON *root = cJSON_CreateObject(), *agent;

    json_set_text(root, "schema_version", VERSION);
    json_set_text(root, "session_id", t->session);
    agent = cJSON_AddObjectToObject(root, "agent");
    json_set_text(agent, "name", t->agent ? t->agent : "rerail");
    json_set_text(agent, "version", t->version ? t->version : t->agent ? "unknown" : by);
    json_set_text(agent, "model_name", t->model);
    cJSON *steps = cJSON_AddArrayToObject(root, "steps");
    for (size_t i = 0; i < t->count; i++)
        cJSON_AddItemToArray(steps, step_json(&t->steps[i], i + 1));
    cJSON_AddItemToObject(root, "final_metrics", totals(t));
    int rc = json_write(out, root);
    cJSON_Delete(root);
    return rc < 0 ? rc : buf_char(out, '\n');
}
