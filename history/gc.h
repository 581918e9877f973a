/* SPDX-License-Identifier: MIT */
/*
 * Makes room: deletes whole runs that the operator names or that are older than asked, then bodies
 * that nothing refers to any more, old backups and files of dead owners, and gives free pages back
 * to the file system. In small transactions under the lock, so a console beside it goes on; never a
 * run that a living process owns. Checkpoints, abandoned tips and ledger rows of kept runs are
 * never touched. Killed half-way it leaves runs that no list shows; the next gc finishes them.
 * Blocks: for the shell and for workers, on a connection of its own.
 */
#ifndef HISTORY_GC_H
#define HISTORY_GC_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gc_options {
    const char *path, *vfs;
    const int64_t *runs; /* these runs … */
    size_t run_count;
    int64_t older_us; /* … and those last touched before this wall time; 0 = none */
    bool dry;         /* only count runs */
    const bool *stop; /* set by another thread to give up; may be NULL */
};

struct gc_report {
    int64_t runs, kept_live;    /* deleted; asked for but owned by a living process */
    int64_t rows, blobs, bytes; /* bytes of bodies, as stored */
    int64_t files;              /* owner files of the dead, backups beyond two */
    int64_t freed;              /* bytes given back to the file system */
};

/* E_NOTFOUND when there is no history; E_BUSY when the lock cannot be had for five seconds. */
int gc_run(struct gc_report *out, const struct gc_options *options, struct err *err);

#endif
