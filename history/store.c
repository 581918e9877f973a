/* SPDX-License-Identifier: MIT */
#include "history/store.h"

#include "core/base/failpoint.h"
#include "history/blob.h"

#include <assert.h>
#include <time.h>

#define BUSY_TRIES 1000    /* of store_begin_waiting … */
#define BUSY_NS    1000000 /* … this far apart */

static const char sql_last_seq[] = "SELECT max(seq) FROM event";
static const char sql_last_hole[] = "SELECT last FROM hole ORDER BY first DESC LIMIT 1";

/* Events are numbered without gaps, so the last number says whether a stored tail is missing. Only
   others can have changed what is known of it here. */
static int read_last_seq(struct history *history, struct err *err)
{
    int64_t last = 0, hole = 0;

    if (!db_is_news(history->db))
        return 0;
    int rc = db_value(history->db, sql_last_seq, NULL, &last, err);

    if (rc >= 0)
        rc = db_value(history->db, sql_last_hole, NULL, &hole, err);
    if (rc < 0)
        return rc;
    if (hole > last)
        last = hole;
    if (last < history->last_seq)
        return err_set(err, E_CORRUPT,
                       "history %s: the last %lld events are missing; run rerail fsck",
                       history->path, (long long)(history->last_seq - last));
    history->last_seq = last;
    return 0;
}

/* After a failure: what the last commit has written may count now, although it was never synced.
   Written again it is on disk, and the doubt is over. */
static int open_again(struct history *history, struct err *err)
{
    if (history->db)
        return 0;
    int rc = db_open(&history->db, &(struct db_options){.path = history->path, .vfs = history->vfs},
                     err);
    if (rc == 0)
        rc = db_harden(history->db, err);
    if (rc < 0) {
        db_close(history->db);
        history->db = NULL;
    }
    return rc;
}

int store_begin(struct history *history, struct err *err)
{
    int rc = 0;

    if (keeper_is_folding(history->keeper))
        rc = err_set(err, E_BUSY, "history: its WAL is being folded");
    if (rc == 0)
        rc = lock_try(history->lock, err);
    if (rc < 0) {
        history->busy += rc == E_BUSY;
        return rc;
    }
    rc = open_again(history, err);
    if (rc == 0)
        rc = db_begin(history->db, true, err);
    if (rc == 0)
        rc = db_check_place(history->db, err);
    if (rc == 0)
        rc = read_last_seq(history, err);
    if (rc < 0)
        return store_end(history, rc, err);
    history->transactions++;
    return 0;
}

int store_begin_waiting(struct history *history, struct err *err)
{
    int rc = store_begin(history, err);

    for (int tries = 0; rc == E_BUSY && tries < BUSY_TRIES && !history->stepwise; tries++) {
        (void)nanosleep(&(struct timespec){.tv_nsec = BUSY_NS}, NULL); /* early is fine */
        rc = store_begin(history, err);
    }
    return rc;
}

/* After these the connection is not to be trusted: its cache may not be what is on disk. */
static void drop_connection(struct history *history, int rc)
{
    if (rc != E_IO && rc != E_FULL && rc != E_CORRUPT)
        return;
    db_close(history->db);
    history->db = NULL;
}

int store_end(struct history *history, int rc, struct err *err)
{
    DIES_AT(FAIL_COMMIT);
    if (rc == 0)
        rc = db_commit(history->db, err);
    DIES_AT(FAIL_COMMITTED);
    if (rc < 0 && history->db) {
        db_rollback(history->db);
        drop_connection(history, rc);
    }
    if (rc == 0)
        lock_testify(history->lock, history->last_seq);
    lock_drop(history->lock);
    return rc;
}

int store_body(struct history *history, const char *body, size_t len, int64_t *id, struct err *err)
{
    *id = 0;
    if (!body)
        return 0;
    struct hash hash = sha256(body, len);
    return blob_put(history->db, history->packer, &hash, body, len, id, NULL, err);
}
