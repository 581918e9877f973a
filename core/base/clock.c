/* SPDX-License-Identifier: MIT */
#include "core/base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "core/base/str.h"

static int64_t read_clock(clockid_t id)
{
    struct timespec now = {0};

    (void)clock_gettime(id, &now); /* neither clock can fail on Linux */
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

static int64_t system_mono(void *self)
{
    (void)self;
    return read_clock(CLOCK_MONOTONIC);
}

static int64_t system_wall(void *self)
{
    (void)self;
    return read_clock(CLOCK_REALTIME);
}

struct clock clock_system(void)
{
    return (struct clock){.mono_us = system_mono, .wall_us = system_wall};
}

int64_t clock_mono(const struct clock *clock)
{
    return clock->mono_us(clock->self);
}

int64_t clock_wall(const struct clock *clock)
{
    return clock->wall_us(clock->self);
}

void clock_iso(char out[CLOCK_ISO], int64_t wall_us)
{
    int64_t us = wall_us % US_PER_S;
    time_t seconds = wall_us / US_PER_S;
    struct tm tm = {0};

    if (us < 0) {
        us += US_PER_S;
        seconds--;
    }
    (void)gmtime_r(&seconds, &tm); /* every microsecond of an int64 has a year that fits */
    str_format(out, CLOCK_ISO, "%04" PRId64 "-%02d-%02dT%02d:%02d:%02d.%06" PRId64 "Z",
               (int64_t)tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
               tm.tm_sec, us);
}

void clock_span(char *out, size_t cap, int64_t us)
{
    int64_t s = us > 0 ? us / US_PER_S : 0;

    if (s < 3600)
        (void)snprintf(out, cap, "%" PRId64 ":%02" PRId64, s / 60, s % 60);
    else
        (void)snprintf(out, cap, "%" PRId64 ":%02" PRId64 ":%02" PRId64, s / 3600, s / 60 % 60,
                       s % 60);
}

void clock_short(char *out, size_t cap, int64_t us)
{
    int64_t ms = us > 0 ? us / US_PER_MS : 0, s = ms / 1000;

    if (s < 1)
        (void)snprintf(out, cap, "%" PRId64 "ms", ms);
    else if (s < 60)
        (void)snprintf(out, cap, "%" PRId64 ".%" PRId64 "s", s, ms / 100 % 10);
    else if (s < 3600)
        (void)snprintf(out, cap, "%" PRId64 "m%02" PRId64 "s", s / 60, s % 60);
    else
        (void)snprintf(out, cap, "%" PRId64 "h%02" PRId64 "m", s / 3600, s / 60 % 60);
}
