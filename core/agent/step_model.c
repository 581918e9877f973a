/* SPDX-License-Identifier: MIT */
/*
 * The boundary, and the model call that begins there: admission, attempt, answer or failure, retry.
 */
#include "core/agent/run_data.h"

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/failure.h"
#include "core/guard/retry.h"

#include <stdlib.h>
#include <string.h>

static void set_text(char **slot, const char *text)
{
    char *kept = mem_text(text);

    free(*slot);
    *slot = kept;
}

/* --- ends of a task ------------------------------------------------------------------------- */

static void end_task(struct run *run, enum run_state state, const char *status, const char *reason)
{
    cJSON *body = cJSON_CreateObject();

    json_set_text(body, "status", status);
    json_set_int(body, "done", run->branch_sum.done);
    json_set_int(body, "not_done", run->branch_sum.not_done);
    json_set_int(body, "in_doubt", 0); /* a task never ends over an open doubt */
    json_set_text(body, "reason", reason);
    run_event(run, EVENT_SESSION_COMPLETE, run->node, body);
    run->phase = PHASE_ENDED;
    run_enter(run, state, reason ? reason : status);
}

static bool mark_checkpoint(struct run *run)
{
    if (run->checkpoint == run->node)
        return false;
    cJSON *body = cJSON_CreateObject();
    json_set_int(body, "iteration", run->branch_sum.iterations);
    run_event(run, EVENT_CHECKPOINT, run->node, body);
    run->checkpoint = run->node;
    run->checkpoint_due = true;
    return true;
}

void model_fail(struct run *run, const char *type, const char *message)
{
    cJSON *body = cJSON_CreateObject();

    json_set_text(body, "status", "error");
    json_set_text(body, "error_type", type);
    json_set_text(body, "error_message", message);
    run_event(run, EVENT_SESSION_ERROR, run->node, body);
    run->finishing = false;
    run->phase = PHASE_ENDED;
    run_enter(run, RUN_ERROR, message);
}

/* --- graceful completion and recovery ------------------------------------------------------- */

static void begin_call(struct run *run);

void model_finish_gracefully(struct run *run, const char *why)
{
    set_text(&run->partial, why);
    run->finishing = true;
    run_append_text(run, NODE_USER, ROLE_USER, run->config->sentence.finish);
    if (run->go == 0)
        run_allow(run, -1, NULL);
    begin_call(run);
}

/* The seed's recovery: say that something broke, then ask for the best answer so far. */
static void recover_from_checkpoint(struct run *run, const char *message)
{
    cJSON *body = cJSON_CreateObject();

    json_set_text(body, "how", "checkpoint");
    json_set_text(body, "reason", message);
    json_set_int(body, "node", run->node);
    run_event(run, EVENT_RECOVERY, run->node, body);
    run->recovering = true;
    run_append_text(run, NODE_SYSTEM, ROLE_SYSTEM, run->config->sentence.error);
    model_finish_gracefully(run, message);
}

static bool wants_recovery(const struct run *run)
{
    int how = run->config->on_error;

    if (how == ON_ERROR_AUTO)
        how = run->spec->interactive ? ON_ERROR_PAUSE : ON_ERROR_RECOVER;
    return how == ON_ERROR_RECOVER && run->config->enable_rollback;
}

void model_recover_from(struct run *run, const char *type, const char *message)
{
    run->branch_sum.errors++;
    run->total.errors++;
    if (wants_recovery(run) && !run->recovering && !run->cancelling && run->checkpoint > 0)
        recover_from_checkpoint(run, message);
    else
        model_fail(run, type, message);
}

/* --- the boundary --------------------------------------------------------------------------- */

static void flush_notes(struct run *run)
{
    for (size_t i = 0; i < run->note_count; i++) {
        cJSON *body = cJSON_CreateObject();

        run_append_text(run, NODE_USER, ROLE_USER, run->notes[i].text);
        json_set_text(body, "by", run->notes[i].by);
        json_set_bool(body, "queued", false);
        run_event(run, EVENT_INJECT, run->node, body);
        free(run->notes[i].text);
        free(run->notes[i].by);
    }
    run->note_count = 0;
}

/* True when the limit was met by something else than the next ordinary call. */
static bool heed_limits(struct run *run)
{
    struct limit_hit hit;

    if (run->finishing || !limits_hit(run, &hit))
        return false;
    cJSON *body = cJSON_CreateObject();
    json_set_text(body, "name", hit.name);
    json_set_number(body, "value", hit.value);
    json_set_number(body, "max", hit.max);
    json_set_text(body, "action", hit.action == LIMIT_FINISH ? "finish" : "pause");
    run_event(run, EVENT_LIMIT, run->node, body);
    if (hit.action == LIMIT_FINISH) {
        model_finish_gracefully(run, hit.name);
        return true;
    }
    run_allow(run, 0, hit.name);
    run_enter(run, RUN_PAUSED, hit.name);
    return true;
}

void model_boundary(struct run *run)
{
    run->phase = PHASE_BOUNDARY;
    slots_free(run);
    run->assistant = 0;
    if (run->jump.wanted) {
        if (mark_checkpoint(run)) {
            run_record_checkpoint(run, 0);
            run->checkpoint_due = false;
        }
        jump_now(run);
        return;
    }
    if (run->cancelling) {
        (void)mark_checkpoint(run);
        run->cancelling = false;
        end_task(run, RUN_CANCELLED, "cancelled", "cancelled by the operator");
        return;
    }
    flush_notes(run);
    (void)mark_checkpoint(run);
    if (heed_limits(run))
        return;
    breaks_boundary(run);
    if (run->go == 0) {
        run_enter(run, RUN_PAUSED, run->go_reason);
        return;
    }
    begin_call(run);
}

void model_rest(struct run *run, const char *reason)
{
    (void)mark_checkpoint(run);
    run->phase = PHASE_ENDED;
    run_enter(run, RUN_COMPLETED, reason);
}

/* --- admission and attempts ----------------------------------------------------------------- */

void model_ask_admission(struct run *run)
{
    struct action *action = run_action(run, ACTION_ADMIT);

    action->call = run->call;
    action->attempt = run->attempt + 1;
    action->failure = run->last_failure;
    run->phase = PHASE_MODEL_ADMIT;
}

static void begin_call(struct run *run)
{
    if (!run_take_step(run)) {
        run_enter(run, RUN_PAUSED, run->go_reason);
        return;
    }
    run->call = ++run->next_call;
    run->attempt = 0;
    run->last_failure = FAILURE_NONE;
    run->final = run->finishing;
    run->variant = VARIANT_PLAIN;
    run->repaired = run->varied = false;
    run_enter(run, RUN_RUNNING, run->final ? "finishing" : "model");
    model_ask_admission(run);
}

static void record_call(struct run *run)
{
    struct record *record = run_record(run, RECORD_CALL);

    record->call.call = run->call;
    record->call.branch = run->branch;
    record->call.parent = run->node;
    record->call.iteration = run->branch_sum.iterations;
    record->call.model = mem_text(run->config->model.name);
    record->call.provider = mem_text(run->spec->provider);
}

static void call_model(struct run *run)
{
    struct action *action = run_action(run, ACTION_CALL_MODEL);

    action->call = run->call;
    action->attempt = run->attempt;
    action->final = run->final;
    action->variant = run->variant;
}

static void begin_attempt(struct run *run)
{
    cJSON *body = cJSON_CreateObject();

    if (++run->attempt == 1) { /* not before: a checkpoint must not count the call behind it */
        run->branch_sum.iterations++;
        run->total.iterations++;
    }
    run->attempt_us = run->input->mono_us;
    run->parked = false;
    run->phase = PHASE_MODEL;
    if (!fault_model(run))
        call_model(run);
    if (run->attempt == 1)
        record_call(run);
    struct record *record = run_record(run, RECORD_ATTEMPT);
    record->attempt.call = run->call;
    record->attempt.n = run->attempt;
    record->attempt.injected = run->faulted != FAULT_NONE;
    json_set_int(body, "call", run->call);
    json_set_int(body, "iteration", run->branch_sum.iterations);
    json_set_int(body, "attempt", run->attempt);
    run_event(run, EVENT_LLM_START, run->node, body);
    run_enter(run, RUN_RUNNING, run->final ? "finishing" : "model");
}

static void held_back(struct run *run, const char *cause, int64_t delay_us)
{
    cJSON *body = cJSON_CreateObject();

    json_set_text(body, "scope", "model");
    json_set_text(body, "key", run->config->model.name);
    json_set_text(body, "cause", cause);
    json_set_number(body, "delay_ms", run_ms(delay_us));
    run_event(run, EVENT_ADMISSION, run->node, body);
    run_enter(run, RUN_WAITING_RETRY, cause);
    run_timer(run, TIMER_MODEL, 0, run->input->mono_us + delay_us);
}

static void record_call_end(struct run *run, int64_t node, const char *error)
{
    const cJSON *facts = run->input->facts;
    struct record *record = run_record(run, RECORD_CALL_END);

    record->call.call = run->call;
    record->call.branch = run->branch;
    record->call.ended = true;
    record->call.node = node;
    record->call.tokens_in = json_int(facts, "tokens_in", 0);
    record->call.tokens_out = json_int(facts, "tokens_out", 0);
    record->call.tokens_cached = json_int(facts, "tokens_cached", 0);
    record->call.tokens_reasoning = json_int(facts, "tokens_reasoning", 0);
    record->call.cost_microusd = json_int(facts, "cost", -1);
    record->call.duration_us = json_int(facts, "duration_us", 0);
    record->call.first_us = json_int(facts, "first_us", -1);
    record->call.model = mem_text(json_text(facts, "model"));
    record->call.finish = mem_text(json_text(facts, "finish"));
    record->call.error = mem_text(error);
}

static void call_event(struct run *run, const char *error)
{
    const cJSON *facts = run->input->facts;
    cJSON *body = cJSON_CreateObject();

    json_set_int(body, "call", run->call);
    json_set_int(body, "attempts", run->attempt);
    json_set_int(body, "total_tokens",
                 json_int(facts, "tokens_in", 0) + json_int(facts, "tokens_out", 0));
    json_set_number(body, "duration_ms", run_ms(json_int(facts, "duration_us", 0)));
    json_set_text(body, "error", error);
    run_event(run, EVENT_LLM_CALL, run->node, body);
}

/* The call ends without an answer; what comes next is the caller's business. */
static void end_call(struct run *run, const char *error)
{
    record_call_end(run, 0, error);
    call_event(run, error);
    run_timer(run, TIMER_MODEL, 0, -1);
    run->phase = PHASE_BOUNDARY;
    run->parked = false;
}

void model_admission(struct run *run)
{
    const cJSON *facts = run->input->facts;
    const char *cause = json_text(facts, "cause");

    if (run->phase != PHASE_MODEL_ADMIT)
        return;
    if (json_bool(facts, "yes", false)) {
        begin_attempt(run);
    } else if (json_bool(facts, "stop", false)) {
        end_call(run, cause);
        model_recover_from(run, "budget", cause);
    } else {
        held_back(run, cause, json_int(facts, "delay_us", US_PER_S));
    }
}

static struct record *record_attempt_end(struct run *run, const char *outcome, const char *cause)
{
    const cJSON *facts = run->input->facts;
    struct record *record = run_record(run, RECORD_ATTEMPT_END);

    record->attempt.call = run->call;
    record->attempt.n = run->attempt;
    record->attempt.outcome = mem_text(outcome);
    record->attempt.cause = mem_text(cause);
    record->attempt.status = (int)json_int(facts, "status", -1);
    record->attempt.duration_us =
        json_int(facts, "duration_us", run->input->mono_us - run->attempt_us);
    record->attempt.first_us = json_int(facts, "first_us", -1);
    record->attempt.request_id = mem_text(json_text(facts, "request_id"));
    record->attempt.injected = json_bool(facts, "injected", false);
    record->attempt.delay_us = -1;
    return record;
}

static void attempt_event(struct run *run, const char *outcome, const char *cause)
{
    const cJSON *facts = run->input->facts;
    cJSON *body = cJSON_CreateObject();

    json_set_int(body, "call", run->call);
    json_set_int(body, "attempt", run->attempt);
    json_set_text(body, "outcome", outcome);
    json_set_int(body, "status", json_int(facts, "status", -1));
    json_set_text(body, "cause", cause);
    json_set_number(body, "duration_ms",
                    run_ms(json_int(facts, "duration_us", run->input->mono_us - run->attempt_us)));
    if (json_bool(facts, "injected", false))
        json_set_bool(body, "injected", true);
    run_event(run, EVENT_LLM_ATTEMPT, run->node, body);
}

/* The attempt in flight is no longer waited for. */
void model_abandon(struct run *run, const char *outcome, const char *cause)
{
    struct action *action = run_action(run, ACTION_CANCEL_MODEL);

    action->call = run->call;
    fault_call_off(run);
    (void)record_attempt_end(run, outcome, cause);
    attempt_event(run, outcome, cause);
    run->phase = PHASE_MODEL_ADMIT;
}

/* Stops the call, wherever it is, and gives the iteration back. */
void model_interrupt(struct run *run, const char *cause)
{
    if (run->phase == PHASE_MODEL)
        model_abandon(run, "cancelled", cause);
    if (run->attempt == 0) {
        run_timer(run, TIMER_MODEL, 0, -1);
        run->phase = PHASE_BOUNDARY;
        return;
    }
    end_call(run, cause);
    run->branch_sum.iterations--;
    run->total.iterations--;
}

/* --- failure and retry ---------------------------------------------------------------------- */

static void retry_event(struct run *run, const struct retry_decision *next, const char *cause)
{
    cJSON *body = cJSON_CreateObject();

    json_set_int(body, "call", run->call);
    json_set_int(body, "attempt", run->attempt + 1);
    json_set_int(body, "max", run->config->retry.attempts);
    json_set_number(body, "delay_ms", run_ms(next->delay_us));
    json_set_text(body, "source", retry_source_name(next->source));
    json_set_text(body, "cause", cause);
    run_event(run, EVENT_RETRY, run->node, body);
}

static void back_off(struct run *run, const struct retry_decision *next, const char *cause)
{
    run->branch_sum.retries++;
    run->total.retries++;
    retry_event(run, next, cause);
    run->phase = PHASE_MODEL_BACKOFF;
    if (next->verdict == RETRY_ASK) {
        run_allow(run, 0, "retry-after");
        run_enter(run, RUN_PAUSED, cause);
        return;
    }
    run->parked = next->verdict == RETRY_PARK;
    run_timer(run, TIMER_MODEL, 0, next->at_us);
    if (run->go == 0)
        run_enter(run, RUN_PAUSED, run->go_reason);
    else
        run_enter(run, RUN_WAITING_RETRY, cause);
}

static struct retry_decision decide_retry(struct run *run, enum failure failure)
{
    const cJSON *facts = run->input->facts;
    int64_t left = limits_left_us(run);
    int64_t word = json_int(facts, "word", 0);
    struct retry_input question = {
        .attempt = (int)run->attempt,
        .failure = failure,
        .effect = RETRY_PURE,
        .word = word > 0   ? RETRY_YES
                : word < 0 ? RETRY_NO
                           : RETRY_UNSAID,
        .retry_after_us = json_int(facts, "retry_after_us", -1),
        .random = run->input->random,
        .now_us = run->input->mono_us,
        .deadline_us = left == INT64_MAX ? RETRY_NEVER : run->input->mono_us + left,
    };

    return retry_decide(&run->config->retry, &question);
}

/* Some refusals are worth exactly one changed request. */
static bool try_remedy(struct run *run, enum failure failure)
{
    if (failure == FAILURE_TRANSCRIPT && !run->repaired) {
        run->repaired = true;
        run_action(run, ACTION_REWIND)->node = run->node;
    } else if (failure == FAILURE_EFFORT && !run->varied) {
        run->varied = true;
        run->variant = VARIANT_NO_EFFORT;
    } else if (failure == FAILURE_RESAMPLE && !run->varied) {
        run->varied = true;
        run->variant = VARIANT_RESAMPLE;
    } else {
        return false;
    }
    return true;
}

static void failed_for_good(struct run *run, enum failure failure, const char *cause,
                            enum retry_reason reason)
{
    char text[512];
    const char *why = reason == RETRY_REASON_FAILURE ? "" : retry_reason_text(reason);

    str_format(text, sizeof text, "%s%s%s", cause, *why ? "; " : "", why);
    end_call(run, text);
    if (reason == RETRY_REASON_DEADLINE) {
        run->branch_sum.iterations--;
        run_allow(run, 0, "timeout");
        model_boundary(run);
        return;
    }
    model_recover_from(run, failure_name(failure), text);
}

void model_call_failed(struct run *run)
{
    const cJSON *facts = run->input->facts;
    const char *cause = json_text(facts, "cause");
    const char *class = json_text(facts, "class");

    if (run->phase != PHASE_MODEL || json_int(facts, "call", 0) != run->call ||
        json_int(facts, "attempt", 0) != run->attempt)
        return;
    enum failure failure = failure_named(class ? class : "");
    if (failure == FAILURE_COUNT || failure == FAILURE_NONE)
        failure = FAILURE_PROTOCOL;
    cause = cause ? cause : failure_row(failure)->text;
    run->last_failure = failure;
    struct record *record = record_attempt_end(run, failure_name(failure), cause);
    if (run->input->body) {
        record->body = mem_copy(run->input->body, run->input->len);
        record->len = run->input->len;
    }
    size_t place = run->out->batch.count - 1;
    attempt_event(run, failure_name(failure), cause);
    if (try_remedy(run, failure)) {
        model_ask_admission(run);
        return;
    }
    struct retry_decision next = decide_retry(run, failure);
    if (next.verdict == RETRY_STOP) {
        failed_for_good(run, failure, cause, next.reason);
        return;
    }
    run->out->batch.at[place].attempt.delay_us = next.delay_us;
    run->out->batch.at[place].attempt.delay_source = mem_text(retry_source_name(next.source));
    back_off(run, &next, cause);
}

void model_timer(struct run *run)
{
    if (run->state == RUN_PAUSED)
        return;
    if (run->phase == PHASE_MODEL_BACKOFF || run->phase == PHASE_MODEL_ADMIT) {
        run->parked = false;
        model_ask_admission(run);
    }
}

void model_resume(struct run *run)
{
    run->parked = false;
    if (run->go == 0) {
        run_enter(run, RUN_PAUSED, run->go_reason);
        return;
    }
    run_enter(run, RUN_RUNNING, "model");
    model_ask_admission(run);
}

void model_deadline(struct run *run)
{
    if (limits_left_us(run) > 0 || run->finishing || run->go == 0)
        return;
    run_allow(run, 0, "timeout");
    if (run->state == RUN_WAITING_RETRY) {
        struct limit_hit hit;

        if (run->phase == PHASE_MODEL_BACKOFF || run->phase == PHASE_MODEL_ADMIT)
            run_timer(run, TIMER_MODEL, 0, -1);
        if (limits_hit(run, &hit)) {
            cJSON *body = cJSON_CreateObject();

            json_set_text(body, "name", hit.name);
            json_set_number(body, "value", hit.value);
            json_set_number(body, "max", hit.max);
            json_set_text(body, "action", "pause");
            run_event(run, EVENT_LIMIT, run->node, body);
        }
        run_enter(run, RUN_PAUSED, "timeout");
    }
}

/* The operator's word during a backoff: the last failure is final. */
void model_give_up(struct run *run, const char *cause)
{
    bool tried = run->attempt > 0;

    if (tried) {
        end_call(run, cause);
    } else {
        run_timer(run, TIMER_MODEL, 0, -1);
        run->phase = PHASE_BOUNDARY;
    }
    model_recover_from(run, "given_up", cause);
}

/* --- the answer ----------------------------------------------------------------------------- */

static void count_usage(struct run *run)
{
    const cJSON *facts = run->input->facts;
    struct counters *sums[] = {&run->branch_sum, &run->total};
    int64_t cost = json_int(facts, "cost", -1);

    for (size_t i = 0; i < 2; i++) {
        sums[i]->tokens_in += json_int(facts, "tokens_in", 0);
        sums[i]->tokens_out += json_int(facts, "tokens_out", 0);
        sums[i]->tokens_cached += json_int(facts, "tokens_cached", 0);
        sums[i]->cost += cost > 0 ? cost : 0;
    }
}

static void complete(struct run *run)
{
    bool partial = run->finishing;
    char *why = mem_text(run->partial);

    run->finishing = false;
    set_text(&run->partial, NULL);
    (void)mark_checkpoint(run);
    if (run->jump.wanted || run->cancelling) {
        model_boundary(run);
    } else if (run->note_count > 0) { /* the operator spoke meanwhile: that goes on */
        run->recovering = false;
        model_boundary(run);
    } else {
        end_task(run, RUN_COMPLETED, partial ? "partial" : "success", why);
    }
    free(why);
}

void model_answer(struct run *run)
{
    const cJSON *facts = run->input->facts;
    struct message *message = NULL;

    if (run->phase != PHASE_MODEL || json_int(facts, "call", 0) != run->call ||
        json_int(facts, "attempt", 0) != run->attempt || !run->input->body)
        return;
    int rc = message_parse(&message, run->input->body, run->input->len, NULL);
    if (rc == E_NOMEM) /* no reason of the run's: it must decide the same when it is rebuilt */
        mem_fail(run->input->len);
    if (rc < 0) {
        model_abandon(run, "protocol", "the stored answer cannot be read");
        end_call(run, "the stored answer cannot be read");
        model_recover_from(run, "protocol", "the stored answer cannot be read");
        return;
    }
    (void)record_attempt_end(run, "ok", NULL);
    count_usage(run);
    int64_t node = run_append(run, NODE_ASSISTANT, message);
    record_call_end(run, node, NULL);
    call_event(run, NULL);
    if (message->call_count > 0 && !run->final) {
        tools_begin(run, message);
    } else if (message->call_count > 0) {
        /* Asked for words only, it still wants tools: each gets its answer, none runs. */
        tools_begin(run, message);
        tools_interrupt(run, "not run: the answer had to be given without tools");
    } else if (str_eq(message->finish_reason, "content_filter")) {
        model_recover_from(run, "filter", "the provider's content filter ended the answer");
    } else {
        complete(run);
    }
    message_free(message);
}

/* Every call of the answer has its result. */
void model_after_tools(struct run *run)
{
    if (run->final && !run->cancelling && !run->jump.wanted)
        complete(run); /* words were asked for, and there will be no others */
    else
        model_boundary(run);
}
