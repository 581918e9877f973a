/* SPDX-License-Identifier: MIT */
/* What the console itself does at an action: the run's verbs, questions, panels, searches. */
#include "tui/console_data.h"

#include "core/agent/state.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "history/query_jump.h"
#include "tui/checkpoints.h"
#include "tui/document.h"
#include "tui/figure.h"
#include "tui/timeline.h"

#include <stdlib.h>
#include <string.h>

#define TWICE_US (2 * (int64_t)US_PER_S) /* Ctrl-C again within this: quit */

/* --- typing --------------------------------------------------------------------------------------
 */

static unsigned submit(void *self, enum entry_kind kind, const char *text, int64_t number);

static void ask_text(struct console *console, enum entry_kind kind, const char *text,
                     int64_t number)
{
    console_push(
        console,
        entry_open(&(struct entry_options){
            .kind = kind,
            .text = text,
            .number = number,
            .recall = console->is.recall,
            .self = console,
            .submit = submit,
            .complete = kind == ENTRY_COMMAND || kind == ENTRY_PALETTE ? console_complete : NULL}));
}

unsigned console_start(struct console *console, const char *task)
{
    struct err err = {0};

    if (!*task)
        return DID_NOTHING;
    console->start_ticket = ++console->ticket;
    if (console->is.port.start(console->is.port.self, console->start_ticket, task, &err) < 0) {
        console->start_ticket = 0;
        console_say(console, true, err.msg);
        return DID_REDRAW;
    }
    free(console->starting);
    console->starting = mem_text(task);
    console_show(console, 0);
    console_focus(console, LAYOUT_TIMELINE);
    return DID_REDRAW;
}

static unsigned search(struct console *console, const char *text)
{
    struct panel *detail = console->panels[LAYOUT_DETAIL];
    struct panel_find found = {0};
    struct err err = {0};

    if (finder_start(&console->finder, console->model.run, text, &err) < 0) {
        console_say(console, true, err.msg);
    } else if (console->focus == LAYOUT_DETAIL) {
        if (detail->class->find(detail, &console->model, console->finder.pattern, false, &found))
            model_say(&console->model, false, "match %zu of %zu in Detail", found.at, found.count);
        console->finder.first = false;
    } else {
        (void)detail->class->find(detail, &console->model, console->finder.pattern, false, &found);
    }
    return DID_REDRAW;
}

static unsigned filter(struct console *console, const char *text)
{
    struct err err = {0};

    if (finder_start(&console->filter, console->model.run, text, &err) < 0)
        console_say(console, true, err.msg);
    return DID_REDRAW;
}

static unsigned jump(struct console *console, const char *word)
{
    struct model *model = &console->model;
    struct checkpoint_row row;
    struct arena arena = {0};
    struct err err = {0};

    if (query_checkpoint_find(model->query, &arena, model->run, word, &row, &err) < 0) {
        console_say(console, true, err.msg);
    } else {
        console_focus(console, LAYOUT_TIMELINE);
        timeline_go(console->panels[LAYOUT_TIMELINE], model, row.segment, row.depth);
    }
    arena_free(&arena);
    return DID_REDRAW;
}

/* Detail's text, as it was stored: the body of the node, or the result of the effect. */
static int subject_text(struct console *console, struct buf *out, struct err *err)
{
    const struct model *model = &console->model;

    if (model->subject.kind == SUBJECT_NODE)
        return query_body(model->query, model->run, model->subject.id, out, err);
    if (model->subject.kind == SUBJECT_EFFECT)
        return query_effect_result(model->query, model->run, model->subject.id, out, err);
    if (model->subject.kind == SUBJECT_REPORT)
        return buf_add(out, model->report.text.data, model->report.text.len);
    return err_set(err, E_NOTFOUND, "nothing is selected that could be copied");
}

static void put_words(struct buf *out, const struct buf *body)
{
    cJSON *tree = NULL;
    const char *content = NULL;

    if (json_parse(&tree, body->data, body->len, NULL, NULL) == 0)
        content = json_text(tree, "content");
    buf_clear(out);
    (void)buf_text(out,
                   content && *content ? content : body->data); /* both are below its ceiling */
    cJSON_Delete(tree);
}

static unsigned take_words(struct console *console)
{
    struct buf body;
    struct err err = {0};
    int rc;

    buf_init(&body, (size_t)1 << 20);
    rc = subject_text(console, &body, &err);
    if (rc < 0)
        console_say(console, true, err.msg);
    else
        put_words(&console->copied, &body);
    buf_free(&body);
    return rc < 0 ? DID_NOTHING : DID_REDRAW;
}

static unsigned write_file(struct console *console, const char *path)
{
    struct err err = {0};

    if (!*path || take_words(console) == DID_NOTHING)
        return DID_REDRAW;
    if (path_write(path, console->copied.data, console->copied.len, &err) < 0)
        console_say(console, true, err.msg);
    else
        model_say(&console->model, false, "written to %s", path);
    return DID_REDRAW;
}

static unsigned ask_verb(struct console *console, const char *verb, const char *name,
                         const char *text, const char *number_name, int64_t number)
{
    cJSON *object = model_ask(&console->model, verb);

    if (number_name)
        json_set_int(object, number_name, number);
    if (*text)
        json_set_text(object, name, text);
    console_send(console);
    return DID_REDRAW;
}

static unsigned submit(void *self, enum entry_kind kind, const char *text, int64_t number)
{
    struct console *console = self;

    switch (kind) {
    case ENTRY_COMMAND:
    case ENTRY_PALETTE: return console_command(console, text);
    case ENTRY_SEARCH: return search(console, text);
    case ENTRY_FILTER: return filter(console, text);
    case ENTRY_NEW_RUN: return console_start(console, text);
    case ENTRY_JUMP: return jump(console, text);
    case ENTRY_WRITE: return write_file(console, text);
    case ENTRY_INJECT:
        return *text ? ask_verb(console, "inject", "text", text, NULL, 0) : DID_NOTHING;
    case ENTRY_LABEL: return ask_verb(console, "label", "text", text, "node", number);
    case ENTRY_FORK: return ask_verb(console, "fork", "name", text, "to", number);
    case ENTRY_BREAK:
        return *text ? ask_verb(console, "break", "spec", text, NULL, 0) : DID_NOTHING;
    case ENTRY_DENY: return ask_verb(console, "deny", "reason", text, "effect", number);
    case ENTRY_ARGUMENTS:
        return ask_verb(console, "edit_call", "arguments", text, "effect", number);
    case ENTRY_KINDS: break;
    }
    return DID_NOTHING;
}

/* --- questions -----------------------------------------------------------------------------------
 */

static const struct answer quit_answers[] = {
    {.key = "q",
     .label = "quit; the run rests where it is and goes on when you come back",
     .did = DID_QUIT},
    {.key = "p", .label = "pause the run, and stay", .verb = "pause"},
    {.key = "Esc", .label = "stay"},
    {.key = NULL}};
static const struct answer detach_answers[] = {
    {.key = "Enter", .label = "leave it running, and back to the shell", .then = ACTION_DETACH_NOW},
    {.key = "Esc", .label = "stay"},
    {.key = NULL}};
static const struct answer abort_answers[] = {
    {.key = "Enter", .label = "end the run; it can still be rolled back", .verb = "cancel"},
    {.key = "Esc", .label = "let it go on"},
    {.key = NULL}};
static const struct answer limit_answers[] = {
    {.key = "e", .label = "extend: as much again, and go on", .verb = "extend"},
    {.key = "f", .label = "finish: ask for the best answer so far", .verb = "finish"},
    {.key = "s", .label = "stop: end the run", .verb = "cancel"},
    {.key = "r", .label = "roll back", .then = ACTION_ROLLBACK},
    {.key = "Esc", .label = "later"},
    {.key = NULL}};
static const struct answer error_answers[] = {
    {.key = "t", .label = "try again", .verb = "resume"},
    {.key = "r", .label = "roll back", .then = ACTION_ROLLBACK},
    {.key = "c",
     .label = "recover: tell the model, and ask for its best answer",
     .verb = "recover"},
    {.key = "s", .label = "stop: end the run", .verb = "cancel"},
    {.key = "Esc", .label = "later"},
    {.key = NULL}};
static const struct answer pause_answers[] = {
    {.key = "c", .label = "continue", .verb = "resume"},
    {.key = "s", .label = "one step", .verb = "step"},
    {.key = "i", .label = "a message to the agent first", .then = ACTION_INJECT},
    {.key = "r", .label = "roll back", .then = ACTION_ROLLBACK},
    {.key = "f", .label = "finish: ask for the best answer so far", .verb = "finish"},
    {.key = "Esc", .label = "later"},
    {.key = NULL}};
static const struct answer doubt_answers[] = {
    {.key = "h",
     .label = "it happened: the model is told that its output was lost",
     .verb = "resolve",
     .name = "answer",
     .value = "happened"},
    {.key = "x",
     .label = "it did not happen: run it now",
     .verb = "resolve",
     .name = "answer",
     .value = "run"},
    {.key = "s",
     .label = "skip it: the model gets an error",
     .verb = "resolve",
     .name = "answer",
     .value = "skip"},
    {.key = "r", .label = "roll back", .then = ACTION_ROLLBACK},
    {.key = "Esc", .label = "later"},
    {.key = NULL}};

static struct document *ask(struct console *console, const char *title,
                            const struct answer *answers, const char *number_name, int64_t number)
{
    struct panel *question = question_open(&(struct question_options){
        .title = title, .answers = answers, .number_name = number_name, .number = number});

    console_push(console, question);
    return question_text(question);
}

static const struct effect_row *effect_in(const struct model *model, enum effect_state state)
{
    for (size_t i = 0; i < model->open.effect_count; i++)
        if (model->open.effects[i].state == state)
            return &model->open.effects[i];
    return NULL;
}

static void ask_doubt(struct console *console, const struct effect_row *effect)
{
    struct model *model = &console->model;
    struct document *doc = ask(console, "In doubt", doubt_answers, "effect", effect->effect);
    struct buf args;
    char clock[FIGURE];

    figure_clock(clock, effect->started_us);
    document_printf(
        doc, ROLE_TEXT,
        "%s was started at %s, and its outcome was lost: rerail ended before it did. It "
        "may have run, in part or whole. rerail never starts it again by itself.",
        effect->tool, clock);
    buf_init(&args, (size_t)1 << 20);
    if (query_effect_args(model->query, model->run, effect->effect, &args, NULL) == 0)
        document_add(doc, ROLE_CODE, 2, args.data, args.len < 2000 ? args.len : 2000);
    buf_free(&args);
}

static void deny(void *self, int64_t effect)
{
    ask_text(self, ENTRY_DENY, NULL, effect);
}

static void edit(void *self, int64_t effect, const char *args)
{
    ask_text(self, ENTRY_ARGUMENTS, args, effect);
}

static void ask_approval(struct console *console, const struct effect_row *effect)
{
    console_push(console,
                 approval_open(&console->model, &(struct approval_options){.effect = effect->effect,
                                                                           .self = console,
                                                                           .deny = deny,
                                                                           .edit = edit}));
}

static bool by_limit(const char *reason)
{
    return str_eq(reason, "max_iterations") || str_eq(reason, "timeout") ||
           str_eq(reason, "max_cost");
}

/* What the run waits for, whatever it is. */
static unsigned answer(struct console *console)
{
    const struct model *model = &console->model;
    enum run_state state = (enum run_state)model->row.state;
    const struct effect_row *doubt = effect_in(model, EFFECT_IN_DOUBT);
    const struct effect_row *asked = effect_in(model, EFFECT_INTENT);
    const char *reason = model->row.reason ? model->row.reason : "";

    if (!model->run)
        return DID_NOTHING;
    if (doubt)
        ask_doubt(console, doubt);
    else if (state == RUN_AWAITING_APPROVAL && asked)
        ask_approval(console, asked);
    else if (state == RUN_ERROR)
        document_printf(ask(console, "The run cannot go on by itself", error_answers, NULL, 0),
                        ROLE_ERROR, "%s", reason);
    else if (state == RUN_PAUSED && by_limit(reason))
        document_printf(ask(console, "A limit was reached", limit_answers, NULL, 0), ROLE_WARN,
                        "%s was reached after %lld iterations.", reason,
                        (long long)model->row.iterations);
    else if (state == RUN_PAUSED)
        document_printf(ask(console, "The run is paused", pause_answers, NULL, 0), ROLE_TEXT, "%s",
                        reason);
    else
        console_say(console, false, "the run waits for nothing from you");
    return DID_REDRAW;
}

/* --- the run -------------------------------------------------------------------------------------
 */

static unsigned say_verb(struct console *console, const char *verb)
{
    if (!console->model.run) {
        console_say(console, false, CONSOLE_NO_RUN);
        return DID_REDRAW;
    }
    (void)model_ask(&console->model, verb);
    return DID_REDRAW;
}

/* Space: whatever stops what moves, and moves what rests. */
static unsigned pause(struct console *console)
{
    const struct model *model = &console->model;

    if (!model->run)
        return say_verb(console, "pause");
    switch ((enum run_state)model->row.state) {
    case RUN_PAUSED:
    case RUN_ERROR: return say_verb(console, "resume");
    case RUN_IN_DOUBT:
    case RUN_AWAITING_APPROVAL: return answer(console);
    case RUN_COMPLETED:
    case RUN_CANCELLED:
        console_say(console, false, "the run has ended: i sends a new message, r rolls back");
        return DID_REDRAW;
    default: return say_verb(console, model->hand == HAND_NOBODY ? "resume" : "pause");
    }
}

static bool any_live(struct console *console)
{
    const struct run_page page = {.limit = 64};
    struct model *model = &console->model;
    struct arena arena = {0};
    struct run_row *rows;
    size_t count = 0;
    bool live = false;

    if (query_runs(model->query, &arena, &page, &rows, &count, NULL) == 0)
        for (size_t i = 0; i < count; i++)
            live = live || (rows[i].owner == RUN_OWNED && rows[i].owner_pid == model->own_pid &&
                            state_info((enum run_state)rows[i].state)->active);
    arena_free(&arena);
    return live;
}

static unsigned quit(struct console *console)
{
    if (!any_live(console)) {
        console->wants |= CONSOLE_QUIT;
        return DID_REDRAW;
    }
    document_printf(ask(console, "Quit?", quit_answers, NULL, 0), ROLE_TEXT,
                    "A run is at work in this console. What is in flight is stopped and recorded.");
    return DID_REDRAW;
}

static unsigned detach(struct console *console)
{
    if (!any_live(console)) {
        console_say(console, false, "no run is at work in this console: q leaves");
        return DID_REDRAW;
    }
    document_printf(ask(console, "Detach?", detach_answers, NULL, 0), ROLE_TEXT,
                    "What is at work goes on without a terminal, as process %lld, until it has "
                    "ended or waits for you. rerail attach %.8s comes back to this run; pause, "
                    "inject and the others reach it from the shell.",
                    (long long)console->model.own_pid,
                    console->model.run ? console->model.row.uid : "last");
    return DID_REDRAW;
}

/* q closes what is open; with nothing open it quits. */
static unsigned close_or_quit(struct console *console)
{
    if (console->enlarged) {
        console->enlarged = false;
        return DID_REDRAW;
    }
    return quit(console);
}

static unsigned interrupt(struct console *console)
{
    struct model *model = &console->model;
    bool twice = console->interrupted_us > 0 && model->now_us - console->interrupted_us < TWICE_US;

    console->interrupted_us = model->now_us;
    if (twice || !model_is_live(model))
        return quit(console);
    return say_verb(console, "pause");
}

static unsigned back(struct console *console)
{
    if (console->finder.pattern) {
        struct panel *detail = console->panels[LAYOUT_DETAIL];
        struct panel_find none;

        (void)detail->class->find(detail, &console->model, NULL, false, &none);
        finder_stop(&console->finder);
    } else if (console->enlarged) {
        console->enlarged = false;
    } else if (console->model.run) {
        console_focus(console, LAYOUT_TIMELINE);
    }
    console->model.notice[0] = '\0';
    return DID_REDRAW;
}

static unsigned next_match(struct console *console, bool backward)
{
    struct panel *detail = console->panels[LAYOUT_DETAIL];
    struct panel_find found;
    const struct finder_hit *hit;

    if (!console->finder.pattern) {
        console_say(console, false, "/ starts a search");
        return DID_REDRAW;
    }
    if (console->focus == LAYOUT_DETAIL) {
        if (detail->class->find(detail, &console->model, console->finder.pattern, backward, &found))
            model_say(&console->model, false, "match %zu of %zu in Detail", found.at, found.count);
        return DID_REDRAW;
    }
    hit = finder_step(&console->finder, backward);
    if (hit) {
        console->model.subject_by = console->panels[LAYOUT_TIMELINE];
        timeline_go(console->panels[LAYOUT_TIMELINE], &console->model, hit->segment, hit->depth);
    }
    return DID_REDRAW;
}

static unsigned turn(struct console *console, int by)
{
    int panel = (int)console->focus;

    do
        panel = (panel + by + LAYOUT_PANELS) % LAYOUT_PANELS;
    while (panel != (int)console->focus && console->layout.shape >= LAYOUT_FOUR &&
           !console->enlarged && !layout_shows(&console->layout, (enum layout_panel)panel));
    console_focus(console, (enum layout_panel)panel);
    return DID_REDRAW;
}

static unsigned focus(struct console *console, enum layout_panel panel)
{
    console_focus(console, panel);
    return DID_REDRAW;
}

static unsigned want(struct console *console, unsigned what)
{
    console->wants |= what;
    return DID_REDRAW;
}

/* Asks for a name that has to do with the chosen checkpoint. */
static unsigned name_at(struct console *console, enum entry_kind kind)
{
    int64_t node = console_checkpoint(console);

    if (node)
        ask_text(console, kind, NULL, node);
    return DID_REDRAW;
}

static unsigned help(struct console *console)
{
    static const enum key_context contexts[LAYOUT_PANELS] = {
        [LAYOUT_TIMELINE] = CONTEXT_TIMELINE,
        [LAYOUT_DETAIL] = CONTEXT_DETAIL,
        [LAYOUT_CHECKPOINTS] = CONTEXT_CHECKPOINTS,
        [LAYOUT_HEALTH] = CONTEXT_HEALTH,
        [LAYOUT_RUNS] = CONTEXT_RUNS,
    };

    console_push(console, help_open(console->is.keymap, contexts[console->focus]));
    return DID_REDRAW;
}

static unsigned type(struct console *console, enum entry_kind kind)
{
    ask_text(console, kind, NULL, 0);
    return DID_REDRAW;
}

static unsigned copy(struct console *console)
{
    if (take_words(console) == DID_NOTHING)
        return DID_REDRAW;
    model_say(&console->model, false, "copied %zu bytes", console->copied.len);
    return want(console, CONSOLE_COPY);
}

unsigned console_act(struct console *console, enum action_id action)
{
    switch (action) {
    case ACTION_NEXT_PANEL: return turn(console, 1);
    case ACTION_PREVIOUS_PANEL: return turn(console, -1);
    case ACTION_TIMELINE: return focus(console, LAYOUT_TIMELINE);
    case ACTION_DETAIL: return focus(console, LAYOUT_DETAIL);
    case ACTION_CHECKPOINTS: return focus(console, LAYOUT_CHECKPOINTS);
    case ACTION_HEALTH: return focus(console, LAYOUT_HEALTH);
    case ACTION_RUNS: return focus(console, LAYOUT_RUNS);
    case ACTION_ENLARGE: console->enlarged = true; return DID_REDRAW;
    case ACTION_RESTORE: console->enlarged = false; return DID_REDRAW;
    case ACTION_BACK: return back(console);
    case ACTION_HELP: return help(console);
    case ACTION_SEARCH: return type(console, ENTRY_SEARCH);
    case ACTION_FILTER: return type(console, ENTRY_FILTER);
    case ACTION_NEXT_MATCH: return next_match(console, false);
    case ACTION_PREVIOUS_MATCH: return next_match(console, true);
    case ACTION_COMMAND: return type(console, ENTRY_COMMAND);
    case ACTION_PALETTE: return type(console, ENTRY_PALETTE);
    case ACTION_NEW_RUN: return type(console, ENTRY_NEW_RUN);
    case ACTION_INJECT: return type(console, ENTRY_INJECT);
    case ACTION_BREAKPOINT: return type(console, ENTRY_BREAK);
    case ACTION_JUMP: return type(console, ENTRY_JUMP);
    case ACTION_WRITE: return type(console, ENTRY_WRITE);
    case ACTION_COPY: return copy(console);
    case ACTION_LABEL: return name_at(console, ENTRY_LABEL);
    case ACTION_FORK: return name_at(console, ENTRY_FORK);
    case ACTION_PAUSE: return pause(console);
    case ACTION_STEP: return say_verb(console, "step");
    case ACTION_CONTINUE: return say_verb(console, "resume");
    case ACTION_ROLLBACK: return console_roll_back(console);
    case ACTION_UNDO: return console_undo(console, false);
    case ACTION_REDO: return console_undo(console, true);
    case ACTION_APPROVAL: return answer(console);
    case ACTION_RETRY_NOW: return say_verb(console, "retry_now");
    case ACTION_GIVE_UP: return say_verb(console, "give_up");
    case ACTION_ABORT_CALL: return say_verb(console, "abort_call");
    case ACTION_ABORT_RUN:
        document_printf(ask(console, "End the run?", abort_answers, NULL, 0), ROLE_TEXT,
                        "What is in flight is stopped; everything stays in history.");
        return DID_REDRAW;
    case ACTION_MOUSE: return want(console, CONSOLE_MOUSE);
    case ACTION_REDRAW: return want(console, CONSOLE_REPAINT);
    case ACTION_SUSPEND: return want(console, CONSOLE_SUSPEND);
    case ACTION_DETACH: return detach(console);
    case ACTION_DETACH_NOW: return want(console, CONSOLE_DETACH);
    case ACTION_CLOSE: return close_or_quit(console);
    case ACTION_INTERRUPT: return interrupt(console);
    case ACTION_FOLLOW:
    case ACTION_TREE: {
        struct panel *timeline = console->panels[LAYOUT_TIMELINE];

        return timeline->class->act(timeline, &console->model, action);
    }
    default: return DID_NOTHING;
    }
}
