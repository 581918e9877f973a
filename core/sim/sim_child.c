/* SPDX-License-Identifier: MIT */
/*
 * The child's lifetime hangs on its stdin, a pipe whose other end only we hold (close-on-exec): the
 * kernel closes it when we die, however. PR_SET_PDEATHSIG would not do: it fires when the thread
 * that started the child ends, which a worker may.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/sim/sim.h"

#define LINE_BYTES 256
#define GRACE_MS   500 /* between the end of its stdin and SIGKILL */

struct sim_child {
    pid_t pid;
    int input;       /* closing it ends the child */
    int output;      /* -1 once the line is read, or will not come */
    struct buf line; /* "URL TOKEN" */
    char *token;     /* inside line; NULL = not ready */
};

/* ---- Starting ---- */

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

static int redirect(posix_spawn_file_actions_t *actions, const int ends[2], int stderr_fd)
{
    int rc = posix_spawn_file_actions_adddup2(actions, ends[0], STDIN_FILENO);

    if (rc == 0)
        rc = posix_spawn_file_actions_adddup2(actions, ends[1], STDOUT_FILENO);
    if (rc == 0 && stderr_fd > 0)
        rc = posix_spawn_file_actions_adddup2(actions, stderr_fd, STDERR_FILENO);
    if (rc == 0 && stderr_fd < 0)
        rc = posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    return rc;
}

/* A session of its own, so that Ctrl-C at our terminal is ours alone; no signal blocked or ignored.
 */
static int set_apart(posix_spawnattr_t *attr)
{
    sigset_t none, all;

    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    int rc = posix_spawnattr_setsigmask(attr, &none);
    if (rc == 0)
        rc = posix_spawnattr_setsigdefault(attr, &all);
    if (rc == 0)
        rc = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
                                                POSIX_SPAWN_SETSIGDEF);
    return rc;
}

static int spawn(struct sim_child *child, const struct sim_child_options *options,
                 const int ends[2], struct err *err)
{
    const char *program = options->program ? options->program : "/proc/self/exe";
    const char *argv[] = {"rerail", "sim", options->scenario, options->check ? "--check" : NULL,
                          NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;

    if (posix_spawn_file_actions_init(&actions) != 0 || posix_spawnattr_init(&attr) != 0)
        mem_fail(sizeof attr);
    int rc = redirect(&actions, ends, options->stderr_fd);
    if (rc == 0)
        rc = set_apart(&attr);
    if (rc == 0)
        rc = posix_spawn(&child->pid, program, &actions, &attr, (char *const *)argv, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)posix_spawnattr_destroy(&attr);
    if (rc == ENOENT &&
        access("/dev/null", W_OK) < 0) /* which of the two the kernel does not say */
        program = "/dev/null";
    return rc == 0 ? 0 : err_sys(err, rc, "the simulator (%s)", program);
}

int sim_child_start(struct sim_child **out, const struct sim_child_options *options,
                    struct err *err)
{
    struct sim_child *child = mem_new(sizeof *child);
    int in[2] = {-1, -1}, said[2] = {-1, -1}, rc;

    *child = (struct sim_child){.pid = -1, .input = -1, .output = -1};
    buf_init(&child->line, LINE_BYTES);
    if (pipe2(in, O_CLOEXEC) < 0 || pipe2(said, O_CLOEXEC) < 0) {
        rc = err_sys(err, errno, "a pipe to the simulator");
    } else {
        child->input = in[1];
        child->output = said[0];
        (void)fcntl(said[0], F_SETFL, O_NONBLOCK); /* of a fresh pipe: cannot fail */
        rc = spawn(child, options, (const int[]){in[0], said[1]}, err);
        in[1] = said[0] = -1;
    }
    close_fd(&in[0]);
    close_fd(&in[1]);
    close_fd(&said[0]);
    close_fd(&said[1]);
    if (rc < 0) {
        (void)sim_child_stop(child);
        return rc;
    }
    *out = child;
    return 0;
}

/* ---- Its word ---- */

/* "URL TOKEN\n" is cut into its two texts. */
static int read_line(struct sim_child *child, char *eol, struct err *err)
{
    char *space = strchr(child->line.data, ' ');

    *eol = '\0';
    close_fd(&child->output);
    if (!space || !str_starts(child->line.data, "http://127.0.0.1:") || !space[1])
        return err_set(err, E_PROTOCOL, "the simulator did not say where it is");
    *space = '\0';
    child->token = space + 1;
    return 1;
}

int sim_child_ready(struct sim_child *child, struct err *err)
{
    char bytes[LINE_BYTES];

    if (child->token)
        return 1;
    if (child->output < 0)
        return err_set(err, E_CLOSED, "the simulator ended before it was ready");
    ssize_t len = read(child->output, bytes, sizeof bytes);
    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (len <= 0 || buf_add(&child->line, bytes, (size_t)len) < 0) {
        close_fd(&child->output);
        return err_set(err, E_CLOSED, "the simulator ended before it was ready");
    }
    char *eol = strchr(child->line.data, '\n');
    return eol ? read_line(child, eol, err) : 0;
}

int sim_child_await(struct sim_child *child, int64_t timeout_us, struct err *err)
{
    const struct clock clock = clock_system();
    int64_t until = clock_mono(&clock) + timeout_us;

    for (;;) {
        int rc = sim_child_ready(child, err);
        int64_t left = until - clock_mono(&clock);

        if (rc != 0)
            return rc < 0 ? rc : 0;
        if (left <= 0)
            return err_set(err, E_TIMEOUT, "the simulator is not ready");
        struct pollfd fd = {.fd = child->output, .events = POLLIN};
        (void)poll(&fd, 1, (int)(left / US_PER_MS) + 1); /* the loop looks again whatever it says */
    }
}

int sim_child_fd(const struct sim_child *child)
{
    return child->output;
}

const char *sim_child_url(const struct sim_child *child)
{
    return child->token ? child->line.data : NULL;
}

const char *sim_child_token(const struct sim_child *child)
{
    return child->token;
}

pid_t sim_child_pid(const struct sim_child *child)
{
    return child->pid;
}

/* ---- Stopping ---- */

static void wait_briefly(pid_t pid)
{
    struct pollfd fd = {.fd = pidfd_open(pid, 0), .events = POLLIN};

    if (fd.fd < 0)
        return;
    while (poll(&fd, 1, GRACE_MS) < 0 && errno == EINTR)
        continue;
    (void)close(fd.fd);
}

/* A child that does not go when its stdin closes is stuck: it is killed. */
static int end_of(pid_t pid)
{
    int status = 0;

    wait_briefly(pid);
    pid_t got = waitpid(pid, &status, WNOHANG);
    if (got == 0) {
        (void)kill(pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            continue;
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int sim_child_stop(struct sim_child *child)
{
    int code = 0;

    if (!child)
        return 0;
    close_fd(&child->input);
    close_fd(&child->output);
    if (child->pid > 0)
        code = end_of(child->pid);
    buf_free(&child->line);
    free(child);
    return code;
}
