/* SPDX-License-Identifier: MIT */
#include "core/tool/job.h"

bool tool_job_late(const struct tool_job *job)
{
    return atomic_load(&job->cancel) || clock_mono(&job->clock) >= job->deadline_us;
}

void tool_job_run(struct tool_job *job)
{
    int64_t begin = clock_mono(&job->clock);
    int64_t timeout = job->timeout_us > 0 ? job->timeout_us : job->tool->timeout_us;
    char span[32];

    job->deadline_us = begin + timeout;
    result_clear(&job->result);
    if (!tool_job_late(job))
        job->tool->run(job);
    if (!job->result.text && atomic_load(&job->cancel))
        result_fail(&job->result, FAILURE_CANCELLED, "stopped by the operator");
    if (!job->result.text) {
        clock_short(span, sizeof span, timeout);
        result_fail(&job->result, FAILURE_TIMEOUT, "not done within %s", span);
    }
    job->result.duration_us = clock_mono(&job->clock) - begin;
}

void tool_job_clear(struct tool_job *job)
{
    cJSON_Delete(job->args);
    job->args = NULL;
    result_clear(&job->result);
}
