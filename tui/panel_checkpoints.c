/* SPDX-License-Identifier: MIT */
/*
 * Checkpoints as a tree, newest first: where the run can go back to, on which line, under what
 * name, and what touched the world on the way there. Where each stands is kept (thousands are some
 * kilobytes, and only new ones are read); the words are read for the rows on the screen.
 */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tui/checkpoint_tree.h"
#include "tui/checkpoints.h"
#include "tui/figure.h"
#include "tui/list.h"
#include "tui/model.h"
#include "tui/panel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BRANCH_MAX 64
#define PAGE       16384 /* places that one update reads */
#define CLOCK_FROM 40    /* columns from which there is room for the time of day */

struct checkpoints {
    struct panel panel;
    int64_t run;
    uint64_t version; /* of the model, when the tree was made */
    struct checkpoint_place *places;
    size_t place_count, place_cap;
    struct segment_place *segments;
    size_t segment_count, segment_cap;
    int64_t *folded; /* the first nodes of lines that are */
    size_t folded_count, folded_cap;
    struct tree_row *rows;
    struct list list;
    int64_t at; /* the selected node; 0 = where the head is, wherever it goes */
    struct arena branch_arena, page_arena;
    struct branch_row *branches;
    size_t branch_count;
    struct checkpoint_row *page; /* those on the screen; node 0 = could not be read */
    size_t page_top, page_count;
    bool stale; /* rows changed: the page is another */
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

    free(c->places);
    free(c->segments);
    free(c->folded);
    free(c->rows);
    arena_free(&c->branch_arena);
    arena_free(&c->page_arena);
    free(c);
}

/* --- what there is -------------------------------------------------------------------------------
 */

static void show_run(struct checkpoints *c, int64_t run)
{
    c->run = run;
    c->version = 0;
    c->at = 0;
    c->place_count = c->segment_count = c->folded_count = 0;
}

static void read_segments(struct checkpoints *c, struct model *model)
{
    struct segment_place *rows;
    struct arena arena = {0};
    size_t count = 0;

    do {
        int64_t after = c->segment_count > 0 ? c->segments[c->segment_count - 1].segment : 0;

        arena_clear(&arena);
        if (query_segment_places(model->query, &arena, c->run, after, PAGE, &rows, &count, NULL) <
            0)
            break; /* model_read says what is wrong with the file */
        for (size_t i = 0; i < count; i++) {
            c->segments =
                mem_room(c->segments, c->segment_count, &c->segment_cap, sizeof *c->segments);
            c->segments[c->segment_count++] = rows[i];
        }
    } while (count == PAGE);
    arena_free(&arena);
}

/* True when there are more than one update reads. */
static bool read_places(struct checkpoints *c, struct model *model)
{
    int64_t after = c->place_count > 0 ? c->places[c->place_count - 1].node : 0;
    struct checkpoint_place *rows;
    struct arena arena = {0};
    size_t count = 0;

    if (query_checkpoint_places(model->query, &arena, c->run, after, PAGE, &rows, &count, NULL) < 0)
        count = 0;
    for (size_t i = 0; i < count; i++) {
        c->places = mem_room(c->places, c->place_count, &c->place_cap, sizeof *c->places);
        c->places[c->place_count++] = rows[i];
    }
    arena_free(&arena);
    return count == PAGE;
}

static void read_branches(struct checkpoints *c, struct model *model)
{
    arena_clear(&c->branch_arena);
    if (query_branches(model->query, &c->branch_arena, c->run, 0, BRANCH_MAX, &c->branches,
                       &c->branch_count, NULL) < 0)
        c->branch_count = 0;
}

/* --- rows ----------------------------------------------------------------------------------------
 */

static size_t head_row(const struct checkpoints *c)
{
    for (size_t i = 0; i < c->list.count; i++)
        if (c->rows[i].head)
            return i;
    return 0;
}

static size_t row_of(const struct checkpoints *c, int64_t node)
{
    for (size_t i = 0; node && i < c->list.count; i++)
        if (c->rows[i].node == node)
            return i;
    return head_row(c);
}

static void choose(struct checkpoints *c, size_t row)
{
    list_choose(&c->list, row);
    c->at = c->list.count > 0 && !c->rows[c->list.at].head ? c->rows[c->list.at].node : 0;
}

static void make_tree(struct checkpoints *c, const struct model *model)
{
    const struct chain_path *path = &model->path;
    struct tree_head heads[BRANCH_MAX];
    size_t count = 0;

    for (size_t i = 0; i < c->branch_count; i++)
        if (!c->branches[i].active)
            heads[count++] = (struct tree_head){c->branches[i].segment, c->branches[i].depth};
    free(c->rows);
    size_t rows = checkpoint_tree(
        &c->rows,
        &(struct tree_source){
            .places = c->places,
            .place_count = c->place_count,
            .segments = c->segments,
            .segment_count = c->segment_count,
            .head = {path->count > 0 ? path->parts[path->count - 1].segment : 0, path->depth},
            .heads = heads,
            .head_count = count,
            .folded = c->folded,
            .folded_count = c->folded_count});
    list_fit(&c->list, rows, c->list.rows);
    choose(c, row_of(c, c->at));
    c->stale = true;
}

/* The words of the rows on the screen. */
static void read_page(struct checkpoints *c, struct model *model)
{
    size_t count = list_end(&c->list) - c->list.top;

    if (!c->stale && c->page_top == c->list.top && c->page_count == count)
        return;
    arena_clear(&c->page_arena);
    c->page = arena_array(&c->page_arena, count, sizeof *c->page);
    c->page_top = c->list.top;
    c->page_count = count;
    c->stale = false;
    for (size_t i = 0; i < count; i++)
        if (query_checkpoint(model->query, &c->page_arena, c->run, c->rows[c->page_top + i].node,
                             &c->page[i], NULL) < 0)
            c->page[i] = (struct checkpoint_row){0};
}

static void checkpoints_update(struct panel *panel, struct model *model, int w, int h)
{
    struct checkpoints *c = (struct checkpoints *)panel;

    (void)w;
    if (c->run != model->run)
        show_run(c, model->run);
    list_fit(&c->list, c->list.count, h);
    if (c->version != model->version || c->version == 0) {
        c->version = model->version;
        read_segments(c, model);
        read_branches(c, model);
        if (read_places(c, model)) {
            c->version = 0;
            model->unread = true;
        }
        make_tree(c, model);
    }
    read_page(c, model);
}

/* --- keys ----------------------------------------------------------------------------------------
 */

static unsigned selected(struct checkpoints *c, struct model *model)
{
    if (c->list.count == 0)
        return DID_NOTHING;
    choose(c, c->list.at);
    model->subject = (struct subject){SUBJECT_NODE, c->rows[c->list.at].node};
    model->subject_by = c;
    return DID_REDRAW | DID_SUBJECT;
}

static bool unfold(struct checkpoints *c, int64_t line)
{
    for (size_t i = 0; i < c->folded_count; i++)
        if (c->folded[i] == line) {
            c->folded[i] = c->folded[--c->folded_count];
            return true;
        }
    return false;
}

static void fold(struct checkpoints *c, int64_t line)
{
    c->folded = mem_room(c->folded, c->folded_count, &c->folded_cap, sizeof *c->folded);
    c->folded[c->folded_count++] = line;
}

static unsigned fold_or_open(struct checkpoints *c, struct model *model, bool close)
{
    const struct tree_row *row = c->list.count > 0 ? &c->rows[c->list.at] : NULL;

    if (!row || row->line == 0 || close == (row->folded > 0))
        return DID_NOTHING;
    c->at = row->line; /* it stands for the line, or is its first */
    if (close)
        fold(c, row->line);
    else
        (void)unfold(c, row->line);
    make_tree(c, model);
    return selected(c, model);
}

/* All lines that were left, or none. */
static unsigned fold_all(struct checkpoints *c, struct model *model)
{
    bool any = c->folded_count > 0;

    c->folded_count = 0;
    for (size_t i = 0; !any && i < c->list.count; i++)
        if (c->rows[i].joins && c->rows[i].lane == 1)
            fold(c, c->rows[i].line);
    make_tree(c, model);
    return selected(c, model);
}

static unsigned checkpoints_act(struct panel *panel, struct model *model, enum action_id action)
{
    struct checkpoints *c = (struct checkpoints *)panel;

    switch (action) {
    case ACTION_DOWN: list_move(&c->list, 1); break;
    case ACTION_UP: list_move(&c->list, -1); break;
    case ACTION_HALF_DOWN: list_page(&c->list, 1); break;
    case ACTION_HALF_UP: list_page(&c->list, -1); break;
    case ACTION_PAGE_DOWN: list_page(&c->list, 2); break;
    case ACTION_PAGE_UP: list_page(&c->list, -2); break;
    case ACTION_FIRST: list_first(&c->list); break;
    case ACTION_LAST: list_last(&c->list, false); break;
    case ACTION_LEFT: return fold_or_open(c, model, true);
    case ACTION_RIGHT: return fold_or_open(c, model, false);
    case ACTION_TREE: return fold_all(c, model);
    case ACTION_OPEN:
        if (c->list.count > 0 && c->rows[c->list.at].folded > 0)
            return fold_or_open(c, model, false);
        return c->list.count > 0 ? selected(c, model) | DID_OPEN : DID_NOTHING;
    default: return DID_NOT;
    }
    return selected(c, model);
}

int64_t checkpoints_node(const struct panel *panel)
{
    const struct checkpoints *c = (const struct checkpoints *)panel;

    return c->list.count > 0 ? c->rows[c->list.at].node : 0;
}

/* --- drawing -------------------------------------------------------------------------------------
 */

/* The name of the branch whose head is here; what is not stored as a checkpoint yet counts to the
   last one. */
static const char *branch_at(const struct checkpoints *c, const struct model *model,
                             const struct tree_row *row)
{
    if (row->head)
        return model->row.branch_name;
    for (size_t i = 0; i < c->branch_count; i++)
        if (!c->branches[i].active && c->branches[i].head == row->node)
            return c->branches[i].name;
    return NULL;
}

/* A word with its gap, where it fits whole. */
static void put_word(struct pen *pen, enum role role, const char *text)
{
    if (text_width(text, strlen(text)) < pen_left(pen))
        pen_printf(pen, role, "%s  ", text);
}

static void put_effects(struct pen *pen, const struct checkpoint_row *row)
{
    char more[32] = "", word[96];

    if (row->effects > 1)
        (void)str_format(more, sizeof more, " +%lld", (long long)row->effects - 1);
    (void)str_format(word, sizeof word, "⚠ %s%s", row->effect_tool, more);
    if (pen_left(pen) > 6)
        (void)pen_cut(pen, ROLE_EFFECT, word, pen_left(pen) - 1);
    pen_put(pen, ROLE_TEXT, "  ");
}

static void draw_words(struct pen *pen, const struct checkpoint_row *row, bool on)
{
    char messages[48];

    if (row->effects > 0)
        put_effects(pen, row);
    (void)str_format(messages, sizeof messages, "%lld message%s", (long long)row->messages,
                     row->messages == 1 ? "" : "s");
    if (row->messages > 0)
        put_word(pen, on ? ROLE_TEXT : ROLE_DIM, messages);
}

/* A column of its own at the right, where there is room for one. */
static void take_clock(struct pen *pen, int64_t us)
{
    struct pen right = *pen;
    char clock[FIGURE];

    if (pen->area.w < CLOCK_FROM)
        return;
    figure_clock(clock, us);
    (void)pen_right(&right, ROLE_DIM, clock);
    pen->area.w -= text_width(clock, strlen(clock)) + 1;
}

static void draw_row(struct pen *pen, const struct checkpoints *c, const struct model *model,
                     const struct tree_row *row, const struct checkpoint_row *words)
{
    const char *branch = branch_at(c, model, row);

    pen_put(pen, ROLE_TEXT, " ");
    checkpoint_tree_draw(row, pen);
    if (row->folded) {
        pen_printf(pen, ROLE_DIM, "%zu checkpoint%s %s", row->folded, row->folded == 1 ? "" : "s",
                   row->kept ? "folded" : "rolled back");
        return;
    }
    take_clock(pen, words->us);
    pen_printf(pen, row->kept ? ROLE_NUMBER : ROLE_DIM, "%-2lld ", (long long)words->iteration);
    if (branch)
        put_word(pen, ROLE_BRANCH, branch);
    if (words->label) {
        pen_put(pen, ROLE_LABEL, "«");
        put_line(pen, ROLE_LABEL, words->label, 20);
        pen_put(pen, ROLE_LABEL, "»  ");
    }
    draw_words(pen, words, row->kept);
}

static void checkpoints_draw(const struct panel *panel, const struct model *model,
                             struct grid *grid, struct rect rect, bool focused)
{
    const struct checkpoints *c = (const struct checkpoints *)panel;
    bool scrolls = c->list.count > c->page_count;
    struct pen pen = grid_pen(grid, (struct rect){rect.x, rect.y, rect.w - scrolls, rect.h});

    if (c->list.count == 0) {
        pen_at(&pen, 1, 0);
        pen_put(&pen, ROLE_DIM, model->run ? "The first comes with the first model call." : "");
        return;
    }
    for (size_t i = 0; i < c->page_count; i++) {
        const struct tree_row *row = &c->rows[c->page_top + i];

        pen_at(&pen, 0, (int)i);
        pen.attrs = row->head ? ATTR_BOLD : 0;
        struct pen line = pen;
        draw_row(&line, c, model, row, &c->page[i]);
        if (focused && c->page_top + i == c->list.at)
            grid_attrs(grid, (struct rect){rect.x, rect.y + (int)i, rect.w, 1}, ATTR_SELECTED);
    }
    list_bar(&c->list, grid, rect, ROLE_DIM);
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
