/* SPDX-License-Identifier: MIT */
#include "core/base/pattern.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "tests/suite.h"

static void matches_by_its_flags(void)
{
    static const struct {
        const char *source, *text;
        unsigned flags;
        bool found;
    } cases[] = {
        {"err(or)?", "an error", 0, true},
        {"ERR", "an error", 0, false},
        {"ERR", "an error", PATTERN_NOCASE, true},
        {"err", "an ERROR", PATTERN_SMARTCASE, true},
        {"Err", "an ERROR", PATTERN_SMARTCASE, false},
        {"\\Serr", "anERROR", PATTERN_SMARTCASE, true},
        {"a.c", "abc", PATTERN_LITERAL, false},
        {"a.c", "xa.cx", PATTERN_LITERAL, true},
        {"A.C", "xa.cx", PATTERN_LITERAL | PATTERN_NOCASE, true},
        {"^two$", "one\ntwo\nthree", 0, false},
        {"^two$", "one\ntwo\nthree", PATTERN_MULTILINE, true},
        {"\xc3\x89", "caf\xc3\xa9", PATTERN_NOCASE, true},
        {"^.$", "\xc3\xa9", 0, true},
        {"b", "a\xff\xfe\x62", 0, true},
        {"", "", 0, true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pattern *p;
        CU_ASSERT_EQUAL_FATAL(pattern_new(&p, cases[i].source, cases[i].flags, NULL), 0);
        CU_ASSERT_EQUAL(pattern_matches(p, cases[i].text, strlen(cases[i].text)), cases[i].found);
        pattern_free(p);
    }
}

static void finds_one_match_after_the_other(void)
{
    struct pattern *p;
    size_t start, end;

    CU_ASSERT_EQUAL_FATAL(pattern_new(&p, "a+", 0, NULL), 0);
    CU_ASSERT_EQUAL(pattern_find(p, "baab a", 6, 0, &start, &end), 1);
    CU_ASSERT(start == 1 && end == 3);
    CU_ASSERT_EQUAL(pattern_find(p, "baab a", 6, end, &start, &end), 1);
    CU_ASSERT(start == 5 && end == 6);
    CU_ASSERT_EQUAL(pattern_find(p, "baab a", 6, end, &start, &end), 0);
    CU_ASSERT_EQUAL(pattern_find(p, "baab a", 6, 7, &start, &end), 0);
    CU_ASSERT_EQUAL(pattern_find(p, "aa", 0, 0, &start, &end), 0);
    pattern_free(p);
    pattern_free(NULL);
}

static void refuses_what_is_no_pattern(void)
{
    static const struct {
        const char *source, *says;
    } cases[] = {
        {"a(b", "missing closing parenthesis"},
        {"[z-a]", "range out of order"},
        {"*a", "quantifier"},
        {"\xff", "UTF-8"},
        {"\\C", "\\C"},
    };
    struct pattern *p;
    struct err err;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CU_ASSERT_EQUAL(pattern_new(&p, cases[i].source, 0, &err), E_PARSE);
        CU_ASSERT_PTR_NULL(p);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, cases[i].says));
    }
}

static void refuses_monsters(void)
{
    struct pattern *p;
    char *source = mem_new(9000);

    memset(source, 'a', 8999);
    CU_ASSERT_EQUAL(pattern_new(&p, source, 0, NULL), E_TOOBIG);
    memset(source, '(', 8000);
    source[8000] = '\0';
    CU_ASSERT_EQUAL(pattern_new(&p, source, 0, NULL), E_PARSE);
    free(source);
}

static void gives_up_on_catastrophes(void)
{
    static const char *const sources[] = {"(a+)+$", "(a|aa)+$", "^(([a-z])+.)+[A-Z]([a-z])+$"};
    char text[64];
    size_t start, end;

    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '!';
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        struct pattern *p;
        CU_ASSERT_EQUAL_FATAL(pattern_new(&p, sources[i], 0, NULL), 0);
        CU_ASSERT_EQUAL(pattern_find(p, text, sizeof text, 0, &start, &end), E_RANGE);
        CU_ASSERT_FALSE(pattern_matches(p, text, sizeof text));
        pattern_free(p);
    }
}

static void globs_know_parts_of_paths(void)
{
    static const struct {
        const char *glob, *text;
        bool fits;
    } cases[] = {
        {"", "", true},
        {"", "a", false},
        {"a", "", false},
        {"*", "", true},
        {"*", "abc", true},
        {"*", "a/b", false},
        {"**", "a/b/c", true},
        {"**", "", true},
        {"*.c", "main.c", true},
        {"*.c", "core/main.c", false},
        {"**/*.c", "main.c", true},
        {"**/*.c", "core/base/main.c", true},
        {"**/*.c", "core/main.h", false},
        {"src/**/x", "src/x", true},
        {"src/**/x", "src/a/b/x", true},
        {"src/**/x", "src/ax", false},
        {"src/**/x", "srcx", false},
        {"src/**", "src/a/b", true},
        {"src/**", "src", false},
        {"src**x", "src/a/x", true},
        {"a/*/b/**/c", "a/1/b/2/3/c", true},
        {"a/*/b/**/c", "a/1/2/b/c", false},
        {"**/a/*/c", "a/a/b/c", true},
        {"**/test_*.c", "t/test_/test_x.c", true},
        {"*a*b*c", "xxaxxbxxbxxc", true},
        {"*a*b*c", "xxaxxb/xxc", false},
        {"**a*b", "a/ab", true},
        {"?", "\xc3\xa9", true},
        {"?", "/", false},
        {"?", "", false},
        {"[a-c]x", "bx", true},
        {"[!a-c]x", "bx", false},
        {"[^a-c]x", "dx", true},
        {"[!a]", "/", false},
        {"[]]", "]", true},
        {"[a-]", "-", true},
        {"[\xc3\xa0-\xc3\xaf]", "\xc3\xa9", true},
        {"**[!\xc3\xa9]", "\xc3\xa9", false},
        {"*[!\xc3\xa9]", "\xc3\xa9", false},
        {"[abc", "[abc", true},
        {"[\\]]", "]", true},
        {"\\*", "*", true},
        {"\\*", "a", false},
        {"a\\", "a\\", true},
        {"\\?", "a", false},
        {"\xff*", "\xff\xfe", true},
        {"git status*", "git status --short", true},
        {"*.c", ".c", true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (pattern_glob(cases[i].glob, cases[i].text) != cases[i].fits)
            CU_FAIL(cases[i].glob);
    CU_PASS("all globs were tried");
}

/* Exponential in a matcher that comes back to every star. */
static void globs_with_many_stars_end_soon(void)
{
    char text[2001];

    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    CU_ASSERT_FALSE(pattern_glob("*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
    CU_ASSERT_FALSE(pattern_glob("**a**a**a**a*a*a**a**a**a*b", text));
    CU_ASSERT_TRUE(pattern_glob("**a**a**a**a*a*a**a**a**a*a", text));
}

static const struct test tests[] = {
    {"matches by its flags", matches_by_its_flags},
    {"finds one match after the other", finds_one_match_after_the_other},
    {"refuses what is no pattern", refuses_what_is_no_pattern},
    {"refuses monsters", refuses_monsters},
    {"gives up on catastrophes", gives_up_on_catastrophes},
    {"globs know parts of paths", globs_know_parts_of_paths},
    {"globs with many stars end soon", globs_with_many_stars_end_soon},
    {NULL, NULL},
};

const struct suite suite_pattern = {"pattern", tests};
