/* SPDX-License-Identifier: MIT */
/*
 * ATIF, Harbor's trajectory format. Written as version 1.7, which every reader takes: no unknown
 * member, a call's result in the step that made the call, step numbers without gaps.
 */
#ifndef CORE_EXCHANGE_ATIF_H
#define CORE_EXCHANGE_ATIF_H

#include "core/exchange/records.h"
#include "core/exchange/trajectory.h"

struct buf;

/* Appends the whole document and a newline. `by` is the version of rerail. */
int atif_write(struct buf *out, const struct trajectory *t, const char *by);

/* As foreign.h has it. */
bool atif_fits(const struct records *records);
int atif_read(struct trajectory *t, const struct records *records, size_t from, size_t *next,
              struct err *err);

#endif
