/* SPDX-License-Identifier: MIT */
/*
 * A list that is only numbers: how many rows there are, which is chosen, which is on top. Whoever
 * owns the rows draws those from top on; a million rows cost what ten do. Pure.
 */
#ifndef TUI_LIST_H
#define TUI_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "tui/grid.h"

struct list {
    size_t count; /* rows there are */
    size_t at;    /* the chosen one; below count, or 0 */
    size_t top;   /* the first that shows */
    int rows;     /* that fit */
    bool follow;  /* the last row stays chosen as rows come */
};

/* Rows came or went, or the room changed; keeps the chosen row where it can, and the end in sight
   when it follows. */
void list_fit(struct list *list, size_t count, int rows);
/* `many` rows came before row `before` (loaded from history), or, negative, went: what was chosen
   stays chosen, and does not move on the screen. */
void list_shift(struct list *list, size_t before, long many);

void list_choose(struct list *list, size_t row); /* and bring into sight */
void list_move(struct list *list, long by);      /* up (negative) or down; ends following, or, at
                                                    the last row, leaves it as it is */
void list_page(struct list *list, int halves);   /* by half a screen each: -2 a page up */
void list_first(struct list *list);
void list_last(struct list *list, bool follow);
void list_scroll(struct list *list, long by); /* moves the view; the chosen row only if it must */

size_t list_end(const struct list *list); /* behind the last row that shows */
/* The row at a line of the list's area, for the mouse; count when there is none. */
size_t list_row_at(const struct list *list, int y);

/* A thumb in the area's last column, where there is more than fits. */
void list_bar(const struct list *list, struct grid *grid, struct rect area, enum role role);

#endif
