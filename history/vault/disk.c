/* SPDX-License-Identifier: MIT */
#include "history/vault/disk.h"

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define READ_TRIES 3 /* of a file that changes meanwhile */
#define LOCK_WAIT  10000000
#define RETRY_NS   5000000
#define LINK_MAX_  4096

int disk_open(struct disk *out, const char *path, struct err *err)
{
    struct stat st;

    *out = (struct disk){.fd = -1};
    out->path = realpath(path, NULL);
    if (!out->path)
        return err_sys(err, errno, "workspace %s", path);
    out->fd = open(out->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (out->fd < 0 || fstat(out->fd, &st) < 0) {
        int error = errno;
        disk_close(out);
        return err_sys(err, error, "workspace %s", path);
    }
    out->dev = st.st_dev;
    out->ino = st.st_ino;
    return 0;
}

void disk_close(struct disk *disk)
{
    if (disk->fd >= 0)
        close(disk->fd);
    free(disk->path);
    *disk = (struct disk){.fd = -1};
}

int disk_intact(const struct disk *disk, struct err *err)
{
    struct stat st;

    if (lstat(disk->path, &st) == 0 && st.st_dev == disk->dev && st.st_ino == disk->ino)
        return 0;
    return err_set(err, E_DENIED, "the workspace %s was moved, removed or replaced", disk->path);
}

int disk_lock(const struct disk *disk, bool whole, struct err *err)
{
    struct clock clock = clock_system();
    int64_t until = clock_mono(&clock) + LOCK_WAIT;

    while (flock(disk->fd, (whole ? LOCK_EX : LOCK_SH) | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return 0; /* a file system without locks: nobody else has one either */
        if (clock_mono(&clock) >= until)
            return err_set(err, E_BUSY, "another rerail is at work on the files of %s", disk->path);
        (void)nanosleep(&(struct timespec){.tv_nsec = RETRY_NS}, NULL); /* early is fine */
    }
    return 0;
}

void disk_unlock(const struct disk *disk)
{
    (void)flock(disk->fd, LOCK_UN); /* cannot fail on a descriptor of ours */
}

/* ---- paths */

/* One part after the other, through no link and onto no other file system. */
static int walk_below(const struct disk *disk, const char *folder)
{
    int fd = openat(disk->fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

    for (const char *at = folder; fd >= 0 && *at;) {
        size_t len = strcspn(at, "/");
        char *part = mem_copy(at, len);
        struct stat st;
        int next = openat(fd, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int error = errno;

        if (strcmp(part, "..") == 0 ||
            (next >= 0 && (fstat(next, &st) < 0 || st.st_dev != disk->dev))) {
            if (next >= 0)
                close(next);
            next = -1;
            error = EXDEV;
        }
        free(part);
        close(fd);
        fd = next;
        errno = error;
        at += len + (at[len] == '/');
    }
    return fd;
}

static int open_below(const struct disk *disk, const char *folder)
{
    struct open_how how = {
        .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
    };
    long fd = -1;

    for (int tries = 0; tries < 3; tries++) { /* a rename far away makes it say EAGAIN */
        fd = syscall(SYS_openat2, disk->fd, *folder ? folder : ".", &how, sizeof how);
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
            break;
    }
    return fd < 0 && errno == ENOSYS ? walk_below(disk, folder) : (int)fd;
}

int disk_parent(const struct disk *disk, const char *path, const char **name)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? mem_copy(path, (size_t)(slash - path)) : mem_text("");
    int fd = open_below(disk, folder);
    int error = errno;

    *name = slash ? slash + 1 : path;
    free(folder);
    errno = error;
    return fd;
}

/* ---- reading */

int64_t disk_ns(const struct timespec *time)
{
    return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

static bool same_state(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mode == b->st_mode &&
           disk_ns(&a->st_mtim) == disk_ns(&b->st_mtim) &&
           disk_ns(&a->st_ctim) == disk_ns(&b->st_ctim);
}

/* Until `size` bytes, or one more when there is one: false when it cannot be read. */
static bool read_upto(int fd, int64_t size, struct buf *out)
{
    if (buf_reserve(out, (size_t)size + 1) < 0)
        return false;
    while (out->len <= (size_t)size) {
        ssize_t n = pread(fd, out->data + out->len, (size_t)size + 1 - out->len, (off_t)out->len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        if (n == 0)
            break;
        out->len += (size_t)n;
    }
    out->data[out->len < out->cap ? out->len : out->cap - 1] = '\0';
    return true;
}

static enum vault_gap read_open(int fd, int64_t limit, struct buf *out, struct stat *st)
{
    struct stat before, after;

    for (int tries = 0; tries < READ_TRIES; tries++) {
        buf_clear(out);
        if (fstat(fd, &before) < 0)
            return GAP_UNREADABLE;
        if (!S_ISREG(before.st_mode))
            return GAP_SPECIAL;
        if (before.st_size > limit)
            return GAP_LARGE;
        if (!read_upto(fd, before.st_size, out) || fstat(fd, &after) < 0)
            return GAP_UNREADABLE;
        if (same_state(&before, &after) && out->len == (size_t)before.st_size) {
            *st = after;
            return GAP_NONE;
        }
    }
    return GAP_BUSY;
}

enum vault_gap disk_read_file(int dir, const char *name, int64_t limit, struct buf *out,
                              struct stat *st)
{
    ino_t seen = st->st_ino;
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    buf_clear(out);
    if (fd < 0) /* it was a file a moment ago */
        return errno == ELOOP || errno == ENOENT || errno == ENXIO ? GAP_BUSY : GAP_UNREADABLE;
    enum vault_gap gap = read_open(fd, limit, out, st);
    if (gap == GAP_NONE && st->st_ino != seen)
        gap = GAP_BUSY;
    close(fd);
    return gap;
}

enum vault_gap disk_read_link(int dir, const char *name, struct buf *out)
{
    char target[LINK_MAX_ + 1];
    ssize_t len = readlinkat(dir, name, target, sizeof target);

    buf_clear(out);
    if (len < 0)
        return errno == EINVAL || errno == ENOENT ? GAP_BUSY : GAP_UNREADABLE;
    if (len > LINK_MAX_)
        return GAP_LARGE;
    return buf_add(out, target, (size_t)len) < 0 ? GAP_LARGE : GAP_NONE;
}

/* ---- looking */

static void gap(struct entry *out, enum vault_gap why)
{
    *out = (struct entry){.kind = VAULT_GAP, .gap = why};
}

static void look_at_content(int dir, const char *name, int64_t limit, struct buf *bytes,
                            struct entry *out, struct stat *st)
{
    bool file = S_ISREG(st->st_mode);
    enum vault_gap why =
        file ? disk_read_file(dir, name, limit, bytes, st) : disk_read_link(dir, name, bytes);

    if (why != GAP_NONE) {
        gap(out, why);
        return;
    }
    out->kind = file ? VAULT_FILE : VAULT_LINK;
    out->mode = file ? st->st_mode & 07777 : 0;
    out->size = (int64_t)bytes->len;
    out->hash = sha256(bytes->data, bytes->len);
}

void disk_look_in(int dir, const char *name, int64_t limit, struct buf *bytes, struct entry *out,
                  struct stat *st)
{
    *out = (struct entry){.kind = VAULT_NONE};
    if (fstatat(dir, name, st, AT_SYMLINK_NOFOLLOW) < 0) {
        if (errno != ENOENT)
            gap(out, GAP_UNREADABLE);
        return;
    }
    if (S_ISDIR(st->st_mode)) {
        out->kind = VAULT_FOLDER;
        out->mode = st->st_mode & 07777;
    } else if (S_ISREG(st->st_mode) || S_ISLNK(st->st_mode)) {
        look_at_content(dir, name, limit, bytes, out, st);
    } else {
        gap(out, GAP_SPECIAL);
    }
}

void disk_look(const struct disk *disk, const char *path, int64_t limit, struct buf *bytes,
               struct entry *out, struct stat *st)
{
    const char *name;
    int dir = disk_parent(disk, path, &name);

    *out = (struct entry){.kind = VAULT_NONE};
    if (dir < 0) {
        if (errno == EXDEV)
            gap(out, GAP_FOREIGN);
        else if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
            gap(out, GAP_UNREADABLE);
        return;
    }
    disk_look_in(dir, name, limit, bytes, out, st);
    if (out->kind != VAULT_NONE && st->st_dev != disk->dev)
        gap(out, GAP_FOREIGN);
    close(dir);
}
