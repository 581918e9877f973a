/* SPDX-License-Identifier: MIT */
#include "tui/checkpoint_tree.h"

#include "core/base/mem.h"
#include "history/query_chain.h"

#include <stdlib.h>

#define NONE SIZE_MAX

/* A checkpoint among the others; all are numbers of places. */
struct knot {
    size_t parent;
    size_t along; /* the child that its line goes on with */
    size_t side;  /* the newest of the others … */
    size_t next;  /* … which each know the next older one */
    size_t size;  /* with all that came of it */
    bool active, kept;
};

struct forest {
    const struct tree_source *is;
    struct knot *knots;
    size_t *last; /* the newest place of each segment so far */
    size_t head;  /* NONE before the first */
    struct tree_row *rows;
    size_t count;
};

/* --- who came of whom ----------------------------------------------------------------------------
 */

static size_t find_segment(const struct tree_source *is, int64_t segment)
{
    size_t low = 0, high = is->segment_count;

    while (low < high) {
        size_t at = low + (high - low) / 2;

        if (is->segments[at].segment < segment)
            low = at + 1;
        else
            high = at;
    }
    return low < is->segment_count && is->segments[low].segment == segment ? low : NONE;
}

/* The last checkpoint at or before a depth of a segment, or of those it came from. */
static size_t last_before(const struct forest *f, size_t segment, int64_t depth)
{
    size_t at = NONE;

    while (segment != NONE && (at = f->last[segment]) == NONE) {
        const struct segment_place *row = &f->is->segments[segment];

        depth = row->first - 1 < depth ? row->first - 1 : depth;
        segment = row->parent ? find_segment(f->is, row->parent) : NONE;
    }
    while (at != NONE && f->is->places[at].depth > depth)
        at = f->knots[at].parent;
    return at;
}

/* In order of creation: whatever it came from is known already. */
static void find_parents(struct forest *f)
{
    for (size_t i = 0; i < f->is->place_count; i++) {
        const struct checkpoint_place *place = &f->is->places[i];
        size_t segment = find_segment(f->is, place->segment);

        f->knots[i] = (struct knot){NONE, NONE, NONE, NONE, 1, false, false};
        if (segment == NONE)
            continue;
        f->knots[i].parent = last_before(f, segment, place->depth - 1);
        f->last[segment] = i;
    }
    for (size_t i = f->is->place_count; i-- > 0;)
        if (f->knots[i].parent != NONE)
            f->knots[f->knots[i].parent].size += f->knots[i].size;
}

static void mark_heads(struct forest *f)
{
    const struct tree_source *is = f->is;

    f->head = last_before(f, find_segment(is, is->head.segment), is->head.depth);
    for (size_t at = f->head; at != NONE; at = f->knots[at].parent)
        f->knots[at].active = f->knots[at].kept = true;
    for (size_t i = 0; i < is->head_count; i++) {
        size_t at = last_before(f, find_segment(is, is->heads[i].segment), is->heads[i].depth);

        for (; at != NONE && !f->knots[at].kept; at = f->knots[at].parent)
            f->knots[at].kept = true;
    }
}

/* What a line goes on with: the way to the head, or else what followed at once. */
static bool goes_on(const struct forest *f, size_t parent, size_t child)
{
    const struct checkpoint_place *places = f->is->places;

    if (f->knots[parent].active)
        return f->knots[child].active;
    return f->knots[parent].along == NONE || places[parent].segment == places[child].segment;
}

static void find_lines(struct forest *f)
{
    for (size_t i = 0; i < f->is->place_count; i++) {
        size_t parent = f->knots[i].parent;

        if (parent != NONE && goes_on(f, parent, i))
            f->knots[parent].along = i;
    }
    for (size_t i = 0; i < f->is->place_count; i++) {
        size_t parent = f->knots[i].parent;

        if (parent == NONE || f->knots[parent].along == i)
            continue;
        f->knots[i].next = f->knots[parent].side;
        f->knots[parent].side = i;
    }
}

/* --- rows ----------------------------------------------------------------------------------------
 */

static bool is_folded(const struct forest *f, int64_t line)
{
    for (size_t i = 0; i < f->is->folded_count; i++)
        if (f->is->folded[i] == line)
            return true;
    return false;
}

static struct tree_row *add_row(struct forest *f, size_t at, const struct tree_row *like)
{
    struct tree_row *row = &f->rows[f->count++];

    *row = *like;
    row->node = f->is->places[at].node;
    row->active = f->knots[at].active;
    row->kept = f->knots[at].kept;
    row->head = at == f->head;
    return row;
}

static void add_line(struct forest *f, size_t first, const struct tree_row *like);

static void add_sides(struct forest *f, size_t at, const struct tree_row *line, bool goes_on)
{
    for (size_t side = f->knots[at].side; side != NONE; side = f->knots[side].next) {
        struct tree_row like = {.line = f->is->places[side].node, .through = line->through};

        like.lane = line->lane + (line->lane < CHECKPOINT_LANES);
        if (goes_on)
            like.through |= UINT32_C(1) << line->lane;
        add_line(f, side, &like);
        goes_on = true; /* the line of the one above comes down to its own */
    }
}

/* A line from its tip down to its first. */
static void add_line(struct forest *f, size_t first, const struct tree_row *like)
{
    size_t tip = first;

    if (like->lane > 0 && is_folded(f, like->line)) {
        struct tree_row *row = add_row(f, first, like);

        row->folded = f->knots[first].size;
        row->joins = true;
        return;
    }
    while (f->knots[tip].along != NONE)
        tip = f->knots[tip].along;
    for (size_t at = tip;; at = f->knots[at].parent) {
        add_sides(f, at, like, at != tip);
        struct tree_row *row = add_row(f, at, like);
        row->joins = at == first && like->lane > 0;
        if (at == first)
            break;
    }
}

size_t checkpoint_tree(struct tree_row **rows, const struct tree_source *source)
{
    struct forest f = {.is = source};
    const struct tree_row root = {.line = 0};

    f.knots = mem_array(source->place_count, sizeof *f.knots);
    f.rows = mem_array(source->place_count, sizeof *f.rows);
    f.last = mem_array(source->segment_count, sizeof *f.last);
    for (size_t i = 0; i < source->segment_count; i++)
        f.last[i] = NONE;
    find_parents(&f);
    mark_heads(&f);
    find_lines(&f);
    for (size_t i = source->place_count; i-- > 0;)
        if (f.knots[i].parent == NONE)
            add_line(&f, i, &root);
    free(f.last);
    free(f.knots);
    *rows = f.rows;
    return f.count;
}

/* --- drawing -------------------------------------------------------------------------------------
 */

void checkpoint_tree_draw(const struct tree_row *row, struct pen *pen)
{
    enum role role = row->kept ? ROLE_BRANCH : ROLE_DIM;

    for (int lane = 0; lane < row->lane; lane++) {
        bool through = row->through >> lane & 1;

        if (row->joins && lane + 1 == row->lane)
            pen_put(pen, role, through ? "├─" : "┌─");
        else
            pen_put(pen, lane == 0 ? ROLE_BRANCH : ROLE_DIM, through ? "│ " : "  ");
    }
    pen_put(pen, role, row->folded ? "▸ " : row->head ? "● " : row->kept ? "○ " : "◌ ");
}
