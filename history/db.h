/* SPDX-License-Identifier: MIT */
/*
 * One SQLite connection, opened by rerail's rules whoever it is for, and the few calls that the
 * rest of history/ speaks to it with. Statements are prepared once and kept, found by the address
 * of their text: SQL lives in `static const char` arrays. Used by one thread; no other folder
 * includes this.
 *
 * Rules set here (design.md section 4 says why): WAL, synchronous=FULL, no checkpoint but
 * db_fold's, mmap off, foreign keys, DEFENSIVE, trusted_schema off, cell_size_check, lowered
 * limits, no extensions, no URIs, no temporary files.
 */
#ifndef HISTORY_DB_H
#define HISTORY_DB_H

#include "core/base/err.h"
#include "core/base/sha256.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DB_APPLICATION_ID 0x5252414c /* "RRAL" */
#define DB_LENGTH_MAX     (64 << 20) /* bytes of a text or blob */

struct db;

struct db_options {
    const char *path;
    const char *vfs; /* NULL = the system's */
    bool read_only;
    bool damaged; /* for salvage: reads what it can of a file that fails the first look */
};

/* Does not create: the file must be there (with a VFS of its own it may not). E_CORRUPT when it is
   no database or its first page is damaged; E_IO, E_DENIED, E_BUSY. */
int db_open(struct db **out, const struct db_options *options, struct err *err);
void db_close(struct db *db); /* writes nothing */
sqlite3 *db_handle(const struct db *db);
const char *db_path(const struct db *db);

/* Whether the file, its WAL or its shared memory is no longer the one that was opened: E_IO. */
int db_check_place(struct db *db, struct err *err);

/* Arguments of a statement, in order of its `?`. Texts and blobs are borrowed until it is done. */
enum bind_kind { BIND_END, BIND_INT, BIND_TEXT, BIND_BLOB, BIND_NULL };
struct bind {
    enum bind_kind kind;
    size_t len;
    union {
        int64_t number;
        const void *data;
    };
};
#define BIND(...) ((const struct bind[]){__VA_ARGS__, {.kind = BIND_END}})

static inline struct bind bind_int(int64_t number)
{
    return (struct bind){.kind = BIND_INT, .number = number};
}
/* A number whose 0 means none: stored as NULL, so that a foreign key lets it be. */
static inline struct bind bind_ref(int64_t number)
{
    return (struct bind){.kind = number ? BIND_INT : BIND_NULL, .number = number};
}
static inline struct bind bind_text(const char *text)
{
    return (struct bind){.kind = text ? BIND_TEXT : BIND_NULL, .data = text};
}
static inline struct bind bind_blob(const void *data, size_t len)
{
    return (struct bind){.kind = data ? BIND_BLOB : BIND_NULL, .data = data, .len = len};
}
static inline struct bind bind_hash(const struct hash *hash)
{
    return bind_blob(hash->at, SHA256_BYTES);
}

/* `args` NULL = none. */
int db_run(struct db *db, const char *sql, const struct bind *args, struct err *err);
int64_t db_changes(struct db *db); /* rows that the last db_run touched */
/* First column of the first row: 1, or 0 when there is no row (then *out is untouched). */
int db_value(struct db *db, const char *sql, const struct bind *args, int64_t *out,
             struct err *err);

/* Rows: db_query, db_next until it is not 1, db_done in any case (a NULL statement is fine). A
   statement cannot be begun again before it is done. */
int db_query(sqlite3_stmt **out, struct db *db, const char *sql, const struct bind *args,
             struct err *err);
int db_next(struct db *db, sqlite3_stmt *stmt, struct err *err); /* 1 a row, 0 the end */
void db_done(sqlite3_stmt *stmt);

int db_script(struct db *db, const char *sql, struct err *err); /* many statements, not kept */

int db_begin(struct db *db, bool write, struct err *err); /* IMMEDIATE when it will write */
int db_commit(struct db *db, struct err *err);
void db_rollback(struct db *db); /* fine when there is no transaction */

/* What SQLite's code means to us, with its text in err. E_EXISTS: a constraint was broken. */
int db_fail(struct db *db, int rc, struct err *err);

int db_version(struct db *db, int *version, struct err *err); /* user_version */
int64_t db_wal_frames(const struct db *db);                   /* after this connection's commit */
/* Copies the WAL into the file; the caller holds the lock. With `truncate` the WAL is emptied too.
 *left is what could not be copied because somebody still reads it. */
int db_fold(struct db *db, bool truncate, int64_t *left, struct err *err);
/* Brings to the disk what can be read of the WAL, whatever became of earlier syncs. The caller
   holds the lock. A tail that was never synced counts once the file is opened after a crash; folded
   into the file as it is, a power cut could then leave old pages of the WAL over new ones. */
int db_harden(struct db *db, struct err *err);
/* A count that changes when somebody else commits. */
int db_data_version(struct db *db, int64_t *version, struct err *err);
/* In a transaction: whether another connection has committed since this was last asked; true the
   first time. */
bool db_is_news(struct db *db);

/* Whether a version of SQLite (sqlite3_libversion_number) is free of the WAL-reset bug. */
bool db_patched(int version);

#endif
