/* SPDX-License-Identifier: MIT */
#include "tui/trial.h"

#include "core/agent/breakpoint.h"
#include "core/agent/replay.h"
#include "core/agent/run_spec.h"
#include "core/config/run_config.h"
#include "history/query_input.h"
#include "tui/stored.h"

#define PAGE 256

struct past {
    struct trial *trial;
    const struct breakpoint *breakpoint;
    struct replay *replay;
    struct moment_sums sums;
    int64_t inputs, iteration;
};

static void judge(struct past *past)
{
    const struct batch *batch = &replay_decided(past->replay)->batch;

    for (size_t i = 0; i < batch->count; i++) {
        struct moment moments[MOMENTS_MAX];
        size_t count = breakpoint_moments(moments, &batch->at[i], &past->sums);

        if (batch->at[i].kind == RECORD_CALL)
            past->iteration = batch->at[i].call.iteration;
        for (size_t k = 0; k < count; k++) {
            if (!breakpoint_hits(past->breakpoint, &moments[k]))
                continue;
            if (past->trial->hits < TRIAL_SHOWN) {
                past->trial->at[past->trial->hits].iteration = past->iteration;
                past->trial->at[past->trial->hits].node = run_head(replay_run(past->replay));
            }
            past->trial->hits++;
        }
    }
}

static int go_through(struct past *past, struct stored *stored, struct err *err)
{
    struct stored_input *rows = NULL;
    size_t count = PAGE;
    int rc = 0;

    while (rc == 0 && count == PAGE) {
        arena_clear(&stored->arena);
        rc = query_inputs(stored->query, &stored->arena, stored->run.run, past->inputs + 1, PAGE,
                          &rows, &count, err);
        for (size_t i = 0; rc == 0 && i < count; i++) {
            rc = replay_stored(past->replay, &rows[i], err);
            if (rc > 0)
                return err_set(err, E_CORRUPT,
                               "the past is decided differently now: see rerail replay --verify");
            past->inputs++;
            judge(past);
        }
    }
    return rc;
}

int trial_run(struct trial *out, const struct breakpoint *breakpoint, struct stored *stored,
              struct err *err)
{
    struct past past = {.trial = out, .breakpoint = breakpoint, .sums = {.state = -1}};
    struct run_spec *spec = NULL;
    const char *json = NULL;
    int rc = query_run_config(stored->query, &stored->kept, stored->run.run, &json, err);

    *out = (struct trial){0};
    if (rc == 0)
        rc = run_spec_parse(&spec, json, err);
    if (rc == 0)
        rc = replay_new(&past.replay, stored->run.run, stored->run.lived_as, json, err);
    if (rc == 0) {
        past.sums.window = spec->config->model.context;
        rc = go_through(&past, stored, err);
    }
    replay_free(past.replay);
    run_spec_free(spec);
    return rc;
}
