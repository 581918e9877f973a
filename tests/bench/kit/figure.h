/* SPDX-License-Identifier: MIT */
/* One line a figure: what was measured, beside the most it may be. */
#ifndef TESTS_BENCH_KIT_FIGURE_H
#define TESTS_BENCH_KIT_FIGURE_H

#include <stddef.h>

/* The middle value; sorts the values. 0 when there is none. */
double median(double *values, size_t count);

void figure_heading(void);
/* `unit` goes behind the numbers: "ms", "MiB". The ratio is measured : bound. */
void figure(const char *what, const char *unit, double measured, double bound);
/* A bound that is a multiple of a floor measured beside it. */
void figure_over(const char *what, const char *unit, double measured, double floor, double times);
/* A number worth seeing without a bound. */
void figure_plain(const char *what, const char *unit, double measured);

#endif
