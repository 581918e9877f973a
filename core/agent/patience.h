/* SPDX-License-Identifier: MIT */
/*
 * Waiting for the history's lock while another process has it, without stopping for it: when to try
 * again (1 to 20 ms from now, longer each time), and when to say who has it. Pure.
 */
#ifndef CORE_AGENT_PATIENCE_H
#define CORE_AGENT_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

/* Zero = nobody waits. Times are mono. */
struct patience {
    int64_t since_us; /* when it was first found taken */
    int64_t retry_us; /* the next try; 0 = nobody waits */
    int64_t pause_us; /* before that */
    bool told;
};

/* It was found taken: plans the next try. True once, after five seconds: say who has it. */
bool patience_more(struct patience *wait, int64_t now_us);
/* It was had: nobody waits any more. True when that must be said too. */
bool patience_end(struct patience *wait);

#endif
