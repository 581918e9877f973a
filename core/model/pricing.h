/* SPDX-License-Identifier: MIT */
/*
 * What a call cost, in micro-dollars. The built-in table holds list prices a person can check
 * (date in the .c); the config's rows go first. A model that no row knows costs *unknown*, which
 * is never shown or added up as zero.
 */
#ifndef CORE_MODEL_PRICING_H
#define CORE_MODEL_PRICING_H

#include "core/model/provider.h"

#include <stddef.h>
#include <stdint.h>

#define COST_UNKNOWN ((int64_t)-1)

struct price {         /* micro-dollars per million tokens: $2.50 = 2,500,000; -1 = not known */
    const char *model; /* a name, which also fits with a date behind it ("gpt-5-2025-08-07"), or a
                          prefix that ends in '*' */
    int64_t input;
    int64_t cached;      /* -1: as input */
    int64_t cache_write; /* -1: as input */
    int64_t output;
};

/* The row for a model: `own` (count of them) first, then the built-in table; a provider prefix
   ("openai/gpt-5") is looked up with and without it; the longest match wins. NULL: unknown. */
const struct price *price_find(const char *model, const struct price *own, size_t count);
const struct price *price_at(size_t index); /* the built-in table in order; NULL behind it */

/* Cost of one answer. The provider's own figure wins; else price × usage, rounded half up;
   COST_UNKNOWN without a row or without counts. Output counts what the provider bills: where the
   total exceeds input + output, the rest is thinking and billed as output. */
int64_t price_cost(const struct price *price, const struct model_usage *usage);

#endif
