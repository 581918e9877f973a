/* SPDX-License-Identifier: MIT */
/*
 * Two different things that are often taken for one. The *key* names a decision by its place in the
 * chain: the same for every retry and after a crash, another when the model decides again. The
 * *cache* serves a recorded result to an equal call of a tool that declares `cache: true`, as long
 * as the world has not moved: any effect that starts, a rollback, undo or restore begins a new
 * epoch.
 */
#ifndef CORE_GUARD_IDEMPOTENCY_H
#define CORE_GUARD_IDEMPOTENCY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/sha256.h"

#define IDEMPOTENCY_KEY 65 /* 64 hexadecimal digits and a NUL */
/* Results remembered; few, because every checkpoint's summary carries them. */
#define IDEMPOTENCY_CACHE 32

/* For RERAIL_IDEMPOTENCY_KEY and Idempotency-Key: call `index` (from 0) of the assistant message
   whose chain hash is given, naming `tool`. */
void idempotency_key(char out[IDEMPOTENCY_KEY], const struct hash *chain, int index,
                     const char *tool);

enum world_change {
    WORLD_EFFECT,   /* an idempotent or once tool was started */
    WORLD_ROLLBACK, /* the head moved back … */
    WORLD_UNDO,     /* … or the rollback was undone or redone */
    WORLD_RESTORE,  /* files were put back */
    WORLD_CLEAR     /* the operator's word */
};

struct idempotency_entry {
    struct hash call;
    int64_t result; /* the node of the recorded result */
};

/* One workspace's world and what is remembered of it. No pointers but the table. */
struct idempotency_cache {
    uint64_t epoch;
    enum world_change last; /* why this epoch began; meaningless in epoch 0 */
    struct idempotency_entry *entries;
    size_t count, cap;
    size_t next; /* the oldest, once full */
};

void idempotency_init(struct idempotency_cache *cache, uint64_t epoch);
void idempotency_free(struct idempotency_cache *cache);
/* A new epoch: everything remembered is forgotten. */
void idempotency_bump(struct idempotency_cache *cache, enum world_change why);
/* `args` is canonical JSON (json_canonical). */
struct hash idempotency_call(const char *tool, const char *args, size_t len);
bool idempotency_get(const struct idempotency_cache *cache, const struct hash *call,
                     int64_t *result);
/* Remembers the result of a call that ran in `epoch`; dropped when the world has moved since. */
void idempotency_put(struct idempotency_cache *cache, const struct hash *call, uint64_t epoch,
                     int64_t result);
/* The i-th of count, oldest first: put in this order they give the same cache again. Borrowed. */
const struct idempotency_entry *idempotency_at(const struct idempotency_cache *cache, size_t i);
const char *world_change_text(enum world_change change);

#endif
