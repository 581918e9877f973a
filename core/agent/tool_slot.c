/* SPDX-License-Identifier: MIT */
/*
 * One tool call of the answer in hand: its rows in the ledger, its result, and what the operator
 * may do to it. When it runs is step_tool.c's business.
 */
#include "core/agent/run_data.h"

#include "core/base/bug.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/failure.h"
#include "core/tool/result.h"

#include <stdlib.h>
#include <string.h>

void slots_free(struct run *run)
{
    for (size_t i = 0; i < run->slot_count; i++) {
        struct tool_slot *slot = &run->slots[i];

        free(slot->id);
        free(slot->name);
        free(slot->args);
        free(slot->result);
        free(slot->boot_id);
    }
    free(run->slots);
    run->slots = NULL;
    run->slot_count = 0;
}

struct tool_slot *tools_find(struct run *run, int64_t effect)
{
    for (size_t i = 0; i < run->slot_count; i++)
        if (run->slots[i].effect == effect)
            return &run->slots[i];
    return NULL;
}

/* --- ledger rows ---------------------------------------------------------------------------- */

void slot_record_intent(struct run *run, const struct tool_slot *slot)
{
    struct record *record = run_record(run, RECORD_EFFECT);

    record->effect.effect = slot->effect;
    record->effect.node = run->assistant;
    record->effect.index = slot->index;
    record->effect.tool = mem_text(slot->name);
    record->effect.policy = mem_text(tool_policy_name(slot->tool ? slot->tool->policy : TOOL_ONCE));
    record->effect.call_id = mem_text(slot->id);
    record->effect.key = mem_text(slot->key);
    record->effect.args = slot->call;
    record->effect.epoch = (int64_t)run->cache.epoch;
    record->body = mem_text(slot->args);
    record->len = strlen(slot->args);
}

struct record *slot_record_state(struct run *run, const struct tool_slot *slot,
                                 enum effect_state state, const char *by)
{
    struct record *record = run_record(run, RECORD_EFFECT_STATE);

    record->effect_state.effect = slot->effect;
    record->effect_state.state = state;
    record->effect_state.by = mem_text(by);
    return record;
}

void slot_record_attempt_end(struct run *run, const struct tool_slot *slot, const char *outcome,
                             const char *cause)
{
    const cJSON *facts = run->input->facts;
    struct record *record = run_record(run, RECORD_ATTEMPT_END);

    record->attempt.effect = slot->effect;
    record->attempt.n = slot->attempt;
    record->attempt.outcome = mem_text(outcome);
    record->attempt.cause = mem_text(cause);
    record->attempt.status = (int)json_int(facts, "status", -1);
    record->attempt.duration_us = json_int(facts, "duration_us", 0);
    record->attempt.first_us = -1;
    record->attempt.delay_us = -1;
    record->attempt.injected = json_bool(facts, "injected", false);
}

/* --- results -------------------------------------------------------------------------------- */

static void count_outcome(struct run *run, enum effect_state outcome)
{
    bool done = outcome == EFFECT_OK || outcome == EFFECT_CACHED || outcome == EFFECT_ASSUMED;
    struct counters *sums[] = {&run->branch_sum, &run->total};

    for (size_t i = 0; i < 2; i++) {
        sums[i]->done += done;
        sums[i]->not_done += !done;
        sums[i]->errors += outcome == EFFECT_FAILED;
    }
}

void slot_finish(struct run *run, struct tool_slot *slot, enum effect_state outcome,
                 const char *result, bool is_error, const char *by)
{
    struct record *record = slot_record_state(run, slot, outcome, by);

    record->body = mem_text(result);
    record->len = strlen(result);
    slot->status = CALL_FINISHED;
    slot->outcome = outcome;
    slot->is_error = is_error;
    free(slot->result);
    slot->result = mem_text(result);
    count_outcome(run, outcome);
}

static void call_event(struct run *run, const struct tool_slot *slot, int64_t node)
{
    cJSON *body = cJSON_CreateObject();
    int64_t spent = slot->begun_us > 0 ? run->input->mono_us - slot->begun_us : 0;

    json_set_text(body, "tool_name", slot->name);
    json_set_int(body, "result_length", (int64_t)strlen(slot->result));
    json_set_number(body, "duration_ms", run_ms(spent));
    json_set_int(body, "effect", slot->effect);
    json_set_text(body, "outcome", effect_state_name(slot->outcome));
    json_set_int(body, "attempts", slot->attempt);
    run_event(run, EVENT_TOOL_CALL, node, body);
}

/* Five equal calls with equal results in a row: a loop, until a person says otherwise. */
static void watch_loop(struct run *run, const struct tool_slot *slot)
{
    struct hash_part parts[] = {{slot->call.at, SHA256_BYTES},
                                {slot->result, strlen(slot->result)}};
    struct hash now = sha256_parts(parts, 2);
    bool same = memcmp(now.at, run->last_call.at, SHA256_BYTES) == 0;

    run->last_call = now;
    run->last_times = same ? run->last_times + 1 : 1;
    if (run->config->limits.loop_guard <= 0 || run->last_times < run->config->limits.loop_guard)
        return;
    cJSON *body = cJSON_CreateObject();
    json_set_text(body, "tool_name", slot->name);
    json_set_int(body, "times", run->last_times);
    run_event(run, EVENT_LOOP_GUARD, run->node, body);
    run->last_times = 0;
    run_allow(run, 0, "loop_guard");
}

void slot_answer(struct run *run, struct tool_slot *slot)
{
    struct message *message =
        message_tool_result(slot->id, slot->name, slot->result, slot->is_error);
    int64_t node = run_append(run, NODE_TOOL, message);
    struct record *record = slot_record_state(run, slot, slot->outcome, NULL);

    record->effect_state.node = node;
    message_free(message);
    slot->status = CALL_ANSWERED;
    call_event(run, slot, node);
    watch_loop(run, slot);
    if (slot->tool && slot->tool->cache && slot->outcome == EFFECT_OK)
        idempotency_put(&run->cache, &slot->call, (uint64_t)slot->epoch, node);
}

void slot_ask(struct run *run, struct tool_slot *slot)
{
    cJSON *body = cJSON_CreateObject();

    slot->status = CALL_ASKED;
    json_set_int(body, "effect", slot->effect);
    json_set_text(body, "tool_name", slot->name);
    json_set_text(body, "reason", json_text(run->input->facts, "reason"));
    run_event(run, EVENT_APPROVAL_WANTED, run->assistant, body);
}

/* --- stopping, editing, doubt ------------------------------------------------------------------
 */

bool slot_stop(struct run *run, struct tool_slot *slot)
{
    if (slot->status != CALL_RUNNING && slot->status != CALL_SPAWNING)
        return false;
    if (!slot->stopping && !slot->faulted) /* that one ends by its timer */
        run_action(run, ACTION_STOP_TOOL)->effect = slot->effect;
    slot->stopping = true;
    return true;
}

void slot_interrupt(struct run *run, struct tool_slot *slot, const char *why)
{
    struct tool_result result = {0};

    if (BUG(BUG_NO_SYNTHETIC)) {
        slot->status = CALL_ANSWERED;
        return;
    }
    if (slot->status == CALL_BACKOFF)
        run_timer(run, TIMER_TOOL, slot->effect, -1);
    result_fail(&result, FAILURE_CANCELLED, "interrupted: %s", why);
    slot_finish(run, slot, slot->attempt > 0 ? EFFECT_STOPPED : EFFECT_SKIPPED, result.text, true,
                "operator");
    result_clear(&result);
}

void slot_give_up(struct run *run, struct tool_slot *slot)
{
    struct tool_result result = {0};

    run_timer(run, TIMER_TOOL, slot->effect, -1);
    result_fail(&result, FAILURE_TOOL, "the operator gave up on it");
    result_final(&result, (int)slot->attempt);
    slot_finish(run, slot, slot->attempt > 0 ? EFFECT_FAILED : EFFECT_SKIPPED, result.text, true,
                "operator");
    result_clear(&result);
}

char *slot_edit(struct run *run, struct tool_slot *slot, const char *args)
{
    struct tool_request request = {0};
    struct tool_result refusal = {0};
    char *problem = NULL;

    if (tool_request_check(&request, run->tools, slot->name, args, strlen(args), &refusal) < 0) {
        problem = mem_text(refusal.cause);
    } else {
        char *canonical = json_canonical(request.args);

        slot->call = idempotency_call(slot->name, canonical, strlen(canonical));
        free(canonical);
        free(slot->args);
        slot->args = mem_text(args);
        slot->edited = slot->approved = true;
        slot->status = CALL_WAITING;
        slot_record_intent(run, slot);
    }
    cJSON_Delete(request.args);
    result_clear(&refusal);
    return problem;
}

void slot_renew(struct run *run, struct tool_slot *slot)
{
    (void)slot_record_state(run, slot, EFFECT_INTENT, "operator");
    slot->approved = true;
    slot->status = CALL_WAITING;
}

void slot_doubt(struct run *run, struct tool_slot *slot)
{
    cJSON *body = cJSON_CreateObject();

    slot->status = CALL_DOUBT;
    (void)slot_record_state(run, slot, EFFECT_IN_DOUBT, NULL);
    json_set_int(body, "effect", slot->effect);
    json_set_text(body, "tool_name", slot->name);
    run_event(run, EVENT_IN_DOUBT, run->assistant, body);
}

/* What the dead owner's call may have left running ends before anything else is decided. */
void slot_kill_left_over(struct run *run, struct tool_slot *slot)
{
    if (slot->pid <= 0)
        return;
    struct action *action = run_action(run, ACTION_KILL);
    action->effect = slot->effect;
    action->pid = slot->pid;
    action->start_time = slot->start_time;
    action->text = mem_text(slot->boot_id);
    slot->pid = 0;
}
