/* SPDX-License-Identifier: MIT */
/*
 * How many retries an endpoint may still cost. Every retry resends the whole context, so a bad hour
 * burns money even when each run retries modestly; the bucket is shared by all runs of an endpoint.
 * First attempts are never refused. An empty bucket is a reason to stop, not a wait.
 */
#ifndef CORE_GUARD_BUDGET_H
#define CORE_GUARD_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "core/failure.h"
#include "core/guards.h"

struct budget {
    int64_t level;      /* millionths of a token */
    int64_t touched_us; /* when refill was last counted */
};

void budget_init(struct budget *budget, const struct budget_policy *policy, int64_t now_us);
/* Takes the price of a retry after `failure`; false (and nothing taken) when it is not there. */
bool budget_spend(struct budget *budget, const struct budget_policy *policy, enum failure failure,
                  int64_t now_us);
void budget_succeed(struct budget *budget, const struct budget_policy *policy, int64_t now_us);
int64_t budget_left(const struct budget *budget, const struct budget_policy *policy,
                    int64_t now_us); /* whole tokens */

#endif
