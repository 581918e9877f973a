/* SPDX-License-Identifier: MIT */
/*
 * Who is alive: each process that runs agents has one file in FILE.owners/, and keeps it under
 * flock for as long as it lives. A lease names that file; whoever can lock it knows at once that
 * the owner is dead. The file says its pid and, once it listens, its socket.
 */
#ifndef HISTORY_OWNER_H
#define HISTORY_OWNER_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define OWNER_SOCKET_MAX 512

struct owner;

int owner_new(struct owner **out, const char *path, struct err *err); /* the history's path */
void owner_free(struct owner *owner);                                 /* removes the file */
void owner_abandon(struct owner *owner); /* leaves it as a dead process would */
const char *owner_name(const struct owner *owner);
int owner_publish(struct owner *owner, const char *socket, struct err *err);

struct owner_info {
    bool alive;
    int64_t pid;                   /* 0 = unknown */
    char socket[OWNER_SOCKET_MAX]; /* "" = it does not listen */
};
/* What is known of the owner of that name; a missing file is a dead owner. */
void owner_look(struct owner_info *out, const char *path, const char *name);

/* Removes the files of the dead, and their sockets; returns how many. */
int owner_sweep(const char *path);

/* The kernel's boot id: 36 characters, or "" where there is none. */
#define OWNER_BOOT_ID 37
void owner_boot_id(char out[OWNER_BOOT_ID]);

#endif
