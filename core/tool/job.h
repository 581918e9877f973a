/* SPDX-License-Identifier: MIT */
/*
 * A call of a TOOL_JOB tool on its way to a worker and back. The engine fills it in, a worker calls
 * tool_job_run, the engine reads the result: it belongs to one of them at a time, except for
 * `cancel`, which the engine may set at any moment. The tool, the root and the mask are borrowed
 * and must outlive it; the arguments are the job's.
 */
#ifndef CORE_TOOL_JOB_H
#define CORE_TOOL_JOB_H

#include "core/base/clock.h"
#include "core/tool/result.h"
#include "core/tool/tool.h"

#include <stdatomic.h>

struct confine;
struct mask;

struct tool_job {
    const struct tool *tool;
    const struct confine *root;
    const struct mask *mask; /* what the model sees as ***; NULL = nothing is hidden */
    struct clock clock;
    cJSON *args;        /* as tool_request_check gave them */
    int64_t timeout_us; /* 0 = the tool's own */
    bool approved;      /* a person said yes to exactly this call: protected paths may be written */
    atomic_bool cancel;
    int64_t deadline_us; /* tool_job_run sets it */
    struct tool_result result;
};

/* Blocks until the tool is done, cancelled or late; always fills result. */
void tool_job_run(struct tool_job *job);
void tool_job_clear(struct tool_job *job); /* frees args and result */

/* For the tools' own loops: whether it is time to give up. A result left unfilled then says why. */
bool tool_job_late(const struct tool_job *job);

#endif
