/* SPDX-License-Identifier: MIT */
#include "core/base/clock.h"

#include "tests/suite.h"

static int64_t counted(void *self)
{
    return ++*(int64_t *)self;
}

static void asks_the_clock_it_was_given(void)
{
    int64_t mono = 10, wall = 100;
    struct clock clock = {.mono_us = counted, .wall_us = counted, .self = &mono};

    CU_ASSERT_EQUAL(clock_mono(&clock), 11);
    CU_ASSERT_EQUAL(clock_mono(&clock), 12);
    clock.self = &wall;
    CU_ASSERT_EQUAL(clock_wall(&clock), 101);
}

static void the_systems_clock_does_not_go_back(void)
{
    struct clock clock = clock_system();
    int64_t before = clock_mono(&clock);

    CU_ASSERT(before > 0);
    CU_ASSERT(clock_mono(&clock) >= before);
    CU_ASSERT(clock_wall(&clock) > INT64_C(1600000000) * US_PER_S);
}

static void writes_moments_as_iso_8601(void)
{
    static const struct {
        int64_t us;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000000Z"},
        {-1, "1969-12-31T23:59:59.999999Z"},
        {INT64_C(1763934652123456), "2025-11-23T21:50:52.123456Z"},
        {INT64_C(951782400000000), "2000-02-29T00:00:00.000000Z"},
        {INT64_MAX, "294247-01-10T04:00:54.775807Z"},
        {INT64_MIN, "-290308-12-21T19:59:05.224192Z"},
    };
    char out[CLOCK_ISO];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clock_iso(out, cases[i].us);
        CU_ASSERT_STRING_EQUAL(out, cases[i].text);
    }
}

static void writes_stretches_of_time(void)
{
    static const struct {
        int64_t us;
        const char *span, *brief;
    } cases[] = {
        {-5, "0:00", "0ms"},
        {999, "0:00", "0ms"},
        {430 * US_PER_MS, "0:00", "430ms"},
        {999999, "0:00", "999ms"},
        {1999 * US_PER_MS, "0:01", "1.9s"},
        {41 * US_PER_S, "0:41", "41.0s"},
        {INT64_C(59999999), "0:59", "59.9s"},
        {INT64_C(182) * US_PER_S, "3:02", "3m02s"},
        {INT64_C(723) * US_PER_S, "12:03", "12m03s"},
        {INT64_C(3723) * US_PER_S, "1:02:03", "1h02m"},
        {INT64_C(360000) * US_PER_S, "100:00:00", "100h00m"},
    };
    char out[32];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clock_span(out, sizeof out, cases[i].us);
        CU_ASSERT_STRING_EQUAL(out, cases[i].span);
        clock_short(out, sizeof out, cases[i].us);
        CU_ASSERT_STRING_EQUAL(out, cases[i].brief);
    }
}

static const struct test tests[] = {
    {"asks the clock it was given", asks_the_clock_it_was_given},
    {"the system's clock does not go back", the_systems_clock_does_not_go_back},
    {"writes moments as ISO 8601", writes_moments_as_iso_8601},
    {"writes stretches of time", writes_stretches_of_time},
    {NULL, NULL},
};

const struct suite suite_clock = {"clock", tests};
