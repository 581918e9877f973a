/* SPDX-License-Identifier: MIT */
#include "tests/simulation/replay.h"

#include "core/agent/run.h"
#include "history/history.h"

#include <string.h>

struct place {
    struct replay *replay;
    struct run *run;
    struct step_out out;
};

static int decide_again(void *ctx, const struct stored_input *stored)
{
    struct place *place = ctx;
    struct replay *replay = place->replay;
    struct input *input = NULL;
    int rc = input_stored(&input, stored, NULL);

    if (rc < 0)
        return rc;
    if (replay->tamper)
        replay->tamper(replay->ctx, input);
    if (replay->coverage)
        replay->coverage[run_state(place->run)][input->kind]++;
    run_step(place->run, input, &place->out);
    input_free(input);
    const struct record *last = &place->out.batch.at[place->out.batch.count - 1];
    bool same = memcmp(&last->input.decision, &stored->decision, sizeof stored->decision) == 0;
    step_out_clear(&place->out);
    replay->inputs++;
    if (same)
        return 0;
    replay->diverged = stored->seq;
    replay->kind = (enum input_kind)stored->type;
    return 1;
}

int replay_run(struct replay *replay, struct err *err)
{
    struct place place = {.replay = replay};
    int rc = run_new(&place.run, replay->run, replay->uid, replay->spec, err);

    replay->inputs = replay->diverged = 0;
    if (rc == 0)
        rc = history_inputs(replay->history, replay->run, 1, decide_again, &place, err);
    step_out_free(&place.out);
    run_free(place.run);
    return rc < 0 ? rc : 0;
}
