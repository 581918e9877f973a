/* SPDX-License-Identifier: MIT */
/*
 * The workspace as the kernel shows it, and nothing outside it: every path is resolved below the
 * root's descriptor, through no link and onto no other file system (openat2; a walk with O_NOFOLLOW
 * where the kernel has none). Files are read so that what comes back is one state of them. Nothing
 * here follows a link, waits for a FIFO, or opens a device.
 */
#ifndef HISTORY_VAULT_DISK_H
#define HISTORY_VAULT_DISK_H

#include "history/vault/tree.h"

#include <sys/stat.h>

struct disk {
    char *path; /* canonical, as it was at the start */
    int fd;     /* the root, readable */
    dev_t dev;
    ino_t ino;
};

/* E_NOTFOUND, E_DENIED (not a folder, not readable), E_IO. */
int disk_open(struct disk *out, const char *path, struct err *err);
void disk_close(struct disk *disk);
/* Whether the path still leads to the folder that was opened: E_DENIED says what happened. */
int disk_intact(const struct disk *disk, struct err *err);
/* An advisory lock on the workspace, against other rerails: shared for looking, whole for
   restoring. E_BUSY after ten seconds. A process that dies lets go. */
int disk_lock(const struct disk *disk, bool whole, struct err *err);
void disk_unlock(const struct disk *disk);

/* The folder that `path` lies in, to be closed; *name is the path's last part. -1 with errno. */
int disk_parent(const struct disk *disk, const char *path, const char **name);

/* Content of the file `name` in `dir`, which was seen as *st and is now as *st says: GAP_NONE, or
   why it cannot be kept. `out` is cleared first. */
enum vault_gap disk_read_file(int dir, const char *name, int64_t limit, struct buf *out,
                              struct stat *st);
enum vault_gap disk_read_link(int dir, const char *name, struct buf *out);

/* What is there, content hashed (a folder's hash stays empty); `name` of the entry is NULL. A path
   that does not lead anywhere is VAULT_NONE. *st is valid unless that. `bytes` is scratch. */
void disk_look_in(int dir, const char *name, int64_t limit, struct buf *bytes, struct entry *out,
                  struct stat *st);
void disk_look(const struct disk *disk, const char *path, int64_t limit, struct buf *bytes,
               struct entry *out, struct stat *st);

int64_t disk_ns(const struct timespec *time);

#endif
