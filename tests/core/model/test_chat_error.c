/* SPDX-License-Identifier: MIT */
#include "core/model/chat_error.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "tests/suite.h"

static void shapes(void)
{
    static const struct {
        const char *json;
        bool failed, is_error;
        const char *type, *code, *message;
        int status;
    } cases[] = {
        {"{\"error\":{\"type\":\"t\",\"code\":\"c\",\"message\":\"m\"}}", false, true, "t", "c",
         "m", 0},
        {"{\"error\":{\"code\":404,\"message\":\"m\"}}", false, true, NULL, "404", "m", 404},
        {"{\"error\":{\"code\":399,\"message\":\"m\"}}", false, true, NULL, "399", "m", 0},
        {"{\"error\":{\"code\":400}}", false, true, NULL, "400", NULL, 400},
        {"{\"error\":{\"code\":599}}", false, true, NULL, "599", NULL, 599},
        {"{\"error\":{\"code\":600}}", false, true, NULL, "600", NULL, 0},
        {"{\"error\":{\"status\":\"S\",\"status_code\":500,\"code\":1}}", false, true, "S", "1",
         NULL, 500},
        {"{\"error\":{\"type\":\"t\",\"status\":503}}", false, true, "t", NULL, NULL, 503},
        {"{\"error\":{\"message\":\"m\"},\"status\":418}", false, true, NULL, NULL, "m", 418},
        {"{\"error\":{\"message\":{\"a\":1}}}", false, true, NULL, NULL, "{\"a\":1}", 0},
        {"{\"error\":{\"msg\":\"m\"}}", false, true, NULL, NULL, "m", 0},
        {"{\"error\":\"words\",\"code\":\"c\",\"message\":\"other\"}", false, true, NULL, "c",
         "words", 0},
        {"{\"error\":true,\"message\":\"m\"}", false, true, NULL, NULL, "m", 0},
        {"{\"error\":\"e\",\"error_description\":\"m\"}", false, true, NULL, NULL, "e", 0},
        {"[{\"error\":{\"message\":\"m\"}}]", false, true, NULL, NULL, "m", 0},
        {"{\"object\":\"error\",\"message\":\"m\"}", false, true, NULL, NULL, "m", 0},
        {"{\"detail\":\"m\"}", false, true, NULL, NULL, "m", 0},
        {"{\"message\":\"m\",\"code\":\"c\"}", false, true, NULL, "c", "m", 0},
        {"{\"message\":\"m\",\"type\":\"t\"}", false, false, NULL, NULL, NULL, 0},
        {"{\"message\":\"m\",\"type\":\"t\"}", true, true, "t", NULL, "m", 0},
        {"{\"message\":\"m\"}", true, true, NULL, NULL, "m", 0},
        {"{\"message\":\"m\",\"choices\":[]}", true, false, NULL, NULL, NULL, 0},
        {"{\"detail\":\"m\",\"choices\":[]}", false, false, NULL, NULL, NULL, 0},
        {"\"m\"", true, true, NULL, NULL, "m", 0},
        {"\"m\"", false, false, NULL, NULL, NULL, 0},
        {"{\"error\":null}", true, false, NULL, NULL, NULL, 0},
        {"{\"error\":false,\"choices\":[]}", false, false, NULL, NULL, NULL, 0},
        {"{\"error\":0}", false, false, NULL, NULL, NULL, 0},
        {"{}", true, false, NULL, NULL, NULL, 0},
        {"[]", true, false, NULL, NULL, NULL, 0},
        {"7", true, false, NULL, NULL, NULL, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct model_error e = {0};
        cJSON *tree = NULL;

        CU_ASSERT_EQUAL_FATAL(json_parse(&tree, cases[i].json, strlen(cases[i].json), NULL, NULL),
                              0);
        CU_ASSERT_EQUAL(chat_error_read(&e, tree, cases[i].failed), cases[i].is_error);
        CU_ASSERT_TRUE(str_eq(e.type, cases[i].type));
        CU_ASSERT_TRUE(str_eq(e.code, cases[i].code));
        CU_ASSERT_TRUE(str_eq(e.message, cases[i].message));
        CU_ASSERT_EQUAL(e.status, cases[i].status);
        model_error_clear(&e);
        cJSON_Delete(tree);
    }
}

static void lines(void)
{
    static const struct {
        const char *text, *line;
    } cases[] = {
        {"plain", "plain"},
        {"", ""},
        {" \r\n\t", ""},
        {"  a \n\n b  ", "a b"},
        {"a\x1b[31mb\x07", "a [31mb"},
        {"a\x7f"
         "b\xc2\x80"
         "c\xc2\x9f"
         "d\xc2\xa0"
         "e",
         "a b c d e"},
        {"a\xe2\x80\xa8"
         "b\xe2\x80\xa9"
         "c",
         "a b c"},
        {"caf\xc3\xa9 \xff", "caf\xc3\xa9 \xef\xbf\xbd"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *line = chat_error_line(cases[i].text, strlen(cases[i].text));

        CU_ASSERT_STRING_EQUAL(line, cases[i].line);
        free(line);
    }
}

/* A text of `count` times é, and what is left of it. */
static void cut_at(size_t count, size_t line_bytes, bool marked, size_t excerpt_bytes)
{
    struct buf text;
    char *line, *excerpt;

    buf_init(&text, SIZE_MAX);
    for (size_t i = 0; i < count; i++)
        (void)buf_text(&text, "\xc3\xa9");
    line = chat_error_line(text.data, text.len);
    excerpt = chat_error_excerpt(text.data, text.len);
    CU_ASSERT_EQUAL(strlen(line), line_bytes + (marked ? strlen("…") : 0));
    CU_ASSERT_EQUAL(strlen(excerpt), excerpt_bytes);
    CU_ASSERT_TRUE(utf8_valid(line, strlen(line)) && utf8_valid(excerpt, strlen(excerpt)));
    free(line);
    free(excerpt);
    buf_free(&text);
}

static void cuts(void)
{
    cut_at(100, 200, false, 200);
    cut_at(101, 200, true, 202);
    cut_at(256, 200, true, 512);
    cut_at(257, 200, true, 512);
}

static const struct test tests[] = {
    {"an error is known in every shape, and nothing else is taken for one", shapes},
    {"a line for people has no control characters and no blanks in a row", lines},
    {"lines and excerpts are cut at a character", cuts},
    {NULL, NULL},
};

const struct suite suite_chat_error = {"chat_error", tests};
