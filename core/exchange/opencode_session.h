/* SPDX-License-Identifier: MIT */
/*
 * Sessions of opencode: what `opencode export` writes, {info, messages: [{info, parts}]}, and the
 * lines of `opencode run --format json`.
 */
#ifndef CORE_EXCHANGE_OPENCODE_SESSION_H
#define CORE_EXCHANGE_OPENCODE_SESSION_H

#include "core/exchange/records.h"
#include "core/exchange/trajectory.h"

/* As foreign.h has it. */
bool opencode_fits(const struct records *records);
int opencode_read(struct trajectory *t, const struct records *records, size_t from, size_t *next,
                  struct err *err);

#endif
