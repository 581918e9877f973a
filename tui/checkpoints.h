/* SPDX-License-Identifier: MIT */
/* What others ask of the checkpoint panel beside what every panel does. Main thread only. */
#ifndef TUI_CHECKPOINTS_H
#define TUI_CHECKPOINTS_H

#include <stdint.h>

struct panel;

int64_t checkpoints_node(const struct panel *checkpoints); /* the selected one; 0 = none */

#endif
