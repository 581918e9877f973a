/* SPDX-License-Identifier: MIT */
#include "tests/bench/kit/figure.h"

#include <stdio.h>
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

double median(double *values, size_t count)
{
    if (count == 0)
        return 0;
    qsort(values, count, sizeof *values, compare);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

void figure_heading(void)
{
    printf("%-58s %10s %10s %7s\n", "figure", "measured", "at most", "ratio");
}

static void row(const char *what, const char *unit, double measured, double bound)
{
    printf("%-58s %10.4g %10.4g %7.2f  %-4s %s\n", what, measured, bound, measured / bound, unit,
           measured <= bound ? "ok" : "OVER");
    (void)fflush(stdout);
}

void figure(const char *what, const char *unit, double measured, double bound)
{
    row(what, unit, measured, bound);
}

void figure_over(const char *what, const char *unit, double measured, double floor, double times)
{
    char text[128];

    (void)snprintf(text, sizeof text, "%s: %.2fx of the floor", what, measured / floor);
    row(text, unit, measured, floor * times);
}

void figure_plain(const char *what, const char *unit, double measured)
{
    printf("%-58s %10.4g %10s %7s  %s\n", what, measured, "", "", unit);
    (void)fflush(stdout);
}
