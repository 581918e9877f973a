/* SPDX-License-Identifier: MIT */
#include "core/tool/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "tests/suite.h"
#include "tests/support/job.h"
#include "tests/support/scratch.h"

#define KEY "sk-0123456789abcdefghij"

static void plant(const struct bench *b)
{
    scratch_folder(b->dir, "src");
    scratch_folder(b->dir, ".git");
    scratch_write(b->dir, "a.txt", "alpha\nbeta\r\nAlpha beta\n");
    scratch_write(b->dir, "src/b.c", "int alpha(void);\n");
    scratch_write(b->dir, "src/ignored.o", "alpha\n");
    scratch_write(b->dir, ".git/HEAD", "alpha\n");
    scratch_write(b->dir, "binary", "alpha\n\1\xff\xfe\xff\xfe\xff\xfe");
    scratch_write(b->dir, ".gitignore", "*.o\n");
}

static void lines_that_match_are_shown_with_their_place(void)
{
    static const struct {
        const char *args, *said;
    } cases[] = {
        {"{\"pattern\":\"alpha\"}", "a.txt:1: alpha\nsrc/b.c:1: int alpha(void);\n"},
        {"{\"pattern\":\"^alpha$\"}", "a.txt:1: alpha\n"},
        {"{\"pattern\":\"beta$\"}", "a.txt:2: beta\na.txt:3: Alpha beta\n"},
        {"{\"pattern\":\"alpha\",\"ignore_case\":true,\"glob\":\"*.txt\"}",
         "a.txt:1: alpha\na.txt:3: Alpha beta\n"},
        {"{\"pattern\":\"alpha(\",\"literal\":true}", "src/b.c:1: int alpha(void);\n"},
        {"{\"pattern\":\"alpha\",\"path\":\"src\"}", "src/b.c:1: int alpha(void);\n"},
        {"{\"pattern\":\"alpha\",\"path\":\"a.txt\"}", "a.txt:1: alpha\n"},
        {"{\"pattern\":\"gamma\"}", "[no match in 3 files]\n"},
        {"{\"pattern\":\"a\",\"max_results\":1}",
         "a.txt:1: alpha\n[there are more matches; these are the first 1]\n"},
        {"{\"pattern\":\"alpha\",\"path\":\"src/ignored.o\"}", "src/ignored.o:1: alpha\n"},
    };
    struct bench b;

    bench_open(&b);
    plant(&b);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CU_ASSERT_STRING_EQUAL(bench_run(&b, "search_files", cases[i].args), cases[i].said);
        CU_ASSERT_FALSE(b.job.result.is_error);
    }
    bench_close(&b);
}

static void a_broken_pattern_or_path_is_refused(void)
{
    struct bench b;

    bench_open(&b);
    CU_ASSERT_PTR_NOT_NULL(strstr(bench_run(&b, "search_files", "{\"pattern\":\"(\"}"), "pattern"));
    CU_ASSERT_EQUAL(b.job.result.failure, FAILURE_ARGUMENTS);
    (void)bench_run(&b, "search_files", "{\"pattern\":\"a\",\"path\":\"../x\"}");
    CU_ASSERT_EQUAL(b.job.result.failure, FAILURE_DENIED);
    (void)bench_run(&b, "search_files", "{\"pattern\":\"a\",\"path\":\"nothing\"}");
    CU_ASSERT_EQUAL(b.job.result.failure, FAILURE_ARGUMENTS);
    bench_close(&b);
}

static void a_long_line_is_shown_around_its_match(void)
{
    struct bench b;
    char text[2001];

    bench_open(&b);
    memset(text, 'x', 2000);
    memcpy(text + 1000, "needle", 6);
    text[2000] = '\0';
    scratch_write(b.dir, "long", text);
    const char *got = bench_run(&b, "search_files", "{\"pattern\":\"needle\"}");
    CU_ASSERT_TRUE(strlen(got) < 330);
    CU_ASSERT_EQUAL(strncmp(got, "long:1: \xe2\x80\xa6xxx", 14), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "xneedlex"));
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "xxx\xe2\x80\xa6\n"));
    bench_close(&b);
}

/* With ^KEY=sk-0 and then ^KEY=sk-01 a pattern could guess a key letter by letter. */
static void no_pattern_can_guess_a_key(void)
{
    struct bench b;

    bench_open(&b);
    bench_hide(&b, KEY);
    scratch_write(b.dir, ".env", "KEY=" KEY "\n");
    CU_ASSERT_STRING_EQUAL(bench_run(&b, "search_files", "{\"pattern\":\"^KEY=sk-0\"}"),
                           "[no match in 1 files]\n");
    CU_ASSERT_STRING_EQUAL(bench_run(&b, "search_files", "{\"pattern\":\"^KEY=\"}"),
                           ".env:1: KEY=***\n");
    bench_close(&b);
}

static void links_are_not_followed(void)
{
    struct bench b;

    bench_open(&b);
    CU_ASSERT_EQUAL(symlink("/etc/passwd", scratch_path(b.dir, "passwd")), 0);
    CU_ASSERT_EQUAL(symlink("/etc", scratch_path(b.dir, "etc")), 0);
    CU_ASSERT_EQUAL(symlink(".", scratch_path(b.dir, "loop")), 0);
    CU_ASSERT_STRING_EQUAL(bench_run(&b, "search_files", "{\"pattern\":\"root\"}"),
                           "[no match in 0 files]\n");
    bench_close(&b);
}

static void a_pattern_that_takes_too_long_is_given_up(void)
{
    struct bench b;

    bench_open(&b);
    scratch_write(b.dir, "a",
                  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\n"
                  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\naaaa\n");
    const char *got = bench_run(&b, "search_files", "{\"pattern\":\"^(a+)+$\"}");
    CU_ASSERT_STRING_EQUAL(got,
                           "[no match in 1 files]\n[the pattern takes too long on 3 lines; the "
                           "search was given up]\n");
    bench_close(&b);
}

static void a_file_that_is_too_large_is_counted(void)
{
    struct bench b;
    FILE *file;

    bench_open(&b);
    file = fopen(scratch_path(b.dir, "large"), "w");
    CU_ASSERT_EQUAL(fseek(file, 9 << 20, SEEK_SET), 0);
    CU_ASSERT_EQUAL(fputc('x', file), 'x');
    CU_ASSERT_EQUAL(fclose(file), 0);
    CU_ASSERT_STRING_EQUAL(bench_run(&b, "search_files", "{\"pattern\":\"x\"}"),
                           "[no match in 0 files]\n[1 files larger than 8 MiB were skipped]\n");
    bench_close(&b);
}

/* An hour passes once the first match is there. */
static int64_t later(void *self)
{
    int *looks = self;

    return ++*looks < 6 ? 0 : 3600 * 1000000LL;
}

static void what_was_found_in_time_is_shown(void)
{
    struct bench b;
    int looks = 0;
    struct tool_job job = {.clock = {.mono_us = later, .wall_us = later, .self = &looks}};

    bench_open(&b);
    for (char name[2] = "a"; name[0] <= 'z'; name[0]++)
        scratch_write(b.dir, name, "x\n");
    job.tool = toolset_find(b.set, "search_files");
    job.root = b.root;
    CU_ASSERT_EQUAL(json_parse(&job.args, "{\"pattern\":\"x\"}", 15, NULL, NULL), 0);
    tool_job_run(&job);
    CU_ASSERT_EQUAL(job.result.failure, FAILURE_NONE);
    CU_ASSERT_EQUAL(strncmp(job.result.text, "a:1: x\nb:1: x\n", 14), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(job.result.text, "[time was over after "));
    CU_ASSERT_PTR_NULL(strstr(job.result.text, "z:1"));
    tool_job_clear(&job);
    bench_close(&b);
}

static const struct test tests[] = {
    {"lines that match are shown with their place", lines_that_match_are_shown_with_their_place},
    {"a broken pattern or path is refused", a_broken_pattern_or_path_is_refused},
    {"a long line is shown around its match", a_long_line_is_shown_around_its_match},
    {"A11 no pattern can guess a key", no_pattern_can_guess_a_key},
    {"A04 links are not followed", links_are_not_followed},
    {"a pattern that takes too long is given up", a_pattern_that_takes_too_long_is_given_up},
    {"a file that is too large is counted", a_file_that_is_too_large_is_counted},
    {"what was found in time is shown", what_was_found_in_time_is_shown},
    {NULL, NULL},
};

const struct suite suite_search = {"search", tests};
