/* SPDX-License-Identifier: MIT */
#include "history/owner.h"

#include "core/base/failpoint.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/base/uuid.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define INFO_MAX (OWNER_SOCKET_MAX + 64)

struct owner {
    char name[UUID_TEXT];
    char *path;
    int fd;
};

static char *folder(const char *path)
{
    return mem_printf("%s.owners", path);
}

static char *file_of(const char *path, const char *name)
{
    return mem_printf("%s.owners/%s", path, name);
}

/* "PID SOCKET\n", replaced in place: readers take the first line. */
static int write_info(struct owner *owner, const char *socket, struct err *err)
{
    char text[INFO_MAX];
    int len = snprintf(text, sizeof text, "%d %s\n", (int)getpid(), socket);

    if (len < 0 || (size_t)len >= sizeof text)
        return err_set(err, E_TOOBIG, "socket path of %d bytes", len);
    if (pwrite(owner->fd, text, (size_t)len, 0) != len || ftruncate(owner->fd, len) < 0)
        return err_sys(err, errno, "history: %s", owner->path);
    return 0;
}

/* Locked under a hidden name before it gets its own: nobody ever sees it unlocked. */
static int make_file(struct owner *owner, const char *dir, struct err *err)
{
    char *hidden = mem_printf("%s/.%s", dir, owner->name);
    int rc = 0;

    owner->fd = open(hidden, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (owner->fd < 0 || flock(owner->fd, LOCK_EX | LOCK_NB) < 0)
        rc = err_sys(err, errno, "history: %s", hidden);
    if (rc == 0)
        rc = write_info(owner, "", err);
    if (rc == 0 && (FAILS_AT(FAIL_OWNER) || rename(hidden, owner->path) < 0))
        rc = err_sys(err, errno, "history: %s", owner->path);
    if (rc < 0 && owner->fd >= 0)
        (void)unlink(hidden); /* the failure is already told */
    free(hidden);
    return rc;
}

int owner_new(struct owner **out, const char *path, struct err *err)
{
    struct owner *owner = mem_new(sizeof *owner);
    char *dir = folder(path);

    *out = NULL;
    owner->fd = -1;
    uuid_new(owner->name);
    owner->path = file_of(path, owner->name);
    int rc = path_own_dir(dir, err);
    if (rc == 0)
        rc = make_file(owner, dir, err);
    free(dir);
    if (rc < 0) {
        owner_abandon(owner);
        return rc;
    }
    *out = owner;
    return 0;
}

void owner_abandon(struct owner *owner)
{
    if (!owner)
        return;
    if (owner->fd >= 0)
        close(owner->fd);
    free(owner->path);
    free(owner);
}

void owner_free(struct owner *owner)
{
    if (owner)
        (void)unlink(owner->path); /* one left behind is swept by the next */
    owner_abandon(owner);
}

const char *owner_name(const struct owner *owner)
{
    return owner->name;
}

int owner_publish(struct owner *owner, const char *socket, struct err *err)
{
    return write_info(owner, socket, err);
}

static void read_info(struct owner_info *out, int fd)
{
    char text[INFO_MAX + 1] = "";
    ssize_t len = pread(fd, text, INFO_MAX, 0);

    if (len <= 0)
        return;
    text[strcspn(text, "\n")] = '\0';
    char *rest;
    out->pid = strtoll(text, &rest, 10);
    str_format(out->socket, sizeof out->socket, "%s", *rest == ' ' ? rest + 1 : "");
}

static bool is_locked(int fd)
{
    if (flock(fd, LOCK_SH | LOCK_NB) == 0)
        return false; /* goes when the descriptor is closed */
    return errno == EWOULDBLOCK;
}

void owner_look(struct owner_info *out, const char *path, const char *name)
{
    char *file = file_of(path, name);
    int fd = strchr(name, '/') ? -1 : open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    memset(out, 0, sizeof *out);
    free(file);
    if (fd < 0)
        return;
    read_info(out, fd);
    out->alive = is_locked(fd);
    close(fd);
}

/* Young hidden files may be in the making; a dead one's socket goes with it. */
static bool sweep_one(const char *path, const char *name)
{
    struct owner_info info;

    owner_look(&info, path, name);
    if (info.alive || name[0] == '.')
        return false;
    if (info.socket[0] == '/' && str_starts(path_base(info.socket), name))
        (void)unlink(info.socket); /* may be gone with the runtime folder */
    char *file = file_of(path, name);
    bool removed = unlink(file) == 0;
    free(file);
    return removed;
}

int owner_sweep(const char *path)
{
    char *dir = folder(path);
    DIR *list = opendir(dir);
    struct dirent *entry;
    int removed = 0;

    while (list && (entry = readdir(list)))
        removed += entry->d_name[0] != '.' && sweep_one(path, entry->d_name);
    if (list)
        closedir(list);
    free(dir);
    return removed;
}

void owner_boot_id(char out[OWNER_BOOT_ID])
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? 0 : read(fd, out, OWNER_BOOT_ID - 1);

    if (fd >= 0)
        close(fd);
    out[len > 0 ? len : 0] = '\0';
}
