/* SPDX-License-Identifier: MIT */
/*
 * What the last snapshot of a workspace saw, folder by folder: each entry as it is stored, and how
 * the file's inode looked then, so that an unchanged file is not read again. In memory between two
 * snapshots, and in the vault's file for the next start; never believed of an entry that is not
 * `sure`. One owner. Recursive, as deep as SCAN_DEPTH.
 */
#ifndef HISTORY_VAULT_KNOWN_H
#define HISTORY_VAULT_KNOWN_H

#include "history/vault/depot.h"
#include "history/vault/tree.h"

#include <sys/stat.h>

/* The inode behind an entry; mode and size are the entry's, the device is the workspace's. */
struct stamp {
    uint64_t ino;
    int64_t mtime, ctime; /* ns */
    bool sure;            /* it was older than the clock's grain when it was read */
};

struct known;

struct item {
    struct entry entry; /* its name lies in the folder */
    struct stamp stamp;
    bool is_folder;       /* of a GAP: what was left out was a folder */
    struct known *folder; /* of a FOLDER */
};

struct known {
    struct item *items; /* by name */
    size_t count;
    char *names;
    char **more; /* names that came by known_set */
    size_t more_count, more_cap;
    struct hash rules; /* the .gitignore files that held here */
    struct hash tree;  /* as stored … */
    bool sealed;       /* … when this says so */
    bool dirty;        /* differs from its row in the vault's file */
    bool stale;        /* known_set was here or below */
};

struct known *known_new(void);
void known_free(struct known *known); /* NULL is fine */
struct item *known_find(const struct known *known, const char *name);
/* The entry at a path, or NULL. */
struct item *known_at(const struct known *top, const char *path);
/* The last entry on the way there; *exact says that it is the path's own. */
struct item *known_nearest(const struct known *top, const char *path, bool *exact);

/* Takes over new items, in order of names, which are copied; the array moves in, and what the old
   items owned must have moved out of them. */
void known_fill(struct known *known, struct item *items, size_t count);

/* For what a restore did: the entry at a path becomes this one (VAULT_NONE takes it away), and the
   folders on the way are to be sealed again. Nothing happens when its folder is not known. */
void known_set(struct known *top, const char *path, const struct entry *entry,
               const struct stamp *stamp);
/* Seals every folder that known_set has touched, and those above them. */
int known_seal_again(struct known *top, struct depot *depot, struct err *err);

struct stamp stamp_of(const struct stat *st, int64_t wall_us); /* read at that time */
bool stamp_fits(const struct item *item, const struct stat *st);

/* Stores a folder's tree unless it is sealed with it; its subfolders are sealed. */
int known_seal(struct known *known, struct depot *depot, struct buf *bytes, int64_t *stored,
               struct err *err);

/* From and to the vault's file, for one workspace (its number there). Loading gives an empty one
   when there is nothing; saving writes what is dirty, within a transaction. */
int known_load(struct known **out, struct depot *depot, int64_t workspace, struct err *err);
int known_save(struct known *top, struct depot *depot, int64_t workspace, struct err *err);

#endif
