/* SPDX-License-Identifier: MIT */
/* Runs come and go: started, taken from history, given back. */
#include "core/agent/turn_data.h"

#include "core/agent/run_spec.h"
#include "core/base/failpoint.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/uuid.h"
#include "core/config/run_config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RECALL_US ((int64_t)5 * 60 * US_PER_S) /* attempts this old teach the guards nothing */
#define BACK_US   (20 * US_PER_MS)             /* between two tries to give a run back */

struct run *turn_run(const struct turn *turn, int64_t run)
{
    struct live *live = turn_find(turn, run);

    return live ? live->run : NULL;
}

struct run *turn_run_named(const struct turn *turn, const char *uid)
{
    for (size_t i = 0; i < turn->run_count; i++)
        if (str_eq(run_uid(turn->runs[i]->run), uid))
            return turn->runs[i]->run;
    return NULL;
}

size_t turn_runs(const struct turn *turn)
{
    return turn->run_count;
}

struct run *turn_run_at(const struct turn *turn, size_t index)
{
    return turn->runs[index]->run;
}

struct turn *turn_new(const struct turn_options *options)
{
    struct turn *turn = mem_new(sizeof *turn);

    turn->options = *options;
    turn->guards = guards_new();
    turn->last = &turn->first;
    return turn;
}

/* --- leases --------------------------------------------------------------------------------------
 */

/* A lease that is kept shows a run as owned that nobody runs: what cannot be given back now is
   tried again until it can. */
static void give_back(struct turn *turn, int64_t run)
{
    struct journal *journal = &turn->options.journal;

    if (journal->class->release(journal->self, run, NULL) == 0)
        return;
    turn->back = mem_room(turn->back, turn->back_count, &turn->back_cap, sizeof *turn->back);
    turn->back[turn->back_count++] = run;
    turn->back_us = clock_mono(&turn->options.clock) + BACK_US;
}

/* It is wanted again. */
static void keep_back(struct turn *turn, int64_t run)
{
    for (size_t i = turn->back_count; i-- > 0;)
        if (turn->back[i] == run)
            turn->back[i] = turn->back[--turn->back_count];
}

void turn_give_back(struct turn *turn, int64_t now_us)
{
    struct journal *journal = &turn->options.journal;

    while (turn->back_count > 0 && now_us >= turn->back_us) {
        int64_t run = turn->back[turn->back_count - 1];

        if (journal->class->release(journal->self, run, NULL) == 0)
            turn->back_count--;
        else
            turn->back_us = now_us + BACK_US;
    }
}

/* --- coming ------------------------------------------------------------------------------------
 */

static struct live *add_live(struct turn *turn, struct run *run)
{
    struct live *live = mem_new(sizeof *live);

    live->run = run;
    turn->runs = mem_room(turn->runs, turn->run_count, &turn->run_cap, sizeof *turn->runs);
    turn->runs[turn->run_count++] = live;
    return live;
}

static void recall(struct turn *turn, const struct run_config *config)
{
    struct journal *journal = &turn->options.journal;
    int64_t wall_us = clock_wall(&turn->options.clock);
    struct past_attempt *past = NULL;
    size_t count = 0;

    if (turn->recalled)
        return;
    turn->recalled = true;
    if (journal->class->past(journal->self, wall_us - RECALL_US, &past, &count, NULL) < 0)
        return;
    guards_recall(turn->guards, past, count, config, clock_mono(&turn->options.clock), wall_us);
    for (size_t i = 0; i < count; i++) {
        free(past[i].scope);
        free(past[i].key);
        free(past[i].outcome);
    }
    free(past);
}

static char *title_of(const char *task)
{
    size_t len = strcspn(task, "\r\n");

    return mem_printf("%.*s", (int)(len > 200 ? 200 : len), task);
}

static void record_run(struct turn *turn, const struct run *run, const char *spec_text)
{
    struct record *record = batch_add(&turn->out.batch, RECORD_RUN);
    const struct run_spec *spec = run_spec(run);

    record->run = run_id(run);
    record->wall_us = clock_wall(&turn->options.clock);
    record->run_row.uid = mem_text(run_uid(run));
    record->run_row.title = title_of(spec->task);
    record->run_row.agent = mem_text(spec->config->agent.name);
    record->run_row.model = mem_text(spec->config->model.name);
    record->run_row.provider = mem_text(spec->provider);
    record->run_row.workspace = mem_text(spec->workspace);
    record->body = mem_text(spec_text);
    record->len = strlen(spec_text);
    if (!spec->past)
        return;
    record->run_row.parent = mem_text(spec->past->run);
    record->run_row.parent_step = spec->past->step;
    record->run_row.race = mem_text(spec->past->race);
    record->run_row.lane = mem_text(spec->past->lane);
}

int turn_start(struct turn *turn, const struct run_spec *spec, struct run **out, struct err *err)
{
    struct journal *journal = &turn->options.journal;
    struct world *world = &turn->options.world;
    char *text = run_spec_json(spec);
    char uid[UUID_TEXT];
    struct run *run = NULL;
    int64_t id = 0;

    uuid_new(uid);
    int rc = journal->class->new_run(journal->self, &id, err);
    DIES_AT(FAIL_NUMBERED);
    if (rc == 0)
        rc = run_new(&run, id, uid, text, err);
    if (rc == 0)
        rc = world->class->open(world->self, run, err);
    if (rc < 0) {
        if (id > 0)
            give_back(turn, id);
        run_free(run);
        free(text);
        return rc;
    }
    recall(turn, spec->config);
    record_run(turn, run, text);
    add_live(turn, run);
    turn_enqueue(turn, id, input_new(INPUT_START));
    *out = run;
    free(text);
    return 0;
}

/* Brings a run to where it was: the newest checkpoint, then every decision since, made again. */
static int rebuild(struct run **out, const struct run_image *image, struct err *err)
{
    struct run *run = NULL;
    struct step_out scratch = {0};
    int rc = run_new(&run, image->run, image->uid, image->config, err);

    if (rc == 0 && image->summary)
        rc = run_restore(run, image->summary, err);
    for (size_t i = 0; rc == 0 && i < image->input_count; i++) {
        struct input *input = NULL;

        rc = input_stored(&input, &image->inputs[i], err);
        if (rc == 0)
            run_step(run, input, &scratch);
        input_free(input);
        step_out_clear(&scratch);
    }
    step_out_free(&scratch);
    if (rc < 0) {
        run_free(run);
        return rc;
    }
    *out = run;
    return 0;
}

int turn_adopt(struct turn *turn, int64_t id, const char *how, struct err *err)
{
    struct journal *journal = &turn->options.journal;
    struct world *world = &turn->options.world;
    struct run_image image = {0};
    struct run *run = NULL;

    if (turn_find(turn, id))
        return 0;
    int rc = journal->class->claim(journal->self, id, err);
    if (rc < 0)
        return rc;
    DIES_AT(FAIL_CLAIMED);
    keep_back(turn, id);
    rc = journal->class->load(journal->self, id, &image, err);
    if (rc == 0)
        rc = rebuild(&run, &image, err);
    DIES_AT(FAIL_REBUILT);
    run_image_free(&image);
    if (rc == 0)
        rc = world->class->open(world->self, run, err);
    if (rc < 0) {
        run_free(run);
        give_back(turn, id);
        return rc;
    }
    recall(turn, run_spec(run)->config);
    add_live(turn, run);
    turn_rewind(turn, run);
    struct input *input = input_new(INPUT_RECOVERED);
    json_set_int(input->facts, "pid", (int64_t)getpid());
    json_set_text(input->facts, "how", how);
    turn_enqueue(turn, id, input);
    return 0;
}

static void free_live(struct live *live)
{
    run_free(live->run);
    free(live->timers);
    free(live);
}

void turn_forget(struct turn *turn, struct live *live)
{
    struct world *world = &turn->options.world;

    world->class->close(world->self, live->run);
    for (size_t i = 0; i < turn->run_count; i++)
        if (turn->runs[i] == live)
            turn->runs[i] = turn->runs[--turn->run_count];
    free_live(live);
}

void turn_release(struct turn *turn, int64_t run)
{
    struct live *live = turn_find(turn, run);

    if (!live)
        return;
    turn_drop(turn, run);
    turn_forget(turn, live);
    give_back(turn, run);
}

void turn_free(struct turn *turn)
{
    struct pending *item;

    if (!turn)
        return;
    while (turn->run_count > 0)
        turn_release(turn, run_id(turn->runs[0]->run));
    while ((item = turn->first)) {
        turn->first = item->next;
        input_free(item->input);
        free(item);
    }
    for (size_t i = 0; i < turn->due_count; i++)
        free(turn->due[i].action.text);
    free(turn->due);
    free(turn->back); /* what is left of it goes back when the history is closed */
    free(turn->runs);
    step_out_free(&turn->out);
    guards_free(turn->guards);
    free(turn);
}
