/* SPDX-License-Identifier: MIT */
/*
 * A run that another agent has lived, told in rerail's own words: chain, calls, ledger, events and
 * checkpoints as a run of ours would have them, but no inputs, for nothing was decided here. What
 * was not recorded (attempts, times, a lost result) is not made up. Pure: history stores the batch.
 */
#ifndef CORE_AGENT_ADOPT_H
#define CORE_AGENT_ADOPT_H

#include "core/journal.h"

struct run_config;
struct trajectory;

struct adoption {
    int64_t run; /* its number, as journal_new_run gave it */
    const char *uid;
    const char *format;              /* "codex": foreign.h */
    const struct trajectory *record; /* at least one step */
    const struct run_config *config; /* what a fork of it would begin with; copied */
    int64_t wall_us;                 /* now: for what has no time of its own */
};

/* Appends to batch, to be committed in one piece. E_TOOBIG names the message that no run can
 * hold. */
int adopt(struct batch *batch, const struct adoption *adoption, struct err *err);

#endif
