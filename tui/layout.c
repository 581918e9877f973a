/* SPDX-License-Identifier: MIT */
#include "tui/layout.h"

#include <stdio.h>
#include <string.h>

/* Columns and rows (of the panels' area, borders included) from which a shape is worth it. */
#define FOUR_W  64
#define FOUR_H  12
#define FIVE_W  100
#define FIVE_H  28
#define WIDE_W  160
#define STRIP_H 10 /* rows of the screen from which the state strip has a place */
#define FRAME_H 5  /* rows of the area from which borders are worth their two */

static int clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

static struct rect row_at(int y, int h, int w)
{
    return (struct rect){0, y, w, h};
}

/* Cuts the screen's fixed rows off; returns what is left for panels. */
static struct rect take_rows(struct layout *l, const struct layout_options *o)
{
    int top = 1, bottom = o->h - 1;
    int most = o->h / 3 > 1 ? o->h / 3 : 1;
    int prompt = clamp(o->prompt_rows, 0, most);

    l->header = row_at(0, 1, o->w);
    l->strip = row_at(1, o->h >= STRIP_H, o->w);
    top += l->strip.h;
    l->hint = row_at(bottom, 1, o->w);
    bottom -= prompt;
    l->prompt = row_at(bottom, prompt, o->w);
    return row_at(top, bottom - top, o->w);
}

static enum layout_shape shape_of(const struct layout_options *o, struct rect area)
{
    if (o->enlarged || area.w < FOUR_W || area.h < FOUR_H)
        return LAYOUT_ONE;
    if (area.w >= WIDE_W && area.h >= FIVE_H)
        return LAYOUT_WIDE;
    if (area.w >= FIVE_W && area.h >= FIVE_H)
        return LAYOUT_FIVE;
    return o->focus == LAYOUT_RUNS ? LAYOUT_ONE : LAYOUT_FOUR;
}

/* Parts of one column, from the top; the first takes what the others leave. They share borders. */
static void stack(struct layout *l, struct rect column, const enum layout_panel *panels,
                  const int *heights, int count)
{
    int rest = column.h, y = column.y;

    for (int i = 1; i < count; i++)
        rest -= heights[i] - 1;
    for (int i = 0; i < count; i++) {
        int h = i == 0 ? rest : heights[i];
        l->frame[panels[i]] = (struct rect){column.x, y, column.w, h};
        y += h - 1;
    }
}

/* The column from x to the next one's border, which is its own too. */
static struct rect column_of(struct rect area, int x, int next)
{
    return (struct rect){area.x + x, area.y, next - x + 1, area.h};
}

static void make_four(struct layout *l, struct rect area)
{
    const enum layout_panel left[] = {LAYOUT_TIMELINE, LAYOUT_CHECKPOINTS};
    const enum layout_panel right[] = {LAYOUT_DETAIL, LAYOUT_HEALTH};
    const int heights[] = {0, clamp(area.h / 4, 4, 10) + 2};
    int middle = area.w * 19 / 40 - 1;

    stack(l, column_of(area, 0, middle), left, heights, 2);
    stack(l, column_of(area, middle, area.w - 1), right, heights, 2);
}

static void make_five(struct layout *l, struct rect area)
{
    const enum layout_panel left[] = {LAYOUT_TIMELINE, LAYOUT_CHECKPOINTS, LAYOUT_RUNS};
    const enum layout_panel right[] = {LAYOUT_DETAIL, LAYOUT_HEALTH};
    const int runs = clamp(area.h / 6, 4, 10) + 2, checkpoints = clamp(area.h / 5, 5, 12) + 2;
    const int left_heights[] = {0, checkpoints, runs},
              right_heights[] = {0, checkpoints + runs - 1};
    int middle = area.w * 2 / 5;

    stack(l, column_of(area, 0, middle), left, left_heights, 3);
    stack(l, column_of(area, middle, area.w - 1), right, right_heights, 2);
}

static void make_wide(struct layout *l, struct rect area)
{
    const enum layout_panel left[] = {LAYOUT_TIMELINE}, middle[] = {LAYOUT_DETAIL};
    const enum layout_panel right[] = {LAYOUT_CHECKPOINTS, LAYOUT_HEALTH, LAYOUT_RUNS};
    const int heights[] = {0, clamp(area.h / 4, 8, 14) + 2, clamp(area.h / 4, 6, 16) + 2};
    int first = clamp(area.w * 3 / 10, 48, 80), second = area.w - clamp(area.w / 4, 44, 64);

    stack(l, column_of(area, 0, first), left, heights, 1);
    stack(l, column_of(area, first, second), middle, heights, 1);
    stack(l, column_of(area, second, area.w - 1), right, heights, 3);
}

struct layout layout_make(const struct layout_options *o)
{
    struct layout l = {.focus = o->focus};

    if (o->w < LAYOUT_MIN_W || o->h < LAYOUT_MIN_H)
        return l;
    struct rect area = take_rows(&l, o);
    l.shape = shape_of(o, area);
    l.bordered = area.h >= FRAME_H;
    switch (l.shape) {
    case LAYOUT_FOUR: make_four(&l, area); break;
    case LAYOUT_FIVE: make_five(&l, area); break;
    case LAYOUT_WIDE: make_wide(&l, area); break;
    default: l.frame[o->focus] = area;
    }
    for (int i = 0; i < LAYOUT_PANELS; i++)
        l.inside[i] = l.bordered ? rect_inner(l.frame[i]) : l.frame[i];
    return l;
}

bool layout_shows(const struct layout *layout, enum layout_panel panel)
{
    return layout->frame[panel].h > 0;
}

enum layout_panel layout_at(const struct layout *layout, int x, int y)
{
    for (enum layout_panel panel = 0; panel < LAYOUT_PANELS; panel++)
        if (rect_has(layout->inside[panel], x, y))
            return panel;
    for (enum layout_panel panel = 0; panel < LAYOUT_PANELS; panel++)
        if (rect_has(layout->frame[panel], x, y))
            return panel;
    return LAYOUT_PANELS;
}

static void draw_too_small(struct grid *grid)
{
    char need[32];
    struct rect all = grid_rect(grid);
    struct rect box = rect_center(all, 9, 2);
    struct pen pen = grid_pen(grid, box);

    snprintf(need, sizeof need, "need %dx%d", LAYOUT_MIN_W, LAYOUT_MIN_H);
    pen_cut(&pen, ROLE_WARN, "too small", box.w);
    pen_at(&pen, 0, 1);
    pen_cut(&pen, ROLE_DIM, need, box.w);
}

/* Where only one panel shows, the others are said to be there: by their numbers. */
static int draw_others(struct pen *pen, enum layout_panel focus)
{
    int width = 2 * LAYOUT_PANELS - 1, start = pen->area.w - width;

    if (start <= pen->x + 1)
        return 0;
    pen_at(pen, start, 0);
    for (int i = 0; i < LAYOUT_PANELS; i++) {
        pen_printf(pen, (enum layout_panel)i == focus ? ROLE_TITLE_FOCUS : ROLE_DIM, "%d", i + 1);
        pen->x++;
    }
    return width + 1;
}

static void draw_border(const struct layout *l, enum layout_panel panel, struct grid *grid)
{
    grid_box(grid, l->frame[panel], panel == l->focus ? ROLE_BORDER_FOCUS : ROLE_BORDER);
}

static void draw_title(const struct layout *l, enum layout_panel panel,
                       const struct layout_title *title, struct grid *grid)
{
    bool focused = panel == l->focus;
    struct rect frame = l->frame[panel];
    struct pen pen = grid_pen(grid, (struct rect){frame.x + 1, frame.y, frame.w - 2, 1});

    if (frame.h == 0)
        return;
    pen_printf(&pen, focused ? ROLE_TITLE_FOCUS : ROLE_TITLE, "%d %s", (int)panel + 1, title->name);
    int end = pen.x, taken = l->shape == LAYOUT_ONE ? draw_others(&pen, panel) : 0;
    if (!title->note || !*title->note)
        return;
    int start = pen.area.w - taken - text_width(title->note, strlen(title->note)) - 1;
    if (start <= end)
        return;
    pen_at(&pen, start, 0);
    pen_put(&pen, focused ? ROLE_TITLE_FOCUS : ROLE_DIM, title->note);
}

void layout_draw(const struct layout *layout, const struct layout_title titles[LAYOUT_PANELS],
                 struct grid *grid)
{
    if (layout->shape == LAYOUT_TOO_SMALL) {
        draw_too_small(grid);
        return;
    }
    if (!layout->bordered)
        return;
    for (enum layout_panel panel = 0; panel < LAYOUT_PANELS; panel++)
        draw_border(layout, panel, grid);
    draw_border(layout, layout->focus, grid); /* over its neighbours' */
    for (enum layout_panel panel = 0; panel < LAYOUT_PANELS; panel++)
        draw_title(layout, panel, &titles[panel], grid);
}
