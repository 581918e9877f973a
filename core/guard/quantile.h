/* SPDX-License-Identifier: MIT */
/*
 * Percentiles by nearest rank: the answer is always one of the samples, so that it has a call to
 * show. No interpolation, no estimate.
 */
#ifndef CORE_GUARD_QUANTILE_H
#define CORE_GUARD_QUANTILE_H

#include <stddef.h>
#include <stdint.h>

struct quantile_sample {
    int64_t value;
    int64_t ref; /* which call it was: the caller's id, carried along */
};

/* Orders by value, then ref, so that equal samples always give the same call. */
void quantile_sort(struct quantile_sample *samples, size_t count);
/* The smallest sample that at least permille thousandths are not above: 990 = p99. NULL when there
   are none. Borrowed. */
const struct quantile_sample *quantile_at(const struct quantile_sample *sorted, size_t count,
                                          int permille);

#endif
