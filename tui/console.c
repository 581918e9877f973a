/* SPDX-License-Identifier: MIT */
#include "tui/console_data.h"

#include "core/agent/state.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/sanitize.h"
#include "core/base/str.h"
#include "tui/checkpoints.h"
#include "tui/timeline.h"

#include <stdlib.h>
#include <string.h>

#define FAST_US   (100 * US_PER_MS) /* a countdown in tenths */
#define NOTICE_US (5 * (int64_t)US_PER_S)

static const struct panel_class *const classes[LAYOUT_PANELS] = {
    [LAYOUT_TIMELINE] = &panel_timeline,
    [LAYOUT_DETAIL] = &panel_detail,
    [LAYOUT_CHECKPOINTS] = &panel_checkpoints,
    [LAYOUT_HEALTH] = &panel_health,
    [LAYOUT_RUNS] = &panel_runs,
};

int console_new(struct console **out, const struct console_options *options, struct err *err)
{
    struct theme *theme = NULL;
    const char *name = options->theme ? options->theme : THEME_DEFAULT;
    int rc = theme_open(&theme, name, options->theme_dir, NULL, err);

    if (rc < 0)
        return rc;
    struct console *console = mem_new(sizeof *console);
    console->is = *options;
    console->theme = theme;
    model_init(&console->model, options->query);
    for (size_t i = 0; i < LAYOUT_PANELS; i++)
        console->panels[i] = classes[i]->open();
    timeline_filter(console->panels[LAYOUT_TIMELINE], &console->filter);
    buf_init(&console->copied, (size_t)1 << 20);
    console->starting = mem_text(options->waiting);
    console->start_ticket = options->waiting ? options->ticket : 0;
    console->ticket = options->ticket;
    console->state = -1;
    console->dirty = console->stored = true;
    console->model.now_us = clock_mono(&options->clock);
    console->model.wall_us = clock_wall(&options->clock);
    console->focus = options->run || options->waiting ? LAYOUT_TIMELINE : LAYOUT_RUNS;
    console_show(console, options->run);
    *out = console;
    return 0;
}

void console_free(struct console *console)
{
    if (!console)
        return;
    while (console->overlay_count > 0) {
        struct panel *overlay = console->overlays[--console->overlay_count];
        overlay->class->close(overlay);
    }
    for (size_t i = 0; i < LAYOUT_PANELS; i++)
        classes[i]->close(console->panels[i]);
    finder_stop(&console->finder);
    finder_stop(&console->filter);
    model_free(&console->model);
    theme_free(console->theme);
    free(console->themes);
    buf_free(&console->copied);
    cJSON_Delete(console->held);
    free(console->starting);
    free(console);
}

static void tick(struct console *console)
{
    console->model.now_us = clock_mono(&console->is.clock);
    console->model.wall_us = clock_wall(&console->is.clock);
}

void console_push(struct console *console, struct panel *overlay)
{
    if (!overlay)
        return;
    if (console->overlay_count == OVERLAYS) {
        overlay->class->close(overlay);
        return;
    }
    console->overlays[console->overlay_count++] = overlay;
    console->dirty = true;
}

static void pop(struct console *console, const struct panel *overlay)
{
    for (size_t i = 0; i < console->overlay_count; i++)
        if (console->overlays[i] == overlay) {
            console->overlays[i]->class->close(console->overlays[i]);
            memmove(&console->overlays[i], &console->overlays[i + 1],
                    (console->overlay_count - i - 1) * sizeof *console->overlays);
            console->overlay_count--;
            return;
        }
}

/* Nothing is open and nothing on its way: the list of runs has the screen. */
static bool at_home(const struct console *console)
{
    return !console->model.run && !console->starting;
}

void console_focus(struct console *console, enum layout_panel panel)
{
    if (at_home(console) && panel != LAYOUT_RUNS) {
        model_say(&console->model, false, CONSOLE_NO_RUN);
        panel = LAYOUT_RUNS;
    }
    console->focus = panel;
    if (panel == LAYOUT_TIMELINE)
        console->model.subject_by = console->panels[LAYOUT_TIMELINE];
    console->dirty = true;
}

void console_show(struct console *console, int64_t run)
{
    model_show(&console->model, run);
    finder_stop(&console->finder);
    finder_stop(&console->filter);
    console->state = -1;
    console->dirty = console->stored = true;
    if (run)
        console_focus(console, LAYOUT_TIMELINE);
}

/* --- verbs ---------------------------------------------------------------------------------------
 */

static void hold(struct console *console, cJSON *verbs)
{
    if (!console->held)
        console->held = cJSON_CreateArray();
    for (cJSON *verb; (verb = cJSON_DetachItemFromArray(verbs, 0));)
        cJSON_AddItemToArray(console->held, verb);
}

static void send_all(struct console *console, cJSON *verbs)
{
    for (cJSON *verb; (verb = cJSON_DetachItemFromArray(verbs, 0));)
        console->is.port.verb(console->is.port.self, ++console->ticket, &console->model.row, verb);
}

/* What panels asked for. A run that nobody has is taken over first. */
void console_send(struct console *console)
{
    struct model *model = &console->model;
    cJSON *verbs = model->asked;

    if (!verbs)
        return;
    model->asked = NULL;
    if (!model->run) {
        model_say(model, true, CONSOLE_NO_RUN);
    } else if (model->hand != HAND_NOBODY) {
        send_all(console, verbs);
    } else {
        hold(console, verbs);
        if (!console->adopt_ticket) {
            console->adopt_ticket = ++console->ticket;
            console->adopt_run = model->run;
            console->is.port.adopt(console->is.port.self, console->adopt_ticket, model->run);
        }
    }
    cJSON_Delete(verbs);
}

static void adopted(struct console *console)
{
    cJSON *verbs = console->held;

    console->held = NULL;
    console->adopt_ticket = 0;
    console->model.stale = true;
    (void)model_read(&console->model);
    if (verbs && console->adopt_run == console->model.run)
        send_all(console, verbs);
    cJSON_Delete(verbs);
}

static void started(struct console *console, const struct engine_news *news)
{
    if (news->ticket && news->ticket == console->adopt_ticket) {
        adopted(console);
    } else if (news->ticket && news->ticket == console->start_ticket) {
        console->start_ticket = 0;
        free(console->starting);
        console->starting = NULL;
        console_show(console, news->run);
    }
}

static void refused(struct console *console, const struct engine_news *news)
{
    if (news->ticket == console->adopt_ticket) {
        console->adopt_ticket = 0;
        cJSON_Delete(console->held);
        console->held = NULL;
    }
    if (news->ticket == console->start_ticket) {
        console->start_ticket = 0;
        free(console->starting);
        console->starting = NULL;
        if (!console->model.run)
            console_focus(console, LAYOUT_RUNS);
    }
    console_say(console, true, news->text ? news->text : "refused");
}

void console_say(struct console *console, bool bad, const char *text)
{
    char line[400];

    tick(console);
    (void)sanitize_line(line, sizeof line, text, strlen(text));
    model_say(&console->model, bad, "%s", line);
    console->dirty = true;
}

void console_news(struct console *console, const struct engine_news *news)
{
    tick(console);
    switch (news->kind) {
    case NEWS_STARTED: started(console, news); break;
    case NEWS_REFUSED: refused(console, news); break;
    case NEWS_REPLY:
        if (news->text && *news->text)
            console_say(console, !news->ok, news->text);
        break;
    case NEWS_STORED: console->stored = true; break;
    case NEWS_DELTA:
        if (console->stored) { /* what was stored before it comes first: an attempt, a call */
            console->stored = false;
            console->dirty = model_read(&console->model) || console->dirty;
        }
        model_live(&console->model, news);
        break;
    case NEWS_STALLED:
        free(console->model.stalled);
        console->model.stalled = mem_text(news->text);
        break;
    case NEWS_LOST: console_say(console, true, "another process took the run over"); break;
    case NEWS_AT_REST:
    case NEWS_STOPPED: return;
    }
    console->dirty = true;
}

void console_stored(struct console *console)
{
    console->stored = true;
}

void console_left(struct console *console)
{
    console->model.stale = true;
    console->stored = true;
}

/* --- keys ----------------------------------------------------------------------------------------
 */

static struct panel *active(const struct console *console)
{
    return console->overlay_count > 0 ? console->overlays[console->overlay_count - 1]
                                      : console->panels[console->focus];
}

static enum key_context context_of(const struct panel *panel)
{
    for (int i = 1; i < CONTEXT_COUNT; i++)
        if (str_eq(context_names()[i], panel->class->name))
            return (enum key_context)i;
    return CONTEXT_GLOBAL;
}

/* The node of what Health selected: the timeline goes there. */
static void go_to_subject(struct console *console)
{
    struct model *model = &console->model;
    struct arena arena = {0};
    struct call_row call;
    struct effect_row effect;
    struct node_row node;
    int64_t id = 0;

    if (model->subject.kind == SUBJECT_CALL &&
        query_call(model->query, &arena, model->run, model->subject.id, &call, NULL) == 0)
        id = call.node;
    else if (model->subject.kind == SUBJECT_EFFECT &&
             query_effect(model->query, &arena, model->run, model->subject.id, &effect, NULL) == 0)
        id = effect.result;
    if (id && query_node(model->query, &arena, model->run, id, &node, NULL) == 0)
        timeline_go(console->panels[LAYOUT_TIMELINE], model, node.segment, node.depth);
    arena_free(&arena);
}

static void consequences(struct console *console, const struct panel *from, unsigned did)
{
    if (did & DID_CLOSE)
        pop(console, from);
    if (did & DID_SHOW)
        console_show(console, console->model.run);
    if (did & DID_GO)
        go_to_subject(console);
    if (did & DID_OPEN)
        console_focus(console, LAYOUT_DETAIL);
    if (did & DID_QUIT)
        console->wants |= CONSOLE_QUIT;
    if (did & ~(unsigned)DID_NOT)
        console->dirty = true;
    console_send(console);
    if (console->model.then) {
        enum action_id then = (enum action_id)console->model.then;

        console->model.then = 0;
        (void)console_run_action(console, then);
    }
}

unsigned console_run_action(struct console *console, enum action_id action)
{
    struct panel *panel = active(console);
    unsigned did = panel->class->act(panel, &console->model, action);

    if ((did & DID_NOT) && console->overlay_count == 0)
        did = console_act(console, action);
    consequences(console, panel, did);
    return did;
}

static void on_key(struct console *console, struct key key)
{
    struct panel *panel = active(console);
    enum key_context context = context_of(panel);
    int action = keymap_find(console->is.keymap, context, key);

    /* A text or a question takes what is typed before the keys of the panels below do. */
    if (panel->class->key &&
        (context != CONTEXT_PROMPT || key_types(key) || action == KEYMAP_NOTHING)) {
        unsigned did = panel->class->key(panel, &console->model, key);

        if (did != DID_NOTHING || context == CONTEXT_PROMPT) {
            consequences(console, panel, did);
            return;
        }
    }
    if (action != KEYMAP_NOTHING)
        (void)console_run_action(console, (enum action_id)action);
}

static void on_mouse(struct console *console, const struct mouse *mouse)
{
    enum layout_panel panel = layout_at(&console->layout, mouse->x, mouse->y);

    if (mouse->kind == MOUSE_WHEEL_UP || mouse->kind == MOUSE_WHEEL_DOWN) {
        for (int i = 0; i < 3; i++)
            (void)console_run_action(console,
                                     mouse->kind == MOUSE_WHEEL_UP ? ACTION_UP : ACTION_DOWN);
    } else if (mouse->kind == MOUSE_PRESS && console->overlay_count == 0 &&
               panel != LAYOUT_PANELS) {
        console_focus(console, panel);
    }
}

void console_event(struct console *console, const struct tty_event *event)
{
    struct panel *panel = active(console);

    tick(console);
    switch (event->kind) {
    case TTY_KEY:
        console->dirty = console->dirty || console->model.notice[0];
        console->model.notice[0] = '\0'; /* what is bad stays until it was seen */
        on_key(console, event->key);
        break;
    case TTY_MOUSE: on_mouse(console, &event->mouse); break;
    case TTY_PASTED: /* a text, never keys: it goes only where a text is typed */
        if (panel->class->paste)
            consequences(console, panel,
                         panel->class->paste(panel, &console->model, event->text, event->len));
        break;
    case TTY_RESIZED: console->dirty = true; break;
    case TTY_FOCUSED:
    case TTY_BLURRED:
    case TTY_SIGNAL:
    case TTY_GONE: break;
    }
}

/* --- frames --------------------------------------------------------------------------------------
 */

const char *console_run(const struct console *console)
{
    return console->model.run ? console->model.row.uid : NULL;
}

unsigned console_wants(struct console *console)
{
    unsigned wants = console->wants;

    console->wants = 0;
    return wants;
}

const struct theme *console_theme(const struct console *console)
{
    return console->theme;
}

const char *console_copied(const struct console *console, size_t *len)
{
    *len = console->copied.len;
    return console->copied.data;
}

bool console_dirty(const struct console *console)
{
    return console->dirty || console->stored || finder_busy(&console->finder) ||
           finder_busy(&console->filter);
}

int64_t console_wake(const struct console *console)
{
    const struct model *model = &console->model;
    int64_t wake = -1;

    if (model->notice[0] && !model->notice_bad)
        wake = model->notice_us + NOTICE_US;
    if (console_counts(console)) {
        int64_t next = model->now_us +
                       (model->passage.state == RUN_WAITING_RETRY ||
                                model->wall_us - model->passage.since_us < 10 * (int64_t)US_PER_S
                            ? FAST_US
                            : US_PER_S);
        wake = wake < 0 || next < wake ? next : wake;
    }
    return wake;
}

/* A person is awaited: once, when it becomes so. */
static void ring(struct console *console)
{
    int state = console->model.run ? console->model.row.state : -1;

    if (state >= 0 && console->state >= 0 && state != console->state &&
        state_info((enum run_state)state)->person && console->is.bell)
        console->wants |= CONSOLE_BELL;
    console->state = state;
}

static void read_all(struct console *console)
{
    struct model *model = &console->model;

    tick(console);
    if (console->stored || model->stale)
        (void)model_read(model);
    console->stored = false;
    ring(console);
    if (model->run != console->watched || model->hand == HAND_OTHER) {
        console->watched = model->run;
        console->is.port.watch(console->is.port.self,
                               model->run && model->hand == HAND_OTHER ? &model->row : NULL);
    }
    (void)finder_work(&console->filter, model->query);
    if (finder_work(&console->finder, model->query) && console->finder.first &&
        console->finder.count > 0) {
        const struct finder_hit *hit = finder_step(&console->finder, false);

        console->finder.first = false;
        timeline_go(console->panels[LAYOUT_TIMELINE], model, hit->segment, hit->depth);
        model->subject_by = console->panels[LAYOUT_TIMELINE];
    }
    if (model->notice[0] && !model->notice_bad && model->now_us - model->notice_us >= NOTICE_US)
        model->notice[0] = '\0';
}

/* The timeline goes first: it selects what Detail shows. */
static void update_panels(struct console *console)
{
    for (int i = 0; i < LAYOUT_PANELS; i++) {
        struct rect inside = console->layout.inside[i];

        if (inside.w > 0 && inside.h > 0)
            classes[i]->update(console->panels[i], &console->model, inside.w, inside.h);
    }
}

static void draw_panels(const struct console *console, struct grid *grid)
{
    struct layout_title titles[LAYOUT_PANELS];
    char notes[LAYOUT_PANELS][80];

    for (int i = 0; i < LAYOUT_PANELS; i++) {
        notes[i][0] = '\0';
        if (classes[i]->note)
            classes[i]->note(console->panels[i], &console->model, notes[i], sizeof notes[i]);
        titles[i] = (struct layout_title){classes[i]->title, notes[i][0] ? notes[i] : NULL};
    }
    layout_draw(&console->layout, titles, grid);
    for (int i = 0; i < LAYOUT_PANELS; i++)
        if (layout_shows(&console->layout, (enum layout_panel)i))
            classes[i]->draw(console->panels[i], &console->model, grid, console->layout.inside[i],
                             (int)console->focus == i);
}

static void draw_overlay(struct console *console, struct panel *overlay, struct grid *grid)
{
    struct rect all = grid_rect(grid), frame;
    bool bottom = str_eq(overlay->class->name, "prompt");
    char title[80] = "";
    int w = 0, h = 0;

    overlay->class->size(overlay, &console->model, &w, &h);
    h += 2;
    if (bottom) {
        frame = (struct rect){0, all.h > h ? all.h - h : 0, all.w, h < all.h ? h : all.h};
    } else {
        all.h -= all.h > 8 ? 2 : 0; /* the hints stay in sight */
        frame = rect_center(all, w < all.w - 2 ? w : all.w, h < all.h ? h : all.h);
    }
    struct rect inside = rect_inner(frame);
    overlay->class->update(overlay, &console->model, inside.w, inside.h);
    overlay->class->note(overlay, &console->model, title, sizeof title);
    grid_fill(grid, frame, ROLE_DIALOG);
    grid_box(grid, frame, ROLE_DIALOG_BORDER);
    struct pen pen = grid_pen(grid, (struct rect){frame.x + 2, frame.y, frame.w - 4, 1});
    pen_printf(&pen, ROLE_TITLE_FOCUS, " %s ", title);
    overlay->class->draw(overlay, &console->model, grid, inside, true);
}

void console_draw(struct console *console, struct grid *grid)
{
    read_all(console);
    console->layout =
        layout_make(&(struct layout_options){.w = grid->w,
                                             .h = grid->h,
                                             .focus = console->focus,
                                             .enlarged = console->enlarged || at_home(console)});
    update_panels(console);
    grid_clear(grid);
    draw_panels(console, grid);
    if (console->layout.shape != LAYOUT_TOO_SMALL) {
        console_draw_frame(console, grid);
        for (size_t i = 0; i < console->overlay_count; i++)
            draw_overlay(console, console->overlays[i], grid);
    }
    console->dirty = console->model.unread;
    console->model.unread = false;
}
