/* SPDX-License-Identifier: MIT */
/*
 * The timeline: the head's chain in order, then what is open at this moment. A place in it is
 * (depth, sub): sub counts the lines of the depth, 0 is the row itself (timeline_rows.h). Only what
 * is on the screen is ever read, so a run of a million events scrolls as one of ten.
 */
#include "core/base/mem.h"
#include "tui/finder.h"
#include "tui/model.h"
#include "tui/panel.h"
#include "tui/timeline.h"
#include "tui/timeline_line.h"
#include "tui/timeline_rows.h"

#include <stdio.h>
#include <stdlib.h>

struct place {
    int64_t depth;
    int sub;
};

struct timeline {
    struct panel panel;
    struct timeline_rows rows;
    struct place top, at;
    bool follow;
    int h;
    struct timeline_line *lines; /* what is on the screen */
    size_t count, cap;
    int64_t run; /* of what is kept here */
};

/* --- places --------------------------------------------------------------------------------------
 */

static bool before(struct place a, struct place b)
{
    return a.depth != b.depth ? a.depth < b.depth : a.sub < b.sub;
}

static struct place moved(struct timeline *t, struct model *model, struct place from, int64_t by)
{
    for (; by > 0; by--) {
        int64_t next = timeline_rows_from(&t->rows, model, from.depth + 1, 1);

        if (from.sub + 1 < timeline_rows_count(&t->rows, model, from.depth))
            from.sub++;
        else if (next >= 0)
            from = (struct place){next, 0};
        else
            break;
    }
    for (; by < 0; by++) {
        int64_t next = timeline_rows_from(&t->rows, model, from.depth - 1, -1);

        if (from.sub > 0)
            from.sub--;
        else if (next >= 0)
            from = (struct place){next, timeline_rows_count(&t->rows, model, next) - 1};
        else
            break;
    }
    return from;
}

static struct place end_of(struct timeline *t, struct model *model)
{
    int64_t depth = timeline_rows_from(&t->rows, model, timeline_rows_last(model), -1);

    if (depth < 0)
        depth = timeline_rows_first(model);
    return (struct place){depth, timeline_rows_count(&t->rows, model, depth) - 1};
}

/* The top that shows the selection with the least scrolling. */
static void settle(struct timeline *t, struct model *model)
{
    int64_t last = timeline_rows_last(model);
    int subs;

    if (t->at.depth > last)
        t->at = end_of(t, model);
    subs = timeline_rows_count(&t->rows, model, t->at.depth);
    if (t->at.sub >= subs)
        t->at.sub = subs - 1;
    if (t->at.depth < timeline_rows_first(model))
        t->at = (struct place){timeline_rows_first(model), 0};
    if (before(t->at, t->top) || t->top.depth > last) {
        t->top = t->at;
        return;
    }
    if (t->at.depth - t->top.depth <= t->h) {
        struct place place = t->top;

        for (int i = 0; i < t->h; i++) {
            if (place.depth == t->at.depth && place.sub == t->at.sub)
                return;
            place = moved(t, model, place, 1);
        }
    }
    t->top = moved(t, model, t->at, -(t->h - 1));
}

/* --- the panel -----------------------------------------------------------------------------------
 */

static struct panel *timeline_open(void)
{
    struct timeline *t = mem_new(sizeof *t);

    t->panel.class = &panel_timeline;
    t->follow = true;
    return &t->panel;
}

static void timeline_close(struct panel *panel)
{
    struct timeline *t = (struct timeline *)panel;

    arena_free(&t->rows.arena);
    free(t->lines);
    free(t);
}

static void subject_of(const struct timeline *t, struct model *model)
{
    if (model->subject_by && model->subject_by != t)
        return;
    model->subject_by = t;
    for (size_t i = 0; i < t->count; i++) {
        const struct timeline_line *line = &t->lines[i];

        if (line->depth != t->at.depth || line->sub != t->at.sub)
            continue;
        if (line->node)
            model->subject = (struct subject){SUBJECT_NODE, line->node->node};
        else if (line->call)
            model->subject = (struct subject){SUBJECT_CALL, line->call->call};
        else if (line->effect)
            model->subject = (struct subject){SUBJECT_EFFECT, line->effect->effect};
        else if (line->attempt && line->attempt->effect)
            model->subject = (struct subject){SUBJECT_EFFECT, line->attempt->effect};
        else if (line->attempt)
            model->subject = (struct subject){SUBJECT_CALL, line->attempt->call};
        else if (line->sub > 0 && t->lines[i - (size_t)(i > 0)].node && line->kind == LINE_TEXT)
            model->subject = (struct subject){SUBJECT_NODE, t->lines[i - 1].node->node};
        return;
    }
}

static void read_page(struct timeline *t, struct model *model, int w)
{
    struct timeline_line scratch[TIMELINE_LINES];
    struct node_row *rows = NULL;
    size_t n = 0;
    int64_t depth;

    if (t->top.depth < timeline_rows_first(model))
        t->top = (struct place){timeline_rows_first(model), 0};
    depth = t->top.depth;
    t->count = 0;
    if (depth <= model->path.depth && query_nodes(model->query, &t->rows.arena, &model->path, depth,
                                                  (size_t)t->h, &rows, &n, NULL) < 0)
        n = 0; /* model_read says what is wrong with the file */
    while (t->count < (size_t)t->h &&
           (depth = timeline_rows_from(&t->rows, model, depth, 1)) >= 0) {
        size_t at = (size_t)(depth - t->top.depth);
        size_t count =
            timeline_rows_at(&t->rows, model, depth, at < n ? &rows[at] : NULL, scratch, w - 8);

        for (size_t i = depth == t->top.depth ? (size_t)t->top.sub : 0;
             i < count && t->count < (size_t)t->h; i++) {
            t->lines = mem_room(t->lines, t->count, &t->cap, sizeof *t->lines);
            t->lines[t->count++] = scratch[i];
        }
        depth++;
    }
}

static void timeline_update(struct panel *panel, struct model *model, int w, int h)
{
    struct timeline *t = (struct timeline *)panel;

    arena_clear(&t->rows.arena);
    if (t->run != model->run) {
        t->run = model->run;
        t->rows.opened_count = 0;
        t->follow = true;
    }
    t->h = h > 0 ? h : 1;
    t->count = 0;
    if (!model->run)
        return;
    if (t->follow)
        t->at = end_of(t, model);
    settle(t, model);
    read_page(t, model, w);
    subject_of(t, model);
}

static unsigned go(struct timeline *t, struct model *model, struct place to)
{
    model->subject_by = t;
    t->at = to;
    t->follow = false;
    return DID_REDRAW | DID_SUBJECT;
}

static const struct timeline_line *selected(const struct timeline *t)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->lines[i].depth == t->at.depth && t->lines[i].sub == t->at.sub)
            return &t->lines[i];
    return NULL;
}

/* Opens or folds the row; what is not the row itself belongs to it. */
static unsigned fold(struct timeline *t, bool open, bool close)
{
    const struct timeline_line *line = selected(t);
    int64_t what = 0;

    if (!line)
        return DID_NOTHING;
    if (line->kind == LINE_FOLD) {
        what = -line->id;
    } else if (line->kind == LINE_CALL) {
        what = TIMELINE_CALL;
    } else {
        for (size_t i = 0; i < t->count; i++)
            if (t->lines[i].depth == line->depth && t->lines[i].kind == LINE_NODE &&
                t->lines[i].node)
                what = t->lines[i].node->node;
    }
    bool is_open = timeline_rows_is_open(&t->rows, what);
    if (what == 0 || (is_open ? !close : !open))
        return DID_NOTHING;
    if (is_open && line->kind != LINE_FOLD)
        t->at.sub = 0;
    timeline_rows_toggle(&t->rows, what);
    t->follow = false;
    return DID_REDRAW | DID_SUBJECT;
}

static unsigned timeline_act(struct panel *panel, struct model *model, enum action_id action)
{
    struct timeline *t = (struct timeline *)panel;

    if (!model->run)
        return DID_NOT;
    switch (action) {
    case ACTION_DOWN: return go(t, model, moved(t, model, t->at, 1));
    case ACTION_UP: return go(t, model, moved(t, model, t->at, -1));
    case ACTION_HALF_DOWN: return go(t, model, moved(t, model, t->at, t->h / 2));
    case ACTION_HALF_UP: return go(t, model, moved(t, model, t->at, -t->h / 2));
    case ACTION_PAGE_DOWN: return go(t, model, moved(t, model, t->at, t->h));
    case ACTION_PAGE_UP: return go(t, model, moved(t, model, t->at, -t->h));
    case ACTION_FIRST: return go(t, model, (struct place){timeline_rows_first(model), 0});
    case ACTION_LAST:
    case ACTION_FOLLOW:
        t->follow = action == ACTION_LAST || !t->follow;
        model->subject_by = t;
        return DID_REDRAW | DID_SUBJECT;
    case ACTION_TREE: timeline_rows_unfold(&t->rows, model); return DID_REDRAW;
    case ACTION_OPEN: return fold(t, true, true);
    case ACTION_RIGHT: return fold(t, true, false);
    case ACTION_LEFT: return fold(t, false, true);
    default: return DID_NOT;
    }
}

void timeline_go(struct panel *panel, struct model *model, int64_t segment, int64_t depth)
{
    struct timeline *t = (struct timeline *)panel;
    struct timeline_line lines[TIMELINE_LINES];

    t->follow = false;
    if (chain_path_has(&model->path, segment, depth)) {
        t->at = (struct place){depth, 0};
        return;
    }
    for (size_t i = 0; i < model->segment_count; i++) {
        int64_t first, after;

        if (model->segments[i].segment != segment ||
            !timeline_rows_left(model, &model->segments[i], &first, &after))
            continue;
        if (!timeline_rows_is_open(&t->rows, -segment))
            timeline_rows_toggle(&t->rows, -segment);
        t->at = (struct place){after, 0};
        size_t count = timeline_rows_at(&t->rows, model, after, NULL, lines, 60);
        for (size_t k = 0; k < count; k++)
            if (lines[k].kind == LINE_GONE && lines[k].node->segment == segment &&
                lines[k].node->depth == depth)
                t->at.sub = (int)k;
    }
}

void timeline_filter(struct panel *panel, const struct finder *only)
{
    struct timeline *t = (struct timeline *)panel;

    t->rows.only = only;
}

int64_t timeline_node(const struct panel *panel)
{
    const struct timeline_line *line = selected((const struct timeline *)panel);

    return line && line->node ? line->node->node : 0;
}

/* --- drawing -------------------------------------------------------------------------------------
 */

static void timeline_draw(const struct panel *panel, const struct model *model, struct grid *grid,
                          struct rect rect, bool focused)
{
    const struct timeline *t = (const struct timeline *)panel;
    struct pen pen = grid_pen(grid, rect);

    if (!model->run) {
        pen_at(&pen, 1, 1);
        pen_put(&pen, ROLE_DIM, "The run is being started.");
        return;
    }
    for (size_t i = 0; i < t->count; i++) {
        const struct timeline_line *line = &t->lines[i];
        bool here = line->depth == t->at.depth && line->sub == t->at.sub;

        pen_at(&pen, 0, (int)i);
        pen.attrs = 0;
        timeline_line_draw(&pen, model, line);
        if (here)
            grid_attrs(grid, (struct rect){rect.x, rect.y + (int)i, rect.w, 1},
                       focused ? ATTR_SELECTED : ATTR_BOLD);
    }
}

static void timeline_note(const struct panel *panel, const struct model *model, char *out,
                          size_t cap)
{
    const struct timeline *t = (const struct timeline *)panel;
    long long first = timeline_rows_first(model), at = t->at.depth - first + 1;
    long long count = timeline_rows_last(model) - first + 1;

    if (model->run && t->rows.only && t->rows.only->pattern)
        snprintf(out, cap, "filter: %zu", t->rows.only->count);
    else if (model->run)
        snprintf(out, cap, t->follow ? "follows" : "%lld/%lld", at, count);
}

const struct panel_class panel_timeline = {
    .name = "timeline",
    .title = "Timeline",
    .open = timeline_open,
    .close = timeline_close,
    .update = timeline_update,
    .act = timeline_act,
    .draw = timeline_draw,
    .note = timeline_note,
};
