/* SPDX-License-Identifier: MIT */
#include "core/guard/gate.h"

#include "core/base/clock.h"
#include "tests/suite.h"

#define S    ((int64_t)US_PER_S)
#define MS   ((int64_t)US_PER_MS)
#define WALL (INT64_C(1795471200) * S) /* 2026-11-23 22:00:00 UTC */

static const struct gate_policy policy = {
    .pause_us = 2 * S, .pause_max_us = 30 * S, .nonsense_us = 30 * 86400 * S};

static struct gate_hint hint_of(const char *name, const char *value)
{
    struct gate_hint hint;

    gate_hint_init(&hint);
    gate_hint_header(&hint, name, value, WALL);
    return hint;
}

static const struct {
    const char *value;
    int64_t us; /* GATE_UNKNOWN: ignored */
} durations[] = {
    {"6m0s", 360 * S},
    {"1s", 1 * S},
    {"12ms", 12 * MS},
    {"2m59.56s", 179560 * MS},
    {"1h2m3.5s", 3723500 * MS},
    {"7.66s", 7660 * MS},
    {"0s", 0},
    {"120us", 120},
    {"120\xc2\xb5s", 120},
    {"120\xce\xbcs", 120},
    {"1500ns", 1},
    {"30", 30 * S},
    {"0.5", 500 * MS},
    {".5s", 500 * MS},
    {"1.1234567890123s", 1123456},
    {"", GATE_UNKNOWN},
    {"s", GATE_UNKNOWN},
    {".", GATE_UNKNOWN},
    {".s", GATE_UNKNOWN},
    {"-5s", GATE_UNKNOWN},
    {"1.2.3s", GATE_UNKNOWN},
    {"5 s", GATE_UNKNOWN},
    {"soon", GATE_UNKNOWN},
    {"99999999999999999999h", GATE_UNKNOWN},
    {"9223372036854775807h", GATE_UNKNOWN},
    {"2562047h2562047h", GATE_UNKNOWN},
};

static void test_durations(void)
{
    for (size_t i = 0; i < sizeof durations / sizeof *durations; i++) {
        CU_ASSERT_EQUAL(hint_of("x-ratelimit-reset-requests", durations[i].value).requests_reset_us,
                        durations[i].us);
        CU_ASSERT_EQUAL(hint_of("X-RateLimit-Reset-Tokens", durations[i].value).tokens_reset_us,
                        durations[i].us);
    }
}

static const struct {
    const char *value;
    int64_t count;
} counts[] = {
    {"0", 0},           {"499", 499},           {"-1", GATE_UNKNOWN},
    {"", GATE_UNKNOWN}, {"many", GATE_UNKNOWN}, {"1.5", GATE_UNKNOWN},
};

static void test_counts(void)
{
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        CU_ASSERT_EQUAL(hint_of("x-ratelimit-remaining-requests", counts[i].value).requests_left,
                        counts[i].count);
        CU_ASSERT_EQUAL(hint_of("x-ratelimit-remaining-tokens", counts[i].value).tokens_left,
                        counts[i].count);
    }
}

static const struct {
    const char *name, *value;
    int64_t us;
} waits[] = {
    {"Retry-After", "2", 2 * S},
    {"retry-after", "Mon, 23 Nov 2026 22:00:05 GMT", 5 * S},
    {"retry-after", "Sun, 22 Nov 2026 22:00:05 GMT", 0},
    {"retry-after", "-3", GATE_UNKNOWN},
    {"retry-after", "soon", GATE_UNKNOWN},
    {"retry-after", "1000000000000", GATE_UNKNOWN},
    {"Retry-After-Ms", "250", 250 * MS},
    {"x-retry-after", "2", GATE_UNKNOWN},
};

static void test_retry_after(void)
{
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++)
        CU_ASSERT_EQUAL(hint_of(waits[i].name, waits[i].value).retry_after_us, waits[i].us);
}

static void test_milliseconds_win(void)
{
    struct gate_hint hint = hint_of("retry-after-ms", "1500");

    gate_hint_header(&hint, "retry-after", "2", WALL);
    CU_ASSERT_EQUAL(hint.retry_after_us, 1500 * MS);
    hint = hint_of("retry-after", "2");
    gate_hint_header(&hint, "retry-after-ms", "1500", WALL);
    CU_ASSERT_EQUAL(hint.retry_after_us, 1500 * MS);
}

static void test_should_retry(void)
{
    CU_ASSERT_EQUAL(hint_of("x-should-retry", "true").should_retry, 1);
    CU_ASSERT_EQUAL(hint_of("X-Should-Retry", "False").should_retry, 0);
    CU_ASSERT_EQUAL(hint_of("x-should-retry", "maybe").should_retry, GATE_UNKNOWN);
    CU_ASSERT_EQUAL(hint_of("date", "true").should_retry, GATE_UNKNOWN);
}

static void test_starts_open(void)
{
    struct gate gate;

    gate_init(&gate);
    for (int i = 0; i < 1000; i++)
        CU_ASSERT_EQUAL(gate_admit(&gate, i), 0);
}

static void test_429_closes(void)
{
    struct gate gate;
    struct gate_hint hint = hint_of("retry-after", "7");

    gate_init(&gate);
    gate_note(&gate, &policy, &hint, FAILURE_THROTTLED, 100 * S);
    CU_ASSERT_EQUAL(gate_admit(&gate, 100 * S), 107 * S);
    CU_ASSERT_EQUAL(gate_admit(&gate, 107 * S - 1), 107 * S);
    CU_ASSERT_EQUAL(gate_admit(&gate, 107 * S), 0);
}

static void test_429_without_a_time(void)
{
    static const int64_t pauses[] = {2, 4, 8, 16, 30, 30};
    struct gate gate;
    int64_t now = 0;

    gate_init(&gate);
    for (size_t i = 0; i < sizeof pauses / sizeof *pauses; i++) {
        gate_note(&gate, &policy, NULL, FAILURE_THROTTLED, now);
        CU_ASSERT_EQUAL(gate_admit(&gate, now), now + pauses[i] * S);
        now += pauses[i] * S;
    }
    gate_note(&gate, &policy, NULL, FAILURE_SERVER, now);
    CU_ASSERT_EQUAL(gate.throttled, 6);
    gate_note(&gate, &policy, NULL, FAILURE_NONE, now);
    gate_note(&gate, &policy, NULL, FAILURE_THROTTLED, now);
    CU_ASSERT_EQUAL(gate_admit(&gate, now), now + 2 * S);
}

static void test_never_opens_early(void)
{
    struct gate gate;
    struct gate_hint longer = hint_of("retry-after", "60"), shorter = hint_of("retry-after", "1");

    gate_init(&gate);
    gate_note(&gate, &policy, &longer, FAILURE_THROTTLED, 0);
    gate_note(&gate, &policy, &shorter, FAILURE_THROTTLED, S);
    CU_ASSERT_EQUAL(gate_admit(&gate, 2 * S), 60 * S);
}

static void test_retry_after_of_503(void)
{
    struct gate gate;
    struct gate_hint hint = hint_of("retry-after", "5");

    gate_init(&gate);
    gate_note(&gate, &policy, &hint, FAILURE_SERVER, 0);
    CU_ASSERT_EQUAL(gate_admit(&gate, 0), 5 * S);
}

static struct gate_hint rates(const char *left, const char *reset)
{
    struct gate_hint hint = hint_of("x-ratelimit-remaining-requests", left);

    gate_hint_header(&hint, "x-ratelimit-reset-requests", reset, WALL);
    return hint;
}

static void test_requests_left(void)
{
    struct gate gate;
    struct gate_hint hint = rates("2", "10s");

    gate_init(&gate);
    gate_note(&gate, &policy, &hint, FAILURE_NONE, 0);
    CU_ASSERT_EQUAL(gate_admit(&gate, S), 0);
    CU_ASSERT_EQUAL(gate_admit(&gate, S), 0);
    CU_ASSERT_EQUAL(gate_admit(&gate, S), 10 * S);
    hint = rates("1", "20s"); /* an answer that came meanwhile knows better */
    gate_note(&gate, &policy, &hint, FAILURE_NONE, 2 * S);
    CU_ASSERT_EQUAL(gate_admit(&gate, 2 * S), 0);
    CU_ASSERT_EQUAL(gate_admit(&gate, 2 * S), 22 * S);
    CU_ASSERT_EQUAL(gate_admit(&gate, 22 * S), 0);
    CU_ASSERT_EQUAL(gate_admit(&gate, 22 * S), 0);
}

static void test_no_tokens_left(void)
{
    struct gate gate;
    struct gate_hint hint = hint_of("x-ratelimit-remaining-tokens", "0");

    gate_hint_header(&hint, "x-ratelimit-reset-tokens", "1m1s", WALL);
    gate_init(&gate);
    gate_note(&gate, &policy, &hint, FAILURE_NONE, 0);
    CU_ASSERT_EQUAL(gate_admit(&gate, 0), 61 * S);
    gate_open(&gate);
    CU_ASSERT_EQUAL(gate_admit(&gate, 0), 0);
}

static void test_useless_rates(void)
{
    static const char *const useless[][2] = {
        {"0", ""}, {"0", "0s"}, {"-1", "10s"}, {"0", "9000h"}, {"0", "-3s"}};

    for (size_t i = 0; i < sizeof useless / sizeof *useless; i++) {
        struct gate gate;
        struct gate_hint hint = rates(useless[i][0], useless[i][1]);

        gate_init(&gate);
        gate_note(&gate, &policy, &hint, FAILURE_NONE, 0);
        CU_ASSERT_EQUAL(gate_admit(&gate, 0), 0);
    }
}

static const struct test tests[] = {
    {"reset headers are Go durations or seconds, nonsense is ignored", test_durations},
    {"remaining headers are counts, -1 says nothing", test_counts},
    {"Retry-After is seconds or a date, a past one means now", test_retry_after},
    {"retry-after-ms goes before retry-after in any order", test_milliseconds_win},
    {"x-should-retry is heard", test_should_retry},
    {"a gate that heard nothing is open", test_starts_open},
    {"a 429 closes it for the time it names", test_429_closes},
    {"a 429 without a time closes it twice as long each time", test_429_without_a_time},
    {"a shorter word does not open it early", test_never_opens_early},
    {"a Retry-After closes it with any failure", test_retry_after_of_503},
    {"as many requests go as the server says are left", test_requests_left},
    {"no tokens left closes it until they are back, or the operator opens it", test_no_tokens_left},
    {"rate headers that cannot be right close nothing", test_useless_rates},
    {NULL, NULL},
};

const struct suite suite_gate = {"gate", tests};
