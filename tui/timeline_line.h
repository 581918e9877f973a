/* SPDX-License-Identifier: MIT */
/*
 * A line of the timeline: what it stands for and how it is painted. timeline_rows.c finds out
 * which lines there are; here a line meets a pen, and nothing is read but the line and the model.
 */
#ifndef TUI_TIMELINE_LINE_H
#define TUI_TIMELINE_LINE_H

#include <stdint.h>

#include "tui/grid.h"
#include "tui/model.h"

enum line_kind {
    LINE_NODE,   /* a message */
    LINE_CALL,   /* the model call in flight */
    LINE_EFFECT, /* a tool call in flight, or waiting */
    LINE_ATTEMPT,
    LINE_TEXT,
    LINE_FOLD, /* where rows were rolled back: their number */
    LINE_GONE, /* such a row */
};

/* Borrows all it points to from whoever read it. */
struct timeline_line {
    enum line_kind kind;
    int64_t depth;
    int sub;
    int64_t iteration;  /* of the row; 0 = says nothing */
    int64_t id;         /* the fold's segment */
    const char *branch; /* the fold's; NULL = its rows were rolled back */
    const struct node_row *node;
    const struct call_row *call;
    const struct effect_row *effect;
    const struct attempt_row *attempt;
    const char *text;
    enum role role;
};

/* From where the pen stands to the end of its row. */
void timeline_line_draw(struct pen *pen, const struct model *model,
                        const struct timeline_line *line);

#endif
