/* SPDX-License-Identifier: MIT */
#include "tests/tally.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* The catalogue's families and how many cases each has. */
static const struct family {
    char letter;
    int cases;
} families[] = {{'N', 42}, {'T', 38}, {'A', 14}, {'S', 20}, {'U', 16}, {'P', 13}};

#define FAMILIES  (sizeof families / sizeof families[0])
#define CASES_MAX 100

static void *must(void *memory)
{
    if (!memory || memory == MAP_FAILED) {
        perror("tests");
        exit(1);
    }
    return memory;
}

static size_t test_count(const struct suite *suite)
{
    size_t n = 0;

    while (suite->tests[n].name)
        n++;
    return n;
}

struct tally *tally_new(const struct suite *const *suites, size_t count)
{
    struct tally *tallies = must(calloc(count + 1, sizeof *tallies));

    for (size_t i = 0; i < count; i++) {
        struct tally *tally = &tallies[i];

        tally->suite = suites[i];
        tally->count = test_count(suites[i]);
        tally->outcomes = must(mmap(NULL, (tally->count + 1) * sizeof *tally->outcomes,
                                    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    }
    return tallies;
}

void tally_free(struct tally *tallies, size_t count)
{
    for (size_t i = 0; i < count; i++)
        (void)munmap(tallies[i].outcomes, (tallies[i].count + 1) * sizeof *tallies[i].outcomes);
    free(tallies);
}

const char *tally_running(const struct tally *tally)
{
    for (size_t i = 0; i < tally->count; i++)
        if (tally->outcomes[i] == OUTCOME_RUNNING)
            return tally->suite->tests[i].name;
    return NULL;
}

void tally_count(const struct tally *tally, struct counts *counts)
{
    for (size_t i = 0; i < tally->count; i++) {
        enum outcome outcome = tally->outcomes[i];

        counts->passed += outcome == OUTCOME_PASSED;
        counts->skipped += outcome == OUTCOME_SKIPPED;
        counts->failed += outcome == OUTCOME_FAILED || outcome == OUTCOME_RUNNING;
    }
}

/* "N05 a server…" is case 5 of family 0; false when the sentence names no case. */
static bool fault_of(const char *name, size_t *family, int *number)
{
    if (strlen(name) < 4 || !isdigit((unsigned char)name[1]) || !isdigit((unsigned char)name[2]) ||
        name[3] != ' ')
        return false;
    *number = (name[1] - '0') * 10 + (name[2] - '0');
    for (*family = 0; *family < FAMILIES; ++*family)
        if (families[*family].letter == name[0])
            return *number >= 1 && *number <= families[*family].cases;
    return false;
}

enum state { UNTRIED, WHOLE, BROKEN };

static void print_cases(const char *title, enum state state,
                        const enum state cases[FAMILIES][CASES_MAX])
{
    bool any = false;

    for (size_t family = 0; family < FAMILIES; family++)
        for (int number = 1; number <= families[family].cases; number++) {
            if (cases[family][number] != state)
                continue;
            printf("%s %c%02d", any ? "" : title, families[family].letter, number);
            any = true;
        }
    if (any)
        printf("\n");
}

void tally_print_faults(const struct tally *tallies, size_t count)
{
    enum state cases[FAMILIES][CASES_MAX] = {{UNTRIED}};
    size_t family;
    int number;

    for (size_t i = 0; i < count; i++)
        for (size_t t = 0; tallies[i].wanted && t < tallies[i].count; t++) {
            if (!fault_of(tallies[i].suite->tests[t].name, &family, &number))
                continue;
            if (tallies[i].outcomes[t] != OUTCOME_PASSED)
                cases[family][number] = BROKEN;
            else if (cases[family][number] == UNTRIED)
                cases[family][number] = WHOLE;
        }
    print_cases("whole:", WHOLE, cases);
    print_cases("broken:", BROKEN, cases);
}
