/* SPDX-License-Identifier: MIT */
#include "tui/spark.h"

#include <math.h>

static const char *const steps[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

#define STEPS      8
#define SHARES_MAX 16

static double largest(const double *values, size_t count)
{
    double max = 0;

    for (size_t i = 0; i < count; i++)
        if (isfinite(values[i]) && values[i] > max)
            max = values[i];
    return max;
}

void spark_line(struct pen *pen, enum role role, const double *values, size_t count, int columns,
                double max)
{
    size_t show = columns < 0 ? 0 : (size_t)columns < count ? (size_t)columns : count;

    values += count - show;
    if (max <= 0)
        max = largest(values, show);
    for (size_t i = 0; i < show; i++) {
        if (!isfinite(values[i]) || values[i] < 0) {
            pen_put(pen, role, " ");
            continue;
        }
        double part = max > 0 ? values[i] / max : 0;
        int step = (int)(part * (STEPS - 1) + 0.5);
        pen_put(pen, role, steps[step < STEPS ? step : STEPS - 1]);
    }
}

void spark_gauge(struct pen *pen, double part, int columns)
{
    if (columns <= 0)
        return;
    if (!(part > 0))
        part = 0;
    if (part > 1)
        part = 1;
    int full = (int)(part * columns + 0.5);
    if (part > 0 && full == 0)
        full = 1;
    if (part < 1 && full == columns)
        full = columns - 1;
    pen_repeat(pen, ROLE_GAUGE, "▓", full);
    pen_repeat(pen, ROLE_GAUGE_EMPTY, "░", columns - full);
}

/* Cells for each share: one each first, then by what is still owed most. */
static void share_out(const struct spark_share *shares, size_t count, int columns, int *cells)
{
    double sum = 0;
    int left = columns;

    for (size_t i = 0; i < count; i++)
        sum += shares[i].amount > 0 ? shares[i].amount : 0;
    for (size_t i = 0; i < count; i++) {
        cells[i] = shares[i].amount > 0 && left > 0;
        left -= cells[i];
    }
    for (; left > 0 && sum > 0; left--) {
        size_t most = 0;
        double owed = -1e9;
        for (size_t i = 0; i < count; i++) {
            double debt = shares[i].amount / sum * columns - cells[i];
            if (shares[i].amount > 0 && debt > owed) {
                owed = debt;
                most = i;
            }
        }
        cells[most]++;
    }
}

void spark_strip(struct pen *pen, const struct spark_share *shares, size_t count, int columns)
{
    int cells[SHARES_MAX] = {0};

    count = count < SHARES_MAX ? count : SHARES_MAX;
    share_out(shares, count, columns, cells);
    for (size_t i = 0; i < count; i++)
        pen_repeat(pen, shares[i].role, shares[i].glyph, cells[i]);
}
