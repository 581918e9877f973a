/* SPDX-License-Identifier: MIT */
/*
 * Checkpoints, newest first: where the run can go back to, on which line of the tree, under what
 * name, and what touched the world on the way there. A page is read by index; the newest come
 * first, so a live run shows its head.
 */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tui/checkpoints.h"
#include "tui/figure.h"
#include "tui/model.h"
#include "tui/panel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BRANCH_MAX 64

struct checkpoints {
    struct panel panel;
    struct arena arena;
    struct checkpoint_row *rows; /* those on the screen, newest first */
    size_t count;
    struct branch_row *branches;
    size_t branch_count;
    int64_t before; /* the page starts before this node; 0 = at the newest */
    int64_t at;     /* the selected node; 0 = the newest, whichever that is */
    int64_t run;
    size_t h;
};

static struct panel *checkpoints_open(void)
{
    struct checkpoints *c = mem_new(sizeof *c);

    c->panel.class = &panel_checkpoints;
    return &c->panel;
}

static void checkpoints_close(struct panel *panel)
{
    struct checkpoints *c = (struct checkpoints *)panel;

    arena_free(&c->arena);
    free(c);
}

static size_t index_of(const struct checkpoints *c)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->rows[i].node == c->at)
            return i;
    return 0;
}

static void read_page(struct checkpoints *c, struct model *model)
{
    if (query_checkpoints(model->query, &c->arena, model->run, c->before, c->h, &c->rows, &c->count,
                          NULL) < 0)
        c->count = 0; /* model_read says what is wrong with the file */
}

static void checkpoints_update(struct panel *panel, struct model *model, int w, int h)
{
    struct checkpoints *c = (struct checkpoints *)panel;

    (void)w;
    if (c->run != model->run) {
        c->run = model->run;
        c->before = c->at = 0;
    }
    arena_clear(&c->arena);
    c->count = c->branch_count = 0;
    c->h = h > 0 ? (size_t)h : 1;
    if (!model->run)
        return;
    read_page(c, model);
    if (query_branches(model->query, &c->arena, model->run, 0, BRANCH_MAX, &c->branches,
                       &c->branch_count, NULL) < 0)
        c->branch_count = 0;
    if (c->at && index_of(c) == 0 && (c->count == 0 || c->rows[0].node != c->at)) {
        c->before = c->at + 1; /* it slid off the page while the run went on */
        read_page(c, model);
    }
}

/* A page further up begins at a node that must be found by counting: from the newest on. */
static void page_up(struct checkpoints *c, struct model *model)
{
    struct checkpoint_row *rows;
    struct arena arena = {0};
    size_t count = 0;
    int64_t before = 0, start = 0;

    do {
        arena_clear(&arena);
        start = before;
        if (query_checkpoints(model->query, &arena, model->run, before, c->h, &rows, &count, NULL) <
                0 ||
            count == 0)
            break;
        before = rows[count - 1].node;
    } while (before > c->at && count == c->h);
    c->before = start;
    arena_free(&arena);
}

static unsigned select_row(struct checkpoints *c, struct model *model, int64_t by)
{
    int64_t to = (int64_t)index_of(c) + by;

    if (c->count == 0)
        return DID_NOTHING;
    if (to < 0 && c->before != 0) {
        c->at = c->rows[0].node + 1;
        page_up(c, model);
        read_page(c, model);
        to = (int64_t)c->count - 1;
    } else if (to >= (int64_t)c->count && c->count == c->h) {
        c->before = c->rows[c->count - 1].node;
        read_page(c, model);
        to = 0;
        if (c->count == 0) {
            c->before = 0;
            read_page(c, model);
            to = (int64_t)c->count - 1;
        }
    }
    to = to < 0 ? 0 : to >= (int64_t)c->count ? (int64_t)c->count - 1 : to;
    if (c->count == 0)
        return DID_NOTHING;
    c->at = to == 0 && c->before == 0 ? 0 : c->rows[to].node;
    model->subject = (struct subject){SUBJECT_NODE, c->rows[to].node};
    model->subject_by = c;
    return DID_REDRAW | DID_SUBJECT;
}

static unsigned checkpoints_act(struct panel *panel, struct model *model, enum action_id action)
{
    struct checkpoints *c = (struct checkpoints *)panel;
    int64_t h = (int64_t)c->h;

    switch (action) {
    case ACTION_DOWN: return select_row(c, model, 1);
    case ACTION_UP: return select_row(c, model, -1);
    case ACTION_HALF_DOWN: return select_row(c, model, h / 2);
    case ACTION_HALF_UP: return select_row(c, model, -h / 2);
    case ACTION_PAGE_DOWN: return select_row(c, model, h);
    case ACTION_PAGE_UP: return select_row(c, model, -h);
    case ACTION_FIRST: c->before = c->at = 0; return DID_REDRAW;
    case ACTION_LAST:
        c->before = c->h + 1 < INT64_MAX ? (int64_t)c->h + 1 : 0;
        read_page(c, model);
        return c->count > 0 ? select_row(c, model, (int64_t)c->count) : DID_REDRAW;
    case ACTION_OPEN: {
        unsigned did = select_row(c, model, 0);
        return did ? did | DID_OPEN : DID_NOTHING;
    }
    default: return DID_NOT;
    }
}

int64_t checkpoints_node(const struct panel *panel)
{
    const struct checkpoints *c = (const struct checkpoints *)panel;

    return c->count > 0 ? c->rows[index_of(c)].node : 0;
}

static const char *branch_at(const struct checkpoints *c, int64_t node, bool *active)
{
    for (size_t i = 0; i < c->branch_count; i++)
        if (c->branches[i].head == node) {
            *active = c->branches[i].active;
            return c->branches[i].name;
        }
    return NULL;
}

/* ├─○ on a line that was left; ● where the head is; ○ elsewhere on its path. */
static void draw_mark(struct pen *pen, const struct model *model, const struct checkpoint_row *row,
                      bool head)
{
    bool on = chain_path_has(&model->path, row->segment, row->depth);

    pen_put(pen, ROLE_BRANCH, on ? (head ? " ● " : " ○ ") : " │ ");
    if (!on)
        pen_put(pen, ROLE_DIM, "◌ ");
}

static void draw_row(struct pen *pen, const struct checkpoints *c, const struct model *model,
                     const struct checkpoint_row *row)
{
    bool active = false, on = chain_path_has(&model->path, row->segment, row->depth);
    const char *branch = branch_at(c, row->node, &active);
    char clock[FIGURE];

    draw_mark(pen, model, row, row->node == model->path.head || (on && row == &c->rows[0]));
    figure_clock(clock, row->us);
    pen_printf(pen, on ? ROLE_NUMBER : ROLE_DIM, "%3lld  ", (long long)row->iteration);
    if (row->label) {
        put_line(pen, ROLE_LABEL, row->label, 20);
        pen_put(pen, ROLE_TEXT, "  ");
    }
    if (branch)
        pen_printf(pen, ROLE_BRANCH, "%s  ", branch);
    if (row->messages > 0)
        pen_printf(pen, ROLE_DIM, "%lld message%s  ", (long long)row->messages,
                   row->messages == 1 ? "" : "s");
    if (row->effects > 0) {
        pen_put(pen, ROLE_EFFECT, "⚠ ");
        put_line(pen, ROLE_EFFECT, row->effect_tool, 16);
        pen_printf(pen, ROLE_EFFECT, row->effects > 1 ? " and %lld more  " : " ran  ",
                   (long long)row->effects - 1);
    }
    if (pen_left(pen) >= 9)
        (void)pen_right(pen, ROLE_DIM, clock);
}

static void checkpoints_draw(const struct panel *panel, const struct model *model,
                             struct grid *grid, struct rect rect, bool focused)
{
    const struct checkpoints *c = (const struct checkpoints *)panel;
    struct pen pen = grid_pen(grid, rect);

    if (c->count == 0) {
        pen_at(&pen, 1, 0);
        pen_put(&pen, ROLE_DIM, model->run ? "The first comes with the first model call." : "");
        return;
    }
    for (size_t i = 0; i < c->count; i++) {
        pen_at(&pen, 0, (int)i);
        draw_row(&pen, c, model, &c->rows[i]);
        if (focused && i == index_of(c))
            grid_attrs(grid, (struct rect){rect.x, rect.y + (int)i, rect.w, 1}, ATTR_SELECTED);
    }
}

static void checkpoints_note(const struct panel *panel, const struct model *model, char *out,
                             size_t cap)
{
    (void)panel;
    if (model->checkpoints > 0)
        snprintf(out, cap, "%lld", (long long)model->checkpoints);
}

const struct panel_class panel_checkpoints = {
    .name = "checkpoints",
    .title = "Checkpoints",
    .open = checkpoints_open,
    .close = checkpoints_close,
    .update = checkpoints_update,
    .act = checkpoints_act,
    .draw = checkpoints_draw,
    .note = checkpoints_note,
};
