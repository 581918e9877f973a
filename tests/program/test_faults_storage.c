/* SPDX-License-Identifier: MIT */
/*
 * The storage's part of the fault catalogue as the whole program meets it; every operation of the
 * record itself, and every way to damage a file, is tried in tests/history.
 */
#include "tests/suite.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/support/mishap.h"
#include "tests/support/scratch.h"

#define HISTORY "state/rerail/history.db"

static const char scenario[] =
    "replies:\n"
    "  - when: {turn: {max: 1}}\n"
    "    calls: [{name: shell, arguments: {command: 'echo \"ran {{turn}}\" >>\"$HOME/book\"'}}]\n"
    "  - text: All is done.\n";

/* All that it printed is on record, and each command ran once. */
static void check_whole(struct mishap *m)
{
    char *book = scratch_read(m->program.home, "book");

    CU_ASSERT_PTR_NOT_NULL_FATAL(book);
    CU_ASSERT_STRING_EQUAL(book, "ran 0\nran 1\n");
    mishap_shows(m, "All is done.", NULL);
    CU_ASSERT_EQUAL(mishap_count(m, "\"event_type\":\"session_complete\""), 1);
    free(book);
}

/* ---- S01 and S02: a disk that fails for a moment ---- */

/* strace counts for each thread: the main one makes eleven such writes, opening the history; of the
   engine's, two a commit, the even ones are the WAL's. */
static void a_moment_of(const char *call, const char *error, unsigned at)
{
    char trace[64], inject[128];
    const char *const wrapper[] = {"strace", "-f",  "-qq", "-o",   "/dev/null",
                                   "-e",     trace, "-e",  inject, NULL};
    struct mishap m;

    (void)snprintf(trace, sizeof trace, "trace=%s", call);
    (void)snprintf(inject, sizeof inject, "inject=%s:error=%s:when=%u", call, error, at);
    mishap_open(&m);
    mishap_run(&m, "replies: [{text: hello}]", NULL); /* makes the history, unharmed */
    m.program.wrapper = wrapper;
    mishap_begin(&m, scenario, NULL);
    m.code = program_wait(&m.program);
    m.program.wrapper = NULL;
    if (m.code == 127 || strstr(m.program.err, "ptrace")) {
        suite_skip(error, "no strace here");
        mishap_close(&m);
        return;
    }
    if (m.code != 0 || !strstr(m.program.err, "waiting to store"))
        printf("    %s %u: exit code %d, %s\n", inject, at, m.code, m.program.err);
    CU_ASSERT_EQUAL(m.code, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(m.program.err, "waiting to store"));
    program_judge(&m.program, m.code);
    free(m.feed);
    m.feed = program_feed(&m.program);
    char *book = scratch_read(m.program.home, "book");
    CU_ASSERT_TRUE(book && strcmp(book, "ran 0\nran 1\n") == 0);
    free(book);
    CU_ASSERT_EQUAL(mishap_count(&m, "\"to\":\"completed\""), 2);
    mishap_close(&m);
}

static void s01(void)
{
    a_moment_of("pwrite64", "ENOSPC", 12);
    a_moment_of("pwrite64", "ENOSPC", 16);
}

static void s02(void)
{
    a_moment_of("pwrite64", "EIO", 14);
    a_moment_of("fdatasync", "EIO", 4);
}

/* ---- S04: a limit on files ---- */

static void small_files(void)
{
    const struct rlimit limit = {48 << 10, RLIM_INFINITY};

    if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
        _exit(126);
}

static void s04(void)
{
    struct mishap m;

    mishap_open(&m);
    m.program.before = small_files;
    mishap_run(&m, scenario, NULL);
    CU_ASSERT_EQUAL(m.code, 1); /* and not SIGXFSZ's death */
    CU_ASSERT_PTR_NOT_NULL(strstr(m.program.err, "history"));
    m.program.before = NULL;
    mishap_run(&m, scenario, NULL);
    CU_ASSERT_EQUAL(m.code, 0);
    check_whole(&m);
    mishap_close(&m);
}

/* ---- S05: damage that the first look does not show ---- */

static void overwrite_pages(struct mishap *m, off_t page, size_t count)
{
    char bytes[4096];
    int fd = open(scratch_path(m->program.home, HISTORY), O_WRONLY | O_CLOEXEC);

    CU_ASSERT_TRUE_FATAL(fd >= 0);
    memset(bytes, 0x5a, sizeof bytes);
    for (size_t i = 0; i < count; i++)
        CU_ASSERT_EQUAL(pwrite(fd, bytes, sizeof bytes, (page + (off_t)i) * 4096), 4096);
    close(fd);
}

/* A life that is not judged: fsck still finds what the damage took. */
static void run_on_damage(struct mishap *m, int code, const char *says)
{
    (void)unlink(scratch_path(m->program.home, "book"));
    mishap_begin(m, scenario, NULL);
    m->code = program_wait(&m->program);
    CU_ASSERT_EQUAL(m->code, code);
    CU_ASSERT_PTR_NOT_NULL(strstr(m->program.err, says));
}

static void s05(void)
{
    struct mishap m;

    mishap_open(&m);
    mishap_run(&m, "replies: [{text: hello}]", NULL);
    overwrite_pages(&m, 5, 3);
    run_on_damage(&m, 1, "the next start saves what can be read"); /* waiting would not help */
    run_on_damage(&m, 0, "moved aside as history.db.bad-");
    CU_ASSERT_TRUE(scratch_has(m.program.home, "book"));
    run_on_damage(&m, 0, "");
    CU_ASSERT_PTR_NULL(strstr(m.program.err, "moved aside")); /* once is enough */
    mishap_close(&m);
}

static const struct test tests[] = {
    {"S01 a disk that is full for a moment holds a run up, no more", s01},
    {"S02 a disk that fails for a moment holds a run up, no more", s02},
    {"S04 a first history that may not grow is told, and made later", s04},
    {"S05 damage met in the middle of a run ends it, the next saves the rest", s05},
    {NULL, NULL},
};

const struct suite suite_faults_storage = {"faults_storage", tests};
