/* SPDX-License-Identifier: MIT */
/*
 * One folder of a snapshot as it is stored: its entries in the order of their names, in bytes whose
 * SHA-256 names the folder. A folder's entry holds the hash of its own tree, so one hash names a
 * whole workspace, folders that are alike are stored once, and two trees differ only below folders
 * with different hashes. Pure: bytes in, structs out. The format is the vault's and never changes;
 * another one begins with another byte.
 */
#ifndef HISTORY_VAULT_TREE_H
#define HISTORY_VAULT_TREE_H

#include "core/base/err.h"
#include "core/vault.h"

struct buf;

#define TREE_NAME_MAX 255 /* bytes of a name */
#define TREE_MAX      ((size_t)64 << 20)

struct entry {
    const char *name; /* NUL-terminated, borrowed; NULL where the name does not matter */
    enum vault_kind kind;
    enum vault_gap gap; /* of a GAP */
    uint32_t mode;      /* permission bits, set-id and sticky ones too; 0 for a GAP or a LINK */
    int64_t size;       /* of a FILE or LINK, in bytes */
    struct hash hash;   /* of the content, the link's target, the folder's tree; none for a GAP */
};

/* Whether two entries are the same thing with the same content; names are not compared. */
bool entry_equal(const struct entry *a, const struct entry *b);

/* One entry, name included; 0, or buf_add's error. entry_take moves *at behind it: E_CORRUPT. */
int entry_put(struct buf *out, const struct entry *entry);
int entry_take(struct entry *out, const char **at, const char *end, struct err *err);

struct tree {
    struct entry *entries; /* by name, bytes compared */
    size_t count;
    char *bytes; /* what the names lie in */
};

/* `entries` are in order. */
int tree_begin(struct buf *out);
/* Reads and checks (names, order): E_CORRUPT. */
int tree_read(struct tree *out, const char *bytes, size_t len, struct err *err);
void tree_free(struct tree *tree);
const struct entry *tree_find(const struct tree *tree, const char *name); /* NULL = none */

#endif
