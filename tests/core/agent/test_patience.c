/* SPDX-License-Identifier: MIT */
#include "core/agent/patience.h"

#include "core/base/clock.h"
#include "tests/suite.h"

static void tries_come_further_apart(void)
{
    static const int64_t ms[] = {1, 2, 4, 8, 16, 20, 20};
    struct patience wait = {0};
    int64_t now = 7 * US_PER_S;

    for (size_t i = 0; i < sizeof ms / sizeof *ms; i++) {
        CU_ASSERT_FALSE(patience_more(&wait, now));
        CU_ASSERT_EQUAL(wait.retry_us - now, ms[i] * US_PER_MS);
        now = wait.retry_us;
    }
    CU_ASSERT_FALSE(patience_end(&wait));
    CU_ASSERT_EQUAL(wait.retry_us, 0);
    CU_ASSERT_FALSE(patience_more(&wait, now));
    CU_ASSERT_EQUAL(wait.retry_us - now, US_PER_MS);
}

static void the_holder_is_named_once(void)
{
    struct patience wait = {0};
    int64_t now = US_PER_S, told_us = 0;

    for (int i = 0; i < 400; i++) {
        if (patience_more(&wait, now)) {
            CU_ASSERT_EQUAL(told_us, 0);
            told_us = now;
        }
        now = wait.retry_us;
    }
    CU_ASSERT_TRUE(told_us >= 6 * US_PER_S && told_us < 6 * US_PER_S + 20 * US_PER_MS);
    CU_ASSERT_TRUE(patience_end(&wait));
    CU_ASSERT_FALSE(patience_end(&wait));
}

static const struct test tests[] = {
    {"tries come further apart, to twenty milliseconds", tries_come_further_apart},
    {"after five seconds, once, the holder is to be named", the_holder_is_named_once},
    {NULL, NULL},
};

const struct suite suite_patience = {"patience", tests};
