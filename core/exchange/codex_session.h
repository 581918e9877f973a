/* SPDX-License-Identifier: MIT */
/*
 * Rollout files of codex: one line an item, {timestamp, type, payload}; before mid 2025 the bare
 * items. An answer of the model is spread over several items: what it thought, what it said, each
 * call.
 */
#ifndef CORE_EXCHANGE_CODEX_SESSION_H
#define CORE_EXCHANGE_CODEX_SESSION_H

#include "core/exchange/records.h"
#include "core/exchange/trajectory.h"

/* As foreign.h has it. */
bool codex_fits(const struct records *records);
int codex_read(struct trajectory *t, const struct records *records, size_t from, size_t *next,
               struct err *err);

#endif
