/* SPDX-License-Identifier: MIT */
/*
 * May a failed attempt be tried again, and when? One layer decides this for model calls and tools
 * alike; nothing below retries. Full jitter: U(0, min(cap, base * 2^n)), never below the floor. A
 * Retry-After is a minimum, spread by up to a tenth so that many runs do not return as one. All
 * integer arithmetic on the inputs given, so that a stored decision is rebuilt to the microsecond.
 */
#ifndef CORE_GUARD_RETRY_H
#define CORE_GUARD_RETRY_H

#include <stdint.h>

#include "core/failure.h"
#include "core/guards.h"

#define RETRY_NEVER INT64_MAX /* no deadline */

/* What doing it again does to the world. A model call is RETRY_PURE. */
enum retry_effect { RETRY_PURE, RETRY_IDEMPOTENT, RETRY_ONCE };

/* What the other side, or a tool's own list of exit codes, says about trying again. */
enum retry_word { RETRY_UNSAID, RETRY_YES, RETRY_NO };

struct retry_input {
    int attempt;          /* attempts made so far, this failure's included: 1, 2, … */
    enum failure failure; /* how the last one ended */
    enum retry_effect effect;
    enum retry_word word;   /* overrides the failure's row, never `once` or a cancel */
    int64_t retry_after_us; /* -1 = none given */
    uint64_t random;        /* 64 fresh bits */
    int64_t now_us;
    int64_t deadline_us; /* of the run's active time; RETRY_NEVER = none */
};

enum retry_verdict {
    RETRY_AGAIN, /* at at_us, in waiting_retry */
    RETRY_PARK,  /* at at_us, by itself; the wait does not count as active time */
    RETRY_ASK,   /* when the operator says so; at_us is the earliest the server wants */
    RETRY_STOP   /* give up, for `reason` */
};

enum retry_source { RETRY_BY_JITTER, RETRY_BY_HEADER, RETRY_BY_OPERATOR };

enum retry_reason {
    RETRY_REASON_NONE,
    RETRY_REASON_ATTEMPTS, /* as many as allowed were made */
    RETRY_REASON_FAILURE,  /* the same call would fail again */
    RETRY_REASON_TOLD,     /* the server said not to */
    RETRY_REASON_ONCE,     /* it may have happened, and must not happen twice */
    RETRY_REASON_DEADLINE, /* the wait would outlast the run's deadline */
    RETRY_REASON_BUDGET    /* the endpoint's retry budget is empty: the caller's finding */
};

struct retry_decision {
    enum retry_verdict verdict;
    enum retry_source source; /* where the delay comes from */
    enum retry_reason reason; /* of RETRY_STOP, else NONE */
    int64_t delay_us;         /* 0 with RETRY_STOP */
    int64_t at_us;            /* now + delay */
};

struct retry_decision retry_decide(const struct retry_policy *policy,
                                   const struct retry_input *input);

/* The operator's "retry now", whatever the wait was. */
struct retry_decision retry_now(int64_t now_us);

const char *retry_source_name(enum retry_source source); /* "backoff", "retry-after", "operator" */
const char *retry_verdict_name(enum retry_verdict verdict); /* "retry", "park", "ask", "stop" */
const char *retry_reason_text(enum retry_reason reason);    /* "all attempts were used", … */

/* A number drawn evenly from [0, max] by 64 random bits. */
int64_t retry_draw(uint64_t random, int64_t max);

#endif
