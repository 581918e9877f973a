/* SPDX-License-Identifier: MIT */
#include "tui/grid.h"

#include <string.h>

#include "core/base/buf.h"
#include "tests/suite.h"

static struct buf dump(const struct grid *grid, bool with_roles)
{
    struct buf out;

    buf_init(&out, 1 << 16);
    CU_ASSERT_EQUAL(grid_dump(grid, &out, with_roles), 0);
    return out;
}

static void expect(const struct grid *grid, bool with_roles, const char *text)
{
    struct buf got = dump(grid, with_roles);

    CU_ASSERT_STRING_EQUAL(got.data, text);
    if (strcmp(got.data, text) != 0)
        printf("%s", got.data);
    buf_free(&got);
}

static void text_lands_where_the_pen_is(void)
{
    struct grid grid;

    grid_init(&grid, 10, 3);
    struct pen pen = grid_pen(&grid, (struct rect){1, 1, 8, 2});
    CU_ASSERT_EQUAL(pen_put(&pen, ROLE_TEXT, "ab"), 2);
    CU_ASSERT_EQUAL(pen_put(&pen, ROLE_OK, "中"), 2);
    pen_at(&pen, 0, 1);
    CU_ASSERT_EQUAL(pen_printf(&pen, ROLE_ERROR, "%d%%", 41), 3);
    CU_ASSERT_EQUAL(pen_left(&pen), 5);
    pen_right(&pen, ROLE_DIM, "end");
    expect(&grid, false, "\n ab中\n 41%  end\n");
    expect(&grid, true, "\n ab{ok}中\n {error}41%{text}  {dim}end\n");
    grid_free(&grid);
}

static void nothing_leaves_its_area(void)
{
    struct grid grid;

    grid_init(&grid, 8, 3);
    for (int y = -2; y < 6; y++)
        for (int x = -12; x < 12; x++) {
            struct pen pen = grid_pen(&grid, (struct rect){2, 1, 4, 1});
            pen_at(&pen, x, y);
            pen_put(&pen, ROLE_TEXT, "中a\tb中文");
        }
    struct pen pen = grid_pen(&grid, (struct rect){2, 1, 4, 1});
    pen_put(&pen, ROLE_TEXT, "abcdefgh");
    expect(&grid, false, "\n  abcd\n\n");
    pen = grid_pen(&grid, (struct rect){6, 1, 100, 100}); /* an area beyond the grid */
    pen_put(&pen, ROLE_TEXT, "xyz");
    expect(&grid, false, "\n  abcdxy\n\n");
    grid_free(&grid);
}

static void a_wide_character_is_never_split(void)
{
    struct grid grid;

    grid_init(&grid, 6, 1);
    struct pen pen = grid_pen(&grid, grid_rect(&grid));
    pen_put(&pen, ROLE_TEXT, "中文字");
    expect(&grid, false, "中文字\n");
    pen_at(&pen, 1, 0); /* over the right half of one */
    pen_put(&pen, ROLE_TEXT, "x");
    expect(&grid, false, " x文字\n");
    pen_at(&pen, 2, 0); /* over the left half */
    pen_put(&pen, ROLE_TEXT, "y");
    expect(&grid, false, " xy 字\n");
    pen_at(&pen, 3, 0); /* wide over a blank and half of another */
    pen_put(&pen, ROLE_TEXT, "中");
    expect(&grid, false, " xy中\n");
    grid_clear(&grid);
    pen_at(&pen, 5, 0); /* half of it would stand outside */
    pen_put(&pen, ROLE_TEXT, "中");
    pen_at(&pen, -1, 0);
    pen_put(&pen, ROLE_TEXT, "中b");
    expect(&grid, false, " b\n");
    grid_free(&grid);
}

static void tabs_go_to_stops_counted_from_the_text(void)
{
    struct grid grid;

    grid_init(&grid, 24, 1);
    struct pen pen = grid_pen(&grid, grid_rect(&grid));
    pen_at(&pen, 3, 0);
    CU_ASSERT_EQUAL(pen_put(&pen, ROLE_TEXT, "a\tb"), 9);
    expect(&grid, false, "   a       b\n");
    grid_free(&grid);
}

static void a_newline_ends_what_a_pen_puts(void)
{
    struct grid grid;

    grid_init(&grid, 8, 2);
    struct pen pen = grid_pen(&grid, grid_rect(&grid));
    CU_ASSERT_EQUAL(pen_put(&pen, ROLE_TEXT, "one\ntwo"), 3);
    expect(&grid, false, "one\n\n");
    grid_free(&grid);
}

static void a_long_text_is_cut_with_an_ellipsis(void)
{
    struct grid grid;

    grid_init(&grid, 12, 1);
    struct pen pen = grid_pen(&grid, grid_rect(&grid));
    CU_ASSERT_EQUAL(pen_cut(&pen, ROLE_TEXT, "abcdef", 4), 4);
    CU_ASSERT_EQUAL(pen_cut(&pen, ROLE_TEXT, "中文字", 4), 3);
    CU_ASSERT_EQUAL(pen_cut(&pen, ROLE_TEXT, "xy", 2), 2);
    CU_ASSERT_EQUAL(pen_cut(&pen, ROLE_TEXT, "xy", 0), 0);
    expect(&grid, false, "abc…中…xy\n");
    grid_free(&grid);
}

static void boxes_that_meet_join(void)
{
    struct grid grid;

    grid_init(&grid, 9, 5);
    grid_box(&grid, (struct rect){0, 0, 5, 3}, ROLE_BORDER);
    grid_box(&grid, (struct rect){4, 0, 5, 5}, ROLE_BORDER);
    grid_box(&grid, (struct rect){0, 2, 5, 3}, ROLE_BORDER_FOCUS);
    expect(&grid, false,
           "┌───┬───┐\n"
           "│   │   │\n"
           "├───┤   │\n"
           "│   │   │\n"
           "└───┴───┘\n");
    grid_box(&grid, (struct rect){-3, -3, 5, 5}, ROLE_BORDER); /* partly outside */
    grid_box(&grid, (struct rect){0, 0, 1, 5}, ROLE_BORDER);   /* no box at all */
    grid_free(&grid);
}

static void without_unicode_stand_ins_keep_the_shape(void)
{
    struct grid grid;

    grid_init(&grid, 12, 3);
    grid.ascii = true;
    grid_box(&grid, (struct rect){0, 0, 6, 3}, ROLE_BORDER);
    grid_box(&grid, (struct rect){5, 0, 7, 3}, ROLE_BORDER);
    struct pen pen = grid_pen(&grid, (struct rect){1, 1, 10, 1});
    pen_put(&pen, ROLE_TEXT, "é●…");
    pen_at(&pen, 5, 0);
    pen_put(&pen, ROLE_TEXT, "▸中█");
    expect(&grid, false,
           "+----+-----+\n"
           "|e*~ |>??# |\n"
           "+----+-----+\n");
    grid_free(&grid);
    CU_ASSERT_EQUAL(grid_stand_in("a", 1), 'a');
    CU_ASSERT_EQUAL(grid_stand_in("ü", 2), 'u');
    CU_ASSERT_EQUAL(grid_stand_in("字", 3), '?');
    CU_ASSERT_EQUAL(grid_stand_in("┼", 3), '+');
}

static void attributes_lie_over_what_is_there(void)
{
    struct grid grid;

    grid_init(&grid, 4, 1);
    struct pen pen = grid_pen(&grid, grid_rect(&grid));
    pen.attrs = ATTR_BOLD;
    pen_put(&pen, ROLE_OK, "ab");
    grid_attrs(&grid, (struct rect){1, 0, 9, 9}, ATTR_SELECTED);
    expect(&grid, true, "{ok+b}a{ok+bs}b{text+s}  \n");
    grid_free(&grid);
}

static void any_size_is_a_size(void)
{
    static const int sizes[][2] = {{0, 0}, {1, 1}, {1, 200}, {200, 1}, {-3, 5}, {100000, 2}};
    struct grid grid;

    grid_init(&grid, 3, 3);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        grid_resize(&grid, sizes[i][0], sizes[i][1]);
        CU_ASSERT(grid.w >= 0 && grid.w <= GRID_MAX_W && grid.h >= 0 && grid.h <= GRID_MAX_H);
        grid_fill(&grid, (struct rect){-5, -5, 1000, 1000}, ROLE_DIALOG);
        grid_box(&grid, grid_rect(&grid), ROLE_BORDER);
        struct pen pen = grid_pen(&grid, rect_inner(grid_rect(&grid)));
        pen_put(&pen, ROLE_TEXT, "中文 text");
        grid_cursor(&grid, 5, 5);
        CU_ASSERT_EQUAL(grid.cursor, grid.w > 5 && grid.h > 5);
        struct buf out = dump(&grid, true);
        buf_free(&out);
    }
    grid_free(&grid);
}

static void a_control_never_becomes_a_glyph(void)
{
    struct grid grid;
    char text[] = "a?b";

    grid_init(&grid, 8, 1);
    for (int c = 1; c < 32; c++) {
        struct pen pen = grid_pen(&grid, grid_rect(&grid));
        text[1] = (char)c;
        pen_put(&pen, ROLE_TEXT, text);
        for (int x = 0; x < grid.w; x++)
            CU_ASSERT((unsigned char)grid_cell(&grid, x, 0)->glyph[0] >= ' ');
    }
    grid_free(&grid);
}

static void rectangles_meet_as_rectangles_do(void)
{
    struct rect a = {0, 0, 10, 10}, b = {5, 8, 10, 10}, c = {20, 20, 5, 5};
    struct rect cut = rect_cut(a, b), none = rect_cut(a, c), mid = rect_center(a, 4, 20);

    CU_ASSERT(cut.x == 5 && cut.y == 8 && cut.w == 5 && cut.h == 2);
    CU_ASSERT(none.w == 0 && none.h == 0);
    CU_ASSERT(mid.x == 3 && mid.y == 0 && mid.w == 4 && mid.h == 10);
    CU_ASSERT(rect_has(b, 5, 8) && !rect_has(b, 15, 8));
    CU_ASSERT_EQUAL(rect_inner((struct rect){0, 0, 1, 1}).w, 0);
}

static void roles_have_unique_names_and_a_purpose(void)
{
    enum role found;

    for (enum role role = 0; role < ROLE_COUNT; role++) {
        CU_ASSERT_EQUAL(role_find(&found, role_name(role)), 0);
        CU_ASSERT_EQUAL(found, role);
        CU_ASSERT(strlen(role_help(role)) > 5);
    }
    CU_ASSERT(role_find(&found, "bordr") < 0);
    CU_ASSERT_STRING_EQUAL(role_nearest("bordr"), "border");
}

const struct suite suite_grid = {
    "grid",
    (const struct test[]){
        {"text lands where the pen is", text_lands_where_the_pen_is},
        {"nothing leaves its area", nothing_leaves_its_area},
        {"a wide character is never split", a_wide_character_is_never_split},
        {"tabs go to stops counted from the text", tabs_go_to_stops_counted_from_the_text},
        {"a newline ends what a pen puts", a_newline_ends_what_a_pen_puts},
        {"a long text is cut with an ellipsis", a_long_text_is_cut_with_an_ellipsis},
        {"boxes that meet join", boxes_that_meet_join},
        {"without Unicode stand-ins keep the shape", without_unicode_stand_ins_keep_the_shape},
        {"attributes lie over what is there", attributes_lie_over_what_is_there},
        {"any size is a size", any_size_is_a_size},
        {"a control never becomes a glyph", a_control_never_becomes_a_glyph},
        {"rectangles meet as rectangles do", rectangles_meet_as_rectangles_do},
        {"roles have unique names and a purpose", roles_have_unique_names_and_a_purpose},
        {NULL, NULL},
    },
};
