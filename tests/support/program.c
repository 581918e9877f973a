/* SPDX-License-Identifier: MIT */
#include "tests/support/program.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/tool/process.h"
#include "history/fsck.h"
#include "history/query.h"
#include "history/query_event.h"
#include "history/query_run.h"
#include "tests/suite.h"
#include "tests/support/scratch.h"

#define FEED_MAX   ((size_t)256 << 20)
#define FEED_PAGE  200
#define ARGS_MAX   64
#define ORPHANS_US 5000000 /* a grandchild needs a moment to hear that its parent died */
#define HISTORY    "state/rerail/history.db"

static int64_t now_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail with this clock */
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

const char *program_path(void)
{
    static char path[PATH_MAX];

    if (!path[0])
        CU_ASSERT_PTR_NOT_NULL_FATAL(realpath(PROGRAM_DIR "/rerail", path));
    return path;
}

void program_open(struct program *program)
{
    static const char *const folders[] = {"state", "config", "run", "ws"};
    sigset_t set;

    *program = (struct program){.home = scratch_new()};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        CU_ASSERT_EQUAL(mkdir(scratch_path(program->home, folders[i]), 0700), 0);
    CU_ASSERT_EQUAL(process_become_reaper(NULL), 0); /* whatever it leaves behind comes to us */
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    CU_ASSERT_EQUAL(sigprocmask(SIG_BLOCK, &set, NULL), 0); /* for sigtimedwait */
}

void program_close(struct program *program)
{
    scratch_free(program->home);
    free(program->out);
    free(program->err);
    *program = (struct program){0};
}

void program_write(struct program *program, const char *name, const char *text)
{
    scratch_write(program->home, name, text);
}

/* ---- Lives ---- */

static void put_env(const char *name, const char *value)
{
    if (setenv(name, value, 1) < 0)
        _exit(126);
}

static void put_environment(const struct program *program)
{
    static const char *const folders[][2] = {
        {"XDG_STATE_HOME", "state"}, {"XDG_CONFIG_HOME", "config"}, {"XDG_RUNTIME_DIR", "run"}};

    (void)clearenv(); /* cannot fail here */
    put_env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
    put_env("HOME", program->home);
    put_env("LANG", "C.UTF-8");
    put_env("OPENAI_API_KEY", PROGRAM_CANARY);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        put_env(folders[i][0], scratch_path(program->home, folders[i][1]));
    for (size_t i = 0; program->env && program->env[i]; i++)
        (void)putenv(
            (char *)(uintptr_t)program->env[i]); /* the child's own until it becomes rerail */
}

static void put_output(const struct program *program, const char *name, int fd)
{
    int file = open(scratch_path(program->home, name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

    if (file < 0 || dup2(file, fd) < 0)
        _exit(126);
}

static void become(const struct program *program, const char *const *argv)
{
    const char *words[ARGS_MAX + 2];
    size_t count = 0;
    sigset_t none;
    int null = open("/dev/null", O_RDONLY);

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* only against a killed test */
    put_environment(program);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || chdir(scratch_path(program->home, "ws")) < 0)
        _exit(126);
    put_output(program, "out", STDOUT_FILENO);
    put_output(program, "err", STDERR_FILENO);
    for (size_t i = 0; program->wrapper && program->wrapper[i] && count < ARGS_MAX; i++)
        words[count++] = program->wrapper[i];
    words[count++] = program_path();
    for (size_t i = 0; argv[i] && count < ARGS_MAX; i++)
        words[count++] = argv[i];
    words[count] = NULL;
    if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
        _exit(126);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL); /* with such arguments it cannot fail */
    if (program->before)
        program->before();
    if (program->traced && ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
        _exit(125);
    (void)execvp(words[0], (char *const *)(uintptr_t)words); /* returns only when it failed */
    _exit(127);
}

void program_start(struct program *program, const char *const *argv)
{
    (void)program_path(); /* while this is still the folder it is relative to */
    CU_ASSERT_EQUAL_FATAL(program->pid, 0);
    scratch_write(program->home, "out", ""); /* a life may end before it opens them */
    scratch_write(program->home, "err", "");
    (void)fflush(stdout); /* else the child may print it again */
    program->us = now_us();
    program->pid = fork();
    CU_ASSERT_TRUE_FATAL(program->pid >= 0);
    if (program->pid == 0)
        become(program, argv);
}

bool program_ends(struct program *program, int64_t us)
{
    const struct timespec wait = {us / 1000000, us % 1000000 * 1000};
    struct pollfd fd = {.fd = (int)syscall(SYS_pidfd_open, program->pid, 0), .events = POLLIN};
    int ready;

    CU_ASSERT_TRUE_FATAL(fd.fd >= 0);
    while ((ready = ppoll(&fd, 1, &wait, NULL)) < 0 && errno == EINTR)
        ;
    close(fd.fd);
    return ready > 0;
}

/* ---- Under a tracer ---- */

#define TRACE_OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL)
#define CALL_STOP     (SIGTRAP | 0x80) /* what TRACESYSGOOD makes of a stop at a system call */

/* The signal that a stopped thread is to be given: none for what only tracing brings about. */
static int signal_of(int status)
{
    int number = WSTOPSIG(status);

    return number == CALL_STOP || number == SIGTRAP || number == SIGSTOP ? 0 : number;
}

/* Whose turn it is: a thread that stopped, consumed; 0 when the program has ended, which is left to
   be waited for. What else ends is an orphan of it, or a thread. */
static pid_t next_stop(pid_t program, int *status)
{
    siginfo_t info = {0};

    for (;;) {
        if (waitid(P_ALL, 0, &info, WEXITED | WSTOPPED | __WALL | WNOWAIT) < 0)
            return 0;
        if (info.si_pid == program && info.si_code != CLD_TRAPPED)
            return 0;
        if (waitpid(info.si_pid, status, __WALL) == info.si_pid && WIFSTOPPED(*status))
            return info.si_pid;
    }
}

size_t program_kill_at(struct program *program, const char *const *argv, size_t at)
{
    size_t stops = 0;
    int status;
    pid_t thread;

    program->traced = true;
    program_start(program, argv);
    program->traced = false;
    (void)alarm(PROGRAM_LIMIT); /* a tracee that hangs ends this process, and that is a failure */
    for (bool first = true; (thread = next_stop(program->pid, &status)) > 0; first = false) {
        if (first && ptrace(PTRACE_SETOPTIONS, thread, NULL, TRACE_OPTIONS) < 0)
            break;
        stops += WSTOPSIG(status) == CALL_STOP;
        if (stops == at)
            (void)kill(program->pid, SIGKILL);                         /* again is no harm */
        (void)ptrace(PTRACE_SYSCALL, thread, NULL, signal_of(status)); /* it may be dead by now */
    }
    (void)alarm(0);
    return stops;
}

/* Children of ours that are not the program itself are what it left behind. */
static bool all_gone(int64_t until)
{
    sigset_t set;
    pid_t pid;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    while ((pid = waitpid(-1, NULL, WNOHANG)) >= 0) {
        int64_t left = until - now_us();
        const struct timespec wait = {left / 1000000, left % 1000000 * 1000};

        if (pid > 0)
            continue;
        if (left <= 0)
            return false;
        (void)sigtimedwait(&set, NULL, &wait); /* the loop looks again either way */
    }
    return errno == ECHILD;
}

int program_wait(struct program *program)
{
    struct rusage usage;
    int status;
    bool ended = program_ends(program, PROGRAM_LIMIT * 1000000LL);

    if (!ended)
        CU_ASSERT_EQUAL(kill(program->pid, SIGKILL), 0);
    CU_ASSERT_TRUE(ended);
    CU_ASSERT_EQUAL_FATAL(wait4(program->pid, &status, 0, &usage), program->pid);
    program->pid = 0;
    program->us = now_us() - program->us;
    program->rss_kib = usage.ru_maxrss;
    CU_ASSERT_TRUE(all_gone(now_us() + ORPHANS_US));
    free(program->out);
    free(program->err);
    program->out = scratch_read(program->home, "out");
    program->err = scratch_read(program->home, "err");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int program_run(struct program *program, const char *const *argv)
{
    program_start(program, argv);
    return program_wait(program);
}

/* ---- What is on record ---- */

struct query *program_history(struct program *program)
{
    struct query *query = NULL;
    struct err err = {0};
    int rc = query_open(&query, scratch_path(program->home, HISTORY), NULL, &err);

    if (rc < 0 && rc != E_NOTFOUND)
        printf("    %s\n", err.msg);
    CU_ASSERT_TRUE(rc == 0 || rc == E_NOTFOUND);
    return query;
}

static size_t feed_page(struct query *query, struct arena *arena, int64_t *seen, struct buf *out)
{
    const struct event_page page = {.after = *seen, .limit = FEED_PAGE};
    struct event_row *rows = NULL;
    size_t count = 0;

    arena_clear(arena);
    CU_ASSERT_EQUAL(query_events(query, arena, &page, &rows, &count, NULL), 0);
    for (size_t i = 0; i < count; i++) {
        CU_ASSERT_EQUAL(query_event_json(query, &rows[i], out, NULL), 0);
        CU_ASSERT_EQUAL(buf_char(out, '\n'), 0);
        *seen = rows[i].seq;
    }
    return count;
}

char *program_feed(struct program *program)
{
    struct query *query = program_history(program);
    struct arena arena = {0};
    struct buf out;
    int64_t seen = 0;

    buf_init(&out, FEED_MAX);
    while (query && feed_page(query, &arena, &seen, &out) == FEED_PAGE)
        ;
    arena_free(&arena);
    query_close(query);
    char *text = mem_text(out.data ? out.data : "");
    buf_free(&out);
    return text;
}

static void print_finding(void *ctx, int64_t run, const char *text)
{
    (void)ctx;
    printf("    run %lld: %s\n", (long long)run, text);
}

bool program_sound(struct program *program)
{
    const struct fsck_options options = {.found = print_finding};
    struct fsck_report report = {0};
    struct err err = {0};
    struct query *query = program_history(program);
    int rc = 0;

    if (query)
        rc = fsck_run(&report, query, &options, &err);
    if (rc < 0)
        printf("    %s\n", err.msg);
    query_close(query);
    return rc == 0 && report.findings == 0;
}

/* ---- The judge ---- */

static const char *leak; /* the file that holds the key; nftw has no other way to say it */

static int look_for_key(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    FILE *file;
    char *bytes;

    (void)walk;
    if (type != FTW_F || !S_ISREG(st->st_mode) || !(file = fopen(path, "r")))
        return 0;
    bytes = mem_new((size_t)st->st_size + 1);
    size_t len = fread(bytes, 1, (size_t)st->st_size, file);
    bool found = memmem(bytes, len, PROGRAM_CANARY, strlen(PROGRAM_CANARY)) != NULL;
    free(bytes);
    (void)fclose(file); /* it was only read */
    if (found)
        printf("    the key is in %s\n", path);
    if (found)
        leak = "found";
    return found;
}

static bool keeps_the_key(const struct program *program)
{
    leak = NULL;
    return nftw(program->home, look_for_key, 16, FTW_PHYS) == 0 && !leak;
}

static bool has_a_meaning(int code)
{
    static const int codes[] = {0, 1, 2, 3, 4, 5, 6, 130, 143, -SIGKILL};

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (code == codes[i])
            return true;
    return false;
}

void program_judge(struct program *program, int code)
{
    if (!has_a_meaning(code))
        printf("    it ended with %d and said:\n%s\n", code, program->err);
    CU_ASSERT_TRUE(has_a_meaning(code));
    CU_ASSERT_TRUE(code <= 0 || program->err[0] || program->out[0]);
    CU_ASSERT_TRUE(suite_is_watched() || program->rss_kib <= PROGRAM_RSS_KIB);
    CU_ASSERT_TRUE(program_sound(program));
    CU_ASSERT_TRUE(keeps_the_key(program));
}
