/* SPDX-License-Identifier: MIT */
#include "tui/list.h"

#include <limits.h>

#include "core/base/buf.h"
#include "tests/suite.h"

/* What must hold after anything: the chosen row exists and is in sight, the view has no gap. */
static void check(const struct list *l)
{
    size_t rows = l->rows > 0 ? (size_t)l->rows : 0;

    CU_ASSERT(l->count == 0 ? l->at == 0 : l->at < l->count);
    CU_ASSERT(l->top == 0 || l->top + rows <= l->count);
    CU_ASSERT(rows == 0 || l->count == 0 || (l->at >= l->top && l->at < l->top + rows));
    CU_ASSERT(list_end(l) <= l->count && list_end(l) - l->top <= rows);
}

static void the_chosen_row_stays_in_sight(void)
{
    struct list l = {0};

    list_fit(&l, 100, 10);
    for (int i = 0; i < 50; i++, check(&l))
        list_move(&l, 1);
    CU_ASSERT_EQUAL(l.at, 50);
    CU_ASSERT_EQUAL(l.top, 42); /* one row of margin below */
    list_move(&l, -8);
    CU_ASSERT_EQUAL(l.top, 41);
    list_last(&l, false);
    CU_ASSERT_EQUAL(l.at, 99);
    CU_ASSERT_EQUAL(l.top, 90);
    list_first(&l);
    CU_ASSERT_EQUAL(l.top, 0);
    list_move(&l, -5);
    CU_ASSERT_EQUAL(l.at, 0);
    list_move(&l, LONG_MAX);
    CU_ASSERT_EQUAL(l.at, 99);
    list_fit(&l, 3, 10); /* most rows went */
    CU_ASSERT_EQUAL(l.at, 2);
    CU_ASSERT_EQUAL(l.top, 0);
    list_fit(&l, 0, 10);
    check(&l);
}

static void pages_move_view_and_choice_together(void)
{
    struct list l = {0};

    list_fit(&l, 100, 10);
    list_move(&l, 3);
    list_page(&l, 2);
    CU_ASSERT_EQUAL(l.at, 12);
    CU_ASSERT_EQUAL(l.top, 9);
    list_page(&l, 1);
    CU_ASSERT_EQUAL(l.at, 17);
    CU_ASSERT_EQUAL(l.top, 14);
    list_page(&l, -2);
    list_page(&l, -2);
    list_page(&l, -2);
    CU_ASSERT_EQUAL(l.at, 0);
    CU_ASSERT_EQUAL(l.top, 0);
    for (int i = 0; i < 20; i++, check(&l))
        list_page(&l, 2);
    CU_ASSERT_EQUAL(l.at, 99);
}

static void a_list_that_follows_stays_at_the_end(void)
{
    struct list l = {0};

    list_fit(&l, 5, 10);
    list_last(&l, true);
    for (size_t n = 6; n < 40; n++, check(&l)) {
        list_fit(&l, n, 10);
        CU_ASSERT_EQUAL(l.at, n - 1);
    }
    list_move(&l, -1); /* looking back ends it */
    CU_ASSERT_FALSE(l.follow);
    size_t at = l.at, top = l.top;
    list_fit(&l, 80, 10);
    CU_ASSERT_EQUAL(l.at, at);
    CU_ASSERT_EQUAL(l.top, top);
    list_last(&l, true);
    list_move(&l, 1); /* there is nothing further: it goes on following */
    CU_ASSERT(l.follow);
}

static void the_wheel_moves_the_view_and_takes_the_choice_along(void)
{
    struct list l = {0};

    list_fit(&l, 100, 10);
    list_choose(&l, 5);
    list_scroll(&l, 3);
    CU_ASSERT_EQUAL(l.top, 3);
    CU_ASSERT_EQUAL(l.at, 5);
    list_scroll(&l, 3);
    CU_ASSERT_EQUAL(l.at, 7); /* pushed by the top, with its margin */
    list_scroll(&l, 1000);
    CU_ASSERT_EQUAL(l.top, 90);
    check(&l);
    list_scroll(&l, -1000);
    CU_ASSERT_EQUAL(l.top, 0);
    check(&l);
}

static void rows_that_come_before_do_not_move_the_view(void)
{
    struct list l = {0};

    list_fit(&l, 100, 10);
    list_choose(&l, 50);
    size_t line = l.at - l.top;
    list_shift(&l, 0, 1000);
    list_fit(&l, 1100, 10);
    CU_ASSERT_EQUAL(l.at, 1050);
    CU_ASSERT_EQUAL(l.at - l.top, line);
    list_shift(&l, 0, -1000);
    list_fit(&l, 100, 10);
    CU_ASSERT_EQUAL(l.at, 50);
    list_shift(&l, 80, 5); /* behind the view */
    CU_ASSERT_EQUAL(l.at, 50);
}

static void the_mouse_finds_its_row(void)
{
    struct list l = {0};

    list_fit(&l, 25, 10);
    list_last(&l, false);
    CU_ASSERT_EQUAL(list_row_at(&l, 0), 15);
    CU_ASSERT_EQUAL(list_row_at(&l, 9), 24);
    CU_ASSERT_EQUAL(list_row_at(&l, 10), 25);
    CU_ASSERT_EQUAL(list_row_at(&l, -1), 25);
    list_fit(&l, 3, 10);
    CU_ASSERT_EQUAL(list_row_at(&l, 3), 3);
}

static void U09_a_million_rows_cost_what_ten_do(void)
{
    struct list l = {0};

    list_fit(&l, 1000000, 60);
    for (int i = 0; i < 100000; i++)
        list_page(&l, i % 7 == 0 ? -2 : 2);
    check(&l);
    list_last(&l, true);
    CU_ASSERT_EQUAL(l.top, 999940);
    for (int rows = -1; rows < 5; rows++) {
        list_fit(&l, 1000000, rows);
        list_move(&l, -1);
        list_page(&l, -1);
        list_scroll(&l, 1);
        CU_ASSERT(l.at < l.count && list_end(&l) <= l.count);
    }
}

static void a_thumb_says_where_the_view_is(void)
{
    struct list l = {0};
    struct grid grid;
    struct buf text;

    grid_init(&grid, 1, 4);
    buf_init(&text, 100);
    list_fit(&l, 16, 4);
    list_bar(&l, &grid, grid_rect(&grid), ROLE_DIM);
    grid_dump(&grid, &text, false);
    CU_ASSERT_STRING_EQUAL(text.data, "┃\n\n\n\n");
    grid_clear(&grid);
    buf_clear(&text);
    list_last(&l, false);
    list_bar(&l, &grid, grid_rect(&grid), ROLE_DIM);
    grid_dump(&grid, &text, false);
    CU_ASSERT_STRING_EQUAL(text.data, "\n\n\n┃\n");
    grid_clear(&grid);
    buf_clear(&text);
    list_fit(&l, 4, 4); /* all of it shows */
    list_bar(&l, &grid, grid_rect(&grid), ROLE_DIM);
    grid_dump(&grid, &text, false);
    CU_ASSERT_STRING_EQUAL(text.data, "\n\n\n\n");
    buf_free(&text);
    grid_free(&grid);
}

const struct suite suite_list = {
    "list",
    (const struct test[]){
        {"the chosen row stays in sight", the_chosen_row_stays_in_sight},
        {"pages move view and choice together", pages_move_view_and_choice_together},
        {"a list that follows stays at the end", a_list_that_follows_stays_at_the_end},
        {"the wheel moves the view and takes the choice along",
         the_wheel_moves_the_view_and_takes_the_choice_along},
        {"rows that come before do not move the view", rows_that_come_before_do_not_move_the_view},
        {"the mouse finds its row", the_mouse_finds_its_row},
        {"U09 a million rows cost what ten do", U09_a_million_rows_cost_what_ten_do},
        {"a thumb says where the view is", a_thumb_says_where_the_view_is},
        {NULL, NULL},
    },
};
