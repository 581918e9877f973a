/* SPDX-License-Identifier: MIT */
/*
 * One file of fault_vfs.h's disk: its bytes as they are read, as they are on the disk, and what was
 * written in between; the locks and the shared memory of its connections. Used under the disk's
 * mutex; for fault_vfs.c only.
 */
#ifndef TESTS_SUPPORT_FAULT_FILE_H
#define TESTS_SUPPORT_FAULT_FILE_H

#include "tests/support/fault_vfs.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAULT_SECTOR 512

struct fault_pending;

struct fault_bytes {
    unsigned char *data;
    int64_t size, cap;
};

struct fault_file {
    struct fault_file *next;
    char *path;
    int refs;
    bool deleted;
    bool on_disk; /* its name would survive a power cut */
    struct fault_bytes now, disk;
    struct fault_pending *first, **last;
    /* locks of the connections, as SQLite's unix VFS has them */
    int shared;
    const void *reserved, *pending_lock, *exclusive;
    /* shared memory */
    unsigned char **regions;
    int region_count;
    int shm_shared[SQLITE_SHM_NLOCK];
    const void *shm_exclusive[SQLITE_SHM_NLOCK];
};

struct fault_file *fault_file_new(const char *path);
void fault_file_free(struct fault_file *f);

void fault_file_write(struct fault_file *f, int64_t offset, const void *data, size_t len);
void fault_file_resize(struct fault_file *f, int64_t size);
void fault_file_sync(struct fault_file *f);
void fault_file_lose(
    struct fault_file *f); /* what is not synced stays readable, and never will be */
void fault_file_damage(struct fault_file *f, int64_t offset, const void *data, size_t len);
void fault_file_forget(struct fault_file *f); /* locks and shared memory */
void fault_file_cut(struct fault_file *f, enum fault_power how, uint64_t *random);

uint64_t fault_random(uint64_t *random);

#endif
