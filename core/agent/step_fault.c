/* SPDX-License-Identifier: MIT */
/*
 * Faults that the operator asks for: the next attempts fail as if the endpoint or the tool had, so
 * that retry, breaker and recovery can be proved before they are needed. Nothing is sent and
 * nothing runs. The failure comes as an input like a real one, so the guards learn from it; it is
 * marked injected wherever it shows.
 */
#include "core/agent/run_data.h"

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <string.h>

#define FAULTS_MAX 1000

static const struct {
    const char *word, *cause;
    enum failure failure;
    int status;
    bool waits; /* as long as the first byte may take */
} rows[FAULT_COUNT] = {
    [FAULT_NONE] = {"off", NULL, FAILURE_NONE, -1, false},
    [FAULT_429] = {"429", "the rate is limited (status 429)", FAILURE_THROTTLED, 429, false},
    [FAULT_500] = {"500", "the server failed (status 500)", FAILURE_SERVER, 500, false},
    [FAULT_HANG] = {"hang", "no byte of an answer came in time", FAILURE_TIMEOUT, -1, true},
    [FAULT_CUT] = {"cut", "the stream broke off", FAILURE_STREAM, 200, false},
    [FAULT_TOOL] = {"tool", "the tool took too long", FAILURE_TIMEOUT, -1, false},
};

int fault_arm(struct run *run, const char *word, int64_t count)
{
    int fault = 0;

    while (fault < FAULT_COUNT && !str_eq(rows[fault].word, word))
        fault++;
    if (fault == FAULT_COUNT || count < 1 || count > FAULTS_MAX)
        return E_PARSE;
    run->fault = (enum fault)fault;
    run->faults = fault == FAULT_NONE ? 0 : count;
    return 0;
}

/* One of those that were asked for. */
static bool take(struct run *run, bool tool)
{
    if (run->faults == 0 || (run->fault == FAULT_TOOL) != tool)
        return false;
    run->faults--;
    return true;
}

bool fault_model(struct run *run)
{
    run->faulted = take(run, false) ? run->fault : FAULT_NONE;
    if (run->faulted == FAULT_NONE)
        return false;
    int64_t wait = rows[run->faulted].waits ? run->config->http.first_byte_us : 0;
    run_timer(run, TIMER_FAULT, 0, run->input->mono_us + wait);
    return true;
}

bool fault_tool(struct run *run, struct tool_slot *slot)
{
    slot->faulted = take(run, true);
    if (slot->faulted)
        run_timer(run, TIMER_FAULT, slot->effect, run->input->mono_us);
    return slot->faulted;
}

void fault_call_off(struct run *run)
{
    if (run->faulted == FAULT_NONE)
        return;
    run->faulted = FAULT_NONE;
    run_timer(run, TIMER_FAULT, 0, -1);
}

static struct input *made_up(enum input_kind kind, enum fault fault)
{
    struct input *input = input_new(kind);

    json_set_text(input->facts, "class", failure_name(rows[fault].failure));
    json_set_text(input->facts, "cause", rows[fault].cause);
    json_set_int(input->facts, "status", rows[fault].status);
    json_set_bool(input->facts, "injected", true);
    return input;
}

struct input *run_fault(const struct run *run, int64_t effect, int64_t now_us)
{
    struct input *input;

    if (effect == 0) {
        if (run->phase != PHASE_MODEL || run->faulted == FAULT_NONE)
            return NULL;
        input = made_up(INPUT_CALL_FAILED, run->faulted);
        json_set_int(input->facts, "call", run->call);
        json_set_int(input->facts, "attempt", run->attempt);
        json_set_int(input->facts, "duration_us", now_us - run->attempt_us);
        json_set_int(input->facts, "first_us", -1);
        json_set_int(input->facts, "retry_after_us", -1);
        return input;
    }
    for (size_t i = 0; i < run->slot_count; i++) {
        const struct tool_slot *slot = &run->slots[i];

        if (slot->effect != effect || !slot->faulted || slot->status != CALL_RUNNING)
            continue;
        input = made_up(INPUT_TOOL_DONE, FAULT_TOOL);
        json_set_int(input->facts, "effect", effect);
        json_set_int(input->facts, "attempt", slot->attempt);
        json_set_int(input->facts, "duration_us", 0);
        input->body = mem_text(rows[FAULT_TOOL].cause);
        input->len = strlen(input->body);
        return input;
    }
    return NULL;
}
