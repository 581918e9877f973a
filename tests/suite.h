/* SPDX-License-Identifier: MIT */
/*
 * A suite is a table of sentences. tests/…/test_NAME.c defines `const struct suite suite_NAME`; the
 * Makefile finds the file, so adding a suite touches no list. Assertions are CUnit's.
 */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include <CUnit/CUnit.h>

struct test {
    const char *name; /* a sentence of behaviour */
    void (*run)(void);
};

struct suite {
    const char *name;         /* the module, as in `tests/run NAME` */
    const struct test *tests; /* ends with { NULL, NULL } */
};

/* Counts one thing that could not be tried here; printed at the end of the run, never silent. */
void suite_skip(const char *what, const char *why);

#endif
