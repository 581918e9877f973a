/* SPDX-License-Identifier: MIT */
/*
 * Small pictures of numbers: sparklines, gauges, and the strip that says where the time went. Each
 * has a shape that says the same without colour. Pure.
 */
#ifndef TUI_SPARK_H
#define TUI_SPARK_H

#include <stddef.h>

#include "tui/grid.h"

/* The last `columns` of the values, scaled to the largest of them (or to max, when it is more than
   0); negative ones are gaps. Drawn at the pen. */
void spark_line(struct pen *pen, enum role role, const double *values, size_t count, int columns,
                double max);

/* A bar of `columns`, full to `part` (0…1). What is more than nothing shows at least one cell, what
   is less than all leaves at least one. */
void spark_gauge(struct pen *pen, double part, int columns);

struct spark_share {
    double amount;
    enum role role;
    const char *glyph; /* one column */
};

/* Shares of a whole in `columns`; each that is more than nothing gets a cell while there are
 * enough. */
void spark_strip(struct pen *pen, const struct spark_share *shares, size_t count, int columns);

#endif
