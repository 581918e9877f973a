/* SPDX-License-Identifier: MIT */
#include "core/guard/retry.h"

#include "core/base/clock.h"
#include "tests/suite.h"

#define S   ((int64_t)US_PER_S)
#define MS  ((int64_t)US_PER_MS)
#define MAX UINT64_MAX /* the largest draw */
#define NO  (-1)       /* no Retry-After */
#define NOW (1000 * S)

static const struct retry_policy model = {
    .attempts = 5,
    .spread_percent = 10,
    .base_us = 1 * S,
    .throttled_us = 2 * S,
    .cap_us = 30 * S,
    .floor_us = 200 * MS,
    .park_us = 120 * S,
    .operator_us = 3600 * S,
    .nonsense_us = 30 * 86400 * S,
};

static struct retry_input input_of(int attempt, enum failure failure)
{
    return (struct retry_input){.attempt = attempt,
                                .failure = failure,
                                .retry_after_us = NO,
                                .random = MAX,
                                .now_us = NOW,
                                .deadline_us = RETRY_NEVER};
}

struct wait {
    const char *what;
    int attempt;
    enum failure failure;
    int64_t retry_after_us;
    uint64_t random;
    enum retry_verdict verdict;
    enum retry_source source;
    int64_t delay_us;
};

static const struct wait waits[] = {
    {"first window", 1, FAILURE_SERVER, NO, MAX, RETRY_AGAIN, RETRY_BY_JITTER, 1 * S},
    {"half of it", 1, FAILURE_SERVER, NO, MAX / 2, RETRY_AGAIN, RETRY_BY_JITTER, 500 * MS},
    {"doubles", 2, FAILURE_TIMEOUT, NO, MAX, RETRY_AGAIN, RETRY_BY_JITTER, 2 * S},
    {"doubles again", 3, FAILURE_CONNECT, NO, MAX, RETRY_AGAIN, RETRY_BY_JITTER, 4 * S},
    {"and again", 4, FAILURE_STREAM, NO, MAX, RETRY_AGAIN, RETRY_BY_JITTER, 8 * S},
    {"floor", 1, FAILURE_SERVER, NO, 0, RETRY_AGAIN, RETRY_BY_JITTER, 200 * MS},
    {"429 starts at 2 s", 1, FAILURE_THROTTLED, NO, MAX, RETRY_AGAIN, RETRY_BY_JITTER, 2 * S},
    {"529 starts at 2 s", 1, FAILURE_OVERLOADED, NO, MAX, RETRY_AGAIN, RETRY_BY_JITTER, 2 * S},
    {"429 doubles", 4, FAILURE_THROTTLED, NO, MAX, RETRY_AGAIN, RETRY_BY_JITTER, 16 * S},
    {"408, 409, 425", 1, FAILURE_BUSY, NO, MAX, RETRY_AGAIN, RETRY_BY_JITTER, 1 * S},
    {"HTML of a proxy", 1, FAILURE_PROTOCOL, NO, MAX, RETRY_AGAIN, RETRY_BY_JITTER, 1 * S},
    {"Retry-After: 2", 1, FAILURE_THROTTLED, 2 * S, 0, RETRY_AGAIN, RETRY_BY_HEADER, 2 * S},
    {"a tenth more", 1, FAILURE_SERVER, 10 * S, MAX, RETRY_AGAIN, RETRY_BY_HEADER, 11 * S},
    {"longer backoff", 4, FAILURE_SERVER, 1 * S, MAX, RETRY_AGAIN, RETRY_BY_JITTER, 8100 * MS},
    {"past date", 1, FAILURE_THROTTLED, 0, 0, RETRY_AGAIN, RETRY_BY_JITTER, 200 * MS},
    {"slept", 1, FAILURE_THROTTLED, 120 * S, 0, RETRY_AGAIN, RETRY_BY_HEADER, 120 * S},
    {"parked", 1, FAILURE_THROTTLED, 121 * S, 0, RETRY_PARK, RETRY_BY_HEADER, 121 * S},
    {"an hour", 1, FAILURE_SERVER, 3600 * S, 0, RETRY_PARK, RETRY_BY_HEADER, 3600 * S},
    {"a day", 1, FAILURE_THROTTLED, 86400 * S, 0, RETRY_ASK, RETRY_BY_HEADER, 86400 * S},
    {"nonsense", 1, FAILURE_SERVER, INT64_MAX, MAX, RETRY_AGAIN, RETRY_BY_JITTER, 1 * S},
};

static void test_waits(void)
{
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        struct retry_input input = input_of(waits[i].attempt, waits[i].failure);

        input.retry_after_us = waits[i].retry_after_us;
        input.random = waits[i].random;
        struct retry_decision got = retry_decide(&model, &input);
        CU_ASSERT_EQUAL(got.verdict, waits[i].verdict);
        CU_ASSERT_EQUAL(got.source, waits[i].source);
        CU_ASSERT_EQUAL(got.delay_us, waits[i].delay_us);
        CU_ASSERT_EQUAL(got.at_us, NOW + waits[i].delay_us);
        CU_ASSERT_EQUAL(got.reason, RETRY_REASON_NONE);
    }
}

static void test_cap(void)
{
    struct retry_policy patient = model;

    patient.attempts = 100;
    for (int attempt = 6; attempt < 100; attempt++) {
        struct retry_input input = input_of(attempt, FAILURE_SERVER);

        CU_ASSERT_EQUAL(retry_decide(&patient, &input).delay_us, 30 * S);
    }
}

struct refusal {
    int attempt;
    enum failure failure;
    enum retry_effect effect;
    enum retry_word word;
    enum retry_reason reason; /* NONE: it is retried */
};

static const struct refusal refusals[] = {
    {4, FAILURE_SERVER, RETRY_PURE, RETRY_UNSAID, RETRY_REASON_NONE},
    {5, FAILURE_SERVER, RETRY_PURE, RETRY_UNSAID, RETRY_REASON_ATTEMPTS},
    {6, FAILURE_SERVER, RETRY_PURE, RETRY_YES, RETRY_REASON_ATTEMPTS},
    {1, FAILURE_BILLING, RETRY_PURE, RETRY_UNSAID, RETRY_REASON_FAILURE},
    {1, FAILURE_AUTH, RETRY_PURE, RETRY_UNSAID, RETRY_REASON_FAILURE},
    {1, FAILURE_FORBIDDEN, RETRY_PURE, RETRY_UNSAID, RETRY_REASON_FAILURE},
    {1, FAILURE_NOT_FOUND, RETRY_PURE, RETRY_UNSAID, RETRY_REASON_FAILURE},
    {1, FAILURE_CONTEXT, RETRY_PURE, RETRY_UNSAID, RETRY_REASON_FAILURE},
    {1, FAILURE_REQUEST, RETRY_PURE, RETRY_UNSAID, RETRY_REASON_FAILURE},
    {1, FAILURE_SECURITY, RETRY_PURE, RETRY_UNSAID, RETRY_REASON_FAILURE},
    {1, FAILURE_TOOBIG, RETRY_PURE, RETRY_UNSAID, RETRY_REASON_FAILURE},
    {1, FAILURE_CANCELLED, RETRY_PURE, RETRY_YES, RETRY_REASON_FAILURE},
    {1, FAILURE_DENIED, RETRY_PURE, RETRY_YES, RETRY_REASON_FAILURE},
    {1, FAILURE_SERVER, RETRY_PURE, RETRY_NO, RETRY_REASON_TOLD},
    {1, FAILURE_REQUEST, RETRY_PURE, RETRY_YES, RETRY_REASON_NONE},
    {1, FAILURE_TOOL, RETRY_PURE, RETRY_UNSAID, RETRY_REASON_NONE},
    {2, FAILURE_TOOL, RETRY_IDEMPOTENT, RETRY_UNSAID, RETRY_REASON_NONE},
    {1, FAILURE_TOOL, RETRY_ONCE, RETRY_UNSAID, RETRY_REASON_ONCE},
    {1, FAILURE_TIMEOUT, RETRY_ONCE, RETRY_YES, RETRY_REASON_ONCE},
    {1, FAILURE_LOST, RETRY_ONCE, RETRY_UNSAID, RETRY_REASON_ONCE},
    {1, FAILURE_LOST, RETRY_IDEMPOTENT, RETRY_UNSAID, RETRY_REASON_NONE},
    {1, FAILURE_UNSTARTED, RETRY_ONCE, RETRY_UNSAID, RETRY_REASON_NONE},
    {1, FAILURE_EXIT, RETRY_PURE, RETRY_UNSAID, RETRY_REASON_FAILURE},
    {1, FAILURE_EXIT, RETRY_PURE, RETRY_YES, RETRY_REASON_NONE},
    {1, FAILURE_EXIT, RETRY_ONCE, RETRY_YES, RETRY_REASON_ONCE},
    {1, FAILURE_ARGUMENTS, RETRY_PURE, RETRY_UNSAID, RETRY_REASON_FAILURE},
};

static void test_refusals(void)
{
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        struct retry_input input = input_of(refusals[i].attempt, refusals[i].failure);

        input.effect = refusals[i].effect;
        input.word = refusals[i].word;
        struct retry_decision got = retry_decide(&model, &input);
        CU_ASSERT_EQUAL(got.reason, refusals[i].reason);
        CU_ASSERT_EQUAL(got.verdict == RETRY_STOP, refusals[i].reason != RETRY_REASON_NONE);
    }
}

static void test_tool(void)
{
    struct retry_policy tool = model;
    struct retry_input input = input_of(1, FAILURE_TOOL);

    tool.attempts = 3;
    CU_ASSERT_EQUAL(retry_decide(&tool, &input).delay_us, 1 * S);
    input.attempt = 2;
    CU_ASSERT_EQUAL(retry_decide(&tool, &input).delay_us, 2 * S);
    input.attempt = 3;
    CU_ASSERT_EQUAL(retry_decide(&tool, &input).reason, RETRY_REASON_ATTEMPTS);
}

static void test_deadline(void)
{
    struct retry_input input = input_of(1, FAILURE_SERVER);

    input.deadline_us = NOW + 1 * S;
    CU_ASSERT_EQUAL(retry_decide(&model, &input).verdict, RETRY_AGAIN);
    input.deadline_us--;
    CU_ASSERT_EQUAL(retry_decide(&model, &input).reason, RETRY_REASON_DEADLINE);
    input.retry_after_us = 121 * S;
    CU_ASSERT_EQUAL(retry_decide(&model, &input).verdict, RETRY_PARK);
    input.retry_after_us = 3601 * S;
    CU_ASSERT_EQUAL(retry_decide(&model, &input).verdict, RETRY_ASK);
}

/* Inputs that between them depend on every constant. */
static const struct wait probes[] = {
    {.attempt = 1, .failure = FAILURE_SERVER, .retry_after_us = NO, .random = MAX},
    {.attempt = 1, .failure = FAILURE_SERVER, .retry_after_us = NO, .random = 0},
    {.attempt = 4, .failure = FAILURE_SERVER, .retry_after_us = NO, .random = MAX},
    {.attempt = 1, .failure = FAILURE_THROTTLED, .retry_after_us = NO, .random = MAX},
    {.attempt = 1, .failure = FAILURE_SERVER, .retry_after_us = 120 * S, .random = MAX},
    {.attempt = 1, .failure = FAILURE_SERVER, .retry_after_us = 3600 * S, .random = MAX},
    {.attempt = 1, .failure = FAILURE_SERVER, .retry_after_us = 30 * 86400 * S, .random = MAX},
};

static bool changes_a_decision(const struct retry_policy *altered)
{
    bool changed = false;

    for (size_t i = 0; i < sizeof probes / sizeof *probes; i++) {
        struct retry_input input = input_of(probes[i].attempt, probes[i].failure);

        input.retry_after_us = probes[i].retry_after_us;
        input.random = probes[i].random;
        struct retry_decision before = retry_decide(&model, &input);
        struct retry_decision after = retry_decide(altered, &input);
        changed |= before.verdict != after.verdict || before.reason != after.reason ||
                   before.source != after.source || before.at_us != after.at_us;
    }
    return changed;
}

static void test_constants_bite(void)
{
    struct retry_policy altered[9];

    for (size_t i = 0; i < 9; i++)
        altered[i] = model;
    altered[0].attempts = 4;
    altered[1].spread_percent++;
    altered[2].base_us++;
    altered[3].throttled_us++;
    altered[4].cap_us = 7 * S;
    altered[5].floor_us++;
    altered[6].park_us--;
    altered[7].operator_us--;
    altered[8].nonsense_us--;
    CU_ASSERT_FALSE(changes_a_decision(&model));
    for (size_t i = 0; i < 9; i++)
        CU_ASSERT(changes_a_decision(&altered[i]));
}

static void test_jitter(void)
{
    int64_t low = INT64_MAX, high = 0, total = 0;
    uint64_t random = 1;
    int n = 20000, below = 0;

    for (int i = 0; i < n; i++) {
        struct retry_input input = input_of(3, FAILURE_SERVER);

        random = random * 6364136223846793005u + 1442695040888963407u;
        input.random = random;
        int64_t delay = retry_decide(&model, &input).delay_us;
        low = delay < low ? delay : low;
        high = delay > high ? delay : high;
        below += delay < 2 * S;
        total += delay;
    }
    CU_ASSERT_EQUAL(low, 200 * MS);
    CU_ASSERT(high <= 4 * S && high > 4 * S - 10 * MS);
    CU_ASSERT(below > n * 49 / 100 && below < n * 51 / 100);
    CU_ASSERT(total / n > 1980 * MS && total / n < 2030 * MS);
}

static void test_draw(void)
{
    CU_ASSERT_EQUAL(retry_draw(MAX, 0), 0);
    CU_ASSERT_EQUAL(retry_draw(MAX, -5), 0);
    CU_ASSERT_EQUAL(retry_draw(0, 9), 0);
    CU_ASSERT_EQUAL(retry_draw(MAX, 9), 9);
    CU_ASSERT_EQUAL(retry_draw(MAX, INT64_MAX), INT64_MAX);
    CU_ASSERT_EQUAL(retry_draw(UINT64_C(1) << 63, 1), 1);
    CU_ASSERT_EQUAL(retry_draw((UINT64_C(1) << 63) - 1, 1), 0);
}

static void test_huge_settings(void)
{
    struct retry_policy huge = model;
    struct retry_input input = input_of(64, FAILURE_SERVER);

    huge.attempts = 1000;
    huge.cap_us = INT64_MAX / 4;
    CU_ASSERT_EQUAL(retry_decide(&huge, &input).delay_us, INT64_MAX / 4);
}

static void test_operator(void)
{
    struct retry_decision now = retry_now(NOW);

    CU_ASSERT_EQUAL(now.verdict, RETRY_AGAIN);
    CU_ASSERT_EQUAL(now.at_us, NOW);
    CU_ASSERT_STRING_EQUAL(retry_source_name(now.source), "operator");
    CU_ASSERT_STRING_EQUAL(retry_source_name(RETRY_BY_JITTER), "backoff");
    CU_ASSERT_STRING_EQUAL(retry_source_name(RETRY_BY_HEADER), "retry-after");
    CU_ASSERT_STRING_EQUAL(retry_verdict_name(RETRY_PARK), "park");
    CU_ASSERT_STRING_EQUAL(retry_reason_text(RETRY_REASON_ATTEMPTS), "all attempts were used");
}

static const struct test tests[] = {
    {"waits are full jitter, Retry-After a minimum, long ones are parked", test_waits},
    {"the window stops growing at its cap", test_cap},
    {"what must not be repeated is not", test_refusals},
    {"a tool backs off as the seed does, three attempts in all", test_tool},
    {"a wait beyond the deadline is not begun, a parked one does not count", test_deadline},
    {"altering one constant changes a decision", test_constants_bite},
    {"jitter fills its whole window evenly", test_jitter},
    {"a draw covers both ends of its range", test_draw},
    {"huge settings do not overflow", test_huge_settings},
    {"the operator's retry now is at once and says so", test_operator},
    {NULL, NULL},
};

const struct suite suite_retry = {"retry", tests};
