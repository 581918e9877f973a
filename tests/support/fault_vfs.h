/* SPDX-License-Identifier: MIT */
/*
 * A disk in memory under the real SQLite, that fails and crashes on command: every operation is
 * counted and can be made to fail once or from then on; a power cut loses, reorders or tears what
 * was written since the last sync. All chance comes from its seed. Any number of connections and
 * threads may use it, as they would a file system.
 *
 * Writes are safe as SQLite expects of a disk (powersafe overwrite): a torn write damages only
 * bytes that it wrote. After a sync that failed, what it should have written stays readable until
 * the power goes, and never reaches the disk, as Linux has it.
 */
#ifndef TESTS_SUPPORT_FAULT_VFS_H
#define TESTS_SUPPORT_FAULT_VFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fault_disk;

/* Registers a VFS under `name`; use it by that name. */
struct fault_disk *fault_disk_new(const char *name, uint64_t seed);
void fault_disk_free(struct fault_disk *disk); /* all connections must be closed */

enum fault_op {
    FAULT_OPEN = 1,
    FAULT_READ = 2,
    FAULT_WRITE = 4,
    FAULT_SYNC = 8,
    FAULT_TRUNCATE = 16,
    FAULT_DELETE = 32,
    FAULT_SHM = 64,
    FAULT_ALL = 127,
};

enum fault_kind {
    FAULT_IOERR,      /* EIO */
    FAULT_FULL,       /* ENOSPC: writes, truncations, syncs, shared memory */
    FAULT_CANTOPEN,   /* opens; IOERR for the rest */
    FAULT_SHORT_READ, /* reads: half of the bytes come, then EIO */
};

struct fault_plan {
    int64_t at; /* the n-th counted operation from now, from 1; 0 = never */
    bool lasting;
    enum fault_kind kind;
    unsigned ops; /* which are counted; 0 = all that the kind can hit */
    int number;   /* errno; 0 = EIO, or ENOSPC for FULL */
};
void fault_disk_plan(struct fault_disk *disk, const struct fault_plan *plan); /* NULL: no faults */
int64_t fault_disk_ops(const struct fault_disk *disk);  /* counted since the plan was set */
int64_t fault_disk_hits(const struct fault_disk *disk); /* faults made since then */

/* The process is gone: handles opened before are dead (all fail, closing is fine), locks and shared
   memory are forgotten. What was written stays written. */
void fault_disk_kill(struct fault_disk *disk);

enum fault_power {
    FAULT_POWER_DROP,    /* nothing unsynced survives */
    FAULT_POWER_KEEP,    /* all of it does */
    FAULT_POWER_SHUFFLE, /* each sector of it, or not */
    FAULT_POWER_TEAR,    /* as SHUFFLE, and one write ends in the middle of a sector */
};
/* fault_disk_kill, and the power is gone too. */
void fault_disk_power_cut(struct fault_disk *disk, enum fault_power how);

/* Syncs that only say that they did: a planted bug for tests of tests. */
void fault_disk_lie(struct fault_disk *disk, bool lie);

/* A file is there, synced, with these bytes; the disk must be unused or at least have no such file.
 */
void fault_disk_put(struct fault_disk *disk, const char *path, const void *data, size_t len);
/* A file's bytes as they are read, NULL when it is not there: borrowed until the disk changes. */
const void *fault_disk_bytes(const struct fault_disk *disk, const char *path, size_t *len);
bool fault_disk_has(const struct fault_disk *disk, const char *path);
int64_t fault_disk_size(const struct fault_disk *disk, const char *path);
/* Changes bytes of a file, synced, behind everybody's back. */
void fault_disk_damage(struct fault_disk *disk, const char *path, int64_t offset, const void *data,
                       size_t len);
/* Makes the files say that they were moved (replaced), as a rename would. */
void fault_disk_move(struct fault_disk *disk, bool moved);

int64_t fault_disk_syncs(const struct fault_disk *disk);
int64_t fault_disk_written(const struct fault_disk *disk); /* bytes */

#endif
