/* SPDX-License-Identifier: MIT */
/*
 * The timeline: the head's chain in order, then what is open at this moment. A place in it is
 * (depth, sub): depth counts the nodes of the path, and behind them the open work; sub 0 is the row
 * itself, the others are what it opens into, or rows that were rolled back and left the path there.
 * Only what is on the screen is ever read, so a run of a million events scrolls as one of ten.
 */
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/sanitize.h"
#include "core/base/str.h"
#include "tui/figure.h"
#include "tui/finder.h"
#include "tui/model.h"
#include "tui/panel.h"
#include "tui/timeline.h"
#include "tui/timeline_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHILD_TEXT 8  /* lines of a message that a row opens into; Detail has it whole */
#define LIVE_LINES 6  /* of the text that streams in */
#define LINES_MAX  96 /* of one place */
#define GONE_MAX   64 /* rolled-back rows that one fold opens into */
#define OPENED_MAX 64

struct place {
    int64_t depth;
    int sub;
};

struct timeline {
    struct panel panel;
    struct arena arena;
    struct place top, at;
    bool follow;
    int h;
    struct timeline_line *lines; /* what is on the screen */
    size_t count, cap;
    int64_t opened[OPENED_MAX]; /* nodes, or −segment, that are open */
    size_t opened_count;
    const struct finder *only; /* a filter: nothing but its matches; NULL = all */
    int64_t run;               /* of what is kept here */
};

static bool is_open(const struct timeline *t, int64_t what)
{
    for (size_t i = 0; i < t->opened_count; i++)
        if (t->opened[i] == what)
            return true;
    return false;
}

static void toggle(struct timeline *t, int64_t what)
{
    for (size_t i = 0; i < t->opened_count; i++)
        if (t->opened[i] == what) {
            t->opened[i] = t->opened[--t->opened_count];
            return;
        }
    if (t->opened_count == OPENED_MAX) /* the one opened first is folded again */
        memmove(t->opened, t->opened + 1, --t->opened_count * sizeof *t->opened);
    t->opened[t->opened_count++] = what;
}

/* --- what stands at a place ----------------------------------------------------------------------
 */

static int64_t last_depth(const struct model *model)
{
    return model->path.depth + (model->open.open_call ? 1 : 0) + (int64_t)model->open.effect_count;
}

/* The root's: 0 in every run that rerail made. */
static int64_t first_depth(const struct model *model)
{
    return model->path.count > 0 ? model->path.parts[0].first : 0;
}

static struct timeline_line *add(struct timeline_line *out, size_t *count, enum line_kind kind)
{
    if (*count == LINES_MAX)
        return NULL;
    struct timeline_line *line = &out[*count];
    *line = (struct timeline_line){.kind = kind, .sub = (int)*count};
    ++*count;
    return line;
}

static void add_text(struct timeline *t, struct timeline_line *out, size_t *count, enum role role,
                     const char *text)
{
    struct timeline_line *line = add(out, count, LINE_TEXT);

    if (line) {
        line->role = role;
        line->text = arena_text(&t->arena, text);
    }
}

static void add_attempts(struct timeline *t, struct model *model, struct timeline_line *out,
                         size_t *count, int64_t call, int64_t effect)
{
    struct attempt_row *rows;
    size_t n = 0;

    if (query_attempts(model->query, &t->arena, model->run, call, effect, 0, LINES_MAX / 4, &rows,
                       &n, NULL) < 0)
        return;
    for (size_t i = 0; i < n; i++) {
        struct timeline_line *line = add(out, count, LINE_ATTEMPT);
        if (line)
            line->attempt = &rows[i];
    }
}

/* The first lines of a text, each on one line; "…" where more follows. */
static void add_lines(struct timeline *t, struct timeline_line *out, size_t *count, enum role role,
                      const char *text)
{
    char piece[400];

    for (int i = 0; text && *text; i++) {
        size_t len = strcspn(text, "\n");

        if (i == CHILD_TEXT) {
            add_text(t, out, count, ROLE_DIM, "… more in Detail");
            return;
        }
        (void)sanitize_line(piece, sizeof piece, text, len);
        if (*piece)
            add_text(t, out, count, role, piece);
        text += len + (text[len] == '\n');
    }
}

static void add_body(struct timeline *t, struct model *model, struct timeline_line *out,
                     size_t *count, const struct node_row *node)
{
    struct buf body;
    cJSON *tree = NULL;

    buf_init(&body, (size_t)1 << 20); /* longer ones are Detail's to show */
    if (query_body(model->query, model->run, node->node, &body, NULL) == 0 &&
        json_parse(&tree, body.data, body.len, NULL, NULL) == 0) {
        add_lines(t, out, count, ROLE_REASONING, json_text(tree, "reasoning"));
        add_lines(t, out, count, ROLE_TEXT, json_text(tree, "content"));
    }
    cJSON_Delete(tree);
    buf_free(&body);
}

static void add_calls(struct timeline *t, struct model *model, struct timeline_line *out,
                      size_t *count, const struct node_row *node)
{
    struct effect_row *rows;
    size_t n = 0;

    if (query_effects_of(model->query, &t->arena, model->run, node->node, &rows, &n, NULL) < 0)
        return;
    for (size_t i = 0; i < n; i++) {
        struct timeline_line *line = add(out, count, LINE_EFFECT);
        if (line)
            line->effect = &rows[i];
    }
}

static void add_children(struct timeline *t, struct model *model, struct timeline_line *out,
                         size_t *count, const struct node_row *node)
{
    struct buf args;

    if (node->has_call)
        add_attempts(t, model, out, count, node->call.call, 0);
    if (node->has_effect) {
        buf_init(&args, (size_t)1 << 20);
        if (query_effect_args(model->query, model->run, node->effect.effect, &args, NULL) == 0)
            add_lines(t, out, count, ROLE_DIM, args.data);
        buf_free(&args);
        add_attempts(t, model, out, count, 0, node->effect.effect);
    }
    add_body(t, model, out, count, node);
    if (node->kind == NODE_ASSISTANT)
        add_calls(t, model, out, count, node);
}

/* The rows of a segment that are not on the path, and the depth behind which they stand. */
static bool off_path(const struct model *model, const struct segment_row *s, int64_t *first,
                     int64_t *after)
{
    *first = s->first;
    for (size_t i = 0; i < model->path.count; i++)
        if (model->path.parts[i].segment == s->segment)
            *first = model->path.parts[i].last + 1;
    *after = *first - 1 < model->path.depth ? *first - 1 : model->path.depth;
    return *first <= s->last;
}

static void add_gone(struct timeline *t, struct model *model, struct timeline_line *out,
                     size_t *count, int64_t depth)
{
    for (size_t i = 0; i < model->segment_count; i++) {
        const struct segment_row *s = &model->segments[i];
        int64_t first, after;
        struct node_row *rows;
        size_t n = 0;

        if (!off_path(model, s, &first, &after) || after != depth)
            continue;
        struct timeline_line *line = add(out, count, LINE_FOLD);
        if (!line)
            return;
        line->id = s->segment;
        line->text = arena_text(&t->arena, is_open(t, -s->segment) ? "▾" : "▸");
        line->iteration = s->last - first + 1;
        if (!is_open(t, -s->segment) ||
            query_segment_nodes(model->query, &t->arena, model->run, s->segment, first, GONE_MAX,
                                &rows, &n, NULL) < 0)
            continue;
        for (size_t k = 0; k < n; k++) {
            line = add(out, count, LINE_GONE);
            if (line)
                line->node = &rows[k];
        }
    }
}

/* The tail of the text that streams in, a row each. */
static void add_live(struct timeline *t, const struct model *model, struct timeline_line *out,
                     size_t *count, int width)
{
    const struct live_text *live = &model->live;
    const struct buf *from = live->text.len > 0 ? &live->text : &live->reasoning;
    size_t start = from->len > 2000 ? from->len - 2000 : 0;
    struct buf clean;
    struct text_row row, ring[LIVE_LINES];
    size_t n = 0;

    if (!model->open.open_call || live->call != model->open.call.call || from->len == 0)
        return;
    while (start > 0 && start < from->len && ((unsigned char)from->data[start] & 0xc0) == 0x80)
        start++;
    buf_init(&clean, 16384);
    (void)sanitize_add(&clean, SANITIZE_OUTPUT, from->data + start, from->len - start,
                       NULL); /* fits: at most 2,000 bytes came in */
    struct text_wrap wrap = {.text = clean.data, .len = clean.len, .width = width > 8 ? width : 8};
    while (text_wrap_next(&wrap, &row))
        ring[n++ % LIVE_LINES] = row;
    for (size_t i = n > LIVE_LINES ? n - LIVE_LINES : 0; i < n; i++) {
        const struct text_row *r = &ring[i % LIVE_LINES];
        struct timeline_line *line = add(out, count, LINE_TEXT);
        if (line) {
            line->role = live->text.len > 0 ? ROLE_BY_MODEL : ROLE_REASONING;
            line->text = arena_copy(&t->arena, clean.data + r->start, r->end - r->start);
        }
    }
    buf_free(&clean);
}

/* The open work at index i behind the path. */
static void open_lines(struct timeline *t, struct model *model, struct timeline_line *out,
                       size_t *count, int64_t i, int width)
{
    struct timeline_line *line;

    if (model->open.open_call && i-- == 0) {
        line = add(out, count, LINE_CALL);
        line->call = &model->open.call;
        line->iteration = line->call->iteration;
        if (line->call->attempts > 1 || is_open(t, INT64_MAX))
            add_attempts(t, model, out, count, line->call->call, 0);
        add_live(t, model, out, count, width);
        return;
    }
    if (i >= (int64_t)model->open.effect_count)
        return;
    line = add(out, count, LINE_EFFECT);
    line->effect = &model->open.effects[i];
    if (line->effect->attempts > 1)
        add_attempts(t, model, out, count, 0, line->effect->effect);
}

/* All lines of one depth; `node` is its row when it is at hand. */
static size_t lines_at(struct timeline *t, struct model *model, int64_t depth,
                       const struct node_row *node, struct timeline_line *out, int width)
{
    struct node_row *rows;
    size_t count = 0, n = 0;

    if (depth > model->path.depth) {
        open_lines(t, model, out, &count, depth - model->path.depth - 1, width);
    } else {
        if (!node &&
            query_nodes(model->query, &t->arena, &model->path, depth, 1, &rows, &n, NULL) == 0 &&
            n == 1)
            node = rows;
        struct timeline_line *line = add(out, &count, LINE_NODE);
        line->node = node;
        line->iteration = node && node->has_call ? node->call.iteration : 0;
        if (node && is_open(t, node->node))
            add_children(t, model, out, &count, node);
        add_gone(t, model, out, &count, depth);
    }
    for (size_t i = 0; i < count; i++)
        out[i].depth = depth;
    return count;
}

static bool shows(const struct timeline *t, const struct model *model, int64_t depth)
{
    if (!t->only || !t->only->pattern || depth > model->path.depth)
        return true;
    for (size_t i = 0; i < t->only->count; i++)
        if (t->only->hits[i].depth == depth &&
            chain_path_has(&model->path, t->only->hits[i].segment, depth))
            return true;
    return false;
}

/* The nearest depth with a row, from one on in a direction; -1 when there is none. */
static int64_t row_from(const struct timeline *t, const struct model *model, int64_t depth, int by)
{
    int64_t first = first_depth(model), last = last_depth(model);

    while (depth >= first && depth <= last && !shows(t, model, depth))
        depth += by;
    return depth < first || depth > last ? -1 : depth;
}

/* --- places --------------------------------------------------------------------------------------
 */

static bool plain(const struct timeline *t, const struct model *model, int64_t depth)
{
    int64_t first, after;

    if (t->opened_count > 0 || depth > model->path.depth)
        return false;
    for (size_t i = 0; i < model->segment_count; i++)
        if (off_path(model, &model->segments[i], &first, &after) && after == depth)
            return false;
    return true;
}

static int subs_at(struct timeline *t, struct model *model, int64_t depth)
{
    struct timeline_line scratch[LINES_MAX];

    if (plain(t, model, depth))
        return 1;
    int count = (int)lines_at(t, model, depth, NULL, scratch, 60);
    return count > 0 ? count : 1;
}

static bool before(struct place a, struct place b)
{
    return a.depth != b.depth ? a.depth < b.depth : a.sub < b.sub;
}

static struct place moved(struct timeline *t, struct model *model, struct place from, int64_t by)
{
    for (; by > 0; by--) {
        int64_t next = row_from(t, model, from.depth + 1, 1);

        if (from.sub + 1 < subs_at(t, model, from.depth))
            from.sub++;
        else if (next >= 0)
            from = (struct place){next, 0};
        else
            break;
    }
    for (; by < 0; by++) {
        int64_t next = row_from(t, model, from.depth - 1, -1);

        if (from.sub > 0)
            from.sub--;
        else if (next >= 0)
            from = (struct place){next, subs_at(t, model, next) - 1};
        else
            break;
    }
    return from;
}

static struct place end_of(struct timeline *t, struct model *model)
{
    int64_t depth = row_from(t, model, last_depth(model), -1);

    if (depth < 0)
        depth = first_depth(model);
    return (struct place){depth, subs_at(t, model, depth) - 1};
}

/* The top that shows the selection with the least scrolling. */
static void settle(struct timeline *t, struct model *model)
{
    int64_t last = last_depth(model);
    int subs;

    if (t->at.depth > last)
        t->at = end_of(t, model);
    subs = subs_at(t, model, t->at.depth);
    if (t->at.sub >= subs)
        t->at.sub = subs - 1;
    if (t->at.depth < first_depth(model))
        t->at = (struct place){first_depth(model), 0};
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

    arena_free(&t->arena);
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
    struct timeline_line scratch[LINES_MAX];
    struct node_row *rows = NULL;
    size_t n = 0;
    int64_t depth;

    if (t->top.depth < first_depth(model))
        t->top = (struct place){first_depth(model), 0};
    depth = t->top.depth;
    t->count = 0;
    if (depth <= model->path.depth && query_nodes(model->query, &t->arena, &model->path, depth,
                                                  (size_t)t->h, &rows, &n, NULL) < 0)
        n = 0; /* model_read says what is wrong with the file */
    while (t->count < (size_t)t->h && (depth = row_from(t, model, depth, 1)) >= 0) {
        size_t at = (size_t)(depth - t->top.depth);
        size_t count = lines_at(t, model, depth, at < n ? &rows[at] : NULL, scratch, w - 8);

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

    arena_clear(&t->arena);
    if (t->run != model->run) {
        t->run = model->run;
        t->opened_count = 0;
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
        what = INT64_MAX;
    } else {
        for (size_t i = 0; i < t->count; i++)
            if (t->lines[i].depth == line->depth && t->lines[i].kind == LINE_NODE &&
                t->lines[i].node)
                what = t->lines[i].node->node;
    }
    if (what == 0 || (is_open(t, what) && !close) || (!is_open(t, what) && !open))
        return DID_NOTHING;
    if (is_open(t, what) && line->kind != LINE_FOLD)
        t->at.sub = 0;
    toggle(t, what);
    t->follow = false;
    return DID_REDRAW | DID_SUBJECT;
}

/* Every rolled-back row, or none. */
static unsigned tree(struct timeline *t, const struct model *model)
{
    bool any = false;

    for (size_t i = t->opened_count; i-- > 0;)
        if (t->opened[i] < 0) {
            any = true;
            t->opened[i] = t->opened[--t->opened_count];
        }
    for (size_t i = 0; !any && i < model->segment_count; i++) {
        int64_t first, after;

        if (off_path(model, &model->segments[i], &first, &after))
            toggle(t, -model->segments[i].segment);
    }
    return DID_REDRAW;
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
    case ACTION_FIRST: return go(t, model, (struct place){first_depth(model), 0});
    case ACTION_LAST:
    case ACTION_FOLLOW:
        t->follow = action == ACTION_LAST || !t->follow;
        model->subject_by = t;
        return DID_REDRAW | DID_SUBJECT;
    case ACTION_TREE: return tree(t, model);
    case ACTION_OPEN: return fold(t, true, true);
    case ACTION_RIGHT: return fold(t, true, false);
    case ACTION_LEFT: return fold(t, false, true);
    default: return DID_NOT;
    }
}

void timeline_go(struct panel *panel, struct model *model, int64_t segment, int64_t depth)
{
    struct timeline *t = (struct timeline *)panel;
    struct timeline_line lines[LINES_MAX];

    t->follow = false;
    if (chain_path_has(&model->path, segment, depth)) {
        t->at = (struct place){depth, 0};
        return;
    }
    for (size_t i = 0; i < model->segment_count; i++) {
        int64_t first, after;

        if (model->segments[i].segment != segment ||
            !off_path(model, &model->segments[i], &first, &after))
            continue;
        if (!is_open(t, -segment))
            toggle(t, -segment);
        t->at = (struct place){after, 0};
        size_t count = lines_at(t, model, after, NULL, lines, 60);
        for (size_t k = 0; k < count; k++)
            if (lines[k].kind == LINE_GONE && lines[k].node->segment == segment &&
                lines[k].node->depth == depth)
                t->at.sub = (int)k;
    }
}

void timeline_filter(struct panel *panel, const struct finder *only)
{
    struct timeline *t = (struct timeline *)panel;

    t->only = only;
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

    if (model->run && t->only && t->only->pattern)
        snprintf(out, cap, "filter: %zu", t->only->count);
    else if (model->run)
        snprintf(out, cap, t->follow ? "follows" : "%lld/%lld",
                 (long long)(t->at.depth - first_depth(model) + 1),
                 (long long)(last_depth(model) - first_depth(model) + 1));
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
