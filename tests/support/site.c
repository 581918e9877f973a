/* SPDX-License-Identifier: MIT */
#include "tests/support/site.h"

#include "core/base/mem.h"
#include "history/fsck.h"
#include "history/place.h"
#include "tests/suite.h"
#include "tests/support/scratch.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int site_open(struct site *s)
{
    struct history_options options = {.path = s->path, .lock_wait_us = 100000};

    history_report_free(&s->report);
    int rc = history_open(&s->history, &options, &s->report, &s->err);
    if (rc == 0)
        s->journal = history_journal(s->history);
    return rc;
}

void site_name(struct site *s)
{
    memset(s, 0, sizeof *s);
    s->dir = scratch_new();
    s->path = mem_printf("%s/history.db", s->dir);
}

/* A history with one run of `turns` turns. */
bool site_set_up(struct site *s, int turns)
{
    site_name(s);
    int rc = site_open(s);
    CU_ASSERT_EQUAL(rc, 0);
    if (rc == 0)
        rc = tape_record(&s->tape, &s->journal, turns, &s->err);
    CU_ASSERT_EQUAL(rc, 0);
    return rc == 0;
}

void site_tear_down(struct site *s)
{
    history_close(s->history);
    history_report_free(&s->report);
    tape_free(&s->tape);
    free(s->path);
    scratch_free(s->dir);
}

static void print_finding(void *ctx, int64_t run, const char *text)
{
    (void)ctx;
    printf("    run %" PRId64 ": %s\n", run, text);
}

int64_t site_findings(struct site *s)
{
    struct fsck_options options = {.found = print_finding};
    struct fsck_report report;
    struct query *q;

    if (query_open(&q, s->path, NULL, &s->err) < 0)
        return -1;
    int rc = fsck_run(&report, q, &options, &s->err);
    query_close(q);
    return rc < 0 ? rc : report.findings;
}

int64_t site_count(struct site *s, const char *table)
{
    sqlite3 *db;
    sqlite3_stmt *stmt = NULL;
    char *sql = mem_printf("SELECT count(*) FROM %s", table);
    int64_t count = -1;

    sqlite3_open_v2(s->path, &db, SQLITE_OPEN_READONLY, NULL);
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW)
        count = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    free(sql);
    return count;
}

bool site_has_aside(const struct site *s)
{
    return place_bytes_beside(s->path, ".bad-") > 0;
}

char *site_file(const struct site *s, const char *suffix)
{
    return mem_printf("%s%s", s->path, suffix);
}
