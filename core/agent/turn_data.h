/* SPDX-License-Identifier: MIT */
/*
 * The inside of struct turn, shared by turn.c (the pass) and turn_runs.c (runs come and go).
 */
#ifndef CORE_AGENT_TURN_DATA_H
#define CORE_AGENT_TURN_DATA_H

#include "core/agent/guards.h"
#include "core/agent/patience.h"
#include "core/agent/turn.h"

struct timer {
    enum timer_kind kind;
    int64_t effect, at_us;
};

struct pending {
    struct pending *next;
    int64_t run;
    struct input *input;
};

struct live {
    struct run *run;
    struct timer *timers;
    size_t timer_count, timer_cap;
};

/* An action that waits for its decision to be stored. */
struct due {
    int64_t run;
    struct action action;
};

struct turn {
    struct turn_options options;
    struct guards *guards;
    bool recalled; /* the guards know of the attempts before this process */
    struct live **runs;
    size_t run_count, run_cap;
    struct pending *first, **last; /* queue of inputs */
    struct step_out out;           /* decided, not yet stored */
    size_t decided;                /* actions of `out` that belong to `due` already */
    struct due *due;
    size_t due_count, due_cap;
    int64_t retry_us; /* mono: the next try to store; 0 = none waits */
    struct patience busy;
    bool stalled;
    int64_t *back; /* runs that are to be given back, and could not be yet */
    size_t back_count, back_cap;
    int64_t back_us; /* mono: the next try */
};

/* turn.c, for turn_runs.c */
struct live *turn_find(const struct turn *turn, int64_t run);
void turn_enqueue(struct turn *turn, int64_t run, struct input *input); /* moves */
/* The transcript is built anew from the chain, up to the run's head. */
void turn_rewind(struct turn *turn, struct run *run);
/* Records and actions of a run that wait are forgotten. */
void turn_drop(struct turn *turn, int64_t run);

/* turn_runs.c, for turn.c */
void turn_forget(struct turn *turn, struct live *live); /* closes and frees it */
/* Gives back what is due to be by now. */
void turn_give_back(struct turn *turn, int64_t now_us);

#endif
