/* SPDX-License-Identifier: MIT */
/*
 * The head moves: roll back, undo, redo, to a new branch, to another. Only ever at a boundary, to a
 * checkpoint, by its summary; nothing is deleted. What the branch used goes back with it; money and
 * totals do not.
 */
#include "core/agent/run_data.h"

#include "core/base/bug.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <stdlib.h>
#include <string.h>

void jump_clear(struct run *run)
{
    free(run->jump.summary);
    free(run->jump.by);
    free(run->jump.reason);
    free(run->jump.branch);
    memset(&run->jump, 0, sizeof run->jump);
}

static void push(int64_t *list, int *count, int64_t node)
{
    if (*count == RUN_UNDO_MAX) {
        memmove(list, list + 1, (RUN_UNDO_MAX - 1) * sizeof *list);
        --*count;
    }
    list[(*count)++] = node;
}

static enum world_change change_of(enum head_op op)
{
    return op == HEAD_ROLLBACK ? WORLD_ROLLBACK : WORLD_UNDO;
}

/* Every place that was left can be returned to: a new roll-back clears what could be redone. */
static void remember(struct jumps *jumps, enum head_op op, int64_t left)
{
    if (op == HEAD_ROLLBACK) {
        push(jumps->undo, &jumps->undo_count, left);
        jumps->redo_count = 0;
    } else if (op == HEAD_UNDO) {
        jumps->undo_count--;
        push(jumps->redo, &jumps->redo_count, left);
    } else if (op == HEAD_REDO) {
        jumps->redo_count--;
        push(jumps->undo, &jumps->undo_count, left);
    }
}

static void begin_branch(struct run *run)
{
    struct record *record = run_record(run, RECORD_BRANCH);
    cJSON *body = cJSON_CreateObject();

    record->branch.from_branch = run->branch;
    record->branch.branch = ++run->next_branch;
    record->branch.base = run->node;
    record->branch.name = mem_text(run->jump.branch);
    branches_take(run, branches_add(run, run->next_branch, run->jump.branch));
    json_set_text(body, "name", run->jump.branch);
    json_set_int(body, "from", run->node);
    json_set_text(body, "by", run->jump.by);
    run_event(run, EVENT_FORK, run->node, body);
}

/* The head is another branch's from here on; the one that is left stays as it is: stored as a swap
   that changes nothing, so that a head that somebody else moved shows. */
static void change_branch(struct run *run, int64_t left)
{
    struct record *record = run_record(run, RECORD_HEAD);

    record->head.branch = run->branch;
    record->head.from = record->head.to = left;
    record->head.op = HEAD_APPEND;
    branches_leave(run, left);
    if (run->jump.op == HEAD_FORK)
        begin_branch(run);
    else
        branches_take(run, branches_named(run, run->jump.branch));
}

static bool is_change(enum head_op op)
{
    return op == HEAD_FORK || op == HEAD_SWITCH;
}

static void jump_event(struct run *run, int64_t left)
{
    cJSON *body = cJSON_CreateObject();
    char tip[40];

    str_format(tip, sizeof tip, "%.20s~%d", branches_active(run)->name, run->tips);
    json_set_int(body, "from", left);
    json_set_int(body, "to", run->node);
    json_set_text(body, "op", head_op_name(run->jump.op));
    json_set_int(body, "dropped", run->jump.dropped);
    json_set_int(body, "effects", run->jump.effects);
    json_set_text(body, "by", run->jump.by);
    json_set_text(body, "tip", run->jump.op == HEAD_ROLLBACK ? tip : NULL);
    run_event(run, EVENT_ROLLBACK, run->node, body);
}

static void record_jump(struct run *run, int64_t left)
{
    struct record *record = run_record(run, RECORD_HEAD);

    record->head.branch = run->branch;
    record->head.from = is_change(run->jump.op) ? run->node : left; /* as that branch has it */
    record->head.to = run->node;
    record->head.op = run->jump.op;
    record->head.actor = mem_text(run->jump.by);
    record->head.reason = mem_text(run->jump.reason);
    if (run->jump.op != HEAD_FORK) /* which has an event of its own */
        jump_event(run, left);
}

void jump_now(struct run *run)
{
    cJSON *summary = NULL;
    int64_t left = run->node;
    char reason[128];

    run_record_head(run); /* results that were just written belong to the tip that is left */
    if (json_parse(&summary, run->jump.summary, strlen(run->jump.summary), NULL, NULL) < 0 ||
        run_load_branch(run, summary) < 0) {
        cJSON_Delete(summary);
        jump_clear(run);
        run_notice(run,
                   "the checkpoint cannot be read: the head stays where it is; run rerail fsck");
        run_allow(run, 0, "pause");
        run_enter(run, RUN_PAUSED, "the checkpoint cannot be read");
        return;
    }
    bool completed = json_int(summary, "state", RUN_IDLE) == RUN_COMPLETED;
    cJSON_Delete(summary);
    if (run->jump.op == HEAD_ROLLBACK)
        run->tips++;
    if (is_change(run->jump.op))
        change_branch(run, left);
    remember(&run->jumps, run->jump.op, BUG(BUG_WRONG_UNDO) ? run->node : left);
    record_jump(run, left);
    run->head_before = run->node;
    run->new_segment = true;
    run->checkpoint = run->node;
    run->finishing = run->recovering = run->final = false;
    free(run->partial);
    run->partial = NULL;
    breaks_forget(run);
    idempotency_bump(&run->cache, change_of(run->jump.op));
    run_action(run, ACTION_REWIND)->node = run->node;
    run_allow(run, 0, "rollback");
    if (is_change(run->jump.op))
        str_format(reason, sizeof reason, "on %s, at step %lld", run->jump.branch,
                   (long long)run->node);
    else
        str_format(reason, sizeof reason, "%s to step %lld",
                   run->jump.op == HEAD_ROLLBACK ? "rolled back" : head_op_name(run->jump.op),
                   (long long)run->node);
    jump_clear(run);
    run->phase = completed ? PHASE_ENDED : PHASE_BOUNDARY;
    run_enter(run, completed ? RUN_COMPLETED : RUN_PAUSED, reason);
}
