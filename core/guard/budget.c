/* SPDX-License-Identifier: MIT */
#include "core/guard/budget.h"

#define TOKEN 1000000 /* of level */

static int64_t full(const struct budget_policy *policy)
{
    return (int64_t)policy->size * TOKEN;
}

/* The level at now_us. A clock that stands still or goes back refills nothing. */
static int64_t refilled(const struct budget *budget, const struct budget_policy *policy,
                        int64_t now_us)
{
    int64_t elapsed = now_us - budget->touched_us;
    int64_t room = full(policy) - budget->level;

    if (policy->refill_us <= 0 || elapsed <= 0)
        return budget->level;
    if (elapsed / policy->refill_us >= policy->size) /* also keeps the product below in range */
        return full(policy);
    int64_t gained = (int64_t)((__int128)elapsed * TOKEN / policy->refill_us);
    return room < gained ? full(policy) : budget->level + gained;
}

static void touch(struct budget *budget, const struct budget_policy *policy, int64_t now_us)
{
    budget->level = refilled(budget, policy, now_us);
    if (now_us > budget->touched_us)
        budget->touched_us = now_us;
}

void budget_init(struct budget *budget, const struct budget_policy *policy, int64_t now_us)
{
    *budget = (struct budget){.level = full(policy), .touched_us = now_us};
}

bool budget_spend(struct budget *budget, const struct budget_policy *policy, enum failure failure,
                  int64_t now_us)
{
    int64_t price = failure == FAILURE_TIMEOUT ? policy->timeout_cost : policy->cost;

    touch(budget, policy, now_us);
    if (budget->level < price * TOKEN)
        return false;
    budget->level -= price * TOKEN;
    return true;
}

void budget_succeed(struct budget *budget, const struct budget_policy *policy, int64_t now_us)
{
    touch(budget, policy, now_us);
    budget->level += (int64_t)policy->gain * TOKEN;
    if (budget->level > full(policy))
        budget->level = full(policy);
}

int64_t budget_left(const struct budget *budget, const struct budget_policy *policy, int64_t now_us)
{
    return refilled(budget, policy, now_us) / TOKEN;
}
