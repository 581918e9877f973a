/* SPDX-License-Identifier: MIT */
/* gc, du and fsck over real files. */
#include "history/du.h"
#include "history/fsck.h"
#include "history/gc.h"

#include "core/base/mem.h"
#include "history/history.h"
#include "history/query_chain.h"
#include "history/query_event.h"
#include "history/query_run.h"
#include "tests/suite.h"
#include "tests/support/scratch.h"
#include "tests/support/tape.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct site {
    char *dir, *path;
    struct history *history;
    struct history_report report;
    struct journal journal;
    struct tape a, b; /* two runs with three turns each, their events interleaved */
    struct err err;
    char findings[2048];
};

static bool open_site(struct site *s)
{
    struct history_options options = {.path = s->path};

    history_report_free(&s->report);
    int rc = history_open(&s->history, &options, &s->report, &s->err);
    CU_ASSERT_EQUAL(rc, 0);
    if (rc == 0)
        s->journal = history_journal(s->history);
    return rc == 0;
}

static bool set_up(struct site *s)
{
    memset(s, 0, sizeof *s);
    s->dir = scratch_new();
    s->path = mem_printf("%s/history.db", s->dir);
    if (!open_site(s))
        return false;
    CU_ASSERT_EQUAL(tape_record(&s->a, &s->journal, 0, &s->err), 0);
    CU_ASSERT_EQUAL(tape_record(&s->b, &s->journal, 0, &s->err), 0);
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(tape_turn(&s->a, &s->journal, &s->err), 0);
        CU_ASSERT_EQUAL(tape_turn(&s->b, &s->journal, &s->err), 0);
    }
    return true;
}

static void tear_down(struct site *s)
{
    history_close(s->history);
    history_report_free(&s->report);
    tape_free(&s->a);
    tape_free(&s->b);
    free(s->path);
    scratch_free(s->dir);
}

static void note(void *ctx, int64_t run, const char *text)
{
    struct site *s = ctx;
    size_t len = strlen(s->findings);

    snprintf(s->findings + len, sizeof s->findings - len, "%lld %s\n", (long long)run, text);
}

static int64_t check(struct site *s)
{
    struct fsck_options options = {.found = note, .ctx = s};
    struct fsck_report report;
    struct query *q;

    s->findings[0] = '\0';
    if (query_open(&q, s->path, NULL, &s->err) < 0)
        return -1;
    int rc = fsck_run(&report, q, &options, &s->err);
    query_close(q);
    return rc < 0 ? rc : report.findings;
}

/* Statements that SQLite's own shell could be told; rules and triggers out of the way. */
static void tamper(struct site *s, const char *sql)
{
    sqlite3 *db;
    char *message = NULL;

    CU_ASSERT_EQUAL(sqlite3_open(s->path, &db), SQLITE_OK);
    sqlite3_exec(db, "PRAGMA foreign_keys=OFF; PRAGMA ignore_check_constraints=ON", NULL, NULL,
                 NULL);
    int rc = sqlite3_exec(db, sql, NULL, NULL, &message);
    if (rc != SQLITE_OK)
        printf("%s: %s\n", sql, message);
    CU_ASSERT_EQUAL(rc, SQLITE_OK);
    sqlite3_free(message);
    sqlite3_close(db);
}

static void test_fsck_finds_what_was_altered(void)
{
    static const struct {
        const char *sql, *finding;
    } cases[] = {
        {"SELECT 1", ""},
        {"DELETE FROM event WHERE seq BETWEEN 5 AND 7", "events 5 to 7 are missing"},
        {"DELETE FROM event WHERE seq>(SELECT max(seq)-3 FROM event)",
         "were stored and are missing"},
        {"DROP TRIGGER node_stays; UPDATE node SET kind=2 WHERE run=1 AND node=4",
         "1 the chain is broken at node 4"},
        {"DROP TRIGGER node_stays; UPDATE node SET parent=2 WHERE run=1 AND node=5",
         "1 node 5 does not follow node 4"},
        {"UPDATE blob SET data=x'0041', len=1 WHERE id=(SELECT blob FROM node WHERE run=1 AND "
         "node=3)",
         "is not what its hash says"},
        {"UPDATE blob SET data=x'0102' WHERE id=3", "body 3 cannot be unpacked"},
        {"DELETE FROM blob WHERE id=(SELECT blob FROM node WHERE run=1 AND node=3)",
         "1 the body of node 3 is missing"},
        {"DELETE FROM node WHERE run=2 AND node=5", "2 node 6 is at depth 6, not 5"},
        {"DELETE FROM node WHERE run=2 AND node=8", "2 the head of branch 1 is missing"},
        {"UPDATE segment SET base=3 WHERE run=1", "1 segment 1 has nodes before its beginning"},
        {"DELETE FROM input WHERE run=1 AND seq=4", "1 inputs 4 to 4 are missing"},
        {"DELETE FROM input WHERE run=1 AND seq=1", "1 inputs 1 to 1 are missing"},
        {"UPDATE effect SET result=0 WHERE run=1 AND effect=2",
         "1 tool call 2 has no result, and the model was asked again"},
        {"UPDATE effect SET result=999 WHERE run=1 AND effect=2", "1 the result of tool call 2"},
        {"DROP TRIGGER checkpoint_stays; UPDATE checkpoint SET summary=x'07' WHERE node=4",
         "summary of checkpoint 4 is damaged"},
        {"UPDATE run SET branch=9 WHERE id=2", "2 the active branch 9 is missing"},
        {"INSERT INTO label(run, node, text, us) VALUES(1, 3, 'x', 1)", "1 a label is on node 3"},
        {"DELETE FROM run WHERE id=2", "refers to a row that is missing"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct site s;
        if (!set_up(&s))
            return;
        tamper(&s, cases[i].sql);
        int64_t findings = check(&s);
        CU_ASSERT_EQUAL(findings > 0, *cases[i].finding != '\0');
        if (!strstr(s.findings, cases[i].finding))
            printf("%s gave\n%s", cases[i].sql, s.findings);
        CU_ASSERT_PTR_NOT_NULL(strstr(s.findings, cases[i].finding));
        tear_down(&s);
    }
}

static void test_fsck_after_jumps(void)
{
    struct site s;
    struct hash chain;

    if (!set_up(&s))
        return;
    chain = s.a.chain;
    int64_t node = s.a.node, depth = s.a.depth;
    for (int i = 0; i < 3; i++)
        tape_turn(&s.a, &s.journal, &s.err);
    tape_jump(&s.a, HEAD_ROLLBACK, node, depth, 1, &chain);
    CU_ASSERT_EQUAL(tape_commit(&s.a, &s.journal, &s.err), 0);
    tape_turn(&s.a, &s.journal, &s.err); /* its call began before the jump: ended there too */
    CU_ASSERT_EQUAL(check(&s), 0);
    CU_ASSERT_STRING_EQUAL(s.findings, "");
    tear_down(&s);
}

static void test_gc_deletes_runs_and_their_bodies(void)
{
    struct site s;
    struct gc_report report;
    struct run_row *rows;
    struct arena arena = {0};
    struct query *q;
    struct tape c;
    size_t count;

    if (!set_up(&s))
        return;
    struct gc_options options = {.path = s.path, .runs = &s.a.run, .run_count = 1};
    CU_ASSERT_EQUAL(gc_run(&report, &options, &s.err), 0);
    CU_ASSERT(report.runs == 0 && report.kept_live == 1);
    s.journal.class->release(s.history, s.a.run, &s.err);
    struct gc_options dry = options;
    dry.dry = true;
    CU_ASSERT_EQUAL(gc_run(&report, &dry, &s.err), 0);
    CU_ASSERT(report.runs == 1 && report.rows == 0);
    CU_ASSERT_EQUAL(gc_run(&report, &options, &s.err), 0);
    CU_ASSERT_EQUAL(report.runs, 1);
    CU_ASSERT_EQUAL(query_open(&q, s.path, NULL, &s.err), 0);
    CU_ASSERT_EQUAL(query_runs(q, &arena, &(struct run_page){.limit = 9}, &rows, &count, &s.err),
                    0);
    CU_ASSERT(count == 1 && rows[0].run == s.b.run);
    query_close(q);
    arena_free(&arena);
    /* The other goes on, events are numbered on, and nothing it needs is gone. */
    CU_ASSERT_EQUAL(tape_turn(&s.b, &s.journal, &s.err), 0);
    CU_ASSERT_EQUAL(check(&s), 0);
    CU_ASSERT_STRING_EQUAL(s.findings, "");
    CU_ASSERT_EQUAL(tape_record(&c, &s.journal, 1, &s.err), 0);
    CU_ASSERT_EQUAL(c.run, 3); /* no number is given twice */
    tape_free(&c);
    tear_down(&s);
}

static void test_gc_by_age_goes_on_after_a_kill(void)
{
    struct site s;
    struct gc_report report;

    if (!set_up(&s))
        return;
    s.journal.class->release(s.history, s.a.run, &s.err);
    s.journal.class->release(s.history, s.b.run, &s.err);
    bool stop = true;
    struct gc_options options = {.path = s.path, .older_us = INT64_MAX, .stop = &stop};
    CU_ASSERT_EQUAL(gc_run(&report, &options, &s.err), E_CANCELLED);
    tamper(&s, "UPDATE run SET state=-1 WHERE id=1; INSERT INTO trash VALUES(0);"
               "DELETE FROM effect WHERE run=1; DELETE FROM label WHERE run=1");
    CU_ASSERT_EQUAL(s.journal.class->claim(s.history, s.a.run, &s.err), E_NOTFOUND);
    struct gc_options nothing = {.path = s.path};
    CU_ASSERT_EQUAL(gc_run(&report, &nothing, &s.err), 0);
    CU_ASSERT_EQUAL(report.runs, 1);
    CU_ASSERT_EQUAL(check(&s), 0);
    options.stop = NULL;
    CU_ASSERT_EQUAL(gc_run(&report, &options, &s.err), 0);
    CU_ASSERT_EQUAL(report.runs, 1);
    CU_ASSERT(report.freed > 0);
    CU_ASSERT_EQUAL(check(&s), 0);
    tear_down(&s);
}

static void test_du(void)
{
    struct site s;
    struct du_report report;
    struct du_run *runs;
    struct arena arena = {0};
    struct query *q;
    size_t count;
    int64_t nodes = 0, pages = 0;

    if (!set_up(&s))
        return;
    scratch_write(s.dir, "history.db.bak-1-0000000000000000001", "12345");
    CU_ASSERT_EQUAL(query_open(&q, s.path, NULL, &s.err), 0);
    CU_ASSERT_EQUAL(du_read(q, &arena, &report, &s.err), 0);
    CU_ASSERT_EQUAL(report.backups, 5);
    CU_ASSERT(report.wal > 0 && report.blobs > 10 && report.blob_content > report.blob_stored / 2);
    for (size_t i = 0; i < report.table_count; i++) {
        if (strcmp(report.tables[i].name, "node") == 0)
            nodes = report.tables[i].rows;
        pages += report.tables[i].bytes;
    }
    CU_ASSERT_EQUAL(nodes, 16);
    CU_ASSERT(pages > 100000);
    CU_ASSERT_EQUAL(du_runs(q, &arena, 0, 10, &runs, &count, &s.err), 0);
    CU_ASSERT_EQUAL_FATAL(count, 2);
    query_close(q);
    arena_free(&arena);
    tear_down(&s);
}

const struct suite suite_upkeep = {
    "upkeep",
    (const struct test[]){
        {"fsck finds what was altered or lost, and only that", test_fsck_finds_what_was_altered},
        {"a history with jumps is sound", test_fsck_after_jumps},
        {"gc deletes a run and what only it needed", test_gc_deletes_runs_and_their_bodies},
        {"gc by age finishes what a killed one began", test_gc_by_age_goes_on_after_a_kill},
        {"du says where the bytes are", test_du},
        {NULL, NULL},
    },
};
