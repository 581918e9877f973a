/* SPDX-License-Identifier: MIT */
/* A program on a terminal of its own, 200×60: when it paints, what it costs while it shows. */
#ifndef TESTS_BENCH_KIT_SCREEN_H
#define TESTS_BENCH_KIT_SCREEN_H

#include <stddef.h>
#include <stdint.h>

struct screen;

/* Folders as program_run has them. */
struct screen *screen_new(const char *home, const char *const *argv);
void screen_free(struct screen *screen); /* SIGTERM, and waits */

/* Types the text (NULL = nothing) and reads until nothing has come for 200 ms. Returns the µs from
   the typing (the start, the first time) to the last byte that came; *bytes counts them. */
int64_t screen_settle(struct screen *screen, const char *keys, size_t *bytes);

/* Types the text and reads until the terminal was told `text`; µs from the typing on, and how many
   frames were painted. Ends the benchmark when that takes a minute. */
int64_t screen_until(struct screen *screen, const char *keys, const char *text, size_t *frames);

/* The same for a key that is answered by one paint: returns at its end, or when nothing came for
   200 ms. */
void screen_press(struct screen *screen, const char *key);

double screen_rss_mb(const struct screen *screen);
double screen_cpu_ms(const struct screen *screen);    /* so far */
int64_t screen_wakeups(const struct screen *screen);  /* of all its threads, so far */
void screen_watch(struct screen *screen, int64_t us); /* reads what it paints for so long */

#endif
