/* SPDX-License-Identifier: MIT */
/* A WAL written in one piece: what reaches the disk, when, and what is read meanwhile. */
#include "core/base/mem.h"
#include "history/db.h"
#include "tests/suite.h"
#include "tests/support/fault_vfs.h"

#include <stdlib.h>

#define VFS  "gathered"
#define PATH "/disk/history.db"

struct desk {
    struct fault_disk *disk;
    struct db *db;
    struct err err;
};

static void open_desk(struct desk *d)
{
    *d = (struct desk){.disk = fault_disk_new(VFS, 1)};
    CU_ASSERT_EQUAL_FATAL(db_open(&d->db, &(struct db_options){.path = PATH, .vfs = VFS}, &d->err),
                          0);
    CU_ASSERT_EQUAL_FATAL(db_script(d->db,
                                    "PRAGMA journal_mode=WAL;"
                                    "CREATE TABLE a(id INTEGER PRIMARY KEY, text TEXT);"
                                    "CREATE TABLE b(id INTEGER PRIMARY KEY, text TEXT);"
                                    "CREATE INDEX a_text ON a(text);",
                                    &d->err),
                          0);
}

static void close_desk(struct desk *d)
{
    db_close(d->db);
    fault_disk_free(d->disk);
}

/* So many rows of 1,000 bytes in each table, one transaction. */
static int insert(struct desk *d, int rows)
{
    char *sql = mem_printf("BEGIN;"
                           "WITH n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<%d)"
                           " INSERT INTO a(text) SELECT printf('%%1000d', i) FROM n;"
                           "INSERT INTO b(text) SELECT text FROM a;",
                           rows);
    int rc = db_script(d->db, sql, &d->err);

    free(sql);
    return rc < 0 ? rc : db_commit(d->db, &d->err);
}

/* What another connection finds; -1 when it cannot read. */
static int64_t rows_seen(struct desk *d)
{
    static const char sql[] = "SELECT (SELECT count(*) FROM a) + (SELECT count(*) FROM b)";
    struct db *reader = NULL;
    int64_t rows = -1;

    if (db_open(&reader, &(struct db_options){.path = PATH, .vfs = VFS, .read_only = true},
                &d->err) == 0)
        (void)db_value(reader, sql, NULL, &rows, &d->err); /* -1 says that it failed */
    db_close(reader);
    return rows;
}

static int64_t writes_of(struct desk *d, int rows)
{
    fault_disk_plan(d->disk, &(struct fault_plan){.ops = FAULT_WRITE});
    CU_ASSERT_EQUAL(insert(d, rows), 0);
    return fault_disk_ops(d->disk);
}

static void a_commit_is_one_write_and_one_sync(void)
{
    struct desk d;

    open_desk(&d);
    int64_t before = fault_disk_syncs(d.disk);
    CU_ASSERT_EQUAL(writes_of(&d, 5), 1);
    CU_ASSERT_EQUAL(fault_disk_syncs(d.disk) - before, 1);
    CU_ASSERT_EQUAL(rows_seen(&d), 10);
    close_desk(&d);
}

static void a_commit_beyond_what_is_gathered_is_whole(void)
{
    struct desk d;

    open_desk(&d);
    CU_ASSERT(writes_of(&d, 300) > 1);
    CU_ASSERT_EQUAL(rows_seen(&d), 600);
    close_desk(&d);
}

/* A small cache makes SQLite write pages before the commit, and read them again. */
static void pages_that_were_put_aside_are_read_back(void)
{
    static const char sum[] = "SELECT sum(length(text)) FROM b";
    struct desk d;
    int64_t bytes = 0;

    open_desk(&d);
    CU_ASSERT_EQUAL(db_script(d.db, "PRAGMA cache_size=10;", &d.err), 0);
    CU_ASSERT_EQUAL(insert(&d, 100), 0);
    CU_ASSERT_EQUAL(db_value(d.db, sum, NULL, &bytes, &d.err), 1);
    CU_ASSERT_EQUAL(bytes, 100 * 1000);
    CU_ASSERT_EQUAL(rows_seen(&d), 200);
    close_desk(&d);
}

static void a_commit_whose_write_fails_never_was(void)
{
    struct desk d;

    open_desk(&d);
    CU_ASSERT_EQUAL(insert(&d, 5), 0);
    fault_disk_plan(d.disk, &(struct fault_plan){.kind = FAULT_FULL, .ops = FAULT_WRITE, .at = 1});
    CU_ASSERT_EQUAL(insert(&d, 5), E_FULL);
    fault_disk_plan(d.disk, NULL);
    db_rollback(d.db);
    CU_ASSERT_EQUAL(rows_seen(&d), 10);
    CU_ASSERT_EQUAL(insert(&d, 1), 0);
    CU_ASSERT_EQUAL(rows_seen(&d), 10 + 1 + 6);
    close_desk(&d);
}

static void a_commit_that_was_told_of_survives_a_power_cut(void)
{
    struct desk d;

    open_desk(&d);
    CU_ASSERT_EQUAL(insert(&d, 5), 0);
    fault_disk_power_cut(d.disk, FAULT_POWER_DROP);
    CU_ASSERT_EQUAL(rows_seen(&d), 10);
    close_desk(&d);
}

const struct suite suite_gather = {
    "gather",
    (const struct test[]){
        {"a commit is one write and one sync", a_commit_is_one_write_and_one_sync},
        {"a commit beyond what is gathered is whole", a_commit_beyond_what_is_gathered_is_whole},
        {"pages that were put aside are read back", pages_that_were_put_aside_are_read_back},
        {"a commit whose write fails never was", a_commit_whose_write_fails_never_was},
        {"a commit that was told of survives a power cut",
         a_commit_that_was_told_of_survives_a_power_cut},
        {NULL, NULL},
    },
};
