/* SPDX-License-Identifier: MIT */
/*
 * What differs between two trees of the vault. Only folders whose hashes differ are read. A folder
 * is told of when it came, went, or changed its mode, and its entries then have no hash. What lies
 * in a folder that one side does not cover is a gap on that side, not missing. Pairs of which
 * neither is a file, a link or a folder are left out.
 */
#ifndef HISTORY_VAULT_DIFF_H
#define HISTORY_VAULT_DIFF_H

#include "history/vault/depot.h"
#include "history/vault/tree.h"

/* Borrowed; kind VAULT_NONE is "not there". A folder comes before what lies in it. Non-zero ends
   it. */
typedef int diff_each(void *ctx, const char *path, const struct entry *before,
                      const struct entry *after);

/* What `each` gave, or E_NOTFOUND, E_CORRUPT when the vault has lost a part. */
int diff_trees(struct depot *depot, const struct hash *from, const struct hash *to, diff_each *each,
               void *ctx, struct err *err);

/* Every entry of a tree, gaps too, in the same order: `before` is what is there. */
int diff_walk(struct depot *depot, const struct hash *tree, diff_each *each, void *ctx,
              struct err *err);

/* A folder of the vault as tree_read has it. */
int diff_load(struct depot *depot, const struct hash *hash, struct buf *bytes, struct tree *out,
              struct err *err);

#endif
