/* SPDX-License-Identifier: MIT */
#include "history/salvage.h"

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "history/db.h"
#include "history/place.h"
#include "history/schema.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define CHUNK    10000 /* rows of one transaction */
#define SQL_MAX  2048

/* In an order in which each finds what it refers to; `key` is what a table is clustered by. */
static const struct {
    const char *name, *key;
} tables[] = {
    {"blob", "id"},
    {"run", "id"},
    {"segment", "run, segment"},
    {"node", "run, segment, depth"},
    {"branch", "run, branch"},
    {"reflog", "run, n"},
    {"checkpoint", "run, node"},
    {"snapshot", "run, node"},
    {"label", "run, node"},
    {"breakpoint", "run, breakpoint"},
    {"input", "run, seq"},
    {"call", "run, call"},
    {"effect", "run, effect"},
    {"attempt", "run, call, effect, n"},
    {"event", "seq"},
    {"hole", "first"},
    {"lease", "run"},
};

struct tally {
    int64_t saved; /* rows */
    int torn;      /* tables that could not be read to their end */
};

/* Statements are made for one table each, so they are not kept. */
static sqlite3_stmt *prepare(struct db *db, const char *sql)
{
    sqlite3_stmt *stmt = NULL;

    return sqlite3_prepare_v2(db_handle(db), sql, -1, &stmt, NULL) == SQLITE_OK ? stmt : NULL;
}

/* By the names of the columns that are there: an older file has fewer. */
static sqlite3_stmt *prepare_copy(struct db *db, const char *table, sqlite3_stmt *read)
{
    struct buf sql;
    int columns = sqlite3_column_count(read);
    sqlite3_stmt *stmt = NULL;

    buf_init(&sql, SQL_MAX);
    int rc = buf_printf(&sql, "INSERT OR IGNORE INTO %s(", table);
    for (int i = 0; rc == 0 && i < columns; i++)
        rc = buf_printf(&sql, "%s%s", i ? "," : "", sqlite3_column_name(read, i));
    for (int i = 0; rc == 0 && i < columns; i++)
        rc = buf_text(&sql, i ? ",?" : ") VALUES(?");
    if (rc == 0 && buf_text(&sql, ")") == 0)
        stmt = prepare(db, sql.data);
    buf_free(&sql);
    return stmt;
}

/* A full disk must end it: a file with half the rows is worse than a message. */
static int put_row(struct db *to, sqlite3_stmt *write, sqlite3_stmt *read, struct tally *tally,
                   struct err *err)
{
    for (int i = 0; i < sqlite3_column_count(read); i++)
        (void)sqlite3_bind_value(write, i + 1, sqlite3_column_value(read, i));
    int rc = sqlite3_step(write);
    (void)sqlite3_reset(write); /* repeats the failure of the step */
    if (rc != SQLITE_DONE && (rc & 0xff) != SQLITE_CONSTRAINT)
        return db_fail(to, rc, err);
    tally->saved += rc == SQLITE_DONE ? sqlite3_changes64(db_handle(to)) : 0;
    if (tally->saved % CHUNK != CHUNK - 1)
        return 0;
    rc = db_commit(to, err);
    return rc == 0 ? db_begin(to, true, err) : rc;
}

/* Rows from one end of a table until its end or its damage: 1 when the end was reached, 0 when not.
 */
static int copy_rows(struct db *from, struct db *to, const char *table, const char *order,
                     struct tally *tally, struct err *err)
{
    char sql[256];
    int rc = 0, step = SQLITE_ERROR;

    str_format(sql, sizeof sql, "SELECT * FROM %s ORDER BY %s", table, order);
    sqlite3_stmt *read = prepare(from, sql);
    sqlite3_stmt *write = read ? prepare_copy(to, table, read) : NULL;
    while (write && rc == 0 && (step = sqlite3_step(read)) == SQLITE_ROW)
        rc = put_row(to, write, read, tally, err);
    sqlite3_finalize(read);
    sqlite3_finalize(write);
    return rc < 0 ? rc : step == SQLITE_DONE;
}

static void backwards(char *out, size_t cap, const char *key)
{
    size_t len = 0;

    for (; *key && len + 6 < cap; key++) {
        if (*key == ',')
            len += str_format(out + len, cap - len, " DESC");
        out[len++] = *key;
    }
    str_format(out + len, cap - len, " DESC");
}

static int copy_table(struct db *from, struct db *to, size_t table, struct tally *tally,
                      struct err *err)
{
    char order[128];
    int rc = copy_rows(from, to, tables[table].name, tables[table].key, tally, err);

    if (rc != 0)
        return rc < 0 ? rc : 0;
    tally->torn++;
    backwards(order, sizeof order, tables[table].key); /* what lies behind the damage */
    rc = copy_rows(from, to, tables[table].name, order, tally, err);
    return rc < 0 ? rc : 0;
}

/* What is missing is missing for good: the next events go on behind it. */
static int note_holes(struct db *db, struct err *err)
{
    static const char sql[] =
        "INSERT OR IGNORE INTO hole(first, last) SELECT before + 1, seq - 1 FROM"
        " (SELECT seq, lag(seq, 1, 0) OVER (ORDER BY seq) AS before FROM event)"
        " WHERE seq > before + 1";

    return db_run(db, sql, NULL, err);
}

static int copy_all(struct db *from, struct db *to, struct tally *tally, struct err *err)
{
    int64_t left;

    (void)sqlite3_db_config(db_handle(to), SQLITE_DBCONFIG_ENABLE_FKEY, 0, NULL);
    int rc = db_begin(to, true, err);
    for (size_t i = 0; rc == 0 && i < COUNT(tables); i++)
        rc = copy_table(from, to, i, tally, err);
    if (rc == 0)
        rc = note_holes(to, err);
    if (rc == 0)
        rc = db_commit(to, err);
    return rc == 0 ? db_fold(to, true, &left, err) : rc;
}

static void remove_three(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};

    for (size_t i = 0; i < COUNT(suffixes); i++) {
        char *file = mem_printf("%s%s", path, suffixes[i]);
        (void)unlink(file); /* often not there */
        free(file);
    }
}

static int make_new(struct db **out, const char *path, struct err *err)
{
    remove_three(path); /* left by a salvage that was killed */
    int rc = place_create(path, err);

    if (rc == 0)
        rc = db_open(out, &(struct db_options){.path = path}, err);
    if (rc == 0)
        rc = schema_found(*out, err);
    if (rc == 0)
        rc = schema_migrate(*out, schema_migrations, schema_migration_count, err);
    return rc;
}

/* Under another name until it is whole: a kill in the middle leaves nothing that looks sound. */
static int rebuild(const char *aside, const char *path, struct tally *tally, struct err *err)
{
    char *made = mem_printf("%s.new", path);
    struct db *from = NULL, *to = NULL;
    int rc = make_new(&to, made, err);

    if (rc == 0 &&
        db_open(&from, &(struct db_options){.path = aside, .read_only = true}, NULL) == 0)
        rc = copy_all(from, to, tally, err);
    db_close(from);
    db_close(to);
    if (rc == 0 && rename(made, path) < 0)
        rc = err_sys(err, errno, "history: %s", made);
    remove_three(made);
    free(made);
    return rc;
}

int salvage(char **report, const char *path, const char *why, int64_t wall_us, struct err *err)
{
    struct tally tally = {0};
    char *aside = NULL;

    *report = NULL;
    int rc = place_move_aside(&aside, path, wall_us, err);
    if (rc == 0)
        rc = rebuild(aside, path, &tally, err);
    if (rc == 0)
        *report =
            mem_printf("%s; moved aside as %s; %" PRId64 " rows saved%s", why, path_base(aside),
                       tally.saved, tally.torn ? ", some are lost: run rerail fsck" : "");
    free(aside);
    return rc;
}
