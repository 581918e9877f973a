/* SPDX-License-Identifier: MIT */
/* Runs as files, from outside: export, import and bundle as a shell sees them. */
#include "tests/suite.h"

#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/support/mishap.h"
#include "tests/support/parcel.h"
#include "tests/support/scratch.h"

#define ARGV(...) ((const char *const[]){__VA_ARGS__, NULL})
#define SECRET    "ghp_abcdefghijklmnopqrstuvwxyz01"
#define NAMED     "correct-horse-battery"

static const char story[] =
    "replies:\n  - when: {turn: 0}\n    calls: [{name: shell, arguments: {command: \"echo the token"
    " is " SECRET ", the word " NAMED "; pwd; seq 1 9000\"}}]\n  - text: \"the end\"\n";

static void expect(struct program *program, int code, const char *const *argv)
{
    int got = program_run(program, argv);

    if (got != code)
        printf("    %s: %d, not %d\n%s%s", argv[0], got, code, program->out, program->err);
    CU_ASSERT_EQUAL(got, code);
    program_judge(program, got);
}

static void says(const char *text, const char *words)
{
    if (!text || !strstr(text, words))
        printf("    not in it: %s\n    %s\n", words, text ? text : "(nothing)");
    CU_ASSERT_TRUE(text && strstr(text, words));
}

static void says_not(const char *text, const char *words)
{
    if (text && strstr(text, words))
        printf("    in it: %s\n", words);
    CU_ASSERT_TRUE(text && !strstr(text, words));
}

static void open_with_run(struct program *program)
{
    program_open(program);
    program_write(program, "ws/story.yaml", story);
    expect(program, 0, ARGV("exec", "go", "--simulator", "story.yaml", "--allow-unsandboxed"));
}

static size_t runs(struct program *program)
{
    size_t count = 0;

    expect(program, 0, ARGV("ls", "--json"));
    for (const char *at = program->out; (at = strchr(at, '\n')); at++)
        count++;
    return count;
}

/* ---- out and in ------------------------------------------------------------------------------ */

static void a_run_goes_out_and_comes_in(void)
{
    struct program program;
    struct stat st;

    open_with_run(&program);
    expect(&program, 0, ARGV("export", "last", "-o", "run.rerail"));
    says(program.err, "wrote run.rerail");
    CU_ASSERT_EQUAL(stat(scratch_path(program.home, "ws/run.rerail"), &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
    expect(&program, 1, ARGV("export", "last", "-o", "run.rerail"));
    says(program.err, "is there already; --force replaces it");
    expect(&program, 0, ARGV("export", "last", "-o", "run.rerail", "--force"));
    expect(&program, 0, ARGV("import", "run.rerail"));
    says(program.out, "a name that is taken here");
    CU_ASSERT_EQUAL(runs(&program), 2);
    expect(&program, 0, ARGV("show", "last"));
    says(program.out, "imported_from    rerail");
    says(program.out, "the end");
    expect(&program, 0, ARGV("replay", "last", "--verify"));
    expect(&program, 0, ARGV("request", "last", "1"));
    says(program.err, "hash matches");
    expect(&program, 0, ARGV("fsck"));
    program_close(&program);
}

/* What it would be allowed to do is the file's word. */
static void an_imported_run_is_not_gone_on_with(void)
{
    static const char *const verbs[][4] = {
        {"resume", "last", "go on"},    {"inject", "last", "hello"},
        {"rollback", "last", "#1"},     {"step", "last"},
        {"label", "last", "last", "x"}, {"abort", "last"},
    };
    struct program program;

    open_with_run(&program);
    expect(&program, 0, ARGV("export", "last", "-o", "run.rerail"));
    expect(&program, 0, ARGV("import", "run.rerail"));
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        expect(&program, 1,
               ARGV(verbs[i][0], verbs[i][1], verbs[i][2], verbs[i][2] ? verbs[i][3] : NULL));
        says(program.err, "was imported");
    }
    program_close(&program);
}

static void what_is_altered_is_refused(void)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"hello\n", "bad: "},
        {"", "nothing in it"},
        {"{\"rerail\":\"run\",\"format\":1}\n", "ends too early"},
        {"{\"rerail\":\"run\",\"format\":1}\n{\"end\":{\"lines\":1,\"sha256\":\"00\"}}\n",
         "damaged or altered"},
        {"{\"messages\":[{\"content\":\"x\"}]}", "no record of an agent"},
    };
    struct program program;

    open_with_run(&program);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        program_write(&program, "ws/bad", cases[i].text);
        expect(&program, 1, ARGV("import", "bad"));
        says(program.err, cases[i].says);
    }
    expect(&program, 1, ARGV("import", "/dev/zero"));
    says(program.err, "not a regular file");
    expect(&program, 1, ARGV("import", "no-such-file"));
    expect(&program, 2, ARGV("export", "last", "--format", "docx"));
    says(program.err, "there is no format docx");
    CU_ASSERT_EQUAL(runs(&program), 1);
    program_close(&program);
}

/* Every number of that name made another; moves text, gives the new one. */
static char *renumber(char *text, const char *name, const char *number)
{
    char *mark = mem_printf("\"%s\":", name);
    struct buf out;
    const char *at = text, *found;

    buf_init(&out, 1 << 24);
    while ((found = strstr(at, mark))) {
        found += strlen(mark);
        CU_ASSERT_EQUAL(buf_add(&out, at, (size_t)(found - at)), 0);
        CU_ASSERT_EQUAL(buf_text(&out, number), 0);
        at = found + strspn(found, "-0123456789");
    }
    CU_ASSERT_EQUAL(buf_text(&out, at), 0);
    free(mark);
    free(text);
    return buf_take(&out);
}

/* Under a sanitizer this finds sums that no longer are any. */
static void odd_numbers_do_no_harm(void)
{
    static const char *const numbers[] = {"9007199254740992", "-9007199254740992", "-1", "0"};
    static const char *const names[] = {"us",         "duration_us", "first_us", "delay_us",
                                        "created_us", "updated_us",  "ended_us", "started_us",
                                        "iterations", "tool_calls",  "errors",   "cost_microusd",
                                        "iteration",  "status",      "retries",  "wall_us"};
    static const char *const looks[][4] = {
        {"ls"},
        {"show", "last"},
        {"log", "last"},
        {"log", "last", "--json"},
        {"health", "last"},
        {"context", "last"},
        {"compare", "last", "last"},
        {"export", "last", "-f", "atif"},
        {"export", "last", "-f", "markdown"},
        {"show", "last", "call", "1"},
        {"show", "last", "effect", "1"},
        {"du", "--runs"},
    };
    struct program program;

    open_with_run(&program);
    expect(&program, 0, ARGV("export", "last", "-o", "run.rerail"));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char *text = scratch_read(program.home, "ws/run.rerail");

        for (size_t j = 0; j < sizeof names / sizeof *names; j++)
            text = renumber(text, names[j], numbers[i]);
        text = renumber(text, "tokens_out", "2147483647");
        text = parcel_seal(text);
        program_write(&program, "ws/odd", text);
        free(text);
        expect(&program, 0, ARGV("import", "odd"));
        for (size_t j = 0; j < sizeof looks / sizeof *looks; j++)
            expect(&program, 0,
                   ARGV(looks[j][0], looks[j][1], looks[j][1] ? looks[j][2] : NULL,
                        looks[j][1] && looks[j][2] ? looks[j][3] : NULL));
    }
    program_close(&program);
}

/* ---- records of others ----------------------------------------------------------------------- */

static void every_record_becomes_a_run(void)
{
    char folder[PATH_MAX];
    struct program program;
    struct dirent *entry;
    size_t files = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(realpath("tests/data/foreign", folder));
    program_open(&program);
    DIR *dir = opendir(folder);
    CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
    while ((entry = readdir(dir))) {
        if (entry->d_name[0] == '.')
            continue;
        char *path = mem_printf("%s/%s", folder, entry->d_name);

        expect(&program, 0, ARGV("import", path));
        expect(&program, 0, ARGV("show", "last"));
        expect(&program, 0, ARGV("log", "last"));
        expect(&program, 0, ARGV("context", "last"));
        expect(&program, 1, ARGV("request", "last", "1"));
        says(program.err, "was not made here");
        expect(&program, 1, ARGV("resume", "last"));
        says(program.err, "was imported");
        free(path);
        files++;
    }
    closedir(dir);
    CU_ASSERT_EQUAL(runs(&program), files + 1); /* one file holds two conversations */
    expect(&program, 0, ARGV("fsck"));
    program_close(&program);
}

/* ---- secrets --------------------------------------------------------------------------------- */

static void a11_no_secret_leaves(void)
{
    static const char *const formats[] = {"jsonl", "openai", "markdown", "atif"};
    struct program program;

    open_with_run(&program);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        expect(&program, 0, ARGV("export", "last", "--format", formats[i]));
        says(program.out, "the end");
        says_not(program.out, SECRET);
        says(program.err, "GitHub tokens");
    }
    expect(&program, 0, ARGV("export", "last")); /* the record is as it is */
    says(program.out, SECRET);
    program.env = ARGV("DEPLOY_TOKEN=" NAMED);
    expect(&program, 0, ARGV("bundle", "last", "-o", "report"));
    program.env = NULL;
    says(program.err, "wrote report");
    says(program.err, "GitHub tokens");
    says(program.err, "values of the environment");
    says(program.err, "paths of the home folder");
    char *text = scratch_read(program.home, "ws/report");
    says(text, "the end");
    says_not(text, SECRET);
    says_not(text, NAMED);
    says_not(text, program.home);
    says(text, "{\"system\":\"Linux ");
    free(text);
    expect(&program, 0, ARGV("import", "report"));
    says(program.out, "secrets in it are masked");
    says_not(program.out, "left out");
    expect(&program, 0, ARGV("show", "last"));
    says(program.out, "imported_from    bundle");
    expect(&program, 0, ARGV("fsck"));
    program_close(&program);
}

/* ---- disks ----------------------------------------------------------------------------------- */

/* A limit on the size of files is met as a full disk is. */
static void small_files(void)
{
    const struct rlimit limit = {40960, 40960}; /* SQLite's shared memory takes 32 KiB */

    (void)signal(SIGXFSZ, SIG_IGN);
    (void)setrlimit(RLIMIT_FSIZE, &limit);
}

static void a_full_disk_leaves_nothing_half(void)
{
    struct program program;

    open_with_run(&program);
    program.before = small_files;
    expect(&program, 1, ARGV("export", "last", "-o", "run.rerail"));
    says(program.err, "run.rerail");
    expect(&program, 1, ARGV("bundle", "last", "-o", "report"));
    program.before = NULL;
    CU_ASSERT_FALSE(scratch_has(program.home, "ws/run.rerail"));
    CU_ASSERT_FALSE(scratch_has(program.home, "ws/report"));
    program_close(&program);
}

/* An import killed anywhere on its way is whole or not there. */
static void s12_a_killed_import(void)
{
    unsigned kills = suite_amount("POINTS", 12);
    struct program program;
    size_t before = 1;

    open_with_run(&program);
    expect(&program, 0, ARGV("export", "last", "-o", "run.rerail"));
    program.traced = true;
    size_t stops = program_kill_at(&program, ARGV("import", "run.rerail"), SIZE_MAX);
    if (stops == 0) {
        suite_skip("kills of an import", "it may not be traced here");
        program_close(&program);
        return;
    }
    (void)program_wait(&program);
    before++;
    for (unsigned i = 0; i < kills; i++) {
        (void)program_kill_at(&program, ARGV("import", "run.rerail"), 1 + stops * i / kills);
        (void)program_wait(&program);
        program.traced = false;
        CU_ASSERT_TRUE(program_sound(&program));
        size_t now = runs(&program);
        CU_ASSERT_TRUE(now == before || now == before + 1);
        before = now;
        program.traced = true;
    }
    program.traced = false;
    program_close(&program);
}

static const struct test tests[] = {
    {"a run goes out in a file and comes in again", a_run_goes_out_and_comes_in},
    {"no verb moves an imported run", an_imported_run_is_not_gone_on_with},
    {"A13 what is no run, or was altered, is refused in one line", what_is_altered_is_refused},
    {"A13 numbers that no run has are looked at without harm", odd_numbers_do_no_harm},
    {"every record of another agent becomes a run to look at", every_record_becomes_a_run},
    {"A11 no secret leaves in an export for others or a bundle", a11_no_secret_leaves},
    {"S01 an export on a full disk leaves nothing half", a_full_disk_leaves_nothing_half},
    {"S12 an import killed anywhere is whole or not there", s12_a_killed_import},
    {NULL, NULL},
};

const struct suite suite_carry = {"carry", tests};
