/* SPDX-License-Identifier: MIT */
/*
 * Why a decision that is made again is not the stored one, in lines to compare: what history has of
 * that step, and what was decided now.
 */
#ifndef TUI_DIVERGENCE_H
#define TUI_DIVERGENCE_H

#include "core/agent/replay.h"
#include "history/query.h"

struct buf;

/* Where a replay stood before the step that diverged. */
struct divergence {
    const struct replay *replay; /* behind that step */
    const struct stored_input *input;
    int64_t run;
    int64_t nodes;  /* so many nodes were there before it, … */
    int64_t events; /* … and so many events */
};

/* Appends lines that begin with "  " (both), "- " (stored), "+ " (decided now); *differs is how
   many of them are not in both. With none the rows say the same, and the stored hash or the input
   was changed, or only what was to be done next is decided otherwise: out ends with that list. */
int divergence_text(struct buf *out, const struct divergence *divergence, struct query *query,
                    size_t *differs, struct err *err);

#endif
