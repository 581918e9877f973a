/* SPDX-License-Identifier: MIT */
#include "tui/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "tests/suite.h"

static void width_is_what_a_terminal_advances(void)
{
    static const struct {
        const char *text;
        int width;
    } cases[] = {
        {"", 0},
        {"plain", 5},
        {"é", 1},
        {"e\u0301", 1}, /* a mark on its base */
        {"中文", 4},
        {"ｱ", 1}, /* half-width katakana */
        {"한", 2},
        {"\u1112\u1161\u11ab", 2}, /* the same in jamo */
        {"😀", 2},
        {"👩\u200d💻", 2}, /* one pictograph of two */
        {"👍🏽", 2}, /* with a skin tone */
        {"❤\ufe0f", 1},  /* as wcwidth says, whatever the selector asks */
        {"1\ufe0f\u20e3", 1},
        {"🇩🇪", 2}, /* a flag: two letters */
        {"नि", 2}, /* consonant and spacing vowel sign */
        {"क्ष", 2},
        {"שלום", 4},
        {"\u0301", 1}, /* a mark with nothing under it */
        {"\u200d", 0},
        {"\u0378", 1}, /* not assigned */
        {"a\tb", 9},
        {"1234567\tb", 9},
        {"12345678\tb", 17},
        {"\xff\xfe", 2}, /* no UTF-8 */
        {"\x01", 1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int width = text_width(cases[i].text, strlen(cases[i].text));
        CU_ASSERT_EQUAL(width, cases[i].width);
        if (width != cases[i].width)
            printf("    '%s' is %d wide\n", cases[i].text, width);
    }
}

static void clusters_are_what_a_reader_takes_for_one(void)
{
    static const char *const clusters[] = {"a", "e\u0301", "👩\u200d💻", "🇩🇪",      "🇫🇷", "क्",
                                           "b", "\n",      "한",       "❤\ufe0f", "中"};
    char text[128] = "";
    size_t at = 0;
    int width;

    for (size_t i = 0; i < sizeof clusters / sizeof *clusters; i++)
        memcpy(text + strlen(text), clusters[i], strlen(clusters[i]) + 1);
    for (size_t i = 0; i < sizeof clusters / sizeof *clusters; i++) {
        size_t bytes = text_cluster(text + at, strlen(text) - at, 0, &width);
        CU_ASSERT_EQUAL(bytes, strlen(clusters[i]));
        CU_ASSERT_EQUAL(text_before(text, at + bytes), at);
        at += bytes;
    }
    CU_ASSERT_EQUAL(text[at], '\0');
    CU_ASSERT_EQUAL(text_before(text, 0), 0);
}

static void cells_are_as_wide_together_as_their_cluster(void)
{
    static const struct {
        const char *text;
        const char *glyphs; /* of its cells, each behind its width */
    } cases[] = {
        {"a", "1a"},
        {"e\u0301", "1e\u0301"},
        {"👩\u200d💻", "2👩"},
        {"👍🏽", "2👍"},
        {"❤\ufe0f", "1❤"},
        {"1\ufe0f\u20e3", "11\u20e3"},
        {"🇩🇪", "1🇩1🇪"},
        {"नि", "1न1ि"},
        {"a\u0301\u0301\u0301\u0301\u0301\u0301", "1a\u0301\u0301\u0301\u0301"},
        {"\u0301", "1◌\u0301"},
        {"\u1112\u1161\u11ab", "2\u1112\u1161\u11ab"},
        {"\u202e", ""},      /* a direction control that nobody removed */
        {"\x1b", "1\ufffd"}, /* nor this */
        {"\xc2\x9b", "1\ufffd"},
        {"\xff", "1\ufffd"},
        {"\u0378", "1\ufffd"},
        {"\n", ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char got[64] = "";
        size_t len = strlen(cases[i].text);
        struct text_cell cell;
        int width = 0;
        for (size_t at = 0; at < len;) {
            at += text_cell(&cell, cases[i].text + at, len - at);
            width += cell.width;
            if (cell.width)
                snprintf(got + strlen(got), sizeof got - strlen(got), "%d%.*s", cell.width,
                         cell.len, cell.glyph);
        }
        CU_ASSERT_STRING_EQUAL(got, cases[i].glyphs);
        CU_ASSERT_EQUAL(width, text_width(cases[i].text, len));
    }
}

static void fits_whole_clusters_only(void)
{
    static const struct {
        const char *text;
        int columns;
        size_t bytes;
        int width;
    } cases[] = {
        {"abc", 2, 2, 2},  {"abc", 9, 3, 3},      {"中文", 3, 3, 2},
        {"中文", 1, 0, 0}, {"e\u0301x", 1, 3, 1}, {"a\tb", 8, 2, 8},
        {"a\tb", 7, 1, 1}, {"abc", 0, 0, 0},      {"abc", -1, 0, 0},
    };
    int width;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t bytes = text_fit(cases[i].text, strlen(cases[i].text), cases[i].columns, &width);
        CU_ASSERT_EQUAL(bytes, cases[i].bytes);
        CU_ASSERT_EQUAL(width, cases[i].width);
    }
}

static void a_cut_is_visible(void)
{
    static const struct {
        const char *text;
        int columns;
        bool pad;
        const char *out;
    } cases[] = {
        {"hello", 5, false, "hello"},  {"hello", 4, false, "hel…"},    {"hello", 1, false, "…"},
        {"hello", 0, false, ""},       {"hello", 8, true, "hello   "}, {"中文字", 4, true, "中… "},
        {"中文字", 5, false, "中文…"}, {"", 3, true, "   "},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out;
        buf_init(&out, 64);
        CU_ASSERT_EQUAL(
            text_cut(&out, cases[i].text, strlen(cases[i].text), cases[i].columns, cases[i].pad),
            0);
        CU_ASSERT_STRING_EQUAL(out.data, cases[i].out);
        buf_free(&out);
    }
}

/* The rows of text at a width, joined with '|'; '!' behind those that end their line. */
static void wrapped(struct buf *out, const char *text, int width, bool hard)
{
    struct text_wrap wrap = {.text = text, .len = strlen(text), .width = width, .hard = hard};
    struct text_row row;

    while (text_wrap_next(&wrap, &row)) {
        CU_ASSERT(row.width <= (width < 1 ? 1 : width));
        buf_add(out, text + row.start, row.end - row.start);
        buf_char(out, row.last ? '!' : '|');
    }
}

static void wraps_between_words(void)
{
    static const struct {
        const char *text;
        int width;
        const char *rows;
    } cases[] = {
        {"", 5, ""},
        {"a", 5, "a!"},
        {"hello world", 5, "hello|world!"},
        {"hello world", 7, "hello|world!"},
        {"hello   world", 5, "hello|world!"},
        {"hello   ", 5, "hello!"},
        {"hello world  \nnext", 5, "hello|world!next!"},
        {"a\n\nb\n", 5, "a!!b!"},
        {"\n", 5, "!"},
        {"  indented words", 8, "  indent|ed words!"},
        {"    a bb ccc", 7, "    a|bb ccc!"},
        {"incomprehensible", 6, "incomp|rehens|ible!"},
        {"an incomprehensible", 6, "an|incomp|rehens|ible!"},
        {"well-known fact", 6, "well-|known|fact!"},
        {"a --flag here", 8, "a --flag|here!"},
        {"src/tui/text.c is", 8, "src/tui/|text.c|is!"},
        {"中文字符中", 4, "中文|字符|中!"},
        {"中文，字", 4, "中|文，|字!"}, /* a comma never starts a row */
        {"「中文」", 4, "「中|文」!"},
        {"ab中文", 3, "ab|中|文!"},
        {"中文", 1, "中|文!"}, /* wider than the row: alone on it */
        {"👩\u200d💻👩\u200d💻", 3, "👩\u200d💻|👩\u200d💻!"},
        {"a\tb", 4, "a|b!"},
        {"xy", 0, "x|y!"},
        {"xy", -7, "x|y!"},
        {"-a", 1, "-|a!"},
        {"/", 1, "/!"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out;
        buf_init(&out, 4096);
        wrapped(&out, cases[i].text, cases[i].width, false);
        CU_ASSERT_STRING_EQUAL(out.data, cases[i].rows);
        if (strcmp(out.data, cases[i].rows) != 0)
            printf("    '%s' at %d: %s\n", cases[i].text, cases[i].width, out.data);
        buf_free(&out);
    }
}

static void wraps_hard_at_the_column(void)
{
    static const struct {
        const char *text;
        int width;
        const char *rows;
    } cases[] = {
        {"hello world", 5, "hello| worl|d!"},
        {"int x = 1;\n  y", 6, "int x |= 1;!  y!"},
        {"中文字", 3, "中|文|字!"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out;
        buf_init(&out, 4096);
        wrapped(&out, cases[i].text, cases[i].width, true);
        CU_ASSERT_STRING_EQUAL(out.data, cases[i].rows);
        buf_free(&out);
    }
}

static void every_width_keeps_every_word(void)
{
    static const char text[] =
        "The quick 棕色的 fox — naïve, 👩\u200d💻 and e\u0301lan — jumps over\n"
        "src/tui/text.c, then 「停」。 incomprehensibilities\tend";

    for (int width = -1; width <= 90; width++) {
        struct text_wrap wrap = {.text = text, .len = sizeof text - 1, .width = width};
        struct text_row row;
        size_t covered = 0;
        while (text_wrap_next(&wrap, &row)) {
            CU_ASSERT(row.start >= covered && row.end >= row.start);
            for (; covered < row.start; covered++)
                CU_ASSERT_PTR_NOT_NULL(strchr(" \t\n", text[covered]));
            covered = row.end;
            CU_ASSERT(row.width <= (width < 1 ? 1 : width));
        }
        CU_ASSERT_EQUAL(covered, sizeof text - 1);
    }
}

static void a_line_of_ten_megabytes_starts_at_once(void)
{
    size_t len = 10u << 20;
    char *text = malloc(len);
    struct text_row row;

    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    memset(text, 'x', len);
    struct text_wrap wrap = {.text = text, .len = len, .width = 80};
    for (int i = 0; i < 60; i++) { /* a screen of it */
        CU_ASSERT(text_wrap_next(&wrap, &row));
        CU_ASSERT_EQUAL(row.width, 80);
    }
    CU_ASSERT_EQUAL(wrap.at, 60 * 80);
    CU_ASSERT_EQUAL(text_before(text, len), len - 1);
    free(text);
}

const struct suite suite_text = {
    "text",
    (const struct test[]){
        {"width is what a terminal advances", width_is_what_a_terminal_advances},
        {"clusters are what a reader takes for one", clusters_are_what_a_reader_takes_for_one},
        {"cells are as wide together as their cluster",
         cells_are_as_wide_together_as_their_cluster},
        {"fits whole clusters only", fits_whole_clusters_only},
        {"a cut is visible", a_cut_is_visible},
        {"wraps between words", wraps_between_words},
        {"wraps hard at the column", wraps_hard_at_the_column},
        {"every width keeps every word", every_width_keeps_every_word},
        {"a line of ten megabytes starts at once", a_line_of_ten_megabytes_starts_at_once},
        {NULL, NULL},
    },
};
