/* SPDX-License-Identifier: MIT */
/*
 * Colours as people write them and as terminals can show them. A colour may carry a stand-in for
 * terminals of 16 colours, since the nearest of sixteen is often the wrong one. Pure.
 */
#ifndef TUI_COLOUR_H
#define TUI_COLOUR_H

#include <stdbool.h>
#include <stdint.h>

enum colour_level { COLOUR_MONO, COLOUR_8, COLOUR_16, COLOUR_256, COLOUR_TRUE };

/* What says how many colours there are. Texts may be NULL. */
struct colour_hints {
    const char *no_color;  /* $NO_COLOR: none, when it is not empty */
    const char *clicolor;  /* $CLICOLOR: none, when it is 0 */
    const char *colorterm; /* $COLORTERM: truecolor or 24bit */
    const char *term;      /* $TERM */
    const char *tmux;      /* $TMUX */
    int count;             /* terminfo's number of colours */
    bool rgb;              /* terminfo's flag for true colour */
};

enum colour_level colour_level(const struct colour_hints *hints);

/* "auto" leaves *level alone, "mono", "8", "16", "256", "true" set it: 0, or E_PARSE. */
int colour_level_parse(enum colour_level *level, const char *word);

enum colour_kind { COLOUR_DEFAULT, COLOUR_PALETTE, COLOUR_RGB };

struct colour {
    enum colour_kind kind; /* zero: the terminal's own colour */
    uint8_t index;         /* COLOUR_PALETTE: 0–255; below 16 the terminal's own red, blue … */
    uint32_t rgb;          /* COLOUR_RGB: 0xRRGGBB */
    int basic;             /* what stands in among 16: 0–15, COLOUR_CODE_DEFAULT, or: */
};

#define COLOUR_BASIC_NONE   (-2) /* compute it */
#define COLOUR_CODE_DEFAULT (-1)

/* "red", "bright-red", "gray", "default", "0"…"255", "#rrggbb": 0, or E_PARSE. */
int colour_parse(struct colour *out, const char *word);
const char *colour_nearest(const char *word); /* a name for "did you mean", or NULL */

/* As a terminal of that level takes it: COLOUR_CODE_DEFAULT, a palette number below the level's
   count, or at COLOUR_TRUE 0xRRGGBB (numbers below 16 are the palette's there too). */
int colour_code(const struct colour *colour, enum colour_level level);

#endif
