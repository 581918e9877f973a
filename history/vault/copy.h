/* SPDX-License-Identifier: MIT */
/*
 * Writes a tree into an empty folder: a fork's own workspace. Where the file system can share
 * blocks (reflinks) a file that still lies unchanged in the old workspace is cloned, else its
 * content comes from the vault.
 */
#ifndef HISTORY_VAULT_COPY_H
#define HISTORY_VAULT_COPY_H

#include "history/vault/disk.h"
#include "history/vault/known.h"

struct copy_options {
    struct depot *depot;
    const struct hash *tree;
    const char *folder;       /* made with mode 0700 when it is not there; else it must be empty */
    const struct disk *from;  /* where unchanged files may be cloned from … */
    const struct known *seen; /* … as they were there; may be NULL */
    const atomic_bool *stop;  /* may be NULL */
};

/* *paths counts what was written. E_EXISTS when the folder holds something. What is half written
   when it fails stays. */
int copy_tree(const struct copy_options *options, int64_t *paths, struct err *err);

#endif
