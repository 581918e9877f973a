/* SPDX-License-Identifier: MIT */
#include "core/tool/confine.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/tool/confine_below.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PATH_BYTES_MAX 4096
#define PART_MAX       255
#define TRIES          4 /* a rename that races with the resolution makes openat2 say EAGAIN */

struct confine {
    int fd;
    char *path;
    dev_t dev;
    ino_t ino;
    bool walk;
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* ---- Paths as text -------------------------------------------------------------------------- */

static const char *const protected_names[] = {
    ".git",    ".rerail",   ".mcp.json",   ".envrc",        ".vscode",      ".claude",  ".codex",
    ".gemini", ".bashrc",   ".bash_login", ".bash_profile", ".bash_logout", ".profile", ".zshrc",
    ".zshenv", ".zprofile", ".zlogin",     ".zlogout",      ".kshrc",       ".cshrc",   ".tcshrc",
    ".login",  ".logout",   ".inputrc",    ".gitconfig",    ".gitmodules",
};

/* Trailing dots and blanks do not count: other systems do not see them either. */
static bool is_protected_part(const char *part, size_t len)
{
    while (len > 1 && (part[len - 1] == '.' || part[len - 1] == ' '))
        len--;
    for (size_t i = 0; i < sizeof protected_names / sizeof *protected_names; i++)
        if (strlen(protected_names[i]) == len && strncasecmp(part, protected_names[i], len) == 0)
            return true;
    return false;
}

bool confine_protected(const char *path)
{
    while (*path) {
        size_t len = strcspn(path, "/");

        if (is_protected_part(path, len))
            return true;
        path += len + (path[len] == '/');
    }
    return false;
}

/* What follows the root's own path, or path itself. */
static const char *below_root(const struct confine *root, const char *path)
{
    size_t len = root ? strlen(root->path) : 0;

    if (len == 0 || strncmp(path, root->path, len) != 0 || (path[len] && path[len] != '/'))
        return path;
    path += len;
    path += strspn(path, "/");
    return *path ? path : ".";
}

static int check_part(const char *part, size_t len, const char *path, struct err *err)
{
    if (len > PART_MAX)
        return err_set(err, E_RANGE, "path with a name of more than %d bytes", PART_MAX);
    if (len == 2 && part[0] == '.' && part[1] == '.')
        return err_set(err, E_DENIED, "%s: '..' is not allowed, use paths inside the workspace",
                       path);
    return 0;
}

int confine_clean(char **out, const struct confine *root, const char *path, struct err *err)
{
    const char *at = below_root(root, path);
    char *to;
    int rc = 0;

    *out = NULL;
    if (*at == '\0')
        return err_set(err, E_RANGE, "empty path");
    if (strlen(at) > PATH_BYTES_MAX)
        return err_set(err, E_RANGE, "path of more than %d bytes", PATH_BYTES_MAX);
    if (*at == '/')
        return err_set(err, E_DENIED, "%s: outside the workspace, use a relative path", path);
    *out = to = mem_new(strlen(at) + 2);
    while (rc == 0 && *at) {
        size_t len = strcspn(at, "/");

        rc = check_part(at, len, path, err);
        if (len > 0 && !(len == 1 && *at == '.')) {
            to += to > *out ? (*to = '/', 1) : 0;
            memcpy(to, at, len);
            to += len;
        }
        at += len + (at[len] == '/');
    }
    if (to == *out)
        *to = '.';
    if (rc < 0) {
        free(*out);
        *out = NULL;
    }
    return rc;
}

/* ---- Opening below the root ----------------------------------------------------------------- */

/* One part; never a link. EXDEV and ELOOP are the kernel's own words for the same. */
static int open_part(int dir, const char *part, int flags)
{
    struct stat st;
    int fd = openat(dir, part, flags | O_NOFOLLOW | O_CLOEXEC);

    if (fd >= 0 || (errno != ENOTDIR && errno != ELOOP))
        return fd;
    int error = errno;
    errno =
        fstatat(dir, part, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode) ? ELOOP : error;
    return -1;
}

static int open_by_walk(int dir, const char *path, int flags)
{
    char part[PART_MAX + 1];
    int at = dir, next;

    for (;;) {
        size_t len = strcspn(path, "/");
        bool last = path[len] == '\0';

        memcpy(part, path, len);
        part[len] = '\0';
        next = open_part(at, part, last ? flags : O_PATH | O_DIRECTORY);
        if (at != dir) {
            int error = errno;

            close(at);
            errno = error;
        }
        if (next < 0 || last)
            return next;
        at = next;
        path += len + 1;
    }
}

int confine_below(const struct confine *root, const char *path, int flags, bool links)
{
    struct open_how how = {
        .flags = (uint64_t)flags | O_CLOEXEC | (flags & O_PATH ? 0 : O_NOCTTY | O_NONBLOCK),
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | (links ? 0 : RESOLVE_NO_SYMLINKS),
    };
    int fd = -1;

    errno = ENOSYS;
    for (int i = 0; i < TRIES && fd < 0 && !root->walk; i++) {
        fd = (int)syscall(SYS_openat2, root->fd, path, &how, sizeof how);
        if (fd < 0 && errno != EAGAIN && errno != EINTR)
            break;
    }
    if (fd < 0 && errno == ENOSYS)
        fd = open_by_walk(root->fd, path, (int)how.flags);
    return fd;
}

int confine_refuse(struct err *err, const char *path, int error)
{
    switch (error) {
    case EXDEV: return err_set(err, E_DENIED, "%s: leads out of the workspace", path);
    case ELOOP: return err_set(err, E_DENIED, "%s: goes through a symbolic link", path);
    case ENXIO: return err_set(err, E_DENIED, "%s: not a regular file", path);
    default: return err_sys(err, error, "%s", path);
    }
}

int confine_read(const struct confine *root, const char *path, int *fd, struct stat *st,
                 struct err *err)
{
    struct stat own;
    char *clean;
    int rc = confine_clean(&clean, root, path, err);

    *fd = -1;
    if (rc < 0)
        return rc;
    *fd = confine_below(root, clean, O_RDONLY, true);
    if (*fd < 0 || fstat(*fd, &own) < 0)
        rc = confine_refuse(err, clean, errno);
    else if (S_ISDIR(own.st_mode))
        rc = err_set(err, E_DENIED, "%s: is a folder", clean);
    else if (!S_ISREG(own.st_mode))
        rc = err_set(err, E_DENIED, "%s: not a regular file", clean);
    else if (st)
        *st = own;
    if (rc < 0)
        close_fd(fd);
    free(clean);
    return rc;
}

int confine_folder(const struct confine *root, const char *path, int *fd, struct err *err)
{
    char *clean;
    int rc = confine_clean(&clean, root, path, err);

    *fd = -1;
    if (rc < 0)
        return rc;
    *fd = confine_below(root, clean, O_RDONLY | O_DIRECTORY, true);
    if (*fd < 0)
        rc = confine_refuse(err, clean, errno);
    free(clean);
    return rc;
}

/* ---- Where a path leads --------------------------------------------------------------------- */

/* What the kernel calls an open descriptor; -1 with errno. */
static ssize_t name_of(int fd, char *out, size_t cap)
{
    char link[64];
    ssize_t n;

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    n = readlink(link, out, cap - 1);
    out[n > 0 ? n : 0] = '\0';
    return n;
}

/* Relative to where the root is now, which may not be where it was. */
static int name_below(const struct confine *root, int fd, char **out, struct err *err)
{
    char base[PATH_MAX], full[PATH_MAX];
    size_t len;

    if (name_of(root->fd, base, sizeof base) < 0 || name_of(fd, full, sizeof full) < 0)
        return err_sys(err, errno, "tell where a path leads");
    len = strlen(base);
    if (strcmp(base, "/") == 0)
        *out = mem_text(full[1] ? full + 1 : ".");
    else if (strncmp(full, base, len) == 0 && (full[len] == '/' || full[len] == '\0'))
        *out = mem_text(full[len] ? full + len + 1 : ".");
    else
        return err_set(err, E_DENIED, "the workspace was moved while it was looked at");
    return 0;
}

/* Opens the longest part of a clean path that exists; *known is its length. */
static int open_known(const struct confine *root, const char *clean, size_t *known)
{
    char *part;
    int fd;

    for (*known = strlen(clean);;) {
        part = *known > 0 ? mem_copy(clean, *known) : mem_text(".");
        fd = confine_below(root, part, O_PATH, true);
        free(part);
        if (fd >= 0 || errno != ENOENT || *known == 0)
            return fd;
        while (*known > 0 && clean[--*known] != '/')
            ;
    }
}

int confine_resolve(const struct confine *root, const char *path, char **out, struct err *err)
{
    char *clean, *real = NULL;
    size_t known;
    int rc = confine_clean(&clean, root, path, err);

    *out = NULL;
    if (rc < 0)
        return rc;
    int fd = open_known(root, clean, &known);
    rc = fd < 0 ? confine_refuse(err, clean, errno) : name_below(root, fd, &real, err);
    if (rc == 0) {
        const char *rest = clean + known + (clean[known] == '/');

        if (*rest == '\0')
            *out = mem_text(real);
        else
            *out = str_eq(real, ".") ? mem_text(rest) : mem_printf("%s/%s", real, rest);
    }
    close_fd(&fd);
    free(real);
    free(clean);
    return rc;
}

/* ---- The root ------------------------------------------------------------------------------- */

/* Whether `path` is the root or lies below it: up by "..", compared by device and inode. */
static bool holds(const struct confine *root, const char *path)
{
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), up;
    struct stat st, parent;
    bool found = false;

    while (fd >= 0 && fstat(fd, &st) == 0) {
        found = st.st_dev == root->dev && st.st_ino == root->ino;
        up = found ? -1 : openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (up >= 0 && fstat(up, &parent) == 0 && parent.st_dev == st.st_dev &&
            parent.st_ino == st.st_ino)
            close_fd(&up); /* "/" is its own parent */
        close_fd(&fd);
        fd = up;
    }
    close_fd(&fd);
    return found;
}

static int check_root(const struct confine *root, const struct confine_options *options,
                      struct err *err)
{
    if (options->anywhere)
        return 0;
    if (strcmp(root->path, "/") == 0)
        return err_set(
            err, E_DENIED,
            "/: the whole system cannot be a workspace, choose a folder with --workspace");
    if (options->home && holds(root, options->home))
        return err_set(err, E_DENIED,
                       "%s: holds your home folder, choose a project inside it with --workspace",
                       root->path);
    for (size_t i = 0; i < options->own_count; i++)
        if (holds(root, options->own[i]))
            return err_set(err, E_DENIED, "%s: holds rerail's own files in %s", root->path,
                           options->own[i]);
    return 0;
}

static int open_root(struct confine *root, const char *path, struct err *err)
{
    struct stat st;

    root->path = realpath(path, NULL);
    if (!root->path)
        return err_sys(err, errno, "workspace %s", path);
    root->fd = open(root->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root->fd < 0 || fstat(root->fd, &st) < 0)
        return err_sys(err, errno, "workspace %s", path);
    root->dev = st.st_dev;
    root->ino = st.st_ino;
    return 0;
}

int confine_open(struct confine **out, const char *path, const struct confine_options *options,
                 struct err *err)
{
    static const struct confine_options plain = {0};
    struct confine *root = mem_new(sizeof *root);
    int rc;

    *out = NULL;
    root->fd = -1;
    root->walk = options && options->walk;
    rc = open_root(root, path, err);
    if (rc == 0)
        rc = check_root(root, options ? options : &plain, err);
    if (rc < 0)
        confine_close(root);
    else
        *out = root;
    return rc;
}

void confine_close(struct confine *root)
{
    if (!root)
        return;
    close_fd(&root->fd);
    free(root->path);
    free(root);
}

int confine_fd(const struct confine *root)
{
    return root->fd;
}

const char *confine_path(const struct confine *root)
{
    return root->path;
}

int confine_intact(const struct confine *root, struct err *err)
{
    struct stat st;

    if (lstat(root->path, &st) < 0)
        return err_set(err, E_DENIED, "workspace %s is gone", root->path);
    if (st.st_dev != root->dev || st.st_ino != root->ino)
        return err_set(err, E_DENIED, "workspace %s is no longer the folder that was opened",
                       root->path);
    return 0;
}
