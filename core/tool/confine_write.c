/* SPDX-License-Identifier: MIT */
#include "core/base/failpoint.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/uuid.h"
#include "core/tool/confine.h"
#include "core/tool/confine_below.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MODE   0644
#define FOLDER_MODE 0755

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Where a file is to be written: its folder is open, nothing else is done. */
struct target {
    char *clean;
    const char *name; /* in clean */
    int folder;
    mode_t mode;
    bool exists;
    uid_t uid; /* of the existing file */
    gid_t gid;
};

/* Makes what is missing on the way, one part at a time and through no link. */
static int make_folders(const struct confine *root, char *folder, struct err *err)
{
    for (char *at = folder;; at++) {
        char end = *at;

        if (end != '/' && end != '\0')
            continue;
        *at = '\0';
        const char *slash = strrchr(folder, '/'), *name = slash ? slash + 1 : folder;
        char *parent = slash ? mem_copy(folder, (size_t)(slash - folder)) : mem_text(".");
        int fd = confine_below(root, parent, O_PATH | O_DIRECTORY, false), error = errno;

        free(parent);
        if (fd >= 0)
            error = mkdirat(fd, name, FOLDER_MODE) < 0 && errno != EEXIST ? errno : 0;
        close_fd(&fd);
        if (error != 0)
            return confine_refuse(err, folder, error);
        *at = end;
        if (end == '\0')
            return 0;
    }
}

/* Readable, because a folder has to be synced. */
static int open_target_folder(const struct confine *root, struct target *target, bool make,
                              struct err *err)
{
    char *slash = strrchr(target->clean, '/');
    char *folder = slash ? mem_copy(target->clean, (size_t)(slash - target->clean)) : mem_text(".");
    int rc = 0;

    target->name = slash ? slash + 1 : target->clean;
    target->folder = confine_below(root, folder, O_RDONLY | O_DIRECTORY, false);
    if (target->folder < 0 && errno == ENOENT && make) {
        rc = make_folders(root, folder, err);
        if (rc == 0)
            target->folder = confine_below(root, folder, O_RDONLY | O_DIRECTORY, false);
    }
    if (rc == 0 && target->folder < 0)
        rc = confine_refuse(err, folder, errno);
    free(folder);
    return rc;
}

static int look_at_target(struct target *target, const struct confine_write *options,
                          struct err *err)
{
    struct stat st;

    target->mode = FILE_MODE;
    if (fstatat(target->folder, target->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : confine_refuse(err, target->clean, errno);
    if (S_ISLNK(st.st_mode))
        return confine_refuse(err, target->clean, ELOOP);
    if (S_ISDIR(st.st_mode))
        return err_set(err, E_DENIED, "%s: is a folder", target->clean);
    if (!S_ISREG(st.st_mode))
        return err_set(err, E_DENIED, "%s: not a regular file", target->clean);
    if (st.st_nlink > 1 && !options->linked_too)
        return err_set(err, E_DENIED,
                       "%s: has %lu names (hard links), of which one would be cut off",
                       target->clean, (unsigned long)st.st_nlink);
    target->exists = true;
    target->mode = st.st_mode & 0777;
    target->uid = st.st_uid;
    target->gid = st.st_gid;
    return 0;
}

static int open_target(const struct confine *root, struct target *target, const char *path,
                       const struct confine_write *options, struct err *err)
{
    int rc = confine_clean(&target->clean, root, path, err);

    if (rc < 0)
        return rc;
    if (str_eq(target->clean, "."))
        return err_set(err, E_DENIED, "%s: is a folder", path);
    if (confine_protected(target->clean) && !options->protected_too)
        return err_set(err, E_DENIED, "%s: protected, a person has to approve it", target->clean);
    rc = open_target_folder(root, target, options->make_folders, err);
    return rc < 0 ? rc : look_at_target(target, options, err);
}

static int write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = FAILS_AT(FAIL_FILE_FILL) ? -1 : write(fd, data, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        data += n;
        len -= (size_t)n;
    }
    return 0;
}

/* The owner goes first: changing it takes away mode bits. */
static int fill(int fd, const struct target *target, const void *data, size_t len)
{
    if (target->exists && (target->uid != geteuid() || target->gid != getegid()))
        (void)!fchown(fd, target->uid, target->gid); /* only root may: then the file becomes ours */
    if (write_all(fd, data, len) < 0 || fchmod(fd, target->mode) < 0)
        return -1;
    return FAILS_AT(FAIL_FILE_SYNC) ? -1 : fsync(fd);
}

static int replace(const struct target *target, const void *data, size_t len, struct err *err)
{
    char temp[48];
    int fd, error;

    snprintf(temp, sizeof temp, ".rerail-%016" PRIx64 ".tmp", uuid_random());
    fd = openat(target->folder, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return confine_refuse(err, target->clean, errno);
    error = fill(fd, target, data, len) < 0 ? errno : 0;
    if (close(fd) < 0 && error == 0)
        error = errno;
    if (error == 0 && (FAILS_AT(FAIL_FILE_PUT) ||
                       renameat(target->folder, temp, target->folder, target->name) < 0))
        error = errno;
    if (error != 0) {
        (void)unlinkat(target->folder, temp, 0); /* the first error is the one to tell */
        return confine_refuse(err, target->clean, error);
    }
    DIES_AT(FAIL_FILE_THERE);
    return fsync(target->folder) < 0 ? confine_refuse(err, target->clean, errno) : 0;
}

int confine_write(const struct confine *root, const char *path, const void *data, size_t len,
                  const struct confine_write *options, struct err *err)
{
    static const struct confine_write strict = {0};
    struct target target = {.folder = -1};
    int rc = open_target(root, &target, path, options ? options : &strict, err);

    if (rc == 0)
        rc = replace(&target, data, len, err);
    close_fd(&target.folder);
    free(target.clean);
    return rc;
}
