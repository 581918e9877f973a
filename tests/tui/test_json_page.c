/* SPDX-License-Identifier: MIT */
#include "tui/json_page.h"

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "tests/suite.h"
#include "tui/lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect(struct json_page *page, int width, const char *want)
{
    const struct lines *lines = json_page_lines(page, width);
    struct buf got;

    buf_init(&got, 1 << 16);
    for (size_t i = 0; i < lines->count; i++) {
        size_t len;
        const char *text = lines_text(lines, i, &len);
        CU_ASSERT_EQUAL(buf_printf(&got, "%.*s\n", (int)len, text), 0);
    }
    CU_ASSERT_STRING_EQUAL(got.data, want);
    if (strcmp(got.data, want) != 0)
        printf("%s", got.data);
    buf_free(&got);
}

static struct json_page *page_of(const char *text)
{
    return json_page_new(text, strlen(text));
}

static void a_long_value_takes_lines_and_nothing_of_it_is_lost(void)
{
    struct json_page *page = page_of("{\"text\":\"one two three four five\",\"n\":1}");

    CU_ASSERT_PTR_NOT_NULL_FATAL(page);
    expect(page, 60, "▾ {\n    \"text\": \"one two three four five\",\n    \"n\": 1\n  }\n");
    expect(page, 23, "▾ {\n    \"text\": \"one two\n      three four five\",\n    \"n\": 1\n  }\n");
    json_page_free(page);
}

static void a_folded_row_is_one_line(void)
{
    struct json_page *page = page_of("{\"a\":[1,2],\"text\":\"first line\\nsecond line\"}");

    expect(page, 40,
           "▾ {\n  ▾ \"a\": [\n      1,\n      2\n    ],\n  ▾ \"text\": 2 lines\n"
           "      first line\n      second line\n  }\n");
    CU_ASSERT_EQUAL(json_page_fold(page, 7, JSON_FOLD), 5); /* from inside */
    expect(page, 24,
           "▾ {\n  ▾ \"a\": [\n      1,\n      2\n    ],\n  ▸ \"text\": \"first line…\n  }\n");
    CU_ASSERT_EQUAL(json_page_fold(page, 1, JSON_UNFOLD), 1); /* it is open */
    CU_ASSERT_EQUAL(json_page_fold(page, 3, JSON_TOGGLE), 1);
    expect(page, 30, "▾ {\n  ▸ \"a\": […], 2 items\n  ▸ \"text\": \"first line\\nseco…\n  }\n");
    json_page_fold_all(page, false);
    CU_ASSERT_EQUAL(json_page_lines(page, 40)->count, 9);
    json_page_fold_all(page, true);
    CU_ASSERT_EQUAL(json_page_lines(page, 40)->count, 4);
    json_page_free(page);
}

static void what_is_empty_has_nothing_to_fold(void)
{
    struct json_page *page = page_of("{\"a\":{}}");

    CU_ASSERT_EQUAL(json_page_lines(page, 40)->count, 3);
    CU_ASSERT_EQUAL(json_page_fold(page, 1, JSON_UNFOLD), 1);
    expect(page, 40, "▾ {\n    \"a\": {}\n  }\n");
    json_page_free(page);
}

static void what_nobody_folds_is_left_to_others(void)
{
    size_t len = 10u << 20;
    char *text = mem_array(len + 1, 1);

    CU_ASSERT_PTR_NULL(page_of("12"));
    CU_ASSERT_PTR_NULL(page_of("  \"text\""));
    CU_ASSERT_PTR_NULL(page_of("{\"a\": oops}"));
    CU_ASSERT_PTR_NULL(page_of(""));
    memset(text, ' ', len);
    text[0] = '[';
    text[len - 1] = ']';
    CU_ASSERT_PTR_NULL(json_page_new(text, len));
    free(text);
}

static void many_rows_begin_folded(void)
{
    struct buf text;
    struct json_page *page;

    buf_init(&text, 1 << 20);
    CU_ASSERT_EQUAL(buf_text(&text, "[{\"k\":1}"), 0);
    for (int i = 0; i < 300; i++)
        CU_ASSERT_EQUAL(buf_text(&text, ",{\"k\":1}"), 0);
    CU_ASSERT_EQUAL(buf_text(&text, "]"), 0);
    page = json_page_new(text.data, text.len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(page);
    CU_ASSERT_EQUAL(json_page_lines(page, 40)->count, 303);
    json_page_free(page);
    buf_free(&text);
}

const struct suite suite_json_page = {
    "json_page",
    (const struct test[]){
        {"a long value takes lines, and nothing of it is lost",
         a_long_value_takes_lines_and_nothing_of_it_is_lost},
        {"a folded row is one line", a_folded_row_is_one_line},
        {"what is empty has nothing to fold", what_is_empty_has_nothing_to_fold},
        {"U09 what nobody folds is left to others", what_nobody_folds_is_left_to_others},
        {"many rows begin folded", many_rows_begin_folded},
        {NULL, NULL},
    },
};
