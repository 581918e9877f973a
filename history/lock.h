/* SPDX-License-Identifier: MIT */
/*
 * One writer at a time, in any process and any thread: a flock on FILE.lock, held around every
 * transaction and every checkpoint. (SQLite before 3.51.3 loses commits when a checkpoint overlaps
 * another connection's commit; under this lock they cannot overlap.) Each user opens its own.
 *
 * The file holds one line, "PID SEQ": who has it, or had it last, and the last event stored. Since
 * SEQ is written after the commit, a history that has fewer events lost its tail.
 */
#ifndef HISTORY_LOCK_H
#define HISTORY_LOCK_H

#include "core/base/err.h"

#include <stdint.h>

struct lock;

/* `path` is the history's. E_UNSUPPORTED where the file system has no locks. */
int lock_open(struct lock **out, const char *path, struct err *err);
void lock_close(struct lock *lock); /* lets go */

int lock_try(struct lock *lock, struct err *err); /* E_BUSY names the holder's pid */
int lock_wait(struct lock *lock, int64_t timeout_us, struct err *err);
void lock_drop(struct lock *lock);

int64_t lock_holder(const struct lock *lock);  /* pid as written; 0 = none */
int64_t lock_witness(const struct lock *lock); /* the last event stored; 0 = unknown */
int64_t lock_peek(const char *path); /* the witness of a history that is not opened for writing */
void lock_testify(struct lock *lock, int64_t seq);

#endif
