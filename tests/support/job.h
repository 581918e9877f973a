/* SPDX-License-Identifier: MIT */
/* Runs a built-in file tool over a workspace of the test's own, under a clock that stands still. */
#ifndef TESTS_SUPPORT_JOB_H
#define TESTS_SUPPORT_JOB_H

#include "core/tool/confine.h"
#include "core/tool/job.h"

struct bench {
    char *dir; /* scratch folder; the workspace is all of it */
    struct confine *root;
    struct toolset *set;
    struct mask *mask; /* NULL until bench_hide */
    int64_t now_us;
    struct tool_job job; /* of the last run */
};

void bench_open(struct bench *b);
void bench_close(struct bench *b);
void bench_hide(struct bench *b, const char *key);

/* What the model is told; borrowed until the next run. Arguments that do not fit the tool's schema
   fail the test. */
const char *bench_run(struct bench *b, const char *tool, const char *args);

#endif
