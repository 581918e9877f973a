/* SPDX-License-Identifier: MIT */
#include "tests/support/stage.h"

#include "core/agent/state.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "history/query_run.h"
#include "tests/suite.h"
#include "tui/action.h"
#include "tui/recall.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define START_WALL INT64_C(1700000100000000)

/* --- the port ------------------------------------------------------------------------------------
 */

static void say(struct stage *stage, int64_t ticket, const char *what)
{
    stage->ticket = ticket;
    (void)buf_printf(&stage->said, "%s\n", what); /* the ceiling is far */
}

static int port_start(void *self, int64_t ticket, const char *task, struct err *err)
{
    char *line = mem_printf("start %s", task);

    (void)err;
    say(self, ticket, line);
    free(line);
    return 0;
}

static void port_adopt(void *self, int64_t ticket, int64_t run)
{
    char *line = mem_printf("adopt %lld", (long long)run);

    say(self, ticket, line);
    free(line);
}

static void port_verb(void *self, int64_t ticket, const struct run_row *run, cJSON *verb)
{
    char *line = json_print(verb);

    (void)run;
    say(self, ticket, line);
    free(line);
    cJSON_Delete(verb);
}

static void port_watch(void *self, const struct run_row *run)
{
    (void)self;
    (void)run;
}

static int port_set(void *self, const char *name, const char *value, struct err *err)
{
    char *line = mem_printf("set %s %s", name, value);

    (void)err;
    say(self, 0, line);
    free(line);
    return 0;
}

static int port_errand(void *self, const char *const *words, struct err *err)
{
    char *line = mem_text("errand");

    (void)err;
    for (; *words; words++) {
        char *longer = mem_printf("%s %s", line, *words);

        free(line);
        line = longer;
    }
    say(self, 0, line);
    free(line);
    return 0;
}

static int64_t mono(void *self)
{
    return ((struct stage *)self)->now_us;
}

static int64_t wall(void *self)
{
    return ((struct stage *)self)->wall_us;
}

/* --- the story -----------------------------------------------------------------------------------
 */

static void enter(struct tape *t, enum run_state from, enum run_state to, const char *reason)
{
    struct record *r = batch_add(&t->batch, RECORD_STATUS);
    char *event = mem_printf("{\"from\":\"%s\",\"to\":\"%s\",\"reason\":\"%s\",\"spent_ms\":1200}",
                             state_name(from), state_name(to), reason);

    r->run = t->run;
    r->wall_us = t->wall_us;
    r->status.state = (int)to;
    r->status.reason = mem_text(reason);
    r->status.iterations = t->iteration;
    r->status.tool_calls = t->effects;
    r->status.tokens_in = t->calls * 1000;
    r->status.tokens_out = t->calls * 50;
    r->status.cost_microusd = t->calls * 300;
    r->status.branch = t->branch;
    tape_event(t, EVENT_STATE_CHANGE, event);
    free(event);
}

static void doubt(struct tape *t)
{
    struct record *r = batch_add(&t->batch, RECORD_EFFECT_STATE);

    r->run = t->run;
    r->wall_us = t->wall_us;
    r->effect_state.effect = t->effects;
    r->effect_state.state = EFFECT_IN_DOUBT;
}

static void ask_for(struct tape *t, const char *tool, const char *args)
{
    tape_answer(t, "I run it", tool, args);
}

static void tell(struct stage *stage, enum stage_story story)
{
    struct tape *t = &stage->site.tape;
    const struct journal *j = &stage->site.journal;
    struct err *err = &stage->site.err;
    struct hash at_4;

    CU_ASSERT_EQUAL(tape_record(t, j, 1, err), 0);
    at_4 = t->chain;
    CU_ASSERT_EQUAL(tape_turn(t, j, err), 0);
    CU_ASSERT_EQUAL(tape_turn(t, j, err), 0);
    tape_jump(t, HEAD_ROLLBACK, 4, 4, 1, &at_4);
    tape_label(t, 4, "good place");
    CU_ASSERT_EQUAL(tape_commit(t, j, err), 0);
    CU_ASSERT_EQUAL(tape_turn(t, j, err), 0);
    switch (story) {
    case STAGE_RESTING:
        tape_final(t, "Take the **Aster 14**: light, and below the limit.");
        enter(t, RUN_RUNNING, RUN_COMPLETED, "success");
        break;
    case STAGE_APPROVAL:
        ask_for(t, "shell", "{\"command\":\"rm -r build\\u202e\"}");
        enter(t, RUN_WAITING_FOR_TOOL, RUN_AWAITING_APPROVAL, "a tool call waits for approval");
        break;
    case STAGE_DOUBT:
        ask_for(t, "order", "{\"sku\":\"aster-14\"}");
        tape_started(t);
        doubt(t);
        enter(t, RUN_WAITING_FOR_TOOL, RUN_IN_DOUBT, "the outcome of a started call was lost");
        break;
    case STAGE_RETRY:
        tape_event(t, EVENT_RETRY,
                   "{\"call\":5,\"attempt\":2,\"max\":5,\"delay_ms\":200000,"
                   "\"source\":\"retry-after\",\"cause\":\"the server limits the rate\"}");
        enter(t, RUN_RUNNING, RUN_WAITING_RETRY, "throttled");
        break;
    case STAGE_LIMIT: enter(t, RUN_RUNNING, RUN_PAUSED, "max_iterations"); break;
    case STAGE_FAILED: enter(t, RUN_RUNNING, RUN_ERROR, "the key was refused (status 401)"); break;
    case STAGE_LIVE: enter(t, RUN_WAITING_FOR_TOOL, RUN_RUNNING, "model"); break;
    case STAGE_NONE: break;
    }
    CU_ASSERT_EQUAL(tape_commit(t, j, err), 0);
}

/* --- the stage -----------------------------------------------------------------------------------
 */

static void open_console(struct stage *stage, int64_t run)
{
    const struct keymap_names names = {context_names(), CONTEXT_COUNT, action_names(),
                                       ACTION_COUNT};
    struct err err = {0};

    keymap_new(&stage->keymap, &names);
    CU_ASSERT_EQUAL_FATAL(keymap_add_builtin(stage->keymap, &err), 0);
    CU_ASSERT_EQUAL_FATAL(query_open(&stage->query, stage->site.path, NULL, &err), 0);
    const struct console_options options = {
        .query = stage->query,
        .keymap = stage->keymap,
        .port = {stage, port_start, port_adopt, port_verb, port_watch, port_set, port_errand},
        .recall = stage->recall,
        .clock = {mono, wall, stage},
        .bell = true,
        .run = run,
    };
    CU_ASSERT_EQUAL_FATAL(console_new(&stage->console, &options, &err), 0);
}

void stage_open(struct stage *stage, enum stage_story story, int w, int h)
{
    memset(stage, 0, sizeof *stage);
    (void)setenv("TZ", "UTC", 1);
    tzset();
    buf_init(&stage->said, (size_t)1 << 20);
    recall_new(&stage->recall, &(struct recall_options){.path = NULL});
    stage->now_us = 1000000;
    stage->wall_us = START_WALL;
    site_name(&stage->site);
    CU_ASSERT_EQUAL_FATAL(site_open(&stage->site), 0);
    if (story != STAGE_NONE)
        tell(stage, story);
    open_console(stage, story != STAGE_NONE ? stage->site.tape.run : 0);
    grid_init(&stage->grid, w, h);
    stage_draw(stage);
}

void stage_close(struct stage *stage)
{
    console_free(stage->console);
    recall_free(stage->recall);
    query_close(stage->query);
    keymap_free(stage->keymap);
    grid_free(&stage->grid);
    buf_free(&stage->said);
    site_tear_down(&stage->site);
}

void stage_home(struct stage *stage)
{
    console_free(stage->console);
    query_close(stage->query);
    keymap_free(stage->keymap);
    open_console(stage, 0);
    stage_draw(stage);
}

void stage_draw(struct stage *stage)
{
    console_draw(stage->console, &stage->grid);
    stage->wants |= console_wants(stage->console);
}

static void give(struct stage *stage, const struct tty_event *event)
{
    console_event(stage->console, event);
    stage_draw(stage);
}

void stage_key(struct stage *stage, const char *name)
{
    struct tty_event event = {.kind = TTY_KEY};

    CU_ASSERT_EQUAL(key_parse(&event.key, name), 0);
    give(stage, &event);
}

void stage_type(struct stage *stage, const char *text)
{
    for (; *text; text++) {
        struct tty_event event = {.kind = TTY_KEY, .key = {.code = (unsigned char)*text}};

        give(stage, &event);
    }
}

void stage_paste(struct stage *stage, const char *text)
{
    const struct tty_event event = {.kind = TTY_PASTED, .text = text, .len = strlen(text)};

    give(stage, &event);
}

void stage_wait(struct stage *stage, int64_t us)
{
    stage->now_us += us;
    stage->wall_us += us;
    stage_draw(stage);
}

void stage_size(struct stage *stage, int w, int h)
{
    const struct tty_event event = {.kind = TTY_RESIZED};

    grid_resize(&stage->grid, w, h);
    give(stage, &event);
}

void stage_delta(struct stage *stage, const char *text)
{
    const struct engine_news news = {.kind = NEWS_DELTA,
                                     .run = stage->site.tape.run,
                                     .call = stage->site.tape.calls,
                                     .delta = DELTA_TEXT,
                                     .text = text,
                                     .len = strlen(text)};

    console_news(stage->console, &news);
}

void stage_stored(struct stage *stage)
{
    const struct engine_news news = {.kind = NEWS_STORED};

    CU_ASSERT_EQUAL(tape_commit(&stage->site.tape, &stage->site.journal, &stage->site.err), 0);
    console_news(stage->console, &news);
    stage_draw(stage);
}

/* Prints the screen when that is not as it should be. */
static bool has(struct stage *stage, const char *text, bool wanted)
{
    struct buf screen;

    buf_init(&screen, (size_t)4 << 20);
    CU_ASSERT_EQUAL(grid_dump(&stage->grid, &screen, false), 0);
    bool found = strstr(screen.data, text) != NULL;
    if (found != wanted)
        printf("    \"%s\" is %son\n%s", text, wanted ? "not " : "", screen.data);
    buf_free(&screen);
    return found;
}

bool stage_shows(struct stage *stage, const char *text)
{
    return has(stage, text, true);
}

bool stage_lacks(struct stage *stage, const char *text)
{
    return !has(stage, text, false);
}

bool stage_said(struct stage *stage, const char *text)
{
    bool found = strstr(stage->said.data, text) != NULL;

    if (!found)
        printf("    \"%s\" is not in\n%s", text, stage->said.data);
    return found;
}
