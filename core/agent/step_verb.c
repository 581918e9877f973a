/* SPDX-License-Identifier: MIT */
/*
 * What the operator says. Each verb is a function that answers with one line: done, or refused and
 * why. A refused verb changes nothing; both are events.
 */
#include "core/agent/step_verb.h"

#include "core/agent/verb.h"
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/failure.h"
#include "core/tool/result.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void verb_done(struct reply *reply, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(reply->text, sizeof reply->text, fmt, ap);
    va_end(ap);
    reply->ok = true;
}

void verb_refuse(struct reply *reply, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(reply->text, sizeof reply->text, fmt, ap);
    va_end(ap);
    reply->ok = false;
}

const char *verb_by(const struct run *run)
{
    const char *who = json_text(run->input->facts, "by");

    return who ? who : "operator";
}

/* --- pause, resume, step ------------------------------------------------------------------- */

static bool at_rest(const struct run *run)
{
    return !run_in_flight(run);
}

void verb_hold(struct run *run)
{
    if (run->phase == PHASE_MODEL_BACKOFF || run->phase == PHASE_MODEL_ADMIT) {
        run_timer(run, TIMER_MODEL, 0, -1);
        run_enter(run, RUN_PAUSED, run->go_reason);
    } else if (run->phase == PHASE_TOOLS && at_rest(run)) {
        tools_advance(run);
    }
}

static void do_pause(struct run *run, struct reply *reply)
{
    if (run->phase == PHASE_ENDED || run->phase == PHASE_NEW) {
        verb_refuse(reply, "the run is %s: there is nothing to pause", state_name(run->state));
        return;
    }
    run_allow(run, 0, "paused by the operator");
    verb_hold(run);
    verb_done(reply, run->state == RUN_PAUSED ? "paused" : "pausing at the next safe place");
}

static void do_pause_now(struct run *run, struct reply *reply)
{
    if (run->phase == PHASE_ENDED || run->phase == PHASE_NEW) {
        verb_refuse(reply, "the run is %s: there is nothing to pause", state_name(run->state));
        return;
    }
    run_allow(run, 0, "paused by the operator");
    if (run->phase == PHASE_TOOLS) {
        for (size_t i = 0; i < run->slot_count; i++)
            (void)slot_stop(run, &run->slots[i]);
        tools_advance(run);
    } else if (run->phase != PHASE_BOUNDARY) {
        model_interrupt(run, "paused by the operator");
        model_boundary(run);
    }
    verb_done(reply, run->state == RUN_PAUSED ? "paused" : "stopping what is in flight");
}

/* Goes on from wherever it rests, with the allowance that was just given. */
static void go_on(struct run *run)
{
    switch (run->phase) {
    case PHASE_BOUNDARY:
    case PHASE_ENDED: model_boundary(run); break;
    case PHASE_MODEL_BACKOFF:
    case PHASE_MODEL_ADMIT: model_resume(run); break;
    case PHASE_TOOLS:
        for (size_t i = 0; i < run->slot_count; i++)
            if (run->slots[i].status == CALL_BACKOFF)
                run->slots[i].status = CALL_WAITING;
        tools_advance(run);
        break;
    case PHASE_NEW:
    case PHASE_MODEL: break;
    }
}

static bool may_go_on(const struct run *run, struct reply *reply)
{
    if (run->state == RUN_PAUSED || run->state == RUN_ERROR)
        return true;
    if (run->go == 0 && run->phase != PHASE_ENDED)
        return true; /* about to pause */
    if (run->state == RUN_IN_DOUBT)
        verb_refuse(reply, "in doubt: say with resolve what happened");
    else if (run->phase == PHASE_ENDED)
        verb_refuse(reply, "the run is %s: send a message (inject) or roll back to go on",
                    state_name(run->state));
    else
        verb_refuse(reply, "the run is %s already", state_name(run->state));
    return false;
}

static void do_resume(struct run *run, struct reply *reply)
{
    if (!may_go_on(run, reply))
        return;
    bool resting = run->state == RUN_PAUSED || run->state == RUN_ERROR;
    run_allow(run, -1, NULL);
    if (resting)
        go_on(run);
    verb_done(reply, "%s", run->state == RUN_PAUSED ? run->reason : "going on");
}

static void do_step(struct run *run, struct reply *reply)
{
    bool resting = run->state == RUN_PAUSED || run->state == RUN_ERROR;

    if (run->state == RUN_IN_DOUBT || (run->phase == PHASE_ENDED && run->state != RUN_ERROR)) {
        (void)may_go_on(run, reply);
        return;
    }
    run_allow(run, resting ? 1 : 0, "step");
    if (resting)
        go_on(run);
    verb_done(reply, "one step");
}

/* --- ending ---------------------------------------------------------------------------------- */

static void do_cancel(struct run *run, struct reply *reply)
{
    if (run->state == RUN_CANCELLED || run->state == RUN_COMPLETED) {
        verb_refuse(reply, "the run is %s already", state_name(run->state));
        return;
    }
    run->cancelling = true;
    if (run->phase == PHASE_TOOLS) {
        tools_interrupt(run, "cancelled by the operator");
    } else {
        if (run->phase == PHASE_MODEL || run->phase == PHASE_MODEL_ADMIT ||
            run->phase == PHASE_MODEL_BACKOFF)
            model_interrupt(run, "cancelled by the operator");
        model_boundary(run);
    }
    verb_done(reply, run->state == RUN_CANCELLED ? "cancelled" : "stopping what is in flight");
}

static void do_abort_call(struct run *run, struct reply *reply)
{
    size_t stopped = 0;

    if (run->phase == PHASE_MODEL) {
        model_interrupt(run, "stopped by the operator");
        run_allow(run, 0, "the call was stopped by the operator");
        model_boundary(run);
        verb_done(reply, "the model call was stopped");
        return;
    }
    for (size_t i = 0; i < run->slot_count; i++)
        stopped += slot_stop(run, &run->slots[i]);
    if (stopped == 0)
        verb_refuse(reply, "no call is in flight");
    else
        verb_done(reply, "stopping %zu tool call%s", stopped, stopped == 1 ? "" : "s");
}

static void do_finish(struct run *run, struct reply *reply)
{
    if (run->phase != PHASE_BOUNDARY && run->state != RUN_ERROR) {
        verb_refuse(reply, "the run is %s: pause it first", state_name(run->state));
        return;
    }
    model_finish_gracefully(run, "finished by the operator");
    verb_done(reply, "asking for the best answer so far");
}

static void do_recover(struct run *run, struct reply *reply)
{
    if (run->state != RUN_ERROR) {
        verb_refuse(reply, "the run is not in error");
        return;
    }
    run_append_text(run, NODE_SYSTEM, ROLE_SYSTEM, run->config->sentence.error);
    model_finish_gracefully(run, "recovered by the operator");
    verb_done(reply, "asking for the best answer so far");
}

/* --- retries ------------------------------------------------------------------------------- */

static void do_retry_now(struct run *run, struct reply *reply)
{
    size_t woken = 0;

    if (run->phase == PHASE_MODEL_BACKOFF || run->phase == PHASE_MODEL_ADMIT) {
        run_timer(run, TIMER_MODEL, 0, -1);
        if (run->go == 0)
            run_allow(run, -1, NULL);
        model_resume(run);
        woken++;
    }
    for (size_t i = 0; i < run->slot_count; i++) {
        if (run->slots[i].status != CALL_BACKOFF)
            continue;
        run_timer(run, TIMER_TOOL, run->slots[i].effect, -1);
        run->slots[i].status = CALL_WAITING;
        woken++;
    }
    if (woken == 0) {
        verb_refuse(reply, "nothing waits for a retry");
        return;
    }
    if (run->phase == PHASE_TOOLS)
        tools_advance(run);
    verb_done(reply, "retrying now");
}

static void do_give_up(struct run *run, struct reply *reply)
{
    bool any = false;

    if (run->phase == PHASE_MODEL_BACKOFF || run->phase == PHASE_MODEL_ADMIT) {
        char *cause = mem_text(run->reason ? run->reason : "given up");

        model_give_up(run, cause);
        free(cause);
        verb_done(reply, "given up");
        return;
    }
    for (size_t i = 0; i < run->slot_count; i++) {
        if (run->slots[i].status != CALL_BACKOFF)
            continue;
        slot_give_up(run, &run->slots[i]);
        any = true;
    }
    if (!any) {
        verb_refuse(reply, "nothing waits for a retry");
        return;
    }
    tools_advance(run);
    verb_done(reply, "given up: the model is told");
}

/* --- messages, limits, settings ----------------------------------------------------------------
 */

static void new_task(struct run *run)
{
    run->branch_sum.iterations = 0;
    run->branch_sum.active_us = 0;
    run->branch_sum.done = run->branch_sum.not_done = 0;
    run->extra_iterations = run->extra_us = 0;
    run->recovering = run->finishing = run->final = false;
    run_allow(run, -1, NULL);
}

static void do_inject(struct run *run, struct reply *reply)
{
    const char *text = run->input->body ? run->input->body : json_text(run->input->facts, "text");
    bool resting = run->phase == PHASE_ENDED || run->phase == PHASE_BOUNDARY;
    bool over = run->state == RUN_COMPLETED || run->state == RUN_CANCELLED;

    if (!text || !*text) {
        verb_refuse(reply, "an empty message");
        return;
    }
    run->notes = mem_room(run->notes, run->note_count, &run->note_cap, sizeof *run->notes);
    run->notes[run->note_count++] = (struct note){mem_text(text), mem_text(verb_by(run))};
    if (over) {
        cJSON *body = cJSON_CreateObject();

        new_task(run);
        if (json_bool(run->input->facts, "hold", false))
            run_allow(run, 0, "a new task waits");
        json_set_text(body, "task", text);
        json_set_text(body, "model", run->config->model.name);
        json_set_text(body, "provider", run->spec->provider);
        json_set_text(body, "workspace", run->spec->workspace);
        run_event(run, EVENT_SESSION_START, run->node, body);
        model_boundary(run);
        verb_done(reply, "a new task");
    } else if (resting) {
        verb_done(reply, "it will be sent when the run goes on");
    } else {
        verb_done(reply, "it will be sent with the next model call");
    }
}

static void do_extend(struct run *run, struct reply *reply)
{
    const cJSON *facts = run->input->facts;
    const char *limit = json_text(facts, "limit");
    const char *hit = run->reason ? run->reason : "";
    int64_t amount = json_int(facts, "amount", 0);

    if (!limit)
        limit = str_eq(hit, "timeout")    ? "minutes"
                : str_eq(hit, "max_cost") ? "dollars"
                                          : "iterations";
    if (amount < 0 || amount > 1000000) {
        verb_refuse(reply, "extend takes a number from 1 to 1000000");
        return;
    }
    if (str_eq(limit, "iterations")) {
        amount = amount ? amount : run->config->limits.max_iterations;
        run->extra_iterations += amount;
    } else if (str_eq(limit, "minutes")) {
        amount = amount ? amount : run->config->limits.timeout_us / (60 * US_PER_S);
        run->extra_us += amount * 60 * US_PER_S;
    } else if (str_eq(limit, "dollars")) {
        amount = amount ? amount : 1;
        run->extra_cost += amount * 1000000;
    } else {
        verb_refuse(reply, "extend what? iterations, minutes or dollars");
        return;
    }
    if (run->state == RUN_PAUSED) {
        run_allow(run, -1, NULL);
        go_on(run);
    }
    verb_done(reply, "%lld more %s", (long long)amount, limit);
}

static void do_set(struct run *run, struct reply *reply)
{
    const char *name = json_text(run->input->facts, "name");
    const char *value = json_text(run->input->facts, "value");
    struct err err = {0};

    if (!name || !value) {
        verb_refuse(reply, "set takes a name and a value");
        return;
    }
    if (run_change(run, name, value, &err) < 0) {
        verb_refuse(reply, "%s", err.msg);
        return;
    }
    cJSON *body = cJSON_CreateObject();
    json_set_text(body, "name", name);
    json_set_text(body, "value", value);
    json_set_text(body, "by", verb_by(run));
    run_event(run, EVENT_SETTING, 0, body);
    verb_done(reply, "%s is now %s", name, value);
}

static void do_cache_clear(struct run *run, struct reply *reply)
{
    idempotency_bump(&run->cache, WORLD_CLEAR);
    verb_done(reply, "cached results are forgotten");
}

/* --- approval and doubt ------------------------------------------------------------------------
 */

/* The call meant: the one named, or the only (first) one that is so. */
static struct tool_slot *meant(struct run *run, enum call_status status)
{
    int64_t effect = json_int(run->input->facts, "effect", 0);

    for (size_t i = 0; i < run->slot_count; i++)
        if (run->slots[i].status == status && (effect == 0 || run->slots[i].effect == effect))
            return &run->slots[i];
    return NULL;
}

static void given(struct run *run, const struct tool_slot *slot, const char *verdict)
{
    cJSON *body = cJSON_CreateObject();

    json_set_int(body, "effect", slot->effect);
    json_set_text(body, "verdict", verdict);
    json_set_text(body, "by", verb_by(run));
    json_set_text(body, "reason", json_text(run->input->facts, "reason"));
    run_event(run, EVENT_APPROVAL_GIVEN, run->assistant, body);
}

/* What was approved must be what runs: the view sends the hash of the arguments it showed. */
static bool shows_the_same(const struct run *run, const struct tool_slot *slot)
{
    const char *shown = json_text(run->input->facts, "shown");
    struct hash hash = sha256(slot->args, strlen(slot->args));
    char text[2 * SHA256_BYTES + 1];

    sha256_text(text, &hash);
    return !shown || str_eq(shown, text);
}

static void do_approve(struct run *run, struct reply *reply)
{
    const char *scope = json_text(run->input->facts, "scope");
    struct tool_slot *slot = meant(run, CALL_ASKED);

    if (!slot) {
        verb_refuse(reply, "no such tool call waits for approval");
        return;
    }
    if (!shows_the_same(run, slot)) {
        verb_refuse(reply, "the call has changed since it was shown: look again");
        return;
    }
    slot->approved = true;
    slot->status = CALL_WAITING;
    if (str_eq(scope, "always"))
        grant_call(run, slot);
    given(run, slot, str_eq(scope, "always") ? "always" : "once");
    verb_done(reply, "%s may run", slot->name);
    tools_advance(run);
}

static void do_deny(struct run *run, struct reply *reply)
{
    const char *reason = json_text(run->input->facts, "reason");
    struct tool_slot *slot = meant(run, CALL_ASKED);
    struct tool_result result = {0};

    if (!slot) {
        verb_refuse(reply, "no such tool call waits for approval");
        return;
    }
    given(run, slot, "denied");
    result_fail(&result, FAILURE_DENIED, "denied by the operator%s%s", reason ? ": " : "",
                reason ? reason : "");
    slot_finish(run, slot, EFFECT_SKIPPED, result.text, true, verb_by(run));
    result_clear(&result);
    verb_done(reply, "denied");
    tools_advance(run);
}

static void do_edit_call(struct run *run, struct reply *reply)
{
    const char *args =
        run->input->body ? run->input->body : json_text(run->input->facts, "arguments");
    struct tool_slot *slot = meant(run, CALL_ASKED);

    if (!slot || !args) {
        verb_refuse(reply, "no such tool call waits for approval");
        return;
    }
    char *problem = slot_edit(run, slot, args);
    if (problem) {
        verb_refuse(reply, "%s", problem);
        free(problem);
        return;
    }
    given(run, slot, "edited");
    verb_done(reply, "%s may run with the new arguments", slot->name);
    tools_advance(run);
}

static void resolved(struct run *run, struct tool_slot *slot, const char *answer)
{
    cJSON *body = cJSON_CreateObject();

    json_set_int(body, "effect", slot->effect);
    json_set_text(body, "answer", answer);
    json_set_text(body, "by", verb_by(run));
    run_event(run, EVENT_DOUBT_RESOLVED, run->assistant, body);
}

static void do_resolve(struct run *run, struct reply *reply)
{
    const cJSON *facts = run->input->facts;
    const char *answer = json_text(facts, "answer");
    const char *result = run->input->body ? run->input->body : json_text(facts, "result");
    struct tool_slot *slot = meant(run, CALL_DOUBT);

    if (!slot) {
        verb_refuse(reply, "nothing of that kind is in doubt");
        return;
    }
    if (str_eq(answer, "happened")) {
        slot_finish(run, slot, EFFECT_ASSUMED,
                    result ? result
                           : "{\"note\":\"the call was carried out; its output was lost\"}",
                    false, verb_by(run));
    } else if (str_eq(answer, "run")) {
        slot_renew(run, slot);
    } else if (str_eq(answer, "skip")) {
        slot_finish(run, slot, EFFECT_SKIPPED,
                    "{\"error\":\"the outcome of this call was lost; the operator skipped it\"}",
                    true, verb_by(run));
    } else {
        verb_refuse(reply, "resolve takes happened, run or skip");
        return;
    }
    resolved(run, slot, answer);
    verb_done(reply, "resolved: %s", answer);
    tools_advance(run);
}

static void do_fault(struct run *run, struct reply *reply)
{
    const char *kind = json_text(run->input->facts, "kind");
    int64_t count = json_int(run->input->facts, "count", 1);

    if (fault_arm(run, kind, count) < 0)
        verb_refuse(reply,
                    "fault takes 429, 500, hang, cut, tool or off, and how many, up to 1000");
    else if (run->faults == 0)
        verb_done(reply, "no faults any more");
    else
        verb_done(reply, "the next %lld %s will fail: %s", (long long)count,
                  run->fault == FAULT_TOOL ? "tool attempts" : "attempts of model calls", kind);
}

static const struct {
    const char *name;
    void (*run)(struct run *run, struct reply *reply);
} doers[] = {
    {"pause", do_pause},
    {"pause_now", do_pause_now},
    {"resume", do_resume},
    {"step", do_step},
    {"cancel", do_cancel},
    {"abort_call", do_abort_call},
    {"retry_now", do_retry_now},
    {"give_up", do_give_up},
    {"inject", do_inject},
    {"approve", do_approve},
    {"deny", do_deny},
    {"edit_call", do_edit_call},
    {"resolve", do_resolve},
    {"extend", do_extend},
    {"finish", do_finish},
    {"recover", do_recover},
    {"rollback", verb_rollback},
    {"undo", verb_undo},
    {"redo", verb_redo},
    {"fork", verb_fork},
    {"switch", verb_switch},
    {"label", verb_label},
    {"set", do_set},
    {"cache_clear", do_cache_clear},
    {"fault", do_fault},
    {"break", verb_break},
    {"delete", verb_delete},
    {"enable", verb_enable},
    {"disable", verb_disable},
};

void verb_step(struct run *run)
{
    const cJSON *facts = run->input->facts;
    const char *name = json_text(facts, "verb");
    struct reply reply = {.ok = false};
    cJSON *body = cJSON_CreateObject();

    verb_refuse(&reply, "there is no verb %s", name ? name : "(none)");
    for (size_t i = 0; i < sizeof doers / sizeof *doers; i++)
        if (str_eq(doers[i].name, name))
            doers[i].run(run, &reply);
    json_set_text(body, "verb", name);
    json_set_text(body, "by", verb_by(run));
    json_set_bool(body, "ok", reply.ok);
    json_set_text(body, "text", reply.text);
    run_event(run, EVENT_VERB, run->node, body);
    struct action *action = run_action(run, ACTION_REPLY);
    action->ticket = json_int(facts, "ticket", 0);
    action->ok = reply.ok;
    action->text = mem_text(reply.text);
}
