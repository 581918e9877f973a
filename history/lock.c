/* SPDX-License-Identifier: MIT */
#include "history/lock.h"

#include "core/base/clock.h"
#include "core/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PID_WIDTH 10
#define SEQ_AT    (PID_WIDTH + 1)
#define SEQ_WIDTH 19
#define RETRY_NS  500000 /* between two tries of lock_wait */

struct lock {
    char *path;
    int fd;
    dev_t dev; /* with ino: which file that is */
    ino_t ino;
};

static int open_file(struct lock *lock, struct err *err)
{
    struct stat st;

    lock->fd = open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock->fd < 0 || fstat(lock->fd, &st) < 0)
        return err_sys(err, errno, "history lock %s", lock->path);
    lock->dev = st.st_dev;
    lock->ino = st.st_ino;
    return 0;
}

int lock_open(struct lock **out, const char *path, struct err *err)
{
    struct lock *lock = mem_new(sizeof *lock);

    *out = NULL;
    lock->path = mem_printf("%s.lock", path);
    int rc = open_file(lock, err);
    if (rc < 0) {
        lock_close(lock);
        return rc;
    }
    *out = lock;
    return 0;
}

void lock_close(struct lock *lock)
{
    if (!lock)
        return;
    if (lock->fd >= 0)
        close(lock->fd);
    free(lock->path);
    free(lock);
}

static int64_t read_number(const struct lock *lock, off_t at, size_t width)
{
    char text[SEQ_WIDTH + 1] = "";

    if (lock->fd < 0 || pread(lock->fd, text, width, at) != (ssize_t)width)
        return 0;
    return strtoll(text, NULL, 10);
}

/* Only information: a full disk must not keep anybody from the lock. */
static void write_number(struct lock *lock, off_t at, int width, int64_t number)
{
    char text[32];
    int len = snprintf(text, sizeof text, "%*" PRId64 "%c", width, number, at ? '\n' : ' ');

    (void)!pwrite(lock->fd, text, (size_t)len, at);
}

int64_t lock_holder(const struct lock *lock)
{
    return read_number(lock, 0, PID_WIDTH);
}

int64_t lock_witness(const struct lock *lock)
{
    return read_number(lock, SEQ_AT, SEQ_WIDTH);
}

int64_t lock_peek(const char *path)
{
    struct lock lock = {.path = mem_printf("%s.lock", path)};

    lock.fd = open(lock.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    int64_t seq = lock_witness(&lock);
    if (lock.fd >= 0)
        close(lock.fd);
    free(lock.path);
    return seq;
}

void lock_testify(struct lock *lock, int64_t seq)
{
    write_number(lock, SEQ_AT, SEQ_WIDTH, seq);
}

/* A lock on a file that is no longer the one at its path locks nobody out. */
static bool is_in_place(const struct lock *lock)
{
    struct stat there;

    return stat(lock->path, &there) == 0 && lock->ino == there.st_ino && lock->dev == there.st_dev;
}

static int try_once(struct lock *lock, struct err *err)
{
    int rc;

    do
        rc = flock(lock->fd, LOCK_EX | LOCK_NB);
    while (rc < 0 && errno == EINTR);
    if (rc == 0)
        return 0;
    if (errno == EWOULDBLOCK)
        return err_set(err, E_BUSY, "history is being written by process %" PRId64,
                       lock_holder(lock));
    if (errno == ENOLCK || errno == ENOTSUP || errno == ENOSYS)
        return err_set(err, E_UNSUPPORTED,
                       "history: %s cannot be locked on this file system; set XDG_STATE_HOME to a "
                       "local folder",
                       lock->path);
    return err_sys(err, errno, "history lock %s", lock->path);
}

int lock_try(struct lock *lock, struct err *err)
{
    for (int tries = 0; tries < 3; tries++) {
        int rc = lock->fd < 0 ? open_file(lock, err) : 0;
        if (rc == 0)
            rc = try_once(lock, err);
        if (rc < 0)
            return rc;
        if (is_in_place(lock)) {
            if (lock_holder(lock) != getpid()) /* looking is a third of the cost of writing */
                write_number(lock, 0, PID_WIDTH, getpid());
            return 0;
        }
        close(lock->fd);
        lock->fd = -1;
    }
    return err_set(err, E_BUSY, "history lock %s is being replaced", lock->path);
}

int lock_wait(struct lock *lock, int64_t timeout_us, struct err *err)
{
    struct clock clock = clock_system();
    int64_t until = clock_mono(&clock) + timeout_us;

    for (;;) {
        int rc = lock_try(lock, err);
        if (rc != E_BUSY || clock_mono(&clock) >= until)
            return rc;
        (void)nanosleep(&(struct timespec){.tv_nsec = RETRY_NS}, NULL); /* early is fine */
    }
}

void lock_drop(struct lock *lock)
{
    if (lock->fd >= 0)
        (void)flock(lock->fd, LOCK_UN); /* cannot fail on a descriptor of ours */
}
