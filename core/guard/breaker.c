/* SPDX-License-Identifier: MIT */
#include "core/guard/breaker.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/json.h"
#include "core/base/str.h"

static const char *const states[BREAKER_STATES] = {
    [BREAKER_CLOSED] = "closed",
    [BREAKER_OPEN] = "open",
    [BREAKER_HALF_OPEN] = "half_open",
    [BREAKER_FORCED_OPEN] = "forced_open",
    [BREAKER_FORCED_CLOSED] = "forced_closed",
};

static const char *const causes[BREAKER_CAUSES] = {
    [BREAKER_BY_NOTHING] = "",
    [BREAKER_BY_ROW] = "failures in a row",
    [BREAKER_BY_RATE] = "too many of the last calls failed",
    [BREAKER_BY_HEALTH] = "health is critical",
    [BREAKER_BY_PROBE] = "the probe failed",
    [BREAKER_BY_OPERATOR] = "the operator",
};

static void enter(struct breaker *breaker, enum breaker_state state, int64_t now_us)
{
    breaker->state = state;
    breaker->probing = false;
    breaker->succeeded = 0;
    breaker->changed_us = now_us;
}

static void close_now(struct breaker *breaker, int64_t now_us)
{
    *breaker = (struct breaker){.state = BREAKER_CLOSED, .changed_us = now_us};
}

/* open_us * 2^(openings before this one), at most open_max_us. */
static int64_t stay_us(const struct breaker *breaker, const struct breaker_policy *policy)
{
    int64_t stay = policy->open_us;

    for (int i = 0; i < breaker->opened && stay < policy->open_max_us; i++)
        stay *= 2;
    return stay < policy->open_max_us ? stay : policy->open_max_us;
}

static void open_now(struct breaker *breaker, const struct breaker_policy *policy,
                     enum breaker_cause cause, int64_t now_us)
{
    enter(breaker, BREAKER_OPEN, now_us);
    breaker->cause = cause;
    breaker->until_us = now_us + stay_us(breaker, policy);
    if (breaker->opened < INT_MAX)
        breaker->opened++;
}

static void sample(struct breaker *breaker, const struct breaker_policy *policy, bool fault)
{
    breaker->failed = breaker->failed << 1 | fault;
    if (policy->window < BREAKER_WINDOW_MAX)
        breaker->failed &= (UINT64_C(1) << policy->window) - 1;
    breaker->seen = breaker->seen < policy->window ? breaker->seen + 1 : policy->window;
    breaker->in_row = fault ? breaker->in_row + 1 : 0;
}

static enum breaker_cause judge(const struct breaker *breaker, const struct breaker_policy *policy)
{
    int failed = __builtin_popcountll(breaker->failed);

    if (breaker->in_row >= policy->in_row)
        return BREAKER_BY_ROW;
    if (breaker->seen >= policy->samples && failed * 100 >= policy->percent * breaker->seen)
        return BREAKER_BY_RATE;
    return BREAKER_BY_NOTHING;
}

static bool record_closed(struct breaker *breaker, const struct breaker_policy *policy, bool fault,
                          int64_t now_us)
{
    sample(breaker, policy, fault);
    enum breaker_cause cause = judge(breaker, policy);
    if (cause == BREAKER_BY_NOTHING)
        return false;
    open_now(breaker, policy, cause, now_us);
    return true;
}

static bool record_probe(struct breaker *breaker, const struct breaker_policy *policy,
                         const struct failure_row *row, int64_t now_us)
{
    breaker->probing = false;
    if (row->fault) {
        open_now(breaker, policy, BREAKER_BY_PROBE, now_us);
        return true;
    }
    if (row->ok && ++breaker->succeeded >= policy->successes) {
        close_now(breaker, now_us);
        return true;
    }
    return false;
}

void breaker_init(struct breaker *breaker)
{
    close_now(breaker, 0);
}

static struct breaker_answer look_half_open(const struct breaker *breaker,
                                            const struct breaker_policy *policy, int64_t now_us)
{
    int64_t lost_us = breaker->probe_us + policy->probe_us;

    if (breaker->probing && now_us < lost_us)
        return (struct breaker_answer){BREAKER_WAIT, lost_us};
    return (struct breaker_answer){BREAKER_PROBE, 0};
}

struct breaker_answer breaker_look(const struct breaker *breaker,
                                   const struct breaker_policy *policy, int64_t now_us)
{
    switch (breaker->state) {
    case BREAKER_FORCED_OPEN: return (struct breaker_answer){BREAKER_WAIT, BREAKER_NEVER};
    case BREAKER_HALF_OPEN: return look_half_open(breaker, policy, now_us);
    case BREAKER_OPEN:
        if (now_us < breaker->until_us)
            return (struct breaker_answer){BREAKER_WAIT, breaker->until_us};
        return (struct breaker_answer){BREAKER_PROBE, 0};
    default: return (struct breaker_answer){BREAKER_YES, 0};
    }
}

struct breaker_answer breaker_admit(struct breaker *breaker, const struct breaker_policy *policy,
                                    int64_t now_us)
{
    struct breaker_answer answer = breaker_look(breaker, policy, now_us);

    if (answer.verdict == BREAKER_PROBE) {
        if (breaker->state == BREAKER_OPEN)
            enter(breaker, BREAKER_HALF_OPEN, now_us);
        breaker->probing = true;
        breaker->probe_us = now_us;
    }
    return answer;
}

bool breaker_record(struct breaker *breaker, const struct breaker_policy *policy,
                    enum failure failure, int64_t started_us, int64_t now_us)
{
    const struct failure_row *row = failure_row(failure);

    if (breaker->state == BREAKER_CLOSED)
        return (row->fault || row->ok) && record_closed(breaker, policy, row->fault, now_us);
    if (breaker->state != BREAKER_OPEN && breaker->state != BREAKER_HALF_OPEN)
        return false;
    if (started_us < breaker->until_us)
        return false;
    if (breaker->state == BREAKER_OPEN) /* only a rebuild gets here: nobody asked for that probe */
        enter(breaker, BREAKER_HALF_OPEN, started_us);
    return record_probe(breaker, policy, row, now_us);
}

bool breaker_trip(struct breaker *breaker, const struct breaker_policy *policy, int64_t now_us)
{
    if (breaker->state != BREAKER_CLOSED)
        return false;
    open_now(breaker, policy, BREAKER_BY_HEALTH, now_us);
    return true;
}

void breaker_reset(struct breaker *breaker, int64_t now_us)
{
    close_now(breaker, now_us);
}

void breaker_force(struct breaker *breaker, bool open, int64_t now_us)
{
    enter(breaker, open ? BREAKER_FORCED_OPEN : BREAKER_FORCED_CLOSED, now_us);
    breaker->cause = BREAKER_BY_OPERATOR;
}

void breaker_rebuild(struct breaker *breaker, const struct breaker_policy *policy,
                     const struct breaker_past *past, size_t count)
{
    breaker_init(breaker);
    for (const struct breaker_past *at = past; at < past + count; at++) {
        switch (at->event) {
        case BREAKER_ATTEMPT:
            (void)breaker_record(breaker, policy, at->failure, at->started_us, at->at_us);
            break;
        case BREAKER_TRIP: (void)breaker_trip(breaker, policy, at->at_us); break;
        case BREAKER_RESET: breaker_reset(breaker, at->at_us); break;
        case BREAKER_OPENED: breaker_force(breaker, true, at->at_us); break;
        case BREAKER_SHUT: breaker_force(breaker, false, at->at_us); break;
        }
    }
}

cJSON *breaker_save(const struct breaker *breaker)
{
    cJSON *out = cJSON_CreateObject();
    char failed[17]; /* hexadecimal: a number in JSON holds 53 bits */

    (void)snprintf(failed, sizeof failed, "%" PRIx64, breaker->failed);
    json_set_text(out, "state", states[breaker->state]);
    json_set_int(out, "cause", breaker->cause);
    json_set_text(out, "failed", failed);
    json_set_int(out, "seen", breaker->seen);
    json_set_int(out, "in_row", breaker->in_row);
    json_set_int(out, "opened", breaker->opened);
    json_set_int(out, "succeeded", breaker->succeeded);
    json_set_bool(out, "probing", breaker->probing);
    json_set_int(out, "probe_us", breaker->probe_us);
    json_set_int(out, "until_us", breaker->until_us);
    json_set_int(out, "changed_us", breaker->changed_us);
    return out;
}

static int state_named(const char *name)
{
    for (int i = 0; i < BREAKER_STATES; i++)
        if (str_eq(states[i], name))
            return i;
    return -1;
}

/* A small count as saved, or -1. */
static int count_in(const cJSON *saved, const char *key, int max)
{
    int64_t value = json_int(saved, key, -1);

    return value < 0 || value > max ? -1 : (int)value;
}

int breaker_load(struct breaker *breaker, const cJSON *saved, struct err *err)
{
    int state = state_named(json_text(saved, "state"));
    struct breaker out = {
        .seen = count_in(saved, "seen", BREAKER_WINDOW_MAX),
        .in_row = count_in(saved, "in_row", INT_MAX),
        .opened = count_in(saved, "opened", INT_MAX),
        .succeeded = count_in(saved, "succeeded", INT_MAX),
        .probing = json_bool(saved, "probing", false),
        .probe_us = json_int(saved, "probe_us", 0),
        .until_us = json_int(saved, "until_us", 0),
        .changed_us = json_int(saved, "changed_us", 0),
    };
    int cause = count_in(saved, "cause", BREAKER_CAUSES - 1);
    const char *failed = json_text(saved, "failed");
    char *end = NULL;

    if (failed)
        out.failed = strtoull(failed, &end, 16);
    if (!failed || end == failed || *end || state < 0 || cause < 0 || out.seen < 0 ||
        out.in_row < 0 || out.opened < 0 || out.succeeded < 0)
        return err_set(err, E_CORRUPT, "not a saved breaker");
    out.state = (enum breaker_state)state;
    out.cause = (enum breaker_cause)cause;
    *breaker = out;
    return 0;
}

const char *breaker_state_name(enum breaker_state state)
{
    return states[state];
}

const char *breaker_cause_text(enum breaker_cause cause)
{
    return causes[cause];
}
