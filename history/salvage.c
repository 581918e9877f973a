/* SPDX-License-Identifier: MIT */
#include "history/salvage.h"

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/failpoint.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "history/db.h"
#include "history/fsck.h"
#include "history/lock.h"
#include "history/owner.h"
#include "history/place.h"
#include "history/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(a)  (sizeof(a) / sizeof *(a))
#define CHUNK     10000 /* rows of one transaction */
#define SQL_MAX   2048
#define HEADER    100     /* bytes of SQLite's; a b-tree page follows */
#define LOCK_WAIT 5000000 /* µs */
#define NOTE_MAX  (PATH_MAX + 1024)

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
    {"origin", "run"},
    {"descent", "run"},
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

    DIES_AT(FAIL_SALVAGE_COPY);
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
    char *backup; /* a new file has none */

    remove_three(path); /* left by a salvage that was killed */
    int rc = place_create(path, err);

    if (rc == 0)
        rc = db_open(out, &(struct db_options){.path = path}, err);
    if (rc == 0)
        rc = schema_bring_up(*out, &(struct schema_options){0}, &backup, err);
    return rc;
}

/* The first 100 bytes of every history are the same but for counts that SQLite can do without. */
static void write_header(unsigned char out[HEADER])
{
    static const char magic[] = "SQLite format 3"; /* with its NUL */
    const uint32_t version = (uint32_t)schema_newest(schema_migrations, schema_migration_count);

    memset(out, 0, HEADER);
    memcpy(out, magic, sizeof magic);
    out[16] = 4096 >> 8;
    out[18] = out[19] = 2; /* WAL */
    out[21] = 64;
    out[22] = out[23] = 32;
    out[47] = 4; /* schema format */
    out[55] = 1; /* auto-vacuum … */
    out[59] = 1; /* UTF-8 */
    for (int i = 0; i < 4; i++) {
        out[60 + i] = (unsigned char)(version >> (24 - 8 * i));
        out[68 + i] = (unsigned char)((uint32_t)DB_APPLICATION_ID >> (24 - 8 * i));
    }
    out[67] = 1; /* … incremental */
}

/* A file that lost its header gets one; what was there is kept beside it. */
static void mend_header(const char *aside, int fd, unsigned char head[HEADER + 1])
{
    if (memcmp(head, "SQLite format 3", 16) == 0 || (head[HEADER] != 5 && head[HEADER] != 13))
        return;
    char *kept = mem_printf("%s.header", aside);
    if (path_write(kept, head, HEADER, NULL) == 0) {
        write_header(head);
        (void)!pwrite(fd, head, HEADER, 0); /* else it stays unreadable */
    }
    free(kept);
}

/* A file that lost its end gets a hole there: SQLite reads nothing of a schema with a table behind
   the end of the file. */
static void mend_length(int fd, const unsigned char head[HEADER])
{
    uint32_t pages = (uint32_t)head[28] << 24 | (uint32_t)head[29] << 16 | (uint32_t)head[30] << 8 |
                     (uint32_t)head[31];
    struct stat st;

    if (fstat(fd, &st) == 0 && st.st_size < (off_t)pages * 4096)
        (void)!ftruncate(fd, (off_t)pages * 4096); /* else less is read */
}

static void mend(const char *aside)
{
    unsigned char head[HEADER + 1];
    int fd = open(aside, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

    if (fd >= 0 && pread(fd, head, sizeof head, 0) == (ssize_t)sizeof head) {
        mend_header(aside, fd, head);
        mend_length(fd, head);
    }
    if (fd >= 0)
        close(fd);
}

/* Under another name until it is whole: a kill in the middle leaves nothing that looks sound. */
static int rebuild(const char *aside, const char *path, struct tally *tally, struct err *err)
{
    char *made = mem_printf("%s.new", path);
    struct db *from = NULL, *to = NULL;
    struct db_options options = {.path = aside, .read_only = true, .damaged = true};
    int rc = make_new(&to, made, err);

    mend(aside); /* before SQLite has it open */
    /* SQLite would delete the WAL of an empty file */
    if (rc == 0 && place_size(aside) > 0 && db_open(&from, &options, NULL) == 0)
        rc = copy_all(from, to, tally, err);
    db_close(from);
    db_close(to);
    if (rc == 0 && (FAILS_AT(FAIL_SALVAGE_PUT) || rename(made, path) < 0))
        rc = err_sys(err, errno, "history: %s", made);
    remove_three(made);
    free(made);
    return rc;
}

/* ---- The note of what is under way: the name it was moved to, and why ---- */

static char *note_of(const char *path)
{
    return mem_printf("%s.salvage", path);
}

bool salvage_is_due(const char *path)
{
    char *note = note_of(path);
    bool due = access(note, F_OK) == 0;

    free(note);
    return due;
}

/* Of the salvage that was cut off, or else of a new one. */
static int take_note(char **aside, char **why, const char *note, struct err *err)
{
    char *text = NULL;
    size_t len;
    int rc = path_read(&text, &len, note, NOTE_MAX, err);

    if (rc == 0) {
        size_t name = strcspn(text, "\n");

        free(*aside);
        free(*why);
        *aside = mem_copy(text, name);
        *why = mem_text(text[name] ? text + name + 1 : "");
    } else if (rc == E_NOTFOUND) {
        text = mem_printf("%s\n%s", *aside, *why);
        rc = FAILS_AT(FAIL_SALVAGE_MARK) ? err_sys(err, errno, "%s", note)
                                         : path_write(note, text, strlen(text), err);
    }
    free(text);
    return rc;
}

static int move_and_rebuild(char **report, const char *path, const char *aside, const char *why,
                            struct err *err)
{
    struct tally tally = {0};

    if (place_was_moved(path, aside)) {
        *report = mem_printf("%s; moved aside as %s, and what could be read was saved", why,
                             path_base(aside));
        return 0;
    }
    int rc = place_move_aside(path, aside, err);
    if (rc == 0)
        rc = rebuild(aside, path, &tally, err);
    if (rc == 0)
        *report =
            mem_printf("%s; moved aside as %s; %" PRId64 " rows saved%s", why, path_base(aside),
                       tally.saved, tally.torn ? ", some are lost: run rerail fsck" : "");
    return rc;
}

int salvage(char **report, const char *path, const char *why, int64_t wall_us, struct err *err)
{
    char *note = note_of(path), *aside = place_aside_name(path, wall_us), *reason = mem_text(why);

    *report = NULL;
    int rc = take_note(&aside, &reason, note, err);
    if (rc == 0)
        rc = move_and_rebuild(report, path, aside, reason, err);
    DIES_AT(FAIL_SALVAGE_DONE);
    if (rc == 0 && unlink(note) < 0)
        rc = err_sys(err, errno, "%s", note);
    free(note);
    free(aside);
    free(reason);
    return rc;
}

/* Whether a living process has a run: it would go on writing to the file that was moved. */
static int check_owners(const char *path, struct err *err)
{
    static const char sql[] = "SELECT DISTINCT owner FROM lease WHERE owner<>''";
    struct db *db;
    sqlite3_stmt *row;
    struct owner_info info;

    if (db_open(&db, &(struct db_options){.path = path, .read_only = true}, NULL) < 0)
        return 0; /* too damaged to be used by anybody */
    int rc = db_query(&row, db, sql, NULL, NULL);
    while (rc == 0 && db_next(db, row, NULL) > 0) {
        owner_look(&info, path, (const char *)sqlite3_column_text(row, 0));
        if (info.alive)
            rc = err_set(err, E_BUSY, "process %" PRId64 " has runs of it; end that one first",
                         info.pid);
    }
    db_done(row);
    db_close(db);
    return rc == E_BUSY ? rc : 0;
}

int fsck_repair(char **report, const char *path, struct err *err)
{
    struct clock clock = clock_system();
    struct lock *lock;
    int rc = lock_open(&lock, path, err);

    *report = NULL;
    if (rc < 0)
        return rc;
    rc = lock_wait(lock, LOCK_WAIT, err);
    if (rc == 0)
        rc = check_owners(path, err);
    if (rc == 0)
        rc = salvage(report, path, "repaired", clock_wall(&clock), err);
    lock_close(lock);
    return rc;
}
