/* SPDX-License-Identifier: MIT */
/*
 * Every decision of a run, made again from the file alone: the stored inputs go through run_step,
 * and each decision's hash must be the stored one.
 */
#ifndef TESTS_SIMULATION_JUDGED_H
#define TESTS_SIMULATION_JUDGED_H

#include "core/agent/input.h"
#include "core/agent/state.h"

#include <stdint.h>

struct history;
struct stored_input;

/* What a tamperer changes before a decision is made again; may be NULL. */
typedef void tamper_fn(void *ctx, struct input *input);

struct judged {
    struct history *history;
    int64_t run;
    const char *uid;                        /* part of the first node, so of the chain */
    const char *spec;                       /* as stored; a tamperer may pass another */
    uint64_t (*coverage)[INPUT_KIND_COUNT]; /* counts (state before, kind); may be NULL */
    tamper_fn *tamper;
    void *ctx;
    int64_t inputs;       /* made again */
    int64_t diverged;     /* seq of the first decision that differs; 0 = none */
    enum input_kind kind; /* of that input */
};

/* 0, or the code of what could not be read. */
int judge_run(struct judged *judged, struct err *err);

#endif
