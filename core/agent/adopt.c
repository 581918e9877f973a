/* SPDX-License-Identifier: MIT */
#include "core/agent/adopt.h"

#include "core/agent/run_data.h"
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/exchange/trajectory.h"
#include "core/model/id_set.h"

#include <stdlib.h>
#include <string.h>

#define TITLE_MAX 200 /* bytes */
#define COUNT_MAX ((int64_t)1 << 30)
#define LOST      "The record has no result of this call."

struct adopter {
    const struct adoption *a;
    struct run *run;
    struct input now; /* carries the time of what is told */
    struct step_out out;
    struct id_set ids; /* of calls: unique on the chain */
    size_t step;
    struct err *err;
};

/* What agents themselves tell the model in the user's name is in tags. */
static const char *task_of(const struct trajectory *t)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->steps[i].speaker == SPEAKER_USER && *t->steps[i].text != '<')
            return t->steps[i].text;
    return t->title ? t->title : "";
}

static char *title_of(const struct trajectory *t)
{
    const char *text = t->title ? t->title : task_of(t);
    size_t len = strcspn(text, "\r\n");

    if (len == 0) /* a record of what was done, without what was asked */
        return mem_printf("%s %.100s", t->agent, t->session ? t->session : "");
    return mem_copy(text, utf8_cut(text, len < TITLE_MAX ? len : TITLE_MAX));
}

static char *spec_of(const struct adoption *a)
{
    struct run_config *config;

    run_config_copy(&config, a->config);
    free(config->agent.name);
    config->agent.name = mem_text(a->record->agent);
    if (!config->model.name)
        config->model.name = mem_text(a->record->model);
    struct run_spec *spec = run_spec_new(config);
    spec->task = mem_text(task_of(a->record));
    spec->provider = mem_text(a->record->provider ? a->record->provider : a->format);
    spec->workspace = mem_text(a->record->workspace ? a->record->workspace : "");
    char *text = run_spec_json(spec);
    run_spec_free(spec);
    return text;
}

/* Time goes on from message to message, whatever the record's clock did. */
static void tell_time(struct adopter *ad, int64_t us)
{
    if (us <= ad->now.wall_us)
        return;
    ad->now.mono_us += us - ad->now.wall_us;
    ad->now.wall_us = us;
}

static void put_run(struct adopter *ad, const char *spec)
{
    struct record *record = run_record(ad->run, RECORD_RUN);
    const struct trajectory *t = ad->a->record;

    record->run_row.uid = mem_text(ad->a->uid);
    record->run_row.title = title_of(t);
    record->run_row.agent = mem_text(t->agent);
    record->run_row.model = mem_text(t->model);
    record->run_row.provider = mem_text(t->provider ? t->provider : ad->a->format);
    record->run_row.workspace = mem_text(t->workspace);
    record->run_row.origin = mem_text(ad->a->format);
    record->run_row.origin_uid = mem_text(t->session);
    record->run_row.origin_us = ad->a->wall_us;
    record->body = mem_text(spec);
    record->len = strlen(spec);
}

static void put_branch(struct run *run)
{
    struct record *branch = run_record(run, RECORD_BRANCH);

    branch->branch.branch = run->branch = ++run->next_branch;
    branch->branch.name = mem_text("main");
}

static void put_genesis(struct adopter *ad)
{
    const struct trajectory *t = ad->a->record;
    cJSON *genesis = cJSON_CreateObject(), *body = cJSON_CreateObject();

    json_set_text(genesis, "run", ad->a->uid);
    json_set_text(genesis, "agent", t->agent);
    json_set_text(genesis, "imported", ad->a->format);
    json_set_text(genesis, "session", t->session);
    char *text = json_print(genesis);
    cJSON_Delete(genesis);
    run_append_body(ad->run, NODE_GENESIS, text, strlen(text));
    json_set_text(body, "task", task_of(t));
    json_set_text(body, "model", t->model);
    json_set_text(body, "provider", t->provider);
    json_set_text(body, "workspace", t->workspace);
    run_event(ad->run, EVENT_SESSION_START, ad->run->node, body);
}

/* Every message is read back once: what no run could hold is refused here and not found later. */
static int append(struct adopter *ad, enum node_kind kind, const struct message *message)
{
    struct message *again = NULL;
    struct err why = {0};
    struct buf text;

    buf_init(&text, (size_t)2 * MESSAGE_TEXT_MAX);
    int rc = message_print(&text, message);
    if (rc == 0)
        rc = message_parse(&again, text.data, text.len, &why);
    message_free(again);
    if (rc == 0) {
        size_t len = text.len;
        run_append_body(ad->run, kind, buf_take(&text), len);
    } else {
        rc = err_set(ad->err, E_TOOBIG, "message %zu cannot be kept: %s", ad->step + 1,
                     *why.msg ? why.msg : "it is too long");
    }
    buf_free(&text);
    return rc;
}

static int append_words(struct adopter *ad, enum node_kind kind, enum message_role role,
                        const char *text)
{
    struct message *message = message_new(role, text);
    int rc = append(ad, kind, message);

    message_free(message);
    return rc;
}

/* Before each call of the model, as in a run of our own. */
static void put_checkpoint(struct run *run)
{
    cJSON *body;

    if (run->checkpoint == run->node)
        return;
    body = cJSON_CreateObject();
    json_set_int(body, "iteration", run->branch_sum.iterations);
    run_event(run, EVENT_CHECKPOINT, run->node, body);
    run->checkpoint = run->node;
    run_record_checkpoint(run, 0);
}

/* ---- a call of the model */

/* A record may say anything; sums of this stay sums. */
static int64_t known(int64_t count)
{
    return count <= 0 ? 0 : count < COUNT_MAX ? count : COUNT_MAX;
}

static void put_call(struct adopter *ad, const struct trajectory_step *step)
{
    struct record *record = run_record(ad->run, RECORD_CALL);

    record->call.call = ad->run->call = ++ad->run->next_call;
    record->call.branch = ad->run->branch;
    record->call.parent = ad->run->node;
    record->call.iteration = ad->run->branch_sum.iterations;
    record->call.model = mem_text(step->model ? step->model : ad->a->record->model);
    record->call.provider = mem_text(ad->run->spec->provider);
}

static void put_call_end(struct adopter *ad, const struct trajectory_step *step)
{
    struct record *record = run_record(ad->run, RECORD_CALL_END);
    cJSON *body = cJSON_CreateObject();

    record->call.call = ad->run->call;
    record->call.branch = ad->run->branch;
    record->call.ended = true;
    record->call.node = ad->run->node;
    record->call.tokens_in = known(step->tokens_in);
    record->call.tokens_out = known(step->tokens_out);
    record->call.tokens_cached = known(step->tokens_cached);
    record->call.cost_microusd = step->cost_microusd < 0 ? -1 : known(step->cost_microusd);
    record->call.first_us = -1;
    record->call.finish = mem_text(step->finish);
    json_set_int(body, "call", ad->run->call);
    json_set_int(body, "total_tokens", known(step->tokens_in) + known(step->tokens_out));
    run_event(ad->run, EVENT_LLM_CALL, ad->run->node, body);
}

static void count_step(struct counters *sum, const struct trajectory_step *step)
{
    sum->iterations++;
    sum->tool_calls += (int64_t)step->call_count;
    sum->tokens_in += known(step->tokens_in);
    sum->tokens_out += known(step->tokens_out);
    sum->tokens_cached += known(step->tokens_cached);
    sum->cost += known(step->cost_microusd);
    for (size_t i = 0; i < step->call_count; i++) {
        sum->errors += step->calls[i].is_error;
        sum->done += step->calls[i].result != NULL;
        sum->not_done += step->calls[i].result == NULL;
    }
}

static bool is_taken(void *ids, const char *id)
{
    return id_set_has(ids, id);
}

static struct message *message_of(struct adopter *ad, const struct trajectory_step *step)
{
    struct message *message = message_new(ROLE_ASSISTANT, step->text);

    message->reasoning = mem_text(step->reasoning);
    message->model = mem_text(step->model);
    message->finish_reason = mem_text(step->finish);
    for (size_t i = 0; i < step->call_count; i++) {
        struct tool_call *call = message_add_call(message);

        free(call->id);
        free(call->name);
        free(call->args);
        call->id = mem_text(step->calls[i].id);
        call->name = mem_text(step->calls[i].name);
        call->args = mem_text(step->calls[i].args);
        tool_call_judge(call);
    }
    message_name_calls(message, (size_t)ad->run->depth, is_taken, &ad->ids);
    for (size_t i = 0; i < message->call_count; i++)
        id_set_push(&ad->ids, message->calls[i].id);
    return message;
}

/* ---- what it called */

/* By the canonical arguments where they are JSON, as for calls of our own. */
static struct hash hash_of(const struct tool_call *call)
{
    cJSON *args = NULL;

    if (json_parse(&args, call->args, strlen(call->args), &json_args, NULL) < 0)
        return idempotency_call(call->name, call->args, strlen(call->args));
    char *text = json_canonical(args);
    struct hash hash = idempotency_call(call->name, text, strlen(text));
    free(text);
    cJSON_Delete(args);
    return hash;
}

static int64_t put_effect(struct adopter *ad, const struct tool_call *call, int64_t answer,
                          size_t index)
{
    struct record *record = run_record(ad->run, RECORD_EFFECT);

    record->effect.effect = ++ad->run->next_effect;
    record->effect.node = answer;
    record->effect.index = (int64_t)index;
    record->effect.tool = mem_text(call->name);
    record->effect.policy = mem_text(tool_policy_name(TOOL_ONCE)); /* nobody knows better */
    record->effect.call_id = mem_text(call->id);
    record->effect.args = hash_of(call);
    record->body = mem_text(call->args);
    record->len = strlen(call->args);
    return record->effect.effect;
}

static void put_state(struct adopter *ad, int64_t effect, enum effect_state state, int64_t node,
                      const char *result)
{
    struct record *record = run_record(ad->run, RECORD_EFFECT_STATE);

    record->effect_state.effect = effect;
    record->effect_state.state = state;
    record->effect_state.node = node;
    if (!result)
        return;
    record->body = mem_text(result);
    record->len = strlen(result);
}

static void put_tool_event(struct adopter *ad, const char *name, int64_t effect,
                           enum effect_state outcome, const char *result)
{
    cJSON *body = cJSON_CreateObject();

    json_set_text(body, "tool_name", name);
    json_set_int(body, "result_length", (int64_t)strlen(result));
    json_set_int(body, "effect", effect);
    json_set_text(body, "outcome", effect_state_name(outcome));
    run_event(ad->run, EVENT_TOOL_CALL, ad->run->node, body);
}

static int put_tool(struct adopter *ad, const struct trajectory_call *from,
                    const struct tool_call *call, int64_t answer, size_t index)
{
    const char *result = from->result ? from->result : LOST;
    bool failed = from->is_error || !from->result;
    enum effect_state outcome = !from->result    ? EFFECT_STOPPED
                                : from->is_error ? EFFECT_FAILED
                                                 : EFFECT_OK;
    int64_t effect = put_effect(ad, call, answer, index);

    put_state(ad, effect, EFFECT_STARTED, 0, NULL);
    tell_time(ad, from->us);
    struct message *message = message_tool_result(call->id, call->name, result, failed);
    int rc = append(ad, NODE_TOOL, message);
    message_free(message);
    if (rc < 0)
        return rc;
    put_state(ad, effect, outcome, ad->run->node, result);
    put_tool_event(ad, call->name, effect, outcome, result);
    return 0;
}

static int put_answer(struct adopter *ad, const struct trajectory_step *step)
{
    struct message *message;

    put_checkpoint(ad->run);
    count_step(&ad->run->branch_sum, step);
    count_step(&ad->run->total, step);
    put_call(ad, step);
    message = message_of(ad, step);
    int rc = append(ad, NODE_ASSISTANT, message);
    int64_t answer = ad->run->node;
    if (rc == 0)
        put_call_end(ad, step);
    for (size_t i = 0; rc == 0 && i < step->call_count; i++)
        rc = put_tool(ad, &step->calls[i], &message->calls[i], answer, i);
    message_free(message);
    return rc;
}

static int put_step(struct adopter *ad, const struct trajectory_step *step)
{
    tell_time(ad, step->us);
    if (step->speaker == SPEAKER_AGENT)
        return put_answer(ad, step);
    return step->speaker == SPEAKER_USER ? append_words(ad, NODE_USER, ROLE_USER, step->text)
                                         : append_words(ad, NODE_SYSTEM, ROLE_SYSTEM, step->text);
}

/* ---- the whole */

static void put_end(struct adopter *ad)
{
    const struct trajectory *t = ad->a->record;
    cJSON *body = cJSON_CreateObject();

    if (t->left_out > 0)
        run_notice(ad->run, "%lld messages of the record are not on its main line: left out",
                   (long long)t->left_out);
    json_set_text(body, "status", "success");
    json_set_int(body, "done", ad->run->branch_sum.done);
    json_set_int(body, "not_done", ad->run->branch_sum.not_done);
    json_set_int(body, "in_doubt", 0);
    json_set_text(body, "reason", "imported");
    run_event(ad->run, EVENT_SESSION_COMPLETE, ad->run->node, body);
    ad->run->phase = PHASE_ENDED;
    run_enter(ad->run, RUN_COMPLETED, "imported");
    put_checkpoint(ad->run);
    run_record_head(ad->run);
}

static int64_t first_time(const struct adoption *a)
{
    for (size_t i = 0; i < a->record->count; i++)
        if (a->record->steps[i].us > 0)
            return a->record->steps[i].us;
    return a->wall_us;
}

static int tell(struct adopter *ad, const char *spec)
{
    int rc = 0;

    put_run(ad, spec);
    put_branch(ad->run);
    put_genesis(ad);
    run_enter(ad->run, RUN_RUNNING, "imported");
    for (ad->step = 0; rc == 0 && ad->step < ad->a->record->count; ad->step++)
        rc = put_step(ad, &ad->a->record->steps[ad->step]);
    if (rc == 0)
        put_end(ad);
    return rc;
}

static void move_records(struct batch *to, struct batch *from)
{
    for (size_t i = 0; i < from->count; i++)
        *batch_add(to, from->at[i].kind) = from->at[i];
    from->count = 0;
}

int adopt(struct batch *batch, const struct adoption *adoption, struct err *err)
{
    struct adopter ad = {.a = adoption, .err = err};
    char *spec = spec_of(adoption);
    int rc = run_new(&ad.run, adoption->run, adoption->uid, spec, err);

    if (rc == 0) {
        ad.now.wall_us = first_time(adoption);
        ad.now.mono_us = 1;
        ad.run->input = &ad.now;
        ad.run->out = &ad.out;
        rc = tell(&ad, spec);
        ad.run->input = NULL;
        ad.run->out = NULL;
        run_free(ad.run);
    }
    if (rc == 0)
        move_records(batch, &ad.out.batch);
    step_out_free(&ad.out);
    id_set_free(&ad.ids);
    free(spec);
    return rc;
}
