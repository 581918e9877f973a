/* SPDX-License-Identifier: MIT */
/*
 * Runs the suites: `run` all, `run sse` one suite, `run sse "split anywhere"` one test (a part of
 * its name), `run -l` lists. The last line is "N passed, N failed, N skipped".
 */
#include "tests/suite.h"

#include <CUnit/TestRun.h>
#include <stdio.h>
#include <string.h>

#define SUITE(name) extern const struct suite suite_##name;
#include "suites.h"
#undef SUITE

static const struct suite *const suites[] = {
#define SUITE(name) &suite_##name,
#include "suites.h"
#undef SUITE
};

#define SUITE_COUNT (sizeof suites / sizeof *suites)

static unsigned passed, failed, skipped; /* of this process: one thread runs the tests */

void suite_skip(const char *what, const char *why)
{
    skipped++;
    printf("skipped: %s (%s)\n", what, why);
}

static void print_failures(void)
{
    for (CU_pFailureRecord f = CU_get_failure_list(); f; f = f->pNext)
        printf("    %s:%u: %s\n", f->strFileName, f->uiLineNumber, f->strCondition);
}

static void run_test(const struct suite *suite, const struct test *test)
{
    CU_pSuite box = CU_add_suite(suite->name, NULL, NULL);
    CU_pTest one = CU_add_test(box, test->name, test->run);

    CU_run_test(box, one);
    if (CU_get_number_of_failures() == 0) {
        passed++;
    } else {
        failed++;
        printf("FAILED %s: %s\n", suite->name, test->name);
        print_failures();
    }
    fflush(stdout);
    CU_cleanup_registry();
    CU_initialize_registry();
}

static void run_suite(const struct suite *suite, const char *part)
{
    for (const struct test *test = suite->tests; test->name; test++)
        if (!part || strstr(test->name, part))
            run_test(suite, test);
}

static void list_tests(void)
{
    for (size_t i = 0; i < SUITE_COUNT; i++)
        for (const struct test *test = suites[i]->tests; test->name; test++)
            printf("%s: %s\n", suites[i]->name, test->name);
}

int main(int argc, char **argv)
{
    const char *only = argc > 1 ? argv[1] : NULL;

    if (only && strcmp(only, "-l") == 0) {
        list_tests();
        return 0;
    }
    CU_initialize_registry();
    CU_set_error_action(CUEA_IGNORE);
    for (size_t i = 0; i < SUITE_COUNT; i++)
        if (!only || strcmp(only, suites[i]->name) == 0)
            run_suite(suites[i], argc > 2 ? argv[2] : NULL);
    CU_cleanup_registry();
    printf("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
    return failed || passed + skipped == 0;
}
