/* SPDX-License-Identifier: MIT */
/*
 * The deterministic simulation over many seeds, in two processes. A seed that fails prints itself;
 * `SIMULATION_SEED=N build/tests/run --all simulation` plays one with a trace.
 */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "history/arena.h"
#include "history/history.h"
#include "history/query.h"
#include "history/query_run.h"
#include "tests/simulation/judged.h"
#include "tests/simulation/universe.h"
#include "tests/suite.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define SEEDS   20000
#define REBUILT 1000
#define WORKERS 2

/* Shared by the workers; each counts its own half, so no two write to the same cell. */
struct tally {
    uint64_t coverage[RUN_STATE_COUNT][INPUT_KIND_COUNT];
    uint64_t failed, runs, inputs;
};

static bool play(uint64_t seed, bool trace, struct tally *tally)
{
    struct universe u = {.coverage = tally->coverage, .trace = trace};
    bool well = universe_play(&u, seed);

    if (!well)
        printf("seed %llu: %s\n", (unsigned long long)seed, u.broken);
    tally->runs += u.run_count;
    universe_free(&u);
    return well;
}

static void work(struct tally *tally, uint64_t first, uint64_t seeds)
{
    for (uint64_t seed = first; seed <= seeds && tally->failed < 5; seed += WORKERS)
        tally->failed += !play(seed, false, tally);
    fflush(stdout);
}

/* Which pairs can come about; every one of them must be hit. */
static bool reachable(int state, int kind)
{
    bool at_work = state == RUN_RUNNING || state == RUN_WAITING_FOR_TOOL;

    if (state == RUN_IDLE) /* no decision was made yet: it is given its start */
        return kind == INPUT_START;
    switch ((enum input_kind)kind) {
    case INPUT_START: return false; /* only in idle */
    case INPUT_VERB:
    case INPUT_RECOVERED: return true;
    /* A call is in flight, asked for or checked only while the run is at work; late ones of a
       cancelled call never come, because the world forgets it at once. */
    case INPUT_ANSWER:
    case INPUT_CALL_FAILED: return state == RUN_RUNNING;
    case INPUT_CHECKED: /* policy answers in the pass that asks */
    case INPUT_SPAWNED:
    case INPUT_TOOL_DONE: return state == RUN_WAITING_FOR_TOOL;
    case INPUT_ADMISSION: return at_work || state == RUN_WAITING_RETRY;
    case INPUT_TIMER: return at_work || state == RUN_WAITING_RETRY;
    case INPUT_KIND_COUNT: break;
    }
    return false;
}

static void judge_coverage(const struct tally *tallies)
{
    for (int state = 0; state < RUN_STATE_COUNT; state++)
        for (int kind = 0; kind < INPUT_KIND_COUNT; kind++) {
            uint64_t hits = 0;

            for (int i = 0; i < WORKERS; i++)
                hits += tallies[i].coverage[state][kind];
            if (hits == 0 && reachable(state, kind)) {
                printf("never hit: %s in %s\n", input_name((enum input_kind)kind),
                       state_name((enum run_state)state));
                CU_ASSERT_TRUE(hits > 0);
            }
        }
}

static void all_seeds(void)
{
    const char *one = getenv("SIMULATION_SEED");
    uint64_t seeds = (uint64_t)suite_amount("SEEDS", SEEDS);
    struct tally *tallies = mmap(NULL, WORKERS * sizeof *tallies, PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pids[WORKERS];

    CU_ASSERT_PTR_NOT_EQUAL_FATAL(tallies, MAP_FAILED);
    if (one) {
        CU_ASSERT_TRUE(play(strtoull(one, NULL, 10), true, tallies));
        munmap(tallies, WORKERS * sizeof *tallies);
        return;
    }
    fflush(stdout);
    for (int i = 0; i < WORKERS; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a suite that takes too long is killed */
            work(&tallies[i], (uint64_t)i + 1, seeds);
            _exit(0);
        }
        CU_ASSERT_FATAL(pids[i] > 0);
    }
    for (int i = 0; i < WORKERS; i++) {
        int status = 0;

        CU_ASSERT_EQUAL(waitpid(pids[i], &status, 0), pids[i]);
        CU_ASSERT_EQUAL(status, 0);
        CU_ASSERT_EQUAL(tallies[i].failed, 0);
    }
    judge_coverage(tallies);
    munmap(tallies, WORKERS * sizeof *tallies);
}

/* --- altering what is stored -------------------------------------------------------------------
 */

struct touch {
    int64_t seq; /* the input that is altered */
    int how;
};

static void alter(void *ctx, struct input *input)
{
    const struct touch *touch = ctx;

    if (input->seq != touch->seq)
        return;
    switch (touch->how) {
    case 0: input->mono_us++; break;
    case 1: input->wall_us++; break;
    case 2: input->random ^= 1; break;
    case 3: json_set_int(input->facts, "more", 1); break;
    default:
        free(input->body);
        input->body = mem_text("altered");
        input->len = strlen(input->body);
    }
}

static void judge_altered(struct universe *u, struct judged *judged)
{
    int64_t inputs = judged->inputs;

    for (int how = 0; how < 5; how++) {
        struct touch touch = {1 + (int64_t)universe_draw(u, (uint64_t)inputs), how};

        judged->tamper = alter;
        judged->ctx = &touch;
        CU_ASSERT_EQUAL(judge_run(judged, NULL), 0);
        CU_ASSERT_EQUAL(judged->diverged, touch.seq);
    }
    judged->tamper = NULL;
}

/* The spec with another base of the backoff. */
static char *other_retry(const char *spec)
{
    static const char from[] = "\"retry.base\":1000000";
    const char *at = strstr(spec, from);

    if (!at)
        return NULL;
    return mem_printf("%.*s\"retry.base\":1500000%s", (int)(at - spec), spec, at + strlen(from));
}

/* The first decision that waits for a backoff of the model, or 0. */
static int64_t judge_constant(struct judged *judged)
{
    char *altered = other_retry(judged->spec);
    int64_t diverged;

    CU_ASSERT_PTR_NOT_NULL_FATAL(altered);
    judged->spec = altered;
    CU_ASSERT_EQUAL(judge_run(judged, NULL), 0);
    diverged = judged->diverged;
    CU_ASSERT_TRUE(diverged == 0 || judged->kind == INPUT_CALL_FAILED);
    free(altered);
    return diverged;
}

static void decided_again(void)
{
    int64_t wanted = suite_amount("SEEDS", SEEDS) * REBUILT / SEEDS, rebuilt = 0, waited = 0;

    if (wanted < 100)
        wanted = 100; /* fewer may hold no backoff to alter */
    for (uint64_t seed = 100001; rebuilt < wanted; seed++) {
        struct universe u = {0};

        if (seed % 8 == 0)
            continue; /* the usurper's */
        bool well = universe_play(&u, seed);
        if (!well)
            printf("seed %llu: %s\n", (unsigned long long)seed, u.broken);
        CU_ASSERT_TRUE_FATAL(well);
        for (size_t i = 0; i < u.run_count; i++) {
            struct judged judged = {.history = u.history, .run = u.runs[i].run};
            struct arena arena = {0};
            struct run_row row;

            if (query_run(u.query, &arena, judged.run, &row, NULL) == 0 &&
                query_run_config(u.query, &arena, judged.run, &judged.spec, NULL) == 0) {
                judged.uid = row.uid;
                CU_ASSERT_EQUAL(judge_run(&judged, NULL), 0);
                CU_ASSERT_EQUAL(judged.diverged, 0);
                judge_altered(&u, &judged);
                waited += judge_constant(&judged) > 0;
                rebuilt++;
            }
            arena_free(&arena);
        }
        universe_free(&u);
    }
    CU_ASSERT_TRUE(waited > 0);
}

static const struct test tests[] = {
    {"whatever happens, what must hold does", all_seeds},
    {"every decision comes out of the file again, and nothing altered does", decided_again},
    {NULL, NULL},
};

const struct suite suite_simulation = {"simulation", tests};
