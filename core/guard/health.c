/* SPDX-License-Identifier: MIT */
#include "core/guard/health.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/json.h"
#include "core/base/mem.h"

void health_init(struct health *health)
{
    *health = (struct health){0};
}

void health_free(struct health *health)
{
    free(health->ring);
    health_init(health);
}

/* The i-th outcome, oldest first. */
static const struct health_outcome *at(const struct health *health, size_t i)
{
    return &health->ring[(health->first + i) % health->cap];
}

static void grow(struct health *health, size_t window)
{
    size_t cap = health->cap ? 2 * health->cap : 16;
    struct health_outcome *ring;

    if (cap > window)
        cap = window;
    ring = mem_array(cap, sizeof *ring);
    for (size_t i = 0; i < health->count; i++)
        ring[i] = *at(health, i);
    free(health->ring);
    health->ring = ring;
    health->cap = cap;
    health->first = 0;
}

static void drop_oldest(struct health *health)
{
    assert(health->count > 0 && health->cap > 0);
    health->first = (health->first + 1) % health->cap;
    health->count--;
}

void health_record(struct health *health, const struct health_policy *policy,
                   const struct health_outcome *outcome)
{
    const struct failure_row *row = failure_row(outcome->failure);
    size_t window = (size_t)policy->window;

    if (!row->error && !row->ok)
        return;
    while (health->count >= window) /* more than one only after the window was made smaller */
        drop_oldest(health);
    if (health->count == health->cap)
        grow(health, window);
    health->ring[(health->first + health->count) % health->cap] = *outcome;
    health->count++;
}

/* One figure of every success in the window that has it. */
struct samples {
    struct quantile_sample at[HEALTH_WINDOW_MAX];
    size_t count;
};

static void add(struct samples *samples, int64_t value, int64_t ref)
{
    if (value != HEALTH_ABSENT)
        samples->at[samples->count++] = (struct quantile_sample){.value = value, .ref = ref};
}

static int64_t sum(const struct samples *samples)
{
    int64_t total = 0;

    for (size_t i = 0; i < samples->count; i++)
        total += samples->at[i].value;
    return total;
}

static void spread(struct health_spread *out, struct samples *samples)
{
    static const struct quantile_sample absent = {HEALTH_ABSENT, HEALTH_ABSENT};

    *out = (struct health_spread){
        .n = samples->count, .avg = HEALTH_ABSENT, .p50 = absent, .p90 = absent, .p99 = absent};
    if (samples->count == 0)
        return;
    out->avg = sum(samples) / (int64_t)samples->count;
    quantile_sort(samples->at, samples->count);
    out->p50 = *quantile_at(samples->at, samples->count, 500);
    out->p90 = *quantile_at(samples->at, samples->count, 900);
    out->p99 = *quantile_at(samples->at, samples->count, 990);
}

static bool above(size_t part, size_t whole, int percent)
{
    return part * 100 > whole * (size_t)percent;
}

static enum health_status judge(const struct health_figures *figures,
                                const struct health_policy *policy)
{
    if (figures->n == 0)
        return HEALTH_NONE;
    if (above(figures->errors, figures->n, policy->critical_percent))
        return HEALTH_CRITICAL;
    if (above(figures->errors, figures->n, policy->degraded_percent))
        return HEALTH_DEGRADED;
    return figures->latency.avg > policy->slow_us ? HEALTH_SLOW : HEALTH_HEALTHY;
}

static void count_outcome(struct health_figures *out, const struct health_outcome *outcome)
{
    const struct failure_row *row = failure_row(outcome->failure);

    out->n++;
    out->errors += row->error;
    out->successes += row->ok;
    out->faults += row->fault;
}

/* Where the last `window` outcomes begin: more are held only after it was made smaller. */
static size_t first_recent(const struct health *health, const struct health_policy *policy)
{
    size_t window = (size_t)policy->window;

    return health->count > window ? health->count - window : 0;
}

static bool recent(const struct health_outcome *outcome, const struct health_policy *policy,
                   int64_t now_us)
{
    return now_us - outcome->at_us < policy->window_us;
}

void health_figures(struct health_figures *out, const struct health *health,
                    const struct health_policy *policy, int64_t now_us)
{
    struct samples latency = {.count = 0}, ttft = {.count = 0}, rate = {.count = 0};

    *out = (struct health_figures){.error_permille = HEALTH_ABSENT};
    for (size_t i = first_recent(health, policy); i < health->count; i++) {
        const struct health_outcome *outcome = at(health, i);

        if (!recent(outcome, policy, now_us))
            continue;
        count_outcome(out, outcome);
        if (failure_row(outcome->failure)->ok) {
            add(&latency, outcome->latency_us, outcome->ref);
            add(&ttft, outcome->ttft_us, outcome->ref);
            add(&rate, outcome->milli_rate, outcome->ref);
        }
    }
    if (out->n > 0)
        out->error_permille = (int)((out->errors * 1000 + out->n / 2) / out->n);
    spread(&out->latency, &latency);
    spread(&out->ttft, &ttft);
    spread(&out->rate, &rate);
    out->status = judge(out, policy);
}

bool health_should_break(const struct health *health, const struct health_policy *policy,
                         int64_t since_us, int64_t now_us)
{
    struct health_figures seen = {0};

    for (size_t i = first_recent(health, policy); i < health->count; i++) {
        const struct health_outcome *outcome = at(health, i);

        if (outcome->at_us > since_us && recent(outcome, policy, now_us))
            count_outcome(&seen, outcome);
    }
    return seen.n >= (size_t)policy->break_samples &&
           above(seen.faults, seen.n, policy->critical_percent);
}

const char *health_status_name(enum health_status status)
{
    static const char *const names[] = {"–", "healthy", "slow", "degraded", "critical"};

    return names[status];
}

/* An outcome is saved as an array, its failure by name: [at, "ok", latency, ttft, rate, ref]. */
enum { SAVED_AT, SAVED_FAILURE, SAVED_LATENCY, SAVED_TTFT, SAVED_RATE, SAVED_REF, SAVED_COUNT };

static void add_number(cJSON *array, int64_t value)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%" PRId64, value); /* at most 20 characters */
    cJSON_AddItemToArray(array, cJSON_CreateRaw(text));
}

cJSON *health_save(const struct health *health)
{
    cJSON *out = cJSON_CreateArray();

    for (size_t i = 0; i < health->count; i++) {
        const struct health_outcome *outcome = at(health, i);
        cJSON *row = cJSON_CreateArray();

        add_number(row, outcome->at_us);
        cJSON_AddItemToArray(row, cJSON_CreateString(failure_name(outcome->failure)));
        add_number(row, outcome->latency_us);
        add_number(row, outcome->ttft_us);
        add_number(row, outcome->milli_rate);
        add_number(row, outcome->ref);
        cJSON_AddItemToArray(out, row);
    }
    return out;
}

static int64_t number_in(const cJSON *row, int column)
{
    const cJSON *item = cJSON_GetArrayItem(row, column);

    /* Microseconds since 1970 and references are far below 2^53: a double holds them exactly. */
    return cJSON_IsNumber(item) && item->valuedouble > -1e15 && item->valuedouble < 9e15
               ? (int64_t)item->valuedouble
               : HEALTH_ABSENT;
}

static int load_row(struct health *health, const struct health_policy *policy, const cJSON *row)
{
    const cJSON *name = cJSON_GetArrayItem(row, SAVED_FAILURE);
    enum failure failure = cJSON_IsString(name) ? failure_named(name->valuestring) : FAILURE_COUNT;

    if (cJSON_GetArraySize(row) != SAVED_COUNT || failure == FAILURE_COUNT)
        return E_CORRUPT;
    health_record(health, policy,
                  &(struct health_outcome){.at_us = number_in(row, SAVED_AT),
                                           .failure = failure,
                                           .latency_us = number_in(row, SAVED_LATENCY),
                                           .ttft_us = number_in(row, SAVED_TTFT),
                                           .milli_rate = number_in(row, SAVED_RATE),
                                           .ref = number_in(row, SAVED_REF)});
    return 0;
}

int health_load(struct health *health, const struct health_policy *policy, const cJSON *saved,
                struct err *err)
{
    struct health out;
    int rc = cJSON_IsArray(saved) ? 0 : E_CORRUPT;

    health_init(&out);
    for (const cJSON *row = saved ? saved->child : NULL; row && rc == 0; row = row->next)
        rc = load_row(&out, policy, row);
    if (rc) {
        health_free(&out);
        return err_set(err, rc, "not a saved health");
    }
    health_free(health);
    *health = out;
    return 0;
}
