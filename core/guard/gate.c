/* SPDX-License-Identifier: MIT */
#include "core/guard/gate.h"

#include <string.h>
#include <strings.h>

#include "core/base/clock.h"
#include "core/base/str.h"
#include "core/net/retry_after.h"

struct unit {
    const char *name;
    int64_t ns;
};

/* Longer names before those they begin with. */
static const struct unit go_units[] = {
    {"ms", 1000000}, {"us", 1000},        {"\xc2\xb5s", 1000},  {"\xce\xbcs", 1000},
    {"ns", 1},       {"s", 1000000000LL}, {"m", 60000000000LL}, {"h", 3600000000000LL},
};

static const struct unit *unit_at(const char *text)
{
    for (size_t i = 0; i < sizeof go_units / sizeof *go_units; i++)
        if (str_starts(text, go_units[i].name))
            return &go_units[i];
    return NULL;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "59.56" before a unit: the number in units of 1/scale, up to nine decimals. Returns what is
   behind it, or NULL when there is no number or it is beyond all sense. */
static const char *decimal(const char *text, int64_t *value, int64_t *scale)
{
    const char *at = text;
    bool fraction = false;

    *value = 0;
    *scale = 1;
    for (; is_digit(*at) || (*at == '.' && !fraction); at++) {
        if (*at == '.') {
            fraction = true;
        } else if (*scale < 1000000000) {
            if (*value > INT64_MAX / 20)
                return NULL;
            *value = *value * 10 + (*at - '0');
            *scale *= fraction ? 10 : 1;
        }
    }
    return at == text || (at == text + 1 && fraction) ? NULL : at;
}

/* A Go duration ("6m0s", "1h2m3.5s", "12ms") or a bare number of seconds; -1 for anything else. */
static int64_t go_duration_us(const char *text)
{
    int64_t total = 0;

    if (!*text)
        return -1;
    while (*text) {
        int64_t value, scale;
        const char *rest = decimal(text, &value, &scale);
        const struct unit *unit = rest && *rest ? unit_at(rest) : NULL;

        if (!rest || (*rest && !unit))
            return -1;
        __int128 ns = (__int128)value * (unit ? unit->ns : 1000000000LL) / scale;
        if (ns > INT64_MAX - total)
            return -1;
        total += (int64_t)ns;
        text = unit ? rest + strlen(unit->name) : rest;
    }
    return total / 1000;
}

void gate_hint_init(struct gate_hint *hint)
{
    *hint = (struct gate_hint){
        .retry_after_us = GATE_UNKNOWN,
        .requests_left = GATE_UNKNOWN,
        .requests_reset_us = GATE_UNKNOWN,
        .tokens_left = GATE_UNKNOWN,
        .tokens_reset_us = GATE_UNKNOWN,
        .should_retry = GATE_UNKNOWN,
    };
}

static void take_retry_after(struct gate_hint *hint, const char *value, int64_t wall_us)
{
    int64_t span = http_retry_after(NULL, value, wall_us);

    if (span >= 0 && !hint->exact)
        hint->retry_after_us = span;
}

static void take_retry_after_ms(struct gate_hint *hint, const char *value, int64_t wall_us)
{
    int64_t span = http_retry_after(value, NULL, wall_us);

    if (span >= 0) {
        hint->retry_after_us = span;
        hint->exact = true;
    }
}

static void take_should_retry(struct gate_hint *hint, const char *value, int64_t wall_us)
{
    (void)wall_us; /* one signature for all rows */
    if (strcasecmp(value, "true") == 0)
        hint->should_retry = 1;
    else if (strcasecmp(value, "false") == 0)
        hint->should_retry = 0;
}

static void take_count(int64_t *into, const char *value)
{
    int64_t count;

    if (str_int(&count, value, 0, INT64_MAX) == 0)
        *into = count;
}

static void take_span(int64_t *into, const char *value)
{
    int64_t span = go_duration_us(value);

    if (span >= 0)
        *into = span;
}

static void take_requests_left(struct gate_hint *hint, const char *value, int64_t wall_us)
{
    (void)wall_us; /* a count */
    take_count(&hint->requests_left, value);
}

static void take_requests_reset(struct gate_hint *hint, const char *value, int64_t wall_us)
{
    (void)wall_us; /* a span */
    take_span(&hint->requests_reset_us, value);
}

static void take_tokens_left(struct gate_hint *hint, const char *value, int64_t wall_us)
{
    (void)wall_us; /* a count */
    take_count(&hint->tokens_left, value);
}

static void take_tokens_reset(struct gate_hint *hint, const char *value, int64_t wall_us)
{
    (void)wall_us; /* a span */
    take_span(&hint->tokens_reset_us, value);
}

static const struct {
    const char *name;
    void (*take)(struct gate_hint *hint, const char *value, int64_t wall_us);
} headers[] = {
    {"retry-after-ms", take_retry_after_ms},
    {"retry-after", take_retry_after},
    {"x-should-retry", take_should_retry},
    {"x-ratelimit-remaining-requests", take_requests_left},
    {"x-ratelimit-reset-requests", take_requests_reset},
    {"x-ratelimit-remaining-tokens", take_tokens_left},
    {"x-ratelimit-reset-tokens", take_tokens_reset},
};

void gate_hint_header(struct gate_hint *hint, const char *name, const char *value, int64_t wall_us)
{
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        if (strcasecmp(name, headers[i].name) == 0)
            headers[i].take(hint, value, wall_us);
}

void gate_init(struct gate *gate)
{
    *gate = (struct gate){.requests_left = GATE_UNKNOWN};
}

void gate_open(struct gate *gate)
{
    gate_init(gate);
}

int64_t gate_admit(struct gate *gate, int64_t now_us)
{
    if (now_us < gate->open_us)
        return gate->open_us;
    if (gate->requests_left != GATE_UNKNOWN && now_us >= gate->requests_reset_us)
        gate->requests_left = GATE_UNKNOWN;
    if (gate->requests_left == 0)
        return gate->requests_reset_us;
    if (gate->requests_left > 0)
        gate->requests_left--;
    return 0;
}

static void close_for(struct gate *gate, const struct gate_policy *policy, int64_t span,
                      int64_t now_us)
{
    if (span > 0 && span <= policy->nonsense_us && now_us + span > gate->open_us)
        gate->open_us = now_us + span;
}

/* 2^(in a row - 1) pauses, when the server refused and named no time. */
static int64_t own_pause(const struct gate *gate, const struct gate_policy *policy)
{
    int64_t pause = policy->pause_us;

    for (int i = 1; i < gate->throttled && pause < policy->pause_max_us; i++)
        pause *= 2;
    return pause < policy->pause_max_us ? pause : policy->pause_max_us;
}

static void note_hint(struct gate *gate, const struct gate_policy *policy,
                      const struct gate_hint *hint, int64_t now_us)
{
    close_for(gate, policy, hint->retry_after_us, now_us);
    if (hint->tokens_left == 0)
        close_for(gate, policy, hint->tokens_reset_us, now_us);
    if (hint->requests_left >= 0 && hint->requests_reset_us > 0 &&
        hint->requests_reset_us <= policy->nonsense_us) {
        gate->requests_left = hint->requests_left;
        gate->requests_reset_us = now_us + hint->requests_reset_us;
    }
}

void gate_note(struct gate *gate, const struct gate_policy *policy, const struct gate_hint *hint,
               enum failure failure, int64_t now_us)
{
    if (failure_row(failure)->ok)
        gate->throttled = 0;
    if (failure == FAILURE_THROTTLED) {
        gate->throttled++;
        if (!hint || hint->retry_after_us == GATE_UNKNOWN)
            close_for(gate, policy, own_pause(gate, policy), now_us);
    }
    if (hint)
        note_hint(gate, policy, hint, now_us);
}
