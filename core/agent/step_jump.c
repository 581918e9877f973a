/* SPDX-License-Identifier: MIT */
/*
 * The head moves: roll back, undo, redo. Only ever at a boundary, to a checkpoint, by its summary;
 * nothing is deleted. What the branch used goes back with it; money and totals do not.
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
static void remember(struct run *run, enum head_op op, int64_t left)
{
    if (op == HEAD_ROLLBACK) {
        push(run->undo, &run->undo_count, left);
        run->redo_count = 0;
    } else if (op == HEAD_UNDO) {
        run->undo_count--;
        push(run->redo, &run->redo_count, left);
    } else {
        run->redo_count--;
        push(run->undo, &run->undo_count, left);
    }
}

static void record_jump(struct run *run, int64_t left)
{
    struct record *record = run_record(run, RECORD_HEAD);
    cJSON *body = cJSON_CreateObject();
    char tip[32];

    record->head.branch = run->branch;
    record->head.from = left;
    record->head.to = run->node;
    record->head.op = run->jump.op;
    record->head.actor = mem_text(run->jump.by);
    record->head.reason = mem_text(run->jump.reason);
    str_format(tip, sizeof tip, "main~%d", run->tips);
    json_set_int(body, "from", left);
    json_set_int(body, "to", run->node);
    json_set_text(body, "op", head_op_name(run->jump.op));
    json_set_int(body, "dropped", run->jump.dropped);
    json_set_int(body, "effects", run->jump.effects);
    json_set_text(body, "by", run->jump.by);
    json_set_text(body, "tip", run->jump.op == HEAD_ROLLBACK ? tip : NULL);
    run_event(run, EVENT_ROLLBACK, run->node, body);
}

void jump_now(struct run *run)
{
    cJSON *summary = NULL;
    int64_t left = run->node;
    char reason[64];

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
    remember(run, run->jump.op, BUG(BUG_WRONG_UNDO) ? run->node : left);
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
    str_format(reason, sizeof reason, "%s to step %lld",
               run->jump.op == HEAD_ROLLBACK ? "rolled back" : head_op_name(run->jump.op),
               (long long)run->node);
    jump_clear(run);
    run->phase = completed ? PHASE_ENDED : PHASE_BOUNDARY;
    run_enter(run, completed ? RUN_COMPLETED : RUN_PAUSED, reason);
}
