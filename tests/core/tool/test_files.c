/* SPDX-License-Identifier: MIT */
#include "core/tool/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/utf8.h"
#include "tests/suite.h"
#include "tests/support/job.h"
#include "tests/support/scratch.h"

#define KEY "sk-0123456789abcdefghij"

static void expect(struct bench *b, const char *tool, const char *args, const char *wanted)
{
    const char *got = bench_run(b, tool, args);

    if (strcmp(got, wanted) != 0)
        printf("%s %s\n  said:   %s\n  wanted: %s\n", tool, args, got, wanted);
    CU_ASSERT_STRING_EQUAL(got, wanted);
}

static void expect_failure(struct bench *b, const char *tool, const char *args,
                           enum failure failure, const char *part)
{
    const char *got = bench_run(b, tool, args);

    if (!strstr(got, part))
        printf("%s %s\n  said:   %s\n  wanted: %s\n", tool, args, got, part);
    CU_ASSERT_PTR_NOT_NULL(strstr(got, part));
    CU_ASSERT_TRUE(b->job.result.is_error);
    CU_ASSERT_EQUAL(b->job.result.failure, failure);
}

/* ---- Reading -------------------------------------------------------------------------------- */

static void a_file_is_shown_whole_or_by_lines(void)
{
    struct bench b;

    bench_open(&b);
    scratch_write(b.dir, "a.txt", "one\ntwo\nthree\n");
    scratch_write(b.dir, "b.txt", "one\ntwo");
    scratch_write(b.dir, "empty", "");
    expect(&b, "read_file", "{\"path\":\"a.txt\"}", "one\ntwo\nthree\n");
    expect(&b, "read_file", "{\"path\":\"b.txt\"}", "one\ntwo");
    expect(&b, "read_file", "{\"path\":\"a.txt\",\"numbers\":true}",
           "     1\tone\n     2\ttwo\n     3\tthree\n");
    expect(&b, "read_file", "{\"path\":\"a.txt\",\"offset\":2,\"limit\":1}",
           "two\n[lines 2 to 2 of 3]");
    expect(&b, "read_file", "{\"path\":\"a.txt\",\"limit\":2}", "one\ntwo\n[lines 1 to 2 of 3]");
    expect(&b, "read_file", "{\"path\":\"b.txt\",\"offset\":2,\"numbers\":true}",
           "     2\ttwo[lines 2 to 2 of 2]");
    expect(&b, "read_file", "{\"path\":\"a.txt\",\"offset\":3,\"limit\":null}",
           "three\n[lines 3 to 3 of 3]");
    expect(&b, "read_file", "{\"path\":\"empty\"}", "[empty file]");
    CU_ASSERT_FALSE(b.job.result.is_error);
    expect_failure(&b, "read_file", "{\"path\":\"a.txt\",\"offset\":4}", FAILURE_ARGUMENTS,
                   "offset 4 is behind the end: the file has 3 lines");
    bench_close(&b);
}

static void what_cannot_be_read_is_named(void)
{
    struct bench b;

    bench_open(&b);
    scratch_folder(b.dir, "sub");
    scratch_write(b.dir, "binary", "\177ELF\1\1\1\3\3\3\3\3\3\3\xff\xfe\xff\xff\xff");
    expect_failure(&b, "read_file", "{\"path\":\"nothing\"}", FAILURE_ARGUMENTS,
                   "nothing: No such file or directory");
    expect_failure(&b, "read_file", "{\"path\":\"sub\"}", FAILURE_DENIED, "sub: is a folder");
    expect_failure(&b, "read_file", "{\"path\":\"../x\"}", FAILURE_DENIED, "'..' is not allowed");
    expect_failure(&b, "read_file", "{\"path\":\"/etc/passwd\"}", FAILURE_DENIED,
                   "outside the workspace");
    expect_failure(&b, "read_file", "{\"path\":\"binary\"}", FAILURE_ARGUMENTS,
                   "binary file of 19 bytes");
    bench_close(&b);
}

static char *big_file(const struct bench *b, const char *name, size_t lines, size_t width)
{
    char *text = malloc(lines * width + 1);

    for (size_t i = 0; i < lines; i++)
        snprintf(text + i * width, width + 1, "%0*zu\n", (int)width - 1, i + 1);
    scratch_write(b->dir, name, text);
    return text;
}

static void a_large_file_is_shown_in_whole_lines_up_to_a_size(void)
{
    struct bench b;
    char *text;

    bench_open(&b);
    text = big_file(&b, "lines", 5000, 100);
    const char *got = bench_run(&b, "read_file", "{\"path\":\"lines\"}");
    CU_ASSERT_EQUAL(strncmp(got, text, 65500), 0);
    CU_ASSERT_STRING_EQUAL(got + 65500, "[lines 1 to 655 of 5000]");
    free(text);
    text = big_file(&b, "lines", 5000, 10);
    got = bench_run(&b, "read_file", "{\"path\":\"lines\"}");
    CU_ASSERT_STRING_EQUAL(got + 20000, "[lines 1 to 2000 of 5000]");
    free(text);
    bench_close(&b);
}

static void a_line_longer_than_that_is_cut_between_characters(void)
{
    struct bench b;
    char *text = malloc(200001);

    bench_open(&b);
    for (size_t i = 0; i < 200000; i++)
        text[i] = "x\xf0\x9f\x9a\x82"[i % 5];
    text[200000] = '\0';
    scratch_write(b.dir, "line", text);
    const char *got = bench_run(&b, "read_file", "{\"path\":\"line\"}");
    CU_ASSERT_TRUE(utf8_valid(got, strlen(got)));
    CU_ASSERT_PTR_NULL(strstr(got, "\xef\xbf\xbd"));
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "\n[line 1 is longer than 65536 bytes"));
    free(text);
    bench_close(&b);
}

static void what_the_model_reads_is_masked_and_clean(void)
{
    struct bench b;

    bench_open(&b);
    bench_hide(&b, KEY);
    scratch_write(b.dir, ".env", "A=1\nKEY=" KEY "\nB=\x1b[31m2\n");
    expect(&b, "read_file", "{\"path\":\".env\"}",
           "A=1\nKEY=***\nB=2\n[1 terminal sequence removed]");
    bench_close(&b);
}

/* ---- Writing -------------------------------------------------------------------------------- */

static void a_file_is_created_or_replaced_with_its_folders(void)
{
    struct bench b;

    bench_open(&b);
    expect(&b, "write_file", "{\"path\":\"x/y/a.txt\",\"content\":\"hello\\n\"}",
           "created x/y/a.txt: 6 bytes");
    CU_ASSERT_TRUE(scratch_holds(b.dir, "x/y/a.txt", "hello\n"));
    expect(&b, "write_file", "{\"path\":\"x/y/a.txt\",\"content\":\"\"}",
           "wrote x/y/a.txt: 0 bytes, before it had 6");
    CU_ASSERT_TRUE(scratch_holds(b.dir, "x/y/a.txt", ""));
    expect_failure(&b, "write_file", "{\"path\":\"x/y\",\"content\":\"\"}", FAILURE_DENIED,
                   "is a folder");
    bench_close(&b);
}

static void protected_paths_are_written_once_a_person_approved(void)
{
    struct bench b;

    bench_open(&b);
    expect_failure(&b, "write_file", "{\"path\":\".mcp.json\",\"content\":\"{}\"}", FAILURE_DENIED,
                   "protected");
    CU_ASSERT_FALSE(scratch_has(b.dir, ".mcp.json"));
    b.job.approved = true;
    expect(&b, "write_file", "{\"path\":\".mcp.json\",\"content\":\"{}\"}",
           "created .mcp.json: 2 bytes");
    bench_close(&b);
}

static void stars_never_take_the_place_of_a_key(void)
{
    struct bench b;

    bench_open(&b);
    bench_hide(&b, KEY);
    scratch_write(b.dir, ".env", "A=1\nKEY=" KEY "\n");
    scratch_write(b.dir, "notes.md", "***\nbold\n");
    expect_failure(&b, "write_file", "{\"path\":\".env\",\"content\":\"A=2\\nKEY=***\\n\"}",
                   FAILURE_DENIED, "holds a secret that you see as ***");
    expect_failure(&b, "edit_file",
                   "{\"path\":\".env\",\"old_text\":\"KEY=***\",\"new_text\":\"KEY=\"}",
                   FAILURE_ARGUMENTS, "*** stands for a secret that you do not see");
    CU_ASSERT_TRUE(scratch_holds(b.dir, ".env", "A=1\nKEY=" KEY "\n"));
    expect(&b, "edit_file", "{\"path\":\".env\",\"old_text\":\"A=1\",\"new_text\":\"A=2\"}",
           "edited .env: 1 replaced, the first in line 1");
    CU_ASSERT_TRUE(scratch_holds(b.dir, ".env", "A=2\nKEY=" KEY "\n"));
    expect(&b, "write_file", "{\"path\":\".env\",\"content\":\"A=3\\n\"}",
           "wrote .env: 4 bytes, before it had 32");
    expect(&b, "write_file", "{\"path\":\"notes.md\",\"content\":\"***\\nplain\\n\"}",
           "wrote notes.md: 10 bytes, before it had 9");
    expect(&b, "write_file", "{\"path\":\"new.md\",\"content\":\"***\"}",
           "created new.md: 3 bytes");
    bench_close(&b);
}

/* ---- Editing -------------------------------------------------------------------------------- */

static void an_edit_replaces_exactly_one_place_or_all(void)
{
    struct bench b;

    bench_open(&b);
    scratch_write(b.dir, "a.c", "int a;\nint b;\nint c;\n");
    expect(&b, "edit_file", "{\"path\":\"a.c\",\"old_text\":\"b;\\n\",\"new_text\":\"bb;\\n\"}",
           "edited a.c: 1 replaced, the first in line 2");
    CU_ASSERT_TRUE(scratch_holds(b.dir, "a.c", "int a;\nint bb;\nint c;\n"));
    expect_failure(&b, "edit_file", "{\"path\":\"a.c\",\"old_text\":\"int\",\"new_text\":\"x\"}",
                   FAILURE_ARGUMENTS, "old_text is there 3 times; quote more around it");
    expect(&b, "edit_file",
           "{\"path\":\"a.c\",\"old_text\":\"int\",\"new_text\":\"\",\"replace_all\":true}",
           "edited a.c: 3 replaced, the first in line 1");
    CU_ASSERT_TRUE(scratch_holds(b.dir, "a.c", " a;\n bb;\n c;\n"));
    expect_failure(&b, "edit_file", "{\"path\":\"a.c\",\"old_text\":\"zz\",\"new_text\":\"x\"}",
                   FAILURE_ARGUMENTS, "old_text is not in the file");
    expect_failure(&b, "edit_file", "{\"path\":\"a.c\",\"old_text\":\"a\",\"new_text\":\"a\"}",
                   FAILURE_ARGUMENTS, "are the same");
    expect_failure(&b, "edit_file", "{\"path\":\"no\",\"old_text\":\"a\",\"new_text\":\"b\"}",
                   FAILURE_ARGUMENTS, "no: No such file");
    bench_close(&b);
}

static void an_edit_says_why_a_text_may_not_be_found(void)
{
    struct bench b;

    bench_open(&b);
    scratch_write(b.dir, "dos.txt", "one\r\ntwo\r\n");
    expect_failure(&b, "edit_file",
                   "{\"path\":\"dos.txt\",\"old_text\":\"one\\ntwo\",\"new_text\":\"x\"}",
                   FAILURE_ARGUMENTS, "the file's lines end in CR LF");
    expect(&b, "edit_file",
           "{\"path\":\"dos.txt\",\"old_text\":\"one\\r\\ntwo\",\"new_text\":\"x\"}",
           "edited dos.txt: 1 replaced, the first in line 1");
    bench_close(&b);
}

/* ---- Listing -------------------------------------------------------------------------------- */

static void plant_tree(const struct bench *b)
{
    static const char *const folders[] = {"src", "src/sub", "build", ".git", "src/.git"};
    static const char *const files[] = {"README",    "src/main.c", "src/sub/x.c",  "src/a.o",
                                        "build/out", ".git/HEAD",  "src/.git/HEAD"};

    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        scratch_folder(b->dir, folders[i]);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        scratch_write(b->dir, files[i], "x\n");
    scratch_write(b->dir, ".gitignore", "build/\n*.o\n");
    scratch_write(b->dir, "src/.gitignore", "!a.o\nsub/x.*\n");
    CU_ASSERT_EQUAL(symlink("src/main.c", scratch_path(b->dir, "link")), 0);
    CU_ASSERT_EQUAL(symlink("/", scratch_path(b->dir, "out")), 0);
}

static void a_listing_is_in_order_and_without_what_git_ignores(void)
{
    struct bench b;

    bench_open(&b);
    expect(&b, "list_files", "{}", "[nothing]");
    plant_tree(&b);
    expect(&b, "list_files", "{}", ".gitignore\nREADME\nlink -> src/main.c\nout -> /\nsrc/\n");
    expect(&b, "list_files", "{\"depth\":3}",
           ".gitignore\nREADME\nlink -> src/main.c\nout -> /\nsrc/\nsrc/.gitignore\nsrc/a.o\n"
           "src/main.c\nsrc/sub/\n");
    expect(&b, "list_files", "{\"path\":\"src/sub\"}", "[nothing]");
    expect(&b, "list_files", "{\"path\":\"src/sub\",\"ignored\":true}", "src/sub/x.c\n");
    expect(&b, "list_files", "{\"glob\":\"*.c\",\"ignored\":true}", "src/main.c\nsrc/sub/x.c\n");
    expect(&b, "list_files", "{\"glob\":\"**/*.c\",\"path\":\"src\"}", "src/main.c\n");
    expect(&b, "list_files", "{\"glob\":\"sub/*\",\"path\":\"src\",\"ignored\":true}",
           "src/sub/x.c\n");
    expect(&b, "list_files", "{\"path\":\"build\"}", "build/out\n");
    expect_failure(&b, "list_files", "{\"path\":\"out\"}", FAILURE_DENIED,
                   "leads out of the workspace");
    expect_failure(&b, "list_files", "{\"path\":\"README\"}", FAILURE_TOOL, "Not a directory");
    bench_close(&b);
}

static void a_long_listing_is_cut_and_says_so(void)
{
    struct bench b;
    char name[32];

    bench_open(&b);
    for (int i = 0; i < 2001; i++) {
        snprintf(name, sizeof name, "file%05d", i);
        scratch_write(b.dir, name, "");
    }
    const char *got = bench_run(&b, "list_files", "{}");
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "file01999\n[there are more; these are the first 2000]"));
    bench_close(&b);
}

static int list_as_nobody(struct bench *b)
{
    const char *got;

    if (setgid(65534) < 0 || setuid(65534) < 0)
        return 10;
    got = bench_run(b, "list_files", "{\"depth\":9}");
    if (strcmp(got, "open/\nopen/a\nshut/\n[1 folders could not be read]") != 0)
        return 1;
    return strstr(bench_run(b, "read_file", "{\"path\":\"shut/b\"}"), "Permission denied") ? 0 : 2;
}

static void what_may_not_be_read_is_said(void)
{
    struct bench b;
    int status;

    if (geteuid() != 0) {
        suite_skip("T31 what may not be read is said", "needs root to become nobody");
        return;
    }
    bench_open(&b);
    scratch_folder(b.dir, "open");
    scratch_folder(b.dir, "shut");
    scratch_write(b.dir, "open/a", "x");
    scratch_write(b.dir, "shut/b", "x");
    CU_ASSERT_EQUAL(chmod(b.dir, 0755), 0);
    CU_ASSERT_EQUAL(chmod(scratch_path(b.dir, "shut"), 0), 0);
    pid_t pid = fork();
    if (pid == 0)
        _exit(list_as_nobody(&b));
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT_EQUAL(status, 0);
    bench_close(&b);
}

/* ---- Stopping ------------------------------------------------------------------------------- */

static void a_cancelled_or_late_job_says_so_and_does_nothing(void)
{
    struct bench b;

    bench_open(&b);
    scratch_write(b.dir, "a", "x");
    b.job.cancel = true;
    expect_failure(&b, "read_file", "{\"path\":\"a\"}", FAILURE_CANCELLED,
                   "stopped by the operator");
    expect_failure(&b, "edit_file", "{\"path\":\"a\",\"old_text\":\"x\",\"new_text\":\"y\"}",
                   FAILURE_CANCELLED, "stopped by the operator");
    CU_ASSERT_TRUE(scratch_holds(b.dir, "a", "x"));
    bench_close(&b);
}

/* A clock that runs an hour at every look. */
static int64_t hasty(void *self)
{
    return *(int64_t *)self += 3600 * 1000000LL;
}

static void a_job_has_a_deadline(void)
{
    struct bench b;
    int64_t now = 0;
    struct tool_job job = {.clock = {.mono_us = hasty, .wall_us = hasty, .self = &now}};

    bench_open(&b);
    job.tool = toolset_find(b.set, "list_files");
    job.root = b.root;
    job.args = cJSON_CreateObject();
    tool_job_run(&job);
    CU_ASSERT_EQUAL(job.result.failure, FAILURE_TIMEOUT);
    CU_ASSERT_STRING_EQUAL(job.result.text, "{\"error\":\"not done within 1m00s\"}");
    tool_job_clear(&job);
    bench_close(&b);
}

static const struct test tests[] = {
    {"a file is shown whole or by lines", a_file_is_shown_whole_or_by_lines},
    {"what cannot be read is named", what_cannot_be_read_is_named},
    {"a large file is shown in whole lines up to a size",
     a_large_file_is_shown_in_whole_lines_up_to_a_size},
    {"T21 a line longer than that is cut between characters",
     a_line_longer_than_that_is_cut_between_characters},
    {"T20 what the model reads is masked and clean", what_the_model_reads_is_masked_and_clean},
    {"a file is created or replaced, with its folders",
     a_file_is_created_or_replaced_with_its_folders},
    {"A05 protected paths are written once a person approved",
     protected_paths_are_written_once_a_person_approved},
    {"stars never take the place of a key", stars_never_take_the_place_of_a_key},
    {"an edit replaces exactly one place, or all", an_edit_replaces_exactly_one_place_or_all},
    {"an edit says why a text may not be found", an_edit_says_why_a_text_may_not_be_found},
    {"a listing is in order and without what git ignores",
     a_listing_is_in_order_and_without_what_git_ignores},
    {"a long listing is cut and says so", a_long_listing_is_cut_and_says_so},
    {"T31 what may not be read is said", what_may_not_be_read_is_said},
    {"a cancelled or late job says so and does nothing",
     a_cancelled_or_late_job_says_so_and_does_nothing},
    {"a job has a deadline", a_job_has_a_deadline},
    {NULL, NULL},
};

const struct suite suite_files = {"files", tests};
