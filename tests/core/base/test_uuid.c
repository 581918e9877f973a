/* SPDX-License-Identifier: MIT */
#include "core/base/uuid.h"

#include <string.h>

#include "core/base/pattern.h"
#include "tests/suite.h"

static void names_have_the_shape_of_version_4(void)
{
    static const char shape[] =
        "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$";
    struct pattern *p;
    char name[UUID_TEXT];

    CU_ASSERT_EQUAL_FATAL(pattern_new(&p, shape, 0, NULL), 0);
    for (size_t i = 0; i < 200; i++) {
        uuid_new(name);
        CU_ASSERT_TRUE(pattern_matches(p, name, strlen(name)));
    }
    pattern_free(p);
}

static void names_do_not_repeat(void)
{
    char names[100][UUID_TEXT];

    for (size_t i = 0; i < 100; i++) {
        uuid_new(names[i]);
        for (size_t j = 0; j < i; j++)
            CU_ASSERT_STRING_NOT_EQUAL(names[i], names[j]);
    }
}

/* Each bit of 64 is seen as 0 and as 1: that 200 draws leave one out is a matter of 2^-193. */
static void every_bit_is_random(void)
{
    uint64_t ones = 0, zeros = 0;

    for (size_t i = 0; i < 200; i++) {
        uint64_t bits = uuid_random();
        ones |= bits;
        zeros |= ~bits;
    }
    CU_ASSERT_EQUAL(ones, UINT64_MAX);
    CU_ASSERT_EQUAL(zeros, UINT64_MAX);
}

static void fills_as_many_bytes_as_asked(void)
{
    uint8_t bytes[70], seen[70] = {0};

    for (size_t i = 0; i < 20; i++) {
        memset(bytes, 0, sizeof bytes);
        uuid_bytes(bytes, 69);
        for (size_t at = 0; at < sizeof bytes; at++)
            seen[at] |= bytes[at];
    }
    for (size_t at = 0; at < 69; at++)
        CU_ASSERT_NOT_EQUAL(seen[at], 0);
    CU_ASSERT_EQUAL(seen[69], 0);
}

static const struct test tests[] = {
    {"names have the shape of version 4", names_have_the_shape_of_version_4},
    {"names do not repeat", names_do_not_repeat},
    {"every bit is random", every_bit_is_random},
    {"fills as many bytes as asked", fills_as_many_bytes_as_asked},
    {NULL, NULL},
};

const struct suite suite_uuid = {"uuid", tests};
