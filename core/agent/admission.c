/* SPDX-License-Identifier: MIT */
#include "core/agent/admission.h"

#include "core/agent/run_spec.h"
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/config/run_config.h"
#include "core/tool/tool.h"

#include <stdlib.h>
#include <string.h>

#define KEY_MAX 512

static void model_key(char out[KEY_MAX], const struct run *run)
{
    const struct run_spec *spec = run_spec(run);
    const char *model = spec->config->model.name;

    str_format(out, KEY_MAX, "%s/%s", spec->provider ? spec->provider : "", model ? model : "");
}

/* A tool is judged by workspace: the same name elsewhere is another program. False when the call is
   not one of the run's. */
static bool tool_key(char out[KEY_MAX], const struct run *run, int64_t effect)
{
    const char *workspace = run_spec(run)->workspace;
    struct call_view view;

    if (!run_call_view(run, effect, &view) || !view.tool)
        return false;
    str_format(out, KEY_MAX, "%s@%s", view.tool->name, workspace ? workspace : "");
    return true;
}

static void breaker_event(const struct admission_desk *desk, const struct run *run,
                          enum guard_scope scope, const char *key, const struct breaker_move *move)
{
    if (!move->moved)
        return;
    struct record *record = batch_add(desk->batch, RECORD_EVENT);
    cJSON *body = cJSON_CreateObject();

    json_set_text(body, "scope", scope == GUARD_MODEL ? "model" : "tool");
    char *name = mem_printf("%.*s", (int)strcspn(key, scope == GUARD_TOOL ? "@" : ""), key);
    json_set_text(body, "key", name);
    free(name);
    json_set_text(body, "from", breaker_state_name(move->from));
    json_set_text(body, "to", breaker_state_name(move->to));
    json_set_text(body, "reason", breaker_cause_text(move->cause));
    json_set_number(body, "open_ms", (double)move->open_us / US_PER_MS);
    record->run = run_id(run);
    record->wall_us = desk->wall_us;
    record->event.type = EVENT_BREAKER;
    record->event.branch = run_branch(run);
    record->body = json_print(body);
    record->len = strlen(record->body);
    cJSON_Delete(body);
}

struct input *admission_ask(const struct admission_desk *desk, const struct run *run,
                            const struct action *action)
{
    struct input *input = input_new(INPUT_ADMISSION);
    enum guard_scope scope = action->effect ? GUARD_TOOL : GUARD_MODEL;
    struct breaker_move move = {0};
    struct admission word;
    char key[KEY_MAX] = "";

    if (scope == GUARD_MODEL)
        model_key(key, run);
    else
        (void)tool_key(key, run, action->effect); /* the run asks for calls that it has */
    guards_admit(desk->guards, scope, key, run_spec(run)->config, action->attempt, action->failure,
                 desk->now_us, &word, &move);
    breaker_event(desk, run, scope, key, &move);
    if (action->effect)
        json_set_int(input->facts, "effect", action->effect);
    json_set_bool(input->facts, "yes", word.yes);
    if (!word.yes) {
        json_set_bool(input->facts, "stop", word.stop);
        json_set_int(input->facts, "delay_us", word.delay_us);
        json_set_text(input->facts, "cause", word.cause);
    }
    return input;
}

void admission_learn(const struct admission_desk *desk, const struct run *run,
                     const struct input *input, const struct gate_hint *hint)
{
    const cJSON *facts = input->facts;
    const char *class = json_text(facts, "class");
    enum failure failure = failure_named(class ? class : "");
    bool tool = input->kind == INPUT_TOOL_DONE;
    struct breaker_move move = {0};
    char key[KEY_MAX];

    if (tool
            ? json_bool(facts, "cached", false) || !tool_key(key, run, json_int(facts, "effect", 0))
            : input->kind != INPUT_ANSWER && input->kind != INPUT_CALL_FAILED)
        return;
    if (!tool)
        model_key(key, run);
    const struct guard_outcome outcome = {
        .failure = failure == FAILURE_COUNT ? FAILURE_NONE : failure,
        .started_us = input->mono_us - json_int(facts, "duration_us", 0),
        .now_us = input->mono_us,
        .duration_us = json_int(facts, "duration_us", 0),
        .first_us = json_int(facts, "first_us", -1),
        .tokens_out = json_int(facts, "tokens_out", 0),
        .hint = tool ? NULL : hint,
    };
    enum guard_scope scope = tool ? GUARD_TOOL : GUARD_MODEL;
    guards_record(desk->guards, scope, key, run_spec(run)->config, &outcome, &move);
    breaker_event(desk, run, scope, key, &move);
}

static char *list_breakers(const struct admission_desk *desk)
{
    cJSON *list = guards_report(desk->guards, desk->now_us);
    char *text = json_print(list);

    cJSON_Delete(list);
    return text;
}

int admission_force(const struct admission_desk *desk, const struct run *run, const cJSON *verb,
                    char **answer, struct err *err)
{
    const char *named = json_text(verb, "key"), *key = named ? named : "";
    const char *word = json_text(verb, "action");
    struct breaker_move move = {0};

    if (str_eq(word, "list")) {
        *answer = list_breakers(desk);
        return 0;
    }
    int rc = guards_force(desk->guards, key, word ? word : "", desk->now_us, &move, err);
    if (rc < 0)
        return rc;
    breaker_event(desk, run, GUARD_MODEL, key, &move);
    *answer = mem_text("done");
    return 0;
}
