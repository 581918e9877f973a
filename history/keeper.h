/* SPDX-License-Identifier: MIT */
/*
 * Folds the WAL into the file, beside the engine: a thread with its own connection and its own hold
 * on the lock, woken by mail. With auto-checkpoints off nothing else keeps the WAL small. The
 * engine asks and goes on; a fold that finds the lock taken waits a little, then gives up until
 * asked again.
 */
#ifndef HISTORY_KEEPER_H
#define HISTORY_KEEPER_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct keeper;

struct keeper_options {
    const char *path, *vfs;
    bool inline_folds; /* no thread: keeper_tend folds itself (simulation) */
};

int keeper_new(struct keeper **out, const struct keeper_options *options, struct err *err);
void keeper_free(struct keeper *keeper); /* stops and joins */

/* After a commit and when idle, with the frames (pages) that the WAL has now. Never blocks. */
void keeper_tend(struct keeper *keeper, int64_t wal_frames, bool idle);

/* While a fold that was asked for is under way the engine's commits hold back, a tenth of a second
   at most: a busy engine would hardly ever leave the lock to it. */
bool keeper_is_folding(struct keeper *keeper);

int64_t keeper_folds(const struct keeper *keeper); /* how many were done */

#endif
