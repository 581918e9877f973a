/* SPDX-License-Identifier: MIT */
#include "tests/support/job.h"

#include <stdio.h>
#include <string.h>

#include "core/base/mask.h"
#include "tests/suite.h"
#include "tests/support/scratch.h"

static int64_t standing(void *self)
{
    return ((struct bench *)self)->now_us;
}

void bench_open(struct bench *b)
{
    *b = (struct bench){.now_us = 1000000};
    b->dir = scratch_new();
    CU_ASSERT_EQUAL_FATAL(confine_open(&b->root, b->dir, NULL, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(toolset_new(&b->set, &(struct toolset_options){0}, NULL), 0);
}

void bench_close(struct bench *b)
{
    tool_job_clear(&b->job);
    mask_free(b->mask);
    toolset_free(b->set);
    confine_close(b->root);
    scratch_free(b->dir);
}

void bench_hide(struct bench *b, const char *key)
{
    mask_new(&b->mask);
    CU_ASSERT_EQUAL(mask_add(b->mask, key, strlen(key), NULL), 0);
}

const char *bench_run(struct bench *b, const char *tool, const char *args)
{
    struct tool_result refusal = {0};
    struct tool_request request;
    bool approved = b->job.approved, cancel = b->job.cancel;

    tool_job_clear(&b->job);
    if (tool_request_check(&request, b->set, tool, args, strlen(args), &refusal) < 0) {
        printf("%s %s: %s\n", tool, args, refusal.text);
        result_clear(&refusal);
        CU_FAIL_FATAL("arguments do not fit");
    }
    b->job = (struct tool_job){
        .tool = request.tool,
        .root = b->root,
        .mask = b->mask,
        .clock = {.mono_us = standing, .wall_us = standing, .self = b},
        .args = request.args,
        .approved = approved,
        .cancel = cancel,
    };
    tool_job_run(&b->job);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b->job.result.text);
    CU_ASSERT_EQUAL(b->job.result.len, strlen(b->job.result.text));
    return b->job.result.text;
}
