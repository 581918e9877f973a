/* SPDX-License-Identifier: MIT */
#include "core/base/ignore.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/suite.h"
#include "tests/support/scratch.h"

#ifndef GIT_ROUNDS
#define GIT_ROUNDS 40
#endif

static struct ignore *with(const char *rules)
{
    struct ignore *ignore;

    ignore_new(&ignore);
    ignore_add(ignore, "", rules, strlen(rules));
    return ignore;
}

static void patterns_mean_what_gits_manual_says(void)
{
    static const struct {
        const char *rules, *path;
        bool folder, ignored;
    } cases[] = {
        {"*.o", "a.o", false, true},
        {"*.o", "src/a.o", false, true},
        {"*.o", "a.oo", false, false},
        {"/a", "a", false, true},
        {"/a", "src/a", false, false},
        {"src/a", "src/a", false, true},
        {"src/a", "x/src/a", false, false},
        {"build/", "build", true, true},
        {"build/", "build", false, false},
        {"build/", "x/build", true, true},
        {"a?c", "abc", false, true},
        {"a?c", "ac", false, false},
        {"a[b-d]e", "ace", false, true},
        {"a[!b-d]e", "ace", false, false},
        {"a[^b-d]e", "axe", false, true},
        {"a[[:digit:]]", "a7", false, true},
        {"a[]]", "a]", false, true},
        {"a[b", "a[b", false, false},
        {"**/x", "x", false, true},
        {"**/x", "a/b/x", false, true},
        {"a/**", "a", true, false},
        {"a/**", "a/b/c", false, true},
        {"a/**/b", "a/b", false, true},
        {"a/**/b", "a/x/y/b", false, true},
        {"a/**/b", "ab", false, false},
        {"a**b", "axxb", false, true},
        {"/a**b", "ax/xb", false, false},
        {"/*.c", "a.c", false, true},
        {"/*.c", "x/a.c", false, false},
        {"a/*", "a/b", false, true},
        {"a/*", "a/b/c", false, false},
        {"\\!a", "!a", false, true},
        {"\\#a", "#a", false, true},
        {"#a", "#a", false, false},
        {"a ", "a", false, true},
        {"a\\ ", "a ", false, true},
        {"a\r\n", "a", false, true},
        {"\xef\xbb\xbf*.o", "a.o", false, true},
        {"*\n!keep", "keep", false, false},
        {"*\n!keep", "other", false, true},
        {"!keep\n*", "keep", false, true},
        {"/", "a", false, false},
        {"", "a", false, false},
        {"***/b", "a/b", false, true},
        {"**\\/b", "a/b", false, true},
        {"**\\/b", "b", false, false},
        {"foo*bar*baz", "fooXbarYbarZbaz", false, true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ignore *ignore = with(cases[i].rules);
        bool ignored = ignore_matches(ignore, cases[i].path, cases[i].folder);

        if (ignored != cases[i].ignored)
            printf("%s against %s: %d\n", cases[i].path, cases[i].rules, ignored);
        CU_ASSERT_EQUAL(ignored, cases[i].ignored);
        ignore_free(ignore);
    }
}

static void a_folders_rules_hold_below_it_and_overrule_those_above(void)
{
    struct ignore *ignore = with("*.log\n");

    ignore_add(ignore, "sub", "!keep.log\n/top\n", 15);
    CU_ASSERT_TRUE(ignore_matches(ignore, "keep.log", false));
    CU_ASSERT_FALSE(ignore_matches(ignore, "sub/keep.log", false));
    CU_ASSERT_FALSE(ignore_matches(ignore, "sub/x/keep.log", false));
    CU_ASSERT_TRUE(ignore_matches(ignore, "sub/other.log", false));
    CU_ASSERT_TRUE(ignore_matches(ignore, "sub/top", false));
    CU_ASSERT_FALSE(ignore_matches(ignore, "sub/x/top", false));
    CU_ASSERT_FALSE(ignore_matches(ignore, "subtop/top", false));
    CU_ASSERT_EQUAL(ignore_count(ignore), 3);
    ignore_back(ignore, 1);
    CU_ASSERT_TRUE(ignore_matches(ignore, "sub/keep.log", false));
    ignore_free(ignore);
}

/* A matcher that tries all ways would need 2^30 steps for either. */
static void no_pattern_takes_long(void)
{
    char text[200] = {0};
    struct ignore *stars = with("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b"),
                  *deep = with("**/a/**/a/**/a/**/a/**/a/**/a/**/a/**/a/**/b");

    memset(text, 'a', 100);
    CU_ASSERT_FALSE(ignore_matches(stars, text, false));
    for (int i = 0; i < 198; i++)
        text[i] = i % 2 ? '/' : 'a';
    CU_ASSERT_FALSE(ignore_matches(deep, text, false));
    ignore_free(stars);
    ignore_free(deep);
}

/* ---- The judge is git ----------------------------------------------------------------------- */

/* Its exit code; what it says goes to dir/said. */
static int run_git(const char *dir, const char *const *words)
{
    const char *argv[24] = {"git", "-C", dir};
    pid_t pid;
    int status = -1;
    posix_spawn_file_actions_t actions;

    for (size_t i = 0; words[i] && i < 20; i++)
        argv[i + 3] = words[i];
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, scratch_path(dir, "said"),
                                     O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    if (posix_spawnp(&pid, "git", &actions, NULL, (char *const *)argv, environ) == 0)
        (void)waitpid(pid, &status, 0);
    posix_spawn_file_actions_destroy(&actions);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static unsigned next_random(unsigned *seed)
{
    *seed = *seed * 1103515245 + 12345;
    return *seed >> 16;
}

static void random_text(char *out, size_t len, const char *from, unsigned *seed)
{
    size_t at = 0;

    for (size_t count = 1 + next_random(seed) % (len - 1); at < count; at++)
        out[at] = from[next_random(seed) % strlen(from)];
    out[at] = '\0';
}

/* git 2.39 tells where a part begins by comparing pointers into two different texts when "**"
   stands inside one: what it answers then depends on where they lie in memory. */
static bool git_knows(const char *pattern)
{
    for (const char *at = strstr(pattern, "**"); at; at = strstr(at + 1, "**"))
        if (at > pattern && at[-1] != '/' && at[-1] != '*')
            return false;
    return true;
}

/* A path of files "a", "b", "c" that git would take. */
static void random_path(char *out, unsigned *seed)
{
    int parts = 1 + (int)(next_random(seed) % 4);
    size_t at = 0;

    for (int i = 0; i < parts; i++) {
        at +=
            (size_t)snprintf(out + at, 64 - at, "%s%c", i ? "/" : "", "abc"[next_random(seed) % 3]);
        if (next_random(seed) % 2)
            at += (size_t)snprintf(out + at, 64 - at, "%c", "abc"[next_random(seed) % 3]);
    }
}

/* Left out by itself, or by a folder above it: what check-ignore answers for. */
static bool left_out(const struct ignore *ignore, const char *path)
{
    char part[256];

    for (const char *at = strchr(path, '/'); at; at = strchr(at + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(at - path), path);
        if (ignore_matches(ignore, part, true))
            return true;
    }
    return ignore_matches(ignore, path, false);
}

#define PATHS 8

static void compare_with_git(const char *dir, const char *rules, char paths[PATHS][64])
{
    const char *words[PATHS + 4] = {"check-ignore", "--no-index", "--"};
    struct ignore *ignore = with(rules);
    char *said, line[72];

    for (int i = 0; i < PATHS; i++)
        words[i + 3] = paths[i];
    scratch_write(dir, ".gitignore", rules);
    CU_ASSERT_TRUE(run_git(dir, words) <= 1);
    said = scratch_read(dir, "said");
    for (int i = 0; i < PATHS; i++) {
        snprintf(line, sizeof line, "%.64s\n", paths[i]);
        bool ours = left_out(ignore, paths[i]), theirs = false;
        for (const char *at = said; (at = strstr(at, line)) != NULL && !theirs; at++)
            theirs = at == said || at[-1] == '\n';
        if (ours != theirs)
            printf("%s: ours %d, git's %d, rules:\n%s", paths[i], ours, theirs, rules);
        CU_ASSERT_EQUAL(ours, theirs);
    }
    free(said);
    ignore_free(ignore);
}

static void git_check_ignore_agrees(void)
{
    static const char *const init[] = {"init", "-q", NULL};
    char *dir = scratch_new();
    unsigned seed = 20261123;

    if (run_git(dir, init) != 0) {
        suite_skip("git check-ignore agrees", "no git");
        scratch_free(dir);
        return;
    }
    for (int i = 0; i < GIT_ROUNDS; i++) {
        char rules[64], pattern[12], paths[PATHS][64];
        size_t len = 0;

        for (int lines = 0; lines < 3; lines++) {
            do
                random_text(pattern, sizeof pattern, "abc*?/!**//[]-\\a", &seed);
            while (!git_knows(pattern));
            len += (size_t)snprintf(rules + len, sizeof rules - len, "%s\n", pattern);
        }
        for (int j = 0; j < PATHS; j++)
            random_path(paths[j], &seed);
        compare_with_git(dir, rules, paths);
    }
    scratch_free(dir);
}

static const struct test tests[] = {
    {"patterns mean what git's manual says", patterns_mean_what_gits_manual_says},
    {"a folder's rules hold below it and overrule those above",
     a_folders_rules_hold_below_it_and_overrule_those_above},
    {"no pattern takes long", no_pattern_takes_long},
    {"git check-ignore agrees", git_check_ignore_agrees},
    {NULL, NULL},
};

const struct suite suite_ignore = {"ignore", tests};
