/* SPDX-License-Identifier: MIT */
#include "core/guard/quantile.h"

#include <stdlib.h>

static int compare(const void *left, const void *right)
{
    const struct quantile_sample *a = left, *b = right;

    if (a->value != b->value)
        return a->value < b->value ? -1 : 1;
    return (a->ref > b->ref) - (a->ref < b->ref);
}

void quantile_sort(struct quantile_sample *samples, size_t count)
{
    if (count > 1)
        qsort(samples, count, sizeof *samples, compare);
}

const struct quantile_sample *quantile_at(const struct quantile_sample *sorted, size_t count,
                                          int permille)
{
    if (count == 0)
        return NULL;
    size_t rank = (count * (size_t)permille + 999) / 1000; /* ceil, from 1 */
    return &sorted[rank == 0 ? 0 : (rank > count ? count : rank) - 1];
}
