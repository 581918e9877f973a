/* SPDX-License-Identifier: MIT */
/*
 * Failpoints: named places where a test build (-DRERAIL_FAILPOINTS) dies or fails because the
 * environment's RERAIL_FAILPOINT says so. In every other build they are nothing.
 *
 *     NAME:N          SIGKILL when the place is come to for the N-th time
 *     NAME:N:ERRNO    FAILS_AT is true there that once, with errno so (a number)
 *     note:FILE       adds the name of every place that is come to, a line each
 *
 * tests/fail goes through all of them; a new row here must be come by in one of its scenes.
 */
#ifndef CORE_BASE_FAILPOINT_H
#define CORE_BASE_FAILPOINT_H

#define FAILPOINTS(X)                                                                              \
    /* a pass of the engine */                                                                     \
    X(DECIDED, "decided")     /* nothing of it is stored */                                        \
    X(STORED, "stored")       /* nobody was told */                                                \
    X(PUBLISHED, "published") /* nothing of it was done */                                         \
    X(ACTED, "acted")                                                                              \
    X(NUMBERED, "numbered") /* a run has its number and no row */                                  \
    /* recovery */                                                                                 \
    X(CLAIMED, "claimed") /* the run is ours and not yet read */                                   \
    X(REBUILT, "rebuilt") /* all its decisions were made again */                                  \
    /* a tool's process */                                                                         \
    X(SPAWNED, "spawned")   /* it may wait for its word */                                         \
    X(RELEASED, "released") /* it has it */                                                        \
    X(ENDED, "ended")       /* nobody heard how */                                                 \
    /* a file that a tool writes */                                                                \
    X(FILE_FILL, "file_fill")                                                                      \
    X(FILE_SYNC, "file_sync")                                                                      \
    X(FILE_PUT, "file_put") /* it gets its name */                                                 \
    X(FILE_THERE, "file_there")                                                                    \
    /* history */                                                                                  \
    X(COMMIT, "commit")                                                                            \
    X(COMMITTED, "committed") /* the witness does not know */                                      \
    X(FOLD, "fold")           /* the WAL into the file */                                          \
    X(FOLDED, "folded")                                                                            \
    X(OWNER, "owner")       /* the owner's file gets its name */                                   \
    X(MIGRATED, "migrated") /* one step, not committed */                                          \
    X(BACKED_UP, "backed_up")                                                                      \
    X(BACKUP_PUT, "backup_put")                                                                    \
    X(SALVAGE_MARK, "salvage_mark")                                                                \
    X(SALVAGE_MOVE, "salvage_move") /* each of three files */                                      \
    X(SALVAGE_COPY, "salvage_copy") /* each table */                                               \
    X(SALVAGE_PUT, "salvage_put")                                                                  \
    X(SALVAGE_DONE, "salvage_done")                                                                \
    X(GC_STEP, "gc_step") /* each of its transactions */                                           \
    /* a run as a file */                                                                          \
    X(EXPORT_FILL, "export_fill")                                                                  \
    X(EXPORT_SYNC, "export_sync")                                                                  \
    X(EXPORT_PUT, "export_put") /* it gets its name */                                             \
    X(IMPORTED, "imported")     /* all its rows, not yet judged */

enum failpoint {
#define FAILPOINT_ID(id, name) FAIL_##id,
    FAILPOINTS(FAILPOINT_ID)
#undef FAILPOINT_ID
        FAIL_COUNT
};

#ifdef RERAIL_FAILPOINTS
#include <stdbool.h>

bool failpoint_at(enum failpoint which);          /* any thread */
const char *failpoint_name(enum failpoint which); /* as in the table */
/* As the environment would be read anew; before there is a second thread. NULL: none. */
void failpoint_wish(const char *wish);

#define DIES_AT(which)  ((void)failpoint_at(which))
#define FAILS_AT(which) failpoint_at(which)
#else
#define DIES_AT(which)  ((void)0)
#define FAILS_AT(which) 0
#endif

#endif
