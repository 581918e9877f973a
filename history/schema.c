/* SPDX-License-Identifier: MIT */
/*
 * Numbers of nodes, segments, branches, calls and effects are counted per run, so the tables of a
 * run are clustered by (run, number) and WITHOUT ROWID: one look-up, no index beside them. A node's
 * place is (run, segment, depth), which makes a path of 10,000 nodes a few range scans.
 *
 * Bodies: a `blob` is stored once by the SHA-256 of its content and referred to by its id (0 or
 * NULL = none). Its data, and `checkpoint.summary`, begin with a byte that says how they are packed
 * (body.h). There is no foreign key on blob: it would make deleting one read every table.
 *
 * run.state is the engine's, or -1 while gc deletes the run: nobody shows or resumes it then.
 *
 * event.seq has no gaps but those listed in `hole` (runs that gc deleted). `trash` holds bodies
 * that gc is about to delete; whoever refers to one again takes it out.
 */
#include "history/schema.h"

#include "core/base/failpoint.h"
#include "core/base/mem.h"
#include "history/place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define BACKUPS  2

static const char first[] =
    "CREATE TABLE blob(id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE CHECK(length(hash)=32),"
    " len INT NOT NULL, data BLOB NOT NULL) STRICT;"

    "CREATE TABLE run(id INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE, title TEXT, agent TEXT,"
    " model TEXT, provider TEXT, workspace TEXT, config INT NOT NULL,"
    " created_us INT NOT NULL, updated_us INT NOT NULL, state INT NOT NULL DEFAULT 0, reason TEXT,"
    " iterations INT NOT NULL DEFAULT 0, tool_calls INT NOT NULL DEFAULT 0,"
    " errors INT NOT NULL DEFAULT 0, retries INT NOT NULL DEFAULT 0,"
    " tokens_in INT NOT NULL DEFAULT 0, tokens_out INT NOT NULL DEFAULT 0,"
    " tokens_cached INT NOT NULL DEFAULT 0, cost_microusd INT NOT NULL DEFAULT 0,"
    " branch INT NOT NULL DEFAULT 0) STRICT;"

    "CREATE TABLE segment(run INT NOT NULL REFERENCES run, segment INT NOT NULL,"
    " parent INT NOT NULL, base INT NOT NULL, PRIMARY KEY(run, segment)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE node(run INT NOT NULL, segment INT NOT NULL, depth INT NOT NULL,"
    " node INT NOT NULL, parent INT NOT NULL, kind INT NOT NULL, us INT NOT NULL,"
    " blob INT NOT NULL, chain BLOB NOT NULL CHECK(length(chain)=32),"
    " PRIMARY KEY(run, segment, depth), UNIQUE(run, node),"
    " FOREIGN KEY(run, segment) REFERENCES segment)"
    " STRICT, WITHOUT ROWID;"
    "CREATE TRIGGER node_stays BEFORE UPDATE ON node"
    " BEGIN SELECT RAISE(ABORT, 'a node never changes'); END;"

    "CREATE TABLE branch(run INT NOT NULL REFERENCES run, branch INT NOT NULL, name TEXT NOT NULL,"
    " head INT, base INT NOT NULL, from_branch INT NOT NULL, us INT NOT NULL,"
    " PRIMARY KEY(run, branch), UNIQUE(run, name),"
    " FOREIGN KEY(run, head) REFERENCES node(run, node))"
    " STRICT, WITHOUT ROWID;"

    "CREATE TABLE reflog(run INT NOT NULL REFERENCES run, n INT NOT NULL, branch INT NOT NULL,"
    " from_node INT NOT NULL, to_node INT NOT NULL, op INT NOT NULL, actor TEXT, reason TEXT,"
    " us INT NOT NULL, PRIMARY KEY(run, n)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE checkpoint(run INT NOT NULL, node INT NOT NULL, iteration INT NOT NULL,"
    " input_seq INT NOT NULL, us INT NOT NULL, summary BLOB NOT NULL, PRIMARY KEY(run, node),"
    " FOREIGN KEY(run, node) REFERENCES node(run, node))"
    " STRICT, WITHOUT ROWID;"
    "CREATE INDEX checkpoint_input ON checkpoint(run, input_seq) WHERE input_seq > 0;"
    "CREATE TRIGGER checkpoint_stays BEFORE UPDATE ON checkpoint"
    " BEGIN SELECT RAISE(ABORT, 'a checkpoint never changes'); END;"

    "CREATE TABLE snapshot(run INT NOT NULL, node INT NOT NULL, tree BLOB, coverage TEXT,"
    " us INT NOT NULL, PRIMARY KEY(run, node),"
    " FOREIGN KEY(run, node) REFERENCES node(run, node))"
    " STRICT, WITHOUT ROWID;"

    "CREATE TABLE label(run INT NOT NULL, node INT NOT NULL, text TEXT NOT NULL, us INT NOT NULL,"
    " PRIMARY KEY(run, node),"
    " FOREIGN KEY(run, node) REFERENCES node(run, node))"
    " STRICT, WITHOUT ROWID;"

    "CREATE TABLE breakpoint(run INT NOT NULL REFERENCES run, breakpoint INT NOT NULL,"
    " spec TEXT NOT NULL, enabled INT NOT NULL DEFAULT 1, hits INT NOT NULL DEFAULT 0,"
    " us INT NOT NULL, PRIMARY KEY(run, breakpoint)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE input(run INT NOT NULL REFERENCES run, seq INT NOT NULL, type INT NOT NULL,"
    " wall_us INT NOT NULL, mono_us INT NOT NULL, random INT NOT NULL, facts TEXT, blob INT,"
    " decision BLOB NOT NULL CHECK(length(decision)=32),"
    " PRIMARY KEY(run, seq)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE call(run INT NOT NULL REFERENCES run, call INT NOT NULL, branch INT NOT NULL,"
    " parent INT NOT NULL, iteration INT NOT NULL, model TEXT, provider TEXT, params INT,"
    " request BLOB NOT NULL, us INT NOT NULL, ended INT NOT NULL DEFAULT 0,"
    " node INT NOT NULL DEFAULT 0, tokens_in INT NOT NULL DEFAULT 0,"
    " tokens_out INT NOT NULL DEFAULT 0, tokens_cached INT NOT NULL DEFAULT 0,"
    " tokens_reasoning INT NOT NULL DEFAULT 0, cost_microusd INT NOT NULL DEFAULT -1,"
    " duration_us INT NOT NULL DEFAULT 0, first_us INT NOT NULL DEFAULT -1, finish TEXT,"
    " error TEXT, PRIMARY KEY(run, call)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX call_parent ON call(run, parent);"

    "CREATE TABLE effect(run INT NOT NULL, effect INT NOT NULL, node INT NOT NULL,"
    " ix INT NOT NULL, tool TEXT NOT NULL, policy TEXT NOT NULL, call_id TEXT, key TEXT,"
    " args_hash BLOB NOT NULL CHECK(length(args_hash)=32), args INT, epoch INT NOT NULL,"
    " state INT NOT NULL, us INT NOT NULL, started_us INT NOT NULL DEFAULT 0,"
    " ended_us INT NOT NULL DEFAULT 0, result INT NOT NULL DEFAULT 0, result_blob INT,"
    " pid INT NOT NULL DEFAULT 0, start_time INT NOT NULL DEFAULT 0, boot_id TEXT, by TEXT,"
    " note TEXT, PRIMARY KEY(run, effect), UNIQUE(run, node, ix),"
    " FOREIGN KEY(run, node) REFERENCES node(run, node))"
    " STRICT, WITHOUT ROWID;"
    /* intent, started, in doubt */
    "CREATE INDEX effect_open ON effect(run, effect) WHERE state IN (0, 1, 5);"
    "CREATE INDEX effect_world ON effect(run, node) WHERE policy <> 'pure';"
    "CREATE INDEX effect_same ON effect(run, args_hash);"
    "CREATE INDEX effect_result ON effect(run, result) WHERE result <> 0;"

    "CREATE TABLE attempt(run INT NOT NULL REFERENCES run, call INT NOT NULL, effect INT NOT NULL,"
    " n INT NOT NULL, us INT NOT NULL, ended INT NOT NULL DEFAULT 0, outcome TEXT, cause TEXT,"
    " status INT NOT NULL DEFAULT -1, duration_us INT NOT NULL DEFAULT 0,"
    " first_us INT NOT NULL DEFAULT -1, delay_us INT NOT NULL DEFAULT -1, delay_source TEXT,"
    " request_id TEXT, injected INT NOT NULL DEFAULT 0, raw INT,"
    " PRIMARY KEY(run, call, effect, n)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX attempt_time ON attempt(us);"

    "CREATE TABLE event(seq INTEGER PRIMARY KEY, run INT NOT NULL REFERENCES run,"
    " branch INT NOT NULL, node INT NOT NULL, type INT NOT NULL, us INT NOT NULL, body TEXT)"
    " STRICT;"
    "CREATE INDEX event_run ON event(run);"
    "CREATE TRIGGER event_stays BEFORE UPDATE ON event"
    " BEGIN SELECT RAISE(ABORT, 'an event never changes'); END;"
    "CREATE TABLE hole(first INTEGER PRIMARY KEY, last INT NOT NULL) STRICT;"

    /* AUTOINCREMENT: the number of a deleted run is never given again. */
    "CREATE TABLE lease(run INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT NOT NULL,"
    " epoch INT NOT NULL, pid INT NOT NULL, boot_id TEXT NOT NULL, us INT NOT NULL) STRICT;"
    "CREATE INDEX lease_owner ON lease(owner) WHERE owner <> '';"

    "CREATE TABLE trash(blob INTEGER PRIMARY KEY) STRICT;";

/* Runs that were imported: `format` is what the file was, `uid` what the run was called there. */
static const char origins[] =
    "CREATE TABLE origin(run INTEGER PRIMARY KEY REFERENCES run, format TEXT NOT NULL, uid TEXT,"
    " us INT NOT NULL) STRICT;";

/* Runs that begin with what another had come to. `parent` is a uid: that run may be deleted. */
static const char descents[] =
    "CREATE TABLE descent(run INTEGER PRIMARY KEY REFERENCES run, parent TEXT NOT NULL,"
    " step INT NOT NULL, race TEXT, lane TEXT) STRICT;"
    "CREATE INDEX descent_race ON descent(race) WHERE race IS NOT NULL;";

const struct migration schema_migrations[] = {
    {1, "the first schema", first},
    {2, "where imported runs come from", origins},
    {3, "which run another one begins with", descents},
};
const int schema_migration_count = COUNT(schema_migrations);

int schema_newest(const struct migration *table, int count)
{
    return count > 0 ? table[count - 1].version : 0;
}

int schema_check_kind(struct db *db, int kind, struct err *err)
{
    static const char sql_id[] = "PRAGMA application_id";
    static const char sql_any[] = "SELECT count(*) FROM sqlite_schema";
    int64_t id = 0, tables = 0;
    int rc = db_value(db, sql_id, NULL, &id, err);

    if (rc >= 0)
        rc = db_value(db, sql_any, NULL, &tables, err);
    if (rc < 0)
        return rc;
    if (id != (kind ? kind : DB_APPLICATION_ID) && tables > 0)
        return err_set(err, E_DENIED, "%s is a database of another program; move it away",
                       db_path(db));
    return 0;
}

static int apply(struct db *db, const struct migration *step, struct err *err)
{
    char bump[64];
    int rc = db_begin(db, true, err);

    (void)snprintf(bump, sizeof bump, "PRAGMA user_version=%d", step->version);
    if (rc == 0)
        rc = db_script(db, step->sql, err);
    if (rc == 0)
        rc = db_script(db, bump, err);
    DIES_AT(FAIL_MIGRATED);
    if (rc == 0)
        rc = db_commit(db, err);
    if (rc < 0) {
        db_rollback(db);
        return err_wrap(err, rc, "migration %d (%s)", step->version, step->what);
    }
    return 0;
}

/* What must be set before the first page is written. */
static int found(struct db *db, int kind, struct err *err)
{
    char mark[64];
    /* In this order: auto_vacuum is ignored once any page is written. */
    int rc = db_script(db, "PRAGMA page_size=4096; PRAGMA auto_vacuum=INCREMENTAL;", err);

    (void)snprintf(mark, sizeof mark, "PRAGMA application_id=%d", kind ? kind : DB_APPLICATION_ID);
    if (rc == 0)
        rc = db_script(db, "PRAGMA journal_mode=WAL;", err);
    if (rc == 0)
        rc = db_script(db, mark, err);
    return rc;
}

/* A copy by SQLite, consistent whatever lies in the WAL. It has another name until it is whole: of
   the newest two that are kept, none may be half of one. */
static int back_up(struct db *db, int version, int64_t wall_us, char **backup, struct err *err)
{
    static const char sql[] = "VACUUM INTO ?";
    char *name = place_backup_name(db_path(db), version, wall_us);
    char *made = mem_printf("%s.backup", db_path(db));
    int attached = sqlite3_limit(db_handle(db), SQLITE_LIMIT_ATTACHED, 1);
    mode_t mask = umask(077); /* nothing else runs yet */

    (void)unlink(made); /* left by a migration that was killed */
    int rc = db_run(db, sql, BIND(bind_text(made)), err);

    DIES_AT(FAIL_BACKED_UP);
    (void)umask(mask);
    (void)sqlite3_limit(db_handle(db), SQLITE_LIMIT_ATTACHED, attached);
    if (rc == 0 && (FAILS_AT(FAIL_BACKUP_PUT) || rename(made, name) < 0))
        rc = err_sys(err, errno, "%s", name);
    if (rc < 0)
        (void)unlink(made); /* it may never have come to be */
    free(made);
    if (rc < 0) {
        free(name);
        return err_wrap(err, rc, "backup before the migration");
    }
    (void)place_prune_backups(db_path(db), BACKUPS);
    *backup = name;
    return 0;
}

int schema_bring_up(struct db *db, const struct schema_options *options, char **backup,
                    struct err *err)
{
    const struct migration *table = options->table ? options->table : schema_migrations;
    int count = options->table ? options->count : schema_migration_count;
    int newest = schema_newest(table, count), version = 0;
    int rc = schema_check_kind(db, options->kind, err);

    *backup = NULL;
    if (rc == 0)
        rc = db_version(db, &version, err);
    if (rc == 0 && version > newest)
        return err_set(err, E_NEWER,
                       "history %s was written by a newer rerail (schema %d, this one knows %d); "
                       "it can be looked at, not written",
                       db_path(db), version, newest);
    if (rc == 0 && version == 0)
        rc = found(db, options->kind, err);
    if (rc == 0 && version > 0 && version < newest && options->backup)
        rc = back_up(db, version, options->wall_us, backup, err);
    for (int i = 0; rc == 0 && i < count; i++)
        if (table[i].version > version)
            rc = apply(db, &table[i], err);
    return rc;
}
