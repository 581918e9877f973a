/* SPDX-License-Identifier: MIT */
#include "core/guard/idempotency.h"

#include <string.h>

#include "tests/suite.h"

static void test_key(void)
{
    struct hash one = {{1}}, two = {{2}};
    char keys[5][IDEMPOTENCY_KEY];

    idempotency_key(keys[0], &one, 0, "shell");
    idempotency_key(keys[1], &one, 0, "shell");
    CU_ASSERT_STRING_EQUAL(keys[0], keys[1]);
    CU_ASSERT_EQUAL(strlen(keys[0]), 64);
    idempotency_key(keys[1], &one, 1, "shell");
    idempotency_key(keys[2], &two, 0, "shell");
    idempotency_key(keys[3], &one, 0, "stock");
    idempotency_key(keys[4], &one, 256, "shell");
    for (size_t i = 0; i < 5; i++)
        for (size_t k = i + 1; k < 5; k++)
            CU_ASSERT(strcmp(keys[i], keys[k]) != 0);
}

static void test_key_is_fixed(void)
{
    struct hash chain = {{0}};
    char key[IDEMPOTENCY_KEY];

    /* sha256 over 8-byte little-endian lengths and parts: 32 zero bytes, 03 00 00 00, "stock". What
       other programs remembered under a key must not be forgotten by an update of rerail. */
    idempotency_key(key, &chain, 3, "stock");
    CU_ASSERT_STRING_EQUAL(key, "2fd2b049966bde0f2d8baaa57b70894af7289c23fdf5e8856064b7fbf5bd38dd");
}

static struct hash call_of(const char *tool, const char *args)
{
    return idempotency_call(tool, args, strlen(args));
}

static bool knows(const struct idempotency_cache *cache, const struct hash *call, int64_t result)
{
    int64_t got = -1;

    return idempotency_get(cache, call, &got) && got == result;
}

static void test_remembers(void)
{
    struct idempotency_cache cache;
    struct hash a = call_of("price", "{\"sku\":1}"), b = call_of("price", "{\"sku\":2}");
    struct hash c = call_of("pricex", "{\"sku\":1}"), d = call_of("price{", "\"sku\":1}");
    int64_t result = 5;

    idempotency_init(&cache, 7);
    CU_ASSERT_FALSE(idempotency_get(&cache, &a, &result));
    CU_ASSERT_EQUAL(result, 5);
    idempotency_put(&cache, &a, 7, 41);
    CU_ASSERT(knows(&cache, &a, 41));
    CU_ASSERT_FALSE(idempotency_get(&cache, &b, &result));
    CU_ASSERT_FALSE(idempotency_get(&cache, &c, &result));
    CU_ASSERT_FALSE(idempotency_get(&cache, &d, &result));
    idempotency_put(&cache, &a, 7, 42);
    CU_ASSERT(knows(&cache, &a, 42));
    CU_ASSERT_EQUAL(cache.count, 1);
    idempotency_free(&cache);
}

static void test_epochs(void)
{
    static const enum world_change changes[] = {WORLD_EFFECT, WORLD_ROLLBACK, WORLD_UNDO,
                                                WORLD_RESTORE, WORLD_CLEAR};
    struct idempotency_cache cache;
    struct hash call = call_of("price", "{}");
    int64_t result;

    idempotency_init(&cache, 0);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        idempotency_put(&cache, &call, cache.epoch, 1);
        CU_ASSERT(idempotency_get(&cache, &call, &result));
        idempotency_bump(&cache, changes[i]);
        CU_ASSERT_FALSE(idempotency_get(&cache, &call, &result));
        CU_ASSERT_EQUAL(cache.epoch, i + 1);
        CU_ASSERT_EQUAL(cache.last, changes[i]);
        CU_ASSERT(world_change_text(changes[i])[0] != '\0');
    }
    idempotency_free(&cache);
}

static void test_world_moved_meanwhile(void)
{
    struct idempotency_cache cache;
    struct hash call = call_of("price", "{}");
    int64_t result;

    idempotency_init(&cache, 3);
    idempotency_bump(&cache, WORLD_EFFECT);
    idempotency_put(&cache, &call, 3, 1);
    CU_ASSERT_FALSE(idempotency_get(&cache, &call, &result));
    idempotency_free(&cache);
}

static struct hash numbered(int64_t n)
{
    return sha256(&n, sizeof n);
}

static void test_bounded(void)
{
    struct idempotency_cache cache;
    int64_t n = IDEMPOTENCY_CACHE + 10, result;

    idempotency_init(&cache, 0);
    for (int64_t i = 0; i < n; i++) {
        struct hash call = numbered(i);

        idempotency_put(&cache, &call, 0, i);
    }
    CU_ASSERT_EQUAL(cache.count, IDEMPOTENCY_CACHE);
    for (int64_t i = 0; i < n; i++) {
        struct hash call = numbered(i);

        if (i < 10)
            CU_ASSERT_FALSE(idempotency_get(&cache, &call, &result))
        else
            CU_ASSERT(knows(&cache, &call, i));
    }
    idempotency_free(&cache);
}

static const struct test tests[] = {
    {"a key names the decision: chain, place and tool", test_key},
    {"keys never change between versions", test_key_is_fixed},
    {"an equal call of the same tool is remembered, no other", test_remembers},
    {"every change of the world begins a new epoch and forgets", test_epochs},
    {"a result from before the world moved is not remembered", test_world_moved_meanwhile},
    {"the cache is bounded and drops the oldest", test_bounded},
    {NULL, NULL},
};

const struct suite suite_idempotency = {"idempotency", tests};
