/* SPDX-License-Identifier: MIT */
#include "core/agent/guards.h"

#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/config/run_config.h"
#include "core/journal.h"
#include "tests/suite.h"

#define KEY "openai/gpt"
#define NOW ((int64_t)1000 * US_PER_S)

/* Three in a row open it, for ten seconds. */
static struct run_config *config_new(void)
{
    struct run_config *config;

    run_config_new(&config);
    config->breaker.in_row = 3;
    config->breaker.open_us = 10 * US_PER_S;
    return config;
}

static void fail(struct guards *guards, const struct run_config *config, int64_t at_us)
{
    const struct guard_outcome outcome = {
        .failure = FAILURE_SERVER, .started_us = at_us - 1, .now_us = at_us, .first_us = -1};
    struct breaker_move move;

    guards_record(guards, GUARD_MODEL, KEY, config, &outcome, &move);
}

static cJSON *row_of(const cJSON *list)
{
    CU_ASSERT_EQUAL_FATAL(cJSON_GetArraySize(list), 1);
    return cJSON_GetArrayItem(list, 0);
}

static void the_report_says_how_a_breaker_stands(void)
{
    struct run_config *config = config_new();
    struct guards *guards = guards_new();
    struct breaker_move move;
    struct admission word;
    cJSON *list = guards_report(guards, NOW);

    CU_ASSERT_EQUAL(cJSON_GetArraySize(list), 0);
    cJSON_Delete(list);
    fail(guards, config, NOW);
    fail(guards, config, NOW);
    list = guards_report(guards, NOW);
    CU_ASSERT_STRING_EQUAL(json_text(row_of(list), "scope"), "model");
    CU_ASSERT_STRING_EQUAL(json_text(row_of(list), "key"), KEY);
    CU_ASSERT_STRING_EQUAL(json_text(row_of(list), "state"), "closed");
    CU_ASSERT_EQUAL(json_int(row_of(list), "failures_in_row", -1), 2);
    CU_ASSERT_PTR_NULL(json_text(row_of(list), "reason"));
    cJSON_Delete(list);
    fail(guards, config, NOW);
    list = guards_report(guards, NOW + 4 * US_PER_S);
    CU_ASSERT_STRING_EQUAL(json_text(row_of(list), "state"), "open");
    CU_ASSERT_STRING_EQUAL(json_text(row_of(list), "reason"), "failures in a row");
    CU_ASSERT_EQUAL(json_number(row_of(list), "wait_ms", -1), 6000);
    cJSON_Delete(list);
    guards_admit(guards, GUARD_MODEL, KEY, config, 1, FAILURE_NONE, NOW + 10 * US_PER_S, &word,
                 &move);
    CU_ASSERT_TRUE(word.yes);
    list = guards_report(guards, NOW + 10 * US_PER_S);
    CU_ASSERT_STRING_EQUAL(json_text(row_of(list), "state"), "half_open");
    CU_ASSERT_TRUE(json_bool(row_of(list), "probing", false));
    CU_ASSERT_EQUAL(json_number(row_of(list), "wait_ms", -1), -1);
    cJSON_Delete(list);
    guards_free(guards);
    run_config_free(config);
}

/* An attempt is on record by when it began; its breaker opens when it ends. */
static void attempts_of_the_past_open_it_again(void)
{
    struct run_config *config = config_new();
    struct guards *guards = guards_new();
    char scope[] = "model", key[] = KEY, outcome[] = "server";
    struct past_attempt past[3];

    for (int i = 0; i < 3; i++)
        past[i] = (struct past_attempt){.scope = scope,
                                        .key = key,
                                        .wall_us = NOW - (9 - i) * US_PER_S,
                                        .duration_us = 5 * US_PER_S,
                                        .outcome = outcome};
    guards_recall(guards, past, 3, config, NOW, NOW);
    cJSON *list = guards_report(guards, NOW);
    CU_ASSERT_STRING_EQUAL(json_text(row_of(list), "state"), "open");
    CU_ASSERT_EQUAL(json_number(row_of(list), "wait_ms", -1), 8000);
    cJSON_Delete(list);
    guards_free(guards);
    run_config_free(config);
}

static const struct test tests[] = {
    {"the report says how a breaker stands and when it tries next",
     the_report_says_how_a_breaker_stands},
    {"attempts of the past open a breaker again, from when they ended",
     attempts_of_the_past_open_it_again},
    {NULL, NULL},
};

const struct suite suite_guards = {"guards", tests};
