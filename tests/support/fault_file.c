/* SPDX-License-Identifier: MIT */
#include "tests/support/fault_file.h"

#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

/* A write or truncation that is not on the disk yet. */
struct fault_pending {
    struct fault_pending *next;
    bool truncate;
    int64_t offset; /* or the new size */
    size_t len;
    unsigned char data[];
};

uint64_t fault_random(uint64_t *random)
{
    uint64_t z = *random += 0x9e3779b97f4a7c15u; /* splitmix64 */

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static void resize(struct fault_bytes *b, int64_t size)
{
    if (size > b->cap) {
        int64_t cap = b->cap ? b->cap : 4096;
        while (cap < size)
            cap *= 2;
        b->data = mem_grow(b->data, (size_t)cap, 1);
        b->cap = cap;
    }
    if (size > b->size)
        memset(b->data + b->size, 0, (size_t)(size - b->size));
    b->size = size;
}

static void put(struct fault_bytes *b, int64_t offset, const void *data, size_t len)
{
    if (offset + (int64_t)len > b->size)
        resize(b, offset + (int64_t)len);
    memcpy(b->data + offset, data, len);
}

static void set_bytes(struct fault_bytes *to, const struct fault_bytes *from)
{
    resize(to, from->size);
    if (from->size > 0)
        memcpy(to->data, from->data, (size_t)from->size);
}

static void drop_pending(struct fault_file *f)
{
    while (f->first) {
        struct fault_pending *next = f->first->next;

        free(f->first);
        f->first = next;
    }
    f->last = &f->first;
}

static void drop_shm(struct fault_file *f)
{
    for (int i = 0; i < f->region_count; i++)
        free(f->regions[i]);
    free(f->regions);
    f->regions = NULL;
    f->region_count = 0;
    memset(f->shm_shared, 0, sizeof f->shm_shared);
    memset(f->shm_exclusive, 0, sizeof f->shm_exclusive);
}

struct fault_file *fault_file_new(const char *path)
{
    struct fault_file *f = mem_new(sizeof *f);

    f->path = mem_text(path);
    f->last = &f->first;
    return f;
}

void fault_file_free(struct fault_file *f)
{
    drop_pending(f);
    drop_shm(f);
    free(f->now.data);
    free(f->disk.data);
    free(f->path);
    free(f);
}

static void add_pending(struct fault_file *f, bool truncate, int64_t offset, const void *data,
                        size_t len)
{
    struct fault_pending *p = malloc(sizeof *p + len);

    if (!p)
        abort();
    *p = (struct fault_pending){.truncate = truncate, .offset = offset, .len = len};
    if (len > 0)
        memcpy(p->data, data, len);
    *f->last = p;
    f->last = &p->next;
}

void fault_file_write(struct fault_file *f, int64_t offset, const void *data, size_t len)
{
    put(&f->now, offset, data, len);
    add_pending(f, false, offset, data, len);
}

void fault_file_resize(struct fault_file *f, int64_t size)
{
    resize(&f->now, size);
    add_pending(f, true, size, NULL, 0);
}

void fault_file_sync(struct fault_file *f)
{
    for (struct fault_pending *p = f->first; p; p = p->next) {
        if (p->truncate)
            resize(&f->disk, p->offset);
        else
            put(&f->disk, p->offset, p->data, p->len);
    }
    drop_pending(f);
    f->on_disk = true;
}

void fault_file_lose(struct fault_file *f)
{
    drop_pending(f);
}

void fault_file_damage(struct fault_file *f, int64_t offset, const void *data, size_t len)
{
    put(&f->now, offset, data, len);
    put(&f->disk, offset, data, len);
}

void fault_file_forget(struct fault_file *f)
{
    f->shared = 0;
    f->reserved = f->pending_lock = f->exclusive = NULL;
    drop_shm(f);
}

/* What survives of one write, sector by sector of the file. */
static void survive(uint64_t *random, struct fault_file *f, const struct fault_pending *p,
                    bool tear)
{
    size_t at = 0;

    while (at < p->len) {
        int64_t offset = p->offset + (int64_t)at;
        size_t len = (size_t)(FAULT_SECTOR - offset % FAULT_SECTOR);
        if (len > p->len - at)
            len = p->len - at;
        size_t kept = fault_random(random) & 1 ? len : 0;
        if (tear && kept > 1)
            kept = 1 + fault_random(random) % (kept - 1);
        if (kept > 0)
            put(&f->disk, offset, p->data + at, kept);
        at += len;
    }
}

void fault_file_cut(struct fault_file *f, enum fault_power how, uint64_t *random)
{
    int64_t torn = -1, n = 0, count = 0;

    for (struct fault_pending *p = f->first; p; p = p->next)
        count++;
    if (how == FAULT_POWER_TEAR && count > 0)
        torn = (int64_t)(fault_random(random) % (uint64_t)count);
    for (struct fault_pending *p = f->first; p && how != FAULT_POWER_DROP; p = p->next, n++) {
        if (p->truncate) {
            if (how == FAULT_POWER_KEEP || (fault_random(random) & 1))
                resize(&f->disk, p->offset);
        } else if (how == FAULT_POWER_KEEP) {
            put(&f->disk, p->offset, p->data, p->len);
        } else {
            survive(random, f, p, n == torn);
        }
    }
    drop_pending(f);
    bool survives = f->on_disk || (how != FAULT_POWER_DROP && (fault_random(random) & 1));
    if (!survives)
        f->deleted = true;
    f->on_disk = true;
    set_bytes(&f->now, &f->disk);
}
