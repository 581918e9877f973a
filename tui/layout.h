/* SPDX-License-Identifier: MIT */
/*
 * Where everything stands at any size: pure rectangles. Wide screens show more panels and more of
 * each; narrow ones show the focused panel alone; below 20 × 5 there is only a word. Neighbours
 * share their border.
 */
#ifndef TUI_LAYOUT_H
#define TUI_LAYOUT_H

#include <stdbool.h>

#include "tui/grid.h"

enum layout_panel {
    LAYOUT_TIMELINE,
    LAYOUT_DETAIL,
    LAYOUT_CHECKPOINTS,
    LAYOUT_HEALTH,
    LAYOUT_RUNS,
    LAYOUT_PANELS
};

#define LAYOUT_MIN_W 20
#define LAYOUT_MIN_H 5

enum layout_shape {
    LAYOUT_TOO_SMALL, /* nothing but a word fits */
    LAYOUT_ONE,       /* the focused panel */
    LAYOUT_FOUR,      /* two columns; runs only when focused, alone */
    LAYOUT_FIVE,      /* two columns, runs below the checkpoints */
    LAYOUT_WIDE       /* three columns */
};

struct layout_options {
    int w, h;
    enum layout_panel focus;
    bool enlarged;   /* the focused panel takes the place of all */
    int prompt_rows; /* rows the prompt would like; 0 = there is none */
};

struct layout {
    enum layout_shape shape;
    enum layout_panel focus;
    bool bordered;             /* frames have a border */
    struct rect header, strip; /* h is 0 where there is no room */
    struct rect prompt, hint;
    struct rect frame[LAYOUT_PANELS];  /* with its border; w and h are 0 when hidden */
    struct rect inside[LAYOUT_PANELS]; /* for the panel's content */
};

struct layout layout_make(const struct layout_options *options);
bool layout_shows(const struct layout *layout, enum layout_panel panel);
/* The panel at a cell of the screen, for the mouse; LAYOUT_PANELS when there is none. */
enum layout_panel layout_at(const struct layout *layout, int x, int y);

struct layout_title {
    const char *name; /* "Timeline" */
    const char *note; /* at the right end of the border: "12/40"; NULL = none */
};

/* Draws borders and titles ("1 Timeline"), the focused panel's last and in its own roles; where
   only one panel shows, the numbers of the others beside it. Too small: the word. */
void layout_draw(const struct layout *layout, const struct layout_title titles[LAYOUT_PANELS],
                 struct grid *grid);

#endif
