/* SPDX-License-Identifier: MIT */
#include "core/agent/replay.h"

#include "core/base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct replay {
    struct run *run;
    struct step_out out; /* of the last step */
};

static const struct loop_change changes[] = {
    {1, "the first loop"},
};

static_assert(sizeof changes / sizeof *changes >= RUN_LOOP_VERSION,
              "a new loop version says here what it changed");

const struct loop_change *replay_change(size_t i)
{
    return i < sizeof changes / sizeof *changes ? &changes[i] : NULL;
}

int replay_new(struct replay **out, int64_t run, const char *uid, const char *spec, struct err *err)
{
    struct replay *replay = mem_new(sizeof *replay);
    int rc = run_new(&replay->run, run, uid, spec, err);

    *out = NULL;
    if (rc < 0)
        replay_free(replay);
    else
        *out = replay;
    return rc;
}

void replay_free(struct replay *replay)
{
    if (!replay)
        return;
    step_out_free(&replay->out);
    run_free(replay->run);
    free(replay);
}

int replay_input(struct replay *replay, const struct input *input, const struct hash *decision)
{
    step_out_clear(&replay->out);
    run_step(replay->run, input, &replay->out);
    const struct record *last = &replay->out.batch.at[replay->out.batch.count - 1];

    assert(last->kind == RECORD_INPUT);
    return memcmp(&last->input.decision, decision, sizeof *decision) != 0;
}

int replay_stored(struct replay *replay, const struct stored_input *stored, struct err *err)
{
    struct input *input = NULL;

    if (stored->seq != run_next_seq(replay->run))
        return err_set(err, E_CORRUPT, "input %lld is missing",
                       (long long)run_next_seq(replay->run));
    int rc = input_stored(&input, stored, err);
    if (rc == 0)
        rc = replay_input(replay, input, &stored->decision);
    input_free(input);
    return rc;
}

const struct run *replay_run(const struct replay *replay)
{
    return replay->run;
}

const struct step_out *replay_decided(const struct replay *replay)
{
    return &replay->out;
}
