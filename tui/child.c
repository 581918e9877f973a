/* SPDX-License-Identifier: MIT */
#include "tui/child.h"

#include "core/base/clock.h"
#include "core/tool/process.h"

#include <poll.h>
#include <stdbool.h>

static int64_t now(void)
{
    struct clock clock = clock_system();

    return clock_mono(&clock);
}

static int left_ms(int64_t wake_us)
{
    int64_t left = wake_us == INT64_MAX ? INT64_MAX : wake_us - now();

    return left == INT64_MAX ? -1 : left > 0 ? (int)(left / US_PER_MS) + 1 : 0;
}

struct process *child_run(const struct process_spec *spec, int stop)
{
    struct process *process = NULL;
    struct pollfd fds[PROCESS_FDS + 1];
    bool stopped = false;

    process_start(&process, spec, now());
    while (process_step(process, now()) != PROCESS_DONE) {
        size_t count = process_fds(process, fds, PROCESS_FDS);

        fds[count] = (struct pollfd){.fd = stopped ? -1 : stop, .events = POLLIN};
        if (poll(fds, count + 1, left_ms(process_wake(process))) > 0 && fds[count].revents) {
            process_stop(process, PROCESS_STOP_OPERATOR, now());
            stopped = true;
        }
    }
    return process;
}
