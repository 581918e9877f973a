/* SPDX-License-Identifier: MIT */
/* All runs, newest first: live ones and stored ones, whose they are, how they stand. */
#include "core/agent/state.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tui/figure.h"
#include "tui/model.h"
#include "tui/panel.h"

#include <stdio.h>
#include <stdlib.h>

struct runs {
    struct panel panel;
    struct arena arena;
    struct run_row *rows;
    size_t count;
    int64_t before, at; /* the page starts before this run; the selected one; 0 = the newest */
    size_t h;
    bool wide;
};

static struct panel *runs_open(void)
{
    struct runs *r = mem_new(sizeof *r);

    r->panel.class = &panel_runs;
    return &r->panel;
}

static void runs_close(struct panel *panel)
{
    struct runs *r = (struct runs *)panel;

    arena_free(&r->arena);
    free(r);
}

static void read_page(struct runs *r, struct model *model)
{
    const struct run_page page = {.before = r->before, .limit = r->h};

    arena_clear(&r->arena);
    if (query_runs(model->query, &r->arena, &page, &r->rows, &r->count, NULL) < 0)
        r->count = 0; /* model_read says what is wrong with the file */
}

static void runs_update(struct panel *panel, struct model *model, int w, int h)
{
    struct runs *r = (struct runs *)panel;

    r->h = h > 1 ? (size_t)h - 1 : 1; /* a line for the heads of the columns */
    r->wide = w >= 100;
    read_page(r, model);
}

static size_t index_of(const struct runs *r)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->rows[i].run == r->at)
            return i;
    return 0;
}

/* The page that ends just before the first row of this one. */
static void page_up(struct runs *r, struct model *model)
{
    const struct run_page page = {.after = r->rows[0].run, .limit = r->h};
    struct run_row *rows;
    size_t count = 0;

    if (query_runs(model->query, &r->arena, &page, &rows, &count, NULL) < 0 || count < r->h)
        r->before = 0;
    else
        r->before = rows[count - 1].run + 1;
    read_page(r, model);
}

static unsigned select_row(struct runs *r, struct model *model, int64_t by)
{
    int64_t to = (int64_t)index_of(r) + by;

    if (r->count == 0)
        return DID_NOTHING;
    if (to < 0 && r->before != 0) {
        page_up(r, model);
        to = (int64_t)r->count - 1;
    } else if (to >= (int64_t)r->count && r->count == r->h) {
        int64_t old = r->before;

        r->before = r->rows[r->count - 1].run;
        read_page(r, model);
        to = 0;
        if (r->count == 0) { /* there is no further page */
            r->before = old;
            read_page(r, model);
            to = (int64_t)r->count - 1;
        }
    }
    to = to < 0 ? 0 : to >= (int64_t)r->count ? (int64_t)r->count - 1 : to;
    r->at = r->count > 0 && (to > 0 || r->before != 0) ? r->rows[to].run : 0;
    return DID_REDRAW;
}

static unsigned runs_act(struct panel *panel, struct model *model, enum action_id action)
{
    struct runs *r = (struct runs *)panel;
    int64_t h = (int64_t)r->h;

    switch (action) {
    case ACTION_DOWN: return select_row(r, model, 1);
    case ACTION_UP: return select_row(r, model, -1);
    case ACTION_HALF_DOWN: return select_row(r, model, h / 2);
    case ACTION_HALF_UP: return select_row(r, model, -h / 2);
    case ACTION_PAGE_DOWN: return select_row(r, model, h);
    case ACTION_PAGE_UP: return select_row(r, model, -h);
    case ACTION_FIRST: r->before = r->at = 0; return DID_REDRAW;
    case ACTION_LAST:
        r->before = h + 1;
        read_page(r, model);
        return select_row(r, model, (int64_t)r->count);
    case ACTION_OPEN:
        if (r->count == 0)
            return DID_NOTHING;
        model_show(model, r->rows[index_of(r)].run);
        return DID_SHOW;
    default: return DID_NOT;
    }
}

static const char *owner_word(const struct model *model, const struct run_row *row)
{
    if (row->owner == RUN_OWNER_DIED)
        return "owner died";
    if (row->owner != RUN_OWNED)
        return "";
    return row->owner_pid == model->own_pid ? "here" : "elsewhere";
}

static void draw_heads(struct pen *pen, const struct runs *r)
{
    pen_put(pen, ROLE_DIM, "   state        run       age       steps   task");
    if (r->wide)
        (void)pen_right(pen, ROLE_DIM, "agent             cost  owner     ");
}

static void draw_row(struct pen *pen, const struct runs *r, const struct model *model,
                     const struct run_row *row)
{
    enum run_state state = (enum run_state)row->state;
    char ago[FIGURE], cost[FIGURE];
    int right = r->wide ? 36 : 0;

    figure_ago(ago, model->wall_us - row->updated_us);
    pen_printf(pen, state_role(state), " %s %-11s", state_sign(state), state_info(state)->label);
    pen_printf(pen, row->run == model->run ? ROLE_ACCENT : ROLE_DIM, "  %.8s", row->uid);
    pen_printf(pen, ROLE_DIM, "  %-8s", ago);
    pen_printf(pen, ROLE_NUMBER, "%5lld   ", (long long)row->iterations);
    if (!r->wide && row->owner != RUN_UNOWNED)
        pen_printf(pen, row->owner == RUN_OWNED ? ROLE_OK : ROLE_WARN, "%s  ",
                   owner_word(model, row));
    put_line(pen, ROLE_TEXT, row->title, pen_left(pen) - right);
    if (!r->wide)
        return;
    figure_money(cost, row->cost_microusd);
    pen->x = pen->area.w - 34;
    int used = put_line(pen, ROLE_DIM, row->agent, 14);
    pen_repeat(pen, ROLE_TEXT, " ", 14 - used);
    pen_printf(pen, ROLE_NUMBER, "%8s  ", cost);
    pen_put(pen, row->owner == RUN_OWNED ? ROLE_OK : ROLE_WARN, owner_word(model, row));
}

static void runs_draw(const struct panel *panel, const struct model *model, struct grid *grid,
                      struct rect rect, bool focused)
{
    const struct runs *r = (const struct runs *)panel;
    struct pen pen = grid_pen(grid, rect);

    if (r->count == 0) {
        pen_at(&pen, 1, 1);
        pen_put(&pen, ROLE_TEXT, "No runs yet. Press o and say what the agent should do,");
        pen_at(&pen, 1, 2);
        pen_put(&pen, ROLE_DIM, "or leave with q and try: rerail demo");
        return;
    }
    draw_heads(&pen, r);
    for (size_t i = 0; i < r->count; i++) {
        pen_at(&pen, 0, (int)i + 1);
        draw_row(&pen, r, model, &r->rows[i]);
        if (i == index_of(r))
            grid_attrs(grid, (struct rect){rect.x, rect.y + 1 + (int)i, rect.w, 1},
                       focused ? ATTR_SELECTED : ATTR_BOLD);
    }
    pen_at(&pen, 1, (int)r->count + 2);
    if (!model->run)
        pen_put(&pen, ROLE_DIM, "Enter opens the chosen run, o starts a new one.");
}

static void runs_note(const struct panel *panel, const struct model *model, char *out, size_t cap)
{
    (void)panel;
    snprintf(out, cap, "%lld", (long long)model->runs);
}

const struct panel_class panel_runs = {
    .name = "runs",
    .title = "Runs",
    .open = runs_open,
    .close = runs_close,
    .update = runs_update,
    .act = runs_act,
    .draw = runs_draw,
    .note = runs_note,
};
