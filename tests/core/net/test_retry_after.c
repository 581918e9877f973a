/* SPDX-License-Identifier: MIT */
#include "core/net/retry_after.h"

#include <stddef.h>

#include "core/base/clock.h"
#include "tests/suite.h"

/* Mon, 23 Nov 2026 21:50:52 GMT */
#define NOW_S ((int64_t)1795470652)
#define NOW   (NOW_S * US_PER_S)
#define DAY   ((int64_t)86400 * US_PER_S)

struct row {
    const char *text;
    int64_t us;
};

static void test_seconds(void)
{
    static const struct row rows[] = {
        {"2", 2 * US_PER_S},       {"0", 0},         {"007", 7 * US_PER_S}, {" \t2 ", 2 * US_PER_S},
        {"1.5", 1500 * US_PER_MS}, {"0.0000015", 1}, {"86400", DAY},        {"2592000", 30 * DAY},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CU_ASSERT_EQUAL(http_retry_after(NULL, rows[i].text, NOW), rows[i].us);
}

static void test_nonsense(void)
{
    static const char *const rows[] = {
        "",
        " ",
        "-1",
        "-0",
        "+1",
        "abc",
        "1s",
        "1 2",
        "1,5",
        "1e3",
        "0x1",
        ".5",
        "5.",
        "NaN",
        "inf",
        "soon, please",
        "Mon, 23 Nov 2026 21:50:52",
        "Mon 23 Nov 2026 21:50:52 GMT",
        "Mon, 23 Nov 2026 21:50:52 UTC",
        "Mon, 23 Nov 2026 21:50:52 GMT x",
        "Mon, 23 nov 2026 21:50:52 GMT",
        "Mon, 31 Nov 2026 21:50:52 GMT",
        "Mon, 00 Nov 2026 21:50:52 GMT",
        "Mon, 23 Nov 2026 24:50:52 GMT",
        "Mon, 23 Nov 2026 21:60:52 GMT",
        "Mon, 23 Nov 2026 21:50:61 GMT",
        "Xyz, 23 Nov 2026 21:50:52 GMT",
        "Thu, 29 Feb 2027 00:00:00 GMT",
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT_EQUAL(http_retry_after(NULL, rows[i], NOW), -1);
        CU_ASSERT_EQUAL(http_retry_after(rows[i], NULL, NOW), -1);
    }
    CU_ASSERT_EQUAL(http_retry_after(NULL, NULL, NOW), -1);
}

static void test_absurd(void)
{
    static const char *const rows[] = {"2592001",
                                       "2592000.5",
                                       "1000000000000",
                                       "99999999999999999999999999",
                                       "Wed, 23 Dec 2026 21:50:53 GMT",
                                       "Fri, 31 Dec 9999 23:59:59 GMT"};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CU_ASSERT_EQUAL(http_retry_after(NULL, rows[i], NOW), -1);
    CU_ASSERT_EQUAL(http_retry_after("2592000001", NULL, NOW), -1);
}

static void test_dates(void)
{
    static const struct row rows[] = {
        {"Mon, 23 Nov 2026 21:50:54 GMT", 2 * US_PER_S},
        {"  Mon, 23 Nov 2026 21:50:54 GMT ", 2 * US_PER_S},
        {"Sun, 23 Nov 2026 21:50:54 GMT", 2 * US_PER_S}, /* the date decides, not the day's name */
        {"Monday, 23-Nov-26 21:50:54 GMT", 2 * US_PER_S},
        {"Mon Nov 23 21:50:54 2026", 2 * US_PER_S},
        {"Tue Dec  1 21:50:52 2026", 8 * DAY},
        {"Wed, 23 Dec 2026 21:50:52 GMT", 30 * DAY},
        {"Mon, 23 Nov 2026 21:50:52 GMT", 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CU_ASSERT_EQUAL(http_retry_after(NULL, rows[i].text, NOW), rows[i].us);
}

static void test_past(void)
{
    static const char *const rows[] = {
        "Mon, 23 Nov 2026 21:50:51 GMT",   "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",  "Sun Nov  6 08:49:37 1994",
        "Thu, 01 Jan 1970 00:00:00 GMT",   "Wed, 31 Dec 1969 23:59:59 GMT",
        "Mon, 01 Jan 0001 00:00:00 GMT",   "Thu, 29 Feb 2024 00:00:00 GMT",
        "Tuesday, 01-Jan-85 00:00:00 GMT",
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CU_ASSERT_EQUAL(http_retry_after(NULL, rows[i], NOW), 0);
}

static void test_ms(void)
{
    static const struct {
        const char *ms, *after;
        int64_t us;
    } rows[] = {
        {"250", NULL, 250 * US_PER_MS},
        {"0", "9", 0},
        {"1.5", "9", 1500},
        {"250", "9", 250 * US_PER_MS},
        {"-5", "9", 9 * US_PER_S},
        {"garbage", "9", 9 * US_PER_S},
        {"2592000000", "9", 30 * DAY},
        {"2592000001", "9", 9 * US_PER_S},
        {"Mon, 23 Nov 2026 21:50:54 GMT", "9", 9 * US_PER_S},
        {"garbage", "garbage", -1},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CU_ASSERT_EQUAL(http_retry_after(rows[i].ms, rows[i].after, NOW), rows[i].us);
}

static void test_date_values(void)
{
    static const struct {
        const char *text;
        int64_t s;
    } rows[] = {
        {"Thu, 01 Jan 1970 00:00:01 GMT", 1},
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
        {"Tue, 29 Feb 2000 23:59:60 GMT", 951868800},
        {"Wed, 01 Mar 2000 00:00:00 GMT", 951868800},
        {"Thu, 01 Mar 2040 00:00:00 GMT", 2214172800},
        {"Mon, 01 Mar 2100 00:00:00 GMT", 4107542400},
        {"Fri, 31 Dec 9999 23:59:59 GMT", 253402300799},
        /* Two digits of a year: up to 50 years ahead, else behind. */
        {"Friday, 01-Jan-76 00:00:00 GMT", 3345062400},
        {"Friday, 01-Jan-77 00:00:00 GMT", 220924800},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CU_ASSERT_EQUAL(retry_after_date_us(rows[i].text, NOW), rows[i].s * US_PER_S);
}

static const struct test tests[] = {
    {"seconds are waited, fractions too", test_seconds},
    {"negative and garbled values are as if absent (N20)", test_nonsense},
    {"more than 30 days is as if absent (N21)", test_absurd},
    {"a date in each of the three forms is waited for", test_dates},
    {"a date in the past is no wait at all (N19)", test_past},
    {"retry-after-ms wins when it is usable (N22)", test_ms},
    {"dates are the right second since 1970", test_date_values},
    {NULL, NULL},
};

const struct suite suite_retry_after = {"retry_after", tests};
