/* SPDX-License-Identifier: MIT */
/*
 * The rate gate of one endpoint: when may the next request go? It is closed by 429 and by rate
 * headers that say nothing is left, for all runs that use the endpoint, before they too are
 * refused. Headers are read here as text, because their forms are half of the trouble.
 */
#ifndef CORE_GUARD_GATE_H
#define CORE_GUARD_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/failure.h"
#include "core/guards.h"

#define GATE_UNKNOWN (-1)

/* What one answer's headers said. All times are spans from now. */
struct gate_hint {
    int64_t retry_after_us;    /* retry-after-ms, else retry-after (seconds or HTTP date) */
    int64_t requests_left;     /* x-ratelimit-remaining-requests */
    int64_t requests_reset_us; /* x-ratelimit-reset-requests, a Go duration such as "6m0s" */
    int64_t tokens_left;       /* x-ratelimit-remaining-tokens */
    int64_t tokens_reset_us;   /* x-ratelimit-reset-tokens */
    bool exact;                /* retry_after_us came from retry-after-ms */
    int8_t should_retry;       /* x-should-retry: 1 true, 0 false, GATE_UNKNOWN */
};

void gate_hint_init(struct gate_hint *hint); /* everything GATE_UNKNOWN */
/* Takes one header; others are ignored, nonsense (negative, garbage) leaves the hint as it was.
   wall_us is for HTTP dates; a date in the past means now. */
void gate_hint_header(struct gate_hint *hint, const char *name, const char *value, int64_t wall_us);

struct gate {
    int64_t open_us;           /* closed until then */
    int throttled;             /* 429s in a row */
    int64_t requests_left;     /* GATE_UNKNOWN, or what the server last said less what went since */
    int64_t requests_reset_us; /* when that word expires */
};

void gate_init(struct gate *gate);
/* 0: the request may go, and is counted. Otherwise the time before which it must not; ask again. */
int64_t gate_admit(struct gate *gate, int64_t now_us);
/* An answer came: its headers (NULL = none) and how the attempt ended. */
void gate_note(struct gate *gate, const struct gate_policy *policy, const struct gate_hint *hint,
               enum failure failure, int64_t now_us);
void gate_open(struct gate *gate); /* the operator's hand: forget what was said */

#endif
