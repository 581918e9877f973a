/* SPDX-License-Identifier: MIT */
#include "tui/spark.h"

#include <math.h>
#include <string.h>

#include "core/base/buf.h"
#include "tests/suite.h"

static void expect(const struct grid *grid, const char *text)
{
    struct buf got;

    buf_init(&got, 4096);
    CU_ASSERT_EQUAL(grid_dump(grid, &got, false), 0);
    CU_ASSERT_STRING_EQUAL(got.data, text);
    buf_free(&got);
}

static void a_line_shows_the_last_values_against_the_largest(void)
{
    static const double values[] = {9, 0, 1, 2, 3, 4, 5, 6, 7};
    static const double gaps[] = {7, NAN, -1, INFINITY, 0};
    struct grid grid;

    grid_init(&grid, 12, 1);
    struct pen pen = grid_pen(&grid, grid_rect(&grid));
    spark_line(&pen, ROLE_SPARK, values, 9, 8, 0);
    expect(&grid, "▁▂▃▄▅▆▇█\n");
    grid_clear(&grid);
    pen_at(&pen, 0, 0);
    spark_line(&pen, ROLE_SPARK, values, 9, 3, 14); /* against what the caller says */
    expect(&grid, "▄▄▅\n");
    grid_clear(&grid);
    pen_at(&pen, 0, 0);
    spark_line(&pen, ROLE_SPARK, gaps, 5, 12, 0);
    expect(&grid, "█   ▁\n");
    grid_clear(&grid);
    pen_at(&pen, 0, 0);
    spark_line(&pen, ROLE_SPARK, values, 0, 8, 0);
    spark_line(&pen, ROLE_SPARK, values, 9, -1, 0);
    spark_line(&pen, ROLE_SPARK, (const double[]){0, 0}, 2, 8, 0);
    expect(&grid, "▁▁\n");
    grid_free(&grid);
}

static void a_gauge_is_never_full_nor_empty_too_early(void)
{
    static const struct {
        double part;
        const char *text;
    } cases[] = {{0, "░░░░░\n"},    {0.001, "▓░░░░\n"}, {0.5, "▓▓▓░░\n"},
                 {0.41, "▓▓░░░\n"}, {0.999, "▓▓▓▓░\n"}, {1, "▓▓▓▓▓\n"},
                 {7, "▓▓▓▓▓\n"},    {-1, "░░░░░\n"},    {NAN, "░░░░░\n"}};
    struct grid grid;

    grid_init(&grid, 8, 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pen pen = grid_pen(&grid, grid_rect(&grid));
        grid_clear(&grid);
        spark_gauge(&pen, cases[i].part, 5);
        expect(&grid, cases[i].text);
    }
    struct pen pen = grid_pen(&grid, grid_rect(&grid));
    grid_clear(&grid);
    spark_gauge(&pen, 0.5, 0);
    spark_gauge(&pen, 0.5, -3);
    expect(&grid, "\n");
    grid_free(&grid);
}

static void every_share_gets_a_cell_and_the_whole_is_shared_out(void)
{
    const struct spark_share shares[] = {{600, ROLE_STATE_MODEL, "█"},
                                         {300, ROLE_STATE_TOOL, "▒"},
                                         {0, ROLE_STATE_RETRY, "x"},
                                         {1, ROLE_STATE_PERSON, "?"}};
    struct grid grid;

    grid_init(&grid, 20, 1);
    struct pen pen = grid_pen(&grid, grid_rect(&grid));
    spark_strip(&pen, shares, 4, 10);
    expect(&grid, "██████▒▒▒?\n");
    grid_clear(&grid);
    pen_at(&pen, 0, 0);
    spark_strip(&pen, shares, 4, 2); /* the last finds no room */
    expect(&grid, "█▒\n");
    grid_clear(&grid);
    pen_at(&pen, 0, 0);
    spark_strip(&pen, shares, 0, 10);
    spark_strip(&pen, &shares[2], 1, 10);
    spark_strip(&pen, shares, 4, -1);
    expect(&grid, "\n");
    for (int columns = 0; columns <= 20; columns++) {
        grid_clear(&grid);
        pen_at(&pen, 0, 0);
        spark_strip(&pen, shares, 4, columns);
        CU_ASSERT_EQUAL(pen.x, columns);
    }
    grid_free(&grid);
}

static void without_unicode_the_shapes_remain(void)
{
    static const double values[] = {0, 1, 2, 3, 4, 5, 6, 7};
    struct grid grid;

    grid_init(&grid, 16, 1);
    grid.ascii = true;
    struct pen pen = grid_pen(&grid, grid_rect(&grid));
    spark_line(&pen, ROLE_SPARK, values, 8, 8, 0);
    spark_gauge(&pen, 0.4, 5);
    expect(&grid, "_.-=+*%#==...\n");
    grid_free(&grid);
}

const struct suite suite_spark = {
    "spark",
    (const struct test[]){
        {"a line shows the last values against the largest",
         a_line_shows_the_last_values_against_the_largest},
        {"a gauge is never full nor empty too early", a_gauge_is_never_full_nor_empty_too_early},
        {"every share gets a cell and the whole is shared out",
         every_share_gets_a_cell_and_the_whole_is_shared_out},
        {"without Unicode the shapes remain", without_unicode_the_shapes_remain},
        {NULL, NULL},
    },
};
