/* SPDX-License-Identifier: MIT */
#include "history/blob.h"

#include "core/base/buf.h"

#include <assert.h>
#include <string.h>

int blob_put(struct db *db, struct packer *packer, const struct hash *hash, const void *data,
             size_t len, int64_t *id, int64_t *stored, struct err *err)
{
    static const char sql_find[] = "SELECT id FROM blob WHERE hash=?";
    static const char sql_keep[] = "DELETE FROM trash WHERE blob=?";
    static const char sql_add[] = "INSERT INTO blob(hash, len, data) VALUES(?, ?, ?)";
    const void *packed;
    size_t packed_len;

    *id = 0;
    if (stored)
        *stored = 0;
    int rc = db_value(db, sql_find, BIND(bind_hash(hash)), id, err);
    if (rc > 0)
        return db_run(db, sql_keep, BIND(bind_int(*id)), err);
    if (rc == 0)
        rc = body_pack(packer, data, len, &packed, &packed_len, err);
    if (rc == 0)
        rc = db_run(db, sql_add,
                    BIND(bind_hash(hash), bind_int((int64_t)len), bind_blob(packed, packed_len)),
                    err);
    if (rc == 0)
        *id = sqlite3_last_insert_rowid(db_handle(db));
    if (rc == 0 && stored)
        *stored = (int64_t)packed_len;
    return rc;
}

static int unpack(struct packer *packer, sqlite3_stmt *row, const struct hash *hash,
                  struct buf *out, struct err *err)
{
    const char *body = "";
    size_t len = 0;
    int rc = body_unpack(packer, sqlite3_column_blob(row, 0), (size_t)sqlite3_column_bytes(row, 0),
                         &body, &len, err);

    if (rc < 0)
        return rc;
    struct hash found = sha256(body, len);
    if (memcmp(found.at, hash->at, SHA256_BYTES) != 0)
        return err_set(err, E_CORRUPT, "history: a stored body is not what it was");
    return buf_add(out, body, len) < 0
               ? err_set(err, E_NOMEM, "history: no memory for a body of %zu bytes", len)
               : 0;
}

int blob_get(struct db *db, struct packer *packer, const struct hash *hash, struct buf *out,
             struct err *err)
{
    static const char sql[] = "SELECT data FROM blob WHERE hash=?";
    sqlite3_stmt *row;

    assert(hash);
    int rc = db_query(&row, db, sql, BIND(bind_hash(hash)), err);

    if (rc == 0)
        rc = db_next(db, row, err);
    if (rc > 0)
        rc = unpack(packer, row, hash, out, err);
    else if (rc == 0)
        rc = err_set(err, E_NOTFOUND, "history: a stored body is missing");
    db_done(row);
    return rc;
}
