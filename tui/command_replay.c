/* SPDX-License-Identifier: MIT */
/* rerail replay: a stored run again. --verify decides every step once more and compares. */
#include "tui/commands.h"

#include "core/agent/replay.h"
#include "core/agent/run_spec.h"
#include "core/base/buf.h"
#include "core/base/json.h"
#include "history/query_input.h"
#include "tui/cli.h"
#include "tui/divergence.h"
#include "tui/event_text.h"
#include "tui/stored.h"

#include <inttypes.h>
#include <stdlib.h>

#define PAGE 256

struct verify {
    struct stored *stored;
    struct replay *replay;
    int64_t inputs, nodes, events; /* gone through; made by them */
    int64_t diverged;              /* seq, 0 = nowhere */
    enum input_kind kind;
    struct buf diff;
    size_t differs;
};

/* What the step made, so that the next one knows where it begins. */
static void count(struct verify *verify)
{
    const struct step_out *out = replay_decided(verify->replay);

    verify->inputs++;
    for (size_t i = 0; i < out->batch.count; i++) {
        verify->nodes += out->batch.at[i].kind == RECORD_NODE;
        verify->events += out->batch.at[i].kind == RECORD_EVENT;
    }
}

static int diverge(struct verify *verify, const struct stored_input *input, struct err *err)
{
    const struct divergence divergence = {.replay = verify->replay,
                                          .input = input,
                                          .run = verify->stored->run.run,
                                          .nodes = verify->nodes,
                                          .events = verify->events};

    verify->diverged = input->seq;
    verify->kind = (enum input_kind)input->type;
    return divergence_text(&verify->diff, &divergence, verify->stored->query, &verify->differs,
                           err);
}

/* Page by page: a long run is never in memory whole. */
static int go_through(struct verify *verify, struct err *err)
{
    struct stored *stored = verify->stored;
    struct stored_input *rows = NULL;
    size_t got = PAGE;
    int rc = 0;

    while (rc == 0 && got == PAGE && !verify->diverged) {
        arena_clear(&stored->arena);
        rc = query_inputs(stored->query, &stored->arena, stored->run.run, verify->inputs + 1, PAGE,
                          &rows, &got, err);
        for (size_t i = 0; rc == 0 && i < got && !verify->diverged; i++) {
            rc = replay_stored(verify->replay, &rows[i], err);
            if (rc > 0)
                rc = diverge(verify, &rows[i], err);
            else if (rc == 0)
                count(verify);
        }
    }
    return rc;
}

static void print_changes(int loop)
{
    for (size_t i = 0; replay_change(i); i++)
        if (replay_change(i)->loop > loop)
            printf("loop %d changed: %s\n", replay_change(i)->loop, replay_change(i)->rule);
}

static void print_verdict(const struct verify *verify, int loop, bool json)
{
    if (json) {
        cJSON *row = cJSON_CreateObject();

        json_set_text(row, "session_id", verify->stored->run.uid);
        json_set_int(row, "inputs", verify->inputs);
        json_set_int(row, "steps", verify->nodes);
        if (verify->diverged) {
            json_set_int(row, "diverged", verify->diverged);
            json_set_text(row, "input", input_name(verify->kind));
            json_set_text(row, "diff", verify->diff.data);
        }
        char *text = json_print(row);
        event_text_print(stdout, text);
        free(text);
        cJSON_Delete(row);
        return;
    }
    if (!verify->diverged) {
        printf("%" PRId64 " inputs decided again, %" PRId64 " steps: all as recorded\n",
               verify->inputs, verify->nodes);
        return;
    }
    printf("input %" PRId64 " (%s) is decided differently now, behind step %" PRId64 ":\n",
           verify->diverged, input_name(verify->kind), verify->nodes);
    event_text_print(stdout, verify->diff.data);
    if (verify->differs == 0)
        puts("What is stored of this step reads the same. Its input or its hash was altered, or "
             "what\nshould be done next is decided differently.");
    print_changes(loop);
}

/* EXIT_ERROR when it diverges. */
static int verify_run(const struct cli *cli, struct stored *stored, int *code, struct err *err)
{
    struct verify verify = {.stored = stored};
    struct run_spec *spec = NULL;
    const char *json = NULL;
    int64_t inputs = 0;
    int rc = query_input_count(stored->query, stored->run.run, &inputs, err);

    if (rc == 0 && inputs == 0)
        return err_set(err, E_NOTFOUND, "run %s has no recorded inputs: it was never at work here",
                       stored->run.uid);
    buf_init(&verify.diff, (size_t)16 << 20);
    if (rc == 0)
        rc = query_run_config(stored->query, &stored->kept, stored->run.run, &json, err);
    if (rc == 0)
        rc = run_spec_parse(&spec, json, err);
    if (rc == 0)
        rc = replay_new(&verify.replay, stored->run.run, stored->run.lived_as, json, err);
    if (rc == 0)
        rc = go_through(&verify, err);
    if (rc == 0) {
        print_verdict(&verify, spec->loop, cli_option(cli, "json") != NULL);
        *code = verify.diverged ? EXIT_ERROR : EXIT_DONE;
    }
    run_spec_free(spec);
    replay_free(verify.replay);
    buf_free(&verify.diff);
    return rc;
}

int command_replay(struct cli *cli)
{
    struct stored stored;
    struct err err = {0};
    int code = EXIT_DONE;

    if (!cli_option(cli, "verify"))
        return cli_fail(EXIT_USAGE, "say how to replay: --verify decides every step again");
    int rc = stored_open_run(&stored, cli->words[0], &err);
    if (rc == 0)
        rc = verify_run(cli, &stored, &code, &err);
    stored_close(&stored);
    return rc < 0 ? cli_error(&err) : code;
}
