/* SPDX-License-Identifier: MIT */
/*
 * The limits of a run, judged at the boundary before each model call. They count along the branch:
 * rolling back gives back what the dropped part used. Money is the exception: it is spent.
 */
#include "core/agent/run_data.h"

#include "core/base/clock.h"

int64_t limits_left_us(const struct run *run)
{
    if (run->config->limits.timeout_us <= 0)
        return INT64_MAX;
    int64_t left = run->config->limits.timeout_us + run->extra_us - run->branch_sum.active_us;
    return left > 0 ? left : 0;
}

bool limits_hit(const struct run *run, struct limit_hit *out)
{
    const struct run_config *config = run->config;
    int64_t iterations = config->limits.max_iterations + run->extra_iterations;

    if (config->limits.max_cost > 0 &&
        run->total.cost >= config->limits.max_cost + run->extra_cost) {
        *out = (struct limit_hit){"max_cost", (double)run->total.cost / 1e6,
                                  (double)(config->limits.max_cost + run->extra_cost) / 1e6,
                                  LIMIT_PAUSE};
        return true;
    }
    if (limits_left_us(run) == 0) {
        *out = (struct limit_hit){"timeout", (double)run->branch_sum.active_us / US_PER_S,
                                  (double)(config->limits.timeout_us + run->extra_us) / US_PER_S,
                                  LIMIT_PAUSE};
        return true;
    }
    if (run->branch_sum.iterations >= iterations) {
        *out = (struct limit_hit){"max_iterations", (double)run->branch_sum.iterations,
                                  (double)iterations,
                                  run->spec->interactive ? LIMIT_PAUSE : LIMIT_FINISH};
        return true;
    }
    return false;
}
