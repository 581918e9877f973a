/* SPDX-License-Identifier: MIT */
#include "core/journal.h"

#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

const char *node_kind_name(enum node_kind kind)
{
    static const char *const names[NODE_KIND_COUNT] = {
        [NODE_GENESIS] = "genesis",     [NODE_SYSTEM] = "system", [NODE_USER] = "user",
        [NODE_ASSISTANT] = "assistant", [NODE_TOOL] = "tool",
    };

    return names[kind];
}

struct hash node_chain(const struct hash *parent, enum node_kind kind, const struct hash *body,
                       int64_t number)
{
    const char *name = node_kind_name(kind);
    struct hash_part parts[] = {
        {parent->at, SHA256_BYTES},
        {name, strlen(name)},
        {body->at, SHA256_BYTES},
        {&number, sizeof number},
    };

    return sha256_parts(parts, sizeof parts / sizeof *parts);
}

const char *effect_state_name(enum effect_state state)
{
    static const char *const names[EFFECT_STATE_COUNT] = {
        [EFFECT_INTENT] = "intent",   [EFFECT_STARTED] = "started", [EFFECT_OK] = "ok",
        [EFFECT_FAILED] = "failed",   [EFFECT_STOPPED] = "stopped", [EFFECT_IN_DOUBT] = "in_doubt",
        [EFFECT_SKIPPED] = "skipped", [EFFECT_ASSUMED] = "assumed", [EFFECT_CACHED] = "cached",
    };

    return names[state];
}

const char *head_op_name(enum head_op op)
{
    static const char *const names[HEAD_OP_COUNT] = {
        [HEAD_APPEND] = "append", [HEAD_ROLLBACK] = "rollback", [HEAD_UNDO] = "undo",
        [HEAD_REDO] = "redo",     [HEAD_FORK] = "fork",         [HEAD_SWITCH] = "switch",
    };

    return names[op];
}

static void free_texts(char **texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(texts[i]);
        texts[i] = NULL;
    }
}

#define FREE_TEXTS(...)                                                                            \
    do {                                                                                           \
        char *texts[] = {__VA_ARGS__};                                                             \
        free_texts(texts, sizeof texts / sizeof *texts);                                           \
    } while (0)

void record_free(struct record *r)
{
    switch (r->kind) {
    case RECORD_RUN:
        FREE_TEXTS(r->run_row.uid, r->run_row.title, r->run_row.agent, r->run_row.model,
                   r->run_row.provider, r->run_row.workspace, r->run_row.origin,
                   r->run_row.origin_uid, r->run_row.parent, r->run_row.race, r->run_row.lane);
        break;
    case RECORD_STATUS: FREE_TEXTS(r->status.reason); break;
    case RECORD_INPUT: FREE_TEXTS(r->input.facts); break;
    case RECORD_BRANCH: FREE_TEXTS(r->branch.name); break;
    case RECORD_HEAD: FREE_TEXTS(r->head.actor, r->head.reason); break;
    case RECORD_CALL:
    case RECORD_CALL_END:
        FREE_TEXTS(r->call.model, r->call.provider, r->call.finish, r->call.error);
        break;
    case RECORD_ATTEMPT:
    case RECORD_ATTEMPT_END:
        FREE_TEXTS(r->attempt.outcome, r->attempt.cause, r->attempt.delay_source,
                   r->attempt.request_id);
        break;
    case RECORD_EFFECT:
        FREE_TEXTS(r->effect.tool, r->effect.policy, r->effect.call_id, r->effect.key);
        break;
    case RECORD_EFFECT_STATE:
        FREE_TEXTS(r->effect_state.boot_id, r->effect_state.by, r->effect_state.note);
        break;
    case RECORD_SEGMENT:
    case RECORD_NODE:
    case RECORD_CHECKPOINT:
    case RECORD_EVENT:
    case RECORD_LABEL:
    case RECORD_BREAKPOINT: break;
    }
    free(r->body);
    memset(r, 0, sizeof *r);
}

struct record *batch_add(struct batch *batch, enum record_kind kind)
{
    batch->at = mem_room(batch->at, batch->count, &batch->cap, sizeof *batch->at);
    struct record *record = &batch->at[batch->count++];

    memset(record, 0, sizeof *record);
    record->kind = kind;
    return record;
}

void batch_clear(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        record_free(&batch->at[i]);
    batch->count = 0;
}

void batch_free(struct batch *batch)
{
    batch_clear(batch);
    free(batch->at);
    memset(batch, 0, sizeof *batch);
}

void run_image_free(struct run_image *image)
{
    for (size_t i = 0; i < image->input_count; i++) {
        free(image->inputs[i].facts);
        free(image->inputs[i].body);
    }
    free(image->inputs);
    free(image->uid);
    free(image->config);
    free(image->workspace);
    free(image->provider);
    free(image->summary);
    memset(image, 0, sizeof *image);
}
