/* SPDX-License-Identifier: MIT */
/*
 * One seed of the deterministic simulation: the program's own turn, state machine and history over
 * a disk in memory that loses what was not synced; a fake clock, model, tools and operator; kills,
 * power cuts, full disks and busy locks. Everything follows from the seed, so a seed that fails is
 * a reproduction. What must always hold is judged after every pass and every restart.
 *
 *   universe ─ chance, clock, disk, what the outside world has seen
 *     └ process (dies and comes back) ─ history, turn, fake world (fake.h)
 */
#ifndef TESTS_SIMULATION_UNIVERSE_H
#define TESTS_SIMULATION_UNIVERSE_H

#include "core/agent/input.h"
#include "core/agent/state.h"
#include "core/agent/turn.h"
#include "tests/support/fault_vfs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct history;
struct query;

#define UNIVERSE_RUNS 3
#define UNIVERSE_KEY  80

/* An effect as the outside world saw it: it survives every kill. */
struct seen_effect {
    char key[UNIVERSE_KEY];
    int times;   /* how often it was carried out */
    int allowed; /* how often that may be: one, and one more for each word of the operator */
    bool once;
};

struct seen_run {
    int64_t run;
    int64_t max_iterations;
    int64_t answers;        /* complete model answers, for the limit; −1 = no longer comparable */
    int64_t version;        /* of its workspace: grows with every effect */
    int64_t cached_version; /* that version when the newest cacheable result was given */
    bool usurped, lost;     /* its head was moved by somebody else; and rerail has seen it */
    int64_t usurped_at;     /* the head that rerail believes in since */
    int64_t checkpoints;    /* the most that were ever acknowledged */
};

struct universe {
    uint64_t seed, chance;
    int64_t mono_us, wall_us;
    char *dir, *path;
    struct fault_disk *disk;
    struct history *history; /* of the process that lives; NULL = none does */
    struct query *query;     /* its reader */
    struct turn *turn;
    struct fake *fake;
    struct seen_effect *effects;
    size_t effect_count, effect_cap;
    struct seen_run runs[UNIVERSE_RUNS];
    size_t run_count;
    int64_t acked; /* highest event that was published */
    int lock_fd;   /* another process holds the writer's lock; −1 = none */
    int lock_steps;
    bool calm; /* no more faults and verbs: everything must come to rest */
    bool trace;
    char broken[512]; /* the first thing that did not hold; "" = all is well */
    uint64_t (*coverage)[INPUT_KIND_COUNT]; /* by state; may be NULL */
    int64_t passes;
};

/* Plays a whole seed; true when everything held. */
bool universe_play(struct universe *u, uint64_t seed);
void universe_free(struct universe *u);

/* For the parts. */
uint64_t universe_draw(struct universe *u, uint64_t below); /* 0 … below − 1 */
bool universe_odds(struct universe *u, unsigned percent);
void universe_break(struct universe *u, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void universe_say(struct universe *u, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
struct seen_effect *universe_effect(struct universe *u, const char *key);
struct seen_run *universe_run(struct universe *u, int64_t run);
/* The effect that is about to touch the world has its row on disk: started, or intent when pure. */
void universe_judge_ledger(struct universe *u, int64_t run, int64_t effect, bool pure);

#endif
