/* SPDX-License-Identifier: MIT */
/*
 * Session files of Claude Code: one line a block of a message, with its parent's uuid, so that a
 * file holds every line that was ever taken back. Its stream-json has the same messages without
 * parents.
 */
#ifndef CORE_EXCHANGE_CLAUDE_SESSION_H
#define CORE_EXCHANGE_CLAUDE_SESSION_H

#include "core/exchange/records.h"
#include "core/exchange/trajectory.h"

/* As foreign.h has it. */
bool claude_fits(const struct records *records);
int claude_read(struct trajectory *t, const struct records *records, size_t from, size_t *next,
                struct err *err);

#endif
