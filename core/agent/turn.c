/* SPDX-License-Identifier: MIT */
#include "core/agent/turn_data.h"

#include "core/agent/admission.h"
#include "core/agent/verb.h"
#include "core/base/bug.h"
#include "core/base/failpoint.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <stdlib.h>
#include <string.h>

#define STALL_RETRY_US ((int64_t)2 * US_PER_S)

static int64_t now(const struct turn *turn)
{
    return clock_mono(&turn->options.clock);
}

struct live *turn_find(const struct turn *turn, int64_t run)
{
    for (size_t i = 0; i < turn->run_count; i++)
        if (run_id(turn->runs[i]->run) == run)
            return turn->runs[i];
    return NULL;
}

/* --- the queue of inputs ---------------------------------------------------------------------- */

void turn_enqueue(struct turn *turn, int64_t run, struct input *input)
{
    struct pending *item = mem_new(sizeof *item);

    item->run = run;
    item->input = input;
    *turn->last = item;
    turn->last = &item->next;
}

bool turn_post(struct turn *turn, int64_t run, struct input *input)
{
    if (!turn_find(turn, run)) {
        input_free(input);
        return false;
    }
    turn_enqueue(turn, run, input);
    return true;
}

static struct pending *dequeue(struct turn *turn)
{
    struct pending *item = turn->first;

    if (!item)
        return NULL;
    turn->first = item->next;
    if (!turn->first)
        turn->last = &turn->first;
    return item;
}

/* --- timers ----------------------------------------------------------------------------------- */

static void set_timer(struct live *live, const struct action *action)
{
    size_t i = 0;

    while (i < live->timer_count &&
           (live->timers[i].kind != action->timer || live->timers[i].effect != action->effect))
        i++;
    if (action->at_us < 0) {
        if (i < live->timer_count)
            live->timers[i] = live->timers[--live->timer_count];
        return;
    }
    if (i == live->timer_count) {
        live->timers =
            mem_room(live->timers, live->timer_count, &live->timer_cap, sizeof *live->timers);
        live->timer_count++;
    }
    live->timers[i] = (struct timer){action->timer, action->effect, action->at_us};
}

/* NULL = what it was set for was called off. */
static struct input *input_of(const struct run *run, const struct timer *timer, int64_t now_us)
{
    if (timer->kind == TIMER_FAULT)
        return run_fault(run, timer->effect, now_us);
    struct input *input = input_new(INPUT_TIMER);
    json_set_int(input->facts, "timer", (int64_t)timer->kind);
    if (timer->effect)
        json_set_int(input->facts, "effect", timer->effect);
    return input;
}

static void fire_timers(struct turn *turn, struct live *live, int64_t now_us)
{
    for (size_t i = 0; i < live->timer_count;) {
        struct timer timer = live->timers[i];

        if (timer.at_us > now_us) {
            i++;
            continue;
        }
        struct input *input = input_of(live->run, &timer, now_us);
        if (input)
            turn_enqueue(turn, run_id(live->run), input);
        live->timers[i] = live->timers[--live->timer_count];
    }
}

void turn_shift(struct turn *turn, int64_t us)
{
    for (size_t r = 0; r < turn->run_count; r++)
        for (size_t i = 0; i < turn->runs[r]->timer_count; i++)
            turn->runs[r]->timers[i].at_us += us;
}

static struct admission_desk desk_of(struct turn *turn)
{
    return (struct admission_desk){.guards = turn->guards,
                                   .batch = &turn->out.batch,
                                   .now_us = now(turn),
                                   .wall_us = clock_wall(&turn->options.clock)};
}

/* --- deciding --------------------------------------------------------------------------------- */

/* A jump carries the summary of where it goes, so that the decision needs nothing else. */
static void prepare_jump(struct turn *turn, const struct run *run, struct input *input)
{
    const char *name = json_text(input->facts, "verb");
    int64_t to = json_int(input->facts, "to", 0);
    struct run_image image = {0};
    struct journal *journal = &turn->options.journal;
    cJSON *summary = NULL;

    if (str_eq(name, "undo") || str_eq(name, "redo") || str_eq(name, "switch")) {
        to = str_eq(name, "switch") ? run_branch_head(run, json_text(input->facts, "name"))
                                    : run_undo_target(run, str_eq(name, "redo"));
        cJSON_DeleteItemFromObjectCaseSensitive(input->facts, "to");
        json_set_int(input->facts, "to", to);
    }
    free(input->body);
    input->body = NULL;
    input->len = 0;
    if (to <= 0 || journal->class->load_at(journal->self, run_id(run), to, &image, NULL) < 0)
        return;
    if (image.summary &&
        json_parse(&summary, image.summary, strlen(image.summary), NULL, NULL) == 0) {
        int64_t depth = json_int(json_object(summary, "head"), "depth", 0);

        json_set_int(input->facts, "dropped", run_depth(run) > depth ? run_depth(run) - depth : 0);
        input->body = mem_text(image.summary);
        input->len = strlen(image.summary);
    }
    cJSON_Delete(summary);
    run_image_free(&image);
}

/* Only a checkpoint can be named; a run does not keep the list of them. */
static void prepare_name(struct turn *turn, const struct run *run, struct input *input)
{
    struct journal *journal = &turn->options.journal;
    struct run_image image = {0};
    int64_t node = json_int(input->facts, "node", 0);
    bool known =
        node > 0 && journal->class->load_at(journal->self, run_id(run), node, &image, NULL) == 0;

    json_set_bool(input->facts, "checkpoint", known);
    run_image_free(&image);
}

static bool guard_verb(struct turn *turn, const struct run *run, const struct input *input)
{
    const struct verb_info *verb = verb_find(json_text(input->facts, "verb"));
    struct err err = {0};

    if (!verb || !verb->guard)
        return false;
    const struct admission_desk desk = desk_of(turn);
    struct action reply = {.kind = ACTION_REPLY, .ticket = json_int(input->facts, "ticket", 0)};
    reply.ok = admission_force(&desk, run, input->facts, &reply.text, &err) == 0;
    if (!reply.ok)
        reply.text = mem_text(err.msg);
    turn->due = mem_room(turn->due, turn->due_count, &turn->due_cap, sizeof *turn->due);
    turn->due[turn->due_count++] = (struct due){run_id(run), reply};
    return true;
}

static void stamp(struct turn *turn, const struct run *run, struct input *input)
{
    input->seq = run_next_seq(run);
    input->mono_us = now(turn);
    input->wall_us = clock_wall(&turn->options.clock);
    input->random = turn->options.random(turn->options.random_self);
}

static void warn_repeated(struct turn *turn, const struct run *run, size_t place)
{
    const struct record *effect = &turn->out.batch.at[place];
    struct journal *journal = &turn->options.journal;
    int64_t earlier = 0, wall_us = 0, number = effect->effect.effect;
    char *branch = NULL;

    if (journal->class->repeated(journal->self, run_id(run), effect->effect.node,
                                 effect->effect.tool, &effect->effect.args, &earlier, &wall_us,
                                 &branch, NULL) != 1)
        return;
    cJSON *body = cJSON_CreateObject();
    json_set_int(body, "effect", number);
    json_set_int(body, "earlier", earlier);
    json_set_text(body, "branch_name", branch);
    json_set_number(body, "ago_ms",
                    (double)(clock_wall(&turn->options.clock) - wall_us) / US_PER_MS);
    json_set_text(body, "tool_name", effect->effect.tool);
    struct record *record = batch_add(&turn->out.batch, RECORD_EVENT);
    record->run = run_id(run);
    record->wall_us = clock_wall(&turn->options.clock);
    record->event.type = EVENT_REPEATED_EFFECT;
    record->event.branch = run_branch(run);
    record->body = json_print(body);
    record->len = strlen(record->body);
    cJSON_Delete(body);
    free(branch);
}

static void after_records(struct turn *turn, struct run *run, size_t from)
{
    struct world *world = &turn->options.world;
    size_t to = turn->out.batch.count;

    for (size_t i = from; i < to; i++) {
        struct record *record = &turn->out.batch.at[i];

        if (record->kind == RECORD_CALL)
            world->class->describe(world->self, run, record);
        else if (record->kind == RECORD_NODE && record->node.type != NODE_GENESIS)
            world->class->append(world->self, run, record->node.type, record->body, record->len);
        else if (record->kind == RECORD_EFFECT && run_jumped(run))
            warn_repeated(turn, run, i);
    }
}

static int append_chain(void *ctx, const struct chain_node *node)
{
    void **pair = ctx;
    struct turn *turn = pair[0];
    struct world *world = &turn->options.world;

    if (node->type != NODE_GENESIS)
        world->class->append(world->self, pair[1], node->type, node->body, node->len);
    return 0;
}

void turn_rewind(struct turn *turn, struct run *run)
{
    struct world *world = &turn->options.world;
    struct journal *journal = &turn->options.journal;
    void *pair[] = {turn, run};

    world->class->rewind(world->self, run);
    (void)journal->class->chain(journal->self, run_id(run), run_head(run), 0, append_chain, pair,
                                NULL);
}

/* Questions are answered at once, in the same pass; everything else waits for the commit. */
static void route(struct turn *turn, struct live *live, size_t from)
{
    struct world *world = &turn->options.world;
    const struct admission_desk desk = desk_of(turn);

    for (size_t i = from; i < turn->out.action_count; i++) {
        struct action action = turn->out.actions[i];
        struct input *answer = NULL;

        turn->out.actions[i].text = NULL;
        switch (action.kind) {
        case ACTION_ADMIT: answer = admission_ask(&desk, live->run, &action); break;
        case ACTION_CHECK:
            answer = input_new(INPUT_CHECKED);
            json_set_int(answer->facts, "effect", action.effect);
            world->class->check(world->self, live->run, action.effect, answer->facts);
            break;
        case ACTION_TIMER: set_timer(live, &action); break;
        case ACTION_CALL_MODEL:
        case ACTION_CANCEL_MODEL:
        case ACTION_START_TOOL:
        case ACTION_GO:
        case ACTION_STOP_TOOL:
        case ACTION_KILL:
        case ACTION_REWIND:
        case ACTION_REPLY:
            turn->due = mem_room(turn->due, turn->due_count, &turn->due_cap, sizeof *turn->due);
            turn->due[turn->due_count++] = (struct due){run_id(live->run), action};
            break;
        }
        if (answer)
            turn_enqueue(turn, run_id(live->run), answer);
    }
    turn->out.action_count = from;
}

static void decide(struct turn *turn, struct live *live, struct input *input)
{
    size_t records = turn->out.batch.count, actions = turn->out.action_count;
    const struct verb_info *verb =
        input->kind == INPUT_VERB ? verb_find(json_text(input->facts, "verb")) : NULL;

    struct world *world = &turn->options.world;
    const struct admission_desk desk = desk_of(turn);

    stamp(turn, live->run, input);
    admission_learn(&desk, live->run, input, world->class->hint(world->self, live->run));
    if (verb && verb->jump)
        prepare_jump(turn, live->run, input);
    if (verb && verb->named)
        prepare_name(turn, live->run, input);
    if (verb && guard_verb(turn, live->run, input)) {
        input_free(input);
        return;
    }
    run_step(live->run, input, &turn->out);
    after_records(turn, live->run, records);
    route(turn, live, actions);
    input_free(input);
}

/* --- storing and acting -------------------------------------------------------------------------
 */

void turn_drop(struct turn *turn, int64_t run)
{
    size_t kept = 0;

    for (size_t i = 0; i < turn->out.batch.count; i++) {
        if (turn->out.batch.at[i].run == run)
            record_free(&turn->out.batch.at[i]);
        else
            turn->out.batch.at[kept++] = turn->out.batch.at[i];
    }
    turn->out.batch.count = kept;
    kept = 0;
    for (size_t i = 0; i < turn->due_count; i++) {
        if (turn->due[i].run == run)
            free(turn->due[i].action.text);
        else
            turn->due[kept++] = turn->due[i];
    }
    turn->due_count = kept;
}

/* Another process took the run over, or its head moved under us: nothing more of it is ours. */
static void fenced(struct turn *turn, int64_t run, const char *why)
{
    struct live *live = turn_find(turn, run);

    turn_drop(turn, run);
    if (!live)
        return;
    turn->options.world.class->lost(turn->options.world.self, live->run, why);
    turn_forget(turn, live);
}

static void stall(struct turn *turn, int rc, const struct err *err)
{
    struct world *world = &turn->options.world;

    if (rc == E_BUSY) {
        bool tell = patience_more(&turn->busy, now(turn));

        turn->retry_us = turn->busy.retry_us;
        if (!tell)
            return;
    } else {
        turn->retry_us = now(turn) + STALL_RETRY_US;
    }
    turn->stalled = true;
    world->class->stalled(world->self, rc, err->msg);
}

/* What the journal said: planned anew, or all is well again. */
static int stored(struct turn *turn, int rc, const struct err *why, struct err *err)
{
    if (rc < 0) {
        stall(turn, rc, why);
        return err_set(err, rc, "%s", why->msg);
    }
    if (turn->stalled)
        turn->options.world.class->stalled(turn->options.world.self, 0, NULL);
    turn->stalled = false;
    turn->retry_us = 0;
    (void)patience_end(&turn->busy); /* `stalled` knows whether it was told */
    return 0;
}

static int commit(struct turn *turn, struct err *err)
{
    struct journal *journal = &turn->options.journal;
    struct err why = {0};
    int rc;

    while ((rc = journal->class->commit(journal->self, &turn->out.batch, &why)) == E_FENCED)
        fenced(turn, turn->out.batch.refused, why.msg);
    return stored(turn, rc, &why, err);
}

/* Decisions read what is stored: a verb that jumps, an effect that repeats another. */
static int look(struct turn *turn, struct err *err)
{
    struct journal *journal = &turn->options.journal;
    struct err why = {0};

    return stored(turn, journal->class->ready(journal->self, &why), &why, err);
}

static void publish(struct turn *turn)
{
    int64_t seq = 0;

    for (size_t i = 0; i < turn->out.batch.count; i++)
        if (turn->out.batch.at[i].kind == RECORD_EVENT && turn->out.batch.at[i].event.seq > seq)
            seq = turn->out.batch.at[i].event.seq;
    if (seq > 0)
        turn->options.world.class->published(turn->options.world.self, seq);
}

static void act(struct turn *turn)
{
    struct world *world = &turn->options.world;
    struct due *due = turn->due;
    size_t count = turn->due_count;

    /* Acting may post inputs, never decide: the list is taken whole. */
    turn->due = NULL;
    turn->due_count = turn->due_cap = 0;
    for (size_t i = 0; i < count; i++) {
        struct live *live = turn_find(turn, due[i].run);

        if (live && due[i].action.kind == ACTION_REWIND)
            turn_rewind(turn, live->run);
        else if (live)
            world->class->act(world->self, live->run, &due[i].action);
        free(due[i].action.text);
    }
    free(due);
}

static void decide_all(struct turn *turn)
{
    struct pending *item;
    int64_t now_us = now(turn);

    for (size_t i = 0; i < turn->run_count; i++)
        fire_timers(turn, turn->runs[i], now_us);
    while ((item = dequeue(turn))) {
        struct live *live = turn_find(turn, item->run);

        if (live)
            decide(turn, live, item->input);
        else
            input_free(item->input);
        free(item);
    }
}

int turn_pass(struct turn *turn, struct err *err)
{
    struct journal *journal = &turn->options.journal;
    int rc;

    turn_give_back(turn, now(turn));
    if (now(turn) < turn->retry_us)
        return turn->stalled ? E_IO : E_BUSY;
    if (turn->out.batch.count == 0) { /* nothing is held back */
        if (turn->run_count > 0 && (rc = look(turn, err)) < 0)
            return rc;
        decide_all(turn);
    }
    DIES_AT(FAIL_DECIDED);
    if (BUG(BUG_ACT_BEFORE_COMMIT))
        act(turn);
    if (turn->out.batch.count > 0) {
        rc = commit(turn, err);
        if (rc == E_BUSY && BUG(BUG_LOST_INPUT))
            batch_clear(&turn->out.batch);
        if (rc < 0)
            return rc;
        DIES_AT(FAIL_STORED);
        publish(turn);
        DIES_AT(FAIL_PUBLISHED);
        batch_clear(&turn->out.batch);
        journal->class->tend(journal->self, false);
    }
    act(turn);
    DIES_AT(FAIL_ACTED);
    return 0;
}

bool turn_pending(const struct turn *turn)
{
    return turn->first || turn->out.batch.count > 0 || turn->due_count > 0;
}

int64_t turn_wake_us(const struct turn *turn)
{
    int64_t wake = INT64_MAX;

    if (turn->back_count > 0)
        wake = turn->back_us;
    if (turn->retry_us > 0)
        return turn->retry_us < wake ? turn->retry_us : wake;
    if (turn_pending(turn))
        return 0;
    for (size_t r = 0; r < turn->run_count; r++)
        for (size_t i = 0; i < turn->runs[r]->timer_count; i++)
            if (turn->runs[r]->timers[i].at_us < wake)
                wake = turn->runs[r]->timers[i].at_us;
    return wake;
}
