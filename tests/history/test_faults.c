/* SPDX-License-Identifier: MIT */
/*
 * The record on a disk that fails: every operation of a session made to fail, once and for ever;
 * kills and power cuts at any of them. What was acknowledged is there, what was not is there whole
 * or not at all, and the session goes on.
 */
#include "core/base/mem.h"
#include "history/db.h"
#include "history/fsck.h"
#include "history/history.h"
#include "history/query.h"
#include "history/schema.h"
#include "tests/suite.h"
#include "tests/support/fault_vfs.h"
#include "tests/support/scratch.h"
#include "tests/support/tape.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VFS   "faulty"
#define TURNS 4
#define CASES 24 /* of each sweep; TEST_SEEDS raises it, up to every operation */

/* A machine: a disk that survives its processes, and one process at a time. */
struct machine {
    char *dir, *path;
    struct fault_disk *disk;
    struct history *history;
    struct journal journal;
    struct history_report report;
    struct tape tape; /* what the process believes */
    struct tape safe; /* what was acknowledged; its batch is empty */
    struct err err;
    bool begun; /* the run is stored */
};

static void set_up(struct machine *m, uint64_t seed)
{
    memset(m, 0, sizeof *m);
    m->dir = scratch_new();
    m->path = mem_printf("%s/history.db", m->dir);
    m->disk = fault_disk_new(VFS, seed);
}

static void tear_down(struct machine *m)
{
    history_drop(m->history);
    history_report_free(&m->report);
    tape_free(&m->tape);
    fault_disk_free(m->disk);
    free(m->path);
    scratch_free(m->dir);
}

static int start(struct machine *m)
{
    struct history_options options = {
        .path = m->path, .vfs = VFS, .stepwise = true, .lock_wait_us = 1};

    history_report_free(&m->report);
    int rc = history_open(&m->history, &options, &m->report, &m->err);
    if (rc == 0)
        m->journal = history_journal(m->history);
    return rc;
}

static void stop(struct machine *m)
{
    history_drop(m->history);
    m->history = NULL;
}

/* Commits until it is stored; `mend` is called after each failure. Returns how many there were, or
   a code that is not the disk's. */
static int commit(struct machine *m, void (*mend)(struct machine *m))
{
    int failures = 0, rc;

    while ((rc = m->journal.class->commit(m->history, &m->tape.batch, &m->err)) < 0) {
        if ((rc != E_IO && rc != E_FULL && rc != E_BUSY) || ++failures > 10)
            return rc;
        mend(m);
    }
    batch_clear(&m->tape.batch);
    m->safe = m->tape;
    m->safe.batch = (struct batch){0};
    return failures;
}

static void no_mending(struct machine *m)
{
    (void)m;
}

static void disk_is_well(struct machine *m)
{
    fault_disk_plan(m->disk, NULL);
}

static void next_step(struct machine *m, int step)
{
    switch (step % 3) {
    case 0: tape_answer(&m->tape, "", "shell", "{\"command\":\"x\"}"); break;
    case 1: tape_started(&m->tape); break;
    default: tape_outcome(&m->tape, EFFECT_OK, "done"); break;
    }
}

static int begin_run(struct machine *m, void (*mend)(struct machine *m))
{
    int64_t run = 0;
    int rc, tries = 0;

    while ((rc = m->journal.class->new_run(m->history, &run, &m->err)) < 0) {
        if (rc == E_CORRUPT || ++tries > 10)
            return rc;
        mend(m);
    }
    tape_init(&m->tape, run);
    tape_start(&m->tape, "survive");
    rc = commit(m, mend);
    m->begun = rc >= 0;
    return rc;
}

/* A whole session, or as far as it came: the first code that mending did not help against. */
static int session(struct machine *m, void (*mend)(struct machine *m))
{
    int rc, tries = 0;

    while ((rc = start(m)) < 0) {
        if (++tries > 3)
            return rc;
        mend(m);
    }
    rc = begin_run(m, mend);
    for (int step = 0; rc >= 0 && step < 3 * TURNS; step++) {
        next_step(m, step);
        rc = commit(m, mend);
        m->journal.class->tend(m->history, step == 6);
    }
    return rc < 0 ? rc : 0;
}

static int64_t number(struct machine *m, const char *sql)
{
    struct db *db;
    int64_t value = -1;

    CU_ASSERT_EQUAL_FATAL(
        db_open(&db, &(struct db_options){.path = m->path, .vfs = VFS, .read_only = true}, &m->err),
        0);
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(db_handle(db), sql, -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW)
        value = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    db_close(db);
    return value;
}

static void print_finding(void *ctx, int64_t run, const char *text)
{
    (void)ctx;
    printf("    run %lld: %s\n", (long long)run, text);
}

static int64_t findings(struct machine *m)
{
    struct fsck_options options = {.found = print_finding};
    struct fsck_report report;
    struct query *q;

    if (query_open(&q, m->path, VFS, &m->err) < 0)
        return -1;
    int rc = fsck_run(&report, q, &options, &m->err);
    query_close(q);
    return rc < 0 ? rc : report.findings;
}

static bool is_whole(struct machine *m, const struct tape *tape)
{
    return number(m, "SELECT count(*) FROM node") == tape->nodes &&
           number(m, "SELECT max(seq) FROM input") == tape->inputs &&
           number(m, "SELECT head FROM branch") == tape->node && findings(m) == 0;
}

/* How far apart the operations are that a sweep tries. */
static int64_t stride(int64_t count)
{
    int64_t cases = suite_amount("SEEDS", CASES * 50) / 50;

    return 1 + count / (cases < CASES ? CASES : cases);
}

/* ---- one operation fails, once or for ever */

static int64_t count_operations(const struct fault_plan *plan)
{
    struct machine m;
    struct fault_plan only_count = *plan;

    only_count.at = 0;
    set_up(&m, 1);
    fault_disk_plan(m.disk, &only_count);
    CU_ASSERT_EQUAL(session(&m, no_mending), 0);
    int64_t ops = fault_disk_ops(m.disk);
    tear_down(&m);
    return ops;
}

static void one_fault(const struct fault_plan *plan)
{
    struct machine m;

    set_up(&m, 1);
    fault_disk_plan(m.disk, plan);
    /* A fault that stays is over after the first failure that it causes: space was made. */
    int rc = session(&m, plan->lasting ? disk_is_well : no_mending);
    fault_disk_plan(m.disk, NULL);
    if (rc == 0 && m.history)
        stop(&m);
    bool whole = rc == 0 && is_whole(&m, &m.tape);
    if (!whole)
        printf("    kind %d at %lld%s: %d %s\n", (int)plan->kind, (long long)plan->at,
               plan->lasting ? " for ever" : "", rc, m.err.msg);
    CU_ASSERT(whole);
    tear_down(&m);
}

static void sweep(enum fault_kind kind, unsigned ops, int number)
{
    struct fault_plan plan = {.kind = kind, .ops = ops, .number = number};
    int64_t count = count_operations(&plan);

    CU_ASSERT(count > 5);
    for (int lasting = 0; lasting < 2; lasting++) {
        for (int64_t at = 1 + lasting; at <= count; at += stride(count)) {
            plan.at = at;
            plan.lasting = lasting;
            one_fault(&plan);
        }
    }
}

static void test_disk_full(void)
{
    sweep(FAULT_FULL, 0, 0);
}

static void test_disk_fails(void)
{
    sweep(FAULT_IOERR, FAULT_ALL & ~(unsigned)FAULT_OPEN, 0);
    sweep(FAULT_SHORT_READ, 0, 0);
    sweep(FAULT_CANTOPEN, FAULT_OPEN, 0);
}

static void test_read_only_in_the_middle(void)
{
    struct fault_plan plan = {
        .kind = FAULT_IOERR, .ops = FAULT_WRITE, .number = EROFS, .lasting = true};

    plan.at = count_operations(&plan) * 2 / 3;
    one_fault(&plan);
}

static void test_quota(void)
{
    struct fault_plan plan = {.kind = FAULT_IOERR, .ops = FAULT_WRITE, .lasting = true};
    static const int numbers[] = {EDQUOT, EFBIG};

    plan.at = count_operations(&plan) * 2 / 3;
    for (size_t i = 0; i < 2; i++) {
        struct machine m;
        plan.number = numbers[i];
        set_up(&m, 1);
        fault_disk_plan(m.disk, &plan);
        CU_ASSERT_EQUAL(session(&m, no_mending), E_FULL);
        CU_ASSERT_FATAL(m.begun);
        CU_ASSERT_PTR_NOT_NULL(strstr(m.err.msg, strerror(numbers[i])));
        disk_is_well(&m);
        CU_ASSERT(commit(&m, no_mending) >= 0);
        CU_ASSERT(is_whole(&m, &m.tape));
        tear_down(&m);
    }
}

/* A sync fails, but what it should have written is readable: opened again, the commit counts. The
   same batch comes once more, with more behind it, and nothing is stored twice. */
static void test_doubtful_commit(void)
{
    struct machine m;
    struct fault_plan plan = {.kind = FAULT_IOERR, .ops = FAULT_SYNC, .at = 1};

    set_up(&m, 1);
    CU_ASSERT_EQUAL(start(&m), 0);
    CU_ASSERT_EQUAL(begin_run(&m, no_mending), 0);
    next_step(&m, 0);
    fault_disk_plan(m.disk, &plan);
    CU_ASSERT_EQUAL(m.journal.class->commit(m.history, &m.tape.batch, &m.err), E_IO);
    CU_ASSERT_EQUAL(fault_disk_hits(m.disk), 1);
    size_t first = 0;
    while (m.tape.batch.at[first].kind != RECORD_EVENT)
        first++;
    next_step(&m, 1);
    CU_ASSERT_EQUAL(commit(&m, no_mending), 0);
    CU_ASSERT(is_whole(&m, &m.tape));
    /* And it is on the disk now, not only readable. */
    stop(&m);
    fault_disk_power_cut(m.disk, FAULT_POWER_DROP);
    CU_ASSERT_EQUAL(start(&m), 0);
    CU_ASSERT(is_whole(&m, &m.safe));
    tear_down(&m);
}

/* A process dies at its sync; the next one opens, reads what was never synced, and the power goes.
   Nothing acknowledged is missing, and nobody says so. */
static void test_unsynced_tail_is_no_loss(void)
{
    struct fault_plan plan = {.kind = FAULT_IOERR, .ops = FAULT_SYNC, .at = 1, .lasting = true};

    for (int heals = 0; heals < 2; heals++) {
        struct machine m;
        set_up(&m, 1);
        CU_ASSERT_EQUAL(start(&m), 0);
        CU_ASSERT_EQUAL(begin_run(&m, no_mending), 0);
        struct tape acknowledged = m.safe;
        next_step(&m, 0);
        fault_disk_plan(m.disk, &plan);
        CU_ASSERT_EQUAL(m.journal.class->commit(m.history, &m.tape.batch, &m.err), E_IO);
        stop(&m);
        fault_disk_kill(m.disk);
        /* Opening writes the tail again, or the disk fails that too. */
        fault_disk_plan(m.disk, heals ? NULL : &plan);
        CU_ASSERT_EQUAL(start(&m), heals ? 0 : E_IO);
        CU_ASSERT_PTR_NULL(m.report.damage);
        stop(&m);
        fault_disk_power_cut(m.disk, FAULT_POWER_DROP);
        CU_ASSERT_EQUAL(start(&m), 0);
        CU_ASSERT_PTR_NULL(m.report.damage);
        CU_ASSERT(is_whole(&m, heals ? &m.tape : &acknowledged));
        tear_down(&m);
    }
}

/* ---- the process dies, or the power goes */

/* Runs a session into a wall at its n-th operation, then comes back: whether the record is what was
   acknowledged, or that and the batch that was under way. */
static bool survives(struct machine *m, int64_t at, int how, bool lie)
{
    struct fault_plan wall = {.kind = FAULT_IOERR, .at = at, .lasting = true};
    struct tape before, after;

    fault_disk_lie(m->disk, lie);
    fault_disk_plan(m->disk, &wall);
    (void)session(m, no_mending);
    before = m->safe;
    after = m->tape;
    stop(m);
    if (how < 0)
        fault_disk_kill(m->disk);
    else
        fault_disk_power_cut(m->disk, (enum fault_power)how);
    fault_disk_lie(m->disk, false);
    if (start(m) < 0)
        return false;
    if (!m->begun && number(m, "SELECT count(*) FROM run") == 0)
        return findings(m) == 0;
    if (!is_whole(m, &after) && !is_whole(m, &before))
        return false;
    /* It goes on from there. */
    bool landed = number(m, "SELECT max(seq) FROM input") == after.inputs;
    struct batch left = m->tape.batch;
    m->tape = landed ? after : before;
    m->tape.batch = (struct batch){0};
    batch_free(&left);
    if (m->journal.class->claim(m->history, m->tape.run, &m->err) < 0)
        return false;
    tape_event(&m->tape, EVENT_NOTICE, "{\"text\":\"back\"}");
    tape_input(&m->tape, 9, "{}", NULL);
    return commit(m, no_mending) >= 0 && is_whole(m, &m->tape);
}

static void check_survival(int how)
{
    struct fault_plan all = {.kind = FAULT_IOERR};
    int64_t count = count_operations(&all);

    for (int64_t at = 1; at <= count; at += stride(count)) {
        struct machine m;
        set_up(&m, (uint64_t)at);
        bool ok = survives(&m, at, how, false);
        if (!ok)
            printf("    operation %lld of %lld: %s\n", (long long)at, (long long)count, m.err.msg);
        CU_ASSERT(ok);
        tear_down(&m);
    }
}

static void test_kill(void)
{
    check_survival(-1);
}

static void test_power_drop(void)
{
    check_survival(FAULT_POWER_DROP);
}

static void test_power_shuffle(void)
{
    check_survival(FAULT_POWER_SHUFFLE);
    check_survival(FAULT_POWER_TEAR);
}

/* The same proof over a disk whose syncs do nothing must fail, or it proves nothing. */
static void test_lying_disk_is_caught(void)
{
    int caught = 0;

    for (int64_t at = 100; at < 400; at += 20) {
        struct machine m;
        set_up(&m, (uint64_t)at);
        caught += !survives(&m, at, FAULT_POWER_DROP, true);
        tear_down(&m);
    }
    CU_ASSERT(caught > 10);
}

/* ---- migrations */

static const struct migration steps[] = {
    {1, "a", "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT) STRICT; INSERT INTO t VALUES(1, 'x')"},
    {2, "b", "ALTER TABLE t ADD COLUMN b INT NOT NULL DEFAULT 7"},
    {3, "c",
     "CREATE TABLE u(id INTEGER PRIMARY KEY, b INT) STRICT;"
     "INSERT INTO u SELECT id, b FROM t; DROP TABLE t"},
};

static int migrate(struct machine *m, int count)
{
    struct schema_options options = {.table = steps, .count = count};
    char *backup;
    struct db *db = NULL;
    int rc = db_open(&db, &(struct db_options){.path = m->path, .vfs = VFS}, &m->err);

    if (rc == 0)
        rc = schema_bring_up(db, &options, &backup, &m->err);
    db_close(db);
    return rc;
}

static void test_migrations(void)
{
    for (int from = 0; from <= 3; from++) {
        bool done = false;
        for (int64_t at = 1; !done; at += 1 + at / 8) {
            struct machine m;
            struct fault_plan wall = {.kind = FAULT_IOERR, .at = at, .lasting = true};
            set_up(&m, (uint64_t)at);
            CU_ASSERT(from == 0 || migrate(&m, from) == 0);
            fault_disk_plan(m.disk, &wall);
            done = migrate(&m, 3) == 0;
            fault_disk_power_cut(m.disk, FAULT_POWER_SHUFFLE);
            CU_ASSERT_EQUAL(migrate(&m, 3), 0);
            CU_ASSERT_EQUAL(number(&m, "PRAGMA user_version"), 3);
            CU_ASSERT_EQUAL(number(&m, "SELECT b FROM u WHERE id=1"), 7);
            CU_ASSERT_EQUAL(number(&m, "SELECT count(*) FROM sqlite_schema"), 1);
            CU_ASSERT_EQUAL(migrate(&m, 2), E_NEWER);
            tear_down(&m);
        }
    }
}

/* ---- no memory */

static sqlite3_mem_methods real_memory;
static int64_t allocations, fail_at; /* of this suite's process */

static void *mean_malloc(int size)
{
    return fail_at && ++allocations >= fail_at ? NULL : real_memory.xMalloc(size);
}

static void *mean_realloc(void *old, int size)
{
    return fail_at && ++allocations >= fail_at ? NULL : real_memory.xRealloc(old, size);
}

static bool be_mean(bool mean)
{
    sqlite3_mem_methods memory;
    int rc = sqlite3_shutdown();

    if (mean && rc == SQLITE_OK) {
        rc = sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory);
        memory = real_memory;
        memory.xMalloc = mean_malloc;
        memory.xRealloc = mean_realloc;
    } else {
        memory = real_memory;
    }
    if (rc == SQLITE_OK)
        rc = sqlite3_config(SQLITE_CONFIG_MALLOC, &memory);
    return rc == SQLITE_OK && sqlite3_initialize() == SQLITE_OK;
}

static void memory_is_back(struct machine *m)
{
    (void)m;
    fail_at = 0;
}

static void test_no_memory(void)
{
    bool done = false;

    if (!be_mean(true)) {
        suite_skip("S18", "SQLite does not take another allocator");
        return;
    }
    for (int64_t at = 1; !done; at += 1 + at / 8) {
        struct machine m;
        set_up(&m, 1);
        allocations = 0;
        fail_at = at;
        CU_ASSERT_EQUAL(session(&m, memory_is_back), 0);
        done = fail_at != 0; /* never reached */
        fail_at = 0;
        CU_ASSERT(is_whole(&m, &m.tape));
        tear_down(&m);
    }
    (void)be_mean(false);
}

const struct suite suite_faults = {
    "faults",
    (const struct test[]){
        {"S01 a full disk at any operation loses nothing and goes on with space", test_disk_full},
        {"S02 a failing operation, once or for ever, loses nothing", test_disk_fails},
        {"S02 a commit whose sync failed is not stored twice", test_doubtful_commit},
        {"S14 what was never synced may go without being missed", test_unsynced_tail_is_no_loss},
        {"S03 a disk that turns read-only holds commits back", test_read_only_in_the_middle},
        {"S04 a quota or a size limit is a full disk", test_quota},
        {"S12 a kill at any operation leaves the state before or after", test_kill},
        {"S14 a power cut loses nothing that was acknowledged", test_power_drop},
        {"S14 unsynced writes reordered and torn are no harm", test_power_shuffle},
        {"S14 the proof notices a disk that does not sync", test_lying_disk_is_caught},
        {"S17 a migration that is cut anywhere is done again, whole", test_migrations},
        {"S18 no memory in any call of SQLite's is a failure, not a loss", test_no_memory},
        {NULL, NULL},
    },
};
