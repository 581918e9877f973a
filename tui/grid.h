/* SPDX-License-Identifier: MIT */
/*
 * The screen as plain data: cells with a glyph and a role. Panels draw here with a pen, tests read
 * it as text, and the display paints what differs from last time. Clipped everywhere; a wide
 * character is never split; a glyph is never a control character, whatever was put. Owner: tui.
 */
#ifndef TUI_GRID_H
#define TUI_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tui/role.h"
#include "tui/text.h"

struct buf;

#define GRID_MAX_W 1000
#define GRID_MAX_H 500

struct rect {
    int x, y; /* left top corner */
    int w, h; /* 0 or less: empty */
};

struct rect rect_cut(struct rect a, struct rect b); /* what both cover */
struct rect rect_inner(struct rect r);              /* without a border of one cell */
bool rect_has(struct rect r, int x, int y);
struct rect rect_center(struct rect r, int w, int h); /* w × h in its middle, cut to fit */

struct cell {
    char glyph[TEXT_GLYPH]; /* len bytes of UTF-8, the rest zero: cells compare with memcmp */
    uint8_t len;
    uint8_t width; /* columns; 0 = the right half of the wide cell before it */
    uint8_t role;  /* enum role */
    uint8_t attrs; /* enum attr */
};

struct grid {
    int w, h;
    struct cell *cells; /* h rows of w */
    bool ascii;         /* no Unicode on this terminal: put stand-ins */
    bool cursor;        /* shown, at */
    int cursor_x, cursor_y;
};

void grid_init(struct grid *grid, int w, int h); /* sizes are cut to 0…GRID_MAX */
void grid_free(struct grid *grid);
void grid_resize(struct grid *grid, int w, int h); /* blank afterwards */
void grid_clear(struct grid *grid);                /* blanks of ROLE_TEXT, no cursor */
struct rect grid_rect(const struct grid *grid);    /* all of it */
const struct cell *grid_cell(const struct grid *grid, int x, int y); /* inside only */

void grid_fill(struct grid *grid, struct rect rect, enum role role);  /* blanks */
void grid_attrs(struct grid *grid, struct rect rect, unsigned attrs); /* adds to what is there */
/* Draws a border; where it meets lines that are there, they join (so fill first what lies over
   something else). */
void grid_box(struct grid *grid, struct rect rect, enum role role);
void grid_cursor(struct grid *grid, int x, int y);

/* Draws text into an area: plain data, copy it freely. */
struct pen {
    struct grid *grid;
    struct rect area; /* nothing is drawn outside */
    int x, y;         /* where the next glyph goes, from the area's corner; x may be negative */
    unsigned attrs;   /* for everything that is put */
};

struct pen grid_pen(struct grid *grid, struct rect area); /* at 0, 0 */
void pen_at(struct pen *pen, int x, int y);
/* Puts text on the pen's line, up to a newline or the area's edge; returns the columns it moved. */
int pen_put(struct pen *pen, enum role role, const char *text);
int pen_add(struct pen *pen, enum role role, const char *text, size_t len);
int pen_printf(struct pen *pen, enum role role, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int pen_cut(struct pen *pen, enum role role, const char *text, int columns); /* "…" when longer */
int pen_right(struct pen *pen, enum role role, const char *text); /* ends at the area's edge */
void pen_repeat(struct pen *pen, enum role role, const char *glyph, int count);
int pen_left(const struct pen *pen); /* columns from the pen to the area's edge */

/* What stands in for a glyph where there is only ASCII: '?' when nothing resembles it. */
char grid_stand_in(const char *glyph, size_t len);

/* Appends the grid as lines of text without trailing blanks; with_roles puts "{role}" wherever
   role or attributes change. For tests, and for writing a screen to a file. */
int grid_dump(const struct grid *grid, struct buf *out, bool with_roles);

#endif
