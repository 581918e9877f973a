/* SPDX-License-Identifier: MIT */
/*
 * Reader: what a run was given, input by input, for whoever decides it again (core/agent/replay.h).
 * See query.h for the rules.
 */
#ifndef HISTORY_QUERY_INPUT_H
#define HISTORY_QUERY_INPUT_H

#include "core/journal.h"
#include "history/query.h"

/* In order, those from seq `from` on. Their texts live in the arena: nothing of a row is freed. */
int query_inputs(struct query *q, struct arena *arena, int64_t run, int64_t from, size_t limit,
                 struct stored_input **rows, size_t *count, struct err *err);
/* 0 for a run that was never at work here. */
int query_input_count(struct query *q, int64_t run, int64_t *count, struct err *err);

#endif
