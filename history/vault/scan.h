/* SPDX-License-Identifier: MIT */
/*
 * Takes a snapshot: goes through the workspace, reads what changed since the last one, and stores
 * it. Nothing that lies there is ever opened but regular files, links and folders; .git is not
 * looked into, .gitignore files are read as data. What cannot be kept leaves a gap with its reason.
 * An unchanged workspace costs one look at every entry. Blocks: for workers.
 */
#ifndef HISTORY_VAULT_SCAN_H
#define HISTORY_VAULT_SCAN_H

#include "history/vault/disk.h"
#include "history/vault/known.h"

#define SCAN_DEPTH    200
#define SCAN_PATH_MAX 4000 /* bytes: what the kernel takes in one call, with some room */

/* Where restores put what they are about to move: ".rerail-restore-" and 16 hex digits, in the
   root. Not part of any snapshot. */
#define STAGING_PREFIX ".rerail-restore-"
bool scan_is_staging(const char *name);

struct scan_options {
    struct depot *depot;
    const struct disk *disk;
    struct vault_limits limits; /* filled in with the defaults by vault_limits_full */
    const atomic_bool *stop;    /* NULL = never */
};

/* Brings *top (may be empty, never NULL) up to what is there and fills in out. In the transaction
   that is left open for the caller when anything was stored. On failure *top is no longer to be
   believed. E_CANCELLED; E_TOOBIG when the root alone is over the budget. */
int scan_run(struct known *top, const struct scan_options *options, struct vault_snapshot *out,
             struct err *err);

struct vault_limits vault_limits_full(const struct vault_limits *limits);

#endif
