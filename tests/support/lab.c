/* SPDX-License-Identifier: MIT */
#include "tests/support/lab.h"

#include "core/agent/run_spec.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/config/run_config.h"
#include "core/model/message.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void set_all(struct run_config *config, const char *const *settings)
{
    for (; settings && *settings; settings++) {
        const char *equals = strchr(*settings, '=');
        char *name = mem_printf("%.*s", (int)(equals - *settings), *settings);
        int rc = run_config_set(config, name, equals + 1, NULL);

        assert(rc == 0);
        (void)rc;
        free(name);
    }
}

void lab_open(struct lab *lab, const char *task, const char *const *settings, bool interactive)
{
    struct run_config *config;

    run_config_new(&config);
    set_all(config, settings);
    struct run_spec *spec = run_spec_new(config);
    spec->task = mem_text(task);
    spec->provider = mem_text("test");
    spec->workspace = mem_text("/nowhere");
    spec->interactive = interactive;
    lab_open_spec(lab, spec);
}

void lab_open_spec(struct lab *lab, struct run_spec *spec)
{
    memset(lab, 0, sizeof *lab);
    lab->spec = run_spec_json(spec);
    run_spec_free(spec);
    int rc = run_new(&lab->run, 1, "lab", lab->spec, NULL);
    assert(rc == 0);
    (void)rc;
    lab->mono_us = US_PER_S;
    lab_give(lab, input_new(INPUT_START));
}

void lab_close(struct lab *lab)
{
    run_free(lab->run);
    step_out_free(&lab->out);
    for (size_t i = 0; i < lab->input_count; i++) {
        free(lab->inputs[i].facts);
        free(lab->inputs[i].body);
    }
    free(lab->inputs);
    free(lab->spec);
    free(lab->reply);
}

void lab_forget(struct lab *lab)
{
    step_out_clear(&lab->out);
    lab->seen = 0;
}

static void keep_input(struct lab *lab)
{
    const struct record *record = &lab->out.batch.at[lab->out.batch.count - 1];

    lab->inputs = mem_room(lab->inputs, lab->input_count, &lab->input_cap, sizeof *lab->inputs);
    lab->inputs[lab->input_count++] =
        (struct stored_input){.seq = record->input.seq,
                              .wall_us = record->wall_us,
                              .mono_us = record->input.mono_us,
                              .type = record->input.type,
                              .random = record->input.random,
                              .facts = mem_text(record->input.facts),
                              .body = record->body ? mem_copy(record->body, record->len) : NULL,
                              .len = record->len,
                              .decision = record->input.decision};
}

static struct input *answer_to(struct lab *lab, const struct action *action)
{
    struct input *input = NULL;

    if (action->kind == ACTION_ADMIT) {
        input = input_new(INPUT_ADMISSION);
        json_set_bool(input->facts, "yes", !lab->refuse);
        json_set_int(input->facts, "delay_us", 15 * US_PER_S);
        json_set_text(input->facts, "cause", "the breaker is open");
        if (action->effect)
            json_set_int(input->facts, "effect", action->effect);
    } else if (action->kind == ACTION_CHECK) {
        input = input_new(INPUT_CHECKED);
        json_set_text(input->facts, "verdict", lab->verdict ? lab->verdict : "allow");
        json_set_int(input->facts, "effect", action->effect);
    } else if (action->kind == ACTION_START_TOOL && action->hold) {
        input = input_new(INPUT_SPAWNED);
        json_set_int(input->facts, "pid", 4000000);
        json_set_int(input->facts, "effect", action->effect);
    } else if (action->kind == ACTION_CALL_MODEL) {
        lab->call = action->call;
        lab->attempt = action->attempt;
    } else if (action->kind == ACTION_REPLY) {
        free(lab->reply);
        lab->reply = mem_text(action->text);
        lab->reply_ok = action->ok;
    }
    return input;
}

void lab_give(struct lab *lab, struct input *input)
{
    input->seq = run_next_seq(lab->run);
    input->mono_us = lab->mono_us;
    input->wall_us = lab->mono_us + INT64_C(1700000000) * US_PER_S;
    input->random = lab->random++ * UINT64_C(0x9e3779b97f4a7c15);
    run_step(lab->run, input, &lab->out);
    input_free(input);
    keep_input(lab);
    while (lab->seen < lab->out.action_count) {
        struct input *next = answer_to(lab, &lab->out.actions[lab->seen++]);

        if (next)
            lab_give(lab, next);
    }
}

static void give_message(struct lab *lab, struct message *message)
{
    struct input *input = input_new(INPUT_ANSWER);
    struct buf text;

    buf_init(&text, 1 << 20);
    message_name_calls(message, (size_t)run_head(lab->run), NULL, NULL);
    (void)message_print(&text, message);
    message_free(message);
    input->len = text.len;
    input->body = buf_take(&text);
    json_set_int(input->facts, "call", lab->call);
    json_set_int(input->facts, "attempt", lab->attempt);
    json_set_int(input->facts, "tokens_in", 100);
    json_set_int(input->facts, "tokens_out", 10);
    json_set_int(input->facts, "cost", 1000);
    lab_give(lab, input);
}

void lab_text(struct lab *lab, const char *text)
{
    give_message(lab, message_new(ROLE_ASSISTANT, text));
}

void lab_calls(struct lab *lab, ...)
{
    struct message *message = message_new(ROLE_ASSISTANT, "");
    va_list ap;
    const char *name;

    va_start(ap, lab);
    while ((name = va_arg(ap, const char *))) {
        struct tool_call *call = message_add_call(message);

        free(call->name);
        free(call->args);
        call->name = mem_text(name);
        call->args = mem_text(va_arg(ap, const char *));
        tool_call_judge(call);
    }
    va_end(ap);
    give_message(lab, message);
}

void lab_fail(struct lab *lab, const char *class, int64_t retry_after_us)
{
    struct input *input = input_new(INPUT_CALL_FAILED);

    json_set_int(input->facts, "call", lab->call);
    json_set_int(input->facts, "attempt", lab->attempt);
    json_set_text(input->facts, "class", class);
    json_set_text(input->facts, "cause", "it broke");
    json_set_int(input->facts, "retry_after_us", retry_after_us);
    lab_give(lab, input);
}

void lab_tool(struct lab *lab, int64_t effect, const char *class, const char *result)
{
    struct input *input = input_new(INPUT_TOOL_DONE);

    json_set_int(input->facts, "effect", effect);
    json_set_text(input->facts, "class", class);
    input->body = mem_text(result);
    input->len = strlen(result);
    lab_give(lab, input);
}

void lab_verb(struct lab *lab, const char *verb, ...)
{
    struct input *input = input_new(INPUT_VERB);
    const char *name;
    va_list ap;

    json_set_text(input->facts, "verb", verb);
    va_start(ap, verb);
    while ((name = va_arg(ap, const char *)))
        json_set_text(input->facts, name, va_arg(ap, const char *));
    va_end(ap);
    lab_give(lab, input);
}

void lab_jump(struct lab *lab, const char *verb, int64_t to, const char *summary)
{
    struct input *input = input_new(INPUT_VERB);

    json_set_text(input->facts, "verb", verb);
    json_set_int(input->facts, "to", to);
    input->body = mem_text(summary);
    input->len = summary ? strlen(summary) : 0;
    lab_give(lab, input);
}

void lab_timer(struct lab *lab, enum timer_kind timer, int64_t effect)
{
    struct input *input = input_new(INPUT_TIMER);

    json_set_int(input->facts, "timer", (int64_t)timer);
    json_set_int(input->facts, "effect", effect);
    lab_give(lab, input);
}

void lab_wait(struct lab *lab, int64_t us)
{
    lab->mono_us += us;
}

void lab_crash(struct lab *lab)
{
    struct step_out scratch = {0};

    run_free(lab->run);
    int rc = run_new(&lab->run, 1, "lab", lab->spec, NULL);
    assert(rc == 0);
    (void)rc;
    for (size_t i = 0; i < lab->input_count; i++) {
        struct input *input = NULL;

        rc = input_stored(&input, &lab->inputs[i], NULL);
        assert(rc == 0);
        run_step(lab->run, input, &scratch);
        input_free(input);
        step_out_clear(&scratch);
    }
    step_out_free(&scratch);
    struct input *input = input_new(INPUT_RECOVERED);
    json_set_text(input->facts, "how", "resume");
    lab_give(lab, input);
}

const struct action *lab_last(const struct lab *lab, enum action_kind kind)
{
    for (size_t i = lab->out.action_count; i-- > 0;)
        if (lab->out.actions[i].kind == kind)
            return &lab->out.actions[i];
    return NULL;
}

size_t lab_count(const struct lab *lab, enum action_kind kind)
{
    size_t count = 0;

    for (size_t i = 0; i < lab->out.action_count; i++)
        count += lab->out.actions[i].kind == kind;
    return count;
}

size_t lab_events(const struct lab *lab, enum event_type type)
{
    size_t count = 0;

    for (size_t i = 0; i < lab->out.batch.count; i++)
        count +=
            lab->out.batch.at[i].kind == RECORD_EVENT && lab->out.batch.at[i].event.type == type;
    return count;
}

const struct record *lab_record(const struct lab *lab, enum record_kind kind)
{
    for (size_t i = lab->out.batch.count; i-- > 0;)
        if (lab->out.batch.at[i].kind == kind)
            return &lab->out.batch.at[i];
    return NULL;
}

enum run_state lab_state(const struct lab *lab)
{
    return run_state(lab->run);
}
