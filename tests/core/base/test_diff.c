/* SPDX-License-Identifier: MIT */
#include "core/base/diff.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/suite.h"

#define MANY 3000

/* A word of letters, one line each. */
static size_t lines_of(const char **lines, const char *word)
{
    static char letters[26][2];
    size_t count = strlen(word);

    for (int i = 0; i < 26; i++)
        letters[i][0] = (char)('a' + i);
    for (size_t i = 0; i < count; i++)
        lines[i] = letters[word[i] - 'a'];
    return count;
}

/* "=ab-c+d": what is the same, dropped, added. */
static void say(char *out, const struct diff_line *script, size_t count, const char *a,
                const char *b)
{
    static const char signs[] = "=-+";
    int last = -1;

    for (size_t i = 0; i < count; i++) {
        if ((int)script[i].op != last)
            *out++ = signs[script[i].op];
        last = (int)script[i].op;
        *out++ = *(script[i].op == DIFF_ADDED ? b + script[i].b : a + script[i].a);
    }
    *out = '\0';
}

static void tells_what_was_dropped_and_added(void)
{
    static const struct {
        const char *a, *b, *script;
    } cases[] = {
        {"", "", ""},
        {"abc", "abc", "=abc"},
        {"", "ab", "+ab"},
        {"ab", "", "-ab"},
        {"abc", "axc", "=a-b+x=c"},
        {"abc", "abxc", "=ab+x=c"},
        {"abxc", "abc", "=ab-x=c"},
        {"a", "b", "-a+b"},
        {"abcabba", "cbabac", "-ab=c+b=ab-b=a+c"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *a[16], *b[16];
        char text[64];
        size_t count, na = lines_of(a, cases[i].a), nb = lines_of(b, cases[i].b);
        struct diff_line *script = diff_lines(a, na, b, nb, &count);

        say(text, script, count, cases[i].a, cases[i].b);
        CU_ASSERT_STRING_EQUAL(text, cases[i].script);
        free(script);
    }
}

static size_t common(const char *const *a, size_t na, const char *const *b, size_t nb)
{
    size_t longest[33][33] = {0};

    for (size_t i = 1; i <= na; i++)
        for (size_t j = 1; j <= nb; j++) {
            size_t best =
                longest[i - 1][j] > longest[i][j - 1] ? longest[i - 1][j] : longest[i][j - 1];
            longest[i][j] = strcmp(a[i - 1], b[j - 1]) == 0 ? longest[i - 1][j - 1] + 1 : best;
        }
    return longest[na][nb];
}

/* Every line of both is there once, in order; *same of them are in both. */
static bool is_script(const struct diff_line *script, size_t count, const char *const *a, size_t na,
                      const char *const *b, size_t nb, size_t *same)
{
    size_t x = 0, y = 0;

    *same = 0;
    for (size_t i = 0; i < count; i++) {
        if (script[i].a != x || script[i].b != y)
            return false;
        if (script[i].op == DIFF_SAME && strcmp(a[x], b[y]) != 0)
            return false;
        *same += script[i].op == DIFF_SAME;
        x += script[i].op != DIFF_ADDED;
        y += script[i].op != DIFF_DROPPED;
    }
    return x == na && y == nb;
}

static void leads_from_one_to_the_other_by_the_shortest_way(void)
{
    uint32_t chance = 1;

    for (int round = 0; round < 2000; round++) {
        const char *a[32], *b[32];
        char words[2][33];
        size_t count, same;

        for (int w = 0; w < 2; w++) {
            chance = chance * 1664525 + 1013904223;
            size_t len = chance >> 16 & 31;
            for (size_t i = 0; i < len; i++) {
                chance = chance * 1664525 + 1013904223;
                words[w][i] = (char)('a' + (chance >> 16) % 4);
            }
            words[w][len] = '\0';
        }
        size_t na = lines_of(a, words[0]), nb = lines_of(b, words[1]);
        struct diff_line *script = diff_lines(a, na, b, nb, &count);
        CU_ASSERT_TRUE(is_script(script, count, a, na, b, nb, &same));
        CU_ASSERT_EQUAL(same, common(a, na, b, nb));
        free(script);
    }
}

static void gives_up_the_middle_when_too_much_differs(void)
{
    static const char *a[MANY], *b[MANY];
    size_t count, same;

    for (size_t i = 0; i < MANY; i++) {
        a[i] = "left";
        b[i] = "right";
    }
    a[0] = b[0] = "start";
    a[MANY - 1] = b[MANY - 1] = "end";
    struct diff_line *script = diff_lines(a, MANY, b, MANY, &count);
    CU_ASSERT_EQUAL(count, 2 * MANY - 2);
    CU_ASSERT_TRUE(is_script(script, count, a, MANY, b, MANY, &same));
    CU_ASSERT_EQUAL(same, 2);
    free(script);
}

static const struct test tests[] = {
    {"tells what was dropped and added", tells_what_was_dropped_and_added},
    {"leads from one to the other by the shortest way",
     leads_from_one_to_the_other_by_the_shortest_way},
    {"gives up the middle when too much differs", gives_up_the_middle_when_too_much_differs},
    {NULL, NULL},
};

const struct suite suite_diff = {"diff", tests};
