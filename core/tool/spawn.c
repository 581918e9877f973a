/* SPDX-License-Identifier: MIT */
#include "core/tool/spawn.h"

#include "core/base/mem.h"
#include "core/tool/exec.h"
#include "core/tool/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CPU_MARGIN 10 /* seconds of processor time beyond the deadline */

/* The child's ends, in the order of the numbers they get there. */
struct ends {
    int fd[EXEC_FDS];
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_ends(struct ends *ends)
{
    for (int i = 0; i < EXEC_FDS; i++)
        close_fd(&ends->fd[i]);
}

static void close_ours(struct spawned *child)
{
    close_fd(&child->pidfd);
    close_fd(&child->control);
    close_fd(&child->out);
    close_fd(&child->err);
}

static bool write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

/* A sealed file in memory: the child can read it at its own pace or not at all, and nobody has to
   feed a pipe or fear its end. */
static int open_input(const struct process_spec *spec)
{
    int fd;

    if (!spec->input)
        return open("/dev/null", O_RDONLY | O_CLOEXEC);
    fd = memfd_create("arguments", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -1;
    if (write_all(fd, spec->input, spec->input_len) && lseek(fd, 0, SEEK_SET) == 0 &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0)
        return fd;
    close_fd(&fd);
    return -1;
}

static int open_pipe(int *ours, int *theirs)
{
    int pair[2];

    if (pipe2(pair, O_CLOEXEC) < 0)
        return -1;
    *ours = pair[0];
    *theirs = pair[1];
    return fcntl(*ours, F_SETFL, O_NONBLOCK);
}

/* The options are in the socket before the child is born: one message, well below its buffer. */
static int open_control(int *ours, int *theirs, const struct exec_options *options)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -1;
    *ours = pair[0];
    *theirs = pair[1];
    if (fcntl(*ours, F_SETFL, O_NONBLOCK) < 0)
        return -1;
    return send(*ours, options, sizeof *options, MSG_NOSIGNAL) == sizeof *options ? 0 : -1;
}

/* A descriptor that is itself the target of another's dup2 would be lost on the way. */
static int lift(int *fd)
{
    int higher;

    if (*fd >= EXEC_FDS)
        return 0;
    higher = fcntl(*fd, F_DUPFD_CLOEXEC, EXEC_FDS);
    if (higher < 0)
        return -1;
    close_fd(fd);
    *fd = higher;
    return 0;
}

static int open_all(struct spawned *child, struct ends *ends, const struct process_spec *spec,
                    int64_t timeout_us)
{
    const struct exec_options options = {
        .parent = getpid(),
        .hold = spec->hold,
        .sandbox = spec->sandbox,
        .cpu_seconds = (int32_t)(timeout_us / 1000000) + CPU_MARGIN,
    };

    if ((ends->fd[STDIN_FILENO] = open_input(spec)) < 0 ||
        (ends->fd[EXEC_CWD] = fcntl(spec->cwd, F_DUPFD_CLOEXEC, EXEC_FDS)) < 0 ||
        open_pipe(&child->out, &ends->fd[STDOUT_FILENO]) < 0 ||
        open_pipe(&child->err, &ends->fd[STDERR_FILENO]) < 0 ||
        open_control(&child->control, &ends->fd[EXEC_CONTROL], &options) < 0)
        return -1;
    for (int i = 0; i < EXEC_FDS; i++)
        if (lift(&ends->fd[i]) < 0)
            return -1;
    return 0;
}

/* rerail-exec and then the tool's own words; the texts are borrowed. */
static char **make_argv(const struct process_spec *spec)
{
    size_t count = 0;
    char **argv;

    while (spec->argv[count])
        count++;
    argv = mem_array(count + 2, sizeof *argv);
    argv[0] = (char *)"rerail-exec";
    for (size_t i = 0; i < count; i++)
        argv[i + 1] = (char *)spec->argv[i];
    return argv;
}

static int spawn(pid_t *pid, const struct process_spec *spec, const struct ends *ends)
{
    static char *const nothing[] = {NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t none, all;
    char **argv = make_argv(spec);
    int rc;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setflags(&attr,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &all);
    posix_spawn_file_actions_init(&actions);
    for (int i = 0; i < EXEC_FDS; i++)
        posix_spawn_file_actions_adddup2(&actions, ends->fd[i], i);
    rc = posix_spawn(pid, spec->exec_path, &actions, &attr, argv,
                     spec->env ? (char *const *)spec->env : nothing);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attr);
    free(argv);
    return rc;
}

/* Not reaped yet, so the pid is still the child's. */
static int watch(struct spawned *child)
{
    int error;

    child->pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0);
    if (child->pidfd >= 0)
        return 0;
    error = errno;
    kill(child->pid, SIGKILL);
    (void)waitpid(child->pid, NULL, 0);
    return error;
}

int spawn_child(struct spawned *child, const struct process_spec *spec, int64_t timeout_us,
                const char **stage)
{
    struct ends ends = {.fd = {-1, -1, -1, -1, -1}};
    int error = 0;

    *child = (struct spawned){.pidfd = -1, .control = -1, .out = -1, .err = -1};
    *stage = "open descriptors";
    if (open_all(child, &ends, spec, timeout_us) < 0)
        error = errno;
    if (error == 0) {
        *stage = "start rerail-exec";
        error = spawn(&child->pid, spec, &ends);
    }
    if (error == 0) {
        *stage = "watch the process";
        error = watch(child);
    }
    close_ends(&ends);
    if (error != 0)
        close_ours(child);
    return error;
}
