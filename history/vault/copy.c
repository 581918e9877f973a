/* SPDX-License-Identifier: MIT */
#include "history/vault/copy.h"

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "history/vault/diff.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct mode {
    char *path;
    uint32_t mode;
};

struct copy {
    const struct copy_options *options;
    struct disk to;
    struct buf bytes;
    struct mode *modes; /* of folders, set when all is written */
    size_t mode_count, mode_cap;
    bool no_clones; /* the file system cannot */
    int64_t paths;
    struct err *err;
};

static int is_empty(const struct disk *disk, struct err *err)
{
    int fd = openat(disk->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    int rc = 0;

    if (!dir) {
        rc = err_sys(err, errno, "folder %s", disk->path);
        if (fd >= 0)
            close(fd);
        return rc;
    }
    while (rc == 0 && (entry = readdir(dir)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            rc = err_set(err, E_EXISTS, "folder %s is not empty", disk->path);
    closedir(dir);
    return rc;
}

static int write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        data += n;
        len -= (size_t)n;
    }
    return 0;
}

/* Shares the blocks of the file as it was seen; false when that cannot be done for certain. */
static bool clone_file(struct copy *c, const char *path, const struct entry *entry, int fd)
{
    const struct item *item =
        c->options->seen && !c->no_clones ? known_at(c->options->seen, path) : NULL;
    const char *name;
    struct stat st;
    bool cloned = false;

    if (!item || memcmp(item->entry.hash.at, entry->hash.at, SHA256_BYTES) != 0)
        return false;
    int dir = disk_parent(c->options->from, path, &name);
    int from = dir < 0 ? -1 : openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (from >= 0 && fstat(from, &st) == 0 && S_ISREG(st.st_mode)) {
        cloned = ioctl(fd, FICLONE, from) == 0;
        c->no_clones = !cloned;
        /* Looked at afterwards: whoever wrote meanwhile has moved the stamp. */
        cloned = cloned && fstat(from, &st) == 0 && stamp_fits(item, &st);
    }
    if (from >= 0)
        close(from);
    if (dir >= 0)
        close(dir);
    return cloned;
}

static int fill_file(struct copy *c, const char *path, const struct entry *entry, int fd)
{
    if (!clone_file(c, path, entry, fd)) {
        buf_clear(&c->bytes);
        int rc = depot_get(c->options->depot, &entry->hash, &c->bytes, c->err);
        if (rc < 0)
            return err_wrap(c->err, rc, "%s", path);
        if (write_all(fd, c->bytes.data, c->bytes.len) < 0 ||
            ftruncate(fd, (off_t)c->bytes.len) < 0) /* a clone that was none may have been longer */
            return err_sys(c->err, errno, "%s", path);
    }
    return fchmod(fd, entry->mode & 01777) < 0 ? err_sys(c->err, errno, "%s", path) : 0;
}

static int make_file(struct copy *c, const char *path, const struct entry *entry, int dir,
                     const char *name)
{
    int fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return err_sys(c->err, errno, "%s", path);
    int rc = fill_file(c, path, entry, fd);
    if (close(fd) < 0 && rc == 0)
        rc = err_sys(c->err, errno, "%s", path);
    return rc;
}

static int make_link(struct copy *c, const char *path, const struct entry *entry, int dir,
                     const char *name)
{
    buf_clear(&c->bytes);
    int rc = depot_get(c->options->depot, &entry->hash, &c->bytes, c->err);
    if (rc < 0)
        return err_wrap(c->err, rc, "%s", path);
    return symlinkat(c->bytes.data, dir, name) < 0 ? err_sys(c->err, errno, "%s", path) : 0;
}

static int make_folder(struct copy *c, const char *path, const struct entry *entry, int dir,
                       const char *name)
{
    if (mkdirat(dir, name, 0700) < 0)
        return err_sys(c->err, errno, "%s", path);
    c->modes = mem_room(c->modes, c->mode_count, &c->mode_cap, sizeof *c->modes);
    c->modes[c->mode_count++] = (struct mode){.path = mem_text(path), .mode = entry->mode};
    return 0;
}

static int make_one(void *ctx, const char *path, const struct entry *entry,
                    const struct entry *nothing)
{
    struct copy *c = ctx;
    const char *name;
    int rc = 0;

    (void)nothing;
    if (entry->kind == VAULT_GAP)
        return 0;
    if (c->options->stop && atomic_load(c->options->stop))
        return err_set(c->err, E_CANCELLED, "the copy of the workspace was stopped");
    int dir = disk_parent(&c->to, path, &name);
    if (dir < 0)
        return err_sys(c->err, errno, "%s", path);
    if (entry->kind == VAULT_FILE)
        rc = make_file(c, path, entry, dir, name);
    else if (entry->kind == VAULT_LINK)
        rc = make_link(c, path, entry, dir, name);
    else
        rc = make_folder(c, path, entry, dir, name);
    close(dir);
    c->paths += rc == 0;
    return rc;
}

/* Backwards: a folder that may not be entered is closed when all in it is done. */
static int set_modes(struct copy *c)
{
    for (size_t i = c->mode_count; i > 0; i--) {
        const struct mode *mode = &c->modes[i - 1];
        const char *name;
        int dir = disk_parent(&c->to, mode->path, &name);
        int rc = dir < 0 ? -1 : fchmodat(dir, name, mode->mode, 0);
        int error = errno;

        if (dir >= 0)
            close(dir);
        if (rc < 0)
            return err_sys(c->err, error, "%s", mode->path);
    }
    return 0;
}

int copy_tree(const struct copy_options *options, int64_t *paths, struct err *err)
{
    struct copy c = {.options = options, .err = err};
    int rc = 0;

    *paths = 0;
    if (mkdir(options->folder, 0700) < 0 && errno != EEXIST)
        return err_sys(err, errno, "folder %s", options->folder);
    rc = disk_open(&c.to, options->folder, err);
    if (rc < 0)
        return rc;
    buf_init(&c.bytes, TREE_MAX);
    rc = is_empty(&c.to, err);
    if (rc == 0)
        rc = diff_walk(options->depot, options->tree, make_one, &c, err);
    if (rc == 0)
        rc = set_modes(&c);
    if (rc == 0 && syncfs(c.to.fd) < 0)
        rc = err_sys(err, errno, "folder %s", options->folder);
    *paths = c.paths;
    for (size_t i = 0; i < c.mode_count; i++)
        free(c.modes[i].path);
    free(c.modes);
    buf_free(&c.bytes);
    disk_close(&c.to);
    return rc;
}
