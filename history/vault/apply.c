/* SPDX-License-Identifier: MIT */
/*
 * In the staging folder lies, for the act number N, what is to come as "N" and, where a file goes
 * away, what went as "No". Where two files change places, the old one ends up as "N". The order:
 *
 *   1. what goes, or makes room for a folder, is moved to the staging folder
 *   2. folders that go are removed, deepest first; one that still holds something stays
 *   3. folders that come are made
 *   4. files and links that come take their places
 *   5. folders get their modes, deepest first
 */
#include "history/vault/apply.h"

#include "core/base/buf.h"
#include "core/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_MAX_ 32 /* of a file in the staging folder */

int apply_point(const struct apply *a)
{
    return a->fault ? a->fault->at(a->fault->ctx) : 0;
}

/* 0, or -1 with errno, as a system call: whether it is to fail here. */
static int point(const struct apply *a)
{
    int number = apply_point(a);

    if (number == 0)
        return 0;
    errno = number;
    return -1;
}

static void staged_name(char out[NAME_MAX_], const struct apply *a, const struct act *act,
                        const char *suffix)
{
    (void)snprintf(out, NAME_MAX_, "%td%s", act - a->journal->acts.at, suffix);
}

static bool is_leaf(const struct entry *entry)
{
    return entry->kind == VAULT_FILE || entry->kind == VAULT_LINK;
}

static void miss(struct act *act, bool conflict, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void miss(struct act *act, bool conflict, const char *fmt, ...)
{
    char text[ERR_MSG_MAX];
    va_list ap;

    if (act->state == ACT_MISSED)
        return; /* the first reason is the one to tell */
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap); /* a longer one is cut: enough for a person */
    va_end(ap);
    act->state = ACT_MISSED;
    act->conflict = conflict;
    act->why = mem_text(text);
}

static void miss_failed(struct act *act, bool conflict, const char *what, int number)
{
    char why[ERR_REASON_MAX];

    miss(act, conflict, "%s%s", what, strerror_r(number, why, sizeof why));
}

static void miss_changed(struct act *act)
{
    miss(act, true, "was changed by somebody else just now");
}

/* ---- staging */

static int open_staging(struct apply *a)
{
    a->staging =
        openat(a->disk->fd, a->journal->staging, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return a->staging;
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

static int stage_file(struct apply *a, struct act *act, const char *name, const struct buf *bytes,
                      bool sync)
{
    struct stat st;
    int rc = -1;
    int fd = point(a) < 0 ? -1
                          : openat(a->staging, name,
                                   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return -1;
    if (point(a) == 0 && write_all(fd, bytes->data, bytes->len) == 0 &&
        fchmod(fd, act->new.mode & 01777) == 0 && fstat(fd, &st) == 0 &&
        (!sync || (point(a) == 0 && fsync(fd) == 0))) {
        act->new_ino = st.st_ino;
        rc = 0;
    }
    int error = errno;
    if (close(fd) < 0 && rc == 0)
        return -1;
    errno = error;
    return rc;
}

static int stage_link(struct apply *a, struct act *act, const char *name, const struct buf *bytes)
{
    struct stat st;

    if (point(a) < 0 || symlinkat(bytes->data, a->staging, name) < 0 ||
        fstatat(a->staging, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -1;
    act->new_ino = st.st_ino;
    return 0;
}

static int stage_one(struct apply *a, struct act *act, struct buf *bytes, bool sync)
{
    char name[NAME_MAX_];

    buf_clear(bytes);
    int rc = depot_get(a->depot, &act->new.hash, bytes, a->err);
    if (rc == E_NOTFOUND || rc == E_CORRUPT) {
        miss(act, false, "its content in the vault is damaged");
        return 0;
    }
    if (rc < 0)
        return rc;
    staged_name(name, a, act, "");
    rc = act->new.kind == VAULT_FILE ? stage_file(a, act, name, bytes, sync)
                                     : stage_link(a, act, name, bytes);
    return rc < 0 ? err_sys(a->err, errno, "cannot write a copy of %s", act->path) : 0;
}

static bool is_few(const struct apply *a)
{
    return a->journal->acts.count < APPLY_FEW;
}

/* What was written by name so far: the staging folder, or the whole file system. */
static int sync_staged(struct apply *a)
{
    int rc = point(a);

    if (rc == 0)
        rc = is_few(a) ? fsync(a->staging) : syncfs(a->staging);
    return rc < 0 ? err_sys(a->err, errno, "cannot sync %s", a->disk->path) : 0;
}

int apply_stage(struct apply *a)
{
    struct act_list *acts = &a->journal->acts;
    struct buf bytes;
    int rc = point(a);

    if (rc == 0)
        rc = mkdirat(a->disk->fd, a->journal->staging, 0700);
    if (rc < 0 || open_staging(a) < 0)
        return err_sys(a->err, errno, "cannot prepare the restore in %s", a->disk->path);
    buf_init(&bytes, TREE_MAX);
    for (size_t i = 0; rc == 0 && i < acts->count; i++)
        if (is_leaf(&acts->at[i].new))
            rc = stage_one(a, &acts->at[i], &bytes, is_few(a));
    buf_free(&bytes);
    return rc == 0 ? sync_staged(a) : rc;
}

/* ---- looking */

enum found { FOUND_NONE, FOUND_OLD, FOUND_NEW, FOUND_FOLDER, FOUND_OTHER };

static bool is_hinted(const struct act *act, const struct stat *st)
{
    return act->old_ino == st->st_ino && act->old_mtime == disk_ns(&st->st_mtim) &&
           act->old_ctime == disk_ns(&st->st_ctim) && act->old.size == st->st_size &&
           (act->old.kind == VAULT_LINK || act->old.mode == (st->st_mode & 07777));
}

/* What lies at a name, by its inode when this process knows it, else by its content. */
static enum found find(const struct act *act, int dir, const char *name, struct stat *st)
{
    struct entry entry;
    struct buf bytes;

    if (fstatat(dir, name, st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? FOUND_NONE : FOUND_OTHER;
    if (S_ISDIR(st->st_mode))
        return FOUND_FOLDER;
    if (act->old_ino && is_hinted(act, st))
        return FOUND_OLD;
    if (act->new_ino && act->new_ino == st->st_ino)
        return FOUND_NEW;
    buf_init(&bytes, TREE_MAX);
    disk_look_in(dir, name, DB_LENGTH_MAX, &bytes, &entry, st);
    buf_free(&bytes);
    if (entry_equal(&entry, &act->new))
        return FOUND_NEW;
    return entry_equal(&entry, &act->old) ? FOUND_OLD : FOUND_OTHER;
}

/* The folder that the act's path lies in, kept for the next act beside it. -1 with errno. */
static int parent_of(struct apply *a, const struct act *act, const char **name)
{
    const char *slash = strrchr(act->path, '/');
    size_t len = slash ? (size_t)(slash - act->path) : 0;

    *name = slash ? slash + 1 : act->path;
    if (a->folder && strlen(a->folder) == len && strncmp(a->folder, act->path, len) == 0)
        return a->parent;
    if (a->parent >= 0)
        close(a->parent);
    free(a->folder);
    a->folder = NULL;
    a->parent = disk_parent(a->disk, act->path, name);
    if (a->parent >= 0)
        a->folder = mem_copy(act->path, len);
    return a->parent;
}

static void forget_parent(struct apply *a)
{
    if (a->parent >= 0)
        close(a->parent);
    free(a->folder);
    a->folder = NULL;
    a->parent = -1;
}

static int move(const struct apply *a, int from, const char *name, int to, const char *target,
                unsigned flags)
{
    return point(a) < 0 ? -1 : renameat2(from, name, to, target, flags);
}

/* Whether what was moved is still what was looked at before: moving changes the ctime alone. */
static bool is_same(const struct stat *before, int dir, const char *name)
{
    struct stat st;

    return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino == before->st_ino &&
           st.st_size == before->st_size && st.st_mode == before->st_mode &&
           disk_ns(&st.st_mtim) == disk_ns(&before->st_mtim);
}

/* ---- 1. what goes */

/* `aside` came out of `name` and is not what was expected: back with it. */
static void put_back(struct apply *a, struct act *act, int dir, const char *name, const char *aside)
{
    if (renameat2(a->staging, aside, dir, name, RENAME_NOREPLACE) == 0)
        miss_changed(act);
    else
        miss(act, true, "was changed by somebody else; what was there is in %s/%s",
             a->journal->staging, aside);
}

static void take_away(struct apply *a, struct act *act, int dir, const char *name)
{
    char aside[NAME_MAX_];
    struct stat st;
    enum found found = find(act, dir, name, &st);

    staged_name(aside, a, act, "o");
    if (found == FOUND_FOLDER && act->new.kind == VAULT_FOLDER)
        return;
    if (found == FOUND_NONE) { /* gone already; by whom, if it was before? */
        struct stat gone;
        if (a->again && find(act, a->staging, aside, &gone) == FOUND_OTHER)
            put_back(a, act, dir, name, aside);
        return;
    }
    if (found != FOUND_OLD) {
        miss_changed(act);
        return;
    }
    a->names_cut += st.st_nlink > 1;
    if (move(a, dir, name, a->staging, aside, RENAME_NOREPLACE) < 0)
        miss_failed(act, false, "", errno);
    else if (is_same(&st, a->staging, aside))
        act->put_aside = true;
    else
        put_back(a, act, dir, name, aside);
}

/* ---- 2. folders that go */

static void remove_folder(struct apply *a, struct act *act, int dir, const char *name)
{
    if (point(a) == 0 && unlinkat(dir, name, AT_REMOVEDIR) == 0)
        return;
    if (errno == ENOENT)
        return;
    if (errno == ENOTEMPTY || errno == EEXIST)
        miss(act, false, "still holds what is somebody else's or is not covered");
    else if (errno == ENOTDIR)
        miss_changed(act);
    else
        miss_failed(act, false, "", errno);
}

/* ---- 3. folders that come */

static void make_folder(struct apply *a, struct act *act, int dir, const char *name)
{
    struct stat st;

    if (point(a) == 0 && mkdirat(dir, name, 0700) == 0)
        return;
    if (errno == EEXIST && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
        return;
    if (errno == EEXIST)
        miss_changed(act);
    else
        miss_failed(act, false, "", errno);
}

/* ---- 4. files and links that come */

/* A file system that cannot exchange: the old one aside, the new one in. */
static int exchange_in_two(struct apply *a, struct act *act, int dir, const char *name,
                           const char *staged, const struct stat *st)
{
    char aside[NAME_MAX_];

    staged_name(aside, a, act, "o");
    if (move(a, dir, name, a->staging, aside, RENAME_NOREPLACE) < 0)
        return -1;
    if (!is_same(st, a->staging, aside)) {
        put_back(a, act, dir, name, aside);
        return 0;
    }
    act->put_aside = true;
    return move(a, a->staging, staged, dir, name, RENAME_NOREPLACE);
}

static int exchange(struct apply *a, struct act *act, int dir, const char *name, const char *staged,
                    const struct stat *st)
{
    if (move(a, a->staging, staged, dir, name, RENAME_EXCHANGE) < 0)
        return errno == EINVAL || errno == ENOSYS || errno == ENOTSUP
                   ? exchange_in_two(a, act, dir, name, staged, st)
                   : -1;
    if (is_same(st, a->staging, staged)) {
        act->put_aside = true;
        return 0;
    }
    if (renameat2(a->staging, staged, dir, name, RENAME_EXCHANGE) < 0)
        miss(act, true, "was changed by somebody else; what was there is in %s/%s",
             a->journal->staging, staged);
    else
        miss_changed(act);
    return 0;
}

/* Another process put the new one in and died before it looked at what came out. */
static void look_behind(struct apply *a, struct act *act, int dir, const char *name,
                        const char *staged)
{
    struct stat st;

    if (!a->again || find(act, a->staging, staged, &st) != FOUND_OTHER)
        return;
    if (renameat2(a->staging, staged, dir, name, RENAME_EXCHANGE) == 0)
        miss_changed(act);
    else
        miss(act, true, "was changed by somebody else; what was there is in %s/%s",
             a->journal->staging, staged);
}

/* Whether the old one's absence is our own doing. */
static bool was_taken(struct apply *a, const struct act *act)
{
    char aside[NAME_MAX_];
    struct stat st;

    if (!is_leaf(&act->old))
        return true;
    staged_name(aside, a, act, "o");
    return a->again && find(act, a->staging, aside, &st) == FOUND_OLD;
}

/* Only root may: then the file stays whose it was. */
static void keep_owner(struct apply *a, const char *staged, const struct stat *st)
{
    if (st->st_uid != geteuid() || st->st_gid != getegid())
        (void)!fchownat(a->staging, staged, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW);
}

static void put_in(struct apply *a, struct act *act, int dir, const char *name)
{
    char staged[NAME_MAX_];
    struct stat st;
    enum found found = find(act, dir, name, &st);
    int rc = 0;

    staged_name(staged, a, act, "");
    if (found == FOUND_NEW) {
        look_behind(a, act, dir, name, staged);
        return;
    }
    if (found == FOUND_NONE && was_taken(a, act)) {
        rc = move(a, a->staging, staged, dir, name, RENAME_NOREPLACE);
    } else if (found == FOUND_OLD && is_leaf(&act->old)) {
        a->names_cut += st.st_nlink > 1;
        keep_owner(a, staged, &st);
        rc = exchange(a, act, dir, name, staged, &st);
    } else {
        miss_changed(act);
    }
    if (rc < 0 && errno == EEXIST)
        miss_changed(act);
    else if (rc < 0)
        miss_failed(act, false, "", errno);
}

/* ---- 5. modes of folders */

static void set_mode(struct apply *a, struct act *act, int dir, const char *name)
{
    struct stat st;
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int rc = fd < 0 ? -1 : fstat(fd, &st);

    if (rc == 0 && (st.st_mode & 07777) != act->new.mode)
        rc = point(a) < 0 ? -1 : fchmod(fd, act->new.mode);
    if (rc < 0)
        miss_failed(act, false, "", errno);
    if (fd >= 0)
        close(fd);
}

/* ---- all of them */

static bool goes(const struct act *act)
{
    return is_leaf(&act->old) && !is_leaf(&act->new);
}

static bool folder_goes(const struct act *act)
{
    return act->old.kind == VAULT_FOLDER && act->new.kind != VAULT_FOLDER;
}

static bool folder_comes(const struct act *act)
{
    return act->new.kind == VAULT_FOLDER && act->old.kind != VAULT_FOLDER;
}

static bool comes(const struct act *act)
{
    return is_leaf(&act->new);
}

static bool is_folder(const struct act *act)
{
    return act->new.kind == VAULT_FOLDER;
}

static const struct {
    bool (*wanted)(const struct act *act);
    void (*step)(struct apply *a, struct act *act, int dir, const char *name);
    bool deepest_first;
} steps[] = {
    {goes, take_away, false},           {folder_goes, remove_folder, true},
    {folder_comes, make_folder, false}, {comes, put_in, false},
    {is_folder, set_mode, true},
};

static void do_one(struct apply *a, struct act *act, size_t step)
{
    const char *name;
    int dir;

    if (act->state == ACT_MISSED || !steps[step].wanted(act))
        return;
    dir = parent_of(a, act, &name);
    if (dir >= 0)
        steps[step].step(a, act, dir, name);
    else if (act->new.kind != VAULT_NONE) /* else it is gone with its folder */
        miss_failed(act, errno == ENOTDIR || errno == ELOOP, "its folder: ", errno);
}

/* Each folder that was changed, once: paths beside each other share it. */
static int sync_folders(struct apply *a)
{
    struct act_list *acts = &a->journal->acts;
    char *last = NULL;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < acts->count; i++) {
        const char *name;
        int dir = parent_of(a, &acts->at[i], &name);
        if (dir < 0 || (last && strcmp(last, a->folder) == 0))
            continue;
        free(last);
        last = mem_text(a->folder);
        int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        rc = fd < 0 ? 0 : point(a); /* one that cannot be read is synced with the rest */
        if (rc == 0 && fd >= 0)
            rc = fsync(fd);
        if (fd >= 0)
            close(fd);
    }
    free(last);
    return rc;
}

static int sync_run(struct apply *a)
{
    int rc = is_few(a) ? sync_folders(a) : point(a);

    if (rc == 0 && !is_few(a))
        rc = syncfs(a->disk->fd);
    return rc < 0 ? err_sys(a->err, errno, "cannot sync %s", a->disk->path) : 0;
}

int apply_run(struct apply *a)
{
    struct act_list *acts = &a->journal->acts;

    /* One that was done and cleaned up, but for its row in the journal, finds no folder. */
    if (a->staging < 0 && open_staging(a) < 0 &&
        (errno != ENOENT || mkdirat(a->disk->fd, a->journal->staging, 0700) < 0 ||
         open_staging(a) < 0))
        return err_sys(a->err, errno, "cannot go on with the restore in %s", a->disk->path);
    for (size_t step = 0; step < sizeof steps / sizeof *steps; step++) {
        for (size_t i = 0; i < acts->count; i++)
            do_one(a, &acts->at[steps[step].deepest_first ? acts->count - 1 - i : i], step);
        forget_parent(a);
    }
    for (size_t i = 0; i < acts->count; i++)
        if (acts->at[i].state == ACT_OPEN)
            acts->at[i].state = ACT_DONE;
    int rc = sync_run(a);
    forget_parent(a);
    return rc;
}

/* ---- after it */

/* A copy of what the vault holds may go; anything else stays. */
static void drop_staged(struct apply *a, struct act *act, const char *suffix)
{
    char name[NAME_MAX_];
    struct stat st;

    if (point(a) < 0)
        return;
    staged_name(name, a, act, suffix);
    enum found found = act->put_aside && fstatat(a->staging, name, &st, AT_SYMLINK_NOFOLLOW) == 0
                           ? FOUND_OLD
                           : find(act, a->staging, name, &st);
    if (found == FOUND_OLD || found == FOUND_NEW)
        (void)unlinkat(a->staging, name, 0); /* what stays is told of by the folder staying */
    else if (found == FOUND_OTHER)
        miss(act, true, "what was there is in %s/%s", a->journal->staging, name);
}

void apply_clean(struct apply *a)
{
    struct act_list *acts = &a->journal->acts;

    if (a->staging < 0 && open_staging(a) < 0)
        return;
    for (size_t i = 0; i < acts->count; i++) {
        if (is_leaf(&acts->at[i].new))
            drop_staged(a, &acts->at[i], "");
        if (is_leaf(&acts->at[i].old))
            drop_staged(a, &acts->at[i], "o");
    }
    if (point(a) == 0) /* it stays if it holds something */
        (void)unlinkat(a->disk->fd, a->journal->staging, AT_REMOVEDIR);
}

void apply_undo(struct apply *a)
{
    struct act_list *acts = &a->journal->acts;
    char name[NAME_MAX_];

    if (a->staging < 0 && open_staging(a) < 0)
        return;
    for (size_t i = 0; i < acts->count; i++) {
        staged_name(name, a, &acts->at[i], "");
        if (is_leaf(&acts->at[i].new) && point(a) == 0)
            (void)unlinkat(a->staging, name, 0); /* it may never have been written */
    }
    if (point(a) == 0)
        (void)unlinkat(a->disk->fd, a->journal->staging, AT_REMOVEDIR);
}

void apply_close(struct apply *a)
{
    forget_parent(a);
    if (a->staging >= 0)
        close(a->staging);
    a->staging = -1;
}
