/* SPDX-License-Identifier: MIT */
#include "tui/timeline_rows.h"

#include "core/base/json.h"
#include "core/base/sanitize.h"
#include "tui/finder.h"
#include "tui/model.h"
#include "tui/text.h"

#include <string.h>

#define CHILD_TEXT   8    /* lines of a message that a row opens into; Detail has it whole */
#define LIVE_LINES   6    /* of the text that streams in */
#define LIVE_BYTES   2000 /* of its end, which are looked at */
#define BRANCHES_MAX 64   /* that are looked at for a fold's name */
#define GONE_MAX     64   /* rolled-back rows that one fold opens into */
#define COUNT_WIDTH  60   /* columns; how many rows text wraps into hardly matters to a count */

/* The lines of one depth while they are written. */
struct sheet {
    struct timeline_rows *rows;
    struct model *model;
    struct timeline_line *lines;
    size_t count;
};

bool timeline_rows_is_open(const struct timeline_rows *rows, int64_t what)
{
    for (size_t i = 0; i < rows->opened_count; i++)
        if (rows->opened[i] == what)
            return true;
    return false;
}

void timeline_rows_toggle(struct timeline_rows *rows, int64_t what)
{
    for (size_t i = 0; i < rows->opened_count; i++)
        if (rows->opened[i] == what) {
            rows->opened[i] = rows->opened[--rows->opened_count];
            return;
        }
    if (rows->opened_count == TIMELINE_OPENED)
        memmove(rows->opened, rows->opened + 1, --rows->opened_count * sizeof *rows->opened);
    rows->opened[rows->opened_count++] = what;
}

int64_t timeline_rows_last(const struct model *model)
{
    return model->path.depth + (model->open.open_call ? 1 : 0) + (int64_t)model->open.effect_count;
}

int64_t timeline_rows_first(const struct model *model)
{
    return model->path.count > 0 ? model->path.parts[0].first : 0;
}

/* --- what stands at a depth ----------------------------------------------------------------------
 */

/* NULL when the depth has all the lines that it may have. */
static struct timeline_line *add(struct sheet *s, enum line_kind kind)
{
    if (s->count == TIMELINE_LINES)
        return NULL;
    struct timeline_line *line = &s->lines[s->count];
    *line = (struct timeline_line){.kind = kind, .sub = (int)s->count};
    s->count++;
    return line;
}

static void add_text(struct sheet *s, enum role role, const char *text, size_t len)
{
    struct timeline_line *line = add(s, LINE_TEXT);

    if (line) {
        line->role = role;
        line->text = arena_copy(&s->rows->arena, text, len);
    }
}

static void add_attempts(struct sheet *s, int64_t call, int64_t effect)
{
    struct attempt_row *rows;
    size_t n = 0;

    if (query_attempts(s->model->query, &s->rows->arena, s->model->run, call, effect, 0,
                       TIMELINE_LINES / 4, &rows, &n, NULL) < 0)
        return;
    for (size_t i = 0; i < n; i++) {
        struct timeline_line *line = add(s, LINE_ATTEMPT);
        if (line)
            line->attempt = &rows[i];
    }
}

/* The first lines of a text, each on one line; "…" where more follows. */
static void add_lines(struct sheet *s, enum role role, const char *text)
{
    static const char more[] = "… more in Detail";
    char piece[400];

    for (int i = 0; text && *text; i++) {
        size_t len = strcspn(text, "\n");

        if (i == CHILD_TEXT) {
            add_text(s, ROLE_DIM, more, strlen(more));
            return;
        }
        (void)sanitize_line(piece, sizeof piece, text, len);
        if (*piece)
            add_text(s, role, piece, strlen(piece));
        text += len + (text[len] == '\n');
    }
}

static void add_body(struct sheet *s, const struct node_row *node)
{
    struct buf body;
    cJSON *tree = NULL;

    buf_init(&body, (size_t)1 << 20); /* longer ones are Detail's to show */
    if (query_body(s->model->query, s->model->run, node->node, &body, NULL) == 0 &&
        json_parse(&tree, body.data, body.len, NULL, NULL) == 0) {
        add_lines(s, ROLE_REASONING, json_text(tree, "reasoning"));
        add_lines(s, ROLE_TEXT, json_text(tree, "content"));
    }
    cJSON_Delete(tree);
    buf_free(&body);
}

static void add_calls(struct sheet *s, const struct node_row *node)
{
    struct effect_row *rows;
    size_t n = 0;

    if (query_effects_of(s->model->query, &s->rows->arena, s->model->run, node->node, &rows, &n,
                         NULL) < 0)
        return;
    for (size_t i = 0; i < n; i++) {
        struct timeline_line *line = add(s, LINE_EFFECT);
        if (line)
            line->effect = &rows[i];
    }
}

static void add_args(struct sheet *s, int64_t effect)
{
    struct buf args;

    buf_init(&args, (size_t)1 << 20);
    if (query_effect_args(s->model->query, s->model->run, effect, &args, NULL) == 0)
        add_lines(s, ROLE_DIM, args.data);
    buf_free(&args);
}

static void add_children(struct sheet *s, const struct node_row *node)
{
    if (node->has_call)
        add_attempts(s, node->call.call, 0);
    if (node->has_effect) {
        add_args(s, node->effect.effect);
        add_attempts(s, 0, node->effect.effect);
    }
    add_body(s, node);
    if (node->kind == NODE_ASSISTANT)
        add_calls(s, node);
}

bool timeline_rows_left(const struct model *model, const struct segment_row *segment,
                        int64_t *first, int64_t *after)
{
    *first = segment->first;
    for (size_t i = 0; i < model->path.count; i++)
        if (model->path.parts[i].segment == segment->segment)
            *first = model->path.parts[i].last + 1;
    *after = *first - 1 < model->path.depth ? *first - 1 : model->path.depth;
    return *first <= segment->last;
}

/* The branch on whose way those rows are; NULL: they were rolled back. */
static const char *branch_of(struct sheet *s, int64_t segment, int64_t depth)
{
    struct model *model = s->model;
    struct arena *arena = &s->rows->arena;
    struct branch_row *branches;
    size_t count = 0;

    if (query_branches(model->query, arena, model->run, 0, BRANCHES_MAX, &branches, &count, NULL) <
        0)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        struct chain_path path;

        if (!branches[i].active &&
            query_path(model->query, arena, model->run, branches[i].head, &path, NULL) == 0 &&
            chain_path_has(&path, segment, depth))
            return branches[i].name;
    }
    return NULL;
}

static void add_gone(struct sheet *s, const struct segment_row *segment, int64_t first)
{
    bool open = timeline_rows_is_open(s->rows, -segment->segment);
    struct timeline_line *line = add(s, LINE_FOLD);
    struct node_row *rows;
    size_t n = 0;

    if (!line)
        return;
    line->id = segment->segment;
    line->text = open ? "▾" : "▸";
    line->iteration = segment->last - first + 1;
    line->branch = branch_of(s, segment->segment, first);
    if (!open || query_segment_nodes(s->model->query, &s->rows->arena, s->model->run,
                                     segment->segment, first, GONE_MAX, &rows, &n, NULL) < 0)
        return;
    for (size_t i = 0; i < n; i++) {
        line = add(s, LINE_GONE);
        if (line)
            line->node = &rows[i];
    }
}

static void add_row(struct sheet *s, int64_t depth, const struct node_row *node)
{
    struct model *model = s->model;
    struct node_row *rows;
    size_t n = 0;

    if (!node &&
        query_nodes(model->query, &s->rows->arena, &model->path, depth, 1, &rows, &n, NULL) == 0 &&
        n == 1)
        node = rows;
    struct timeline_line *line = add(s, LINE_NODE);
    line->node = node;
    line->iteration = node && node->has_call ? node->call.iteration : 0;
    if (node && timeline_rows_is_open(s->rows, node->node))
        add_children(s, node);
    for (size_t i = 0; i < model->segment_count; i++) {
        int64_t first, after;

        if (timeline_rows_left(model, &model->segments[i], &first, &after) && after == depth)
            add_gone(s, &model->segments[i], first);
    }
}

/* The tail of the text that streams in, a row each. */
static void add_live(struct sheet *s, int width)
{
    const struct live_text *live = &s->model->live;
    bool answers = live->text.len > 0;
    const struct buf *from = answers ? &live->text : &live->reasoning;
    size_t start = from->len > LIVE_BYTES ? from->len - LIVE_BYTES : 0, n = 0;
    struct text_row row, ring[LIVE_LINES];
    struct buf clean;

    if (live->call != s->model->open.call.call || from->len == 0)
        return;
    while (start > 0 && start < from->len && ((unsigned char)from->data[start] & 0xc0) == 0x80)
        start++;
    buf_init(&clean, 16384);
    (void)sanitize_add(&clean, SANITIZE_OUTPUT, from->data + start, from->len - start,
                       NULL); /* fits: at most LIVE_BYTES came in */
    struct text_wrap wrap = {.text = clean.data, .len = clean.len, .width = width > 8 ? width : 8};
    while (text_wrap_next(&wrap, &row))
        ring[n++ % LIVE_LINES] = row;
    for (size_t i = n > LIVE_LINES ? n - LIVE_LINES : 0; i < n; i++) {
        const struct text_row *r = &ring[i % LIVE_LINES];
        add_text(s, answers ? ROLE_BY_MODEL : ROLE_REASONING, clean.data + r->start,
                 r->end - r->start);
    }
    buf_free(&clean);
}

/* The open work at index i behind the path. */
static void add_open(struct sheet *s, int64_t i, int width)
{
    struct model *model = s->model;
    struct timeline_line *line;

    if (model->open.open_call && i-- == 0) {
        line = add(s, LINE_CALL);
        line->call = &model->open.call;
        line->iteration = line->call->iteration;
        if (line->call->attempts > 1 || timeline_rows_is_open(s->rows, TIMELINE_CALL))
            add_attempts(s, line->call->call, 0);
        add_live(s, width);
        return;
    }
    if (i >= (int64_t)model->open.effect_count)
        return;
    line = add(s, LINE_EFFECT);
    line->effect = &model->open.effects[i];
    if (line->effect->attempts > 1)
        add_attempts(s, 0, line->effect->effect);
}

size_t timeline_rows_at(struct timeline_rows *rows, struct model *model, int64_t depth,
                        const struct node_row *node, struct timeline_line *out, int width)
{
    struct sheet s = {.rows = rows, .model = model, .lines = out};

    if (depth > model->path.depth)
        add_open(&s, depth - model->path.depth - 1, width);
    else
        add_row(&s, depth, node);
    for (size_t i = 0; i < s.count; i++)
        out[i].depth = depth;
    return s.count;
}

/* --- which depths there are ----------------------------------------------------------------------
 */

static bool shows(const struct timeline_rows *rows, const struct model *model, int64_t depth)
{
    const struct finder *only = rows->only;

    if (!only || !only->pattern || depth > model->path.depth)
        return true;
    for (size_t i = 0; i < only->count; i++)
        if (only->hits[i].depth == depth &&
            chain_path_has(&model->path, only->hits[i].segment, depth))
            return true;
    return false;
}

int64_t timeline_rows_from(const struct timeline_rows *rows, const struct model *model,
                           int64_t depth, int by)
{
    int64_t first = timeline_rows_first(model), last = timeline_rows_last(model);

    while (depth >= first && depth <= last && !shows(rows, model, depth))
        depth += by;
    return depth < first || depth > last ? -1 : depth;
}

/* One line, whatever the file says. */
static bool is_plain(const struct timeline_rows *rows, const struct model *model, int64_t depth)
{
    int64_t first, after;

    if (rows->opened_count > 0 || depth > model->path.depth)
        return false;
    for (size_t i = 0; i < model->segment_count; i++)
        if (timeline_rows_left(model, &model->segments[i], &first, &after) && after == depth)
            return false;
    return true;
}

int timeline_rows_count(struct timeline_rows *rows, struct model *model, int64_t depth)
{
    struct timeline_line lines[TIMELINE_LINES];

    if (is_plain(rows, model, depth))
        return 1;
    int count = (int)timeline_rows_at(rows, model, depth, NULL, lines, COUNT_WIDTH);
    return count > 0 ? count : 1;
}

void timeline_rows_unfold(struct timeline_rows *rows, const struct model *model)
{
    bool any = false;

    for (size_t i = rows->opened_count; i-- > 0;)
        if (rows->opened[i] < 0) {
            any = true;
            rows->opened[i] = rows->opened[--rows->opened_count];
        }
    for (size_t i = 0; !any && i < model->segment_count; i++) {
        int64_t first, after;

        if (timeline_rows_left(model, &model->segments[i], &first, &after))
            timeline_rows_toggle(rows, -model->segments[i].segment);
    }
}
