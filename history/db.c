/* SPDX-License-Identifier: MIT */
#include "history/db.h"

#include "core/base/bug.h"
#include "core/base/failpoint.h"
#include "core/base/mem.h"
#include "history/gather.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SLOTS     512  /* of the statement table; a power of two, never more than half full */
#define READ_WAIT 5000 /* ms a reader waits for a lock of SQLite's own */
#define COUNT(a)  (sizeof(a) / sizeof *(a))

struct slot {
    const char *sql;
    sqlite3_stmt *stmt;
};

struct db {
    sqlite3 *handle;
    struct gather *gather; /* NULL when it only reads */
    char *path;
    char *beside_paths[2]; /* FILE-wal, FILE-shm */
    bool system_vfs;
    bool read_only;
    struct slot slots[SLOTS];
    size_t slot_count;
    int64_t wal_frames;
    bool looked; /* by db_is_news, at … */
    unsigned looked_version;
    ino_t beside[2]; /* their inodes, 0 while they were not seen */
};

static const struct {
    int limit, value;
} limits[] = {
    {SQLITE_LIMIT_LENGTH, DB_LENGTH_MAX + (1 << 20)},
    {SQLITE_LIMIT_SQL_LENGTH, 1 << 20},
    {SQLITE_LIMIT_COLUMN, 100},
    {SQLITE_LIMIT_EXPR_DEPTH, 50},
    {SQLITE_LIMIT_COMPOUND_SELECT, 10},
    {SQLITE_LIMIT_VDBE_OP, 25000},
    {SQLITE_LIMIT_FUNCTION_ARG, 8},
    {SQLITE_LIMIT_ATTACHED, 0},
    {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50},
    {SQLITE_LIMIT_VARIABLE_NUMBER, 40},
    {SQLITE_LIMIT_TRIGGER_DEPTH, 5},
    {SQLITE_LIMIT_WORKER_THREADS, 0},
};

static const struct {
    int option, value;
} switches[] = {
    {SQLITE_DBCONFIG_DEFENSIVE, 1},   {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
    {SQLITE_DBCONFIG_ENABLE_FKEY, 1}, {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
    {SQLITE_DBCONFIG_ENABLE_VIEW, 0}, {SQLITE_DBCONFIG_DQS_DML, 0},
    {SQLITE_DBCONFIG_DQS_DDL, 0},     {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1},
};

static const char *const suffixes[] = {"-wal", "-shm"}; /* the files beside it */

static const char pragmas[] = "PRAGMA mmap_size=0;"
                              "PRAGMA cell_size_check=ON;"
                              "PRAGMA temp_store=MEMORY;"
                              "PRAGMA wal_autocheckpoint=0;";
static const char writer_pragmas[] = "PRAGMA synchronous=FULL;"
                                     "PRAGMA journal_size_limit=67108864;";

static bool is_full(int number)
{
    return number == ENOSPC || number == EDQUOT || number == EFBIG;
}

static sqlite3_file *wal_file(const struct db *db)
{
    sqlite3_file *file = NULL;

    (void)sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file);
    return file && file->pMethods ? file : NULL;
}

/* The errno behind a failed operation, 0 when it is not known. SQLite asks its VFS only after other
   calls may have changed errno; the files remember their own. */
static int failure_of(const struct db *db, int rc)
{
    sqlite3_file *wal = wal_file(db);
    int number = sqlite3_system_errno(db->handle);

    if (rc == SQLITE_IOERR_SHMSIZE) /* growing it fails for want of space only */
        return ENOSPC;
    if (number == 0 && wal)
        (void)wal->pMethods->xFileControl(wal, SQLITE_FCNTL_LAST_ERRNO, &number);
    if (number == 0)
        (void)sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_LAST_ERRNO, &number);
    return number;
}

static int code_of(int rc, int number)
{
    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return E_BUSY;
    case SQLITE_FULL: return E_FULL;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return E_CORRUPT;
    case SQLITE_CONSTRAINT: return E_EXISTS;
    case SQLITE_NOMEM: return E_NOMEM;
    case SQLITE_TOOBIG: return E_TOOBIG;
    case SQLITE_IOERR: return is_full(number) ? E_FULL : E_IO;
    default: return E_IO;
    }
}

/* A rollback journal is only there while a history is being made: its maker died, and the next
   writer begins anew, which a reader cannot. */
static int fail_unfinished(const struct db *db, struct err *err)
{
    return err_set(err, E_NOTFOUND, "there is no history yet (%s was never finished)", db->path);
}

int db_fail(struct db *db, int rc, struct err *err)
{
    if (rc == SQLITE_READONLY_ROLLBACK)
        return fail_unfinished(db, err);
    int kind = rc & 0xff;
    char text[ERR_MSG_MAX], why[ERR_REASON_MAX];

    (void)snprintf(text, sizeof text, "%s", sqlite3_errmsg(db->handle));
    int number = kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN ? failure_of(db, rc) : 0;
    return err_set(err, code_of(rc, number), "history %s: %s%s%s", db->path, text,
                   number ? ": " : "", number ? strerror_r(number, why, sizeof why) : "");
}

sqlite3 *db_handle(const struct db *db)
{
    return db->handle;
}

const char *db_path(const struct db *db)
{
    return db->path;
}

/* ---- opening */

static int note_frames(void *ctx, sqlite3 *handle, const char *name, int frames)
{
    struct db *db = ctx;

    (void)handle;
    (void)name;
    db->wal_frames = frames;
    return SQLITE_OK;
}

static int configure(struct db *db, struct err *err)
{
    for (size_t i = 0; i < COUNT(limits); i++)
        (void)sqlite3_limit(db->handle, limits[i].limit, limits[i].value); /* gives the old one */
    for (size_t i = 0; i < COUNT(switches); i++) {
        int rc = sqlite3_db_config(db->handle, switches[i].option, switches[i].value, NULL);
        if (rc != SQLITE_OK)
            return db_fail(db, rc, err);
    }
    (void)sqlite3_extended_result_codes(db->handle, 1);
    (void)sqlite3_busy_timeout(db->handle, db->read_only ? READ_WAIT : 0);
    int rc = db_script(db, pragmas, err);
    if (rc == 0 && !db->read_only) {
        rc = db_script(db, writer_pragmas, err);
        if (rc == 0 && BUG(BUG_NO_SYNC))
            rc = db_script(db, "PRAGMA synchronous=OFF;", err);
        sqlite3_wal_hook(db->handle, note_frames, db);
    }
    return rc;
}

/* The first read is what tells a damaged file from a sound one. */
static int read_first_page(struct db *db, struct err *err)
{
    static const char sql[] = "SELECT count(*) FROM sqlite_schema";
    int64_t tables;
    int rc = db_value(db, sql, NULL, &tables, err);

    return rc < 0 ? rc : 0;
}

/* A file that lost its end, or tables of its schema, can be read in part. */
static int forgive(struct db *db, struct err *err)
{
    (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
    return db_script(db, "PRAGMA writable_schema=ON;", err);
}

/* What writes does so through a gather; without syncs that would be wrong, also for a planted bug.
 */
static int open_handle(struct db *db, const char *vfs)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;

    if (db->read_only)
        return sqlite3_open_v2(db->path, &db->handle, flags | SQLITE_OPEN_READONLY, vfs);
    flags |= SQLITE_OPEN_READWRITE | (vfs ? SQLITE_OPEN_CREATE : 0);
    db->gather = BUG(BUG_NO_SYNC) ? NULL : gather_new(vfs);
    return sqlite3_open_v2(db->path, &db->handle, flags,
                           db->gather ? gather_name(db->gather) : vfs);
}

int db_open(struct db **out, const struct db_options *options, struct err *err)
{
    struct db *db = mem_new(sizeof *db);

    *out = NULL;
    db->path = mem_text(options->path);
    for (size_t i = 0; i < COUNT(suffixes); i++)
        db->beside_paths[i] = mem_printf("%s%s", db->path, suffixes[i]);
    db->system_vfs = !options->vfs;
    db->read_only = options->read_only;
    int rc = open_handle(db, options->vfs);
    if (rc != SQLITE_OK)
        rc = db->handle ? db_fail(db, rc, err) : err_set(err, E_NOMEM, "history: out of memory");
    if (rc == 0)
        rc = configure(db, err);
    if (rc == 0 && options->damaged)
        rc = forgive(db, err);
    if (rc == 0 && !options->damaged)
        rc = read_first_page(db, err);
    if (rc == 0 && !db->read_only && sqlite3_db_readonly(db->handle, "main") == 1)
        rc = err_set(err, E_DENIED, "history %s cannot be written; check its mode and its folder's",
                     db->path);
    if (rc < 0) {
        db_close(db);
        return rc;
    }
    *out = db;
    return 0;
}

void db_close(struct db *db)
{
    if (!db)
        return;
    for (size_t i = 0; i < SLOTS; i++)
        (void)sqlite3_finalize(db->slots[i].stmt); /* repeats the last failure of the statement */
    (void)sqlite3_close(db->handle);               /* nothing is open on it any more */
    gather_free(db->gather);
    for (size_t i = 0; i < COUNT(suffixes); i++)
        free(db->beside_paths[i]);
    free(db->path);
    free(db);
}

/* FILE-wal and FILE-shm must stay the ones that the first transaction saw. */
static int check_beside(struct db *db, struct err *err)
{
    for (size_t i = 0; i < COUNT(suffixes); i++) {
        struct stat st;
        bool there = stat(db->beside_paths[i], &st) == 0;
        if (there && db->beside[i] == 0)
            db->beside[i] = st.st_ino;
        if (!there || st.st_ino != db->beside[i])
            return err_set(err, E_IO, "history %s%s was removed or replaced while it was open",
                           db->path, suffixes[i]);
    }
    return 0;
}

int db_check_place(struct db *db, struct err *err)
{
    int moved = 0;

    (void)sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    if (moved)
        return err_set(err, E_IO, "history %s was removed or replaced while it was open", db->path);
    return db->system_vfs ? check_beside(db, err) : 0;
}

/* ---- statements */

static size_t slot_of(const struct db *db, const char *sql)
{
    size_t at = ((uintptr_t)sql >> 3) * 0x9e3779b97f4a7c15u >> 20 & (SLOTS - 1);

    while (db->slots[at].sql && db->slots[at].sql != sql)
        at = (at + 1) & (SLOTS - 1);
    return at;
}

static int prepare(sqlite3_stmt **out, struct db *db, const char *sql, struct err *err)
{
    struct slot *slot = &db->slots[slot_of(db, sql)];

    if (!slot->stmt) {
        int rc =
            sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &slot->stmt, NULL);
        if (rc != SQLITE_OK)
            return db_fail(db, rc, err);
        if (!slot->sql)
            db->slot_count++;
        slot->sql = sql;
        assert(db->slot_count < SLOTS / 2);
    }
    *out = slot->stmt;
    assert(!sqlite3_stmt_busy(*out));
    return 0;
}

static int bind_one(sqlite3_stmt *stmt, int at, const struct bind *arg)
{
    switch (arg->kind) {
    case BIND_INT: return sqlite3_bind_int64(stmt, at, arg->number);
    case BIND_TEXT: return sqlite3_bind_text(stmt, at, arg->data, -1, SQLITE_STATIC);
    case BIND_BLOB: return sqlite3_bind_blob64(stmt, at, arg->data, arg->len, SQLITE_STATIC);
    case BIND_NULL:
    case BIND_END: break;
    }
    return sqlite3_bind_null(stmt, at);
}

int db_query(sqlite3_stmt **out, struct db *db, const char *sql, const struct bind *args,
             struct err *err)
{
    int count = 0;
    int rc;

    *out = NULL;
    rc = prepare(out, db, sql, err);
    if (rc < 0)
        return rc;
    for (; args && args[count].kind != BIND_END; count++) {
        rc = bind_one(*out, count + 1, &args[count]);
        if (rc != SQLITE_OK) {
            rc = db_fail(db, rc, err);
            db_done(*out);
            *out = NULL;
            return rc;
        }
    }
    assert(count == sqlite3_bind_parameter_count(*out));
    return 0;
}

int db_next(struct db *db, sqlite3_stmt *stmt, struct err *err)
{
    int rc = sqlite3_step(stmt);

    if (rc == SQLITE_ROW)
        return 1;
    if (rc == SQLITE_DONE)
        return 0;
    return db_fail(db, rc, err);
}

void db_done(sqlite3_stmt *stmt)
{
    if (!stmt)
        return;
    (void)sqlite3_reset(stmt); /* repeats the failure that db_next gave */
    (void)sqlite3_clear_bindings(stmt);
}

int db_run(struct db *db, const char *sql, const struct bind *args, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = db_query(&stmt, db, sql, args, err);

    if (rc < 0)
        return rc;
    rc = db_next(db, stmt, err);
    db_done(stmt);
    return rc < 0 ? rc : 0;
}

int64_t db_changes(struct db *db)
{
    return sqlite3_changes64(db->handle);
}

int db_value(struct db *db, const char *sql, const struct bind *args, int64_t *out, struct err *err)
{
    sqlite3_stmt *stmt;
    int rc = db_query(&stmt, db, sql, args, err);

    if (rc < 0)
        return rc;
    rc = db_next(db, stmt, err);
    if (rc > 0)
        *out = sqlite3_column_int64(stmt, 0);
    db_done(stmt);
    return rc;
}

int db_script(struct db *db, const char *sql, struct err *err)
{
    int rc = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? 0 : db_fail(db, rc, err);
}

/* ---- transactions */

int db_begin(struct db *db, bool write, struct err *err)
{
    static const char sql_read[] = "BEGIN";
    static const char sql_write[] = "BEGIN IMMEDIATE";

    return db_run(db, write ? sql_write : sql_read, NULL, err);
}

int db_commit(struct db *db, struct err *err)
{
    static const char sql[] = "COMMIT";

    return db_run(db, sql, NULL, err);
}

void db_rollback(struct db *db)
{
    static const char sql[] = "ROLLBACK";

    if (!sqlite3_get_autocommit(db->handle))
        (void)db_run(db, sql, NULL, NULL); /* whatever failed before is what is reported */
}

int db_version(struct db *db, int *version, struct err *err)
{
    static const char sql[] = "PRAGMA user_version";
    int64_t value = 0;
    int rc = db_value(db, sql, NULL, &value, err);

    *version = (int)value;
    return rc < 0 ? rc : 0;
}

int64_t db_wal_frames(const struct db *db)
{
    return db->wal_frames;
}

int db_fold(struct db *db, bool truncate, int64_t *left, struct err *err)
{
    int frames = 0, copied = 0;
    int mode = truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;

    DIES_AT(FAIL_FOLD);
    int rc = sqlite3_wal_checkpoint_v2(db->handle, "main", mode, &frames, &copied);
    DIES_AT(FAIL_FOLDED);
    *left = frames > copied ? frames - copied : 0;
    if (rc != SQLITE_OK)
        return db_fail(db, rc, err);
    return 0;
}

/* Where a sync failed, Linux takes the pages for written: only writing them again brings them to
   the disk. */
int db_harden(struct db *db, struct err *err)
{
    sqlite3_file *wal = wal_file(db);
    char block[1 << 14];
    sqlite3_int64 size = 0;
    int rc = wal ? wal->pMethods->xFileSize(wal, &size) : SQLITE_OK;

    for (sqlite3_int64 at = 0; rc == SQLITE_OK && at < size; at += (sqlite3_int64)sizeof block) {
        sqlite3_int64 left = size - at;
        int len = left < (sqlite3_int64)sizeof block ? (int)left : (int)sizeof block;
        rc = wal->pMethods->xRead(wal, block, len, at);
        if (rc == SQLITE_OK)
            rc = wal->pMethods->xWrite(wal, block, len, at);
    }
    if (rc == SQLITE_OK && size > 0)
        rc = wal->pMethods->xSync(wal, SQLITE_SYNC_FULL);
    if (rc == SQLITE_OK)
        return 0;
    char why[ERR_REASON_MAX];
    int number = failure_of(db, rc);
    return err_set(err, code_of(rc, number), "history %s-wal cannot be written%s%s", db->path,
                   number ? ": " : "", number ? strerror_r(number, why, sizeof why) : "");
}

int db_data_version(struct db *db, int64_t *version, struct err *err)
{
    static const char sql[] = "PRAGMA data_version";
    int rc = db_value(db, sql, NULL, version, err);

    return rc < 0 ? rc : 0;
}

bool db_is_news(struct db *db)
{
    unsigned version = 0;

    if (sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_DATA_VERSION, &version) != SQLITE_OK)
        return true;
    bool news = !db->looked || version != db->looked_version;
    db->looked = true;
    db->looked_version = version;
    return news;
}

bool db_patched(int version)
{
    if (version == 3052000) /* withdrawn */
        return false;
    return version >= 3051003 || (version >= 3050007 && version < 3051000) ||
           (version >= 3044006 && version < 3045000);
}
