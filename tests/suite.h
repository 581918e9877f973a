/* SPDX-License-Identifier: MIT */
/*
 * A suite is a table of sentences. tests/…/test_NAME.c defines `const struct suite suite_NAME`; the
 * Makefile finds the file, so adding a suite touches no list. Assertions are CUnit's. Every suite
 * runs in a process of its own, and its tests one after the other on that process's main thread.
 *
 * A test that is a case of the fault catalogue begins with the case's number ("N05 a server that
 * …"). Several tests may share a number: the case counts when all of them pass and none skips.
 */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include <CUnit/CUnit.h>
#include <stdbool.h>

/* clang-tidy cannot see that a fatal assertion does not return; this says so. */
#ifdef __clang_analyzer__
#include <stdlib.h>
static inline CU_BOOL suite_holds(CU_BOOL value, CU_BOOL fatal)
{
    if (!value && fatal)
        abort();
    return value;
}
#define CU_assertImplementation(value, line, text, file, function, fatal) suite_holds(value, fatal)
#endif

struct test {
    const char *name; /* a sentence of behaviour */
    void (*run)(void);
};

struct suite {
    const char *name;         /* the module, as in `tests/run NAME` */
    const struct test *tests; /* ends with { NULL, NULL } */
};

/*
 * Says that one thing cannot be tried here; a test that says so counts as skipped. Printed, never
 * silent.
 */
void suite_skip(const char *what, const char *why);

/*
 * How often to try: the environment's TEST_`name` ("SEEDS", "KILLS") or, without it, `normal`.
 * Campaigns (make soak) raise it and slow builds (make tsan) lower it.
 */
unsigned suite_amount(const char *name, unsigned normal);

/* Whether a sanitizer watches: its allocator keeps what was freed, so memory cannot be judged. */
bool suite_is_watched(void);
/* Whether signals reach handlers later, or not at all, because the thread sanitizer stands between.
 */
bool suite_defers_signals(void);

/* The programs under test are there: "build/rerail" is PROGRAM_DIR "/rerail". Set by the Makefile.
 */
#ifndef PROGRAM_DIR
#define PROGRAM_DIR "build"
#endif

#endif
