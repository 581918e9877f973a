/* SPDX-License-Identifier: MIT */
/*
 * The real screen, by curses: the only module that includes it. Paints the difference between the
 * grid and what it painted last, in runs of one look; reads the terminal and hands out events. It
 * never waits, neither for keys nor for a slow line: its descriptors go into the caller's poll. The
 * terminal is put back on every way out (tui/terminal.h). One display at a time; owner: tui.
 */
#ifndef TUI_DISPLAY_H
#define TUI_DISPLAY_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/base/err.h"
#include "tui/colour.h"
#include "tui/decoder.h"

struct display;
struct grid;
struct theme;

struct display_options {
    int in_fd, out_fd; /* 0 and 1 */
    const char *term;  /* NULL: $TERM */
    const char *level; /* colours, as colour_level_parse has them; NULL: auto */
    bool mouse;        /* report it from the start */
};

/* E_UNSUPPORTED when there is no terminal that a screen can be drawn on (not a terminal, TERM
   unset, dumb or unknown): the caller then goes on in plain mode, or says so. E_IO when it is gone.
   Changes the environment for a moment, so it comes before the first run is started. */
int display_open(struct display **out, const struct display_options *options, struct err *err);
void display_close(struct display *d);

bool display_unicode(const struct display *d); /* false: the grid is to be ascii */
enum colour_level display_level(const struct display *d);
void display_size(const struct display *d, int *w, int *h);

/* Borrowed until the next call; takes effect at the next paint. Without colour the theme `mono` is
   used instead. */
void display_theme(struct display *d, const struct theme *theme);

enum display_paint { DISPLAY_PAINTED, DISPLAY_UNCHANGED, DISPLAY_BEHIND };

/* DISPLAY_BEHIND: the terminal has not taken the last frame yet, nothing was done, try later. */
enum display_paint display_paint(struct display *d, const struct grid *grid);
void display_redraw(struct display *d); /* the next paint paints everything (Ctrl-L) */

/* Fills what is to be polled; when one is ready, or display_wait milliseconds after the last read
   (-1: no need), call display_read, then display_next until it says no. */
#define DISPLAY_FDS 3
void display_poll(const struct display *d, struct pollfd fds[DISPLAY_FDS]);
int display_wait(const struct display *d);
void display_read(struct display *d);
bool display_next(struct display *d, struct tty_event *event);

void display_mouse(struct display *d, bool on);
bool display_has_mouse(const struct display *d);
void display_bell(struct display *d);

/* To the clipboard of the operator's own terminal (OSC 52), on his explicit request only. E_TOOBIG
   above DISPLAY_COPY bytes. Whether the terminal does it, it does not say. */
#define DISPLAY_COPY 74000
int display_copy(struct display *d, const char *text, size_t len, struct err *err);

void display_leave(struct display *d);  /* the terminal as it was: for an editor, a pager */
void display_return(struct display *d); /* the screen again; everything is painted anew */
void display_stop(struct display *d);   /* Ctrl-Z: leaves, stops the process, returns */

#endif
