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

#define WORDS_MAX  16
#define ANSWER_MAX ((size_t)16 << 10) /* bytes; more is read and dropped */

struct errand {
    pid_t pid; /* 0 = reaped */
    int fd;
    struct buf said;
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
    const char *argv[WORDS_MAX + 2] = {"rerail"};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;

    for (size_t i = 0; i < WORDS_MAX && words[i]; i++)
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
    buf_init(&errand->said, ANSWER_MAX);
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
    free(errand);
}

int errand_fd(const struct errand *errand)
{
    return errand ? errand->fd : -1;
}

/* Lines become one, each behind the next; the program's name says nothing here. */
static void tidy(struct buf *said)
{
    static const char name[] = "rerail: ";
    char *text = buf_take(said), *at = text, *next;

    for (; *at; at = next) {
        size_t len = strcspn(at, "\n");

        next = at + len + (at[len] == '\n');
        if (str_starts(at, name)) {
            at += strlen(name);
            len -= strlen(name);
        }
        if (len > 0 && said->len > 0)
            (void)buf_text(said, "; "); /* it was no longer before */
        (void)buf_add(said, at, len);
    }
    free(text);
}

bool errand_step(struct errand *errand)
{
    char chunk[4096];
    ssize_t got;

    do {
        got = read(errand->fd, chunk, sizeof chunk);
        if (got > 0)
            (void)buf_add(&errand->said, chunk, (size_t)got); /* the first of it is enough */
    } while (got > 0 || (got < 0 && errno == EINTR));
    if (got < 0 && errno == EAGAIN)
        return false;
    reap(errand);
    tidy(&errand->said);
    return true;
}

const char *errand_answer(const struct errand *errand, bool *ok)
{
    *ok = errand->ok;
    return errand->said.len > 0 ? errand->said.data : errand->ok ? "done" : "it failed";
}
