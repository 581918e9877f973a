/* SPDX-License-Identifier: MIT */
/*
 * Tables: `blob` and `trash` are blob.h's. `held` keeps trees from gc until the history refers to
 * them. `workspace` numbers the folders that were ever snapshotted; `known` is their stat cache, a
 * row a folder (known.h). `restore` and `restore_item` are the journal of restores under way
 * (journal.h). `epoch` counts the gcs that deleted something.
 */
#include "history/vault/depot.h"

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "history/blob.h"
#include "history/lock.h"
#include "history/place.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(a)   (sizeof(a) / sizeof *(a))
#define LOCK_WAIT  30000000  /* µs */
#define PIECE      (8 << 20) /* packed bytes of one transaction … */
#define PIECE_US   250000    /* … and how long it may last */
#define FOLD_ABOVE 1000      /* pages of WAL */

static const char first[] =
    "CREATE TABLE blob(id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE CHECK(length(hash)=32),"
    " len INT NOT NULL, data BLOB NOT NULL) STRICT;"
    "CREATE TABLE trash(blob INTEGER PRIMARY KEY) STRICT;"
    "CREATE TABLE held(tree BLOB NOT NULL CHECK(length(tree)=32), us INT NOT NULL,"
    " PRIMARY KEY(tree)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE epoch(epoch INT NOT NULL) STRICT;"
    "INSERT INTO epoch(epoch) VALUES(1);"
    /* AUTOINCREMENT: a number is never given again. */
    "CREATE TABLE workspace(id INTEGER PRIMARY KEY AUTOINCREMENT, path BLOB NOT NULL,"
    " dev INT NOT NULL, ino INT NOT NULL, us INT NOT NULL, UNIQUE(path, dev, ino)) STRICT;"
    "CREATE TABLE known(workspace INT NOT NULL REFERENCES workspace, folder BLOB NOT NULL,"
    " data BLOB NOT NULL, PRIMARY KEY(workspace, folder)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE restore(id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " workspace INT NOT NULL REFERENCES workspace, staging TEXT NOT NULL, target BLOB NOT NULL,"
    " safety BLOB NOT NULL, state INT NOT NULL, us INT NOT NULL) STRICT;"
    "CREATE INDEX restore_workspace ON restore(workspace);"
    "CREATE TABLE restore_item(restore INT NOT NULL REFERENCES restore, n INT NOT NULL,"
    " path BLOB NOT NULL, old BLOB, new BLOB, PRIMARY KEY(restore, n)) STRICT, WITHOUT ROWID;";

const struct migration depot_migrations[] = {
    {1, "the first schema of the vault", first},
};
const int depot_migration_count = COUNT(depot_migrations);

struct depot {
    char *path, *vfs;
    struct clock clock;
    struct db *db;
    struct lock *lock;
    struct packer *packer;
    bool open_transaction;
    int64_t piece, piece_us; /* packed bytes in it; when it began */
};

struct db *depot_db(struct depot *depot)
{
    return depot->db;
}

const char *depot_path(const struct depot *depot)
{
    return depot->path;
}

const struct clock *depot_clock(const struct depot *depot)
{
    return &depot->clock;
}

struct packer *depot_packer(struct depot *depot)
{
    return depot->packer;
}

/* ---- opening */

static int open_file(struct depot *depot, struct err *err)
{
    struct schema_options options = {.table = depot_migrations,
                                     .count = depot_migration_count,
                                     .kind = DEPOT_APPLICATION_ID,
                                     .backup = !depot->vfs,
                                     .wall_us = clock_wall(&depot->clock)};
    char *backup = NULL;
    int rc = db_open(&depot->db, &(struct db_options){.path = depot->path, .vfs = depot->vfs}, err);

    if (rc == 0)
        rc = schema_bring_up(depot->db, &options, &backup, err);
    free(backup);
    if (rc < 0) {
        db_close(depot->db);
        depot->db = NULL;
    }
    return rc;
}

/* What is damaged goes aside whole and a new vault begins: the runs stay, and their checkpoints say
   that their files are gone. */
static int begin_anew(struct depot *depot, const char *why, char **damage, struct err *err)
{
    char *aside = place_aside_name(depot->path, clock_wall(&depot->clock));
    int rc = place_move_aside(depot->path, aside, err);

    if (rc == 0)
        rc = place_create(depot->path, err);
    if (rc == 0)
        rc = open_file(depot, err);
    if (rc == 0)
        *damage = mem_printf("%s; moved aside as %s; older file snapshots are gone", why,
                             path_base(aside));
    free(aside);
    return rc;
}

static int open_locked(struct depot *depot, char **damage, struct err *err)
{
    enum place_state state = PLACE_FILE;
    struct err why = {0};
    int rc = depot->vfs ? 0 : place_check(&state, depot->path, err);

    if (rc == 0 && state == PLACE_NOTHING)
        rc = place_create(depot->path, err);
    if (rc < 0)
        return rc;
    if (state == PLACE_ODD)
        return begin_anew(depot, "the vault's file or its WAL was not one", damage, err);
    rc = open_file(depot, &why);
    if (rc == E_CORRUPT) /* once more: a disk that hiccuped is no damage */
        rc = open_file(depot, &why);
    if (rc == E_CORRUPT && !depot->vfs)
        return begin_anew(depot, why.msg, damage, err);
    return rc < 0 ? err_set(err, rc, "%s", why.msg) : 0;
}

int depot_open(struct depot **out, const struct depot_options *options, char **damage,
               struct err *err)
{
    struct depot *depot = mem_new(sizeof *depot);
    char *dir = mem_copy(options->path, (size_t)(path_base(options->path) - options->path));

    *out = NULL;
    *damage = NULL;
    depot->path = mem_text(options->path);
    depot->vfs = mem_text(options->vfs);
    depot->clock = options->clock.mono_us ? options->clock : clock_system();
    depot->packer = packer_new();
    int rc = *dir ? path_own_dir(dir, err) : 0;
    if (rc == 0)
        rc = lock_open(&depot->lock, depot->path, err);
    if (rc == 0)
        rc = lock_wait(depot->lock, LOCK_WAIT, err);
    if (rc == 0) {
        rc = open_locked(depot, damage, err);
        lock_drop(depot->lock);
    }
    free(dir);
    if (rc < 0) {
        depot_close(depot);
        return rc;
    }
    *out = depot;
    return 0;
}

void depot_close(struct depot *depot)
{
    if (!depot)
        return;
    if (depot->open_transaction)
        (void)depot_end(depot, E_CANCELLED, NULL); /* rolls back, which cannot be helped */
    db_close(depot->db);
    lock_close(depot->lock);
    packer_free(depot->packer);
    free(depot->path);
    free(depot->vfs);
    free(depot);
}

/* ---- transactions */

/* After a failure the connection's cache may not be what is on disk. */
static int ready(struct depot *depot, struct err *err)
{
    if (depot->db)
        return 0;
    int rc = db_open(&depot->db, &(struct db_options){.path = depot->path, .vfs = depot->vfs}, err);
    if (rc == 0)
        rc = db_harden(depot->db, err);
    if (rc < 0) {
        db_close(depot->db);
        depot->db = NULL;
    }
    return rc;
}

int depot_begin(struct depot *depot, struct err *err)
{
    if (depot->open_transaction)
        return 0;
    int rc = lock_wait(depot->lock, LOCK_WAIT, err);
    if (rc < 0)
        return rc;
    rc = ready(depot, err);
    if (rc == 0)
        rc = db_begin(depot->db, true, err);
    depot->open_transaction = rc == 0;
    depot->piece = 0;
    depot->piece_us = clock_mono(&depot->clock);
    if (rc == 0)
        rc = db_check_place(depot->db, err);
    if (rc < 0 && depot->open_transaction)
        return depot_end(depot, rc, err);
    if (rc < 0)
        lock_drop(depot->lock);
    return rc;
}

int depot_end(struct depot *depot, int rc, struct err *err)
{
    int64_t left;

    if (!depot->open_transaction)
        return rc;
    depot->open_transaction = false;
    if (rc == 0)
        rc = db_commit(depot->db, err);
    if (rc < 0)
        db_rollback(depot->db);
    if (rc == 0 && db_wal_frames(depot->db) > FOLD_ABOVE)
        (void)db_fold(depot->db, false, &left, NULL); /* the next one will */
    if (rc == E_IO || rc == E_FULL || rc == E_CORRUPT) {
        db_close(depot->db);
        depot->db = NULL;
    }
    lock_drop(depot->lock);
    return rc;
}

int depot_harden(struct depot *depot, struct err *err)
{
    int rc = lock_wait(depot->lock, LOCK_WAIT, err);

    if (rc < 0)
        return rc;
    rc = ready(depot, err);
    if (rc == 0)
        rc = db_harden(depot->db, err);
    lock_drop(depot->lock);
    return rc;
}

/* ---- objects */

static bool is_piece(const struct depot *depot)
{
    return depot->piece > PIECE || clock_mono(&depot->clock) - depot->piece_us > PIECE_US;
}

int depot_put(struct depot *depot, const struct hash *hash, const void *data, size_t len,
              int64_t *stored, struct err *err)
{
    int64_t id;
    int rc = 0;

    if (depot->open_transaction && is_piece(depot))
        rc = depot_end(depot, 0, err);
    if (rc == 0)
        rc = depot_begin(depot, err);
    if (rc == 0)
        rc = blob_put(depot->db, depot->packer, hash, data, len, &id, stored, err);
    if (rc == 0)
        depot->piece += *stored;
    return rc;
}

int depot_get(struct depot *depot, const struct hash *hash, struct buf *out, struct err *err)
{
    int rc = ready(depot, err);

    return rc < 0 ? rc : blob_get(depot->db, depot->packer, hash, out, err);
}

int depot_has(struct depot *depot, const struct hash *hash, struct err *err)
{
    static const char sql[] = "SELECT id FROM blob WHERE hash=?";
    int64_t id;
    int rc = ready(depot, err);

    return rc < 0 ? rc : db_value(depot->db, sql, BIND(bind_hash(hash)), &id, err);
}

int depot_epoch(struct depot *depot, int64_t *epoch, struct err *err)
{
    static const char sql[] = "SELECT epoch FROM epoch";
    int rc = ready(depot, err);

    if (rc == 0)
        rc = db_value(depot->db, sql, NULL, epoch, err);
    return rc < 0 ? rc : 0;
}

bool depot_holds(struct depot *depot, const struct hash *tree)
{
    static const char sql[] = "SELECT us FROM held WHERE tree=?";
    int64_t us = 0, now = clock_wall(&depot->clock);

    return ready(depot, NULL) == 0 &&
           db_value(depot->db, sql, BIND(bind_hash(tree)), &us, NULL) > 0 && us <= now &&
           us > now - DEPOT_HOLD_US / 2;
}

int depot_hold(struct depot *depot, const struct hash *tree, struct err *err)
{
    static const char sql[] = "INSERT INTO held(tree, us) VALUES(?, ?)"
                              " ON CONFLICT(tree) DO UPDATE SET us=excluded.us";

    if (depot_holds(depot, tree))
        return 0;
    int rc = depot_begin(depot, err);
    return rc < 0 ? rc
                  : db_run(depot->db, sql,
                           BIND(bind_hash(tree), bind_int(clock_wall(&depot->clock))), err);
}
