/* SPDX-License-Identifier: MIT */
/*
 * One pass of the engine: decide, commit, publish, act, for all runs of this process. Inputs wait
 * in a queue; turn_pass takes them all through run_step, stores everything in one transaction, and
 * only then performs the actions. While the journal cannot store, decisions are held back and
 * inputs go on waiting. No threads, no descriptors, no clock of its own: the engine drives it for
 * real, the deterministic simulation with a fake world.
 */
#ifndef CORE_AGENT_TURN_H
#define CORE_AGENT_TURN_H

#include "core/agent/input.h"
#include "core/agent/run.h"
#include "core/agent/world.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/journal.h"

#include <stdint.h>

struct run_spec;
struct turn;

struct turn_options {
    struct journal journal;
    struct world world;
    struct clock clock;
    uint64_t (*random)(void *self); /* 64 fresh bits for each input */
    void *random_self;
};

struct turn *turn_new(const struct turn_options *options);
void turn_free(struct turn *turn); /* runs are closed, leases given back */

/* A new run: claimed, stored and started with the next pass. E_BUSY: another process writes to the
   history; nothing was done, try again. */
int turn_start(struct turn *turn, const struct run_spec *spec, struct run **out, struct err *err);

/* Takes a run from history: claims it (E_DENIED: another process has it), applies its newest
   checkpoint and the inputs since, builds its transcript, and tells it that it was recovered.
   E_BUSY as above. */
int turn_adopt(struct turn *turn, int64_t run, const char *how, struct err *err);

/* Gives a run back; what is in flight must have ended (run_in_flight). When it cannot be given back
   now, later passes see to it. */
void turn_release(struct turn *turn, int64_t run);

/* Moves an input into the queue. One for a run that is not here is dropped; false then. */
bool turn_post(struct turn *turn, int64_t run, struct input *input);

/* One pass. Returns 0, or E_BUSY (the writer's lock), E_FULL, E_IO, E_CORRUPT: decisions are held
   back and tried again with the next pass. */
int turn_pass(struct turn *turn, struct err *err);

/* When the next pass is due though nothing arrives: mono µs, INT64_MAX = never. */
int64_t turn_wake_us(const struct turn *turn);
/* Something waits to be decided or stored. */
bool turn_pending(const struct turn *turn);

struct run *turn_run(const struct turn *turn, int64_t run); /* NULL when not here */
struct run *turn_run_named(const struct turn *turn, const char *uid);
size_t turn_runs(const struct turn *turn);
struct run *turn_run_at(const struct turn *turn, size_t index);

/* The process stood still (SIGCONT): every timer moves by it. */
void turn_shift(struct turn *turn, int64_t us);

#endif
