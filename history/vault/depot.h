/* SPDX-License-Identifier: MIT */
/*
 * The vault's file: a second SQLite file beside the history, under the same rules (db.h, lock.h),
 * and what everything in history/vault/ does with it: objects in and out, transactions under its
 * lock. An object is a file's content, a link's target or a folder (tree.h), named by its SHA-256.
 *
 * Used by one worker at a time. Writing is in pieces: the first object begins a transaction, a full
 * one ends it, so that others get their turn; depot_end ends the last. Objects that nothing refers
 * to yet can be lost to gc in between: `epoch` says that gc deleted something.
 */
#ifndef HISTORY_VAULT_DEPOT_H
#define HISTORY_VAULT_DEPOT_H

#include "core/base/clock.h"
#include "history/body.h"
#include "history/db.h"
#include "history/schema.h"

#define DEPOT_APPLICATION_ID 0x5252564c /* "RRVL" */

struct buf;
struct depot;

struct depot_options {
    const char *path;
    const char *vfs;    /* NULL = the system's */
    struct clock clock; /* zero = the system's */
};

/* Opens or makes it; *damage (yours; NULL = none) says what was moved aside. Errors as
   history_open's. */
int depot_open(struct depot **out, const struct depot_options *options, char **damage,
               struct err *err);
void depot_close(struct depot *depot);
struct db *depot_db(struct depot *depot);
const char *depot_path(const struct depot *depot);
const struct clock *depot_clock(const struct depot *depot);

/* Begins a writing transaction unless one is under way; waits half a minute for the lock. */
int depot_begin(struct depot *depot, struct err *err);
/* Ends it, if there is one, with `rc` so far: commits on 0, else rolls back. Folds a long WAL. */
int depot_end(struct depot *depot, int rc, struct err *err);
/* What a dead process committed last can be read and may never have been synced: now it is. Not
   within a transaction. */
int depot_harden(struct depot *depot, struct err *err);

/* Stores an object in pieces of transactions as said above; *stored as blob_put has it. */
int depot_put(struct depot *depot, const struct hash *hash, const void *data, size_t len,
              int64_t *stored, struct err *err);
/* Appends it to out: E_NOTFOUND, E_CORRUPT. */
int depot_get(struct depot *depot, const struct hash *hash, struct buf *out, struct err *err);
int depot_has(struct depot *depot, const struct hash *hash, struct err *err); /* 1, 0 */
/* The packed form of the caller's own data, on the depot's buffers: as body.h. */
struct packer *depot_packer(struct depot *depot);

int depot_epoch(struct depot *depot, int64_t *epoch, struct err *err);

/* Keeps gc away from a tree for a day from now: until somebody has stored that it is referred to.
   Not written again while it was done lately. */
int depot_hold(struct depot *depot, const struct hash *tree, struct err *err);
bool depot_holds(struct depot *depot, const struct hash *tree); /* done lately */
#define DEPOT_HOLD_US ((int64_t)24 * 3600 * US_PER_S)

extern const struct migration depot_migrations[];
extern const int depot_migration_count;

#endif
