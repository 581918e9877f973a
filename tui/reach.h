/* SPDX-License-Identifier: MIT */
/* Saying a verb to the process that has a run, over its socket. Blocks; main thread of a command.
 */
#ifndef TUI_REACH_H
#define TUI_REACH_H

#include "core/base/err.h"

#include <cjson/cJSON.h>
#include <stdint.h>

struct run_row;

/* Adds "run" to the verb and waits at most `timeout_us` for its answer: 0 and the text (yours).
   E_DENIED when the run refused, with what it said; E_BUSY when its owner does not listen;
   attach.h's E_CLOSED when the owner is gone, E_TIMEOUT. */
int reach_owner(const struct run_row *run, cJSON *verb, int64_t timeout_us, char **text,
                struct err *err);

#endif
