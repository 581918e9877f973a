/* SPDX-License-Identifier: MIT */
#include "tests/simulation/judged.h"

#include "core/agent/replay.h"
#include "history/history.h"

struct place {
    struct judged *judged;
    struct replay *replay;
};

static int decide_again(void *ctx, const struct stored_input *stored)
{
    struct place *place = ctx;
    struct judged *judged = place->judged;
    struct input *input = NULL;
    int rc = input_stored(&input, stored, NULL);

    if (rc < 0)
        return rc;
    if (judged->tamper)
        judged->tamper(judged->ctx, input);
    if (judged->coverage)
        judged->coverage[run_state(replay_run(place->replay))][input->kind]++;
    rc = replay_input(place->replay, input, &stored->decision);
    input_free(input);
    judged->inputs++;
    if (rc > 0) {
        judged->diverged = stored->seq;
        judged->kind = (enum input_kind)stored->type;
    }
    return rc;
}

int judge_run(struct judged *judged, struct err *err)
{
    struct place place = {.judged = judged};
    int rc = replay_new(&place.replay, judged->run, judged->uid, judged->spec, err);

    judged->inputs = judged->diverged = 0;
    if (rc == 0)
        rc = history_inputs(judged->history, judged->run, 1, decide_again, &place, err);
    replay_free(place.replay);
    return rc < 0 ? rc : 0;
}
