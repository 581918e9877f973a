/* SPDX-License-Identifier: MIT */
/*
 * The reader of history: what console and shell know about runs, they know from here, so a live,
 * an attached and a stored run are the same to them. A read-only connection that never checkpoints;
 * one thread a handle (the console has one, an export on a worker has its own).
 *
 * Every call reads at most one screen by index and ends its transaction before it returns, or
 * before query_end where several calls must see one state. Constant memory: results live in the
 * caller's arena. Rows are plain data; a NULL text means that there is none.
 *
 *   query_run.h    runs: the list, one by its name, totals, owners
 *   query_chain.h  branches, paths, nodes and their bodies, checkpoints
 *   query_work.h   calls, attempts, effects; what is open now; windows for health
 *   query_jump.h   what a rollback would drop, undo and redo, the reflog
 *   query_event.h  the feed, and events as full JSON lines
 *   query_search.h text in a run or in all
 */
#ifndef HISTORY_QUERY_H
#define HISTORY_QUERY_H

#include "core/base/err.h"
#include "history/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct query;

/* E_NOTFOUND: no history yet. E_CORRUPT, E_IO, E_DENIED. `vfs` NULL = the system's. A file of a
   newer rerail opens too: query_newer says so, and a call that cannot read it fails with E_NEWER.
 */
int query_open(struct query **out, const char *path, const char *vfs, struct err *err);
void query_close(struct query *q);
bool query_newer(const struct query *q);

/* Whether anybody has committed since the last call of this (the first says yes). A few µs. */
int query_changed(struct query *q, bool *changed, struct err *err);

/* One view over several calls. Keep it short: nothing of the WAL is reused while it is open. */
int query_begin(struct query *q, struct err *err);
void query_end(struct query *q);

#endif
