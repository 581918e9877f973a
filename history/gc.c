/* SPDX-License-Identifier: MIT */
/*
 * Deleting a body needs to know that nothing refers to it, without an index for every reference and
 * while others write. So: (1) mark what is referred to and put the rest into `trash`; from then on
 * a writer that finds such a body again takes it out; (2) mark once more, for what was referred to
 * between the first look and then; (3) delete what is still in there. trash holds 0 from before the
 * first deletion to the end, so a gc that was killed is taken up again.
 */
#include "history/gc.h"

#include "core/base/failpoint.h"
#include "core/base/mem.h"
#include "history/db.h"
#include "history/lock.h"
#include "history/owner.h"
#include "history/place.h"
#include "history/schema.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a)    (sizeof(a) / sizeof *(a))
#define CHUNK       500 /* rows of one transaction */
#define LOCK_WAIT   5000000
#define FOLD_ABOVE  1000 /* pages of WAL */
#define VACUUM_STEP "PRAGMA incremental_vacuum(200)"
#define BACKUPS     2

struct gc {
    const struct gc_options *options;
    struct gc_report *report;
    struct db *db;
    struct lock *lock;
    struct err *err;
};

/* Rows of a run, referring ones first; events and the run itself come after these. */
#define DELETE(table, key)                                                                         \
    "DELETE FROM " table " WHERE run=?1 AND (" key ") IN (SELECT " key " FROM " table              \
    " WHERE run=?1 LIMIT 500)"
static const char *const deletions[] = {
    DELETE("origin", "run"),
    DELETE("descent", "run"),
    DELETE("label", "node"),
    DELETE("snapshot", "node"),
    DELETE("checkpoint", "node"),
    DELETE("breakpoint", "breakpoint"),
    DELETE("reflog", "n"),
    DELETE("branch", "branch"),
    DELETE("attempt", "call, effect, n"),
    DELETE("effect", "effect"),
    DELETE("call", "call"),
    DELETE("input", "seq"),
    DELETE("node", "segment, depth"),
    DELETE("segment", "segment"),
};

/* Where bodies are referred to. */
static const char *const references[] = {
    "SELECT config FROM run",
    "SELECT blob FROM node",
    "SELECT blob FROM input",
    "SELECT params FROM call",
    "SELECT args FROM effect",
    "SELECT result_blob FROM effect",
    "SELECT raw FROM attempt WHERE raw IS NOT NULL",
};

static const char sql_mark_run[] = "UPDATE run SET state=-1 WHERE id=?";
static const char sql_doomed[] = "SELECT id FROM run WHERE state=-1 ORDER BY id";
/* One that was imported is as old as that, whenever it was lived. */
static const char sql_old[] =
    "SELECT id FROM run r WHERE updated_us<?1 AND state<>-1"
    " AND NOT EXISTS (SELECT 1 FROM origin o WHERE o.run=r.id AND o.us>=?1) ORDER BY id";
static const char sql_owner[] = "SELECT owner FROM lease WHERE run=? AND owner<>''";
static const char sql_some_events[] = "SELECT seq FROM event WHERE run=? ORDER BY seq LIMIT 500";
static const char sql_drop_events[] = "DELETE FROM event WHERE run=? AND seq BETWEEN ? AND ?";
static const char sql_hole_before[] =
    "SELECT first FROM hole WHERE first<?1 AND last=?1-1 ORDER BY first DESC LIMIT 1";
static const char sql_hole_after[] = "SELECT last FROM hole WHERE first=?+1";
static const char sql_drop_holes[] = "DELETE FROM hole WHERE first BETWEEN ? AND ?";
static const char sql_add_hole[] = "INSERT INTO hole(first, last) VALUES(?, ?)";
static const char sql_drop_lease[] = "DELETE FROM lease WHERE run=?";
static const char sql_drop_run[] = "DELETE FROM run WHERE id=?";
static const char sql_begin_trash[] = "INSERT OR IGNORE INTO trash(blob) VALUES(0)";
static const char sql_has_trash[] = "SELECT count(*) FROM trash";
static const char sql_max_blob[] = "SELECT coalesce(max(id), 0) FROM blob";
static const char sql_blobs[] = "SELECT id FROM blob WHERE id>? ORDER BY id LIMIT 500";
static const char sql_throw[] = "INSERT OR IGNORE INTO trash(blob) VALUES(?)";
static const char sql_thrown[] = "SELECT blob FROM trash WHERE blob>? ORDER BY blob LIMIT 500";
static const char sql_keep[] = "DELETE FROM trash WHERE blob=?";
static const char sql_weigh[] = "SELECT length(data) FROM blob WHERE id=?";
static const char sql_drop_blob[] = "DELETE FROM blob WHERE id=?";
static const char sql_end_trash[] = "DELETE FROM trash";
static const char sql_free_pages[] = "PRAGMA freelist_count";

/* ---- transactions */

static int begin(struct gc *gc)
{
    if (gc->options->stop && __atomic_load_n(gc->options->stop, __ATOMIC_RELAXED))
        return err_set(gc->err, E_CANCELLED, "gc was stopped; the next one goes on");
    int rc = lock_wait(gc->lock, LOCK_WAIT, gc->err);
    if (rc == 0)
        rc = db_begin(gc->db, true, gc->err);
    if (rc < 0)
        lock_drop(gc->lock);
    return rc;
}

static int end(struct gc *gc, int rc)
{
    int64_t left;

    DIES_AT(FAIL_GC_STEP);
    if (rc == 0)
        rc = db_commit(gc->db, gc->err);
    else
        db_rollback(gc->db);
    if (rc == 0 && db_wal_frames(gc->db) > FOLD_ABOVE)
        rc = db_fold(gc->db, false, &left, gc->err);
    lock_drop(gc->lock);
    return rc;
}

/* ---- lists of numbers, bounded by CHUNK or by the number of runs */

struct ids {
    int64_t *at;
    size_t count, cap;
};

static int read_ids(struct gc *gc, const char *sql, const struct bind *args, struct ids *out)
{
    sqlite3_stmt *row;
    int rc = db_query(&row, gc->db, sql, args, gc->err);

    while (rc == 0 && (rc = db_next(gc->db, row, gc->err)) > 0) {
        out->at = mem_room(out->at, out->count, &out->cap, sizeof *out->at);
        out->at[out->count++] = sqlite3_column_int64(row, 0);
        rc = 0;
    }
    db_done(row);
    return rc;
}

/* ---- runs */

static int is_alive(struct gc *gc, int64_t run, bool *alive)
{
    sqlite3_stmt *row;
    struct owner_info info = {0};
    int rc = db_query(&row, gc->db, sql_owner, BIND(bind_int(run)), gc->err);

    if (rc == 0)
        rc = db_next(gc->db, row, gc->err);
    if (rc > 0)
        owner_look(&info, gc->options->path, (const char *)sqlite3_column_text(row, 0));
    db_done(row);
    *alive = info.alive;
    return rc < 0 ? rc : 0;
}

/* Marks the runs that go: from here on no list shows them and nobody can resume them. */
static int doom(struct gc *gc, const struct ids *wanted)
{
    int rc = begin(gc);

    if (rc < 0)
        return rc;
    for (size_t i = 0; rc == 0 && i < wanted->count; i++) {
        bool alive;
        rc = is_alive(gc, wanted->at[i], &alive);
        if (rc == 0 && alive)
            gc->report->kept_live++;
        else if (rc == 0 && !gc->options->dry)
            rc = db_run(gc->db, sql_mark_run, BIND(bind_int(wanted->at[i])), gc->err);
        else if (rc == 0)
            gc->report->runs++;
    }
    if (rc == 0 && wanted->count > 0 && !gc->options->dry)
        rc = db_run(gc->db, sql_begin_trash, NULL, gc->err);
    return end(gc, rc);
}

/* Notes that the events first … last are gone, as one hole with its neighbours. */
static int add_hole(struct gc *gc, int64_t first, int64_t last)
{
    int rc = db_value(gc->db, sql_hole_before, BIND(bind_int(first)), &first, gc->err);

    if (rc >= 0)
        rc = db_value(gc->db, sql_hole_after, BIND(bind_int(last)), &last, gc->err);
    if (rc >= 0)
        rc = db_run(gc->db, sql_drop_holes, BIND(bind_int(first), bind_int(last)), gc->err);
    if (rc >= 0)
        rc = db_run(gc->db, sql_add_hole, BIND(bind_int(first), bind_int(last)), gc->err);
    return rc;
}

static int drop_events(struct gc *gc, int64_t run, int64_t *dropped)
{
    struct ids events = {0};
    int rc = read_ids(gc, sql_some_events, BIND(bind_int(run)), &events);

    for (size_t i = 0, next; rc == 0 && i < events.count; i = next) {
        for (next = i + 1; next < events.count && events.at[next] == events.at[next - 1] + 1;)
            next++;
        rc = db_run(gc->db, sql_drop_events,
                    BIND(bind_int(run), bind_int(events.at[i]), bind_int(events.at[next - 1])),
                    gc->err);
        if (rc == 0)
            rc = add_hole(gc, events.at[i], events.at[next - 1]);
    }
    *dropped = (int64_t)events.count;
    free(events.at);
    return rc;
}

/* One transaction's worth of one table: *dropped 0 when none is left. */
static int drop_some(struct gc *gc, int64_t run, size_t step, int64_t *dropped)
{
    int rc = begin(gc);

    if (rc < 0)
        return rc;
    if (step < COUNT(deletions)) {
        rc = db_run(gc->db, deletions[step], BIND(bind_int(run)), gc->err);
        *dropped = db_changes(gc->db);
    } else {
        rc = drop_events(gc, run, dropped);
    }
    return end(gc, rc);
}

static int drop_run(struct gc *gc, int64_t run)
{
    int rc = 0;

    for (size_t step = 0; rc == 0 && step <= COUNT(deletions); step++) {
        int64_t dropped;
        do {
            rc = drop_some(gc, run, step, &dropped);
            gc->report->rows += rc == 0 ? dropped : 0;
        } while (rc == 0 && dropped > 0);
    }
    if (rc == 0)
        rc = begin(gc);
    if (rc < 0)
        return rc;
    rc = db_run(gc->db, sql_drop_lease, BIND(bind_int(run)), gc->err);
    if (rc == 0)
        rc = db_run(gc->db, sql_drop_run, BIND(bind_int(run)), gc->err);
    gc->report->runs += rc == 0;
    return end(gc, rc);
}

static int drop_runs(struct gc *gc)
{
    struct ids wanted = {0}, doomed = {0};
    int rc = 0;

    for (size_t i = 0; i < gc->options->run_count; i++) {
        wanted.at = mem_room(wanted.at, wanted.count, &wanted.cap, sizeof *wanted.at);
        wanted.at[wanted.count++] = gc->options->runs[i];
    }
    if (gc->options->older_us)
        rc = read_ids(gc, sql_old, BIND(bind_int(gc->options->older_us)), &wanted);
    if (rc == 0 && wanted.count > 0)
        rc = doom(gc, &wanted);
    if (rc == 0 && !gc->options->dry)
        rc = read_ids(gc, sql_doomed, NULL, &doomed);
    for (size_t i = 0; rc == 0 && i < doomed.count; i++)
        rc = drop_run(gc, doomed.at[i]);
    free(wanted.at);
    free(doomed.at);
    return rc;
}

/* ---- bodies */

struct marks {
    uint8_t *bits; /* one for each id up to max */
    int64_t max;
};

static bool is_marked(const struct marks *marks, int64_t id)
{
    return id > marks->max || (marks->bits[id / 8] >> (id % 8) & 1);
}

static int mark(struct gc *gc, struct marks *marks)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < COUNT(references); i++) {
        sqlite3_stmt *row;
        rc = db_query(&row, gc->db, references[i], NULL, gc->err);
        while (rc == 0 && (rc = db_next(gc->db, row, gc->err)) > 0) {
            int64_t id = sqlite3_column_int64(row, 0);
            if (id > 0 && id <= marks->max)
                marks->bits[id / 8] |= (uint8_t)(1 << id % 8);
            rc = 0;
        }
        db_done(row);
    }
    return rc;
}

/* Applies `sql` to the next ids that `list` gives behind *after and that are marked or not. */
static int each_chunk(struct gc *gc, const char *list, const char *sql, const struct marks *marks,
                      bool marked, int64_t *after)
{
    struct ids ids = {0};
    int rc = begin(gc);

    if (rc < 0)
        return rc;
    rc = read_ids(gc, list, BIND(bind_int(*after)), &ids);
    for (size_t i = 0; rc == 0 && i < ids.count; i++)
        if (is_marked(marks, ids.at[i]) == marked)
            rc = db_run(gc->db, sql, BIND(bind_int(ids.at[i])), gc->err);
    if (ids.count > 0)
        *after = ids.at[ids.count - 1];
    rc = end(gc, rc);
    bool more = ids.count > 0;
    free(ids.at);
    return rc < 0 ? rc : more;
}

static int drop_thrown(struct gc *gc)
{
    struct ids ids = {0};
    int64_t bytes;
    int rc = begin(gc);

    if (rc < 0)
        return rc;
    rc = read_ids(gc, sql_thrown, BIND(bind_int(0)), &ids);
    for (size_t i = 0; rc == 0 && i < ids.count; i++) {
        bytes = 0;
        rc = db_value(gc->db, sql_weigh, BIND(bind_int(ids.at[i])), &bytes, gc->err);
        if (rc >= 0)
            rc = db_run(gc->db, sql_drop_blob, BIND(bind_int(ids.at[i])), gc->err);
        if (rc == 0)
            rc = db_run(gc->db, sql_keep, BIND(bind_int(ids.at[i])), gc->err);
        gc->report->blobs += rc == 0;
        gc->report->bytes += rc == 0 ? bytes : 0;
    }
    rc = end(gc, rc);
    bool more = ids.count > 0;
    free(ids.at);
    return rc < 0 ? rc : more;
}

static int sweep(struct gc *gc, struct marks *marks)
{
    int64_t after = 0;
    int rc = mark(gc, marks);

    while (rc >= 0 && (rc = each_chunk(gc, sql_blobs, sql_throw, marks, false, &after)) > 0)
        continue;
    if (rc == 0)
        rc = mark(gc, marks);
    after = 0;
    while (rc >= 0 && (rc = each_chunk(gc, sql_thrown, sql_keep, marks, true, &after)) > 0)
        continue;
    while (rc >= 0 && (rc = drop_thrown(gc)) > 0)
        continue;
    if (rc == 0)
        rc = begin(gc);
    return rc < 0 ? rc : end(gc, db_run(gc->db, sql_end_trash, NULL, gc->err));
}

static int drop_bodies(struct gc *gc)
{
    struct marks marks = {0};
    int64_t trash = 0;
    int rc = db_value(gc->db, sql_has_trash, NULL, &trash, gc->err);

    if (rc < 0 || trash == 0)
        return rc < 0 ? rc : 0;
    rc = db_value(gc->db, sql_max_blob, NULL, &marks.max, gc->err);
    if (rc < 0)
        return rc;
    marks.bits = mem_try((size_t)marks.max / 8 + 1);
    if (!marks.bits)
        return err_set(gc->err, E_NOMEM, "gc: no memory for %" PRId64 " bodies", marks.max);
    rc = sweep(gc, &marks);
    free(marks.bits);
    return rc;
}

/* ---- the file */

static int shrink(struct gc *gc)
{
    int64_t before = 0, left = 0, now = 0;
    int rc = db_value(gc->db, sql_free_pages, NULL, &before, gc->err);

    for (now = before; rc >= 0 && now > 0;) {
        int64_t last = now;
        rc = begin(gc);
        if (rc == 0)
            rc = end(gc, db_script(gc->db, VACUUM_STEP, gc->err));
        if (rc == 0)
            rc = db_value(gc->db, sql_free_pages, NULL, &now, gc->err);
        if (now >= last)
            break;
    }
    if (rc < 0)
        return rc;
    gc->report->freed = (before - now) * 4096;
    rc = lock_wait(gc->lock, LOCK_WAIT, gc->err);
    if (rc == 0)
        (void)db_fold(gc->db, true, &left, NULL); /* a reader may hold it back: the next one will */
    lock_drop(gc->lock);
    return rc;
}

static int open_all(struct gc *gc)
{
    struct db_options options = {.path = gc->options->path, .vfs = gc->options->vfs};
    enum place_state state = PLACE_FILE;
    int version;
    int rc = gc->options->vfs ? 0 : place_check(&state, options.path, gc->err);

    if (rc == 0 && state != PLACE_FILE)
        rc = err_set(gc->err, E_NOTFOUND, "there is no history at %s", options.path);
    if (rc == 0)
        rc = lock_open(&gc->lock, options.path, gc->err);
    if (rc == 0)
        rc = db_open(&gc->db, &options, gc->err);
    if (rc == 0)
        rc = schema_check_kind(gc->db, 0, gc->err);
    if (rc == 0)
        rc = db_version(gc->db, &version, gc->err);
    if (rc == 0 && version != schema_newest(schema_migrations, schema_migration_count))
        rc = err_set(gc->err, E_NEWER, "history %s is of another version of rerail; open it first",
                     options.path);
    return rc;
}

int gc_run(struct gc_report *out, const struct gc_options *options, struct err *err)
{
    struct gc gc = {.options = options, .report = out, .err = err};

    memset(out, 0, sizeof *out);
    int rc = open_all(&gc);
    if (rc == 0)
        rc = drop_runs(&gc);
    if (rc == 0 && !options->dry) {
        rc = drop_bodies(&gc);
        if (rc == 0)
            rc = shrink(&gc);
        out->files = owner_sweep(options->path) + place_prune_backups(options->path, BACKUPS);
    }
    db_close(gc.db);
    lock_close(gc.lock);
    return rc;
}
