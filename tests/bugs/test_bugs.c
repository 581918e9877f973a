/* SPDX-License-Identifier: MIT */
/*
 * Does the simulation bite? Each planted bug (core/base/bug.h) must break something that is judged
 * within 2,000 seeds.
 */
#include "core/base/bug.h"
#include "tests/simulation/universe.h"
#include "tests/suite.h"

#include <stdio.h>

#define SEEDS 2000

static uint64_t caught_at(enum bug bug)
{
    bug_planted = bug;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct universe u = {0};
        bool well = universe_play(&u, seed);

        if (!well)
            printf("bug %d: seed %llu: %s\n", bug, (unsigned long long)seed, u.broken);
        universe_free(&u);
        if (!well)
            return seed;
    }
    return 0;
}

static void every_bug(void)
{
    for (int bug = BUG_NONE + 1; bug < BUG_COUNT; bug++) {
        uint64_t seed = caught_at((enum bug)bug);

        if (seed == 0)
            printf("bug %d was not caught\n", bug);
        CU_ASSERT_TRUE(seed > 0);
    }
}

static const struct test tests[] = {
    {"each planted bug is caught within 2,000 seeds", every_bug},
    {NULL, NULL},
};

const struct suite suite_bugs = {"bugs", tests};
