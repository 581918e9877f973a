/* SPDX-License-Identifier: MIT */
#include "tests/simulation/universe.h"

#include "core/agent/run_spec.h"
#include "core/agent/verb.h"
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/config/run_config.h"
#include "history/arena.h"
#include "history/fsck.h"
#include "history/history.h"
#include "history/query.h"
#include "history/query_chain.h"
#include "history/query_event.h"
#include "history/query_jump.h"
#include "history/query_run.h"
#include "history/query_work.h"
#include "tests/simulation/fake.h"
#include "tests/simulation/judged.h"
#include "tests/support/scratch.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define VFS        "universe"
#define STEPS      40   /* of a seed, before it comes to rest */
#define CALM_STEPS 4000 /* by then everything must have */

/* --- chance, clock, words
 * -------------------------------------------------------------------------- */

static uint64_t next(struct universe *u)
{
    uint64_t z = u->chance += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t universe_draw(struct universe *u, uint64_t below)
{
    return below ? next(u) % below : 0;
}

bool universe_odds(struct universe *u, unsigned percent)
{
    return universe_draw(u, 100) < percent;
}

void universe_break(struct universe *u, const char *fmt, ...)
{
    va_list ap;

    if (*u->broken)
        return;
    va_start(ap, fmt);
    vsnprintf(u->broken, sizeof u->broken, fmt, ap);
    va_end(ap);
    universe_say(u, "BROKEN: %s", u->broken);
}

void universe_say(struct universe *u, const char *fmt, ...)
{
    va_list ap;

    if (!u->trace)
        return;
    printf("%10.3f  ", (double)u->mono_us / US_PER_S);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    printf("\n");
}

static int64_t mono(void *self)
{
    return ((struct universe *)self)->mono_us;
}

static int64_t wall(void *self)
{
    return ((struct universe *)self)->wall_us;
}

static struct clock clock_of(struct universe *u)
{
    return (struct clock){mono, wall, u};
}

static uint64_t chance(void *self)
{
    return next(self);
}

static void pass_time(struct universe *u, int64_t us)
{
    u->mono_us += us;
    u->wall_us += us;
    if (universe_odds(u, 2)) /* wall clocks jump */
        u->wall_us +=
            (int64_t)universe_draw(u, 7200 * (uint64_t)US_PER_S) - 3600 * (int64_t)US_PER_S;
}

struct seen_effect *universe_effect(struct universe *u, const char *key)
{
    for (size_t i = 0; i < u->effect_count; i++)
        if (strcmp(u->effects[i].key, key) == 0)
            return &u->effects[i];
    u->effects = mem_room(u->effects, u->effect_count, &u->effect_cap, sizeof *u->effects);
    struct seen_effect *seen = &u->effects[u->effect_count++];
    memset(seen, 0, sizeof *seen);
    str_format(seen->key, sizeof seen->key, "%s", key);
    seen->allowed = 1;
    return seen;
}

struct seen_run *universe_run(struct universe *u, int64_t run)
{
    for (size_t i = 0; i < u->run_count; i++)
        if (u->runs[i].run == run)
            return &u->runs[i];
    return NULL;
}

/* --- an empty history, made once and copied ------------------------------------------------------
 */

static struct {
    void *data;
    size_t len;
} empty; /* of this process, which plays thousands of seeds in one thread */

static void make_empty(struct universe *u)
{
    const struct history_options options = {
        .path = u->path, .vfs = VFS, .clock = clock_of(u), .stepwise = true};
    struct fault_disk *disk = fault_disk_new(VFS, 0);
    struct history_report report = {0};
    struct history *history;

    if (history_open(&history, &options, &report, NULL) < 0)
        abort();
    history_report_free(&report);
    history_close(history);
    const void *data = fault_disk_bytes(disk, u->path, &empty.len);
    empty.data = mem_copy(data, empty.len);
    fault_disk_free(disk);
}

/* --- the process ---------------------------------------------------------------------------------
 */

static bool boot(struct universe *u)
{
    const struct history_options options = {
        .path = u->path, .vfs = VFS, .clock = clock_of(u), .stepwise = true};
    struct history_report report = {0};
    struct err err = {0};
    int rc = history_open(&u->history, &options, &report, &err);

    if (rc < 0)
        universe_break(u, "the history does not open: %s", err.msg);
    else if (report.damage)
        universe_break(u, "the history was damaged: %s (acknowledged: %lld)", report.damage,
                       (long long)u->acked);
    history_report_free(&report);
    if (rc < 0)
        return false;
    u->fake = fake_new(u);
    const struct turn_options turn = {.journal = history_journal(u->history),
                                      .world = fake_world(u->fake),
                                      .clock = clock_of(u),
                                      .random = chance,
                                      .random_self = u};
    u->turn = turn_new(&turn);
    return true;
}

/* The process is gone at this very moment: what it does while it is taken apart meets no disk. */
static void die(struct universe *u)
{
    const struct fault_plan gone = {
        .at = 1, .lasting = true, .kind = FAULT_CANTOPEN, .ops = FAULT_ALL};

    fault_disk_plan(u->disk, &gone);
    query_close(u->query);
    u->query = NULL;
    turn_free(u->turn);
    fake_free(u->fake);
    history_drop(u->history);
    fault_disk_plan(u->disk, NULL);
    u->turn = NULL;
    u->fake = NULL;
    u->history = NULL;
}

static void kill_process(struct universe *u)
{
    universe_say(u, "--- kill -9 ---");
    fault_disk_kill(u->disk);
    die(u);
}

static void cut_power(struct universe *u)
{
    universe_say(u, "--- power cut ---");
    fault_disk_power_cut(u->disk, (enum fault_power)universe_draw(u, 4));
    die(u);
}

/* One for the life of a process; NULL when it cannot be had. */
static struct query *reader(struct universe *u)
{
    struct err err = {0};

    if (!u->query && query_open(&u->query, u->path, VFS, &err) < 0)
        universe_break(u, "the history cannot be read: %s", err.msg);
    return u->query;
}

/* What was acknowledged before the death is there after it. */
static void judge_memory(struct universe *u)
{
    struct query *query = reader(u);
    int64_t seq = 0, count = 0;

    if (!query)
        return;
    if (query_last_seq(query, &seq, NULL) < 0 || seq < u->acked)
        universe_break(u, "event %lld was published and is gone (the last is %lld)",
                       (long long)u->acked, (long long)seq);
    for (size_t i = 0; i < u->run_count; i++) {
        struct seen_run *run = &u->runs[i];

        if (query_checkpoint_count(query, run->run, &count, NULL) == 0 && count < run->checkpoints)
            universe_break(u, "run %lld: checkpoints vanished", (long long)run->run);
    }
}

static void take_all(struct universe *u)
{
    for (size_t i = 0; i < u->run_count; i++) {
        struct err err = {0};
        int rc =
            u->runs[i].usurped ? E_NOTFOUND : turn_adopt(u->turn, u->runs[i].run, "resume", &err);

        if (rc == E_NOTFOUND) /* it was never stored: nobody was told of it */
            continue;
        if (rc < 0)
            universe_break(u, "run %lld cannot be taken up again: %s", (long long)u->runs[i].run,
                           err.msg);
    }
}

static void let_lock(struct universe *u);

void universe_judge_ledger(struct universe *u, int64_t run, int64_t effect, bool pure)
{
    struct query *query = reader(u);
    struct arena arena = {0};
    struct effect_row row;

    if (!query)
        return;
    if (query_effect(query, &arena, run, effect, &row, NULL) < 0)
        universe_break(u, "run %lld: effect %lld has no row in the ledger", (long long)run,
                       (long long)effect);
    else if (!pure && row.state != EFFECT_STARTED)
        universe_break(u, "run %lld: effect %lld touches the world in state %s", (long long)run,
                       (long long)effect, effect_state_name(row.state));
    arena_free(&arena);
}

static void come_back(struct universe *u)
{
    pass_time(u, (int64_t)universe_draw(u, 60 * (uint64_t)US_PER_S));
    let_lock(u);
    if (!boot(u))
        return;
    judge_memory(u);
    take_all(u);
}

/* --- runs and verbs
 * -------------------------------------------------------------------------------- */

static void set(struct run_config *config, const char *name, const char *value)
{
    struct err err = {0};

    if (run_config_set(config, name, value, &err) < 0)
        fprintf(stderr, "simulation: %s\n", err.msg);
}

static const char commands[] =
    "[{\"name\":\"peek\",\"description\":\"look\",\"parameters\":{\"type\":\"object\"},"
    "\"argv\":[\"true\"],\"policy\":\"pure\",\"cache\":true}]";

static void begin_run(struct universe *u)
{
    struct run_config *config;
    struct run *run = NULL;
    struct err err = {0};
    char number[16];
    int64_t most = 2 + (int64_t)universe_draw(u, 6);

    run_config_new(&config);
    str_format(number, sizeof number, "%d", (int)most);
    set(config, "limits.max_iterations", number);
    set(config, "limits.timeout", universe_odds(u, 30) ? "20s" : "300s");
    if (universe_odds(u, 20))
        set(config, "limits.max_cost", "0.003");
    set(config, "model.name", "fake");
    config->agent.name = mem_text("agent");
    config->agent.commands = mem_text(commands);
    struct run_spec *spec = run_spec_new(config);
    spec->task = mem_text("task");
    spec->provider = mem_text("fake");
    spec->workspace = mem_text("/nowhere");
    spec->interactive = universe_odds(u, 50);
    if (turn_start(u->turn, spec, &run, &err) < 0)
        universe_say(u, "no run: %s", err.msg);
    else
        u->runs[u->run_count++] = (struct seen_run){.run = run_id(run), .max_iterations = most};
    run_spec_free(spec);
}

static int64_t some_checkpoint(struct universe *u, int64_t run)
{
    struct query *query = reader(u);
    struct arena arena = {0};
    struct checkpoint_row *rows = NULL;
    size_t count = 0;
    int64_t node = 0;

    if (query && query_checkpoints(query, &arena, run, 0, 32, &rows, &count, NULL) == 0 && count)
        node = rows[universe_draw(u, count)].node;
    arena_free(&arena);
    return node;
}

static void fill_verb(struct universe *u, struct input *input, const char *name, struct run *run)
{
    static const char *const answers[] = {"happened", "run", "skip"};
    static const char *const limits[] = {"iterations", "minutes", "dollars"};
    static const char *const breaks[] = {
        "tool *",      "tool shell echo",     "error",      "error timeout", "state paused",
        "iteration 2", "state waiting_retry", "cost 0.001", "context 1",     "text .",
        "nonsense"};
    static const char *const faults[] = {"429", "500", "hang", "cut", "tool", "off"};
    static const char *const branches[] = {NULL, "main", "branch-2", "twig"};
    cJSON *facts = input->facts;

    json_set_text(facts, "verb", name);
    json_set_text(facts, "by", "dice");
    json_set_int(facts, "ticket", 1);
    json_set_text(facts, "answer", answers[universe_draw(u, 3)]);
    json_set_text(facts, "limit", limits[universe_draw(u, 3)]);
    json_set_int(facts, "amount", (int64_t)universe_draw(u, 3));
    json_set_text(facts, "text", "do go on");
    json_set_int(facts, "node", run_head(run));
    if (str_eq(name, "fork") || str_eq(name, "switch"))
        json_set_text(facts, "name", branches[universe_draw(u, 4)]);
    if (str_eq(name, "rollback") || str_eq(name, "fork"))
        json_set_int(facts, "to", some_checkpoint(u, run_id(run)));
    if (str_eq(name, "approve") && universe_odds(u, 30))
        json_set_text(facts, "scope", "always");
    if (str_eq(name, "edit_call"))
        json_set_text(facts, "arguments", "{\"command\":\"echo edited\"}");
    if (str_eq(name, "fault")) {
        json_set_text(facts, "kind", faults[universe_draw(u, 6)]);
        json_set_int(facts, "count", 1 + (int64_t)universe_draw(u, 4));
    }
    if (str_eq(name, "break"))
        json_set_text(facts, "spec", breaks[universe_draw(u, sizeof breaks / sizeof *breaks)]);
    if (str_eq(name, "delete") || str_eq(name, "enable") || str_eq(name, "disable"))
        json_set_int(facts, "number", 1 + (int64_t)universe_draw(u, 3));
    if (str_eq(name, "set")) {
        json_set_text(facts, "name", "limits.loop_guard");
        json_set_text(facts, "value", "3");
    }
}

/* The operator's word that a lost effect may run: one more time is then right. */
static void allow_again(struct universe *u, const struct run *run)
{
    struct call_view view;

    for (int64_t effect = 1; effect < 400; effect++)
        if (run_call_view(run, effect, &view))
            universe_effect(u, view.key)->allowed =
                universe_effect(u, view.key)->times + 1 > universe_effect(u, view.key)->allowed
                    ? universe_effect(u, view.key)->times + 1
                    : universe_effect(u, view.key)->allowed;
}

static void say_verb(struct universe *u, struct run *run, const char *name)
{
    struct input *input = input_new(INPUT_VERB);

    universe_say(u, "run %lld (%s): %s", (long long)run_id(run), state_name(run_state(run)), name);
    fill_verb(u, input, name, run);
    if (str_eq(name, "resolve") && str_eq(json_text(input->facts, "answer"), "run"))
        allow_again(u, run);
    if (str_eq(name, "extend") || str_eq(name, "inject") || str_eq(name, "rollback") ||
        str_eq(name, "undo") || str_eq(name, "redo") || str_eq(name, "resume") ||
        str_eq(name, "fork") || str_eq(name, "switch"))
        universe_run(u, run_id(run))->answers = -1;
    (void)turn_post(u->turn, run_id(run), input);
}

static struct run *some_run(struct universe *u)
{
    size_t count = turn_runs(u->turn);

    return count ? turn_run_at(u->turn, universe_draw(u, count)) : NULL;
}

static void operate(struct universe *u)
{
    size_t count;
    const struct verb_info *verbs = verb_table(&count);
    struct run *run = some_run(u);

    if (run && run_state(run) != RUN_IDLE)
        say_verb(u, run, verbs[universe_draw(u, count)].name);
}

/* Once all is calm a patient operator answers whatever a run waits for. */
static void settle(struct universe *u)
{
    for (size_t i = 0; i < turn_runs(u->turn); i++) {
        struct run *run = turn_run_at(u->turn, i);

        switch (run_state(run)) {
        case RUN_AWAITING_APPROVAL: say_verb(u, run, "deny"); break;
        case RUN_IN_DOUBT: say_verb(u, run, "resolve"); break;
        case RUN_WAITING_RETRY:
            say_verb(u, run, universe_odds(u, 50) ? "retry_now" : "give_up");
            break;
        case RUN_PAUSED:
        case RUN_ERROR: say_verb(u, run, universe_odds(u, 70) ? "finish" : "cancel"); break;
        case RUN_IDLE:
        case RUN_RUNNING:
        case RUN_WAITING_FOR_TOOL:
        case RUN_COMPLETED:
        case RUN_CANCELLED:
        case RUN_STATE_COUNT: break;
        }
    }
}

/* --- faults of disk and lock
 * ------------------------------------------------------------------------ */

static void hold_lock(struct universe *u)
{
    char *path = mem_printf("%s.lock", u->path);

    u->lock_fd = open(path, O_RDWR | O_CLOEXEC);
    if (u->lock_fd >= 0 && flock(u->lock_fd, LOCK_EX | LOCK_NB) < 0) {
        close(u->lock_fd);
        u->lock_fd = -1;
    }
    u->lock_steps = 1 + (int)universe_draw(u, 5);
    free(path);
}

static void let_lock(struct universe *u)
{
    if (u->lock_fd >= 0)
        close(u->lock_fd);
    u->lock_fd = -1;
}

/* Somebody else moves a head, as a process that took the run over would: the next commit that moves
   it from where it no longer is must be refused. */
static void usurp(struct universe *u)
{
    struct run *run = some_run(u);
    struct seen_run *seen = run ? universe_run(u, run_id(run)) : NULL;
    sqlite3 *db = NULL;

    if (!seen || seen->usurped || run_head(run) < 2 || u->lock_fd >= 0 || turn_pending(u->turn))
        return;
    if (sqlite3_open_v2(u->path, &db, SQLITE_OPEN_READWRITE, VFS) == SQLITE_OK) {
        char *sql = mem_printf("UPDATE branch SET head=1 WHERE run=%lld", (long long)run_id(run));

        if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK) {
            universe_say(u, "run %lld: its head is moved by somebody else", (long long)run_id(run));
            seen->usurped = true;
            seen->usurped_at = run_head(run);
        }
        free(sql);
    }
    sqlite3_close(db);
}

static void disturb(struct universe *u)
{
    uint64_t dice = universe_draw(u, 100);

    if (dice < 12) {
        operate(u);
    } else if (dice < 14 && u->lock_fd < 0) {
        hold_lock(u);
    } else if (dice < 16) {
        const struct fault_plan plan = {.at = 1 + (int64_t)universe_draw(u, 30),
                                        .kind = universe_odds(u, 50) ? FAULT_FULL : FAULT_IOERR,
                                        .ops = FAULT_WRITE | FAULT_SYNC};

        fault_disk_plan(u->disk, &plan);
    } else if (dice < 18) {
        fault_disk_plan(u->disk, NULL);
    } else if (dice < 22 && u->run_count < UNIVERSE_RUNS) {
        begin_run(u);
    } else if (dice < 23 && u->seed % 8 == 0) {
        usurp(u);
    }
    if (u->lock_fd >= 0 && --u->lock_steps <= 0)
        let_lock(u);
}

/* --- judging -------------------------------------------------------------------------------------
 */

static void judge_limits(struct universe *u)
{
    for (size_t i = 0; i < u->run_count; i++) {
        const struct seen_run *run = &u->runs[i];

        /* One more than the limit: the graceful answer at its end. */
        if (run->answers > run->max_iterations + 2)
            universe_break(u, "run %lld: %lld answers, %lld iterations allowed",
                           (long long)run->run, (long long)run->answers,
                           (long long)run->max_iterations);
    }
}

static void judge_heads(struct universe *u)
{
    for (size_t i = 0; i < u->run_count; i++) {
        struct run *run = turn_run(u->turn, u->runs[i].run);

        if (run && u->runs[i].usurped && run_head(run) != u->runs[i].usurped_at &&
            !turn_pending(u->turn))
            universe_break(u, "run %lld: a head that somebody else moved was overwritten",
                           (long long)u->runs[i].run);
    }
}

/* Memory and record agree on where undo leads. */
static void judge_undo(struct universe *u)
{
    for (size_t i = 0; reader(u) && i < turn_runs(u->turn); i++) {
        struct run *run = turn_run_at(u->turn, i);
        int64_t undo = 0, redo = 0;

        if (universe_run(u, run_id(run))->usurped)
            continue;
        if (query_undo(u->query, run_id(run), run_branch(run), &undo, &redo, NULL) == 0 &&
            (undo != run_undo_target(run, false) || redo != run_undo_target(run, true)))
            universe_break(u, "run %lld: undo leads to %lld, the reflog says %lld",
                           (long long)run_id(run), (long long)run_undo_target(run, false),
                           (long long)undo);
    }
}

static void judge_progress(struct universe *u)
{
    for (size_t i = 0; i < turn_runs(u->turn); i++) {
        struct run *run = turn_run_at(u->turn, i);
        const struct state_info *state = state_info(run_state(run));

        if (!state->person && !state->ended && run_state(run) != RUN_IDLE &&
            turn_wake_us(u->turn) == INT64_MAX && fake_next_us(u->fake) == INT64_MAX &&
            !turn_pending(u->turn))
            universe_break(u, "run %lld hangs in %s", (long long)run_id(run), state->name);
    }
}

static void count_checkpoints(struct universe *u)
{
    struct query *query = reader(u);

    for (size_t i = 0; query && i < u->run_count; i++) {
        int64_t count = 0;

        if (query_checkpoint_count(query, u->runs[i].run, &count, NULL) == 0 &&
            count > u->runs[i].checkpoints)
            u->runs[i].checkpoints = count;
    }
}

/* --- a seed
 * ---------------------------------------------------------------------------------------- */

static void pass(struct universe *u)
{
    struct err err = {0};

    fake_deliver(u->fake);
    if (turn_pass(u->turn, &err) < 0)
        universe_say(u, "pass: %s", err.msg);
    u->passes++;
    judge_limits(u);
    judge_progress(u);
    judge_heads(u);
}

/* To the next moment at which something is due. */
static void wait_for_it(struct universe *u)
{
    int64_t wake = turn_wake_us(u->turn), due = fake_next_us(u->fake);

    wake = wake < due ? wake : due;
    if (wake == INT64_MAX)
        pass_time(u, US_PER_S);
    else if (wake > u->mono_us)
        pass_time(u, wake - u->mono_us);
}

static bool at_rest(struct universe *u)
{
    for (size_t i = 0; i < turn_runs(u->turn); i++)
        if (!state_info(run_state(turn_run_at(u->turn, i)))->ended ||
            run_state(turn_run_at(u->turn, i)) == RUN_ERROR)
            return false;
    return !turn_pending(u->turn);
}

static void wild_step(struct universe *u)
{
    uint64_t dice;

    disturb(u);
    wait_for_it(u);
    pass(u);
    dice = universe_draw(u, 100);
    if (dice >= 6)
        return;
    if (dice >= 3)
        count_checkpoints(u);
    if (dice % 2)
        kill_process(u);
    else
        cut_power(u);
    come_back(u);
}

static void calm_down(struct universe *u)
{
    u->calm = true;
    let_lock(u);
    fault_disk_plan(u->disk, NULL);
    for (int i = 0; i < CALM_STEPS && !*u->broken; i++) {
        if (at_rest(u))
            return;
        settle(u);
        wait_for_it(u);
        pass(u);
    }
    if (!*u->broken)
        universe_break(u, "it does not come to rest");
}

static void found(void *ctx, int64_t run, const char *text)
{
    universe_break(ctx, "fsck, run %lld: %s", (long long)run, text);
}

/* The record is sound, and says how every decision was made. */
static void judge_record(struct universe *u)
{
    const struct fsck_options options = {.found = found, .ctx = u};
    struct query *query = reader(u);
    struct fsck_report report;
    struct arena arena = {0};
    struct err err = {0};

    if (query && fsck_run(&report, query, &options, &err) < 0)
        universe_break(u, "fsck gave up: %s", err.msg);
    for (size_t i = 0; query && i < u->run_count && !*u->broken; i++) {
        struct judged judged = {
            .history = u->history, .run = u->runs[i].run, .coverage = u->coverage};

        struct run_row row;

        if (query_run(query, &arena, judged.run, &row, NULL) < 0 ||
            query_run_config(query, &arena, judged.run, &judged.spec, NULL) < 0)
            continue; /* never stored */
        judged.uid = row.uid;
        if (judge_run(&judged, &err) < 0)
            universe_break(u, "run %lld cannot be replayed: %s", (long long)judged.run, err.msg);
        else if (judged.diverged)
            universe_break(u, "run %lld: decision %lld (%s) comes out differently",
                           (long long)judged.run, (long long)judged.diverged,
                           input_name(judged.kind));
    }
    arena_free(&arena);
}

bool universe_play(struct universe *u, uint64_t seed)
{
    u->seed = u->chance = seed;
    u->mono_us = (int64_t)1000 * US_PER_S;
    u->wall_us = INT64_C(1700000000) * US_PER_S;
    u->lock_fd = -1;
    u->dir = scratch_new();
    u->path = mem_printf("%s/history.db", u->dir);
    if (!empty.data)
        make_empty(u);
    u->disk = fault_disk_new(VFS, seed);
    fault_disk_put(u->disk, u->path, empty.data, empty.len);
    if (boot(u))
        begin_run(u);
    for (int i = 0; i < STEPS && !*u->broken; i++)
        wild_step(u);
    if (!*u->broken)
        calm_down(u);
    if (!*u->broken)
        judge_undo(u);
    if (!*u->broken && u->seed % 8 != 0) /* the usurper leaves a record that is none of ours */
        judge_record(u);
    return !*u->broken;
}

void universe_free(struct universe *u)
{
    let_lock(u);
    if (u->turn)
        die(u);
    fault_disk_free(u->disk);
    scratch_free(u->dir);
    free(u->effects);
    free(u->path);
}
