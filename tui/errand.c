/* SPDX-License-Identifier: MIT */
#include "tui/errand.h"

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tui/place.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXT_MAX   ((size_t)16 << 20) /* bytes; more is read and dropped */
#define ANSWER_MAX ((size_t)16 << 10) /* of the one line */

struct errand {
    pid_t pid; /* 0 = reaped */
    int fd;
    struct buf said, answer;
    bool ok;
};

/* A session of its own, so that Ctrl-C at our terminal is ours alone; nothing blocked or ignored.
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

static int redirect(posix_spawn_file_actions_t *actions, int fd)
{
    int rc = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

    if (rc == 0)
        rc = posix_spawn_file_actions_adddup2(actions, fd, STDOUT_FILENO);
    return rc == 0 ? posix_spawn_file_actions_adddup2(actions, fd, STDERR_FILENO) : rc;
}

static int spawn(struct errand *errand, const char *program, const char *const *words, int fd)
{
    const char *argv[ERRAND_WORDS + 2] = {"rerail"};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;

    for (size_t i = 0; i < ERRAND_WORDS && words[i]; i++)
        argv[i + 1] = words[i];
    if (posix_spawn_file_actions_init(&actions) != 0 || posix_spawnattr_init(&attr) != 0)
        mem_fail(sizeof attr);
    int rc = redirect(&actions, fd);
    if (rc == 0)
        rc = set_apart(&attr);
    if (rc == 0)
        rc = posix_spawn(&errand->pid, program, &actions, &attr, (char *const *)(uintptr_t)argv,
                         environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)posix_spawnattr_destroy(&attr);
    return rc;
}

int errand_new(struct errand **out, const char *const *words, struct err *err)
{
    char *program = NULL;
    int ends[2];
    int rc = place_self(&program, err);

    if (rc < 0)
        return rc;
    if (pipe2(ends, O_CLOEXEC) < 0) {
        rc = err_sys(err, errno, "a pipe to %s", words[0]);
        free(program);
        return rc;
    }
    struct errand *errand = mem_new(sizeof *errand);
    errand->fd = ends[0];
    buf_init(&errand->said, TEXT_MAX);
    buf_init(&errand->answer, ANSWER_MAX);
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK); /* of a fresh pipe: cannot fail */
    int number = spawn(errand, program, words, ends[1]);
    close(ends[1]);
    if (number != 0) {
        rc = err_sys(err, number, "%s", program);
        errand->pid = 0;
        errand_free(errand);
    } else {
        *out = errand;
    }
    free(program);
    return rc;
}

/* It ends with its output, or is about to. */
static void reap(struct errand *errand)
{
    int status = -1;

    while (waitpid(errand->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    errand->pid = 0;
    errand->ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void errand_free(struct errand *errand)
{
    if (!errand)
        return;
    if (errand->pid > 0) {
        (void)kill(errand->pid, SIGKILL);
        reap(errand);
    }
    close(errand->fd);
    buf_free(&errand->said);
    buf_free(&errand->answer);
    free(errand);
}

int errand_fd(const struct errand *errand)
{
    return errand ? errand->fd : -1;
}

/* Lines become one, each behind the next; the program's name says nothing here. */
static void tidy(struct errand *errand)
{
    static const char name[] = "rerail: ";
    const char *end = errand->said.data + errand->said.len;

    for (const char *at = errand->said.data, *next; at < end; at = next) {
        const char *line = memchr(at, '\n', (size_t)(end - at));

        next = line ? line + 1 : end;
        line = line ? line : end;
        if ((size_t)(line - at) > strlen(name) && memcmp(at, name, strlen(name)) == 0)
            at += strlen(name);
        if (line == at)
            continue;
        if (errand->answer.len > 0 && buf_text(&errand->answer, "; ") < 0)
            return; /* the first of it is enough */
        if (buf_add(&errand->answer, at, (size_t)(line - at)) < 0)
            return;
    }
}

bool errand_step(struct errand *errand)
{
    char chunk[4096];
    ssize_t got;

    do {
        got = read(errand->fd, chunk, sizeof chunk);
        if (got > 0)
            (void)buf_add(&errand->said, chunk, (size_t)got); /* the first of it is kept */
    } while (got > 0 || (got < 0 && errno == EINTR));
    if (got < 0 && errno == EAGAIN)
        return false;
    reap(errand);
    return true;
}

const char *errand_text(const struct errand *errand, size_t *len)
{
    *len = errand->said.len;
    return errand->said.data;
}

const char *errand_answer(struct errand *errand, bool *ok)
{
    tidy(errand);
    *ok = errand->ok;
    return errand->answer.len > 0 ? errand->answer.data : errand->ok ? "done" : "it failed";
}
