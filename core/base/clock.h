/* SPDX-License-Identifier: MIT */
/*
 * Time, injected. Whoever needs the time is handed a struct clock; only the rim makes the real one.
 * Deadlines and durations use `mono` (CLOCK_MONOTONIC: a suspended laptop does not burn it); `wall`
 * is for people and records and may jump. Microseconds everywhere.
 */
#ifndef CORE_BASE_CLOCK_H
#define CORE_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define US_PER_MS 1000
#define US_PER_S  1000000

struct clock {
    int64_t (*mono_us)(void *self);
    int64_t (*wall_us)(void *self); /* since 1970, UTC */
    void *self;
};

struct clock clock_system(void);
int64_t clock_mono(const struct clock *clock);
int64_t clock_wall(const struct clock *clock);

#define CLOCK_ISO 32
/* "2026-11-23T21:50:52.123456Z" */
void clock_iso(char out[CLOCK_ISO], int64_t wall_us);
/* "0:41", "12:03", "1:02:03" for a stretch of time; "430ms", "1.9s", "3m02s" for a short one. */
void clock_span(char *out, size_t cap, int64_t us);
void clock_short(char *out, size_t cap, int64_t us);

#endif
