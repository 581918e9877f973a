/* SPDX-License-Identifier: MIT */
#include "tests/support/fault_vfs.h"

#include "core/base/mem.h"
#include "tests/support/fault_file.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_PATH 512
#define SHM_REGION   (32 << 10)

struct fault_disk {
    sqlite3_vfs vfs;
    pthread_mutex_t mutex;
    struct fault_file *files;
    struct fault_plan plan;
    int64_t ops, hits, syncs, written, clock;
    int generation; /* raised when the process dies */
    int last_errno;
    uint64_t random;
    bool lie, moved;
};

struct handle {
    sqlite3_file base;
    struct fault_disk *disk;
    struct fault_file *file;
    int generation, level;
    bool delete_on_close;
    unsigned shm_shared, shm_exclusive; /* bits */
};

/* ---- files */

static struct fault_file *find(const struct fault_disk *disk, const char *path)
{
    for (struct fault_file *f = disk->files; f; f = f->next)
        if (!f->deleted && strcmp(f->path, path) == 0)
            return f;
    return NULL;
}

static struct fault_file *make(struct fault_disk *disk, const char *path)
{
    struct fault_file *f = fault_file_new(path);

    f->next = disk->files;
    disk->files = f;
    return f;
}

/* Files that were deleted, once nobody has them open. */
static void sweep(struct fault_disk *disk)
{
    for (struct fault_file **at = &disk->files; *at;) {
        struct fault_file *f = *at;
        if (!f->deleted || f->refs > 0) {
            at = &f->next;
            continue;
        }
        *at = f->next;
        fault_file_free(f);
    }
}

/* ---- faults */

static unsigned ops_of(enum fault_kind kind)
{
    switch (kind) {
    case FAULT_FULL: return FAULT_WRITE | FAULT_SYNC | FAULT_TRUNCATE | FAULT_SHM;
    case FAULT_SHORT_READ: return FAULT_READ;
    case FAULT_CANTOPEN:
    case FAULT_IOERR: break;
    }
    return FAULT_ALL;
}

/* Whether this operation fails. */
static bool fails(struct fault_disk *disk, enum fault_op op)
{
    unsigned ops = disk->plan.ops ? disk->plan.ops : ops_of(disk->plan.kind);

    if (!(ops & (unsigned)op))
        return false;
    disk->ops++;
    if (disk->plan.at == 0 || disk->ops < disk->plan.at)
        return false;
    if (disk->ops > disk->plan.at && !disk->plan.lasting)
        return false;
    disk->hits++;
    disk->last_errno = disk->plan.kind == FAULT_FULL ? ENOSPC : EIO;
    if (disk->plan.number)
        disk->last_errno = disk->plan.number;
    return true;
}

static int code(const struct fault_disk *disk, int ioerr)
{
    if (disk->plan.kind == FAULT_FULL && ioerr == SQLITE_IOERR_WRITE)
        return SQLITE_FULL;
    return ioerr;
}

static bool is_dead(const struct handle *h)
{
    return h->generation != h->disk->generation;
}

static struct handle *enter(sqlite3_file *base)
{
    struct handle *h = (struct handle *)base;

    pthread_mutex_lock(&h->disk->mutex);
    return h;
}

static int leave(struct handle *h, int rc)
{
    pthread_mutex_unlock(&h->disk->mutex);
    return rc;
}

/* ---- a file's methods */

static void unlock_shm(struct handle *h)
{
    for (int i = 0; i < SQLITE_SHM_NLOCK; i++) {
        if (h->shm_shared & 1u << i)
            h->file->shm_shared[i]--;
        if (h->shm_exclusive & 1u << i)
            h->file->shm_exclusive[i] = NULL;
    }
    h->shm_shared = h->shm_exclusive = 0;
}

static void unlock_file(struct handle *h, int level)
{
    struct fault_file *f = h->file;

    if (f->exclusive == h)
        f->exclusive = NULL;
    if (f->pending_lock == h)
        f->pending_lock = NULL;
    if (f->reserved == h)
        f->reserved = NULL;
    if (h->level >= SQLITE_LOCK_SHARED && level < SQLITE_LOCK_SHARED)
        f->shared--;
    h->level = level;
}

static int on_close(sqlite3_file *base)
{
    struct handle *h = enter(base);

    if (!is_dead(h)) {
        unlock_shm(h);
        unlock_file(h, SQLITE_LOCK_NONE);
        if (h->delete_on_close)
            h->file->deleted = true;
    }
    h->file->refs--;
    sweep(h->disk);
    return leave(h, SQLITE_OK);
}

static int on_read(sqlite3_file *base, void *out, int len, sqlite3_int64 offset)
{
    struct handle *h = enter(base);
    const struct fault_bytes *b = &h->file->now;
    int64_t got = b->size - offset < len ? b->size - offset : len;

    if (is_dead(h))
        return leave(h, SQLITE_IOERR_READ);
    got = got < 0 ? 0 : got;
    if (fails(h->disk, FAULT_READ)) {
        if (h->disk->plan.kind == FAULT_SHORT_READ && got > 0)
            memcpy(out, b->data + offset, (size_t)got / 2);
        return leave(h, SQLITE_IOERR_READ);
    }
    if (got > 0)
        memcpy(out, b->data + offset, (size_t)got);
    memset((char *)out + got, 0, (size_t)(len - got));
    return leave(h, got < len ? SQLITE_IOERR_SHORT_READ : SQLITE_OK);
}

static int on_write(sqlite3_file *base, const void *data, int len, sqlite3_int64 offset)
{
    struct handle *h = enter(base);

    if (is_dead(h))
        return leave(h, SQLITE_IOERR_WRITE);
    if (fails(h->disk, FAULT_WRITE))
        return leave(h, code(h->disk, SQLITE_IOERR_WRITE));
    fault_file_write(h->file, offset, data, (size_t)len);
    h->disk->written += len;
    return leave(h, SQLITE_OK);
}

static int on_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct handle *h = enter(base);

    if (is_dead(h))
        return leave(h, SQLITE_IOERR_TRUNCATE);
    if (fails(h->disk, FAULT_TRUNCATE))
        return leave(h, SQLITE_IOERR_TRUNCATE);
    fault_file_resize(h->file, size);
    return leave(h, SQLITE_OK);
}

static int on_sync(sqlite3_file *base, int flags)
{
    struct handle *h = enter(base);

    (void)flags;
    if (is_dead(h))
        return leave(h, SQLITE_IOERR_FSYNC);
    h->disk->syncs++;
    if (fails(h->disk, FAULT_SYNC)) {
        fault_file_lose(h->file);
        return leave(h, SQLITE_IOERR_FSYNC);
    }
    if (!h->disk->lie)
        fault_file_sync(h->file);
    return leave(h, SQLITE_OK);
}

static int on_size(sqlite3_file *base, sqlite3_int64 *size)
{
    struct handle *h = enter(base);

    *size = h->file->now.size;
    return leave(h, is_dead(h) ? SQLITE_IOERR_FSTAT : SQLITE_OK);
}

static bool other(const void *holder, const struct handle *h)
{
    return holder && holder != h;
}

static int on_lock(sqlite3_file *base, int level)
{
    struct handle *h = enter(base);
    struct fault_file *f = h->file;

    if (is_dead(h))
        return leave(h, SQLITE_IOERR_LOCK);
    if (h->level >= level)
        return leave(h, SQLITE_OK);
    if (level == SQLITE_LOCK_SHARED) {
        if (other(f->pending_lock, h) || other(f->exclusive, h))
            return leave(h, SQLITE_BUSY);
        f->shared++;
    } else if (level == SQLITE_LOCK_RESERVED) {
        if (other(f->reserved, h) || other(f->pending_lock, h) || other(f->exclusive, h))
            return leave(h, SQLITE_BUSY);
        f->reserved = h;
    } else {
        if (other(f->pending_lock, h) || other(f->exclusive, h) || other(f->reserved, h))
            return leave(h, SQLITE_BUSY);
        f->pending_lock = h;
        if (f->shared > (h->level >= SQLITE_LOCK_SHARED ? 1 : 0))
            return leave(h, SQLITE_BUSY);
        f->exclusive = h;
    }
    h->level = level;
    return leave(h, SQLITE_OK);
}

static int on_unlock(sqlite3_file *base, int level)
{
    struct handle *h = enter(base);

    if (!is_dead(h) && h->level > level)
        unlock_file(h, level);
    return leave(h, SQLITE_OK);
}

static int on_reserved(sqlite3_file *base, int *out)
{
    struct handle *h = enter(base);

    *out = h->file->reserved || h->file->exclusive;
    return leave(h, SQLITE_OK);
}

static int on_control(sqlite3_file *base, int op, void *arg)
{
    struct handle *h = enter(base);

    if (op == SQLITE_FCNTL_LAST_ERRNO) {
        *(int *)arg = h->disk->last_errno;
        return leave(h, SQLITE_OK);
    }
    if (op != SQLITE_FCNTL_HAS_MOVED)
        return leave(h, SQLITE_NOTFOUND);
    *(int *)arg = h->disk->moved || h->file->deleted || is_dead(h);
    return leave(h, SQLITE_OK);
}

static int on_sector(sqlite3_file *base)
{
    (void)base;
    return FAULT_SECTOR;
}

static int on_traits(sqlite3_file *base)
{
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int on_shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **out)
{
    struct handle *h = enter(base);
    struct fault_file *f = h->file;

    *out = NULL;
    if (is_dead(h))
        return leave(h, SQLITE_IOERR_SHMMAP);
    if (region >= f->region_count && extend && fails(h->disk, FAULT_SHM))
        return leave(h, SQLITE_IOERR_SHMSIZE);
    while (extend && region >= f->region_count) {
        f->regions = mem_grow(f->regions, (size_t)f->region_count + 1, sizeof *f->regions);
        f->regions[f->region_count++] = mem_new(SHM_REGION);
    }
    if (region < f->region_count && size <= SHM_REGION)
        *out = f->regions[region];
    return leave(h, SQLITE_OK);
}

static int on_shm_lock(sqlite3_file *base, int offset, int n, int flags)
{
    struct handle *h = enter(base);
    struct fault_file *f = h->file;
    unsigned mask = ((1u << n) - 1) << offset;

    if (is_dead(h))
        return leave(h, SQLITE_IOERR_SHMLOCK);
    for (int i = offset; i < offset + n && (flags & SQLITE_SHM_LOCK); i++) {
        bool mine = h->shm_shared >> i & 1;
        if (other(f->shm_exclusive[i], h))
            return leave(h, SQLITE_BUSY);
        if ((flags & SQLITE_SHM_EXCLUSIVE) && f->shm_shared[i] > (mine ? 1 : 0))
            return leave(h, SQLITE_BUSY);
    }
    for (int i = offset; i < offset + n; i++) {
        bool shared = h->shm_shared >> i & 1;
        if (flags & SQLITE_SHM_UNLOCK) {
            f->shm_shared[i] -= shared;
            if (f->shm_exclusive[i] == h)
                f->shm_exclusive[i] = NULL;
        } else if (flags & SQLITE_SHM_EXCLUSIVE) {
            f->shm_exclusive[i] = h;
        } else if (!shared) {
            f->shm_shared[i]++;
        }
    }
    if (flags & SQLITE_SHM_UNLOCK) {
        h->shm_shared &= ~mask;
        h->shm_exclusive &= ~mask;
    } else if (flags & SQLITE_SHM_EXCLUSIVE) {
        h->shm_exclusive |= mask;
    } else {
        h->shm_shared |= mask;
    }
    return leave(h, SQLITE_OK);
}

static void on_shm_barrier(sqlite3_file *base)
{
    (void)leave(enter(base), 0); /* the mutex is one */
}

static int on_shm_unmap(sqlite3_file *base, int delete_it)
{
    struct handle *h = enter(base);

    (void)delete_it; /* nobody minds that it stays */
    if (!is_dead(h))
        unlock_shm(h);
    return leave(h, SQLITE_OK);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = on_close,
    .xRead = on_read,
    .xWrite = on_write,
    .xTruncate = on_truncate,
    .xSync = on_sync,
    .xFileSize = on_size,
    .xLock = on_lock,
    .xUnlock = on_unlock,
    .xCheckReservedLock = on_reserved,
    .xFileControl = on_control,
    .xSectorSize = on_sector,
    .xDeviceCharacteristics = on_traits,
    .xShmMap = on_shm_map,
    .xShmLock = on_shm_lock,
    .xShmBarrier = on_shm_barrier,
    .xShmUnmap = on_shm_unmap,
};

/* ---- the VFS's methods */

static int on_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags, int *out)
{
    struct fault_disk *disk = vfs->pAppData;
    struct handle *h = (struct handle *)base;
    char own[64];

    memset(h, 0, sizeof *h);
    pthread_mutex_lock(&disk->mutex);
    if (!path) {
        snprintf(own, sizeof own, "temporary-%llu",
                 (unsigned long long)fault_random(&disk->random));
        path = own;
    }
    struct fault_file *f = find(disk, path);
    if (fails(disk, FAULT_OPEN) || (!f && !(flags & SQLITE_OPEN_CREATE))) {
        pthread_mutex_unlock(&disk->mutex);
        return SQLITE_CANTOPEN;
    }
    if (!f)
        f = make(disk, path);
    f->refs++;
    h->base.pMethods = &methods;
    h->disk = disk;
    h->file = f;
    h->generation = disk->generation;
    h->delete_on_close = flags & SQLITE_OPEN_DELETEONCLOSE;
    if (out)
        *out = flags;
    pthread_mutex_unlock(&disk->mutex);
    return SQLITE_OK;
}

static int on_delete(sqlite3_vfs *vfs, const char *path, int sync_folder)
{
    struct fault_disk *disk = vfs->pAppData;
    int rc = SQLITE_OK;

    (void)sync_folder;
    pthread_mutex_lock(&disk->mutex);
    struct fault_file *f = find(disk, path);
    if (fails(disk, FAULT_DELETE))
        rc = SQLITE_IOERR_DELETE;
    else if (!f)
        rc = SQLITE_IOERR_DELETE_NOENT;
    else
        f->deleted = true;
    sweep(disk);
    pthread_mutex_unlock(&disk->mutex);
    return rc;
}

static int on_access(sqlite3_vfs *vfs, const char *path, int flags, int *out)
{
    struct fault_disk *disk = vfs->pAppData;

    (void)flags;
    pthread_mutex_lock(&disk->mutex);
    *out = find(disk, path) != NULL;
    pthread_mutex_unlock(&disk->mutex);
    return SQLITE_OK;
}

static int on_full_path(sqlite3_vfs *vfs, const char *path, int cap, char *out)
{
    (void)vfs;
    snprintf(out, (size_t)cap, "%s", path);
    return SQLITE_OK;
}

static int on_randomness(sqlite3_vfs *vfs, int len, char *out)
{
    struct fault_disk *disk = vfs->pAppData;

    pthread_mutex_lock(&disk->mutex);
    for (int i = 0; i < len; i++)
        out[i] = (char)fault_random(&disk->random);
    pthread_mutex_unlock(&disk->mutex);
    return len;
}

static int on_sleep(sqlite3_vfs *vfs, int us)
{
    (void)vfs;
    return us;
}

static int on_time(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
    struct fault_disk *disk = vfs->pAppData;

    pthread_mutex_lock(&disk->mutex);
    *out = 212500000000000 + ++disk->clock; /* some day in 2025, in ms of Julian days */
    pthread_mutex_unlock(&disk->mutex);
    return SQLITE_OK;
}

static int on_last_error(sqlite3_vfs *vfs, int len, char *out)
{
    (void)len;
    (void)out;
    return ((struct fault_disk *)vfs->pAppData)->last_errno;
}

/* ---- the disk */

struct fault_disk *fault_disk_new(const char *name, uint64_t seed)
{
    struct fault_disk *disk = mem_new(sizeof *disk);

    disk->random = seed;
    pthread_mutex_init(&disk->mutex, NULL);
    disk->vfs = (sqlite3_vfs){
        .iVersion = 2,
        .szOsFile = sizeof(struct handle),
        .mxPathname = LONGEST_PATH,
        .zName = mem_text(name),
        .pAppData = disk,
        .xOpen = on_open,
        .xDelete = on_delete,
        .xAccess = on_access,
        .xFullPathname = on_full_path,
        .xRandomness = on_randomness,
        .xSleep = on_sleep,
        .xGetLastError = on_last_error,
        .xCurrentTimeInt64 = on_time,
    };
    sqlite3_vfs_register(&disk->vfs, 0);
    return disk;
}

void fault_disk_free(struct fault_disk *disk)
{
    if (!disk)
        return;
    sqlite3_vfs_unregister(&disk->vfs);
    while (disk->files) {
        struct fault_file *next = disk->files->next;

        fault_file_free(disk->files);
        disk->files = next;
    }
    pthread_mutex_destroy(&disk->mutex);
    free((char *)disk->vfs.zName);
    free(disk);
}

void fault_disk_plan(struct fault_disk *disk, const struct fault_plan *plan)
{
    pthread_mutex_lock(&disk->mutex);
    disk->plan = plan ? *plan : (struct fault_plan){0};
    disk->ops = disk->hits = 0;
    disk->last_errno = 0;
    pthread_mutex_unlock(&disk->mutex);
}

int64_t fault_disk_ops(const struct fault_disk *disk)
{
    return disk->ops;
}

int64_t fault_disk_hits(const struct fault_disk *disk)
{
    return disk->hits;
}

int64_t fault_disk_syncs(const struct fault_disk *disk)
{
    return disk->syncs;
}

int64_t fault_disk_written(const struct fault_disk *disk)
{
    return disk->written;
}

static void forget_process(struct fault_disk *disk)
{
    disk->generation++;
    disk->plan = (struct fault_plan){0};
    for (struct fault_file *f = disk->files; f; f = f->next)
        fault_file_forget(f);
}

void fault_disk_kill(struct fault_disk *disk)
{
    pthread_mutex_lock(&disk->mutex);
    forget_process(disk);
    pthread_mutex_unlock(&disk->mutex);
}

void fault_disk_power_cut(struct fault_disk *disk, enum fault_power how)
{
    pthread_mutex_lock(&disk->mutex);
    forget_process(disk);
    for (struct fault_file *f = disk->files; f; f = f->next)
        if (!f->deleted)
            fault_file_cut(f, how, &disk->random);
    sweep(disk);
    pthread_mutex_unlock(&disk->mutex);
}

void fault_disk_lie(struct fault_disk *disk, bool lie)
{
    disk->lie = lie;
}

void fault_disk_put(struct fault_disk *disk, const char *path, const void *data, size_t len)
{
    pthread_mutex_lock(&disk->mutex);
    struct fault_file *f = make(disk, path);
    fault_file_write(f, 0, data, len);
    fault_file_sync(f);
    pthread_mutex_unlock(&disk->mutex);
}

const void *fault_disk_bytes(const struct fault_disk *disk, const char *path, size_t *len)
{
    const struct fault_file *f = find(disk, path);

    *len = f ? (size_t)f->now.size : 0;
    return f ? f->now.data : NULL;
}

bool fault_disk_has(const struct fault_disk *disk, const char *path)
{
    return find(disk, path) != NULL;
}

int64_t fault_disk_size(const struct fault_disk *disk, const char *path)
{
    const struct fault_file *f = find(disk, path);

    return f ? f->now.size : -1;
}

void fault_disk_damage(struct fault_disk *disk, const char *path, int64_t offset, const void *data,
                       size_t len)
{
    pthread_mutex_lock(&disk->mutex);
    struct fault_file *f = find(disk, path);
    if (f)
        fault_file_damage(f, offset, data, len);
    pthread_mutex_unlock(&disk->mutex);
}

void fault_disk_move(struct fault_disk *disk, bool moved)
{
    disk->moved = moved;
}
