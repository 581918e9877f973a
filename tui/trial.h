/* SPDX-License-Identifier: MIT */
/*
 * A breakpoint tried on the past, before it is armed: the recorded inputs are decided again, and
 * every moment is judged. Main thread; for a long run it takes seconds.
 */
#ifndef TUI_TRIAL_H
#define TUI_TRIAL_H

#include "core/base/err.h"

#include <stddef.h>
#include <stdint.h>

struct breakpoint;
struct stored;

#define TRIAL_SHOWN 12

struct trial {
    size_t hits; /* all; the first of them: */
    struct {
        int64_t iteration, node; /* where the run stood */
    } at[TRIAL_SHOWN];
};

/* E_CORRUPT where the record cannot be decided again. */
int trial_run(struct trial *out, const struct breakpoint *breakpoint, struct stored *stored,
              struct err *err);

#endif
