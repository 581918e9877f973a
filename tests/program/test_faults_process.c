/* SPDX-License-Identifier: MIT */
/*
 * The process's part of the fault catalogue: no memory, no descriptors, no threads, calls that are
 * interrupted or fall short, an odd environment. Each life is judged as program_judge does, and the
 * next one, with nothing wrong, must bring the run to its end: what went wrong left nothing behind.
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
#include "tests/support/preload.h"
#include "tests/support/scratch.h"
#include "tests/support/seat.h"

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

/* One life under it; what it came to is in m. */
static void meddle(struct mishap *m, const char *mischief, const char *wish)
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

/* How many allocations there are in a life. */
static unsigned long count_allocations(const char *mischief)
{
    struct mishap m;

    meddle(&m, mischief, "count");
    const char *counted = strstr(m.program.err, "mischief ");
    CU_ASSERT_PTR_NOT_NULL_FATAL(counted);
    unsigned long total = strtoul(counted + strlen("mischief "), NULL, 10);
    CU_ASSERT_TRUE(total > 1000);
    mishap_close(&m);
    return total;
}

/* Whether it said so, and ended as it should. */
static bool ends_cleanly(const struct mishap *m)
{
    if (m->code == 0)
        return true; /* what failed could be done without, or was tried again */
    return (m->code == 1 || m->code == -SIGABRT) &&
           (strstr(m->program.err, "emory") || strstr(m->program.out, "emory"));
}

static void p03(void)
{
    const char *mischief = preload("mischief", "P03");

    if (!mischief)
        return;
    unsigned long total = count_allocations(mischief);
    unsigned tries = suite_amount("MALLOCS", (unsigned)(total / 100));
    for (unsigned i = 0; i < tries; i++) {
        char wish[64];
        struct mishap m;

        (void)snprintf(wish, sizeof wish, "malloc:%lu%s", 1 + total * i / tries, i % 2 ? "+" : "");
        meddle(&m, mischief, wish);
        if (!ends_cleanly(&m))
            printf("    %s ended with %d: %s\n%s", wish, m.code, m.program.err, m.program.out);
        CU_ASSERT_TRUE(ends_cleanly(&m));
        CU_ASSERT_TRUE(program_sound(&m.program));
        if (m.code != 0 && i % 4 < 2)
            recovers(&m);
        mishap_close(&m);
    }
}

static void p06(void)
{
    const char *mischief = preload("mischief", "P06");
    static const char *const wishes[] = {"thread:1", "thread:2", "thread:3"};

    if (!mischief)
        return;
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        struct mishap m;

        meddle(&m, mischief, wishes[i]);
        program_judge(&m.program, m.code);
        CU_ASSERT_TRUE(m.code == 0 || strstr(m.program.err, "thread"));
        recovers(&m);
        mishap_close(&m);
    }
}

/* ---- P04 and P08: calls that come back early ---- */

static void p04(void)
{
    const char *mischief = preload("mischief", "P04");
    struct mishap m;

    if (!mischief)
        return;
    meddle(&m, mischief, "storm");
    CU_ASSERT_EQUAL(m.code, 0);
    program_judge(&m.program, m.code);
    recovers(&m);
    mishap_close(&m);
}

static void p08(void)
{
    const char *mischief = preload("mischief", "P08");
    if (!mischief)
        return;
    for (int seed = 1; seed <= 4; seed++) {
        char wish[32];
        struct mishap m;

        (void)snprintf(wish, sizeof wish, "short:%d", seed);
        meddle(&m, mischief, wish);
        if (m.code != 0)
            printf("    %s: %s\n", wish, m.program.err);
        CU_ASSERT_EQUAL(m.code, 0);
        program_judge(&m.program, m.code);
        recovers(&m);
        CU_ASSERT_EQUAL(mishap_count(&m, "\"outcome\":\"failed\""), 0);
        mishap_close(&m);
    }
}

/* ---- P07: locks ---- */

/* Says so itself at its end: how many, in how many orders, and how often in both. */
static void has_no_circle(const char *said)
{
    unsigned long taken = 0;
    unsigned threads = 0, orders = 0, circles = 0;
    const char *line = strstr(said, "locks: ");
    int found = line ? sscanf(line, "locks: %lu taken by %u threads, %u orders, %u circles", &taken,
                              &threads, &orders, &circles)
                     : 0;

    if (found != 4 || circles > 0)
        printf("    %s\n", said);
    CU_ASSERT_EQUAL(found, 4);
    CU_ASSERT_EQUAL(circles, 0);
    CU_ASSERT_TRUE(taken > 1000 && threads >= 3 && orders > 0);
    CU_ASSERT_PTR_NULL(strstr(said, "too many"));
}

static void p07_exec(void)
{
    const char *locks = preload("locks", "P07");
    const char *const env[] = {locks, NULL}, *const planted[] = {locks, "LOCKS=plant", NULL};
    struct mishap m;

    if (!locks)
        return;
    mishap_open(&m);
    m.program.env = env;
    mishap_run(&m, scenario, NULL);
    CU_ASSERT_EQUAL(m.code, 0);
    has_no_circle(m.program.err);
    m.program.env = planted;
    mishap_run(&m, scenario, NULL);
    CU_ASSERT_PTR_NOT_NULL(strstr(m.program.err, " 1 circles")); /* it would have been found */
    mishap_close(&m);
}

/* The console has more threads, more runs and a reader of its own; it ends while one is at work. */
static void p07_console(void)
{
    const char *locks = preload("locks", "P07");
    struct seat s;

    if (!locks)
        return;
    seat_open(&s, 120, 30);
    seat_env(&s, locks);
    seat_run(&s, SEAT_TOOL("exec sleep 300"));
    seat_sees(&s, "● running");
    seat_type(&s, "odo that, too\r");
    seat_records(&s, "do that, too");
    seat_type(&s, ":pause_now\r");
    seat_sees(&s, "PAUSED");
    emulator_resize(s.emulator, 90, 20);
    seat_type(&s, "q");
    seat_sees(&s, "Quit?");
    CU_ASSERT_EQUAL(seat_quits(&s), 0);
    has_no_circle(emulator_text(s.emulator));
    CU_ASSERT_TRUE(program_sound(&s.program));
    seat_close(&s);
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
    {"P07 no two locks are ever taken in both orders", p07_exec},
    {"P07 a console takes no two locks in both orders", p07_console},
    {"P08 reads and writes that fall short are gone on with", p08},
    {"P09 a broken pipe is an error here and a signal in tools", p09},
    {"P10 children that end together are all heard of", p10},
    {"P11 without its folders and files it says what it misses", p11},
    {"P12 without entropy there is no wait and no loop", p12},
    {"P13 sessions leave no files behind", p13},
    {NULL, NULL},
};

const struct suite suite_faults_process = {"faults_process", tests};
