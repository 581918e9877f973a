/* SPDX-License-Identifier: MIT */
#include "core/model/pricing.h"

#include <string.h>

#include "core/base/str.h"
#include "tests/suite.h"

static void look_up(void)
{
    static const struct price own[] = {{"gpt-5", 1, 1, 1, 1},
                                       {"local*", 0, 0, 0, 0},
                                       {"local-big*", 7, -1, -1, 7},
                                       {"whole*", 1, 1, 1, 1},
                                       {"whole", 2, 2, 2, 2}};
    static const struct {
        const char *model, *row;
    } cases[] = {
        {"gpt-4o", "gpt-4o"},
        {"gpt-4o-2024-08-06", "gpt-4o"},
        {"gpt-4o-mini", "gpt-4o-mini"},
        {"gpt-4o-mini-2024-07-18", "gpt-4o-mini"},
        {"gpt-4o-audio", NULL},
        {"gpt-5.9", NULL},
        {"gpt-5-pro", NULL},
        {"openai/gpt-4.1", "gpt-4.1"},
        {"gateway/openai/gpt-4.1", "gpt-4.1"},
        {"claude-sonnet-4-20250514", "claude-sonnet-4"},
        {"claude-sonnet-4-5-20250929", "claude-sonnet-4-5"},
        {"claude-sonnet-4-9", NULL},
        {"gpt-5-2025-08-07", "gpt-5"},
        {"x/gpt-5", "gpt-5"},
        {"local-7b", "local*"},
        {"local-big-70b", "local-big*"},
        {"whole", "whole"},
        {"whole-1", "whole*"},
        {"simulator", "simulator*"},
        {"unheard-of", NULL},
        {"", NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct price *row = price_find(cases[i].model, own, 5);

        CU_ASSERT_TRUE(str_eq(row ? row->model : NULL, cases[i].row));
    }
    CU_ASSERT_PTR_EQUAL(price_find("x/gpt-5", own, 5), &own[0]);
}

static void table(void)
{
    const struct price *row;

    for (size_t i = 0; (row = price_at(i)) != NULL; i++) {
        const struct price *other;

        CU_ASSERT_TRUE(row->input >= 0 && row->output >= row->input);
        CU_ASSERT_TRUE(row->cached <= row->input);
        for (size_t j = 0; j < i && (other = price_at(j)) != NULL; j++)
            CU_ASSERT_STRING_NOT_EQUAL(row->model, other->model);
    }
}

/* Counts and costs as providers wrote them into recorded answers. */
static void recorded(void)
{
    static const struct {
        const char *model;
        int64_t input, output, cached, total, cost;
    } cases[] = {
        {"anthropic/claude-sonnet-4.5", 43, 36, 0, 79, 669},
        {"anthropic/claude-haiku-4.5", 633, 143, 0, 776, 1348},
        {"google/gemini-3.1-flash-lite-preview", 157, 32, 0, 189, 87},
        {"openai/gpt-5.4-nano", 109, 54, 0, 163, 89},
        {"x-ai/grok-4.1-fast", 441, 267, 153, 708, 199},
        {"grok-4-fast", 432, 68, 153, 636, 165},
        {"grok-code-fast-1", 466, 68, 192, 800, 560},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct model_usage u = {.input = cases[i].input,
                                .output = cases[i].output,
                                .cached = cases[i].cached,
                                .cache_write = -1,
                                .reasoning = -1,
                                .total = cases[i].total,
                                .cost_micro = -1,
                                .cached_inside = true};

        CU_ASSERT_EQUAL(price_cost(price_find(cases[i].model, NULL, 0), &u), cases[i].cost);
    }
}

static void costs(void)
{
    static const struct price price = {"m", 1000000, 100000, 2000000, 10000000};
    static const struct price plain = {"m", 1000000, -1, -1, 10000000};
    static const struct price nothing = {"m", 0, 0, 0, 0};
    static const struct price half_cent = {"m", 500000, -1, -1, 0};
    static const struct price under_half = {"m", 499999, -1, -1, 0};
    static const struct price half = {"m", -1, -1, -1, 10000000};
    static const struct {
        const struct price *price;
        struct model_usage u;
        int64_t cost;
    } cases[] = {
        /* input, output, cached, cache_write, reasoning, total, cost, cached_inside */
        {&price, {100, 10, -1, -1, -1, -1, -1, true}, 200},
        {&price, {100, 10, 40, -1, -1, 110, -1, true}, 60 + 4 + 100},
        {&price, {100, 10, 40, 20, -1, 110, -1, true}, 40 + 4 + 40 + 100},
        {&price, {100, 10, 40, 20, -1, 170, -1, false}, 100 + 4 + 40 + 100},
        {&plain, {100, 10, 40, 20, -1, 110, -1, true}, 200},
        {&price, {100, 10, 200, -1, -1, 110, -1, true}, 20 + 100},
        {&price, {100, 10, -1, -1, 30, 140, -1, true}, 100 + 400},
        {&price, {100, 10, -1, -1, 5, 110, -1, true}, 200},
        {&price, {100, 10, -1, -1, -1, 110, 7, true}, 7},
        {&price, {0, 0, -1, -1, -1, 0, -1, true}, 0},
        {&price, {0, 1, -1, -1, -1, 5, -1, true}, 50},
        {&price, {100, 0, -1, -1, -1, 100, -1, true}, 100},
        {&price, {100, 10, 0, 0, -1, 110, 0, true}, 0},
        {&price, {1, 0, -1, -1, -1, 1, -1, true}, 1},
        {&nothing, {100, 10, -1, -1, -1, 110, -1, true}, 0},
        {&half_cent, {1, 0, -1, -1, -1, 1, -1, true}, 1},
        {&under_half, {1, 0, -1, -1, -1, 1, -1, true}, 0},
        {&price, {-1, 10, -1, -1, -1, -1, -1, true}, COST_UNKNOWN},
        {&price, {10, -1, -1, -1, -1, -1, -1, true}, COST_UNKNOWN},
        {&half, {10, 10, -1, -1, -1, -1, -1, true}, COST_UNKNOWN},
        {NULL, {10, 10, -1, -1, -1, -1, -1, true}, COST_UNKNOWN},
        {NULL, {-1, -1, -1, -1, -1, -1, 5, true}, 5},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CU_ASSERT_EQUAL(price_cost(cases[i].price, &cases[i].u), cases[i].cost);
}

static const struct test tests[] = {
    {"a row is found by name, date, prefix and provider, the config's first", look_up},
    {"every built-in row makes sense and is there once", table},
    {"costs agree with those that providers told in recorded answers", recorded},
    {"cached and hidden tokens cost what they cost, and unknown is not zero", costs},
    {NULL, NULL},
};

const struct suite suite_pricing = {"pricing", tests};
