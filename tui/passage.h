/* SPDX-License-Identifier: MIT */
/*
 * What the last events of a run say about it: the states it went through and for how long, its
 * breakers, the wait it is in, what the operator should hear. A fold over the feed that keeps a
 * bounded part of it, so that a run of a million events costs no more than one of ten. Pure.
 */
#ifndef TUI_PASSAGE_H
#define TUI_PASSAGE_H

#include "core/agent/state.h"
#include "core/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PASSAGE_STATES   512 /* state changes that are kept */
#define PASSAGE_BREAKERS 8

struct passage_state {
    int64_t us, spent_us; /* when it was left, and the time spent in it */
    enum run_state state;
};

struct passage_breaker {
    char scope[16], key[64], state[16];
    int64_t until_us; /* open until then, wall clock; 0 = not open, or until the operator acts */
};

struct passage {
    int64_t seen;                                /* the last event that was folded */
    struct passage_state states[PASSAGE_STATES]; /* a ring, oldest at `first` */
    size_t first, count;
    enum run_state state; /* the present one, entered at */
    int64_t since_us;
    char reason[96];
    struct passage_breaker breakers[PASSAGE_BREAKERS]; /* those that ever left "closed" */
    size_t breaker_count;
    int64_t wait_until_us; /* of the last backoff or admission; 0 = none */
    char wait_cause[96];
    int64_t wait_attempt, wait_max; /* the attempt that comes, of how many; 0 = not told */
    char notice[256];               /* the last thing the operator should know; "" = none */
    int64_t notice_seq;
};

void passage_clear(struct passage *passage);
/* One event, in order; body as stored. What cannot be read is passed over. */
void passage_fold(struct passage *passage, int64_t seq, int64_t us, enum event_type type,
                  const char *body);
const struct passage_state *passage_at(const struct passage *passage,
                                       size_t index); /* 0 = oldest */
/* Time in states that count against the deadline, up to `now_us` when the run is in one. */
int64_t passage_active(const struct passage *passage, int64_t now_us);

#endif
