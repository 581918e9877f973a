/* SPDX-License-Identifier: MIT */
/*
 * How a run, a model endpoint or a tool has been doing: a sliding window of the last outcomes, in
 * number and in time. Recording is constant work; figures are computed when asked for. Where there
 * is nothing to say the figure is HEALTH_ABSENT and shown as "–", never as 0.
 */
#ifndef CORE_GUARD_HEALTH_H
#define CORE_GUARD_HEALTH_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/failure.h"
#include "core/guard/quantile.h"
#include "core/guards.h"

#define HEALTH_ABSENT (-1)

enum health_status {
    HEALTH_NONE, /* nothing in the window */
    HEALTH_HEALTHY,
    HEALTH_SLOW,
    HEALTH_DEGRADED,
    HEALTH_CRITICAL
};

struct health_outcome {
    int64_t at_us;        /* when it ended */
    enum failure failure; /* FAILURE_NONE = success; rows that are neither are not recorded */
    int64_t latency_us;   /* HEALTH_ABSENT if unknown; only successes' latencies are judged */
    int64_t ttft_us;      /* time to the first token, or HEALTH_ABSENT */
    int64_t milli_rate;   /* thousandths of tokens a second, or HEALTH_ABSENT */
    int64_t ref;          /* the attempt or effect it was */
};

struct health {
    struct health_outcome *ring; /* grows to the window's size */
    size_t cap;                  /* allocated */
    size_t first;                /* oldest */
    size_t count;
};

struct health_spread {
    size_t n; /* samples; with 0 all others are HEALTH_ABSENT */
    int64_t avg;
    struct quantile_sample p50, p90, p99; /* value and the very call */
};

struct health_figures {
    enum health_status status;
    size_t n; /* outcomes in the window */
    size_t errors;
    size_t successes;
    size_t faults;                /* errors that speak against the endpoint: not 429, not 4xx */
    int error_permille;           /* or HEALTH_ABSENT */
    struct health_spread latency; /* microseconds, of successes */
    struct health_spread ttft;    /* microseconds */
    struct health_spread rate;    /* thousandths of tokens a second */
};

void health_init(struct health *health);
void health_free(struct health *health); /* empty, usable again */
void health_record(struct health *health, const struct health_policy *policy,
                   const struct health_outcome *outcome);
void health_figures(struct health_figures *out, const struct health *health,
                    const struct health_policy *policy, int64_t now_us);
/* Critical by faults alone, with enough outcomes, counting none that ended before since_us: what a
   breaker forgave when it closed must not open it again. */
bool health_should_break(const struct health *health, const struct health_policy *policy,
                         int64_t since_us, int64_t now_us);
const char *health_status_name(enum health_status status); /* "–", "healthy", … */

/* For checkpoint summaries. E_CORRUPT when it is not one of ours. */
cJSON *health_save(const struct health *health);
int health_load(struct health *health, const struct health_policy *policy, const cJSON *saved,
                struct err *err);

#endif
