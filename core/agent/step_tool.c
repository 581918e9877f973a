/* SPDX-License-Identifier: MIT */
/*
 * The tool calls of one answer. Each is checked (schema here, policy by the engine), asked about
 * when policy says so, admitted, started, retried, and answered. Pure calls run side by side; any
 * other runs alone, in the order of the message. A result that comes early waits, so that the
 * chain has the results in the order of the calls.
 */
#include "core/agent/run_data.h"

#include "core/base/bug.h"
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/failure.h"
#include "core/guard/retry.h"
#include "core/tool/result.h"

#include <stdlib.h>
#include <string.h>

static bool is_pure(const struct tool_slot *slot)
{
    return slot->tool && slot->tool->policy == TOOL_PURE;
}

static bool is_over(const struct tool_slot *slot)
{
    return slot->status == CALL_FINISHED || slot->status == CALL_ANSWERED;
}

static struct tool_slot *current(struct run *run, enum call_status status)
{
    struct tool_slot *slot = tools_find(run, json_int(run->input->facts, "effect", 0));

    return slot && slot->status == status ? slot : NULL;
}

/* --- starting ------------------------------------------------------------------------------- */

static void ask_admission(struct run *run, struct tool_slot *slot)
{
    struct action *action = run_action(run, ACTION_ADMIT);

    action->effect = slot->effect;
    action->attempt = slot->attempt + 1;
    action->failure = slot->last_failure;
    slot->status = CALL_ADMITTING;
}

static void tool_event(struct run *run, const struct tool_slot *slot)
{
    cJSON *body = cJSON_CreateObject();

    json_set_int(body, "effect", slot->effect);
    json_set_text(body, "tool_name", slot->name);
    json_set_int(body, "attempt", slot->attempt);
    run_event(run, EVENT_TOOL_START, run->assistant, body);
}

static void begin_attempt(struct run *run, struct tool_slot *slot)
{
    struct record *record = run_record(run, RECORD_ATTEMPT);

    record->attempt.effect = slot->effect;
    record->attempt.n = slot->attempt;
    record->attempt.injected = slot->faulted;
    run->branch_sum.tool_calls++;
    run->total.tool_calls++;
    slot->status = CALL_RUNNING;
    tool_event(run, slot);
}

/* `started` is stored before the effect may run; a new world epoch begins with it. */
static void begin_effect(struct run *run, struct tool_slot *slot)
{
    const cJSON *facts = run->input->facts;
    struct record *record =
        slot_record_state(run, slot, BUG(BUG_NO_STARTED) ? EFFECT_INTENT : EFFECT_STARTED, NULL);
    bool spawned = run->input->kind == INPUT_SPAWNED;

    if (spawned) {
        free(slot->boot_id);
        slot->pid = record->effect_state.pid = json_int(facts, "pid", 0);
        slot->start_time = record->effect_state.start_time = json_int(facts, "start_time", 0);
        slot->boot_id = mem_text(json_text(facts, "boot_id"));
        record->effect_state.boot_id = mem_text(slot->boot_id);
    }
    if (!BUG(BUG_WRONG_EPOCH))
        idempotency_bump(&run->cache, WORLD_EFFECT);
    slot->epoch = (int64_t)run->cache.epoch;
    begin_attempt(run, slot);
}

static void start_tool(struct run *run, struct tool_slot *slot)
{
    slot->attempt++;
    if (slot->begun_us == 0)
        slot->begun_us = run->input->mono_us;
    if (fault_tool(run, slot)) {
        begin_attempt(run, slot);
        return;
    }
    struct action *action = run_action(run, ACTION_START_TOOL);
    action->effect = slot->effect;
    action->attempt = slot->attempt;
    if (is_pure(slot)) {
        slot->epoch = (int64_t)run->cache.epoch;
        begin_attempt(run, slot);
    } else if (slot->tool->kind == TOOL_JOB) {
        begin_effect(run, slot);
    } else {
        action->hold = true;
        slot->status = CALL_SPAWNING;
    }
}

void tools_admission(struct run *run)
{
    const cJSON *facts = run->input->facts;
    struct tool_slot *slot = current(run, CALL_ADMITTING);

    if (!slot)
        return;
    if (json_bool(facts, "yes", false)) {
        start_tool(run, slot);
    } else {
        cJSON *body = cJSON_CreateObject();
        int64_t delay = json_int(facts, "delay_us", US_PER_S);

        json_set_text(body, "scope", "tool");
        json_set_text(body, "key", slot->name);
        json_set_text(body, "cause", json_text(facts, "cause"));
        json_set_number(body, "delay_ms", run_ms(delay));
        run_event(run, EVENT_ADMISSION, run->assistant, body);
        slot->status = CALL_BACKOFF;
        run_timer(run, TIMER_TOOL, slot->effect, run->input->mono_us + delay);
    }
    tools_advance(run);
}

void tools_spawned(struct run *run)
{
    struct tool_slot *slot = current(run, CALL_SPAWNING);

    if (!slot)
        return;
    begin_effect(run, slot);
    run_action(run, ACTION_GO)->effect = slot->effect;
    tools_advance(run);
}

/* --- moving on ------------------------------------------------------------------------------ */

static void answer_in_order(struct run *run)
{
    for (size_t i = 0; i < run->slot_count; i++) {
        if (run->slots[i].status == CALL_FINISHED)
            slot_answer(run, &run->slots[i]);
        else if (run->slots[i].status != CALL_ANSWERED)
            return;
    }
}

static size_t running(const struct run *run)
{
    size_t count = 0;

    for (size_t i = 0; i < run->slot_count; i++)
        count += run->slots[i].status == CALL_RUNNING || run->slots[i].status == CALL_ADMITTING ||
                 run->slots[i].status == CALL_SPAWNING;
    return count;
}

/* True when something was to start and the operator's pause held it back. */
static bool start_what_may(struct run *run)
{
    bool earlier = false; /* something before this call is not over */

    for (size_t i = 0; i < run->slot_count; i++) {
        struct tool_slot *slot = &run->slots[i];

        if (is_over(slot))
            continue;
        if (slot->status == CALL_WAITING && (is_pure(slot) || !earlier)) {
            if (running(run) >= (size_t)run->config->tool.parallel)
                return false;
            if (!run_take_step(run))
                return true;
            ask_admission(run, slot);
        }
        if (!is_pure(slot))
            return false;
        earlier = true;
    }
    return false;
}

static bool any(const struct run *run, enum call_status status)
{
    for (size_t i = 0; i < run->slot_count; i++)
        if (run->slots[i].status == status)
            return true;
    return false;
}

/* What the run's state says while calls are being carried out. */
static void show_state(struct run *run, bool held)
{
    if (running(run) > 0 || any(run, CALL_CHECKING))
        run_enter(run, RUN_WAITING_FOR_TOOL, "tool");
    else if (any(run, CALL_DOUBT))
        run_enter(run, RUN_IN_DOUBT, "the outcome of a started call was lost");
    else if (held || (run->go == 0 && any(run, CALL_BACKOFF)))
        run_enter(run, RUN_PAUSED, run->go_reason);
    else if (any(run, CALL_ASKED))
        run_enter(run, RUN_AWAITING_APPROVAL, "a tool call waits for approval");
    else if (any(run, CALL_BACKOFF))
        run_enter(run, RUN_WAITING_RETRY, "tool");
}

void tools_advance(struct run *run)
{
    answer_in_order(run);
    bool over = true;
    for (size_t i = 0; i < run->slot_count; i++)
        over = over && run->slots[i].status == CALL_ANSWERED;
    if (over) {
        model_after_tools(run);
        return;
    }
    bool held = start_what_may(run);
    show_state(run, held);
}

/* --- the answer's calls --------------------------------------------------------------------- */

static void refuse(struct run *run, struct tool_slot *slot, const char *text)
{
    slot_finish(run, slot, EFFECT_SKIPPED, text, true, "schema");
}

/* Looks up and validates; what cannot run gets its answer now. */
static void check_slot(struct run *run, struct tool_slot *slot, const struct tool_call *call)
{
    struct tool_request request = {0};
    struct tool_result refusal = {0};
    char *canonical = NULL;

    if (call && call->args_error) {
        result_fail(&refusal, FAILURE_ARGUMENTS, "%s", call->args_error);
    } else if (tool_request_check(&request, run->tools, slot->name, slot->args, strlen(slot->args),
                                  &refusal) == 0) {
        slot->tool = request.tool;
        canonical = json_canonical(request.args);
    }
    const char *args = canonical ? canonical : slot->args;
    slot->call = idempotency_call(slot->name, args, strlen(args));
    slot_record_intent(run, slot);
    if (slot->tool) {
        slot->status = CALL_CHECKING;
        run_action(run, ACTION_CHECK)->effect = slot->effect;
    } else {
        refuse(run, slot, refusal.text ? refusal.text : "{\"error\":\"refused\"}");
    }
    free(canonical);
    cJSON_Delete(request.args);
    result_clear(&refusal);
}

void tools_begin(struct run *run, const struct message *message)
{
    slots_free(run);
    run->phase = PHASE_TOOLS;
    run->assistant = run->node;
    run->slots = mem_array(message->call_count, sizeof *run->slots);
    run->slot_count = message->call_count;
    for (size_t i = 0; i < run->slot_count; i++) {
        struct tool_slot *slot = &run->slots[i];
        const struct tool_call *call = &message->calls[i];

        slot->effect = ++run->next_effect;
        slot->index = (int)i;
        slot->id = mem_text(call->id);
        slot->name = mem_text(call->name);
        slot->args = mem_text(call->args);
        idempotency_key(slot->key, &run->chain, slot->index, slot->name);
    }
    for (size_t i = 0; i < run->slot_count; i++)
        check_slot(run, &run->slots[i], &message->calls[i]);
    tools_advance(run);
}

/* The result that an equal call got while the world has not moved since. */
static bool serve_cached(struct run *run, struct tool_slot *slot)
{
    int64_t node;

    if (!slot->tool->cache || !idempotency_get(&run->cache, &slot->call, &node))
        return false;
    struct action *action = run_action(run, ACTION_START_TOOL);
    action->effect = slot->effect;
    action->node = node; /* the engine reads the recorded result: TOOL_DONE with cached */
    slot->status = CALL_RUNNING;
    slot->begun_us = run->input->mono_us;
    return true;
}

static void deny(struct run *run, struct tool_slot *slot, const char *reason)
{
    struct tool_result result = {0};

    result_fail(&result, FAILURE_DENIED, "denied by policy: %s", reason ? reason : "no reason");
    slot_finish(run, slot, EFFECT_SKIPPED, result.text, true, "policy");
    result_clear(&result);
}

void tools_checked(struct run *run)
{
    const cJSON *facts = run->input->facts;
    struct tool_slot *slot = current(run, CALL_CHECKING);
    const char *verdict = json_text(facts, "verdict");

    if (!slot)
        return;
    if (str_eq(verdict, "deny"))
        deny(run, slot, json_text(facts, "reason"));
    else if (str_eq(verdict, "allow"))
        slot->status = CALL_WAITING;
    else
        slot_ask(run, slot);
    if (slot->status == CALL_WAITING)
        (void)serve_cached(run, slot);
    if (!any(run, CALL_CHECKING))
        tools_advance(run);
}

/* --- outcomes and retry --------------------------------------------------------------------- */

/* How the attempt ended; an unknown word is a tool's own failure. */
static enum failure done_as(const cJSON *facts)
{
    const char *class = json_text(facts, "class");
    enum failure failure = failure_named(class ? class : "");

    return failure == FAILURE_COUNT ? FAILURE_TOOL : failure;
}

static enum failure failure_of(const cJSON *facts)
{
    enum failure failure = done_as(facts);

    return failure == FAILURE_NONE ? FAILURE_TOOL : failure;
}

static enum retry_effect retry_effect_of(const struct tool_slot *slot)
{
    switch (slot->tool->policy) {
    case TOOL_PURE: return RETRY_PURE;
    case TOOL_IDEMPOTENT: return RETRY_IDEMPOTENT;
    case TOOL_ONCE: break;
    }
    return RETRY_ONCE;
}

/* `end` = the place in the batch of the attempt that just ended. */
static bool retry_later(struct run *run, struct tool_slot *slot, const char *cause, size_t end)
{
    const cJSON *facts = run->input->facts;
    int64_t left = limits_left_us(run);
    int64_t word = json_int(facts, "retry", 0);
    struct retry_input question = {
        .attempt = (int)slot->attempt,
        .failure = failure_of(facts),
        .effect = retry_effect_of(slot),
        .word = word > 0   ? RETRY_YES
                : word < 0 ? RETRY_NO
                           : RETRY_UNSAID,
        .retry_after_us = -1,
        .random = run->input->random,
        .now_us = run->input->mono_us,
        .deadline_us = left == INT64_MAX ? RETRY_NEVER : run->input->mono_us + left,
    };
    struct retry_decision next = retry_decide(&run->config->tool_retry, &question);

    if (slot->stopping || next.verdict == RETRY_STOP)
        return false;
    struct record *record = &run->out->batch.at[end];
    record->attempt.delay_us = next.delay_us;
    record->attempt.delay_source = mem_text(retry_source_name(next.source));
    cJSON *body = cJSON_CreateObject();
    json_set_int(body, "effect", slot->effect);
    json_set_int(body, "attempt", slot->attempt + 1);
    json_set_int(body, "max", run->config->tool_retry.attempts);
    json_set_number(body, "delay_ms", run_ms(next.delay_us));
    json_set_text(body, "source", retry_source_name(next.source));
    json_set_text(body, "cause", cause);
    run_event(run, EVENT_RETRY, run->assistant, body);
    run->branch_sum.retries++;
    run->total.retries++;
    slot->status = CALL_BACKOFF;
    run_timer(run, TIMER_TOOL, slot->effect, next.at_us);
    return true;
}

static void attempt_event(struct run *run, const struct tool_slot *slot, const char *outcome,
                          const char *cause)
{
    const cJSON *facts = run->input->facts;
    cJSON *body = cJSON_CreateObject();

    json_set_int(body, "effect", slot->effect);
    json_set_text(body, "tool_name", slot->name);
    json_set_int(body, "attempt", slot->attempt);
    json_set_text(body, "outcome", outcome);
    json_set_text(body, "cause", cause);
    json_set_number(body, "duration_ms", run_ms(json_int(facts, "duration_us", 0)));
    if (json_bool(facts, "injected", false))
        json_set_bool(body, "injected", true);
    run_event(run, EVENT_TOOL_ATTEMPT, run->assistant, body);
}

/* The seed's last word to the model: the error and how often it was tried. */
static void give_result(struct run *run, struct tool_slot *slot, enum effect_state outcome)
{
    const char *text = run->input->body ? run->input->body : "";
    struct tool_result result = {0};

    if (outcome == EFFECT_OK || outcome == EFFECT_CACHED) {
        bool is_error = json_bool(run->input->facts, "is_error", false);
        char *noted = slot->edited ? mem_printf("[the operator changed the arguments to %s]\n%s",
                                                slot->args, text)
                                   : mem_text(text);

        slot_finish(run, slot, outcome, noted, is_error, NULL);
        free(noted);
        return;
    }
    result_take(&result, mem_text(text), strlen(text));
    result.failure = failure_of(run->input->facts);
    result.is_error = true;
    result_final(&result, (int)slot->attempt);
    slot_finish(run, slot, outcome, result.text, true, NULL);
    result_clear(&result);
}

/* An attempt that did not give a result: try again later, or tell the model. */
static void failed(struct run *run, struct tool_slot *slot, size_t end)
{
    const cJSON *facts = run->input->facts;
    const char *cause = json_text(facts, "cause");
    bool never_ran = slot->status == CALL_SPAWNING;

    slot->last_failure = failure_of(facts);
    attempt_event(run, slot, failure_name(failure_of(facts)), cause);
    if (!never_ran && retry_later(run, slot, cause, end))
        return;
    if (json_bool(facts, "unknown", false))
        give_result(run, slot, EFFECT_STOPPED);
    else
        give_result(run, slot, never_ran && slot->stopping ? EFFECT_SKIPPED : EFFECT_FAILED);
}

void tools_done(struct run *run)
{
    const cJSON *facts = run->input->facts;
    struct tool_slot *slot = tools_find(run, json_int(facts, "effect", 0));
    size_t end = run->out->batch.count;

    if (!slot || (slot->status != CALL_RUNNING && slot->status != CALL_SPAWNING))
        return;
    if (json_bool(facts, "cached", false)) {
        give_result(run, slot, EFFECT_CACHED);
        tools_advance(run);
        return;
    }
    enum failure failure = done_as(facts);
    if (slot->status == CALL_RUNNING)
        slot_record_attempt_end(run, slot, failure_name(failure), json_text(facts, "cause"));
    if (failure_row(failure)->ok)
        give_result(run, slot, EFFECT_OK);
    else
        failed(run, slot, end);
    tools_advance(run);
}

void tools_timer(struct run *run)
{
    struct tool_slot *slot = current(run, CALL_BACKOFF);

    if (!slot || run->state == RUN_PAUSED)
        return;
    ask_admission(run, slot);
    show_state(run, false);
}

/* --- interruption and recovery -------------------------------------------------------------- */

void tools_interrupt(struct run *run, const char *why)
{
    for (size_t i = 0; i < run->slot_count; i++)
        if (!is_over(&run->slots[i]) && !slot_stop(run, &run->slots[i]))
            slot_interrupt(run, &run->slots[i], why);
    tools_advance(run);
}

/* After a crash: what provably did not run may run; what may be repeated runs again with the same
   key; a started `once` call is in doubt, and only a person can say. */
static void recover_slot(struct run *run, struct tool_slot *slot)
{
    switch (slot->status) {
    case CALL_CHECKING: run_action(run, ACTION_CHECK)->effect = slot->effect; break;
    case CALL_SPAWNING:
        slot->attempt--;
        slot->status = CALL_WAITING;
        break;
    case CALL_ADMITTING:
    case CALL_BACKOFF: slot->status = CALL_WAITING; break;
    case CALL_RUNNING:
        slot_kill_left_over(run, slot);
        if (slot->attempt > 0) /* 0: a cached result was being read */
            slot_record_attempt_end(run, slot, "lost", "rerail ended while it was at work");
        if (slot->tool->policy == TOOL_ONCE && !slot->faulted && !BUG(BUG_ONCE_AGAIN))
            slot_doubt(run, slot);
        else
            slot->status = CALL_WAITING;
        break;
    case CALL_WAITING:
    case CALL_ASKED:
    case CALL_DOUBT:
    case CALL_FINISHED:
    case CALL_ANSWERED: break;
    }
    slot->stopping = slot->faulted = false;
}

void tools_recover(struct run *run)
{
    for (size_t i = 0; i < run->slot_count; i++)
        recover_slot(run, &run->slots[i]);
    if (run->cancelling)
        tools_interrupt(run, "cancelled by the operator");
    else if (run->jump.wanted)
        tools_interrupt(run, "rolled back by the operator");
    else
        tools_advance(run);
}
