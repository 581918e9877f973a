/* SPDX-License-Identifier: MIT */
#include "tui/document.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "tests/suite.h"

#define COLUMNS 80
#define SCREEN  60 /* rows */

/* What a screen of it costs is a screen of it: nothing behind is wrapped before somebody goes
   there. */
static void check_screens(struct document *doc, size_t rows, char first)
{
    struct grid grid;

    grid_init(&grid, COLUMNS, SCREEN);
    document_width(doc, COLUMNS);
    CU_ASSERT_EQUAL(document_need(doc, SCREEN), SCREEN);
    CU_ASSERT_TRUE(doc->at <= (size_t)SCREEN * (COLUMNS + 1));
    document_draw(doc, &grid, (struct rect){0, 0, COLUMNS, SCREEN}, 0, NULL);
    CU_ASSERT_EQUAL(grid_cell(&grid, 0, 0)->glyph[0], first);
    for (size_t top = 1; top <= 200; top++) { /* line by line */
        CU_ASSERT_EQUAL(document_need(doc, top + SCREEN), top + SCREEN);
        CU_ASSERT_EQUAL(doc->row_count, top + SCREEN);
    }
    CU_ASSERT_EQUAL(document_need(doc, SIZE_MAX), rows);
    grid_clear(&grid);
    document_draw(doc, &grid, (struct rect){0, 0, COLUMNS, SCREEN}, rows - SCREEN, NULL);
    CU_ASSERT_EQUAL(grid_cell(&grid, 0, SCREEN - 1)->glyph[0], first);
    grid_free(&grid);
}

static void a_line_of_ten_megabytes_costs_what_is_seen(void)
{
    size_t len = (size_t)10 << 20;
    char *text = mem_array(len, 1);
    struct document doc;

    memset(text, 'x', len);
    document_init(&doc);
    document_add(&doc, ROLE_TEXT, 0, text, len);
    check_screens(&doc, len / COLUMNS, 'x');
    document_free(&doc);
    free(text);
}

static void a_million_lines_cost_what_is_seen(void)
{
    static const char line[] = "a line\n";
    size_t count = 1000000, len = strlen(line);
    char *text = mem_array(count, len);
    struct document doc;

    for (size_t i = 0; i < count; i++)
        memcpy(text + i * len, line, len);
    document_init(&doc);
    document_add(&doc, ROLE_TEXT, 0, text, count * len - 1);
    check_screens(&doc, count, 'a');
    document_free(&doc);
    free(text);
}

const struct suite suite_document = {
    "document",
    (const struct test[]){
        {"U09 a line of ten megabytes costs what is seen",
         a_line_of_ten_megabytes_costs_what_is_seen},
        {"U09 a million lines cost what is seen", a_million_lines_cost_what_is_seen},
        {NULL, NULL},
    },
};
