/* SPDX-License-Identifier: MIT */
/*
 * A run decided again from what it was given: the stored inputs go through run_step, and the hash
 * of every decision must be the stored one. No I/O; the caller brings the inputs, in order, from
 * the first. Any one thread.
 */
#ifndef CORE_AGENT_REPLAY_H
#define CORE_AGENT_REPLAY_H

#include "core/agent/run.h"

struct replay;

/* As run_new: the run's uid is part of the chain, `spec` is the JSON that is stored with it. */
int replay_new(struct replay **out, int64_t run, const char *uid, const char *spec,
               struct err *err);
void replay_free(struct replay *replay);

/* 0: the decision is the stored one. 1: it is not, and there is no going on. E_CORRUPT: the input
   cannot be read, or is not the next one. */
int replay_stored(struct replay *replay, const struct stored_input *stored, struct err *err);
/* The same for an input in hand (borrowed) and the hash that its decision should have. */
int replay_input(struct replay *replay, const struct input *input, const struct hash *decision);

/* Both borrowed until the next step: where the run stands, and what the last step decided. */
const struct run *replay_run(const struct replay *replay);
const struct step_out *replay_decided(const struct replay *replay);

/* What the loop's rules changed to in each version: the i-th line, NULL behind the last. A run of
   an older loop may diverge because of those that came after it. */
struct loop_change {
    int loop;
    const char *rule;
};
const struct loop_change *replay_change(size_t i);

#endif
