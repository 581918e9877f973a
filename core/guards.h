/* SPDX-License-Identifier: MIT */
/*
 * Port: the constants of the guards. Every one is a setting whose default, range and explanation
 * are a row of core/config/setting.c, and nowhere else; core/config fills these in, core/guard
 * decides by them, and a run carries its own copy, stored with it. Spans are microseconds.
 */
#ifndef CORE_GUARDS_H
#define CORE_GUARDS_H

#include <stdint.h>

/* retry.* for model calls; tool.retry_* for tools. */
struct retry_policy {
    int attempts;         /* in all, the first one included */
    int spread_percent;   /* of Retry-After, added at random */
    int64_t base_us;      /* the window of the first backoff; doubles with each */
    int64_t throttled_us; /* the same after 429 and 529 */
    int64_t cap_us;       /* the window never grows beyond */
    int64_t floor_us;     /* no delay is shorter */
    int64_t park_us;      /* a Retry-After above this parks the run until then */
    int64_t operator_us;  /* above this it waits for the operator */
    int64_t nonsense_us;  /* above this the header is ignored */
};

/* budget.* */
struct budget_policy {
    int size;          /* tokens in a full bucket */
    int cost;          /* of a retry */
    int timeout_cost;  /* of a retry after a timeout: the first may have been paid for */
    int gain;          /* of a success */
    int64_t refill_us; /* time that gives one token; 0 = none */
};

/* gate.* */
struct gate_policy {
    int64_t pause_us;     /* after a 429 that names no time; doubles with each in a row */
    int64_t pause_max_us; /* but not beyond */
    int64_t nonsense_us;  /* a longer span in a header is ignored (retry.nonsense) */
};

#define BREAKER_WINDOW_MAX 64

/* breaker.* */
struct breaker_policy {
    int in_row;          /* failures in a row that open it */
    int window;          /* last outcomes looked at, at most BREAKER_WINDOW_MAX */
    int percent;         /* this share of them failed, or more, opens it … */
    int samples;         /* … once there are so many */
    int successes;       /* of probes that close it */
    int64_t open_us;     /* first stay open; doubles with each in a row */
    int64_t open_max_us; /* but not beyond */
    int64_t probe_us;    /* a probe without a word for so long is given up for lost */
};

#define HEALTH_WINDOW_MAX 1000

/* health.* */
struct health_policy {
    int window;           /* last outcomes, 1 to HEALTH_WINDOW_MAX … */
    int critical_percent; /* errors above this share: critical */
    int degraded_percent; /* above this: degraded */
    int break_samples;    /* outcomes it takes before critical opens a breaker */
    int64_t window_us;    /* … and not older than this */
    int64_t slow_us;      /* average latency above this: slow */
};

#endif
