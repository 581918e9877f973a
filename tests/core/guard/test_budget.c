/* SPDX-License-Identifier: MIT */
#include "core/guard/budget.h"

#include "core/base/clock.h"
#include "tests/suite.h"

#define S ((int64_t)US_PER_S)

static const struct budget_policy policy = {
    .size = 60, .cost = 5, .timeout_cost = 10, .gain = 1, .refill_us = 10 * S};

static struct budget full_at(int64_t now_us)
{
    struct budget budget;

    budget_init(&budget, &policy, now_us);
    return budget;
}

static void test_empties(void)
{
    struct budget budget = full_at(0);

    for (int i = 0; i < 12; i++)
        CU_ASSERT(budget_spend(&budget, &policy, FAILURE_SERVER, 0));
    CU_ASSERT_FALSE(budget_spend(&budget, &policy, FAILURE_SERVER, 0));
    CU_ASSERT_EQUAL(budget_left(&budget, &policy, 0), 0);
}

static void test_timeouts_cost_double(void)
{
    struct budget budget = full_at(0);

    for (int i = 0; i < 6; i++)
        CU_ASSERT(budget_spend(&budget, &policy, FAILURE_TIMEOUT, 0));
    CU_ASSERT_FALSE(budget_spend(&budget, &policy, FAILURE_TIMEOUT, 0));
}

static void test_refused_takes_nothing(void)
{
    struct budget budget = full_at(0);

    for (int i = 0; i < 11; i++)
        (void)budget_spend(&budget, &policy, FAILURE_SERVER, 0);
    CU_ASSERT_FALSE(budget_spend(&budget, &policy, FAILURE_TIMEOUT, 0));
    CU_ASSERT_EQUAL(budget_left(&budget, &policy, 0), 5);
    CU_ASSERT(budget_spend(&budget, &policy, FAILURE_SERVER, 0));
}

static void test_success_gives(void)
{
    struct budget budget = full_at(0);

    budget_succeed(&budget, &policy, 0);
    CU_ASSERT_EQUAL(budget_left(&budget, &policy, 0), 60);
    (void)budget_spend(&budget, &policy, FAILURE_SERVER, 0);
    budget_succeed(&budget, &policy, 0);
    CU_ASSERT_EQUAL(budget_left(&budget, &policy, 0), 56);
}

static const struct {
    int64_t after_us;
    int64_t left; /* from empty */
} refills[] = {
    {0, 0},        {9 * S, 0},      {10 * S, 1}, {25 * S, 2},         {599 * S, 59},
    {600 * S, 60}, {86400 * S, 60}, {-5 * S, 0}, {INT64_MAX / 2, 60},
};

static void test_refill(void)
{
    for (size_t i = 0; i < sizeof refills / sizeof *refills; i++) {
        struct budget budget = {.level = 0, .touched_us = 100 * S};
        int64_t then = 100 * S + refills[i].after_us;

        CU_ASSERT_EQUAL(budget_left(&budget, &policy, then), refills[i].left);
        CU_ASSERT_EQUAL(budget_spend(&budget, &policy, FAILURE_SERVER, then), refills[i].left >= 5);
    }
}

static void test_small_steps(void)
{
    struct budget budget = {.level = 0, .touched_us = 0};

    for (int64_t now = 0; now < 99 * S; now += 7001)
        (void)budget_spend(&budget, &policy, FAILURE_TIMEOUT, now);
    CU_ASSERT_EQUAL(budget_left(&budget, &policy, 101 * S), 10);
}

static void test_no_refill(void)
{
    struct budget_policy still = policy;
    struct budget budget = {.level = 0, .touched_us = 0};

    still.refill_us = 0;
    CU_ASSERT_EQUAL(budget_left(&budget, &still, 86400 * S), 0);
}

static void test_smaller_bucket(void)
{
    struct budget_policy smaller = policy;
    struct budget budget = full_at(0);

    smaller.size = 10;
    budget_succeed(&budget, &smaller, 0);
    CU_ASSERT_EQUAL(budget_left(&budget, &smaller, 0), 10);
}

static const struct test tests[] = {
    {"sixty tokens are twelve retries", test_empties},
    {"a retry after a timeout costs double", test_timeouts_cost_double},
    {"a retry that is refused takes nothing", test_refused_takes_nothing},
    {"a success gives one token, never beyond full", test_success_gives},
    {"one token comes back every ten seconds, none when the clock goes back", test_refill},
    {"refill in many small steps adds up", test_small_steps},
    {"without refill it stays empty", test_no_refill},
    {"a bucket made smaller overflows", test_smaller_bucket},
    {NULL, NULL},
};

const struct suite suite_budget = {"budget", tests};
