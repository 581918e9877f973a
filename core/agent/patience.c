/* SPDX-License-Identifier: MIT */
#include "core/agent/patience.h"

#include "core/base/clock.h"

#define FIRST_US US_PER_MS
#define MOST_US  (20 * US_PER_MS)
#define TELL_US  ((int64_t)5 * US_PER_S)

bool patience_more(struct patience *wait, int64_t now_us)
{
    if (wait->retry_us == 0)
        *wait = (struct patience){.since_us = now_us, .pause_us = FIRST_US / 2};
    wait->pause_us = wait->pause_us * 2 < MOST_US ? wait->pause_us * 2 : MOST_US;
    wait->retry_us = now_us + wait->pause_us;
    bool tell = !wait->told && now_us - wait->since_us >= TELL_US;
    wait->told = wait->told || tell;
    return tell;
}

bool patience_end(struct patience *wait)
{
    bool told = wait->told;

    *wait = (struct patience){0};
    return told;
}
