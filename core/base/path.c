/* SPDX-License-Identifier: MIT */
#include "core/base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/uuid.h"

#define READ_STEP 65536

struct root {
    const char *variable;
    const char *below_home; /* where it is when the variable says nothing */
};

static const struct root roots[] = {
    [PATH_CONFIG] = {"XDG_CONFIG_HOME", ".config"},
    [PATH_STATE] = {"XDG_STATE_HOME", ".local/state"},
    [PATH_CACHE] = {"XDG_CACHE_HOME", ".cache"},
    [PATH_RUNTIME] = {"XDG_RUNTIME_DIR", NULL},
};

/* The specification wants relative values treated like missing ones. */
static const char *absolute(const char *variable)
{
    const char *value = getenv(variable);

    return value && value[0] == '/' ? value : NULL;
}

int path_root(char **out, enum path_root root, struct err *err)
{
    const char *base = absolute(roots[root].variable), *home = absolute("HOME");

    *out = NULL;
    if (!base && root == PATH_RUNTIME)
        return path_root(out, PATH_STATE, err);
    if (base)
        *out = mem_printf("%s/rerail", base);
    else if (home)
        *out = mem_printf("%s/%s/rerail", home, roots[root].below_home);
    else
        return err_set(err, E_NOTFOUND, "no home folder: set HOME or %s to an absolute path",
                       roots[root].variable);
    return 0;
}

char *path_join(const char *dir, const char *name)
{
    size_t len = strlen(dir);

    if (name[0] == '/' || len == 0)
        return mem_text(name);
    return mem_printf("%s%s%s", dir, dir[len - 1] == '/' ? "" : "/", name);
}

const char *path_base(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* Every folder above and at path, each 0700 when it is new. The text is changed and put back. */
static int make_all(char *path, struct err *err)
{
    for (char *at = path + 1;; at++) {
        char kept = *at;
        if (kept != '/' && kept != '\0')
            continue;
        *at = '\0';
        int rc = mkdir(path, 0700) < 0 && errno != EEXIST ? err_sys(err, errno, "%s", path) : 0;
        *at = kept;
        if (rc < 0 || kept == '\0')
            return rc;
    }
}

static int check_owned(const char *path, const struct stat *st, struct err *err)
{
    if (st->st_uid != geteuid())
        return err_set(err, E_DENIED, "%s belongs to another user: move it away", path);
    if (st->st_mode & (S_IWGRP | S_IWOTH))
        return err_set(err, E_DENIED, "%s can be written by others: chmod 700 it", path);
    return 0;
}

/* Without a trailing slash: behind one, the last part would be followed through a link. */
static char *trimmed(const char *path)
{
    char *copy = mem_text(path);
    size_t len = strlen(copy);

    while (len > 1 && copy[len - 1] == '/')
        copy[--len] = '\0';
    return copy;
}

int path_own_dir(const char *path, struct err *err)
{
    struct stat st;
    char *copy = trimmed(path);
    int rc = *copy ? make_all(copy, err) : err_set(err, E_NOTFOUND, "a folder without a name");
    int fd = rc < 0 ? -1 : open(copy, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (rc == 0 && fd < 0 && (errno == ENOTDIR || errno == ELOOP))
        rc = err_set(err, E_DENIED, "%s is a link or a file, a folder is wanted", copy);
    else if (rc == 0 && (fd < 0 || fstat(fd, &st) < 0))
        rc = err_sys(err, errno, "%s", copy);
    else if (rc == 0)
        rc = check_owned(copy, &st, err);
    if (fd >= 0)
        close(fd);
    free(copy);
    return rc;
}

/* Reads to the end and not to the size of the file: that may be wrong (/proc) or change. */
static int read_all(struct buf *data, int fd, const char *path, struct err *err)
{
    for (;;) {
        size_t room = data->max - data->len < READ_STEP ? data->max - data->len : READ_STEP;
        if (buf_reserve(data, room) < 0)
            return err_set(err, E_NOMEM, "%s: no memory for its text", path);
        char extra = 0, *at = room > 0 ? data->data + data->len : &extra;
        ssize_t got = read(fd, at, room > 0 ? room : 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_sys(err, errno, "%s", path);
        if (got == 0)
            return 0;
        if (room == 0)
            return err_set(err, E_TOOBIG, "%s is larger than %zu bytes", path, data->max);
        buf_cut(data, data->len + (size_t)got);
    }
}

/* O_NONBLOCK, so that a FIFO without a writer does not keep us waiting for its refusal. */
static int open_regular(const char *path, struct err *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0 && errno != ENXIO) /* a socket has no such end to open */
        return err_sys(err, errno, "%s", path);
    if (fd < 0)
        return err_set(err, E_DENIED, "%s is not a regular file", path);
    int rc = fstat(fd, &st) < 0 ? err_sys(err, errno, "%s", path) : 0;
    if (rc == 0 && !S_ISREG(st.st_mode))
        rc = err_set(err, E_DENIED, "%s is not a regular file", path);
    if (rc == 0)
        return fd;
    close(fd);
    return rc;
}

int path_read(char **out, size_t *len, const char *path, size_t max, struct err *err)
{
    struct buf data;
    int fd = open_regular(path, err);

    *out = NULL;
    *len = 0;
    if (fd < 0)
        return fd;
    buf_init(&data, max);
    int rc = read_all(&data, fd, path, err);
    close(fd);
    if (rc < 0) {
        buf_free(&data);
        return rc;
    }
    *len = data.len;
    *out = buf_take(&data);
    return 0;
}

static int write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t put = write(fd, data, len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -1;
        data += put;
        len -= (size_t)put;
    }
    return fsync(fd);
}

/* The rename is on disk only when its folder is. */
static int sync_dir_of(const char *path)
{
    const char *base = path_base(path);
    char *dir = base == path ? mem_text(".") : mem_copy(path, (size_t)(base - path));
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = fd < 0 ? -1 : fsync(fd), kept = errno;

    if (fd >= 0)
        close(fd);
    free(dir);
    errno = kept;
    return rc;
}

static int write_temporary(const char *name, const void *data, size_t len)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return -1;
    int rc = write_all(fd, data, len), kept = errno;
    if (close(fd) < 0 && rc == 0) {
        rc = -1;
        kept = errno;
    }
    errno = kept;
    return rc;
}

int path_write(const char *path, const void *data, size_t len, struct err *err)
{
    char id[UUID_TEXT];

    uuid_new(id);
    char *name = mem_printf("%s.%s.tmp", path, id);
    int rc = 0;
    if (write_temporary(name, data, len) < 0 || rename(name, path) < 0) {
        rc = err_sys(err, errno, "%s", path);
        (void)unlink(name); /* it may never have come to be */
    } else if (sync_dir_of(path) < 0) {
        rc = err_sys(err, errno, "%s", path);
    }
    free(name);
    return rc;
}
