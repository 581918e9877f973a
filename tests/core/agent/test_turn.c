/* SPDX-License-Identifier: MIT */
/* Runs that come and go while the journal is busy. The simulation tries all the rest of a turn. */
#include "core/agent/turn.h"

#include <string.h>

#include "core/agent/run_spec.h"
#include "core/base/mem.h"
#include "core/config/run_config.h"
#include "tests/suite.h"

/* A journal that says what it is told to, and counts. */
struct desk {
    int64_t mono_us;
    int busy, busy_back; /* so many of the next claims, releases meet a taken lock */
    int releases;
    bool held;
};

static int answer(int *busy, struct err *err)
{
    if (*busy == 0)
        return 0;
    (*busy)--;
    return err_set(err, E_BUSY, "history is being written by process 1");
}

static int desk_new_run(void *self, int64_t *run, struct err *err)
{
    struct desk *desk = self;
    int rc = answer(&desk->busy, err);

    *run = rc == 0 ? 7 : 0;
    desk->held = desk->held || rc == 0;
    return rc;
}

static int desk_claim(void *self, int64_t run, struct err *err)
{
    struct desk *desk = self;
    int rc = answer(&desk->busy, err);

    (void)run;
    desk->held = desk->held || rc == 0;
    return rc;
}

static int desk_release(void *self, int64_t run, struct err *err)
{
    struct desk *desk = self;
    int rc = answer(&desk->busy_back, err);

    (void)run;
    desk->releases++;
    desk->held = desk->held && rc < 0;
    return rc;
}

static int desk_load(void *self, int64_t run, struct run_image *out, struct err *err)
{
    (void)self;
    memset(out, 0, sizeof *out);
    return err_set(err, E_CORRUPT, "run %lld is damaged", (long long)run);
}

static const struct journal_class journal_class = {
    .new_run = desk_new_run, .claim = desk_claim, .release = desk_release, .load = desk_load};

static int no_world(void *self, struct run *run, struct err *err)
{
    (void)self;
    (void)run;
    return err_set(err, E_NOTFOUND, "no model is named");
}

static const struct world_class world_class = {.open = no_world};

static int64_t desk_now(void *self)
{
    return ((struct desk *)self)->mono_us;
}

static struct turn *turn_at(struct desk *desk)
{
    const struct turn_options options = {
        .journal = {&journal_class, desk},
        .world = {&world_class, desk},
        .clock = {.mono_us = desk_now, .wall_us = desk_now, .self = desk},
    };

    desk->mono_us = US_PER_S;
    return turn_new(&options);
}

static void a_busy_start_does_nothing(void)
{
    struct desk desk = {.busy = 1};
    struct turn *turn = turn_at(&desk);
    struct run_config *config;
    struct run *run = NULL;

    run_config_new(&config);
    struct run_spec *spec = run_spec_new(config);
    spec->task = mem_text("task");
    CU_ASSERT_EQUAL(turn_start(turn, spec, &run, NULL), E_BUSY);
    CU_ASSERT_FALSE(desk.held);
    CU_ASSERT_EQUAL(turn_wake_us(turn), INT64_MAX);
    CU_ASSERT_EQUAL(turn_start(turn, spec, &run, NULL), E_NOTFOUND);
    CU_ASSERT_FALSE(desk.held); /* given back */
    run_spec_free(spec);
    turn_free(turn);
}

static void a_lease_goes_back(void)
{
    struct desk desk = {.busy = 1};
    struct turn *turn = turn_at(&desk);

    CU_ASSERT_EQUAL(turn_adopt(turn, 7, "resume", NULL), E_BUSY);
    CU_ASSERT_EQUAL(desk.releases, 0);
    CU_ASSERT_EQUAL(turn_adopt(turn, 7, "resume", NULL), E_CORRUPT);
    CU_ASSERT_EQUAL(desk.releases, 1);
    CU_ASSERT_FALSE(desk.held);
    turn_free(turn);
}

/* The lock is taken just when the run is to be given back: passes see to it. */
static void a_lease_goes_back_later(void)
{
    struct desk desk = {.busy_back = 2};
    struct turn *turn = turn_at(&desk);

    CU_ASSERT_EQUAL(turn_adopt(turn, 7, "resume", NULL), E_CORRUPT);
    for (int tries = 2; tries <= 3; tries++) {
        CU_ASSERT_TRUE(desk.held);
        CU_ASSERT_EQUAL(turn_pass(turn, NULL), 0);
        CU_ASSERT_EQUAL(desk.releases, tries - 1); /* not before it is time */
        CU_ASSERT_TRUE_FATAL(turn_wake_us(turn) < INT64_MAX);
        desk.mono_us = turn_wake_us(turn);
        CU_ASSERT_EQUAL(turn_pass(turn, NULL), 0);
        CU_ASSERT_EQUAL(desk.releases, tries);
    }
    CU_ASSERT_FALSE(desk.held);
    CU_ASSERT_EQUAL(turn_wake_us(turn), INT64_MAX);
    turn_free(turn);
}

/* Taken again before it went back: that it was to go back is forgotten. */
static void a_lease_that_is_wanted_stays(void)
{
    struct desk desk = {.busy_back = 1};
    struct turn *turn = turn_at(&desk);

    CU_ASSERT_EQUAL(turn_adopt(turn, 7, "resume", NULL), E_CORRUPT);
    CU_ASSERT_TRUE(desk.held);
    CU_ASSERT_EQUAL(turn_adopt(turn, 7, "resume", NULL), E_CORRUPT);
    CU_ASSERT_EQUAL(desk.releases, 2);
    CU_ASSERT_EQUAL(turn_wake_us(turn), INT64_MAX);
    turn_free(turn);
}

static const struct test tests[] = {
    {"a start that meets a taken lock does nothing, and can be tried again",
     a_busy_start_does_nothing},
    {"a run that could not be opened is given back", a_lease_goes_back},
    {"a run that cannot be given back now goes back later", a_lease_goes_back_later},
    {"a run that is wanted again is not given back", a_lease_that_is_wanted_stays},
    {NULL, NULL},
};

const struct suite suite_turn = {"turn", tests};
