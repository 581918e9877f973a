/* SPDX-License-Identifier: MIT */
/*
 * A terminal's description, altered and handed to curses through the environment, where curses
 * takes compiled descriptions (TERMINFO=b64:…). So curses sends true colour on any terminal that
 * has it, though the description says 256; and it cannot reset the operator's palette, because the
 * description no longer says how. Pure.
 */
#ifndef TUI_TERMINFO_H
#define TUI_TERMINFO_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

/* $TERM may name a terminal that a screen can be drawn on: not empty, not dumb, no path. */
bool terminfo_sane(const char *term);
/* The description that does for a terminal whose own is not installed, as Debian lacks those of
   many that people have; NULL when nothing is known. */
const char *terminfo_kin(const char *term);

/* The description that curses has loaded: the names of all capabilities in the order of
   terminfo(5), each list ending with NULL, and what answers for a name (curses' tigetflag and its
   kin). */
struct terminfo_source {
    const char *const *flags, *const *numbers, *const *strings;
    int (*flag)(const char *name);
    int (*number)(const char *name);
    char *(*string)(const char *name); /* NULL or -1: absent */
};

struct terminfo_change {
    const char *name; /* what curses will ask for */
    bool rgb;         /* colours are 0xRRGGBB, but the first 16, which are the palette's */
    int w, h;         /* cells, as a program that draws into memory cannot ask */
};

/* Appends "b64:" and the compiled description. 0, or buf_add's error, or E_TOOBIG for strings of
   more than 32 KiB together. */
int terminfo_alter(struct buf *out, const struct terminfo_source *source,
                   const struct terminfo_change *change);

#endif
