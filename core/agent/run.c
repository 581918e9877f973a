/* SPDX-License-Identifier: MIT */
#include "core/agent/run.h"

#include "core/agent/run_data.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

double run_ms(int64_t us)
{
    return (double)us / US_PER_MS;
}

void step_out_clear(struct step_out *out)
{
    batch_clear(&out->batch);
    for (size_t i = 0; i < out->action_count; i++)
        free(out->actions[i].text);
    out->action_count = 0;
}

void step_out_free(struct step_out *out)
{
    step_out_clear(out);
    batch_free(&out->batch);
    free(out->actions);
    memset(out, 0, sizeof *out);
}

struct record *run_record(struct run *run, enum record_kind kind)
{
    struct record *record = batch_add(&run->out->batch, kind);

    record->run = run->id;
    record->wall_us = run->input->wall_us;
    return record;
}

struct action *run_action(struct run *run, enum action_kind kind)
{
    struct step_out *out = run->out;

    out->actions =
        mem_room(out->actions, out->action_count, &out->action_cap, sizeof *out->actions);
    struct action *action = &out->actions[out->action_count++];
    memset(action, 0, sizeof *action);
    action->kind = kind;
    return action;
}

void run_event(struct run *run, enum event_type type, int64_t node, cJSON *body)
{
    struct record *record = run_record(run, RECORD_EVENT);

    record->event.type = type;
    record->event.branch = run->branch;
    record->event.node = node;
    record->body = json_print(body);
    record->len = strlen(record->body);
    cJSON_Delete(body);
}

void run_notice(struct run *run, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    cJSON *body = cJSON_CreateObject();

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    json_set_text(body, "text", text);
    run_event(run, EVENT_NOTICE, 0, body);
}

void run_timer(struct run *run, enum timer_kind timer, int64_t effect, int64_t at_us)
{
    struct action *action = run_action(run, ACTION_TIMER);

    action->timer = timer;
    action->effect = effect;
    action->at_us = at_us;
}

void run_allow(struct run *run, int left, const char *reason)
{
    char *kept = mem_text(reason); /* may be go_reason itself */

    free(run->go_reason);
    run->go_reason = kept;
    run->go = left;
}

bool run_take_step(struct run *run)
{
    if (run->go == 0)
        return false;
    if (run->go > 0 && --run->go == 0)
        run_allow(run, 0, "step");
    return true;
}

static void record_status(struct run *run)
{
    struct record *record = run_record(run, RECORD_STATUS);

    record->status.state = (int)run->state;
    record->status.reason = mem_text(run->reason);
    record->status.iterations = run->branch_sum.iterations;
    record->status.tool_calls = run->branch_sum.tool_calls;
    record->status.errors = run->branch_sum.errors;
    record->status.retries = run->branch_sum.retries;
    record->status.tokens_in = run->total.tokens_in;
    record->status.tokens_out = run->total.tokens_out;
    record->status.tokens_cached = run->total.tokens_cached;
    record->status.cost_microusd = run->total.cost;
    record->status.branch = run->branch;
}

/* The deadline is of active time, so it is armed anew with each state. */
static void arm_deadline(struct run *run)
{
    int64_t left = limits_left_us(run);
    bool counts = state_info(run->state)->active && !run->parked && left != INT64_MAX;

    run_timer(run, TIMER_DEADLINE, 0, counts ? run->input->mono_us + left : -1);
}

static void state_event(struct run *run, enum run_state state, const char *reason)
{
    cJSON *body = cJSON_CreateObject();
    int64_t since = run->state_since_us > 0 ? run->state_since_us : run->input->mono_us;

    json_set_text(body, "from", state_name(run->state));
    json_set_text(body, "to", state_name(state));
    json_set_text(body, "reason", reason);
    json_set_number(body, "spent_ms", run_ms(run->input->mono_us - since));
    run_event(run, EVENT_STATE_CHANGE, run->node, body);
    run->state_since_us = run->input->mono_us;
}

/* Another reason for the same state is worth a new row in the lists, not an event. */
void run_enter(struct run *run, enum run_state state, const char *reason)
{
    if (state == run->state && str_eq(reason, run->reason))
        return;
    assert(state == run->state || state_allows(run->state, state));
    char *kept = mem_text(reason); /* may be run->reason itself */
    if (state != run->state)
        state_event(run, state, kept);
    free(run->reason);
    run->reason = kept;
    run->state = state;
    record_status(run);
    arm_deadline(run);
}

static void begin_segment(struct run *run)
{
    struct record *record = run_record(run, RECORD_SEGMENT);

    record->segment.parent_segment = run->segment;
    record->segment.base_depth = run->depth + 1;
    run->segment = record->segment.segment = ++run->next_segment;
    run->new_segment = false;
}

int64_t run_append_body(struct run *run, enum node_kind kind, char *body, size_t len)
{
    if (run->new_segment)
        begin_segment(run);
    int64_t number = ++run->next_node;
    struct hash content = sha256(body, len);
    struct record *record = run_record(run, RECORD_NODE);

    run->chain = node_chain(&run->chain, kind, &content, number);
    record->node.node = number;
    record->node.parent = run->node;
    record->node.segment = run->segment;
    record->node.depth = ++run->depth;
    record->node.type = kind;
    record->node.chain = run->chain;
    record->body = body;
    record->len = len;
    run->node = number;
    return number;
}

int64_t run_append(struct run *run, enum node_kind kind, const struct message *message)
{
    struct buf text;

    buf_init(&text, (size_t)2 * MESSAGE_TEXT_MAX + (1u << 20));
    int rc = message_print(&text, message);
    if (rc == E_NOMEM)
        mem_fail(text.len);
    if (rc < 0)
        buf_clear(&text); /* over every ceiling: cannot come from a parser of ours */
    size_t len = text.len;
    return run_append_body(run, kind, buf_take(&text), len);
}

void run_append_text(struct run *run, enum node_kind kind, enum message_role role, const char *text)
{
    struct message *message = message_new(role, text);

    run_append(run, kind, message);
    message_free(message);
}

static void put_genesis(struct run *run)
{
    const struct run_spec *spec = run->spec;
    cJSON *genesis = cJSON_CreateObject();

    json_set_text(genesis, "run", run->uid);
    json_set_text(genesis, "agent", run->config->agent.name);
    json_set_int(genesis, "loop", spec->loop);
    if (spec->past) {
        json_set_text(genesis, "from", spec->past->run);
        json_set_int(genesis, "step", spec->past->step);
    }
    char *text = json_print(genesis);
    cJSON_Delete(genesis);
    run_append_body(run, NODE_GENESIS, text, strlen(text));
}

static void start_event(struct run *run)
{
    const struct run_spec *spec = run->spec;
    cJSON *body = cJSON_CreateObject();

    json_set_text(body, "task", spec->task);
    json_set_text(body, "model", run->config->model.name);
    json_set_text(body, "provider", spec->provider);
    json_set_text(body, "workspace", spec->workspace);
    if (spec->past) {
        json_set_text(body, "from", spec->past->run);
        json_set_int(body, "from_step", spec->past->step);
    }
    run_event(run, EVENT_SESSION_START, run->node, body);
}

/* The messages that the run begins with; whether the last is an answer with nothing left to do. */
static bool append_past(struct run *run)
{
    static const enum node_kind kinds[] = {[ROLE_SYSTEM] = NODE_SYSTEM,
                                           [ROLE_USER] = NODE_USER,
                                           [ROLE_ASSISTANT] = NODE_ASSISTANT,
                                           [ROLE_TOOL] = NODE_TOOL};
    bool ended = false;

    for (const char *line = run->spec->past->messages; *line;) {
        size_t len = strcspn(line, "\n");
        struct message *message = NULL;

        if (message_parse(&message, line, len, NULL) == 0) { /* it was read before: run_spec.h */
            run_append(run, kinds[message->role], message);
            ended = message->role == ROLE_ASSISTANT && message->call_count == 0;
        }
        message_free(message);
        line += len + (line[len] == '\n');
    }
    return ended;
}

/* Genesis, the system prompt, and the task or what another run had come to. */
static void start(struct run *run)
{
    const struct run_past *past = run->spec->past;
    bool ended = false;

    if (run->phase != PHASE_NEW)
        return;
    struct record *branch = run_record(run, RECORD_BRANCH);
    branch->branch.branch = run->branch = ++run->next_branch;
    branch->branch.name = mem_text("main");
    (void)branches_add(run, run->branch, "main");
    put_genesis(run);
    start_event(run);
    if (run->config->agent.system && *run->config->agent.system)
        run_append_text(run, NODE_SYSTEM, ROLE_SYSTEM, run->config->agent.system);
    if (past)
        ended = append_past(run);
    else
        run_append_text(run, NODE_USER, ROLE_USER, run->spec->task);
    run_enter(run, RUN_RUNNING, "started");
    if (past && past->held)
        run_allow(run, 0, "begun from another run");
    if (ended)
        model_rest(run, "begun from a run that had ended");
    else
        model_boundary(run);
}

/* A process took the run from history: what was in flight is lost with the one before. */
static void recovered(struct run *run)
{
    cJSON *body = cJSON_CreateObject();

    json_set_int(body, "pid", json_int(run->input->facts, "pid", 0));
    json_set_text(body, "how", json_text(run->input->facts, "how"));
    run_event(run, EVENT_OWNER, run->node, body);
    run->state_since_us = run->input->mono_us;
    if (str_eq(json_text(run->input->facts, "how"), "visit"))
        run_allow(run, 0, "taken for a command");
    if (run->phase == PHASE_NEW) {
        start(run); /* stored, but its first decision was not */
        return;
    }
    if (run->phase == PHASE_MODEL)
        model_abandon(run, "lost", "rerail ended while it was in flight");
    if (run->phase == PHASE_TOOLS)
        tools_recover(run);
    else if (run->phase == PHASE_MODEL_ADMIT || run->phase == PHASE_MODEL_BACKOFF)
        model_resume(run);
    arm_deadline(run);
}

static void timer(struct run *run)
{
    int64_t which = json_int(run->input->facts, "timer", -1);

    if (which == TIMER_MODEL)
        model_timer(run);
    else if (which == TIMER_TOOL)
        tools_timer(run);
    else if (which == TIMER_DEADLINE)
        model_deadline(run);
}

static void admission(struct run *run)
{
    if (json_int(run->input->facts, "effect", 0) > 0)
        tools_admission(run);
    else
        model_admission(run);
}

static void (*const deciders[INPUT_KIND_COUNT])(struct run *run) = {
    [INPUT_START] = start,           [INPUT_ADMISSION] = admission,
    [INPUT_ANSWER] = model_answer,   [INPUT_CALL_FAILED] = model_call_failed,
    [INPUT_SPAWNED] = tools_spawned, [INPUT_TOOL_DONE] = tools_done,
    [INPUT_TIMER] = timer,           [INPUT_VERB] = verb_step,
    [INPUT_CHECKED] = tools_checked, [INPUT_RECOVERED] = recovered,
};

/* Time since the last input belongs to the state that the run was in. A clock that went backwards
   (another process, another boot) counts as no time. */
static void pass_time(struct run *run)
{
    int64_t passed = run->input->mono_us - run->last_us;

    if (passed > 0 && run->last_us > 0 && run->input->kind != INPUT_RECOVERED) {
        run->spent_us[run->state] += passed;
        if (state_info(run->state)->active && !run->parked) {
            run->branch_sum.active_us += passed;
            run->total.active_us += passed;
        }
    }
    run->last_us = run->input->mono_us;
}

void run_record_head(struct run *run)
{
    if (run->node == run->head_before)
        return;
    struct record *record = run_record(run, RECORD_HEAD);
    record->head.branch = run->branch;
    record->head.from = run->head_before;
    record->head.to = run->node;
    record->head.op = HEAD_APPEND;
    run->head_before = run->node;
}

void run_record_checkpoint(struct run *run, int64_t seq)
{
    struct record *record = run_record(run, RECORD_CHECKPOINT);

    record->checkpoint.node = run->checkpoint;
    record->checkpoint.iteration = run->branch_sum.iterations;
    record->checkpoint.input_seq = seq;
    record->body = run_save(run);
    record->len = strlen(record->body);
}

void run_step(struct run *run, const struct input *input, struct step_out *out)
{
    size_t batch_from = out->batch.count, action_from = out->action_count;

    run->input = input;
    run->out = out;
    run->head_before = run->node;
    run->checkpoint_due = false;
    run->next_seq = input->seq + 1;
    pass_time(run);
    struct moment_sums sums = breaks_sums(run);
    deciders[input->kind](run);
    breaks_judge(run, batch_from, &sums);
    run_record_head(run);
    if (run->checkpoint_due)
        run_record_checkpoint(run, input->seq);
    struct hash decided = run_decision(out, batch_from, action_from);
    struct hash bound = input_bind(input, &decided);
    input_record(input, &bound, run_record(run, RECORD_INPUT));
    run->input = NULL;
    run->out = NULL;
}

int run_change(struct run *run, const char *name, const char *value, struct err *err)
{
    int rc = run_config_set(run->config, name, value, err);

    if (rc < 0)
        return rc;
    cJSON *change = cJSON_CreateObject();
    json_set_text(change, "name", name);
    json_set_text(change, "value", value);
    if (!run->changes)
        run->changes = cJSON_CreateArray();
    cJSON_AddItemToArray(run->changes, change);
    return 0;
}

int run_new(struct run **out, int64_t id, const char *uid, const char *spec, struct err *err)
{
    struct run *run = mem_new(sizeof *run);

    run->id = id;
    run->uid = mem_text(uid);
    run->go = -1;
    run->next_seq = 1;
    run->depth = -1; /* genesis is 0 */
    run->new_segment = true;
    idempotency_init(&run->cache, 0);
    int rc = run_spec_parse(&run->spec, spec, err);
    if (rc == 0) {
        run->config = run->spec->config;
        rc = run_spec_toolset(&run->tools, run->spec, err);
    }
    if (rc < 0) {
        run_free(run);
        return rc;
    }
    *out = run;
    return 0;
}

void run_free(struct run *run)
{
    if (!run)
        return;
    slots_free(run);
    jump_clear(run);
    for (size_t i = 0; i < run->note_count; i++) {
        free(run->notes[i].text);
        free(run->notes[i].by);
    }
    free(run->notes);
    grants_free(run);
    breaks_free(run);
    branches_free(run);
    cJSON_Delete(run->changes);
    idempotency_free(&run->cache);
    toolset_free(run->tools);
    run_spec_free(run->spec);
    free(run->go_reason);
    free(run->partial);
    free(run->reason);
    free(run->uid);
    free(run);
}

int64_t run_id(const struct run *run)
{
    return run->id;
}

const char *run_uid(const struct run *run)
{
    return run->uid;
}

int64_t run_next_seq(const struct run *run)
{
    return run->next_seq;
}

enum run_state run_state(const struct run *run)
{
    return run->state;
}

int64_t run_head(const struct run *run)
{
    return run->node;
}

int64_t run_branch(const struct run *run)
{
    return run->branch;
}

bool run_finishing(const struct run *run)
{
    return run->final;
}

bool run_in_flight(const struct run *run)
{
    if (run->phase == PHASE_MODEL)
        return true;
    for (size_t i = 0; i < run->slot_count; i++)
        if (run->slots[i].status == CALL_RUNNING || run->slots[i].status == CALL_SPAWNING)
            return true;
    return false;
}

int64_t run_undo_target(const struct run *run, bool redo)
{
    const int64_t *list = redo ? run->jumps.redo : run->jumps.undo;
    int count = redo ? run->jumps.redo_count : run->jumps.undo_count;

    return count > 0 ? list[count - 1] : 0;
}

const struct hash *run_chain(const struct run *run)
{
    return &run->chain;
}

int64_t run_depth(const struct run *run)
{
    return run->depth;
}

bool run_jumped(const struct run *run)
{
    return run->tips > 0 || run->branch_count > 1;
}

const struct run_spec *run_spec(const struct run *run)
{
    return run->spec;
}

const struct toolset *run_tools(const struct run *run)
{
    return run->tools;
}

size_t run_grants(const struct run *run, const struct policy_grant **out)
{
    *out = run->grants;
    return run->grant_count;
}

bool run_call_view(const struct run *run, int64_t effect, struct call_view *out)
{
    for (size_t i = 0; i < run->slot_count; i++) {
        const struct tool_slot *slot = &run->slots[i];

        if (slot->effect != effect)
            continue;
        *out = (struct call_view){.effect = effect,
                                  .attempt = slot->attempt,
                                  .tool = slot->tool,
                                  .args = slot->args,
                                  .key = slot->key,
                                  .approved = slot->approved};
        return true;
    }
    return false;
}
