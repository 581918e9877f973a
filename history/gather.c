/* SPDX-License-Identifier: MIT */
#include "history/gather.h"

#include "core/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM (128 << 10) /* bytes gathered at most: a commit is some ten pages */

struct gather {
    sqlite3_vfs vfs;
    sqlite3_vfs *under;
    char name[32];
};

/* SQLite allots it; the file underneath lies behind it. */
struct wal {
    sqlite3_file base;
    sqlite3_file *file;
    char *bytes; /* ROOM of them, from the first write on */
    int len;
    sqlite3_int64 at; /* where they go */
};

/* ---- the WAL */

static struct wal *wal_of(sqlite3_file *base)
{
    return (struct wal *)base;
}

/* What could not be written is forgotten: SQLite hears of it and takes the commit for failed. */
static int flush(struct wal *wal)
{
    int len = wal->len;

    wal->len = 0;
    return len > 0 ? wal->file->pMethods->xWrite(wal->file, wal->bytes, len, wal->at) : SQLITE_OK;
}

/* What is still here was never synced, so it never counted. */
static int wal_close(sqlite3_file *base)
{
    struct wal *wal = wal_of(base);

    free(wal->bytes);
    wal->bytes = NULL;
    return wal->file->pMethods->xClose(wal->file);
}

static int wal_read(sqlite3_file *base, void *into, int len, sqlite3_int64 at)
{
    struct wal *wal = wal_of(base);
    int rc = flush(wal);

    return rc == SQLITE_OK ? wal->file->pMethods->xRead(wal->file, into, len, at) : rc;
}

static int wal_write(sqlite3_file *base, const void *data, int len, sqlite3_int64 at)
{
    struct wal *wal = wal_of(base);

    if (wal->len > 0 && (at != wal->at + wal->len || len > ROOM - wal->len)) {
        int rc = flush(wal);
        if (rc != SQLITE_OK)
            return rc;
    }
    if (len > ROOM)
        return wal->file->pMethods->xWrite(wal->file, data, len, at);
    if (!wal->bytes)
        wal->bytes = mem_array(ROOM, 1);
    if (wal->len == 0)
        wal->at = at;
    memcpy(wal->bytes + wal->len, data, (size_t)len);
    wal->len += len;
    return SQLITE_OK;
}

static int wal_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct wal *wal = wal_of(base);
    int rc = flush(wal);

    return rc == SQLITE_OK ? wal->file->pMethods->xTruncate(wal->file, size) : rc;
}

static int wal_sync(sqlite3_file *base, int flags)
{
    struct wal *wal = wal_of(base);
    int rc = flush(wal);

    return rc == SQLITE_OK ? wal->file->pMethods->xSync(wal->file, flags) : rc;
}

static int wal_size(sqlite3_file *base, sqlite3_int64 *size)
{
    struct wal *wal = wal_of(base);
    int rc = flush(wal);

    return rc == SQLITE_OK ? wal->file->pMethods->xFileSize(wal->file, size) : rc;
}

static int wal_control(sqlite3_file *base, int what, void *arg)
{
    struct wal *wal = wal_of(base);

    return wal->file->pMethods->xFileControl(wal->file, what, arg);
}

static int wal_sector(sqlite3_file *base)
{
    struct wal *wal = wal_of(base);

    return wal->file->pMethods->xSectorSize(wal->file);
}

static int wal_device(sqlite3_file *base)
{
    struct wal *wal = wal_of(base);

    return wal->file->pMethods->xDeviceCharacteristics(wal->file);
}

/* Nobody locks a WAL: its locks are the shared memory's, which belongs to the file itself. */
static const sqlite3_io_methods wal_methods = {
    .iVersion = 1,
    .xClose = wal_close,
    .xRead = wal_read,
    .xWrite = wal_write,
    .xTruncate = wal_truncate,
    .xSync = wal_sync,
    .xFileSize = wal_size,
    .xFileControl = wal_control,
    .xSectorSize = wal_sector,
    .xDeviceCharacteristics = wal_device,
};

/* ---- the VFS */

static sqlite3_vfs *under(sqlite3_vfs *vfs)
{
    return ((struct gather *)vfs->pAppData)->under;
}

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags,
                    int *out_flags)
{
    struct wal *wal = wal_of(base);

    if (!(flags & SQLITE_OPEN_WAL))
        return under(vfs)->xOpen(under(vfs), name, base, flags, out_flags);
    memset(wal, 0, sizeof *wal);
    wal->file = (sqlite3_file *)(wal + 1);
    int rc = under(vfs)->xOpen(under(vfs), name, wal->file, flags, out_flags);
    if (wal->file->pMethods)
        wal->base.pMethods = &wal_methods;
    return rc;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_dir)
{
    return under(vfs)->xDelete(under(vfs), name, sync_dir);
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    return under(vfs)->xAccess(under(vfs), name, flags, out);
}

static int vfs_path(sqlite3_vfs *vfs, const char *name, int room, char *out)
{
    return under(vfs)->xFullPathname(under(vfs), name, room, out);
}

static int vfs_random(sqlite3_vfs *vfs, int len, char *out)
{
    return under(vfs)->xRandomness(under(vfs), len, out);
}

static int vfs_sleep(sqlite3_vfs *vfs, int us)
{
    return under(vfs)->xSleep(under(vfs), us);
}

static int vfs_time(sqlite3_vfs *vfs, double *out)
{
    return under(vfs)->xCurrentTime(under(vfs), out);
}

static int vfs_error(sqlite3_vfs *vfs, int room, char *out)
{
    return under(vfs)->xGetLastError(under(vfs), room, out);
}

struct gather *gather_new(const char *name)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(name);
    struct gather *gather = vfs ? mem_new(sizeof *gather) : NULL;

    if (!vfs)
        return NULL;
    gather->under = vfs;
    (void)snprintf(gather->name, sizeof gather->name, "gather-%p", (void *)gather);
    gather->vfs = (sqlite3_vfs){
        .iVersion = 1,
        .szOsFile = vfs->szOsFile + (int)sizeof(struct wal),
        .mxPathname = vfs->mxPathname,
        .zName = gather->name,
        .pAppData = gather,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_path,
        .xRandomness = vfs_random,
        .xSleep = vfs_sleep,
        .xCurrentTime = vfs_time,
        .xGetLastError = vfs_error,
    };
    if (sqlite3_vfs_register(&gather->vfs, 0) != SQLITE_OK) {
        free(gather);
        return NULL;
    }
    return gather;
}

void gather_free(struct gather *gather)
{
    if (gather)
        (void)sqlite3_vfs_unregister(&gather->vfs); /* cannot fail */
    free(gather);
}

const char *gather_name(const struct gather *gather)
{
    return gather->name;
}
