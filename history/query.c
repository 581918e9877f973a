/* SPDX-License-Identifier: MIT */
#include "history/query.h"

#include "core/base/mem.h"
#include "history/query_data.h"
#include "history/schema.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>

#define TEXT_MAX  BODY_MAX
#define LONG_BODY (16 << 10) /* bytes packed above which only the start is read for a preview */
#define PEEK      (4 << 10)  /* packed bytes that a preview looks at */

static int check_there(const char *path, struct err *err)
{
    struct stat st;

    if (stat(path, &st) == 0)
        return 0;
    if (errno == ENOENT)
        return err_set(err, E_NOTFOUND, "there is no history yet (%s)", path);
    return err_sys(err, errno, "history %s", path);
}

/* What a file that no writer of this version has opened yet lacks, as an empty table of this
   connection's own. */
static int supply_missing(struct query *q, int version, struct err *err)
{
    static const char origin[] = "CREATE TEMP TABLE origin(run INTEGER PRIMARY KEY, format TEXT,"
                                 " uid TEXT, us INT)";
    static const char descent[] = "CREATE TEMP TABLE descent(run INTEGER PRIMARY KEY, parent TEXT,"
                                  " step INT, race TEXT, lane TEXT)";
    int rc = version < 2 ? db_script(q->db, origin, err) : 0;

    return rc == 0 && version < 3 ? db_script(q->db, descent, err) : rc;
}

int query_open(struct query **out, const char *path, const char *vfs, struct err *err)
{
    struct query *q = mem_new(sizeof *q);
    int version = 0;

    *out = NULL;
    q->path = mem_text(path);
    q->packer = packer_new();
    buf_init(&q->text, TEXT_MAX);
    int rc = vfs ? 0 : check_there(path, err);
    if (rc == 0)
        rc =
            db_open(&q->db, &(struct db_options){.path = path, .vfs = vfs, .read_only = true}, err);
    if (rc == 0)
        rc = schema_check_kind(q->db, 0, err);
    if (rc == 0)
        rc = db_version(q->db, &version, err);
    if (rc == 0 && version == 0)
        rc = err_set(err, E_NOTFOUND, "there is no history yet (%s is empty)", path);
    if (rc == 0)
        rc = supply_missing(q, version, err);
    q->newer = version > schema_newest(schema_migrations, schema_migration_count);
    if (rc < 0) {
        query_close(q);
        return rc;
    }
    *out = q;
    return 0;
}

void query_close(struct query *q)
{
    if (!q)
        return;
    db_close(q->db);
    packer_free(q->packer);
    buf_free(&q->text);
    free(q->path);
    free(q);
}

bool query_newer(const struct query *q)
{
    return q->newer;
}

int query_changed(struct query *q, bool *changed, struct err *err)
{
    int64_t version = 0;
    int rc = db_data_version(q->db, &version, err);

    *changed = rc == 0 && (q->seen == 0 || version != q->version);
    if (rc == 0) {
        q->version = version;
        q->seen = 1;
    }
    return rc;
}

int query_begin(struct query *q, struct err *err)
{
    int rc = db_begin(q->db, false, err);

    q->inside = rc == 0;
    return rc;
}

void query_end(struct query *q)
{
    if (q->inside)
        db_rollback(q->db);
    q->inside = false;
}

int query_code(const struct query *q, int rc, struct err *err)
{
    if (rc == E_IO && q->newer)
        return err_set(err, E_NEWER, "history %s was written by a newer rerail; use that one",
                       q->path);
    return rc;
}

/* ---- rows */

const char *read_text(const struct reading *r, int column)
{
    const char *text = (const char *)sqlite3_column_text(r->row, column);

    return text ? arena_copy(r->arena, text, (size_t)sqlite3_column_bytes(r->row, column)) : NULL;
}

int64_t read_int(const struct reading *r, int column)
{
    return sqlite3_column_int64(r->row, column);
}

static size_t bind_count(const struct bind *args)
{
    size_t count = 0;

    while (args && args[count].kind != BIND_END)
        count++;
    return count;
}

int query_list(struct query *q, struct arena *arena, const struct query_list *list, void **rows,
               size_t *count, struct err *err)
{
    size_t limit = list->limit < QUERY_ROWS_MAX ? list->limit : QUERY_ROWS_MAX;
    size_t given = bind_count(list->args);
    struct bind args[16] = {0};
    struct reading r = {.q = q, .arena = arena, .err = err};
    char *at = arena_array(arena, limit, list->size);

    *rows = at;
    *count = 0;
    for (size_t i = 0; i < given; i++)
        args[i] = list->args[i];
    args[given] = bind_int((int64_t)limit);
    int rc = db_query(&r.row, q->db, list->sql, args, err);
    while (rc == 0 && (rc = db_next(q->db, r.row, err)) > 0) {
        rc = list->read(&r, at + *count * list->size);
        *count += rc == 0;
    }
    db_done(r.row);
    return query_code(q, rc, err);
}

int query_one(struct query *q, struct arena *arena, const struct query_list *list, void *out,
              struct err *err)
{
    struct reading r = {.q = q, .arena = arena, .err = err};
    int rc = db_query(&r.row, q->db, list->sql, list->args, err);

    if (rc == 0)
        rc = db_next(q->db, r.row, err);
    if (rc > 0) {
        rc = list->read(&r, out);
        rc = rc < 0 ? rc : 1;
    }
    db_done(r.row);
    return query_code(q, rc, err);
}

/* ---- bodies */

int query_blob(struct query *q, int64_t id, const char **body, size_t *len, struct err *err)
{
    static const char sql[] = "SELECT data FROM blob WHERE id=?";
    sqlite3_stmt *row;

    *body = "";
    *len = 0;
    if (id == 0)
        return 0;
    int rc = db_query(&row, q->db, sql, BIND(bind_int(id)), err);
    if (rc == 0)
        rc = db_next(q->db, row, err);
    if (rc == 0)
        rc = err_set(err, E_CORRUPT, "history: body %" PRId64 " is missing", id);
    if (rc > 0) {
        const void *packed = sqlite3_column_blob(row, 0);
        size_t size = (size_t)sqlite3_column_bytes(row, 0);
        rc = body_unpack(q->packer, packed, size, body, len, err);
        if (rc == 0 && size == *len + 1) { /* not compressed: it is the row's own memory */
            buf_clear(&q->text);
            rc = buf_add(&q->text, *body, *len);
            *body = q->text.data;
        }
    }
    db_done(row);
    return rc;
}

int query_blob_to(struct query *q, int64_t id, struct buf *out, struct err *err)
{
    const char *body;
    size_t len;
    int rc = query_blob(q, id, &body, &len, err);

    if (rc == 0 && buf_add(out, body, len) < 0)
        rc = err_set(err, E_TOOBIG, "a body of %zu bytes does not fit", len);
    return rc;
}

/* SQLite reads a whole row for a part of its column; incremental reading does not. */
static size_t peek(struct query *q, int64_t id, char *out, size_t cap)
{
    char packed[PEEK];
    sqlite3_blob *blob = NULL;
    size_t len = 0;

    if (sqlite3_blob_open(db_handle(q->db), "main", "blob", "data", id, 0, &blob) == SQLITE_OK) {
        int size = sqlite3_blob_bytes(blob);
        size = size < PEEK ? size : PEEK;
        if (sqlite3_blob_read(blob, packed, size, 0) == SQLITE_OK)
            len = body_start(q->packer, packed, (size_t)size, out, cap);
    }
    (void)sqlite3_blob_close(blob);
    return len;
}

size_t query_blob_start(struct query *q, int64_t id, char *out, size_t cap)
{
    static const char sql[] = "SELECT iif(len<=?2, data, NULL) FROM blob WHERE id=?1";
    sqlite3_stmt *row;
    size_t len = 0;
    bool is_long = false;

    if (id == 0 || db_query(&row, q->db, sql, BIND(bind_int(id), bind_int(LONG_BODY)), NULL) < 0)
        return 0;
    if (db_next(q->db, row, NULL) > 0) {
        const void *packed = sqlite3_column_blob(row, 0);
        is_long = !packed;
        len = body_start(q->packer, packed, (size_t)sqlite3_column_bytes(row, 0), out, cap);
    }
    db_done(row);
    return is_long ? peek(q, id, out, cap) : len;
}
