/* SPDX-License-Identifier: MIT */
#include "core/model/mend.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "tests/suite.h"

#define FFFD "\xef\xbf\xbd"

static void texts(void)
{
    static const struct {
        const char *text, *mended;
        enum mend mend;
    } cases[] = {
        {"\"plain\"", "\"plain\"", MEND_NOTHING},
        {"\"\\ud83d\\ude00\"", "\"\\ud83d\\ude00\"", MEND_NOTHING},
        {"\"\\\\ud83d\"", "\"\\\\ud83d\"", MEND_NOTHING},
        {"\"\\ud83d\"", "\"\\uf03d\"", MEND_MARKED},
        {"\"\\uDE00x\"", "\"\\uf600x\"", MEND_MARKED},
        {"\"\\ud83d\\ud83d\\ude00\"", "\"\\uf03d\\ud83d\\ude00\"", MEND_MARKED},
        {"\"\\udc00\"", "\"\\uf400\"", MEND_MARKED},
        {"\"\\udbff\\udc00\"", "\"\\udbff\\udc00\"", MEND_NOTHING},
        {"\"\\udbff\\ue000\"", "\"\\uf3ff\\ue000\"", MEND_MARKED},
        {"\"\\uf7ff\\ud800\"", "\"\\uf7ff\\ufffd\"", MEND_PLAIN},
        {"\"\\uf800\\uefff\\ud800\"", "\"\\uf800\\uefff\\uf000\"", MEND_MARKED},
        {"\"\\udfff\\ud800\"", "\"\\uf7ff\\uf000\"", MEND_MARKED},
        {"\"\\ud83d \\uf000\"", "\"\\ufffd \\uf000\"", MEND_PLAIN},
        {"\"\\ud83d \xef\x9f\xbf\"", "\"\\ufffd \xef\x9f\xbf\"", MEND_PLAIN},
        {"\"a\xff\"", "\"a" FFFD "\"", MEND_PLAIN},
        {"\"\xed\xa0\xbd\"", "\"" FFFD FFFD FFFD "\"", MEND_PLAIN},
        {"\"\xff\\ud83d\"", "\"" FFFD "\\uf03d\"", MEND_MARKED},
        {"\"\\ud83", "\"\\ud83", MEND_NOTHING},
        {"\"\\", "\"\\", MEND_NOTHING},
        {"", "", MEND_NOTHING},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out;

        buf_init(&out, SIZE_MAX);
        CU_ASSERT_EQUAL(mend_json(&out, cases[i].text, strlen(cases[i].text)), cases[i].mend);
        CU_ASSERT_STRING_EQUAL(out.data, cases[i].mended);
        buf_free(&out);
    }
}

static void deltas(void)
{
    static const struct {
        const char *parts[4];
        bool marked[4];
        const char *joined;
    } cases[] = {
        {{"a", "b"}, {false, false}, "ab"},
        {{"\xef\x80\xbd", "\xef\x98\x80"}, {true, true}, "\xf0\x9f\x98\x80"},
        {{"x\xef\x80\xbd", "\xef\x98\x80y"}, {true, true}, "x\xf0\x9f\x98\x80y"},
        {{"\xef\x80\xbd", "b"}, {true, false}, FFFD "b"},
        {{"\xef\x80\xbd", "", "\xef\x98\x80"}, {true, true, true}, "\xf0\x9f\x98\x80"},
        {{"\xef\x80\xbd", "\xef\x80\xbd", "\xef\x98\x80"},
         {true, true, true},
         FFFD "\xf0\x9f\x98\x80"},
        {{"\xef\x98\x80"}, {true}, FFFD},
        {{"\xef\x80\x80", "\xef\x90\x80"}, {true, true}, "\xf0\x90\x80\x80"},
        {{"\xef\x8f\xbf", "\xef\x9f\xbf"}, {true, true}, "\xf4\x8f\xbf\xbf"},
        {{"\xef\x80\x80", "\xef\x8f\xbf"}, {true, true}, FFFD FFFD},
        {{"\xee\xbf\xbf\xef\xa0\x80"}, {true}, "\xee\xbf\xbf\xef\xa0\x80"},
        {{"\xef\x80\xbd"}, {true}, FFFD},
        {{"\xef\x80\xbd"}, {false}, "\xef\x80\xbd"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mend_half half = {0};
        struct buf out;

        buf_init(&out, SIZE_MAX);
        for (size_t j = 0; j < 4 && cases[i].parts[j]; j++)
            CU_ASSERT_EQUAL(mend_text(&out, &half, cases[i].parts[j], strlen(cases[i].parts[j]),
                                      cases[i].marked[j]),
                            0);
        CU_ASSERT_EQUAL(mend_end(&out, &half), 0);
        CU_ASSERT_EQUAL(mend_end(&out, &half), 0);
        CU_ASSERT_STRING_EQUAL(out.data, cases[i].joined);
        buf_free(&out);
    }
}

static void trees(void)
{
    static const char text[] = "{\"k\\uf03d\":[\"\\uf600x\",{\"y\":\"plain\"}]}";
    cJSON *tree = NULL;

    CU_ASSERT_EQUAL_FATAL(json_parse(&tree, text, strlen(text), NULL, NULL), 0);
    mend_tree(tree);
    CU_ASSERT_STRING_EQUAL(tree->child->string, "k" FFFD);
    CU_ASSERT_STRING_EQUAL(tree->child->child->valuestring, FFFD "x");
    CU_ASSERT_TRUE(mend_doubtful(tree->child->child->valuestring));
    CU_ASSERT_FALSE(mend_doubtful("plain"));
    cJSON_Delete(tree);
}

static const struct test tests[] = {
    {"wrong bytes and lone halves are repaired and nothing else is touched", texts},
    {"halves of one character are joined across deltas", deltas},
    {"a marked tree loses its marks", trees},
    {NULL, NULL},
};

const struct suite suite_mend = {"mend", tests};
