/* SPDX-License-Identifier: MIT */
/*
 * The file's place: that its folder and itself are ours alone, that the file system can lock, and
 * the names beside it (backups, what was moved aside). Never opens the file, its WAL's locks or its
 * shared memory: closing any descriptor of them would drop SQLite's locks in this process.
 */
#ifndef HISTORY_PLACE_H
#define HISTORY_PLACE_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum place_state {
    PLACE_NOTHING, /* no file: a new history begins */
    PLACE_FILE,
    PLACE_ODD, /* something that cannot be a history: a folder, an empty file that was used before,
                  a WAL that is none */
};

/* Makes the folder (0700), refuses network file systems (E_UNSUPPORTED), a link, another's file or
   one that others may write (E_DENIED); narrows a wider mode to 0600. */
int place_check(enum place_state *out, const char *path, struct err *err);

/* An empty file with mode 0600. E_EXISTS when there is one. */
int place_create(const char *path, struct err *err);

/* FILE.damaged says that a commit met damage inside FILE, which its first page does not show. The
   mark goes when FILE is moved aside. A mark that cannot be made is met damage once more. */
void place_mark_damaged(const char *path);
bool place_is_marked(const char *path);

/* A new name FILE.bad-TIME (yours), and the move of FILE, FILE-wal and FILE-shm to it. A move that
   was cut off is ended by the same call; TARGET is there afterwards, empty if FILE was not. So once
   both are there again, a new FILE was put in the place of what was moved. */
char *place_aside_name(const char *path, int64_t wall_us);
int place_move_aside(const char *path, const char *target, struct err *err);
bool place_was_moved(const char *path, const char *target);

/* A new name FILE.bak-VERSION-TIME, and the removal of all but the newest `keep` of them. */
char *place_backup_name(const char *path, int version, int64_t wall_us);
int place_prune_backups(const char *path, int keep);

/* Sum of the sizes of files beside FILE whose name goes on with `suffix` (".bak-", ".bad-"). */
int64_t place_bytes_beside(const char *path, const char *suffix);
int64_t place_size(const char *path); /* 0 when it is not there */

/* The name of a network file system, by statfs' magic and mountinfo's type, or NULL. */
const char *place_network(uint64_t magic, const char *type);

#endif
