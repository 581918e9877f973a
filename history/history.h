/* SPDX-License-Identifier: MIT */
/*
 * The durable record, writing side: one SQLite file, opened by its rules (db.h), the process's
 * leases (lease.h), and the journal that the engine commits to. One a process; made by main, then
 * used by the engine thread only. Readers (console, shell) use query.h, each with a connection of
 * its own, and see a commit as soon as it is made.
 *
 * Beside the file FILE: FILE-wal and FILE-shm (SQLite's), FILE.lock (held around every transaction
 * and checkpoint, with the holder's pid in it), FILE.owners/ (one locked file a process),
 * FILE.bak-* (before a migration, the newest two) and FILE.bad-* (moved aside when it was damaged).
 */
#ifndef HISTORY_HISTORY_H
#define HISTORY_HISTORY_H

#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/journal.h"

#include <stdbool.h>

struct history;

struct history_options {
    const char *path; /* NULL = history_path()'s */
    const char *vfs;  /* a registered SQLite VFS; NULL = the system's. With one, the file itself is
                         that VFS's business; lock and owner files are real all the same */
    struct clock clock;   /* zero = the system's */
    int64_t lock_wait_us; /* how long opening waits for the lock; 0 = five seconds */
    bool stepwise;        /* nothing runs or waits beside the caller (simulation): WAL checkpoints
                             are made inside tend(), a busy lock is E_BUSY at once */
};

/* What opening found, for the operator. Texts are NULL when there is nothing to say. */
struct history_report {
    bool fresh;     /* there was no history yet */
    bool unclean;   /* a process died with runs in its hands: an integrity check is worth it */
    bool unpatched; /* this SQLite has the WAL-reset bug; the lock keeps it out of reach */
    char *backup;   /* made before a migration */
    char *damage;   /* the file was damaged: what was moved aside, what was saved, what is lost */
};
void history_report_free(struct history_report *report);

/* "$XDG_STATE_HOME/rerail/history.db": yours. */
int history_path(char **out, struct err *err);

/* Opens or makes it. Waits at most five seconds for the lock (E_BUSY names the holder's pid).
   E_NEWER: a newer rerail wrote it; it can be read (query.h), not written. E_DENIED: owner, mode or
   a link that must not be. E_UNSUPPORTED: a network file system. E_FULL, E_IO. A damaged file is
   moved aside, what can be read goes into a new one, and report->damage says so. */
int history_open(struct history **out, const struct history_options *options,
                 struct history_report *report, struct err *err);
/* Gives the leases back, folds the WAL into the file when nobody else needs it. */
void history_close(struct history *history);
/* Lets go without writing a byte, as a process that dies would: after damage, and in simulations.
 */
void history_drop(struct history *history);

struct journal history_journal(struct history *history); /* valid until history_close */
const char *history_file(const struct history *history);

/* The name of this process's owner file, and of the socket that others reach it by (attach.h):
   borrowed. The socket path is written into the owner file once attach_listen has made it. */
const char *history_owner(const struct history *history);
int history_publish_socket(struct history *history, const char *socket, struct err *err);

/* Every stored input of a run from `from` on, in order, bodies included: for verify and the test
   that rebuilds each decision. `each` borrows; non-zero from it stops and is returned. */
int history_inputs(struct history *history, int64_t run, int64_t from,
                   int (*each)(void *ctx, const struct stored_input *input), void *ctx,
                   struct err *err);

/* The version of SQLite that is linked, and whether it is free of the WAL-reset bug (the lock keeps
   that out of reach). Any thread; opens nothing. */
bool history_sqlite(const char **version);

/* Figures for doctor and health. */
struct history_facts {
    const char *sqlite; /* version */
    bool patched;       /* free of the WAL-reset bug */
    int schema;         /* user_version of the file */
    int64_t bytes, wal_bytes;
    bool wal_warning;                   /* the WAL is above 64 MiB: somebody reads for too long */
    int64_t commits, busy, checkpoints; /* of this process */
};
void history_facts(const struct history *history, struct history_facts *out);

#endif
