/* SPDX-License-Identifier: MIT */
#include "core/guard/health.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/json.h"
#include "tests/suite.h"

#define S  ((int64_t)US_PER_S)
#define MS ((int64_t)US_PER_MS)

static const struct health_policy policy = {
    .window = 100,
    .critical_percent = 50,
    .degraded_percent = 10,
    .break_samples = 8,
    .window_us = 300 * S,
    .slow_us = 5000 * MS,
};

static void record(struct health *health, enum failure failure, int64_t at_us, int64_t latency_us)
{
    health_record(health, &policy,
                  &(struct health_outcome){.at_us = at_us,
                                           .failure = failure,
                                           .latency_us = latency_us,
                                           .ttft_us = HEALTH_ABSENT,
                                           .milli_rate = HEALTH_ABSENT,
                                           .ref = at_us / S});
}

static struct health_figures figures_at(const struct health *health, int64_t now_us)
{
    struct health_figures figures;

    health_figures(&figures, health, &policy, now_us);
    return figures;
}

static void test_empty(void)
{
    struct health health;

    health_init(&health);
    struct health_figures figures = figures_at(&health, 0);
    CU_ASSERT_EQUAL(figures.status, HEALTH_NONE);
    CU_ASSERT_STRING_EQUAL(health_status_name(figures.status), "–");
    CU_ASSERT_EQUAL(figures.n, 0);
    CU_ASSERT_EQUAL(figures.error_permille, HEALTH_ABSENT);
    CU_ASSERT_EQUAL(figures.latency.n, 0);
    CU_ASSERT_EQUAL(figures.latency.avg, HEALTH_ABSENT);
    CU_ASSERT_EQUAL(figures.latency.p99.value, HEALTH_ABSENT);
    CU_ASSERT_EQUAL(figures.ttft.avg, HEALTH_ABSENT);
    CU_ASSERT_EQUAL(figures.rate.p50.value, HEALTH_ABSENT);
    CU_ASSERT_FALSE(health_should_break(&health, &policy, 0, 0));
    health_free(&health);
}

static const struct {
    int errors, successes;
    int64_t latency_us;
    enum health_status status;
    int permille;
} statuses[] = {
    {0, 1, 100 * MS, HEALTH_HEALTHY, 0},
    {0, 1, 5000 * MS, HEALTH_HEALTHY, 0}, /* exactly at the threshold */
    {0, 1, 5000 * MS + 1, HEALTH_SLOW, 0},
    {1, 9, 100 * MS, HEALTH_HEALTHY, 100}, /* 10 % is not above 10 % */
    {2, 17, 100 * MS, HEALTH_DEGRADED, 105},
    {2, 17, 9000 * MS, HEALTH_DEGRADED, 105}, /* errors go before slowness */
    {1, 1, 100 * MS, HEALTH_DEGRADED, 500},   /* half is not above half */
    {51, 49, 100 * MS, HEALTH_CRITICAL, 510},
    {1, 0, 0, HEALTH_CRITICAL, 1000},
};

static void test_statuses(void)
{
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        struct health health;

        health_init(&health);
        for (int k = 0; k < statuses[i].errors; k++)
            record(&health, FAILURE_SERVER, S, 1 * MS);
        for (int k = 0; k < statuses[i].successes; k++)
            record(&health, FAILURE_NONE, S, statuses[i].latency_us);
        struct health_figures figures = figures_at(&health, 2 * S);
        CU_ASSERT_EQUAL(figures.status, statuses[i].status);
        CU_ASSERT_EQUAL(figures.error_permille, statuses[i].permille);
        CU_ASSERT_EQUAL(figures.errors, (size_t)statuses[i].errors);
        CU_ASSERT_EQUAL(figures.successes, (size_t)statuses[i].successes);
        health_free(&health);
    }
}

static void test_window_count(void)
{
    struct health health;

    health_init(&health);
    for (int i = 0; i < 100; i++)
        record(&health, FAILURE_SERVER, S, 0);
    for (int i = 0; i < 100; i++)
        record(&health, FAILURE_NONE, S, (i + 1) * MS);
    struct health_figures figures = figures_at(&health, 2 * S);
    CU_ASSERT_EQUAL(figures.n, 100);
    CU_ASSERT_EQUAL(figures.errors, 0);
    CU_ASSERT_EQUAL(figures.latency.p50.value, 50 * MS);
    CU_ASSERT_EQUAL(figures.latency.p99.value, 99 * MS);
    CU_ASSERT_EQUAL(figures.latency.avg, 50500);
    CU_ASSERT_EQUAL(health.cap, 100);
    health_free(&health);
}

static void test_window_time(void)
{
    struct health health;

    health_init(&health);
    record(&health, FAILURE_SERVER, 10 * S, 0);
    record(&health, FAILURE_NONE, 20 * S, 7 * MS);
    CU_ASSERT_EQUAL(figures_at(&health, 310 * S - 1).errors, 1);
    CU_ASSERT_EQUAL(figures_at(&health, 310 * S).errors, 0);
    CU_ASSERT_EQUAL(figures_at(&health, 310 * S).latency.avg, 7 * MS);
    CU_ASSERT_EQUAL(figures_at(&health, 320 * S).status, HEALTH_NONE);
    CU_ASSERT_EQUAL(figures_at(&health, 320 * S).latency.avg, HEALTH_ABSENT);
    health_free(&health);
}

static void test_latency_of_successes(void)
{
    struct health health;

    health_init(&health);
    record(&health, FAILURE_TIMEOUT, S, 120 * S);
    record(&health, FAILURE_NONE, 2 * S, 3 * MS);
    record(&health, FAILURE_NONE, 3 * S, HEALTH_ABSENT);
    struct health_figures figures = figures_at(&health, 4 * S);
    CU_ASSERT_EQUAL(figures.n, 3);
    CU_ASSERT_EQUAL(figures.latency.n, 1);
    CU_ASSERT_EQUAL(figures.latency.avg, 3 * MS);
    CU_ASSERT_EQUAL(figures.latency.p99.ref, 2);
    health_free(&health);
}

static void test_uncounted(void)
{
    struct health health;

    health_init(&health);
    record(&health, FAILURE_CANCELLED, S, 0);
    record(&health, FAILURE_DENIED, S, 0);
    record(&health, FAILURE_ARGUMENTS, S, 0);
    record(&health, FAILURE_LOST, S, 0);
    CU_ASSERT_EQUAL(figures_at(&health, S).status, HEALTH_NONE);
    record(&health, FAILURE_EXIT, S, 5 * MS);
    CU_ASSERT_EQUAL(figures_at(&health, S).successes, 1);
    CU_ASSERT_EQUAL(figures_at(&health, S).latency.avg, 5 * MS);
    health_free(&health);
}

static void test_tokens(void)
{
    struct health health;
    struct health_outcome outcome = {.latency_us = 900 * MS, .at_us = S};

    health_init(&health);
    for (int i = 1; i <= 10; i++) {
        outcome.ttft_us = i * 10 * MS;
        outcome.milli_rate = 84000 + i;
        outcome.ref = 70 + i;
        health_record(&health, &policy, &outcome);
    }
    struct health_figures figures = figures_at(&health, 2 * S);
    CU_ASSERT_EQUAL(figures.ttft.n, 10);
    CU_ASSERT_EQUAL(figures.ttft.p90.value, 90 * MS);
    CU_ASSERT_EQUAL(figures.ttft.p90.ref, 79);
    CU_ASSERT_EQUAL(figures.rate.p50.value, 84005);
    CU_ASSERT_EQUAL(figures.rate.p50.ref, 75);
    health_free(&health);
}

static const struct {
    int faults, throttled, successes;
    bool breaks;
} breaks[] = {
    {5, 0, 3, true},   {4, 0, 4, false},  {7, 0, 0, false},   {8, 0, 0, true},
    {0, 99, 1, false}, {51, 0, 49, true}, {50, 0, 50, false},
};

static void test_should_break(void)
{
    for (size_t i = 0; i < sizeof breaks / sizeof *breaks; i++) {
        struct health health;

        health_init(&health);
        for (int k = 0; k < breaks[i].faults; k++)
            record(&health, FAILURE_SERVER, S, 0);
        for (int k = 0; k < breaks[i].throttled; k++)
            record(&health, FAILURE_THROTTLED, S, 0);
        for (int k = 0; k < breaks[i].successes; k++)
            record(&health, FAILURE_NONE, S, 0);
        CU_ASSERT_EQUAL(health_should_break(&health, &policy, 0, 2 * S), breaks[i].breaks);
        health_free(&health);
    }
}

static void test_forgiven(void)
{
    struct health health;

    health_init(&health);
    for (int i = 0; i < 20; i++)
        record(&health, FAILURE_SERVER, 10 * S, 0);
    record(&health, FAILURE_NONE, 30 * S, 0);
    CU_ASSERT(health_should_break(&health, &policy, 0, 31 * S));
    CU_ASSERT_FALSE(health_should_break(&health, &policy, 10 * S, 31 * S));
    CU_ASSERT_FALSE(health_should_break(&health, &policy, 0, 400 * S));
    health_free(&health);
}

static void test_smaller_window(void)
{
    struct health_policy narrow = policy;
    struct health_figures figures;
    struct health health;

    health_init(&health);
    for (int i = 1; i <= 60; i++)
        record(&health, FAILURE_NONE, i * S, i * MS);
    narrow.window = 10;
    health_figures(&figures, &health, &narrow, 60 * S);
    CU_ASSERT_EQUAL(figures.n, 10);
    CU_ASSERT_EQUAL(figures.latency.p50.value, 55 * MS);
    health_record(&health, &narrow,
                  &(struct health_outcome){.at_us = 61 * S, .latency_us = 61 * MS});
    CU_ASSERT_EQUAL(health.count, 10);
    record(&health, FAILURE_NONE, 62 * S, 62 * MS);
    CU_ASSERT_EQUAL(figures_at(&health, 62 * S).n, 11);
    CU_ASSERT_EQUAL(figures_at(&health, 62 * S).latency.p50.value, 57 * MS);
    health_free(&health);
}

static void test_save(void)
{
    struct health health, back;
    cJSON *saved, *read = NULL;
    char *text;

    health_init(&health);
    health_init(&back);
    for (int i = 0; i < 130; i++)
        record(&health, i % 3 ? FAILURE_NONE : FAILURE_THROTTLED, INT64_C(1764000000) * S + i * S,
               i * MS);
    saved = health_save(&health);
    text = json_print(saved);
    CU_ASSERT_EQUAL(json_parse(&read, text, strlen(text), NULL, NULL), 0);
    CU_ASSERT_EQUAL(health_load(&back, &policy, read, NULL), 0);
    CU_ASSERT_EQUAL(back.count, health.count);
    for (size_t i = 0; i < back.count; i++) {
        const struct health_outcome *a = &health.ring[(health.first + i) % health.cap];
        const struct health_outcome *b = &back.ring[(back.first + i) % back.cap];

        CU_ASSERT_EQUAL(a->at_us, b->at_us);
        CU_ASSERT_EQUAL(a->failure, b->failure);
        CU_ASSERT_EQUAL(a->latency_us, b->latency_us);
        CU_ASSERT_EQUAL(a->ttft_us, b->ttft_us);
        CU_ASSERT_EQUAL(a->ref, b->ref);
    }
    free(text);
    cJSON_Delete(saved);
    cJSON_Delete(read);
    health_free(&health);
    health_free(&back);
}

static void test_load_refuses(void)
{
    static const char *const broken[] = {"{}", "[1]", "[[1,\"ok\",2]]", "[[1,\"weather\",2,3,4,5]]",
                                         "[[1,7,2,3,4,5]]"};
    struct health health;

    health_init(&health);
    record(&health, FAILURE_NONE, S, MS);
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        cJSON *saved = NULL;

        CU_ASSERT_EQUAL(json_parse(&saved, broken[i], strlen(broken[i]), NULL, NULL), 0);
        CU_ASSERT_EQUAL(health_load(&health, &policy, saved, NULL), E_CORRUPT);
        CU_ASSERT_EQUAL(health.count, 1);
        cJSON_Delete(saved);
    }
    health_free(&health);
}

static const struct test tests[] = {
    {"an empty window has no figures, not zeros", test_empty},
    {"statuses follow the seed's thresholds exactly", test_statuses},
    {"the window holds the last hundred outcomes", test_window_count},
    {"and none older than five minutes", test_window_time},
    {"only successes have a latency worth judging", test_latency_of_successes},
    {"cancels and refusals are no outcomes, an exit code is a success", test_uncounted},
    {"time to first token and tokens a second lead to their calls", test_tokens},
    {"critical with eight outcomes breaks, throttling never", test_should_break},
    {"what ended before a breaker closed, or long ago, does not break again", test_forgiven},
    {"a window made smaller or larger keeps the latest", test_smaller_window},
    {"it survives being saved", test_save},
    {"what is not a saved health is refused and changes nothing", test_load_refuses},
    {NULL, NULL},
};

const struct suite suite_health = {"health", tests};
