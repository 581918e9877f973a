/* SPDX-License-Identifier: MIT */
#include "history/history.h"

#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "history/place.h"
#include "history/salvage.h"
#include "history/schema.h"
#include "history/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPEN_WAIT 5000000 /* µs to wait for the lock when opening */
#define BACKUPS   2
#define WAL_WARN  ((int64_t)64 << 20)

int history_path(char **out, struct err *err)
{
    char *state;
    int rc = path_root(&state, PATH_STATE, err);

    if (rc < 0)
        return rc;
    *out = path_join(state, "history.db");
    free(state);
    return 0;
}

void history_report_free(struct history_report *report)
{
    free(report->backup);
    free(report->damage);
    memset(report, 0, sizeof *report);
}

/* ---- opening */

static int open_file(struct history *history, struct history_report *report, struct err *err)
{
    struct schema_options options = {.backup = !history->vfs,
                                     .wall_us = clock_wall(&history->clock)};
    int rc = db_open(&history->db, &(struct db_options){.path = history->path, .vfs = history->vfs},
                     err);

    if (rc == 0)
        rc = schema_bring_up(history->db, &options, &report->backup, err);
    if (rc < 0) {
        db_close(history->db);
        history->db = NULL;
    }
    return rc;
}

/* The WAL's tail can vanish without a trace in SQLite's own books (a deleted or garbled WAL, an old
   copy put back). The lock file remembers the last event. */
static int check_witness(struct history *history, struct history_report *report, struct err *err)
{
    static const char sql[] = "SELECT max(coalesce((SELECT max(seq) FROM event), 0),"
                              " coalesce((SELECT max(last) FROM hole), 0))";
    int64_t last = 0, witness = lock_witness(history->lock);
    int rc = db_value(history->db, sql, NULL, &last, err);

    if (rc < 0)
        return rc;
    history->last_seq = last;
    if (witness > last && !report->damage)
        report->damage = mem_printf("the last %" PRId64 " events are missing: the file or its WAL"
                                    " was replaced by an older one",
                                    witness - last);
    if (witness > last) /* told once; raised only by a commit that came back from its sync */
        lock_testify(history->lock, last);
    return 0;
}

static const char *describe(enum place_state state)
{
    return state == PLACE_ODD ? "the history file or its WAL was not one" : NULL;
}

/* Opens what is there, or begins anew; damage leads to salvage once. */
/* It opens, but the last process that wrote to it met damage further in. */
static int distrust(struct history *history, struct err *err)
{
    db_close(history->db);
    history->db = NULL;
    return err_set(err, E_CORRUPT, "history %s was found damaged while it was written to",
                   history->path);
}

static int open_place(struct history *history, struct history_report *report, struct err *err)
{
    enum place_state state = PLACE_FILE;
    struct err why = {0};
    int rc = history->vfs ? 0 : place_check(&state, history->path, err);

    if (rc == 0 && !history->vfs && salvage_is_due(history->path))
        state = PLACE_ODD;
    if (rc == 0 && state == PLACE_NOTHING) {
        rc = place_create(history->path, err);
        report->fresh = rc == 0;
    }
    if (rc == 0 && state != PLACE_ODD) {
        rc = open_file(history, report, &why);
        if (rc == E_CORRUPT) /* once more: a disk that hiccuped is no damage */
            rc = open_file(history, report, &why);
        if (rc == 0 && !history->vfs && place_is_marked(history->path))
            rc = distrust(history, &why);
        if (rc < 0 && (rc != E_CORRUPT || history->vfs))
            return err_set(err, rc, "%s", why.msg);
    }
    if (rc == 0 && state != PLACE_ODD)
        return 0;
    if (rc == 0 || rc == E_CORRUPT) {
        rc = salvage(&report->damage, history->path, state == PLACE_ODD ? describe(state) : why.msg,
                     clock_wall(&history->clock), err);
        if (rc == 0)
            rc = open_file(history, report, err);
    }
    return rc;
}

/* Leases whose owner is dead: its process ended without giving them back. */
static int find_unclean(struct history *history, struct history_report *report, struct err *err)
{
    static const char sql[] = "SELECT DISTINCT owner FROM lease WHERE owner<>''";
    sqlite3_stmt *row;
    struct owner_info info;
    int rc = db_query(&row, history->db, sql, NULL, err);

    while (rc == 0 && (rc = db_next(history->db, row, err)) > 0) {
        owner_look(&info, history->path, (const char *)sqlite3_column_text(row, 0));
        report->unclean = report->unclean || !info.alive;
        rc = 0;
    }
    db_done(row);
    return rc;
}

static int open_locked(struct history *history, struct history_report *report, struct err *err)
{
    int rc = open_place(history, report, err);

    if (rc == 0)
        rc = check_witness(history, report, err);
    if (rc == 0)
        rc = find_unclean(history, report, err);
    /* What a dead process wrote last may be readable and yet never have been synced. */
    if (rc == 0 && report->unclean)
        rc = db_harden(history->db, err);
    return rc;
}

static int open_all(struct history *history, const struct history_options *options,
                    struct history_report *report, struct err *err)
{
    struct keeper_options keep = {
        .path = history->path, .vfs = history->vfs, .inline_folds = options->stepwise};
    char *dir = mem_copy(history->path, (size_t)(path_base(history->path) - history->path));
    int rc = *dir ? path_own_dir(dir, err) : 0;

    free(dir);
    if (rc == 0)
        rc = lock_open(&history->lock, history->path, err);
    if (rc == 0)
        rc = lock_wait(history->lock, options->lock_wait_us ? options->lock_wait_us : OPEN_WAIT,
                       err);
    if (rc == 0) {
        rc = open_locked(history, report, err);
        lock_drop(history->lock);
    }
    if (rc == 0)
        rc = owner_new(&history->owner, history->path, err);
    if (rc == 0)
        rc = keeper_new(&history->keeper, &keep, err);
    return rc;
}

int history_open(struct history **out, const struct history_options *options,
                 struct history_report *report, struct err *err)
{
    struct history *history = mem_new(sizeof *history);
    int rc = 0;

    *out = NULL;
    memset(report, 0, sizeof *report);
    report->unpatched = !db_patched(sqlite3_libversion_number());
    history->clock = options->clock.mono_us ? options->clock : clock_system();
    history->packer = packer_new();
    history->vfs = mem_text(options->vfs);
    history->stepwise = options->stepwise;
    owner_boot_id(history->boot_id);
    if (options->path)
        history->path = mem_text(options->path);
    else
        rc = history_path(&history->path, err);
    if (rc == 0)
        rc = open_all(history, options, report, err);
    if (rc < 0) {
        history_drop(history);
        return rc;
    }
    *out = history;
    return 0;
}

/* ---- closing */

static void release_parts(struct history *history)
{
    keeper_free(history->keeper);
    db_close(history->db);
    lock_close(history->lock);
    packer_free(history->packer);
    free(history->leases);
    free(history->path);
    free(history->vfs);
    free(history);
}

void history_drop(struct history *history)
{
    if (!history)
        return;
    owner_abandon(history->owner);
    release_parts(history);
}

/* All of it may fail without harm: the next one to open finds a dead owner and a WAL. */
void history_close(struct history *history)
{
    int64_t left;

    if (!history)
        return;
    keeper_free(history->keeper); /* first: it may hold the lock */
    history->keeper = NULL;
    (void)lease_release_all(history, NULL);
    if (history->db && lock_try(history->lock, NULL) == 0) {
        (void)db_fold(history->db, true, &left, NULL);
        lock_drop(history->lock);
    }
    owner_free(history->owner);
    release_parts(history);
}

/* ---- the journal */

static void tend(void *self, bool idle)
{
    struct history *history = self;

    if (history->db)
        keeper_tend(history->keeper, db_wal_frames(history->db), idle);
}

static const struct journal_class journal_class = {
    .ready = load_ready,
    .new_run = lease_new_run,
    .commit = commit_batch,
    .claim = lease_claim,
    .release = lease_release,
    .load = load_run,
    .load_at = load_at,
    .chain = load_chain,
    .repeated = load_repeated,
    .past = load_past,
    .tend = tend,
};

struct journal history_journal(struct history *history)
{
    return (struct journal){.class = &journal_class, .self = history};
}

/* ---- facts */

const char *history_file(const struct history *history)
{
    return history->path;
}

const char *history_owner(const struct history *history)
{
    return owner_name(history->owner);
}

int history_publish_socket(struct history *history, const char *socket, struct err *err)
{
    return owner_publish(history->owner, socket, err);
}

bool history_sqlite(const char **version)
{
    *version = sqlite3_libversion();
    return db_patched(sqlite3_libversion_number());
}

void history_facts(const struct history *history, struct history_facts *out)
{
    char *wal = mem_printf("%s-wal", history->path);

    *out = (struct history_facts){
        .sqlite = sqlite3_libversion(),
        .patched = db_patched(sqlite3_libversion_number()),
        .schema = schema_newest(schema_migrations, schema_migration_count),
        .bytes = place_size(history->path),
        .wal_bytes = place_size(wal),
        .commits = history->commits,
        .busy = history->busy,
        .checkpoints = keeper_folds(history->keeper),
    };
    out->wal_warning = out->wal_bytes > WAL_WARN;
    free(wal);
}
