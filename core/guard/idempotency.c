/* SPDX-License-Identifier: MIT */
#include "core/guard/idempotency.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

void idempotency_key(char out[IDEMPOTENCY_KEY], const struct hash *chain, int index,
                     const char *tool)
{
    uint8_t place[4] = {(uint8_t)index, (uint8_t)(index >> 8), (uint8_t)(index >> 16),
                        (uint8_t)(index >> 24)}; /* the same on every machine */
    struct hash_part parts[] = {
        {chain->at, sizeof chain->at}, {place, sizeof place}, {tool, strlen(tool)}};
    struct hash key = sha256_parts(parts, sizeof parts / sizeof *parts);

    sha256_text(out, &key);
}

struct hash idempotency_call(const char *tool, const char *args, size_t len)
{
    struct hash_part parts[] = {{tool, strlen(tool)}, {args, len}};

    return sha256_parts(parts, sizeof parts / sizeof *parts);
}

void idempotency_init(struct idempotency_cache *cache, uint64_t epoch)
{
    *cache = (struct idempotency_cache){.epoch = epoch};
}

void idempotency_free(struct idempotency_cache *cache)
{
    free(cache->entries);
    idempotency_init(cache, cache->epoch);
}

void idempotency_bump(struct idempotency_cache *cache, enum world_change why)
{
    cache->epoch++;
    cache->last = why;
    cache->count = 0;
    cache->next = 0;
}

static struct idempotency_entry *find(const struct idempotency_cache *cache,
                                      const struct hash *call)
{
    for (size_t i = 0; i < cache->count; i++)
        if (memcmp(&cache->entries[i].call, call, sizeof *call) == 0)
            return &cache->entries[i];
    return NULL;
}

bool idempotency_get(const struct idempotency_cache *cache, const struct hash *call,
                     int64_t *result)
{
    const struct idempotency_entry *entry = find(cache, call);

    if (entry)
        *result = entry->result;
    return entry != NULL;
}

/* A free entry, or the oldest one. */
static struct idempotency_entry *slot(struct idempotency_cache *cache)
{
    if (cache->count == IDEMPOTENCY_CACHE) {
        struct idempotency_entry *oldest = &cache->entries[cache->next];

        cache->next = (cache->next + 1) % IDEMPOTENCY_CACHE;
        return oldest;
    }
    cache->entries = mem_room(cache->entries, cache->count, &cache->cap, sizeof *cache->entries);
    return &cache->entries[cache->count++];
}

void idempotency_put(struct idempotency_cache *cache, const struct hash *call, uint64_t epoch,
                     int64_t result)
{
    struct idempotency_entry *entry = find(cache, call);

    if (epoch != cache->epoch)
        return;
    if (!entry)
        entry = slot(cache);
    *entry = (struct idempotency_entry){.call = *call, .result = result};
}

const struct idempotency_entry *idempotency_at(const struct idempotency_cache *cache, size_t i)
{
    return &cache->entries[(cache->next + i) % cache->count];
}

const char *world_change_text(enum world_change change)
{
    static const char *const texts[] = {
        [WORLD_EFFECT] = "an effect started",
        [WORLD_ROLLBACK] = "the run was rolled back",
        [WORLD_UNDO] = "a rollback was undone",
        [WORLD_RESTORE] = "files were restored",
        [WORLD_CLEAR] = "the operator cleared the cache",
    };

    return texts[change];
}
