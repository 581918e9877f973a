/* SPDX-License-Identifier: MIT */
#include "core/guard/breaker.h"

#include <string.h>

#include "core/base/clock.h"
#include "tests/suite.h"

#define S ((int64_t)US_PER_S)

static const struct breaker_policy policy = {
    .in_row = 5,
    .window = 20,
    .percent = 50,
    .samples = 8,
    .successes = 2,
    .open_us = 15 * S,
    .open_max_us = 300 * S,
    .probe_us = 1800 * S,
};

/* Plays outcomes one second apart from *now on: 'F' a fault, '.' a success, and what does not
   count: 't' 429, 'r' another 4xx, 'c' a cancel, 'x' an exit code (a success of the tool). */
static void play(struct breaker *breaker, const char *script, int64_t *now)
{
    static const char letters[] = "F.trcx";
    static const enum failure failures[] = {FAILURE_SERVER,  FAILURE_NONE,      FAILURE_THROTTLED,
                                            FAILURE_REQUEST, FAILURE_CANCELLED, FAILURE_EXIT};

    for (; *script; script++, *now += S)
        (void)breaker_record(breaker, &policy, failures[strchr(letters, *script) - letters],
                             *now - S, *now);
}

static struct breaker played(const char *script, int64_t *now)
{
    struct breaker breaker;

    breaker_init(&breaker);
    *now = 10 * S;
    play(&breaker, script, now);
    return breaker;
}

static const struct {
    const char *script;
    enum breaker_cause cause; /* NOTHING: stays closed */
} openings[] = {
    {"", BREAKER_BY_NOTHING},
    {"FFFF", BREAKER_BY_NOTHING},
    {"FFFFF", BREAKER_BY_ROW},
    {"FFFF.FFF", BREAKER_BY_RATE},
    {"FFFF.F", BREAKER_BY_NOTHING},                 /* six samples are too few for the rate */
    {"F.F.F.F", BREAKER_BY_NOTHING},                /* seven, too */
    {"F.F.F.F.", BREAKER_BY_RATE},                  /* half of eight */
    {"F.F.F...", BREAKER_BY_NOTHING},               /* three of eight */
    {".FFFF...FF", BREAKER_BY_RATE},                /* half of eight, at once */
    {"FFF......FF", BREAKER_BY_NOTHING},            /* five of eleven */
    {"FFF......FFF", BREAKER_BY_RATE},              /* six of twelve */
    {"............FFFF.FFFF.", BREAKER_BY_NOTHING}, /* eight of twenty */
    {"............FFFF.FFFF.FF", BREAKER_BY_RATE},  /* ten of the last twenty, not of all 22 */
    {"FFFFtFFFF", BREAKER_BY_ROW},                  /* a 429 does not break the row */
    {"ttttttttttttt", BREAKER_BY_NOTHING},
    {"rrrrrrrrrrrrr", BREAKER_BY_NOTHING},
    {"ccccccccccccc", BREAKER_BY_NOTHING},
    {"xxxxxxxxxxxxx", BREAKER_BY_NOTHING},
    {"FFFFrrrr", BREAKER_BY_NOTHING}, /* what does not count is no sample either */
    {"FFFFxFFFF", BREAKER_BY_RATE},   /* an exit code is the tool's success */
};

static void test_openings(void)
{
    for (size_t i = 0; i < sizeof openings / sizeof *openings; i++) {
        int64_t now;
        struct breaker breaker = played(openings[i].script, &now);

        CU_ASSERT_EQUAL(breaker.cause, openings[i].cause);
        CU_ASSERT_EQUAL(breaker.state, openings[i].cause ? BREAKER_OPEN : BREAKER_CLOSED);
    }
}

static void test_open_waits(void)
{
    int64_t now;
    struct breaker breaker = played("FFFFF", &now);
    int64_t opened = now - S;
    struct breaker_answer early = breaker_admit(&breaker, &policy, opened + 15 * S - 1);

    CU_ASSERT_EQUAL(early.verdict, BREAKER_WAIT);
    CU_ASSERT_EQUAL(early.until_us, opened + 15 * S);
    CU_ASSERT_EQUAL(breaker.state, BREAKER_OPEN);
    CU_ASSERT_EQUAL(breaker_look(&breaker, &policy, opened + 15 * S).verdict, BREAKER_PROBE);
    CU_ASSERT_EQUAL(breaker.state, BREAKER_OPEN);
    CU_ASSERT_EQUAL(breaker_admit(&breaker, &policy, opened + 15 * S).verdict, BREAKER_PROBE);
    CU_ASSERT_EQUAL(breaker.state, BREAKER_HALF_OPEN);
}

/* Opens it and books the first probe; *now is when that went. */
static struct breaker probing(int64_t *now)
{
    struct breaker breaker = played("FFFFF", now);

    *now = breaker.until_us;
    CU_ASSERT_EQUAL(breaker_admit(&breaker, &policy, *now).verdict, BREAKER_PROBE);
    return breaker;
}

static void test_one_probe(void)
{
    int64_t now;
    struct breaker breaker = probing(&now);
    struct breaker_answer second = breaker_admit(&breaker, &policy, now + S);

    CU_ASSERT_EQUAL(second.verdict, BREAKER_WAIT);
    CU_ASSERT_EQUAL(second.until_us, now + 1800 * S);
    CU_ASSERT_FALSE(breaker_record(&breaker, &policy, FAILURE_NONE, now, now + 2 * S));
    CU_ASSERT_EQUAL(breaker_admit(&breaker, &policy, now + 2 * S).verdict, BREAKER_PROBE);
    CU_ASSERT_EQUAL(breaker_admit(&breaker, &policy, now + 2 * S).verdict, BREAKER_WAIT);
}

static void test_two_successes_close(void)
{
    int64_t now;
    struct breaker breaker = probing(&now);

    (void)breaker_record(&breaker, &policy, FAILURE_NONE, now, now + S);
    CU_ASSERT_EQUAL(breaker.state, BREAKER_HALF_OPEN);
    (void)breaker_admit(&breaker, &policy, now + S);
    CU_ASSERT(breaker_record(&breaker, &policy, FAILURE_NONE, now + S, now + 2 * S));
    CU_ASSERT_EQUAL(breaker.state, BREAKER_CLOSED);
    CU_ASSERT_EQUAL(breaker.changed_us, now + 2 * S);
    now += 3 * S;
    play(&breaker, "FFFF", &now); /* the past is forgotten */
    CU_ASSERT_EQUAL(breaker.state, BREAKER_CLOSED);
    play(&breaker, "F", &now);
    CU_ASSERT_EQUAL(breaker.until_us, now - S + 15 * S);
}

static void test_probe_fails(void)
{
    static const int64_t stays[] = {15, 30, 60, 120, 240, 300, 300, 300};
    int64_t now;
    struct breaker breaker = played("FFFFF", &now);

    for (size_t i = 0; i < sizeof stays / sizeof *stays; i++) {
        CU_ASSERT_EQUAL(breaker.state, BREAKER_OPEN);
        CU_ASSERT_EQUAL(breaker.until_us - breaker.changed_us, stays[i] * S);
        now = breaker.until_us;
        (void)breaker_admit(&breaker, &policy, now);
        CU_ASSERT(breaker_record(&breaker, &policy, FAILURE_TIMEOUT, now, now + S));
        CU_ASSERT_EQUAL(breaker.cause, BREAKER_BY_PROBE);
    }
}

static void test_failure_after_one_success(void)
{
    int64_t now;
    struct breaker breaker = probing(&now);

    (void)breaker_record(&breaker, &policy, FAILURE_NONE, now, now + S);
    (void)breaker_admit(&breaker, &policy, now + S);
    CU_ASSERT(breaker_record(&breaker, &policy, FAILURE_SERVER, now + S, now + 2 * S));
    CU_ASSERT_EQUAL(breaker.state, BREAKER_OPEN);
    CU_ASSERT_EQUAL(breaker.succeeded, 0);
}

static void test_uncounted_probe(void)
{
    static const enum failure uncounted[] = {FAILURE_CANCELLED, FAILURE_THROTTLED, FAILURE_REQUEST};

    for (size_t i = 0; i < sizeof uncounted / sizeof *uncounted; i++) {
        int64_t now;
        struct breaker breaker = probing(&now);

        CU_ASSERT_FALSE(breaker_record(&breaker, &policy, uncounted[i], now, now + S));
        CU_ASSERT_EQUAL(breaker.state, BREAKER_HALF_OPEN);
        CU_ASSERT_EQUAL(breaker_admit(&breaker, &policy, now + S).verdict, BREAKER_PROBE);
    }
}

static void test_late_ends(void)
{
    int64_t now;
    struct breaker breaker = played("FFFFF", &now);
    int64_t before = breaker.changed_us - S;

    CU_ASSERT_FALSE(breaker_record(&breaker, &policy, FAILURE_SERVER, before, now));
    CU_ASSERT_EQUAL(breaker.opened, 1);
    CU_ASSERT_FALSE(breaker_record(&breaker, &policy, FAILURE_NONE, before, now));
    now = breaker.until_us;
    (void)breaker_admit(&breaker, &policy, now);
    CU_ASSERT_FALSE(breaker_record(&breaker, &policy, FAILURE_SERVER, before, now + S));
    CU_ASSERT_FALSE(breaker_record(&breaker, &policy, FAILURE_NONE, before, now + S));
    CU_ASSERT_EQUAL(breaker.state, BREAKER_HALF_OPEN);
    CU_ASSERT(breaker.probing);
    CU_ASSERT_EQUAL(breaker.succeeded, 0);
}

static void test_lost_probe(void)
{
    int64_t now;
    struct breaker breaker = probing(&now);

    CU_ASSERT_EQUAL(breaker_admit(&breaker, &policy, now + 1800 * S - 1).verdict, BREAKER_WAIT);
    CU_ASSERT_EQUAL(breaker_admit(&breaker, &policy, now + 1800 * S).verdict, BREAKER_PROBE);
}

static void test_operator(void)
{
    int64_t now;
    struct breaker breaker = played("FFFFF", &now);

    breaker_reset(&breaker, now);
    CU_ASSERT_EQUAL(breaker_admit(&breaker, &policy, now).verdict, BREAKER_YES);
    breaker_force(&breaker, true, now);
    CU_ASSERT_EQUAL(breaker_admit(&breaker, &policy, now + 86400 * S).verdict, BREAKER_WAIT);
    CU_ASSERT_EQUAL(breaker_admit(&breaker, &policy, now).until_us, BREAKER_NEVER);
    play(&breaker, "......", &now);
    CU_ASSERT_EQUAL(breaker.state, BREAKER_FORCED_OPEN);
    breaker_force(&breaker, false, now);
    play(&breaker, "FFFFFFFFFFFF", &now);
    CU_ASSERT_EQUAL(breaker.state, BREAKER_FORCED_CLOSED);
    CU_ASSERT_EQUAL(breaker_admit(&breaker, &policy, now).verdict, BREAKER_YES);
    CU_ASSERT_FALSE(breaker_trip(&breaker, &policy, now));
    breaker_reset(&breaker, now);
    play(&breaker, "FFFF", &now);
    CU_ASSERT_EQUAL(breaker.state, BREAKER_CLOSED);
}

static void test_health_trips(void)
{
    int64_t now;
    struct breaker breaker = played("F.", &now);

    CU_ASSERT(breaker_trip(&breaker, &policy, now));
    CU_ASSERT_EQUAL(breaker.state, BREAKER_OPEN);
    CU_ASSERT_STRING_EQUAL(breaker_cause_text(breaker.cause), "health is critical");
    CU_ASSERT_FALSE(breaker_trip(&breaker, &policy, now));
    CU_ASSERT_EQUAL(breaker.opened, 1);
}

static const struct breaker_past past[] = {
    {BREAKER_ATTEMPT, FAILURE_SERVER, 0, 1 * S},
    {BREAKER_ATTEMPT, FAILURE_SERVER, 1 * S, 2 * S},
    {BREAKER_ATTEMPT, FAILURE_THROTTLED, 2 * S, 3 * S},
    {BREAKER_ATTEMPT, FAILURE_SERVER, 3 * S, 4 * S},
    {BREAKER_ATTEMPT, FAILURE_SERVER, 4 * S, 5 * S},
    {BREAKER_ATTEMPT, FAILURE_SERVER, 5 * S, 6 * S},    /* opens until 21 s */
    {BREAKER_ATTEMPT, FAILURE_SERVER, 5 * S, 8 * S},    /* was under way */
    {BREAKER_ATTEMPT, FAILURE_NONE, 21 * S, 22 * S},    /* probe */
    {BREAKER_ATTEMPT, FAILURE_TIMEOUT, 22 * S, 30 * S}, /* probe: open until 60 s */
    {BREAKER_ATTEMPT, FAILURE_NONE, 60 * S, 61 * S},
    {BREAKER_ATTEMPT, FAILURE_NONE, 61 * S, 62 * S}, /* closed */
    {BREAKER_TRIP, FAILURE_NONE, 0, 63 * S},
    {BREAKER_OPENED, FAILURE_NONE, 0, 64 * S},
    {BREAKER_SHUT, FAILURE_NONE, 0, 65 * S},
    {BREAKER_RESET, FAILURE_NONE, 0, 66 * S},
};

static void live_step(struct breaker *breaker, const struct breaker_past *step)
{
    switch (step->event) {
    case BREAKER_ATTEMPT:
        if (breaker->state == BREAKER_OPEN || breaker->state == BREAKER_HALF_OPEN)
            (void)breaker_admit(breaker, &policy, step->started_us);
        (void)breaker_record(breaker, &policy, step->failure, step->started_us, step->at_us);
        break;
    case BREAKER_TRIP: (void)breaker_trip(breaker, &policy, step->at_us); break;
    case BREAKER_OPENED: breaker_force(breaker, true, step->at_us); break;
    case BREAKER_SHUT: breaker_force(breaker, false, step->at_us); break;
    case BREAKER_RESET: breaker_reset(breaker, step->at_us); break;
    }
}

static void test_rebuild(void)
{
    struct breaker live;

    breaker_init(&live);
    for (size_t n = 0; n < sizeof past / sizeof *past; n++) {
        struct breaker rebuilt;

        live_step(&live, &past[n]);
        breaker_rebuild(&rebuilt, &policy, past, n + 1);
        CU_ASSERT_EQUAL(rebuilt.state, live.state);
        CU_ASSERT_EQUAL(rebuilt.cause, live.cause);
        CU_ASSERT_EQUAL(rebuilt.until_us, live.until_us);
        CU_ASSERT_EQUAL(rebuilt.opened, live.opened);
        CU_ASSERT_EQUAL(rebuilt.succeeded, live.succeeded);
        CU_ASSERT_EQUAL(rebuilt.failed, live.failed);
        CU_ASSERT_EQUAL(rebuilt.seen, live.seen);
        CU_ASSERT_EQUAL(rebuilt.in_row, live.in_row);
        CU_ASSERT_EQUAL(rebuilt.changed_us, live.changed_us);
    }
}

static void test_save(void)
{
    int64_t now;
    struct breaker breaker = probing(&now), back;
    cJSON *saved;

    breaker.failed = UINT64_MAX;
    saved = breaker_save(&breaker);
    memset(&back, 0, sizeof back);
    CU_ASSERT_EQUAL(breaker_load(&back, saved, NULL), 0);
    CU_ASSERT_EQUAL(back.failed, UINT64_MAX);
    CU_ASSERT_EQUAL(back.state, breaker.state);
    CU_ASSERT_EQUAL(back.probing, true);
    CU_ASSERT_EQUAL(back.probe_us, breaker.probe_us);
    CU_ASSERT_EQUAL(back.until_us, breaker.until_us);
    CU_ASSERT_EQUAL(back.changed_us, breaker.changed_us);
    CU_ASSERT_EQUAL(back.opened, breaker.opened);
    cJSON_Delete(saved);
}

static void test_load_refuses(void)
{
    static const char *const members[] = {"state",  "cause",  "failed",   "seen",
                                          "in_row", "opened", "succeeded"};

    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        struct breaker breaker, untouched;
        cJSON *saved;

        breaker_init(&breaker);
        breaker.in_row = 3;
        untouched = breaker;
        saved = breaker_save(&breaker);
        cJSON_DeleteItemFromObject(saved, members[i]);
        cJSON_AddStringToObject(saved, members[i], "nonsense");
        CU_ASSERT_EQUAL(breaker_load(&breaker, saved, NULL), E_CORRUPT);
        CU_ASSERT_EQUAL(breaker.in_row, untouched.in_row);
        cJSON_Delete(saved);
    }
    CU_ASSERT_EQUAL(breaker_load(&(struct breaker){0}, NULL, NULL), E_CORRUPT);
}

static void test_wide_window(void)
{
    struct breaker_policy wide = policy;
    struct breaker breaker;

    wide.window = BREAKER_WINDOW_MAX;
    wide.in_row = 1000;
    wide.percent = 100;
    wide.samples = BREAKER_WINDOW_MAX;
    breaker_init(&breaker);
    for (int i = 0; i < BREAKER_WINDOW_MAX - 1; i++)
        CU_ASSERT_FALSE(breaker_record(&breaker, &wide, FAILURE_SERVER, i, i));
    CU_ASSERT(breaker_record(&breaker, &wide, FAILURE_SERVER, 100, 100));
}

static const struct test tests[] = {
    {"it opens at five in a row or half of the last twenty with eight samples", test_openings},
    {"open it lets nothing through until its time is over", test_open_waits},
    {"half-open it lets one probe through at a time", test_one_probe},
    {"two successes close it and forget the past", test_two_successes_close},
    {"a failed probe opens it twice as long, up to five minutes", test_probe_fails},
    {"one success does not outweigh a failed second probe", test_failure_after_one_success},
    {"a probe that says nothing frees the place for another", test_uncounted_probe},
    {"what was under way when it opened says nothing about the probe", test_late_ends},
    {"a lost probe does not keep it shut for ever", test_lost_probe},
    {"the operator's reset and force go before what it saw", test_operator},
    {"critical health opens a closed one, once", test_health_trips},
    {"it is rebuilt from the attempts of the past at every point", test_rebuild},
    {"it survives being saved", test_save},
    {"what is not a saved breaker is refused and changes nothing", test_load_refuses},
    {"the widest window holds sixty-four outcomes", test_wide_window},
    {NULL, NULL},
};

const struct suite suite_breaker = {"breaker", tests};
