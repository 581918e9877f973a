/* SPDX-License-Identifier: MIT */
/*
 * What became of each test, in memory that the suites' processes share with the one that counts:
 * so a suite that crashes loses no result, and which test it was in is known.
 */
#ifndef TESTS_TALLY_H
#define TESTS_TALLY_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/suite.h"

enum outcome {
    OUTCOME_NONE, /* not asked for, or its suite ended before it */
    OUTCOME_RUNNING,
    OUTCOME_PASSED,
    OUTCOME_FAILED,
    OUTCOME_SKIPPED,
};

struct tally {
    const struct suite *suite;
    enum outcome *outcomes; /* one a test, shared */
    size_t count;
    bool wanted; /* it was to run */
};

struct counts {
    unsigned passed, failed, skipped;
};

/* One tally a suite, `count` of them; stops the program when the memory is not to be had. */
struct tally *tally_new(const struct suite *const *suites, size_t count);
void tally_free(struct tally *tallies, size_t count);

/* The test that was running when its process ended; NULL when it was in none. */
const char *tally_running(const struct tally *tally);

/* Adds up; a test left running counts as failed. */
void tally_count(const struct tally *tally, struct counts *counts);

/* Prints the catalogue's cases in the suites that were wanted: "whole: N01 …" of which every test
   passed, "broken: …" the others. Each line only if there is one to name. */
void tally_print_faults(const struct tally *tallies, size_t count);

#endif
