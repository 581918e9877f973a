/* SPDX-License-Identifier: MIT */
/* The lines around the panels: header, state strip, hints. */
#include "tui/console_data.h"

#include "core/base/str.h"
#include "core/config/run_config.h"
#include "tui/figure.h"

#include <stdio.h>
#include <string.h>

bool console_counts(const struct console *console)
{
    const struct model *model = &console->model;

    if (!model->run || console->focus == LAYOUT_RUNS)
        return false;
    for (size_t i = 0; i < model->passage.breaker_count; i++)
        if (model->passage.breakers[i].until_us > model->wall_us)
            return true;
    return model_is_live(model) || (model->passage.wait_until_us > model->wall_us &&
                                    model->passage.state == RUN_WAITING_RETRY);
}

/* --- header --------------------------------------------------------------------------------------
 */

static const char *activity(const struct model *model)
{
    if (model->passage.state == RUN_RUNNING)
        return "model";
    if (model->passage.state == RUN_WAITING_FOR_TOOL && model->open.effect_count > 0)
        return model->open.effects[0].tool;
    return NULL;
}

static void put_state(struct pen *pen, const struct model *model)
{
    enum run_state state = (enum run_state)model->row.state;
    const char *what = activity(model);
    char span[FIGURE];

    pen->attrs = ATTR_BOLD;
    pen_printf(pen, state_role(state), "%s %s", state_sign(state), state_info(state)->label);
    pen->attrs = 0;
    if (model_is_live(model) && what) {
        figure_span(span, model->wall_us - model->passage.since_us);
        pen_put(pen, ROLE_HEADER, " › ");
        put_line(pen, ROLE_HEADER, what, 18);
        pen_printf(pen, ROLE_NUMBER, " %s", span);
    } else if (state_info(state)->active && model->hand == HAND_NOBODY) {
        pen_put(pen, ROLE_WARN, "  nobody runs it: c goes on");
    } else if ((state == RUN_PAUSED || state == RUN_COMPLETED || state == RUN_ERROR) &&
               model->row.reason && pen_left(pen) > 26) {
        pen_put(pen, ROLE_DIM, "  ");
        put_line(pen, state == RUN_ERROR ? ROLE_ERROR : ROLE_DIM, model->row.reason,
                 pen_left(pen) - 14);
    }
}

static void draw_header(const struct console *console, struct grid *grid, struct rect rect)
{
    const struct model *model = &console->model;
    struct pen pen = grid_pen(grid, rect);
    char span[FIGURE], right[96];

    grid_fill(grid, rect, ROLE_HEADER);
    pen_put(&pen, ROLE_TEXT, " ");
    pen.attrs = ATTR_BOLD;
    pen_put(&pen, ROLE_ACCENT, "rerail ");
    pen.attrs = 0;
    if (!model->row.run) {
        if (console->starting) {
            pen_put(&pen, ROLE_HEADER, "starting: ");
            put_line(&pen, ROLE_HEADER, console->starting, pen_left(&pen));
        } else {
            pen_printf(&pen, ROLE_DIM, "%lld run%s", (long long)model->runs,
                       model->runs == 1 ? "" : "s");
        }
        return;
    }
    put_line(&pen, ROLE_HEADER, model->row.agent, 20);
    pen_printf(&pen, ROLE_DIM, " #%.4s ", model->row.uid);
    if (rect.w >= 60)
        pen_printf(&pen, ROLE_BRANCH, "%s  ", model->row.branch_name);
    if (str_starts(model->row.provider ? model->row.provider : "", "simulator"))
        pen_put(&pen, ROLE_WARN, "simulator  ");
    else if (rect.w >= 60) {
        put_line(&pen, ROLE_DIM, model->row.model, 24);
        pen_put(&pen, ROLE_DIM, "  ");
    }
    if (model->hand == HAND_OTHER && rect.w >= 60)
        pen_printf(&pen, ROLE_INFO, "in process %lld  ", (long long)model->row.owner_pid);
    put_state(&pen, model);
    figure_span(span, passage_active(&model->passage, model_is_live(model) ? model->wall_us : 0));
    if (model->config)
        snprintf(right, sizeof right, " %lld/%lld  %s ", (long long)model->row.iterations,
                 (long long)model->config->limits.max_iterations +
                     (long long)model->extra_iterations,
                 span);
    else
        snprintf(right, sizeof right, " %lld  %s ", (long long)model->row.iterations, span);
    if (pen_left(&pen) > (int)strlen(right))
        (void)pen_right(&pen, ROLE_NUMBER, right);
}

/* --- the strip: where the time went --------------------------------------------------------------
 */

static const char *const glyphs[] = {"█", "▒", "░", "·", " "};

static int kind_of(enum run_state state)
{
    switch (state_paint_role(state)) {
    case ROLE_STATE_MODEL: return 0;
    case ROLE_STATE_TOOL: return 1;
    case ROLE_STATE_RETRY: return 2;
    case ROLE_STATE_PERSON: return 3;
    default: return 4;
    }
}

static int64_t counted(enum run_state state, int64_t us)
{
    return kind_of(state) == 4 || us < 0 ? 0 : us;
}

/* Every cell shows the state that most of its stretch of time was spent in. */
static void draw_bar(struct pen *pen, const struct model *model, int columns)
{
    const struct passage *p = &model->passage;
    int64_t now = model_is_live(model) ? model->wall_us - p->since_us : 0, all;
    int64_t total = counted(p->state, now);
    size_t at = 0;

    for (size_t i = 0; i < p->count; i++)
        total += counted(passage_at(p, i)->state, passage_at(p, i)->spent_us);
    if (total <= 0) {
        pen_repeat(pen, ROLE_DIM, " ", columns);
        return;
    }
    int64_t end = 0;
    for (int x = 0; x < columns; x++) {
        int64_t share[5] = {0}, from = total * x / columns, to = total * (x + 1) / columns;
        enum run_state states[5] = {RUN_IDLE, RUN_IDLE, RUN_IDLE, RUN_IDLE, RUN_IDLE};
        int best = 4;

        for (;;) {
            bool last = at == p->count;
            enum run_state state = last ? p->state : passage_at(p, at)->state;
            all = counted(state, last ? now : passage_at(p, at)->spent_us);
            int64_t a = end > from ? end : from, b = end + all < to ? end + all : to;
            if (b > a) {
                share[kind_of(state)] += b - a;
                states[kind_of(state)] = state;
            }
            if (end + all >= to || last)
                break;
            end += all;
            at++;
        }
        for (int k = 0; k < 4; k++)
            if (share[k] > share[best])
                best = k;
        pen_put(pen, state_paint_role(states[best]), glyphs[best]);
    }
}

/* The last changes in words, as many as fit, the newest at the right end. */
static void draw_words(struct pen *pen, const struct model *model)
{
    const struct passage *p = &model->passage;
    char words[4][64], span[FIGURE];
    int room = pen_left(pen), used = text_width(state_name(p->state), strlen(state_name(p->state)));
    size_t n = 0;

    while (n < 4 && n < p->count) {
        const struct passage_state *s = passage_at(p, p->count - 1 - n);

        figure_span(span, s->spent_us);
        snprintf(words[n], sizeof words[n], "%s %s ▸ ", state_name(s->state), span);
        if (used + text_width(words[n], strlen(words[n])) > room)
            break;
        used += text_width(words[n], strlen(words[n]));
        n++;
    }
    while (n > 0)
        pen_put(pen, ROLE_DIM, words[--n]);
    pen_put(pen, state_role(p->state), state_name(p->state));
}

static void draw_strip(const struct console *console, struct grid *grid, struct rect rect)
{
    struct pen pen = grid_pen(grid, rect);
    int columns = rect.w / 3 > 60 ? 60 : rect.w / 3;

    if (!console->model.row.run || rect.h < 1)
        return;
    pen_put(&pen, ROLE_DIM, " ▕");
    draw_bar(&pen, &console->model, columns);
    pen_put(&pen, ROLE_DIM, "▏ ");
    draw_words(&pen, &console->model);
}

/* --- hints ---------------------------------------------------------------------------------------
 */

struct offer {
    enum action_id action;
    const char *word; /* NULL = the table's */
};

#define OFFERS 12

static void offer(struct offer *out, size_t *count, enum action_id action, const char *word)
{
    if (*count < OFFERS)
        out[(*count)++] = (struct offer){action, word};
}

/* What makes sense now comes first. */
static size_t offers(const struct console *console, struct offer *out)
{
    const struct model *model = &console->model;
    enum run_state state = (enum run_state)model->row.state;
    size_t count = 0;

    if (console->focus == LAYOUT_RUNS || !model->run) {
        offer(out, &count, ACTION_OPEN, "open");
    } else if (state == RUN_AWAITING_APPROVAL || state == RUN_IN_DOUBT) {
        offer(out, &count, ACTION_APPROVAL, state == RUN_IN_DOUBT ? "settle" : "answer");
    } else if (state == RUN_WAITING_RETRY) {
        offer(out, &count, ACTION_RETRY_NOW, NULL);
        offer(out, &count, ACTION_GIVE_UP, NULL);
        offer(out, &count, ACTION_PAUSE, NULL);
    } else if (state == RUN_PAUSED || state == RUN_ERROR) {
        offer(out, &count, ACTION_PAUSE, state == RUN_ERROR ? "try again" : "go on");
        offer(out, &count, ACTION_STEP, NULL);
        offer(out, &count, ACTION_APPROVAL, "choices");
    } else if (state == RUN_COMPLETED || state == RUN_CANCELLED) {
        offer(out, &count, ACTION_INJECT, "new message");
    } else if (model->hand == HAND_NOBODY) {
        offer(out, &count, ACTION_CONTINUE, "go on");
    } else {
        offer(out, &count, ACTION_PAUSE, NULL);
        offer(out, &count, ACTION_STEP, NULL);
    }
    if (model->run && console->focus != LAYOUT_RUNS) {
        offer(out, &count, ACTION_ROLLBACK, NULL);
        if (model->undo)
            offer(out, &count, ACTION_UNDO, NULL);
        if (state != RUN_COMPLETED && state != RUN_CANCELLED)
            offer(out, &count, ACTION_INJECT, NULL);
        offer(out, &count, ACTION_SEARCH, NULL);
        offer(out, &count, ACTION_RUNS, NULL);
    }
    if (console->focus == LAYOUT_RUNS || !model->run)
        offer(out, &count, ACTION_NEW_RUN, NULL);
    offer(out, &count, ACTION_COMMAND, NULL);
    offer(out, &count, ACTION_CLOSE, NULL);
    offer(out, &count, ACTION_HELP, NULL);
    return count;
}

static void draw_offers(const struct console *console, struct pen *pen)
{
    struct offer list[OFFERS];
    size_t count = offers(console, list);
    char name[KEY_NAME], text[96];

    for (size_t i = 0; i < count; i++) {
        struct key key;
        const char *word = list[i].word ? list[i].word : action_info(list[i].action)->hint;

        if (keymap_keys(console->is.keymap, CONTEXT_GLOBAL, list[i].action, &key, 1) == 0)
            continue;
        key_print(name, key);
        snprintf(text, sizeof text, "%s %s", name, word);
        if (text_width(text, strlen(text)) + 2 > pen_left(pen))
            continue; /* the short ones behind may still fit */
        pen_put(pen, ROLE_HINT_KEY, name);
        pen_printf(pen, ROLE_HINT, " %s  ", word);
    }
}

static void draw_search(const struct console *console, struct pen *pen)
{
    const struct finder *finder = &console->finder;

    pen_printf(pen, finder->count > 0 ? ROLE_MATCH : ROLE_WARN, " %zu of %zu%s ", finder->at,
               finder->count, finder_busy(finder) ? "…" : "");
    pen_put(pen, ROLE_TEXT, " ");
}

static void draw_hints(const struct console *console, struct grid *grid, struct rect rect)
{
    const struct model *model = &console->model;
    struct pen pen = grid_pen(grid, rect);

    grid_fill(grid, rect, ROLE_HINT);
    pen_put(&pen, ROLE_HINT, " ");
    if (model->stalled) {
        pen_put(&pen, ROLE_ERROR, "not stored: ");
        put_line(&pen, ROLE_ERROR, model->stalled, pen_left(&pen));
        return;
    }
    if (model->notice[0]) {
        put_line(&pen, model->notice_bad ? ROLE_ERROR : ROLE_INFO, model->notice, pen_left(&pen));
        return;
    }
    if (console->finder.pattern)
        draw_search(console, &pen);
    if (model->run && rect.w >= 60)
        pen_put(&pen, ROLE_WARN, "not sandboxed  ");
    draw_offers(console, &pen);
}

void console_draw_frame(const struct console *console, struct grid *grid)
{
    const struct layout *layout = &console->layout;

    if (layout->header.h > 0)
        draw_header(console, grid, layout->header);
    if (layout->strip.h > 0)
        draw_strip(console, grid, layout->strip);
    if (layout->hint.h > 0)
        draw_hints(console, grid, layout->hint);
}
