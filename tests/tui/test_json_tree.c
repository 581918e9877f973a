/* SPDX-License-Identifier: MIT */
#include "tui/json_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "tests/suite.h"
#include "tui/lines.h"

static void show(struct buf *out, const struct json_tree *t)
{
    struct lines lines;

    lines_init(&lines, 1 << 20);
    for (size_t i = 0; i < json_tree_count(t); i++) {
        size_t len;
        json_tree_write(t, i, &lines);
        const char *text = lines_text(&lines, i, &len);
        CU_ASSERT_EQUAL(buf_add(out, text, len), 0);
        CU_ASSERT_EQUAL(buf_char(out, '\n'), 0);
    }
    lines_free(&lines);
}

static void expect(const struct json_tree *t, const char *want)
{
    struct buf got;

    buf_init(&got, 1 << 20);
    show(&got, t);
    CU_ASSERT_STRING_EQUAL(got.data, want);
    if (strcmp(got.data, want) != 0)
        printf("%s", got.data);
    buf_free(&got);
}

static struct json_tree *tree_of(const char *text)
{
    struct json_tree *t;

    json_tree_new(&t, text, strlen(text));
    return t;
}

static void values_are_shown_as_they_are_written(void)
{
    struct json_tree *t =
        tree_of(" {\"b\":9007199254740993,\"a\":[1.50,-0,true,null,\"x\\u00e9\"],\"e\":{},\"f\":[],"
                "\"b\":\"again\"} ");

    CU_ASSERT_PTR_NULL(json_tree_error(t));
    expect(t, "▾ {\n"
              "    \"b\": 9007199254740993,\n"
              "  ▾ \"a\": [\n"
              "      1.50,\n"
              "      -0,\n"
              "      true,\n"
              "      null,\n"
              "      \"x\\u00e9\"\n"
              "    ],\n"
              "    \"e\": {},\n"
              "    \"f\": [],\n"
              "    \"b\": \"again\"\n"
              "  }\n");
    json_tree_free(t);
    json_tree_free(NULL);
}

static void what_folds_folds_and_says_how_much(void)
{
    struct json_tree *t = tree_of("{\"a\":[1,2],\"b\":{\"c\":1},\"d\":3}");

    CU_ASSERT_EQUAL(json_tree_toggle(t, 1), 1);
    CU_ASSERT(json_tree_is_folded(t, 1));
    expect(
        t,
        "▾ {\n  ▸ \"a\": […], 2 items\n  ▾ \"b\": {\n      \"c\": 1\n    },\n    \"d\": 3\n  }\n");
    CU_ASSERT_EQUAL(json_tree_toggle(t, 3), 2); /* inside: what it is in */
    expect(t, "▾ {\n  ▸ \"a\": […], 2 items\n  ▸ \"b\": {…}, 1 key\n    \"d\": 3\n  }\n");
    CU_ASSERT_EQUAL(json_tree_toggle(t, 4), 0); /* at its end */
    expect(t, "▸ {…} 3 keys\n");
    CU_ASSERT_EQUAL(json_tree_toggle(t, 0), 0);
    CU_ASSERT_EQUAL(json_tree_count(t), 5);
    json_tree_unfold(t, 1);
    CU_ASSERT_EQUAL(json_tree_count(t), 5);
    json_tree_unfold(t, 9);
    CU_ASSERT_EQUAL(json_tree_count(t), 10);
    json_tree_unfold(t, 0);
    CU_ASSERT_EQUAL(json_tree_count(t), 1);
    json_tree_free(t);
}

static void a_text_of_lines_folds_open_into_them(void)
{
    struct json_tree *t =
        tree_of("[\"one\\ntwo \\ud83d\\ude00\\tx\\n\\nfour\",{\"k\":\"a\\\\nb\"},\"c\\nd\\n\"]");

    expect(t, "▾ [\n"
              "  ▸ \"one\\ntwo \\ud83d\\ude00\\tx\\n\\nfour\", 4 lines\n"
              "  ▾ {\n"
              "      \"k\": \"a\\\\nb\"\n"
              "    },\n"
              "  ▸ \"c\\nd\\n\" 2 lines\n"
              "  ]\n");
    CU_ASSERT_EQUAL(json_tree_toggle(t, 1), 1);
    expect(t, "▾ [\n"
              "  ▾ 4 lines\n"
              "      one\n"
              "      two 😀 x\n"
              "      \n"
              "      four\n"
              "  ▾ {\n"
              "      \"k\": \"a\\\\nb\"\n"
              "    },\n"
              "  ▸ \"c\\nd\\n\" 2 lines\n"
              "  ]\n");
    CU_ASSERT_EQUAL(json_tree_toggle(t, 3), 1);
    json_tree_free(t);
}

static void scalars_alone_are_json_too(void)
{
    static const char *const cases[][2] = {{"3", "  3\n"},
                                           {" true ", "  true\n"},
                                           {"\"a\"", "  \"a\"\n"},
                                           {"[]", "  []\n"},
                                           {"{ }", "  {}\n"}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct json_tree *t = tree_of(cases[i][0]);
        expect(t, cases[i][1]);
        json_tree_free(t);
    }
}

static void what_is_no_json_is_shown_as_text(void)
{
    struct json_tree *t = tree_of("{\"a\": 1,\n  oops\x1b[31m}\n");

    CU_ASSERT_PTR_NOT_NULL(json_tree_error(t));
    expect(t, "{\"a\": 1,\n  oops}\n");
    CU_ASSERT_EQUAL(json_tree_toggle(t, 0), 0);
    json_tree_free(t);
    t = tree_of("");
    CU_ASSERT_PTR_NOT_NULL(json_tree_error(t));
    CU_ASSERT_EQUAL(json_tree_count(t), 0);
    json_tree_unfold(t, 3);
    json_tree_free(t);
}

static void nothing_harmful_is_drawn(void)
{
    struct json_tree *t = tree_of("[\"\xe2\x80\xae\xc2\x9b"
                                  "31mx\x7f\", \"a\\u001b[2J\\nb\\u202e\"]");

    expect(t, "▾ [\n    \"\\u{202e}x^?\",\n  ▸ \"a\\u001b[2J\\nb\\u202e\" 2 lines\n  ]\n");
    json_tree_toggle(t, 2);
    expect(t, "▾ [\n    \"\\u{202e}x^?\",\n  ▾ 2 lines\n      a\n      b\\u{202e}\n"
              "  ]\n");
    json_tree_free(t);
}

static void it_is_drawn_in_its_roles(void)
{
    struct json_tree *t = tree_of("{\"k\":[\"s\",1,null]}");
    struct lines lines;
    struct grid grid;
    struct buf got;

    grid_init(&grid, 20, 6);
    buf_init(&got, 4096);
    lines_init(&lines, 4096);
    for (size_t i = 0; i < json_tree_count(t) && i < 6; i++) {
        struct pen pen = grid_pen(&grid, grid_rect(&grid));
        pen_at(&pen, 0, (int)i);
        json_tree_write(t, i, &lines);
        lines_draw(&lines, i, &pen, NULL, 0);
    }
    lines_free(&lines);
    grid_dump(&grid, &got, true);
    CU_ASSERT_STRING_EQUAL(got.data, "{json-mark}▾ {\n"
                                     "  {json-mark}▾ {json-key}\"k\"{json-mark}: [\n"
                                     "    {json-mark}  {json-string}\"s\"{json-mark},\n"
                                     "    {json-mark}  {json-number}1{json-mark},\n"
                                     "    {json-mark}  {json-literal}null\n"
                                     "  {json-mark}  ]\n");
    buf_free(&got);
    grid_free(&grid);
    json_tree_free(t);
}

const struct suite suite_json_tree = {
    "json_tree",
    (const struct test[]){
        {"values are shown as they are written", values_are_shown_as_they_are_written},
        {"what folds folds and says how much", what_folds_folds_and_says_how_much},
        {"a text of lines folds open into them", a_text_of_lines_folds_open_into_them},
        {"scalars alone are JSON too", scalars_alone_are_json_too},
        {"what is no JSON is shown as text", what_is_no_json_is_shown_as_text},
        {"nothing harmful is drawn", nothing_harmful_is_drawn},
        {"it is drawn in its roles", it_is_drawn_in_its_roles},
        {NULL, NULL},
    },
};
