/* SPDX-License-Identifier: MIT */
/*
 * Figures and words as the console writes them, short and of one style, and the way of text from
 * outside into a grid. Pure.
 */
#ifndef TUI_FIGURE_H
#define TUI_FIGURE_H

#include "core/agent/state.h"
#include "core/guard/health.h"
#include "core/journal.h"
#include "tui/grid.h"

#include <stdint.h>

#define FIGURE 32 /* bytes that any of these may take */

void figure_count(char out[FIGURE], int64_t n);     /* "812", "18.4k", "2.1M" */
void figure_money(char out[FIGURE], int64_t micro); /* "$0.02", "$12.40"; "–" when unknown (−1) */
void figure_span(char out[FIGURE], int64_t us);     /* "4ms", "1.9s", "0:41"; "–" for −1 */
void figure_clock(char out[FIGURE], int64_t wall_us); /* "21:50:52", local time */
/* "3s ago", "5m ago", "2h ago", "3d ago". */
void figure_ago(char out[FIGURE], int64_t us);

enum role state_role(enum run_state state);       /* for its word */
enum role state_paint_role(enum run_state state); /* for its time in the strip */
const char *state_sign(enum run_state state);     /* one cell: "●" */
enum role health_role(enum health_status status);
enum role effect_role(enum effect_state state);
/* One cell and one word for an effect's state: "✓ ok", "⚠ in doubt". */
const char *effect_word(enum effect_state state);

/* Text from outside on the pen's line, made harmless, cut to columns with "…". */
int put_line(struct pen *pen, enum role role, const char *text, int columns);

#endif
