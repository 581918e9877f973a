/* SPDX-License-Identifier: MIT */
#include "core/base/utf8.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "tests/suite.h"

#define FFFD "\xef\xbf\xbd"

static void every_code_point_goes_there_and_back(void)
{
    size_t wrong = 0;

    for (int32_t cp = 0; cp <= 0x10FFFF; cp++) {
        char text[4];
        int32_t back;
        size_t size = utf8_put(text, cp);
        bool surrogate = cp >= 0xD800 && cp <= 0xDFFF;
        wrong += surrogate != (size == 0);
        wrong += !surrogate && (utf8_next(text, size, &back) != size || back != cp);
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

static void puts_nothing_that_is_no_code_point(void)
{
    char text[4];

    CU_ASSERT_EQUAL(utf8_put(text, -1), 0);
    CU_ASSERT_EQUAL(utf8_put(text, 0x110000), 0);
    CU_ASSERT_EQUAL(utf8_put(text, 0xD800), 0);
    CU_ASSERT_EQUAL(utf8_put(text, 0xDFFF), 0);
}

static void tells_wrong_from_unfinished(void)
{
    static const struct {
        const char *text;
        size_t used;
        int32_t cp;
    } cases[] = {
        {"\x80", 1, -1},
        {"\xc0\x80", 1, -1},
        {"\xc1\xbf", 1, -1},
        {"\xf5\x80\x80\x80", 1, -1},
        {"\xff", 1, -1},
        {"\xc3", 1, -2},
        {"\xc3(", 1, -1},
        {"\xe0\x80\x80", 1, -1},
        {"\xe0\xa0", 2, -2},
        {"\xe2\x82", 2, -2},
        {"\xe2\x82x", 2, -1},
        {"\xed\xa0\x80", 1, -1},
        {"\xed\x9f\xbf", 3, 0xD7FF},
        {"\xf0\x80\x80\x80", 1, -1},
        {"\xf0\x9f\x98", 3, -2},
        {"\xf0\x9f\x98x", 3, -1},
        {"\xf4\x8f\xbf\xbf", 4, 0x10FFFF},
        {"\xf4\x90\x80\x80", 1, -1},
    };
    int32_t cp;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CU_ASSERT_EQUAL(utf8_next(cases[i].text, strlen(cases[i].text), &cp), cases[i].used);
        CU_ASSERT_EQUAL(cp, cases[i].cp);
    }
    CU_ASSERT_EQUAL(utf8_next("", 0, &cp), 0);
    CU_ASSERT_EQUAL(utf8_next("\0", 1, &cp), 1);
    CU_ASSERT_EQUAL(cp, 0);
}

/* The rows of table 3-8 and following of the Unicode standard, section 3.9, and our own. */
static void one_mark_per_maximal_subpart(void)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"", ""},
        {"plain and caf\xc3\xa9", "plain and caf\xc3\xa9"},
        {"\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41", FFFD FFFD FFFD FFFD FFFD FFFD FFFD FFFD "A"},
        {"\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41", FFFD FFFD FFFD FFFD FFFD FFFD FFFD FFFD "A"},
        {"\xf4\x91\x92\x93\xff\x41\x80\xbf\x42", FFFD FFFD FFFD FFFD FFFD "A" FFFD FFFD "B"},
        {"\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41", FFFD FFFD FFFD FFFD "A"},
        {"long enough for steps of eight \xff and more",
         "long enough for steps of eight " FFFD " and more"},
        {"cut \xf0\x9f\x98", "cut " FFFD},
    };
    struct buf out;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buf_init(&out, 1000);
        CU_ASSERT_EQUAL(utf8_repair(&out, cases[i].in, strlen(cases[i].in)), 0);
        CU_ASSERT_STRING_EQUAL(out.data, cases[i].out);
        bool same = strcmp(cases[i].in, cases[i].out) == 0;
        CU_ASSERT_EQUAL(utf8_valid(cases[i].in, strlen(cases[i].in)), same);
        CU_ASSERT_TRUE(utf8_valid(out.data, out.len));
        buf_free(&out);
    }
}

static void repair_adds_whole_or_not_at_all(void)
{
    struct buf out;

    buf_init(&out, 6);
    CU_ASSERT_EQUAL(buf_text(&out, "ab"), 0);
    CU_ASSERT_EQUAL(utf8_repair(&out, "cd\xff", 3), E_TOOBIG);
    CU_ASSERT_STRING_EQUAL(out.data, "ab");
    CU_ASSERT_EQUAL(utf8_repair(&out, "c\xff", 2), 0);
    CU_ASSERT_STRING_EQUAL(out.data, "abc" FFFD);
    buf_free(&out);
}

static void finds_a_wrong_byte_at_any_place(void)
{
    char text[40];

    for (size_t len = 1; len < sizeof text; len++)
        for (size_t at = 0; at < len; at++) {
            memset(text, 'x', len);
            CU_ASSERT_TRUE(utf8_valid(text, len));
            text[at] = '\xff';
            CU_ASSERT_FALSE(utf8_valid(text, len));
        }
}

static void cuts_between_characters_only(void)
{
    static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";
    static const size_t kept[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11};

    for (size_t len = 0; len < sizeof kept / sizeof *kept; len++)
        CU_ASSERT_EQUAL(utf8_cut(text, len), kept[len]);
}

/* What is wrong anyway is not waited for: only an unfinished character is cut off. */
static void cut_keeps_what_is_wrong_already(void)
{
    CU_ASSERT_EQUAL(utf8_cut("ab\x80", 3), 3);
    CU_ASSERT_EQUAL(utf8_cut("\x80\x80\x80\x80", 4), 4);
    CU_ASSERT_EQUAL(utf8_cut("ab\xff", 3), 3);
    CU_ASSERT_EQUAL(utf8_cut("\xed\xa0", 2), 2);
    CU_ASSERT_EQUAL(utf8_cut("\xf0\x9f\x98\x80\x80", 5), 5);
}

static const struct test tests[] = {
    {"every code point goes there and back", every_code_point_goes_there_and_back},
    {"puts nothing that is no code point", puts_nothing_that_is_no_code_point},
    {"tells wrong from unfinished", tells_wrong_from_unfinished},
    {"one mark per maximal subpart", one_mark_per_maximal_subpart},
    {"repair adds whole or not at all", repair_adds_whole_or_not_at_all},
    {"finds a wrong byte at any place", finds_a_wrong_byte_at_any_place},
    {"cuts between characters only", cuts_between_characters_only},
    {"cut keeps what is wrong already", cut_keeps_what_is_wrong_already},
    {NULL, NULL},
};

const struct suite suite_utf8 = {"utf8", tests};
