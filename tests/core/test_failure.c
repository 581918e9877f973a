/* SPDX-License-Identifier: MIT */
#include "core/failure.h"

#include <string.h>

#include "tests/suite.h"

static void test_names(void)
{
    for (int i = 0; i < FAILURE_COUNT; i++) {
        const struct failure_row *row = failure_row((enum failure)i);

        CU_ASSERT_PTR_NOT_NULL_FATAL(row->name);
        CU_ASSERT_PTR_NOT_NULL_FATAL(row->text);
        CU_ASSERT(row->name[0] && row->text[0]);
        CU_ASSERT_EQUAL((int)failure_named(row->name), i);
    }
    CU_ASSERT_EQUAL((int)failure_named("weather"), FAILURE_COUNT);
    CU_ASSERT_EQUAL((int)failure_named(""), FAILURE_COUNT);
}

static void test_columns(void)
{
    for (int i = 0; i < FAILURE_COUNT; i++) {
        const struct failure_row *row = failure_row((enum failure)i);

        CU_ASSERT(!(row->error && row->ok));
        CU_ASSERT(!row->fault || row->error);
        CU_ASSERT(!row->ok || !row->retry);
    }
}

static void test_breaker_column(void)
{
    static const enum failure no_fault[] = {
        FAILURE_NONE,    FAILURE_THROTTLED, FAILURE_BUSY,     FAILURE_BILLING,   FAILURE_AUTH,
        FAILURE_CONTEXT, FAILURE_REQUEST,   FAILURE_EXIT,     FAILURE_CANCELLED, FAILURE_DENIED,
        FAILURE_FILTER,  FAILURE_NOT_FOUND, FAILURE_FORBIDDEN};

    for (size_t i = 0; i < sizeof no_fault / sizeof *no_fault; i++)
        CU_ASSERT_FALSE(failure_row(no_fault[i])->fault);
    CU_ASSERT(failure_row(FAILURE_CONNECT)->fault);
    CU_ASSERT(failure_row(FAILURE_TIMEOUT)->fault);
    CU_ASSERT(failure_row(FAILURE_SERVER)->fault);
    CU_ASSERT(failure_row(FAILURE_OVERLOADED)->fault);
    CU_ASSERT(failure_row(FAILURE_STREAM)->fault);
}

static const struct test tests[] = {
    {"every failure has a name that finds it again", test_names},
    {"no failure is both an error and a success, and faults are errors", test_columns},
    {"429, other 4xx, cancels and exit codes do not speak against the endpoint",
     test_breaker_column},
    {NULL, NULL},
};

const struct suite suite_failure = {"failure", tests};
