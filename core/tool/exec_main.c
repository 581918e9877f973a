/* SPDX-License-Identifier: MIT */
/*
 * rerail-exec: prepares one child process and becomes the tool. A program of its own, because the
 * libraries of rerail cost a process 12 ms to load, and because nothing but async-signal-safe calls
 * may run between fork and exec of a program with threads: posix_spawn starts this one, which has a
 * single thread. posix_spawn has made the session, reset the signals and put the descriptors in
 * place (exec.h); the order of what follows is that of exec_main and matters. It allocates nothing
 * and calls nothing but the kernel.
 */
#include "core/tool/exec.h"
#include "core/tool/exec_sys.h"
#include "core/tool/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/prctl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define FILE_SIZE_MAX  (UINT64_C(1) << 30)
#define OPEN_FILES_MAX 1024
#define TASKS_MORE     512
#define TASKS_UNKNOWN  4096
#define OOM_SCORE      "500" /* the kernel's OOM killer takes the tool, not rerail */
#define FAILED         127

static void report(enum exec_stage stage, int error, int64_t start_time)
{
    struct exec_report r = {.stage = stage, .error = error, .start_time = start_time};

    while (sys(SYS_sendto, EXEC_CONTROL, (long)&r, sizeof r, MSG_NOSIGNAL, 0) == -EINTR)
        ;
}

static int fail(enum exec_stage stage, long error)
{
    report(stage, (int)error, 0);
    return FAILED;
}

static long receive(void *into, size_t len)
{
    long n;

    do
        n = sys(SYS_recvfrom, EXEC_CONTROL, (long)into, (long)len, 0, 0);
    while (n == -EINTR);
    return n;
}

/* The beginning of a small file of /proc as text; "" when it cannot be read. */
static void read_small(const char *path, char *out, size_t cap)
{
    long fd = sys(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0, 0);
    long n = 0;

    if (fd >= 0) {
        n = sys(SYS_read, fd, (long)out, (long)cap - 1, 0, 0);
        sys(SYS_close, fd, 0, 0, 0, 0);
    }
    out[n > 0 ? n : 0] = '\0';
}

static int64_t parse_number(const char *at)
{
    int64_t value = 0;

    for (; *at >= '0' && *at <= '9'; at++)
        value = 10 * value + (*at - '0');
    return value;
}

/* Field 22, counted from behind the program's name, which may itself hold blanks and brackets. */
static int64_t start_time(void)
{
    char text[1024];
    const char *name_end = NULL;
    int field = 2;

    read_small("/proc/self/stat", text, sizeof text);
    for (const char *at = text; *at; at++)
        if (*at == ')')
            name_end = at;
    for (const char *at = name_end; at && *at; at++)
        if (*at == ' ' && ++field == 22)
            return parse_number(at + 1);
    return 0;
}

/* Tasks of the whole machine, from "0.00 0.01 0.05 1/123 4567": a limit below what already runs
   would stop the tool from forking at all. */
static uint64_t task_count(void)
{
    char text[128];

    read_small("/proc/loadavg", text, sizeof text);
    for (const char *at = text; *at; at++)
        if (*at == '/')
            return (uint64_t)parse_number(at + 1);
    return TASKS_UNKNOWN;
}

/* Sets both limits, but never above what we were given. */
static long lower(int resource, uint64_t value)
{
    struct rlimit limit;
    long error = sys(SYS_prlimit64, 0, resource, 0, (long)&limit, 0);

    if (error < 0)
        return error;
    if (value > limit.rlim_max)
        value = limit.rlim_max;
    limit.rlim_cur = limit.rlim_max = value;
    return sys(SYS_prlimit64, 0, resource, (long)&limit, 0, 0);
}

static long set_limits(const struct exec_options *options, int64_t born)
{
    const struct {
        int resource;
        uint64_t value;
    } limits[] = {
        {RLIMIT_CPU, (uint64_t)options->cpu_seconds},
        {RLIMIT_FSIZE, FILE_SIZE_MAX},
        {RLIMIT_NOFILE, OPEN_FILES_MAX},
        {RLIMIT_CORE, 0},
        {RLIMIT_NPROC, task_count() + TASKS_MORE},
        {RLIMIT_LOCKS, exec_mark(sys(SYS_getpid, 0, 0, 0, 0, 0), born)},
    };
    long error = 0;

    for (size_t i = 0; i < sizeof limits / sizeof *limits && error >= 0; i++)
        error = lower(limits[i].resource, limits[i].value);
    return error;
}

/* Without /proc, or where the score stands higher already, the tool starts all the same. */
static void volunteer_for_oom(void)
{
    long fd =
        sys(SYS_openat, AT_FDCWD, (long)"/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC, 0, 0);

    if (fd < 0)
        return;
    sys(SYS_write, fd, (long)OOM_SCORE, sizeof OOM_SCORE - 1, 0, 0);
    sys(SYS_close, fd, 0, 0, 0, 0);
}

/* posix_spawn has reset all signals but the two that glibc keeps for its threads: those it leaves
   ignored, and its sigaction does not let anybody touch them. */
static void reset_signals(void)
{
    static const uint64_t dfl[8]; /* larger than any kernel's struct sigaction */

    for (int signal = 32; signal <= 33; signal++)
        sys(SYS_rt_sigaction, signal, (long)dfl, 0, sizeof(uint64_t), 0);
}

/* Dies with the thread that started us; and if that has happened already, now. */
static long tie_to_parent(int32_t parent)
{
    long error = sys(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);

    if (error < 0)
        return error;
    return sys(SYS_getppid, 0, 0, 0, 0, 0) == parent ? 0 : -ESRCH;
}

/* The one place where a sandbox is entered. A level that this build cannot give is an error, never
   a weaker level. */
static long enter_sandbox(int32_t level)
{
    long error = sys(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);

    if (error < 0)
        return error;
    return level == SANDBOX_NONE ? 0 : -ENOSYS;
}

/* "dir/name" of a PATH entry; false when it does not fit. */
static bool join(char *out, size_t cap, const char *dir, size_t dir_len, const char *name)
{
    size_t at = 0;

    if (dir_len + 2 > cap)
        return false;
    for (; at < dir_len; at++)
        out[at] = dir[at];
    out[at++] = '/';
    do {
        if (at == cap)
            return false;
        out[at++] = *name;
    } while (*name++);
    return true;
}

static const char *path_of(char **env)
{
    for (; *env; env++) {
        const char *at = *env;

        if (at[0] == 'P' && at[1] == 'A' && at[2] == 'T' && at[3] == 'H' && at[4] == '=')
            return at + 5;
    }
    return "";
}

static size_t span(const char *text, char end)
{
    size_t len = 0;

    while (text[len] && text[len] != end)
        len++;
    return len;
}

/* As execvp, without its second try by a shell: a script has to say what it is. Returns why not. */
static long execute(char **argv, char **env)
{
    char full[4096];
    long found = -ENOENT;

    if (argv[0][span(argv[0], '/')])
        return sys(SYS_execve, (long)argv[0], (long)argv, (long)env, 0, 0);
    for (const char *path = path_of(env); *path;) {
        size_t len = span(path, ':');

        if (join(full, sizeof full, path, len, argv[0])) {
            long error = sys(SYS_execve, (long)full, (long)argv, (long)env, 0, 0);

            if (error == -EACCES)
                found = error;
            else if (error != -ENOENT && error != -ENOTDIR)
                return error;
        }
        path += len + (path[len] == ':');
    }
    return found;
}

static int refuse_people(void)
{
    static const char text[] = "rerail-exec starts the tools of rerail; it is not a command\n";

    sys(SYS_write, 2, (long)text, sizeof text - 1, 0, 0);
    return FAILED;
}

static int exec_main(char **argv, char **env)
{
    struct exec_options options;
    int64_t born;
    long error;
    char go;

    if (receive(&options, sizeof options) != sizeof options || !argv[0] || !argv[1])
        return refuse_people();
    born = start_time();
    if ((error = sys(SYS_close_range, EXEC_CONTROL, ~0U, CLOSE_RANGE_CLOEXEC, 0, 0)) < 0)
        return fail(EXEC_DESCRIPTORS, -error);
    reset_signals();
    sys(SYS_umask, 077, 0, 0, 0, 0);
    if ((error = sys(SYS_fchdir, EXEC_CWD, 0, 0, 0, 0)) < 0)
        return fail(EXEC_FOLDER, -error);
    if ((error = set_limits(&options, born)) < 0)
        return fail(EXEC_LIMITS, -error);
    if ((error = tie_to_parent(options.parent)) < 0)
        return fail(EXEC_PARENT, -error);
    volunteer_for_oom();
    if ((error = enter_sandbox(options.sandbox)) < 0)
        return fail(EXEC_SANDBOX, -error);
    report(EXEC_READY, 0, born);
    if (options.hold && receive(&go, 1) != 1)
        return 0;
    return fail(EXEC_EXECUTE, -execute(argv + 1, env));
}
