/* SPDX-License-Identifier: MIT */
/*
 * The process's part of the fault catalogue: no memory, no descriptors, no threads, calls that are
 * interrupted or fall short, an odd environment. Each life is judged as program_judge does, and the
 * next one, with nothing wrong, must bring the run to its end: what went wrong left nothing behind.
 *
 * tests/preload/mischief.c does what the kernel will not do on demand. It is built here, with the
 * system's compiler; where there is none, or under a sanitizer, which has an allocator of its own,
 * such a case is skipped.
 */
#include "tests/suite.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "history/query.h"
#include "history/query_run.h"
#include "tests/support/mishap.h"
#include "tests/support/scratch.h"

/* Two turns with calls of every kind, then a word. */
static const char scenario[] =
    "replies:\n"
    "  - when: {turn: 0}\n"
    "    calls: [{name: list_files, arguments: {}}, {name: list_files, arguments: {path: .}}]\n"
    "  - when: {turn: 1}\n"
    "    calls: [{name: shell, arguments: {command: echo hello}}]\n"
    "  - text: \"All is done: {{result}}\"\n";
static const char *const go_on[] = {"exec", "--json", "--resume", "last", NULL};

static bool has_a_run(struct mishap *m)
{
    struct query *query = program_history(&m->program);
    int64_t count = 0;

    if (query)
        CU_ASSERT_EQUAL(query_run_count(query, &count, NULL), 0);
    query_close(query);
    return count > 0;
}

/* With nothing wrong any more it gets to its end, whatever the life before came to. */
static void recovers(struct mishap *m)
{
    static const char *const happened[] = {"resolve", "last", "happened", NULL};

    m->program.env = NULL;
    m->program.before = NULL;
    m->program.wrapper = NULL;
    if (!has_a_run(m))
        mishap_run(m, scenario, NULL);
    else
        mishap_then(m, go_on);
    if (m->code == 6) { /* the shell call was at work */
        mishap_then(m, happened);
        mishap_then(m, go_on);
    }
    if (m->code != 0)
        printf("    afterwards it ended with %d: %s\n", m->code, m->program.err);
    CU_ASSERT_EQUAL(m->code, 0);
    mishap_shows(m, "All is done", NULL);
}

/* ---- Mischief ---- */

static char *mischief; /* LD_PRELOAD=…; of the suite's process */

static void forget_mischief(void)
{
    (void)unlink(mischief + strlen("LD_PRELOAD="));
    free(mischief);
}

static bool build_mischief(const char *path)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        (void)execlp("cc", "cc", "-shared", "-fPIC", "-O1", "-D_GNU_SOURCE", "-o", path,
                     "tests/preload/mischief.c", "-ldl", (char *)NULL);
        _exit(127);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static bool has_mischief(const char *what)
{
    char path[] = "/tmp/rerail-mischief-XXXXXX";

    if (suite_is_watched()) {
        suite_skip(what, "a sanitizer has the allocator");
        return false;
    }
    if (mischief)
        return true;
    int fd = mkstemp(path);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    close(fd);
    mischief = mem_printf("LD_PRELOAD=%s", path);
    if (!build_mischief(path)) {
        forget_mischief();
        mischief = NULL;
        suite_skip(what, "there is no cc");
        return false;
    }
    CU_ASSERT_EQUAL(atexit(forget_mischief), 0);
    return true;
}

/* One life under it; what it came to is in m. */
static void meddle(struct mishap *m, const char *wish)
{
    char *variable = mem_printf("MISCHIEF=%s", wish);
    const char *const env[] = {mischief, variable, NULL};

    mishap_open(m);
    m->program.env = env;
    mishap_begin(m, scenario, NULL);
    m->code = program_wait(&m->program);
    free(variable);
    m->program.env = NULL;
}

/* ---- P03 and P06: what there is too little of ---- */

static void p03(void)
{
    const unsigned tries = suite_amount("MALLOCS", 24);
    unsigned long total = 0;
    struct mishap m;

    if (!has_mischief("P03"))
        return;
    meddle(&m, "count");
    const char *counted = strstr(m.program.err, "mischief ");
    CU_ASSERT_PTR_NOT_NULL_FATAL(counted);
    total = strtoul(counted + strlen("mischief "), NULL, 10);
    CU_ASSERT_TRUE(total > 1000);
    mishap_close(&m);
    for (unsigned i = 0; i < tries; i++) {
        char wish[64];

        (void)snprintf(wish, sizeof wish, "malloc:%lu%s", 1 + total * i / tries, i % 2 ? "+" : "");
        meddle(&m, wish);
        bool told =
            m.code == 0 || strstr(m.program.err, "memory") || strstr(m.program.err, "emory");
        if (!told || (m.code != 0 && m.code != 1 && m.code != -SIGABRT))
            printf("    %s ended with %d: %s\n", wish, m.code, m.program.err);
        CU_ASSERT_TRUE(told);
        CU_ASSERT_TRUE(m.code == 0 || m.code == 1 || m.code == -SIGABRT);
        CU_ASSERT_TRUE(program_sound(&m.program));
        recovers(&m);
        mishap_close(&m);
    }
}

static void p06(void)
{
    static const char *const wishes[] = {"thread:1", "thread:2", "thread:3"};

    if (!has_mischief("P06"))
        return;
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        struct mishap m;

        meddle(&m, wishes[i]);
        program_judge(&m.program, m.code);
        CU_ASSERT_TRUE(m.code == 0 || strstr(m.program.err, "thread"));
        recovers(&m);
        mishap_close(&m);
    }
}

/* ---- P04 and P08: calls that come back early ---- */

static void p04(void)
{
    struct mishap m;

    if (!has_mischief("P04"))
        return;
    meddle(&m, "storm");
    CU_ASSERT_EQUAL(m.code, 0);
    program_judge(&m.program, m.code);
    recovers(&m);
    mishap_close(&m);
}

static void p08(void)
{
    if (!has_mischief("P08"))
        return;
    for (int seed = 1; seed <= 4; seed++) {
        char wish[32];
        struct mishap m;

        (void)snprintf(wish, sizeof wish, "short:%d", seed);
        meddle(&m, wish);
        if (m.code != 0)
            printf("    %s: %s\n", wish, m.program.err);
        CU_ASSERT_EQUAL(m.code, 0);
        program_judge(&m.program, m.code);
        recovers(&m);
        CU_ASSERT_EQUAL(mishap_count(&m, "\"outcome\":\"failed\""), 0);
        mishap_close(&m);
    }
}

/* ---- P05: descriptors ---- */

static rlim_t descriptors; /* read by the child that few_descriptors runs in */

static void few_descriptors(void)
{
    const struct rlimit limit = {descriptors, descriptors};

    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        _exit(126);
}

static void p05(void)
{
    static const rlim_t counts[] = {8, 12, 16, 20, 24, 28, 32, 64};

    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct mishap m;

        descriptors = counts[i];
        mishap_open(&m);
        m.program.before = few_descriptors;
        mishap_run(&m, scenario, NULL);
        if (counts[i] >= 64)
            CU_ASSERT_EQUAL(m.code, 0);
        recovers(&m);
        mishap_close(&m);
    }
}

/* ---- P09 and P10: signals as they come from outside ---- */

static void nobody_reads(void)
{
    int pair[2];

    if (pipe(pair) < 0 || dup2(pair[1], STDOUT_FILENO) < 0 || close(pair[0]) < 0)
        _exit(126);
}

static void p09(void)
{
    static const char dies[] =
        "replies:\n"
        "  - when: {turn: 0}\n"
        "    calls: [{name: shell, arguments: {command: 'kill -PIPE $$; echo survived'}}]\n"
        "  - text: \"All is done: {{result}}\"\n";
    struct mishap m;

    mishap_open(&m);
    m.program.before = nobody_reads;
    mishap_run(&m, scenario, NULL);
    CU_ASSERT_EQUAL(m.code, 1); /* what was said did not arrive; the run is whole */
    mishap_shows(&m, "All is done", NULL);
    mishap_close(&m);
    mishap_open(&m);
    mishap_run(&m, dies, NULL);
    mishap_shows(&m, "PIPE", NULL); /* in the child it has its ordinary meaning */
    CU_ASSERT_EQUAL(mishap_count(&m, "survived\\n"), 0);
    mishap_close(&m);
}

static void deaf_to_children(void)
{
    (void)signal(SIGCHLD, SIG_IGN); /* survives exec: children are reaped by the kernel then */
}

static void p10(void)
{
    static const char many[] =
        "replies:\n"
        "  - when: {turn: {max: 3}}\n"
        "    calls: [{name: at_once, arguments: {}}, {name: at_once, arguments: {}},\n"
        "            {name: at_once, arguments: {}}, {name: at_once, arguments: {}},\n"
        "            {name: at_once, arguments: {}}, {name: at_once, arguments: {}}]\n"
        "  - text: \"All is done: {{tool_results}}\"\n";
    static const char agent[] = "---\nname: crowd\ntools:\n  - name: at_once\n"
                                "    description: Ends at once.\n    argv: ['true']\n"
                                "    policy: pure\nlimits: {loop_guard: 0}\n---\nYou hurry.\n";
    static const char *const args[] = {"--agent", "../crowd.md", "--set", "tool.parallel=6", NULL};

    for (int deaf = 0; deaf < 2; deaf++) {
        struct mishap m;

        mishap_open(&m);
        program_write(&m.program, "crowd.md", agent);
        m.program.before = deaf ? deaf_to_children : NULL;
        mishap_run(&m, many, args);
        CU_ASSERT_EQUAL(m.code, 0);
        mishap_shows(&m, "All is done: 24", NULL);
        CU_ASSERT_EQUAL(mishap_count(&m, "\"outcome\":\"ok\",\"attempts\":1"), 24);
        mishap_close(&m);
    }
}

/* ---- P11 and P12: a poor environment ---- */

static void hide(const char *folder)
{
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("none", folder, "tmpfs", 0, "size=64k") < 0)
        _exit(124);
}

static void hide_proc(void)
{
    hide("/proc");
}

static void hide_dev(void)
{
    hide("/dev");
}

static void no_homes(void)
{
    if (unsetenv("HOME") < 0 || unsetenv("XDG_STATE_HOME") < 0 || unsetenv("XDG_CONFIG_HOME") < 0 ||
        unsetenv("XDG_RUNTIME_DIR") < 0)
        _exit(126);
}

static void home_alone(void)
{
    if (unsetenv("XDG_CONFIG_HOME") < 0 || unsetenv("XDG_RUNTIME_DIR") < 0)
        _exit(126);
}

static void p11(void)
{
    static const struct {
        void (*before)(void);
        int code;         /* -1 = it may also manage */
        const char *says; /* when it does not */
    } cases[] = {
        {no_homes, 1, "HOME"},
        {home_alone, 0, ""},
        {hide_proc, -1, "/proc"},
        {hide_dev, -1, "/dev"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mishap m;

        mishap_open(&m);
        m.program.before = cases[i].before;
        mishap_begin(&m, scenario, NULL);
        m.code = program_wait(&m.program);
        if (m.code == 124) {
            suite_skip("P11", "no mount namespace here");
            mishap_close(&m);
            continue;
        }
        program_judge(&m.program, m.code);
        if ((cases[i].code >= 0 && m.code != cases[i].code) ||
            (m.code != 0 && !strstr(m.program.err, cases[i].says)))
            printf("    case %zu ended with %d: %s\n", i, m.code, m.program.err);
        CU_ASSERT_TRUE(cases[i].code < 0 || m.code == cases[i].code);
        CU_ASSERT_TRUE(m.code == 0 || strstr(m.program.err, cases[i].says));
        recovers(&m);
        mishap_close(&m);
    }
}

static void p12(void)
{
    static const char *const kinds[] = {"inject=getrandom:error=EAGAIN",
                                        "inject=getrandom:error=ENOSYS"};

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const char *const wrapper[] = {"strace",          "-f", "-qq",    "-o", "/dev/null", "-e",
                                       "trace=getrandom", "-e", kinds[i], NULL};
        struct mishap m;

        mishap_open(&m);
        m.program.wrapper = wrapper;
        mishap_begin(&m, scenario, NULL);
        m.code = program_wait(&m.program);
        if (strstr(m.program.err, "ptrace") || m.code == 127)
            suite_skip("P12", "no strace here");
        else /* no run can be named then: it says so and stops */
            CU_ASSERT_TRUE(m.code == 0 || strstr(m.program.err, "no random numbers"));
        CU_ASSERT_TRUE(program_sound(&m.program));
        recovers(&m);
        mishap_close(&m);
    }
}

/* ---- P13: nothing is left ---- */

static void p13(void)
{
    static const char *const folders[] = {"state/rerail",     "state/rerail/history.db.owners",
                                          "state/rerail/tmp", "run",
                                          "run/rerail",       "ws"};
    const unsigned sessions = suite_amount("SESSIONS", 10);
    size_t before[sizeof folders / sizeof *folders];
    struct mishap m;

    mishap_open(&m);
    mishap_run(&m, scenario, NULL);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        before[i] = scratch_count(m.program.home, folders[i]);
    for (unsigned i = 0; i < sessions; i++)
        mishap_run(&m, scenario, NULL);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        CU_ASSERT_EQUAL(scratch_count(m.program.home, folders[i]), before[i]);
    CU_ASSERT_EQUAL(mishap_count(&m, "\"to\":\"completed\""), sessions + 1);
    mishap_close(&m);
}

static const struct test tests[] = {
    {"P03 an allocation that fails anywhere ends cleanly", p03},
    {"P04 a storm of signals interrupts nothing for good", p04},
    {"P05 too few descriptors are told, and harm nothing", p05},
    {"P06 a thread that cannot be had is told", p06},
    {"P08 reads and writes that fall short are gone on with", p08},
    {"P09 a broken pipe is an error here and a signal in tools", p09},
    {"P10 children that end together are all heard of", p10},
    {"P11 without its folders and files it says what it misses", p11},
    {"P12 without entropy there is no wait and no loop", p12},
    {"P13 sessions leave no files behind", p13},
    {NULL, NULL},
};

const struct suite suite_faults_process = {"faults_process", tests};
