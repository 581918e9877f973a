/* SPDX-License-Identifier: MIT */
/* What the operator says about places: labels, jumps of the head, branches, breakpoints. */
#include "core/agent/step_verb.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <stdlib.h>
#include <string.h>

#define BRANCHES_MAX    256
#define BRANCH_NAME_MAX 64

void verb_label(struct run *run, struct reply *reply)
{
    const char *text = json_text(run->input->facts, "text");
    int64_t node = json_int(run->input->facts, "node", 0);

    if (!json_bool(run->input->facts, "checkpoint", false)) {
        verb_refuse(reply, "step %lld is no checkpoint", (long long)node);
        return;
    }
    struct record *record = run_record(run, RECORD_LABEL);
    cJSON *body = cJSON_CreateObject();
    record->label.node = node;
    record->body = mem_text(text ? text : "");
    record->len = strlen(record->body);
    json_set_text(body, "text", text ? text : "");
    run_event(run, EVENT_LABEL, node, body);
    verb_done(reply,
              text && *text ? "step %lld is now called %s" : "step %lld has no name any more%s",
              (long long)node, text ? text : "");
}

/* --- the head ----------------------------------------------------------------------------------
 */

static int64_t jump_target(const struct run *run, enum head_op op)
{
    const cJSON *facts = run->input->facts;

    if (op == HEAD_UNDO || op == HEAD_REDO)
        return run_undo_target(run, op == HEAD_REDO);
    return op == HEAD_SWITCH ? run_branch_head(run, json_text(facts, "name"))
                             : json_int(facts, "to", 0);
}

/* `branch`: the name of a new one (FORK) or of another (SWITCH); moved. */
static void jump(struct run *run, struct reply *reply, enum head_op op, char *branch)
{
    const cJSON *facts = run->input->facts;
    int64_t to = json_int(facts, "to", 0);

    if (to <= 0 || to != jump_target(run, op) || !run->input->body) {
        bool names = op == HEAD_ROLLBACK || op == HEAD_FORK || op == HEAD_SWITCH;

        verb_refuse(reply, names ? "that step is no checkpoint" : "there is nothing to %s",
                    head_op_name(op));
        free(branch);
        return;
    }
    if (to == run->node && run->phase != PHASE_TOOLS && !branch) {
        verb_refuse(reply, "the head is there already");
        return;
    }
    jump_clear(run);
    run->jump = (struct jump){.wanted = true,
                              .op = op,
                              .to = to,
                              .dropped = json_int(facts, "dropped", 0),
                              .effects = json_int(facts, "effects", 0),
                              .summary = mem_text(run->input->body),
                              .by = mem_text(verb_by(run)),
                              .branch = branch,
                              .reason = mem_text(json_text(facts, "reason"))};
    if (run->phase == PHASE_TOOLS) {
        tools_interrupt(run, "rolled back by the operator");
    } else {
        if (run->phase == PHASE_MODEL || run->phase == PHASE_MODEL_ADMIT ||
            run->phase == PHASE_MODEL_BACKOFF)
            model_interrupt(run, "rolled back by the operator");
        model_boundary(run);
    }
    verb_done(reply,
              run->jump.wanted ? "stopping what is in flight, then to step %lld"
                               : "the head is at step %lld",
              (long long)to);
}

void verb_rollback(struct run *run, struct reply *reply)
{
    jump(run, reply, HEAD_ROLLBACK, NULL);
}

void verb_undo(struct run *run, struct reply *reply)
{
    jump(run, reply, HEAD_UNDO, NULL);
}

void verb_redo(struct run *run, struct reply *reply)
{
    jump(run, reply, HEAD_REDO, NULL);
}

void verb_fork(struct run *run, struct reply *reply)
{
    const char *name = json_text(run->input->facts, "name");
    char own[32];

    str_format(own, sizeof own, "branch-%lld", (long long)run->next_branch + 1);
    if (!name || !*name)
        name = own;
    if (run->branch_count >= BRANCHES_MAX)
        verb_refuse(reply, "a run has at most %d branches", BRANCHES_MAX);
    else if (strlen(name) > BRANCH_NAME_MAX || strpbrk(name, " \t\r\n~#"))
        verb_refuse(reply, "a branch's name is one word of at most %d bytes, without ~ and #",
                    BRANCH_NAME_MAX);
    else if (branches_named(run, name))
        verb_refuse(reply, "there is a branch %s already", name);
    else
        jump(run, reply, HEAD_FORK, mem_text(name));
}

void verb_switch(struct run *run, struct reply *reply)
{
    const char *name = json_text(run->input->facts, "name");
    struct run_branch *branch = branches_named(run, name);

    if (!branch)
        verb_refuse(reply, "there is no branch %s", name ? name : "(none)");
    else if (branch->number == run->branch)
        verb_refuse(reply, "the head is on %s already", name);
    else
        jump(run, reply, HEAD_SWITCH, mem_text(name));
}

/* --- breakpoints ------------------------------------------------------------------------------ */

void verb_break(struct run *run, struct reply *reply)
{
    const char *spec = json_text(run->input->facts, "spec");
    struct err err = {0};
    int64_t number = 0;

    if (breaks_add(run, spec ? spec : "", &number, &err) < 0)
        verb_refuse(reply, "%s", err.msg);
    else
        verb_done(reply, "breakpoint %lld: %s", (long long)number, spec);
}

static struct breakpoint *breakpoint_named(struct run *run, struct reply *reply)
{
    int64_t number = json_int(run->input->facts, "number", 0);
    struct breakpoint *b = breaks_find(run, number);

    if (!b)
        verb_refuse(reply, "there is no breakpoint %lld", (long long)number);
    return b;
}

void verb_delete(struct run *run, struct reply *reply)
{
    struct breakpoint *b = breakpoint_named(run, reply);

    if (!b)
        return;
    verb_done(reply, "breakpoint %lld is gone", (long long)b->number);
    breaks_drop(run, b);
}

void verb_enable(struct run *run, struct reply *reply)
{
    struct breakpoint *b = breakpoint_named(run, reply);

    if (!b)
        return;
    breaks_enable(run, b, true);
    verb_done(reply, "breakpoint %lld is armed: %s", (long long)b->number, b->spec);
}

void verb_disable(struct run *run, struct reply *reply)
{
    struct breakpoint *b = breakpoint_named(run, reply);

    if (!b)
        return;
    breaks_enable(run, b, false);
    verb_done(reply, "breakpoint %lld stays, and stops nothing", (long long)b->number);
}
