/* SPDX-License-Identifier: MIT */
/*
 * After damage: the three files are moved aside, never deleted, and every row that can still be
 * read goes into a new file. FILE.salvage says meanwhile what is under way, so that a salvage that
 * was killed, or met a full disk, is ended by whoever opens the history next. Blocks; the caller
 * holds the lock and nobody else has the file open here.
 */
#ifndef HISTORY_SALVAGE_H
#define HISTORY_SALVAGE_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* One was begun and not ended. */
bool salvage_is_due(const char *path);

/* Begins one, or ends the one that is due. *report is one line for people (yours): what was moved
   where, what was saved, what is lost. On failure it is due. */
int salvage(char **report, const char *path, const char *why, int64_t wall_us, struct err *err);

#endif
