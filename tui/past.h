/* SPDX-License-Identifier: MIT */
/*
 * What a stored run had come to at one of its checkpoints, as the beginning of another run. The
 * other run is a run of its own: its lease, its numbers, its limits counted anew, its workspace;
 * nothing that it does shows in the first. Main thread.
 */
#ifndef TUI_PAST_H
#define TUI_PAST_H

#include "core/base/err.h"

#include <stdint.h>

struct config;
struct query;
struct run_row;
struct run_spec;

/* The spec of a run that begins at `node`, a checkpoint of `run`: the task, workspace and model of
   that run, its configuration as it was there (`:set` included), interactive and held as false. An
   imported run was never ours: it goes on with the operator's own configuration (`config`) and
   keeps its system messages. Change what is to be different, then session_begin; yours until then.
   E_NOTFOUND: no such checkpoint. E_CORRUPT, E_TOOBIG: more than a run can begin with. */
int past_spec(struct run_spec **out, struct query *query, const struct run_row *run, int64_t node,
              const struct config *config, struct err *err);

#endif
