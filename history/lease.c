/* SPDX-License-Identifier: MIT */
/*
 * A run belongs to one process at a time. Its lease names the owner's file (owner.h) and an epoch
 * that each change of hands raises; every commit checks both, so a process that was taken for dead
 * and comes back cannot write any more.
 */
#include "history/store.h"

#include "core/base/mem.h"
#include "core/base/str.h"

#include <inttypes.h>
#include <unistd.h>

static const char sql_new[] =
    "INSERT INTO lease(owner, epoch, pid, boot_id, us) VALUES(?, 1, ?, ?, ?)";
static const char sql_check[] = "SELECT epoch FROM lease WHERE run=? AND owner=?";
static const char sql_look[] = "SELECT owner, epoch, pid FROM lease WHERE run=?";
static const char sql_run[] = "SELECT id FROM run WHERE id=? AND state>=0";
static const char sql_origin[] =
    "SELECT r.uid FROM origin o JOIN run r ON r.id=o.run WHERE o.run=?";
static const char sql_claim[] =
    "INSERT INTO lease(run, owner, epoch, pid, boot_id, us) VALUES(?, ?, ?, ?, ?, ?)"
    " ON CONFLICT(run) DO UPDATE SET owner=excluded.owner, epoch=excluded.epoch,"
    " pid=excluded.pid, boot_id=excluded.boot_id, us=excluded.us";
static const char sql_release[] = "UPDATE lease SET owner='', pid=0, us=? WHERE run=? AND owner=?";
static const char sql_release_all[] =
    "UPDATE lease SET owner='', pid=0, us=? WHERE owner=? AND owner<>''";

struct lease *lease_find(struct history *history, int64_t run)
{
    for (size_t i = 0; i < history->lease_count; i++) {
        size_t at = (history->lease_last + i) % history->lease_count;
        if (history->leases[at].run == run) {
            history->lease_last = at;
            return &history->leases[at];
        }
    }
    return NULL;
}

static void remember(struct history *history, int64_t run, int64_t epoch)
{
    struct lease *lease = lease_find(history, run);

    if (!lease) {
        history->leases = mem_room(history->leases, history->lease_count, &history->lease_cap,
                                   sizeof *history->leases);
        lease = &history->leases[history->lease_count++];
    }
    *lease = (struct lease){.run = run, .epoch = epoch};
}

static void forget(struct history *history, int64_t run)
{
    struct lease *lease = lease_find(history, run);

    if (lease)
        *lease = history->leases[--history->lease_count];
    history->lease_last = 0;
}

int lease_check(struct history *history, int64_t run, struct err *err)
{
    struct lease *lease = lease_find(history, run);
    int64_t epoch = 0;

    if (!lease)
        return err_set(err, E_FENCED, "run %" PRId64 " is not this process's", run);
    if (lease->checked == history->transactions)
        return 0;
    int rc = db_value(history->db, sql_check,
                      BIND(bind_int(run), bind_text(owner_name(history->owner))), &epoch, err);
    if (rc < 0)
        return rc;
    if (rc == 0 || epoch != lease->epoch)
        return err_set(err, E_FENCED, "run %" PRId64 " was taken over by another process", run);
    lease->checked = history->transactions;
    return 0;
}

int lease_new_run(void *self, int64_t *run, struct err *err)
{
    struct history *history = self;
    int rc = store_begin(history, err);

    if (rc < 0)
        return rc;
    rc = db_run(history->db, sql_new,
                BIND(bind_text(owner_name(history->owner)), bind_int(getpid()),
                     bind_text(history->boot_id), bind_int(clock_wall(&history->clock))),
                err);
    *run = rc == 0 ? sqlite3_last_insert_rowid(db_handle(history->db)) : 0;
    rc = store_end(history, rc, err);
    if (rc == 0)
        remember(history, *run, 1);
    return rc;
}

/* The epoch to claim with, or E_DENIED while its owner lives. */
static int next_epoch(struct history *history, int64_t run, int64_t *epoch, struct err *err)
{
    sqlite3_stmt *row;
    struct owner_info info;
    int rc = db_query(&row, history->db, sql_look, BIND(bind_int(run)), err);

    *epoch = 1;
    if (rc == 0)
        rc = db_next(history->db, row, err);
    if (rc > 0) {
        const char *owner = (const char *)sqlite3_column_text(row, 0);
        *epoch = sqlite3_column_int64(row, 1) + 1;
        if (owner && *owner && !str_eq(owner, owner_name(history->owner))) {
            owner_look(&info, history->path, owner);
            if (info.alive)
                rc = err_set(err, E_DENIED, "run %" PRId64 " is run by process %" PRId64, run,
                             info.pid ? info.pid : (int64_t)sqlite3_column_int64(row, 2));
        }
    }
    db_done(row);
    return rc < 0 ? rc : 0;
}

/* What an imported run says of itself (what may run unasked, in which folder) is its file's word,
   not the operator's: nobody goes on with it. */
static int check_origin(struct history *history, int64_t run, struct err *err)
{
    sqlite3_stmt *row;
    int rc = db_query(&row, history->db, sql_origin, BIND(bind_int(run)), err);

    if (rc == 0 && (rc = db_next(history->db, row, err)) > 0)
        rc = err_set(err, E_DENIED,
                     "run %.8s was imported: it can be looked at and compared, not gone on with",
                     (const char *)sqlite3_column_text(row, 0));
    db_done(row);
    return rc;
}

int lease_claim(void *self, int64_t run, struct err *err)
{
    struct history *history = self;
    int64_t epoch = 0, there = 0;

    if (lease_find(history, run))
        return 0;
    int rc = store_begin(history, err);
    if (rc < 0)
        return rc;
    rc = db_value(history->db, sql_run, BIND(bind_int(run)), &there, err);
    if (rc == 0)
        rc = err_set(err, E_NOTFOUND, "there is no run %" PRId64, run);
    if (rc > 0)
        rc = check_origin(history, run, err);
    if (rc == 0)
        rc = next_epoch(history, run, &epoch, err);
    if (rc == 0)
        rc = db_run(history->db, sql_claim,
                    BIND(bind_int(run), bind_text(owner_name(history->owner)), bind_int(epoch),
                         bind_int(getpid()), bind_text(history->boot_id),
                         bind_int(clock_wall(&history->clock))),
                    err);
    rc = store_end(history, rc, err);
    if (rc == 0)
        remember(history, run, epoch);
    return rc;
}

int lease_release(void *self, int64_t run, struct err *err)
{
    struct history *history = self;

    if (!lease_find(history, run))
        return 0;
    int rc = store_begin(history, err);
    if (rc < 0)
        return rc;
    rc = db_run(history->db, sql_release,
                BIND(bind_int(clock_wall(&history->clock)), bind_int(run),
                     bind_text(owner_name(history->owner))),
                err);
    rc = store_end(history, rc, err);
    if (rc == 0)
        forget(history, run);
    return rc;
}

int lease_release_all(struct history *history, struct err *err)
{
    if (history->lease_count == 0)
        return 0;
    int rc = store_begin_waiting(history, err);
    if (rc < 0)
        return rc;
    rc = db_run(history->db, sql_release_all,
                BIND(bind_int(clock_wall(&history->clock)), bind_text(owner_name(history->owner))),
                err);
    rc = store_end(history, rc, err);
    if (rc == 0)
        history->lease_count = history->lease_last = 0;
    return rc;
}
