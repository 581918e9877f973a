/* SPDX-License-Identifier: MIT */
/*
 * After damage: the three files are moved aside, never deleted, and every row that can still be
 * read goes into a new file. Blocks; the caller holds the lock and nobody else has the file open
 * here.
 */
#ifndef HISTORY_SALVAGE_H
#define HISTORY_SALVAGE_H

#include "core/base/err.h"

#include <stdint.h>

/* *report is one line for people (yours): what was moved where, what was saved, what is lost. */
int salvage(char **report, const char *path, const char *why, int64_t wall_us, struct err *err);

#endif
