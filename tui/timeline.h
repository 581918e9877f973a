/* SPDX-License-Identifier: MIT */
/* What others ask of the timeline beside what every panel does. Main thread only. */
#ifndef TUI_TIMELINE_H
#define TUI_TIMELINE_H

#include <stdint.h>

struct finder;
struct model;
struct panel;

/* Selects a node by its place; one that was rolled back is unfolded. */
void timeline_go(struct panel *timeline, struct model *model, int64_t segment, int64_t depth);
/* Shows nothing but the matches of a search (borrowed; one without a pattern hides nothing). */
void timeline_filter(struct panel *timeline, const struct finder *only);
/* The node of the selected row; 0 = none. */
int64_t timeline_node(const struct panel *timeline);

#endif
