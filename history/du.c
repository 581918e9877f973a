/* SPDX-License-Identifier: MIT */
#include "history/du.h"

#include "core/base/mem.h"
#include "history/place.h"
#include "history/query_data.h"

#include <stdlib.h>
#include <string.h>

#define TABLES_MAX 64

static const char sql_tables[] = "SELECT name FROM sqlite_schema WHERE type='table'"
                                 " AND name NOT LIKE 'sqlite_%' ORDER BY name LIMIT ?";
/* A table with all its indexes; aggregated by SQLite itself. */
static const char sql_pages[] =
    "SELECT sum(d.pgsize) FROM sqlite_schema s JOIN dbstat d ON d.name=s.name"
    " WHERE s.tbl_name=? AND d.aggregate=TRUE";
static const char sql_blobs[] = "SELECT count(*), coalesce(sum(len), 0),"
                                " coalesce(sum(length(data)), 0) FROM blob";
static const char sql_free[] = "PRAGMA freelist_count";
static const char sql_page_size[] = "PRAGMA page_size";
static const char sql_runs[] = "SELECT r.id, r.uid, (SELECT count(*) FROM node WHERE run=r.id),"
                               " (SELECT count(*) FROM event WHERE run=r.id), 0 FROM run r"
                               " WHERE r.id<? AND r.state>=0 ORDER BY r.id DESC LIMIT ?";
static const char sql_content[] =
    "SELECT coalesce(sum(b.len), 0), coalesce(sum(length(b.data)), 0) FROM blob b WHERE b.id IN"
    " (SELECT blob FROM node WHERE run=?1 UNION SELECT blob FROM input WHERE run=?1"
    "  UNION SELECT args FROM effect WHERE run=?1 UNION SELECT result_blob FROM effect WHERE run=?1"
    "  UNION SELECT params FROM call WHERE run=?1 UNION SELECT raw FROM attempt WHERE run=?1)";

static int64_t rows_of(struct query *q, const char *table)
{
    char *sql = mem_printf("SELECT count(*) FROM \"%s\"", table); /* a name from our own schema */
    sqlite3_stmt *stmt = NULL;
    int64_t rows = -1;

    if (sqlite3_prepare_v2(db_handle(q->db), sql, -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW)
        rows = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    free(sql);
    return rows;
}

static int read_table(const struct reading *r, void *out)
{
    struct du_table *table = out;

    table->name = read_text(r, 0);
    table->rows = rows_of(r->q, table->name);
    table->bytes = -1;
    (void)db_value(r->q->db, sql_pages, BIND(bind_text(table->name)), &table->bytes,
                   NULL); /* without dbstat it stays unknown */
    return 0;
}

static int read_blobs(struct query *q, struct du_report *out, struct err *err)
{
    sqlite3_stmt *row;
    int rc = db_query(&row, q->db, sql_blobs, NULL, err);

    if (rc == 0)
        rc = db_next(q->db, row, err);
    if (rc > 0) {
        out->blobs = sqlite3_column_int64(row, 0);
        out->blob_content = sqlite3_column_int64(row, 1);
        out->blob_stored = sqlite3_column_int64(row, 2);
    }
    db_done(row);
    return rc < 0 ? rc : 0;
}

int du_read(struct query *q, struct arena *arena, struct du_report *out, struct err *err)
{
    struct query_list list = {
        .sql = sql_tables, .limit = TABLES_MAX, .size = sizeof *out->tables, .read = read_table};
    char *wal = mem_printf("%s-wal", q->path);
    int64_t pages = 0, size = 0;

    memset(out, 0, sizeof *out);
    out->file = place_size(q->path);
    out->wal = place_size(wal);
    out->backups = place_bytes_beside(q->path, ".bak-");
    out->damaged = place_bytes_beside(q->path, ".bad-");
    free(wal);
    int rc = db_value(q->db, sql_free, NULL, &pages, err);
    if (rc >= 0)
        rc = db_value(q->db, sql_page_size, NULL, &size, err);
    out->free = pages * size;
    if (rc >= 0)
        rc = read_blobs(q, out, err);
    if (rc >= 0)
        rc = query_list(q, arena, &list, (void **)&out->tables, &out->table_count, err);
    return rc < 0 ? rc : 0;
}

static int read_run(const struct reading *r, void *out)
{
    struct du_run *run = out;
    sqlite3_stmt *sum;

    *run = (struct du_run){.run = read_int(r, 0),
                           .uid = read_text(r, 1),
                           .nodes = read_int(r, 2),
                           .events = read_int(r, 3)};
    int rc = db_query(&sum, r->q->db, sql_content, BIND(bind_int(run->run)), r->err);
    if (rc == 0)
        rc = db_next(r->q->db, sum, r->err);
    if (rc > 0) {
        run->content = sqlite3_column_int64(sum, 0);
        run->stored = sqlite3_column_int64(sum, 1);
    }
    db_done(sum);
    return rc < 0 ? rc : 0;
}

int du_runs(struct query *q, struct arena *arena, int64_t before, size_t limit,
            struct du_run **rows, size_t *count, struct err *err)
{
    struct query_list list = {
        .sql = sql_runs,
        .args = BIND(bind_int(before ? before : INT64_MAX)),
        .limit = limit,
        .size = sizeof **rows,
        .read = read_run,
    };

    return query_list(q, arena, &list, (void **)rows, count, err);
}
