/* SPDX-License-Identifier: MIT */
#include "tui/layout.h"

#include <stdio.h>
#include <string.h>

#include "tests/suite.h"
#include "tests/support/golden.h"

static const struct layout_title titles[LAYOUT_PANELS] = {
    {"Timeline", "9/40"}, {"Detail", NULL}, {"Checkpoints", ""}, {"Health", "n31"}, {"Runs", "12"}};

/* Every row that is there, with its name, and every panel with the size of its inside. */
static void draw(const struct layout *l, struct grid *grid)
{
    const struct {
        struct rect rect;
        const char *name;
    } rows[] = {
        {l->header, " header"}, {l->strip, " strip"}, {l->prompt, "> prompt"}, {l->hint, " hint"}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pen pen = grid_pen(grid, rows[i].rect);
        pen_put(&pen, ROLE_TEXT, rows[i].name);
        pen_repeat(&pen, ROLE_TEXT, ".", pen_left(&pen));
    }
    for (int i = 0; i < LAYOUT_PANELS; i++) {
        struct pen pen = grid_pen(grid, l->inside[i]);
        pen_printf(&pen, ROLE_TEXT, "%dx%d", l->inside[i].w, l->inside[i].h);
    }
    layout_draw(l, titles, grid);
}

struct scene {
    const char *name;
    struct layout_options options;
};

static const struct scene scenes[] = {
    {"80x24", {.w = 80, .h = 24}},
    {"80x24-health", {.w = 80, .h = 24, .focus = LAYOUT_HEALTH}},
    {"80x24-runs", {.w = 80, .h = 24, .focus = LAYOUT_RUNS}},
    {"80x24-enlarged", {.w = 80, .h = 24, .focus = LAYOUT_DETAIL, .enlarged = true}},
    {"80x24-prompt", {.w = 80, .h = 24, .prompt_rows = 3}},
    {"120x36", {.w = 120, .h = 36, .focus = LAYOUT_DETAIL}},
    {"200x60", {.w = 200, .h = 60, .focus = LAYOUT_RUNS}},
    {"40x10", {.w = 40, .h = 10, .focus = LAYOUT_CHECKPOINTS}},
    {"20x5", {.w = 20, .h = 5}},
    {"20x5-prompt", {.w = 20, .h = 5, .prompt_rows = 4}},
    {"19x5", {.w = 19, .h = 5}},
};

static void screens_look_as_they_were_accepted(void)
{
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
        struct layout l = layout_make(&scenes[i].options);
        struct grid grid;
        char path[128];
        snprintf(path, sizeof path, "tests/data/layout/%s.txt", scenes[i].name);
        grid_init(&grid, scenes[i].options.w, scenes[i].options.h);
        draw(&l, &grid);
        golden_grid(path, &grid);
        grid_free(&grid);
    }
}

static bool inside_screen(struct rect r, int w, int h)
{
    return r.x >= 0 && r.y >= 0 && r.w >= 0 && r.h >= 0 && r.x + r.w <= w && r.y + r.h <= h;
}

/* What is drawn without a border must not lie over anything else. */
static bool apart(struct rect a, struct rect b)
{
    struct rect both = rect_cut(a, b);

    return both.w == 0 || both.h == 0;
}

static void check(const struct layout_options *o)
{
    struct layout l = layout_make(o);
    const struct rect rows[] = {l.header, l.strip, l.prompt, l.hint};
    struct rect all[LAYOUT_PANELS + 4];
    size_t count = 0;

    for (size_t i = 0; i < 4; i++)
        all[count++] = rows[i];
    for (int i = 0; i < LAYOUT_PANELS; i++) {
        CU_ASSERT(inside_screen(l.frame[i], o->w, o->h));
        all[count++] = l.inside[i];
    }
    for (size_t i = 0; i < count; i++) {
        CU_ASSERT(inside_screen(all[i], o->w, o->h));
        for (size_t k = 0; k < i; k++)
            CU_ASSERT(apart(all[i], all[k]));
    }
    if (l.shape == LAYOUT_TOO_SMALL)
        return;
    CU_ASSERT(layout_shows(&l, o->focus));
    CU_ASSERT(l.inside[o->focus].h >= 1 && l.inside[o->focus].w >= 18);
    CU_ASSERT(l.header.h == 1 && l.hint.h == 1);
    CU_ASSERT((l.prompt.h > 0) == (o->prompt_rows > 0));
}

static void U01_at_any_size_nothing_overlaps_and_the_focus_shows(void)
{
    struct layout_options o = {0};
    struct grid grid;

    grid_init(&grid, 0, 0);
    for (o.h = 0; o.h <= 70; o.h++)
        for (o.w = 0; o.w <= 240; o.w += o.w < 30 ? 1 : 7)
            for (o.focus = 0; o.focus < LAYOUT_PANELS; o.focus++) {
                o.enlarged = (o.w + o.h) % 5 == 0;
                o.prompt_rows = (o.w + o.h) % 4 ? 0 : o.h % 9;
                check(&o);
                if (o.focus != LAYOUT_TIMELINE)
                    continue;
                struct layout l = layout_make(&o);
                grid_resize(&grid, o.w, o.h);
                draw(&l, &grid);
            }
    grid_free(&grid);
}

static void wide_screens_show_more(void)
{
    static const struct {
        int w, h;
        enum layout_shape shape;
        int panels;
    } cases[] = {{19, 50, LAYOUT_TOO_SMALL, 0}, {100, 4, LAYOUT_TOO_SMALL, 0},
                 {20, 5, LAYOUT_ONE, 1},        {63, 24, LAYOUT_ONE, 1},
                 {80, 14, LAYOUT_ONE, 1},       {80, 24, LAYOUT_FOUR, 4},
                 {120, 30, LAYOUT_FOUR, 4},     {120, 36, LAYOUT_FIVE, 5},
                 {200, 60, LAYOUT_WIDE, 5},     {400, 20, LAYOUT_FOUR, 4}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct layout_options o = {.w = cases[i].w, .h = cases[i].h};
        struct layout l = layout_make(&o);
        int panels = 0;
        for (enum layout_panel panel = 0; panel < LAYOUT_PANELS; panel++)
            panels += layout_shows(&l, panel);
        CU_ASSERT_EQUAL(l.shape, cases[i].shape);
        CU_ASSERT_EQUAL(panels, cases[i].panels);
    }
}

static void the_mouse_finds_its_panel(void)
{
    struct layout_options o = {.w = 80, .h = 24};
    struct layout l = layout_make(&o);

    for (enum layout_panel panel = 0; panel < LAYOUT_RUNS; panel++) {
        struct rect r = l.inside[panel];
        CU_ASSERT_EQUAL(layout_at(&l, r.x, r.y), panel);
        CU_ASSERT_EQUAL(layout_at(&l, r.x + r.w - 1, r.y + r.h - 1), panel);
    }
    CU_ASSERT_EQUAL(layout_at(&l, 0, 0), LAYOUT_PANELS);
    CU_ASSERT_EQUAL(layout_at(&l, 5, 2), LAYOUT_TIMELINE); /* its border */
}

const struct suite suite_layout = {
    "layout",
    (const struct test[]){
        {"screens look as they were accepted", screens_look_as_they_were_accepted},
        {"U01 at any size nothing overlaps and the focus shows",
         U01_at_any_size_nothing_overlaps_and_the_focus_shows},
        {"wide screens show more", wide_screens_show_more},
        {"the mouse finds its panel", the_mouse_finds_its_panel},
        {NULL, NULL},
    },
};
