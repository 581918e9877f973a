/* SPDX-License-Identifier: MIT */
#include "core/base/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/failpoint.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/uuid.h"

#define CHUNK ((size_t)64 << 10) /* bytes of one write */

struct new_file {
    char *path, *name; /* its place, and what it is called until then … */
    int fd;
    bool named; /* … where it has to have a name: else a kill leaves nothing */
    bool replace;
    struct buf held; /* not yet written */
};

static int exists(const char *path, struct err *err)
{
    return err_set(err, E_EXISTS, "%s is there already; --force replaces it", path);
}

static int check_place(const char *path, bool replace, struct err *err)
{
    struct stat st;

    if (lstat(path, &st) < 0)
        return errno == ENOENT ? 0 : err_sys(err, errno, "%s", path);
    if (!replace)
        return exists(path, err);
    return S_ISREG(st.st_mode) ? 0 : err_set(err, E_DENIED, "%s is not a regular file", path);
}

static char *folder_of(const char *path)
{
    const char *base = path_base(path);

    return base == path ? mem_text(".") : mem_copy(path, (size_t)(base - path));
}

/* Without a name where the file system can do that, which not all can. */
static int begin(struct new_file *file, struct err *err)
{
    char *dir = folder_of(file->path);

    file->fd = open(dir, O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);
    free(dir);
    if (file->fd >= 0)
        return 0;
    file->fd = open(file->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    file->named = file->fd >= 0;
    return file->named ? 0 : err_sys(err, errno, "%s", file->path);
}

int new_file_open(struct new_file **out, const char *path, bool replace, struct err *err)
{
    char id[UUID_TEXT];
    int rc = check_place(path, replace, err);

    *out = NULL;
    if (rc < 0)
        return rc;
    uuid_new(id);
    struct new_file *file = mem_new(sizeof *file);
    file->path = mem_text(path);
    file->name = mem_printf("%s.%s.tmp", path, id);
    file->replace = replace;
    buf_init(&file->held, 2 * CHUNK);
    rc = begin(file, err);
    if (rc < 0)
        new_file_drop(file);
    else
        *out = file;
    return rc;
}

static int write_out(struct new_file *file, const char *data, size_t len, struct err *err)
{
    while (len > 0) {
        ssize_t put = FAILS_AT(FAIL_EXPORT_FILL) ? -1 : write(file->fd, data, len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return err_sys(err, errno, "%s", file->path);
        data += put;
        len -= (size_t)put;
    }
    return 0;
}

static int flush(struct new_file *file, struct err *err)
{
    int rc = write_out(file, file->held.data, file->held.len, err);

    buf_clear(&file->held);
    return rc;
}

int new_file_add(struct new_file *file, const void *data, size_t len, struct err *err)
{
    int rc = file->held.len + len > CHUNK ? flush(file, err) : 0;

    if (rc == 0 && len > CHUNK)
        return write_out(file, data, len, err);
    if (rc == 0 && buf_add(&file->held, data, len) < 0)
        rc = err_set(err, E_NOMEM, "%s: no memory", file->path);
    return rc;
}

/* The name of a file that has none; what is called so already stays. */
static int link_as(const struct new_file *file, const char *name)
{
    char self[64];

    (void)snprintf(self, sizeof self, "/proc/self/fd/%d", file->fd);
    return linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
}

static int give_name(struct new_file *file)
{
    if (!file->named && !file->replace)
        return link_as(file, file->path);
    if (!file->named && link_as(file, file->name) < 0)
        return -1;
    file->named = true;
    if (file->replace)
        return rename(file->name, file->path);
    return link(file->name, file->path);
}

static int sync_folder(const char *path, struct err *err)
{
    char *dir = folder_of(path);
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = fd < 0 || fsync(fd) < 0 ? err_sys(err, errno, "%s", dir) : 0;

    if (fd >= 0)
        close(fd);
    free(dir);
    return rc;
}

static int settle(struct new_file *file, struct err *err)
{
    int rc = flush(file, err);

    if (rc == 0 && (FAILS_AT(FAIL_EXPORT_SYNC) || fsync(file->fd) < 0))
        rc = err_sys(err, errno, "%s", file->path);
    if (rc == 0)
        rc = check_place(file->path, file->replace, err);
    if (rc == 0 && (FAILS_AT(FAIL_EXPORT_PUT) || give_name(file) < 0))
        rc = errno == EEXIST ? exists(file->path, err) : err_sys(err, errno, "%s", file->path);
    return rc < 0 ? rc : sync_folder(file->path, err);
}

int new_file_end(struct new_file *file, struct err *err)
{
    int rc = settle(file, err);

    new_file_drop(file);
    return rc;
}

void new_file_drop(struct new_file *file)
{
    if (!file)
        return;
    if (file->fd >= 0)
        close(file->fd);
    if (file->named)
        (void)unlink(file->name); /* it has its own name now, or must not stay */
    buf_free(&file->held);
    free(file->path);
    free(file->name);
    free(file);
}
