/* SPDX-License-Identifier: MIT */
#include "core/base/str.h"

#include <math.h>
#include <string.h>

#include "core/base/err.h"
#include "core/base/utf8.h"
#include "tests/suite.h"

static void compares_texts_and_their_ends(void)
{
    CU_ASSERT_TRUE(str_eq("a", "a"));
    CU_ASSERT_FALSE(str_eq("a", "b"));
    CU_ASSERT_FALSE(str_eq("a", NULL));
    CU_ASSERT_FALSE(str_eq(NULL, "a"));
    CU_ASSERT_TRUE(str_eq(NULL, NULL));
    CU_ASSERT_TRUE(str_starts("rerail", "re"));
    CU_ASSERT_TRUE(str_starts("rerail", ""));
    CU_ASSERT_FALSE(str_starts("re", "rerail"));
    CU_ASSERT_TRUE(str_ends("rerail", "rail"));
    CU_ASSERT_TRUE(str_ends("rerail", ""));
    CU_ASSERT_FALSE(str_ends("rail", "rerail"));
    CU_ASSERT_FALSE(str_ends("rerail", "re"));
}

static void reads_whole_numbers_whole(void)
{
    static const struct {
        const char *text;
        int64_t min, max;
        int rc;
        int64_t value;
    } cases[] = {
        {"0", 0, 9, 0, 0},
        {"+7", 0, 9, 0, 7},
        {"-7", -9, 9, 0, -7},
        {"007", 0, 9, 0, 7},
        {"10", 0, 9, E_RANGE, 0},
        {"-1", 0, 9, E_RANGE, 0},
        {"9223372036854775807", INT64_MIN, INT64_MAX, 0, INT64_MAX},
        {"-9223372036854775808", INT64_MIN, INT64_MAX, 0, INT64_MIN},
        {"9223372036854775808", INT64_MIN, INT64_MAX, E_RANGE, 0},
        {"-9223372036854775809", INT64_MIN, INT64_MAX, E_RANGE, 0},
        {"99999999999999999999999", INT64_MIN, INT64_MAX, E_RANGE, 0},
        {"", 0, 9, E_PARSE, 0},
        {"-", 0, 9, E_PARSE, 0},
        {" 1", 0, 9, E_PARSE, 0},
        {"1 ", 0, 9, E_PARSE, 0},
        {"1.0", 0, 9, E_PARSE, 0},
        {"0x1", 0, 9, E_PARSE, 0},
        {"--1", -9, 9, E_PARSE, 0},
        {NULL, 0, 9, E_PARSE, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t value = 0;
        CU_ASSERT_EQUAL(str_int(&value, cases[i].text, cases[i].min, cases[i].max), cases[i].rc);
        CU_ASSERT_EQUAL(value, cases[i].value);
    }
}

static void reads_decimal_numbers_whole(void)
{
    static const struct {
        const char *text;
        int rc;
        double value;
    } cases[] = {
        {"0", 0, 0},         {"1.5", 0, 1.5},       {"-2e3", 0, -2000},    {".5", 0, 0.5},
        {"5.", 0, 5},        {"1e999", E_RANGE, 0}, {"1e6", E_RANGE, 0},   {"inf", E_PARSE, 0},
        {"nan", E_PARSE, 0}, {"0x1p3", E_PARSE, 0}, {" 1", E_PARSE, 0},    {"1 ", E_PARSE, 0},
        {"1,5", E_PARSE, 0}, {".", E_PARSE, 0},     {"1e", E_PARSE, 0},    {"1e+", E_PARSE, 0},
        {"", E_PARSE, 0},    {"-", E_PARSE, 0},     {"1.5.2", E_PARSE, 0}, {NULL, E_PARSE, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double value = 0;
        CU_ASSERT_EQUAL(str_number(&value, cases[i].text, -1e5, 1e5), cases[i].rc);
        CU_ASSERT_EQUAL(value, cases[i].value);
    }
}

struct amount {
    const char *text;
    int rc;
    int64_t value;
};

static void expect_amounts(int (*read)(int64_t *, const char *), const struct amount *cases,
                           size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t value = 0;
        CU_ASSERT_EQUAL(read(&value, cases[i].text), cases[i].rc);
        CU_ASSERT_EQUAL(value, cases[i].value);
    }
}

static void reads_durations(void)
{
    static const struct amount cases[] = {
        {"90", 0, 90000000},
        {"90s", 0, 90000000},
        {"1.5m", 0, 90000000},
        {"2h", 0, INT64_C(7200000000)},
        {"250ms", 0, 250000},
        {"0.25s", 0, 250000},
        {"7us", 0, 7},
        {"1d", 0, INT64_C(86400000000)},
        {"0.000001d", 0, 86400},
        {"0.3333333333s", 0, 333333},
        {"100000000000d", E_RANGE, 0},
        {"99999999999999999999", E_RANGE, 0},
        {"106751991.2d", E_RANGE, 0},
        {"-1s", E_PARSE, 0},
        {"1.s", E_PARSE, 0},
        {".5s", E_PARSE, 0},
        {"1 s", E_PARSE, 0},
        {"1y", E_PARSE, 0},
        {"s", E_PARSE, 0},
        {"", E_PARSE, 0},
        {NULL, E_PARSE, 0},
    };

    expect_amounts(str_duration_us, cases, sizeof cases / sizeof *cases);
}

static void reads_sizes(void)
{
    static const struct amount cases[] = {
        {"0", 0, 0},
        {"64k", 0, 65536},
        {"8MiB", 0, 8388608},
        {"8MB", 0, 8388608},
        {"1G", 0, 1073741824},
        {"1.5k", 0, 1536},
        {"2t", 0, INT64_C(2199023255552)},
        {"12b", 0, 12},
        {"8388607t", 0, INT64_C(8388607) << 40},
        {"8388608t", E_RANGE, 0},
        {"1kk", E_PARSE, 0},
        {"k", E_PARSE, 0},
    };

    expect_amounts(str_bytes, cases, sizeof cases / sizeof *cases);
}

static void finds_the_nearest_name(void)
{
    static const char *const names[] = {"approve", "abort", "rollback", "resume", "ls"};
    static const struct {
        const char *word, *nearest;
    } cases[] = {
        {"aprove", "approve"}, {"APPROVE", "approve"}, {"rollabck", "rollback"},
        {"resum", "resume"},   {"abrot", "abort"},     {"sl", NULL},
        {"ls", "ls"},          {"xyzzy", NULL},        {"", NULL},
        {"r", NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *found = str_nearest(cases[i].word, names, sizeof names / sizeof *names);
        CU_ASSERT_TRUE(str_eq(found, cases[i].nearest));
    }
    CU_ASSERT_PTR_NULL(str_nearest("approve", names, 0));
}

static void a_very_long_word_is_near_nothing(void)
{
    char word[200];
    const char *const names[] = {word, "x"};

    memset(word, 'x', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    CU_ASSERT_PTR_NULL(str_nearest(word, names, 2));
    CU_ASSERT_STRING_EQUAL(str_nearest("x", names, 2), "x");
}

static void format_marks_a_cut_and_splits_nothing(void)
{
    static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";
    char out[32];

    for (size_t cap = 1; cap < sizeof out; cap++) {
        memset(out, '?', sizeof out);
        size_t len = str_format(out, cap, "%s", text);
        CU_ASSERT_EQUAL(len, strlen(out));
        CU_ASSERT(len < cap);
        CU_ASSERT_TRUE(utf8_valid(out, len));
        if (cap >= sizeof text)
            CU_ASSERT_STRING_EQUAL(out, text);
        if (cap > 3 && cap < sizeof text)
            CU_ASSERT_TRUE(str_ends(out, "\xe2\x80\xa6"));
        for (size_t i = cap; i < sizeof out; i++)
            CU_ASSERT_EQUAL(out[i], '?');
    }
    CU_ASSERT_EQUAL(str_format(NULL, 0, "%s", text), 0);
}

static void hex_goes_there_and_back(void)
{
    unsigned char bytes[4];
    char text[9];

    str_hex(text, "\x00\x7f\x80\xff", 4);
    CU_ASSERT_STRING_EQUAL(text, "007f80ff");
    CU_ASSERT_EQUAL(str_unhex(bytes, 4, "007F80fF"), 0);
    CU_ASSERT_EQUAL(memcmp(bytes, "\x00\x7f\x80\xff", 4), 0);
    CU_ASSERT_EQUAL(str_unhex(bytes, 4, "007f80f"), E_PARSE);
    CU_ASSERT_EQUAL(str_unhex(bytes, 4, "007f80ff0"), E_PARSE);
    CU_ASSERT_EQUAL(str_unhex(bytes, 4, "007g80ff"), E_PARSE);
    CU_ASSERT_EQUAL(str_unhex(bytes, 4, ""), E_PARSE);
    CU_ASSERT_EQUAL(str_unhex(bytes, 0, ""), 0);
}

static const struct test tests[] = {
    {"compares texts and their ends", compares_texts_and_their_ends},
    {"reads whole numbers whole", reads_whole_numbers_whole},
    {"reads decimal numbers whole", reads_decimal_numbers_whole},
    {"reads durations", reads_durations},
    {"reads sizes", reads_sizes},
    {"finds the nearest name", finds_the_nearest_name},
    {"a very long word is near nothing", a_very_long_word_is_near_nothing},
    {"format marks a cut and splits nothing", format_marks_a_cut_and_splits_nothing},
    {"hex goes there and back", hex_goes_there_and_back},
    {NULL, NULL},
};

const struct suite suite_str = {"str", tests};
