/* SPDX-License-Identifier: MIT */
/*
 * Bodies, each stored once by the SHA-256 of its content: the tables blob(id, hash, len, data) and
 * trash(blob), which the history and the vault both have. `trash` holds what gc is about to delete;
 * putting a body again takes it out. One thread, the connection's.
 */
#ifndef HISTORY_BLOB_H
#define HISTORY_BLOB_H

#include "history/body.h"
#include "history/db.h"

struct buf;

/* The id of a body, stored if it is new (*stored says how many bytes that took, 0 when it was
   there; may be NULL). In a writing transaction. */
int blob_put(struct db *db, struct packer *packer, const struct hash *hash, const void *data,
             size_t len, int64_t *id, int64_t *stored, struct err *err);

/* Appends the body to out. E_NOTFOUND when there is none; E_CORRUPT when it is not what its hash
   says. */
int blob_get(struct db *db, struct packer *packer, const struct hash *hash, struct buf *out,
             struct err *err);

#endif
