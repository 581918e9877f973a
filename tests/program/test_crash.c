/* SPDX-License-Identifier: MIT */
/*
 * The program dies of SIGKILL, again and again, wherever it happens to be, and a new one goes on
 * with the run (tests/support/tale.h).
 *
 * TEST_KILLS says how many deaths, TEST_SEED which; where in the program's life a death falls
 * depends on the machine as well, so a seed is a neighbourhood and not a place.
 */
#include "tests/suite.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/tale.h"

#define LIVES_MAX 200 /* of one run: it gets further with almost every one */

/* ---- The campaign ---- */

/* splitmix64: the seed is all of its state. */
static uint64_t chance(uint64_t *seed)
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* One life: to its end, or to a random moment; whether it was killed. */
static bool live(struct tale *tale, uint64_t *seed, int64_t us)
{
    tale_begin(tale);
    bool dies = !program_ends(&tale->program, (int64_t)(chance(seed) % (uint64_t)us));

    if (dies)
        CU_ASSERT_EQUAL(kill(tale->program.pid, SIGKILL), 0);
    tale_end(tale);
    return dies;
}

/*
 * A whole run with as many deaths as it takes. Lives grow longer, so that it ends even where the
 * program's start takes most of `us`, as on a machine that grew busy since that was measured. How
 * often it was killed.
 */
static unsigned suffer(struct tale *tale, uint64_t *seed, int64_t us)
{
    unsigned kills = 0;

    while (tale->code != 0 && tale->lives < LIVES_MAX) {
        kills += live(tale, seed, us + us * tale->lives * tale->lives / 64);
        tale_nothing_twice(tale);
        if (tale->code == TALE_DOUBT)
            tale_settle(tale);
    }
    return kills;
}

static void a_killed_run_ends_as_if_it_had_lived(void)
{
    const unsigned kills = suite_amount("KILLS", 300), seeded = suite_amount("SEED", 1);
    unsigned killed = 0, doubts = 0, runs = 0;
    uint64_t seed = seeded;
    int64_t us;
    char *expected = tale_undisturbed(&us);

    us /= 2; /* most first lives are too short for the run */
    while (killed < kills && CU_get_number_of_failures() == 0) {
        struct tale tale;

        tale_open(&tale);
        killed += suffer(&tale, &seed, us);
        doubts += tale.doubts;
        runs++;
        tale_judge(&tale, expected);
        tale_close(&tale);
    }
    printf("crash: %u deaths in %u runs, %u orders in doubt (TEST_SEED=%u)\n", killed, runs, doubts,
           seeded);
    free(expected);
}

/* ---- Every place where the program meets the kernel ---- */

/* Dies at one stop, lives on without further harm; the stops that the first life made. */
static size_t die_once(size_t at, const char *expected)
{
    struct tale tale;

    tale_open(&tale);
    size_t stops = program_kill_at(&tale.program, tale_words(&tale), at);
    tale_end(&tale);
    if (stops > 0) {
        tale_go_on(&tale);
        tale_judge(&tale, expected);
    }
    if (CU_get_number_of_failures() > 0)
        printf("    killed at stop %zu\n", at);
    tale_close(&tale);
    return stops;
}

static void a_run_that_is_killed_at_any_system_call_ends_the_same(void)
{
    const unsigned points = suite_amount("POINTS", 40);
    char *expected = tale_undisturbed(NULL);
    size_t all = die_once(SIZE_MAX, expected);

    if (all == 0)
        suite_skip("S12", "no process may be traced here");
    for (unsigned i = 0; i < points && all > 0 && CU_get_number_of_failures() == 0; i++)
        (void)die_once(1 + all * i / points, expected);
    printf("crash: killed at %u of %zu stops\n", all > 0 ? points : 0, all);
    free(expected);
}

static void a_run_that_has_ended_says_so_again(void)
{
    struct tale tale;

    tale_open(&tale);
    for (int life = 0; life < 3; life++) {
        tale_live(&tale);
        CU_ASSERT_EQUAL(tale.code, 0);
    }
    tale_nothing_twice(&tale);
    tale_close(&tale);
}

static const struct test tests[] = {
    {"a run that has ended is not run again", a_run_that_has_ended_says_so_again},
    {"S12 a run that is killed at any system call ends as if it had lived",
     a_run_that_is_killed_at_any_system_call_ends_the_same},
    {"S11 a run that is killed anywhere ends as if it had lived",
     a_killed_run_ends_as_if_it_had_lived},
    {NULL, NULL},
};

const struct suite suite_crash = {"crash", tests};
