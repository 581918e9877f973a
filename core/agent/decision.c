/* SPDX-License-Identifier: MIT */
/*
 * What counts as a decision, in bytes: every record but an event's body, and every action. An event
 * may gain a field in a later version without making old runs diverge; a record may not.
 */
#include "core/agent/run.h"

#include "core/base/buf.h"
#include "core/base/mem.h"

#include <string.h>

/* The ceiling is SIZE_MAX: what fails is memory, and half of a decision would be another one. */
static void must(int rc)
{
    if (rc < 0)
        mem_fail(sizeof(struct record));
}

static void put_int(struct buf *b, int64_t value)
{
    must(buf_int(b, value));
    must(buf_char(b, ','));
}

static void put_text(struct buf *b, const char *text)
{
    size_t len = text ? strlen(text) : 0;

    must(buf_int(b, (int64_t)len));
    must(buf_char(b, ':'));
    must(buf_add(b, text, len));
    must(buf_char(b, ','));
}

static void put_hash(struct buf *b, const struct hash *hash)
{
    must(buf_add(b, hash->at, SHA256_BYTES));
}

static void put_call(struct buf *b, const struct record *r)
{
    put_int(b, r->call.call);
    put_int(b, r->call.branch);
    put_int(b, r->call.parent);
    put_int(b, r->call.iteration);
    put_int(b, r->call.node);
    put_int(b, r->call.tokens_in);
    put_int(b, r->call.tokens_out);
    put_int(b, r->call.cost_microusd);
    put_text(b, r->call.finish);
    put_text(b, r->call.error);
}

static void put_attempt(struct buf *b, const struct record *r)
{
    put_int(b, r->attempt.call);
    put_int(b, r->attempt.effect);
    put_int(b, r->attempt.n);
    put_text(b, r->attempt.outcome);
    put_text(b, r->attempt.cause);
    put_int(b, r->attempt.status);
    put_int(b, r->attempt.delay_us);
    put_text(b, r->attempt.delay_source);
}

static void put_effect(struct buf *b, const struct record *r)
{
    put_int(b, r->effect.effect);
    put_int(b, r->effect.node);
    put_int(b, r->effect.index);
    put_text(b, r->effect.tool);
    put_text(b, r->effect.policy);
    put_text(b, r->effect.key);
    put_hash(b, &r->effect.args);
    put_int(b, r->effect.epoch);
}

static void put_effect_state(struct buf *b, const struct record *r)
{
    put_int(b, r->effect_state.effect);
    put_int(b, (int64_t)r->effect_state.state);
    put_int(b, r->effect_state.node);
    put_int(b, r->effect_state.pid);
    put_text(b, r->effect_state.by);
    put_text(b, r->effect_state.note);
}

static void put_status(struct buf *b, const struct record *r)
{
    put_int(b, r->status.state);
    put_text(b, r->status.reason);
    put_int(b, r->status.iterations);
    put_int(b, r->status.tool_calls);
    put_int(b, r->status.errors);
    put_int(b, r->status.retries);
    put_int(b, r->status.tokens_in);
    put_int(b, r->status.tokens_out);
    put_int(b, r->status.cost_microusd);
}

static void put_node(struct buf *b, const struct record *r)
{
    put_int(b, r->node.node);
    put_int(b, r->node.parent);
    put_int(b, r->node.segment);
    put_int(b, r->node.depth);
    put_hash(b, &r->node.chain);
}

static void put_head(struct buf *b, const struct record *r)
{
    put_int(b, r->head.branch);
    put_int(b, r->head.from);
    put_int(b, r->head.to);
    put_int(b, (int64_t)r->head.op);
}

static void put_branch(struct buf *b, const struct record *r)
{
    put_int(b, r->branch.branch);
    put_int(b, r->branch.from_branch);
    put_int(b, r->branch.base);
    put_text(b, r->branch.name);
}

static void put_segment(struct buf *b, const struct record *r)
{
    put_int(b, r->segment.segment);
    put_int(b, r->segment.parent_segment);
    put_int(b, r->segment.base_depth);
}

static void put_checkpoint(struct buf *b, const struct record *r)
{
    put_int(b, r->checkpoint.node);
    put_int(b, r->checkpoint.iteration);
}

static void put_label(struct buf *b, const struct record *r)
{
    put_int(b, r->label.node);
}

static void put_breakpoint(struct buf *b, const struct record *r)
{
    put_int(b, r->breakpoint.breakpoint);
    put_int(b, r->breakpoint.hits);
    put_int(b, r->breakpoint.enabled | r->breakpoint.dropped << 1);
}

static void put_event(struct buf *b, const struct record *r)
{
    put_int(b, (int64_t)r->event.type);
    put_int(b, r->event.node);
}

static void (*const writers[])(struct buf *b, const struct record *r) = {
    [RECORD_STATUS] = put_status,
    [RECORD_SEGMENT] = put_segment,
    [RECORD_NODE] = put_node,
    [RECORD_BRANCH] = put_branch,
    [RECORD_HEAD] = put_head,
    [RECORD_CHECKPOINT] = put_checkpoint,
    [RECORD_CALL] = put_call,
    [RECORD_CALL_END] = put_call,
    [RECORD_ATTEMPT] = put_attempt,
    [RECORD_ATTEMPT_END] = put_attempt,
    [RECORD_EFFECT] = put_effect,
    [RECORD_EFFECT_STATE] = put_effect_state,
    [RECORD_EVENT] = put_event,
    [RECORD_LABEL] = put_label,
    [RECORD_BREAKPOINT] = put_breakpoint,
};

/* Bodies that are part of a decision: what the model will read, and what a name says. The summary
   of a checkpoint is derived from everything else, and an event's body is for people. */
static bool body_decides(enum record_kind kind)
{
    return kind == RECORD_NODE || kind == RECORD_EFFECT || kind == RECORD_EFFECT_STATE ||
           kind == RECORD_LABEL || kind == RECORD_BREAKPOINT;
}

static void put_record(struct buf *b, const struct record *r)
{
    if (r->kind >= sizeof writers / sizeof *writers || !writers[r->kind])
        return; /* RUN and INPUT: not decided here */
    put_int(b, (int64_t)r->kind);
    writers[r->kind](b, r);
    if (body_decides(r->kind)) {
        struct hash body = sha256(r->body ? r->body : "", r->len);

        put_hash(b, &body);
    }
}

static void put_action(struct buf *b, const struct action *a)
{
    put_int(b, -1 - (int64_t)a->kind);
    put_int(b, a->call);
    put_int(b, a->effect);
    put_int(b, a->attempt);
    put_int(b, a->node);
    put_int(b, (int64_t)a->timer);
    put_int(b, a->at_us);
    put_int(b, a->final | a->hold << 1 | a->ok << 2);
    put_int(b, (int64_t)a->variant);
}

struct hash run_decision(const struct step_out *out, size_t batch_from, size_t action_from)
{
    struct buf bytes;

    buf_init(&bytes, SIZE_MAX);
    for (size_t i = batch_from; i < out->batch.count; i++)
        put_record(&bytes, &out->batch.at[i]);
    for (size_t i = action_from; i < out->action_count; i++)
        put_action(&bytes, &out->actions[i]);
    struct hash hash = sha256(bytes.data, bytes.len);
    buf_free(&bytes);
    return hash;
}
