/* SPDX-License-Identifier: MIT */
#include "core/guard/quantile.h"

#include "tests/suite.h"

static const struct {
    size_t n; /* samples 1, 2, … n */
    int permille;
    int64_t value;
} ranks[] = {
    {1, 500, 1},     {1, 990, 1},      {2, 500, 1},    {2, 510, 2},      {3, 500, 2},
    {10, 500, 5},    {10, 900, 9},     {10, 910, 10},  {10, 990, 10},    {31, 990, 31},
    {100, 500, 50},  {100, 900, 90},   {100, 990, 99}, {100, 1000, 100}, {100, 0, 1},
    {101, 990, 100}, {1000, 999, 999},
};

static void test_ranks(void)
{
    struct quantile_sample samples[1000];

    for (size_t i = 0; i < sizeof ranks / sizeof *ranks; i++) {
        for (size_t k = 0; k < ranks[i].n; k++) /* descending: sort has work to do */
            samples[k] = (struct quantile_sample){.value = (int64_t)(ranks[i].n - k),
                                                  .ref = (int64_t)(1000 + ranks[i].n - k)};
        quantile_sort(samples, ranks[i].n);
        const struct quantile_sample *got = quantile_at(samples, ranks[i].n, ranks[i].permille);
        CU_ASSERT_EQUAL(got->value, ranks[i].value);
        CU_ASSERT_EQUAL(got->ref, 1000 + ranks[i].value);
    }
}

static void test_nothing(void)
{
    quantile_sort(NULL, 0);
    CU_ASSERT_PTR_NULL(quantile_at(NULL, 0, 500));
}

static void test_equal_values(void)
{
    struct quantile_sample samples[] = {{7, 3}, {7, 1}, {7, 2}};

    quantile_sort(samples, 3);
    CU_ASSERT_EQUAL(quantile_at(samples, 3, 500)->ref, 2);
    CU_ASSERT_EQUAL(quantile_at(samples, 3, 990)->ref, 3);
}

static const struct test tests[] = {
    {"nearest rank picks one of the samples, with its call", test_ranks},
    {"nothing has no percentile", test_nothing},
    {"equal values always give the same call", test_equal_values},
    {NULL, NULL},
};

const struct suite suite_quantile = {"quantile", tests};
