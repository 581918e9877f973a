/* SPDX-License-Identifier: MIT */
/*
 * The circuit breaker of one model endpoint or one tool.
 *
 *   CLOSED --(failures in a row | failure rate | health critical)--> OPEN
 *   OPEN --(its time is over, next request)--> HALF_OPEN: that request is the only probe
 *   HALF_OPEN --(probe fails)--> OPEN, twice as long    --(enough successes)--> CLOSED
 *   any --operator--> FORCED_OPEN, FORCED_CLOSED, or CLOSED by reset
 *
 * A request that meets an open breaker waits and costs no attempt. Only failures whose row says
 * `fault` count; 429, other 4xx, cancels and a command's exit code are neither failure nor success.
 * An attempt is judged by when it started: one that was under way when the breaker opened says
 * nothing about the probe. Plain data without pointers; times are the caller's, on any one scale
 * that goes on after a restart when the state is to be rebuilt.
 */
#ifndef CORE_GUARD_BREAKER_H
#define CORE_GUARD_BREAKER_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/failure.h"
#include "core/guards.h"

#define BREAKER_NEVER INT64_MAX /* until the operator acts */

enum breaker_state {
    BREAKER_CLOSED,
    BREAKER_OPEN,
    BREAKER_HALF_OPEN,
    BREAKER_FORCED_OPEN,
    BREAKER_FORCED_CLOSED,
    BREAKER_STATES
};

enum breaker_cause {
    BREAKER_BY_NOTHING, /* never opened, or closed again */
    BREAKER_BY_ROW,
    BREAKER_BY_RATE,
    BREAKER_BY_HEALTH,
    BREAKER_BY_PROBE,
    BREAKER_BY_OPERATOR,
    BREAKER_CAUSES
};

struct breaker {
    enum breaker_state state;
    enum breaker_cause cause; /* of the last opening */
    uint64_t failed;          /* one bit an outcome, the latest lowest */
    int seen;                 /* outcomes in `failed` */
    int in_row;               /* failures in a row */
    int opened;               /* openings since it was last closed: the doubling */
    int succeeded;            /* probes that did, while half-open */
    bool probing;             /* a probe is in flight */
    int64_t probe_us;         /* when it went */
    int64_t until_us;         /* open until then */
    int64_t changed_us;       /* when it came into this state; health counts from here */
};

enum breaker_verdict { BREAKER_YES, BREAKER_PROBE, BREAKER_WAIT };

struct breaker_answer {
    enum breaker_verdict verdict;
    int64_t
        until_us; /* with WAIT: ask again then, or at the probe's end; BREAKER_NEVER = operator */
};

void breaker_init(struct breaker *breaker); /* closed */
/* May a request go now? PROBE books the one probe: its end must be recorded, whatever it is. */
struct breaker_answer breaker_admit(struct breaker *breaker, const struct breaker_policy *policy,
                                    int64_t now_us);
/* What breaker_admit would say, changing nothing. */
struct breaker_answer breaker_look(const struct breaker *breaker,
                                   const struct breaker_policy *policy, int64_t now_us);

/* An attempt that started at started_us ended at now_us. True when the state changed. */
bool breaker_record(struct breaker *breaker, const struct breaker_policy *policy,
                    enum failure failure, int64_t started_us, int64_t now_us);
/* Health says critical (health_should_break): opens a closed one. True when it did. */
bool breaker_trip(struct breaker *breaker, const struct breaker_policy *policy, int64_t now_us);

void breaker_reset(struct breaker *breaker, int64_t now_us);
void breaker_force(struct breaker *breaker, bool open, int64_t now_us);

/* One thing that happened, in order of its end, for a rebuild after a restart. */
enum breaker_event { BREAKER_ATTEMPT, BREAKER_TRIP, BREAKER_RESET, BREAKER_OPENED, BREAKER_SHUT };
struct breaker_past {
    enum breaker_event event; /* OPENED and SHUT are the operator's force */
    enum failure failure;     /* of an attempt */
    int64_t started_us;       /* of an attempt */
    int64_t at_us;            /* its end, or when the operator acted */
};
void breaker_rebuild(struct breaker *breaker, const struct breaker_policy *policy,
                     const struct breaker_past *past, size_t count);

/* For checkpoint summaries. The tree is the caller's. E_CORRUPT when it is not one of ours. */
cJSON *breaker_save(const struct breaker *breaker);
int breaker_load(struct breaker *breaker, const cJSON *saved, struct err *err);

const char *breaker_state_name(enum breaker_state state); /* "closed", "half_open", … */
const char *breaker_cause_text(enum breaker_cause cause); /* "failures in a row", … */

#endif
