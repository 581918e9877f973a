/* SPDX-License-Identifier: MIT */
#include "history/vault/journal.h"

#include "core/base/buf.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

void act_list_free(struct act_list *acts)
{
    for (size_t i = 0; i < acts->count; i++) {
        free(acts->at[i].path);
        free(acts->at[i].why);
    }
    free(acts->at);
    memset(acts, 0, sizeof *acts);
}

void journal_entry_free(struct journal_entry *entry)
{
    act_list_free(&entry->acts);
    free(entry->staging);
    memset(entry, 0, sizeof *entry);
}

/* NULL when there is nothing. */
static int pack(struct buf *out, const struct entry *entry)
{
    buf_clear(out);
    return entry->kind == VAULT_NONE ? 0 : entry_put(out, entry);
}

static struct bind bind_packed(const struct buf *packed)
{
    return bind_blob(packed->len ? packed->data : NULL, packed->len);
}

static int store_acts(struct depot *depot, const struct journal_entry *entry, struct err *err)
{
    static const char sql[] =
        "INSERT INTO restore_item(restore, n, path, old, new) VALUES(?, ?, ?, ?, ?)";
    struct buf old, new;
    int rc = 0;

    buf_init(&old, 4096);
    buf_init(&new, 4096);
    for (size_t i = 0; rc == 0 && i < entry->acts.count; i++) {
        const struct act *act = &entry->acts.at[i];

        rc = pack(&old, &act->old);
        if (rc == 0)
            rc = pack(&new, &act->new);
        if (rc == 0)
            rc = db_run(depot_db(depot), sql,
                        BIND(bind_int(entry->id), bind_int((int64_t)i),
                             bind_blob(act->path, strlen(act->path)), bind_packed(&old),
                             bind_packed(&new)),
                        err);
    }
    buf_free(&old);
    buf_free(&new);
    return rc;
}

int journal_store(struct depot *depot, int64_t workspace, struct journal_entry *entry,
                  struct err *err)
{
    static const char sql[] = "INSERT INTO restore(workspace, staging, target, safety, state, us)"
                              " VALUES(?, ?, ?, ?, ?, ?)";
    int rc = db_run(depot_db(depot), sql,
                    BIND(bind_int(workspace), bind_text(entry->staging), bind_hash(&entry->target),
                         bind_hash(&entry->safety), bind_int(entry->state),
                         bind_int(clock_wall(depot_clock(depot)))),
                    err);

    if (rc < 0)
        return rc;
    entry->id = sqlite3_last_insert_rowid(db_handle(depot_db(depot)));
    return store_acts(depot, entry, err);
}

int journal_advance(struct depot *depot, const struct journal_entry *entry, struct err *err)
{
    static const char sql[] = "UPDATE restore SET state=? WHERE id=?";

    return db_run(depot_db(depot), sql, BIND(bind_int(entry->state), bind_int(entry->id)), err);
}

int journal_remove(struct depot *depot, const struct journal_entry *entry, struct err *err)
{
    static const char sql_items[] = "DELETE FROM restore_item WHERE restore=?";
    static const char sql[] = "DELETE FROM restore WHERE id=?";
    int rc = db_run(depot_db(depot), sql_items, BIND(bind_int(entry->id)), err);

    return rc == 0 ? db_run(depot_db(depot), sql, BIND(bind_int(entry->id)), err) : rc;
}

/* ---- reading */

static void read_hash(struct hash *out, sqlite3_stmt *row, int column)
{
    memset(out, 0, sizeof *out);
    if (sqlite3_column_bytes(row, column) == SHA256_BYTES)
        memcpy(out->at, sqlite3_column_blob(row, column), SHA256_BYTES);
}

static int read_entry(struct entry *out, sqlite3_stmt *row, int column, struct err *err)
{
    const char *at = sqlite3_column_blob(row, column);
    int len = sqlite3_column_bytes(row, column);

    *out = (struct entry){.kind = VAULT_NONE};
    if (!at)
        return 0;
    int rc = entry_take(out, &at, at + len, err);
    out->name = NULL;
    return rc;
}

static int read_acts(struct journal_entry *out, struct depot *depot, struct err *err)
{
    static const char sql[] = "SELECT path, old, new FROM restore_item WHERE restore=? ORDER BY n";
    sqlite3_stmt *row;
    size_t cap = 0;
    int rc = db_query(&row, depot_db(depot), sql, BIND(bind_int(out->id)), err);

    while (rc == 0 && (rc = db_next(depot_db(depot), row, err)) > 0) {
        out->acts.at = mem_room(out->acts.at, out->acts.count, &cap, sizeof *out->acts.at);
        struct act *act = &out->acts.at[out->acts.count++];
        const char *path = sqlite3_column_blob(row, 0);

        *act =
            (struct act){.path = mem_copy(path ? path : "", (size_t)sqlite3_column_bytes(row, 0))};
        rc = read_entry(&act->old, row, 1, err);
        if (rc == 0)
            rc = read_entry(&act->new, row, 2, err);
    }
    db_done(row);
    return rc;
}

int journal_find(struct journal_entry *out, struct depot *depot, int64_t workspace, struct err *err)
{
    static const char sql[] = "SELECT id, staging, target, safety, state FROM restore"
                              " WHERE workspace=? ORDER BY id LIMIT 1";
    sqlite3_stmt *row;
    int rc = db_query(&row, depot_db(depot), sql, BIND(bind_int(workspace)), err);

    memset(out, 0, sizeof *out);
    if (rc == 0)
        rc = db_next(depot_db(depot), row, err);
    if (rc > 0) {
        out->id = sqlite3_column_int64(row, 0);
        out->staging = mem_text((const char *)sqlite3_column_text(row, 1));
        read_hash(&out->target, row, 2);
        read_hash(&out->safety, row, 3);
        out->state = (enum journal_state)sqlite3_column_int(row, 4);
    }
    db_done(row);
    if (rc <= 0)
        return rc;
    rc = read_acts(out, depot, err);
    if (rc < 0)
        journal_entry_free(out);
    return rc < 0 ? rc : 1;
}
