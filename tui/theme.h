/* SPDX-License-Identifier: MIT */
/*
 * A theme: colours and attributes for every role, from YAML. One line a role, `role: fg bg attrs`;
 * what is left out is as in `text`. All of themes/ is built in; a file of the operator's is read by
 * the same parser. A theme never changes after it was made; owner: tui.
 */
#ifndef TUI_THEME_H
#define TUI_THEME_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/err.h"
#include "tui/colour.h"
#include "tui/role.h"

struct buf;
struct theme;

struct style {
    struct colour fg, bg;
    unsigned attrs; /* enum attr */
};

#define THEME_DEFAULT "dark"
#define THEME_MONO    "mono" /* what terminals without colour get, whatever was chosen */

/* 0, or E_PARSE with "NAME:LINE: what". Roles that do not exist are no error: each is a line in
   warnings (NULL: not wanted). */
int theme_parse(struct theme **out, const char *name, const char *text, size_t len,
                struct buf *warnings, struct err *err);
/* By name: DIR/NAME.yaml when dir is given and has it, else the one that is built in. E_NOTFOUND
   names the nearest. */
int theme_open(struct theme **out, const char *name, const char *dir, struct buf *warnings,
               struct err *err);
void theme_free(struct theme *theme);

const char *theme_about(const struct theme *theme); /* one line, "" when it says nothing */
const struct style *theme_style(const struct theme *theme, enum role role);

#define THEME_NAME  32
#define THEME_ABOUT 80
/* Name of a built-in theme, in the order of their files; false past the last. */
bool theme_builtin(char out[THEME_NAME], size_t index);

/* A theme that can be chosen. */
struct theme_info {
    char name[THEME_NAME], about[THEME_ABOUT]; /* why not, when its file cannot be read */
};

#define THEME_LIST 64 /* more nobody looks through */
/* The built-in ones and those of the operator's folder (NULL = none), by name; returns how many. */
size_t theme_list(struct theme_info out[THEME_LIST], const char *dir);

/* What a cell comes to on a terminal of that level. */
struct paint {
    int fg, bg;     /* as colour_code gives them */
    unsigned attrs; /* enum attr, without ATTR_SELECTED */
};

struct paint theme_paint(const struct theme *theme, enum role role, unsigned attrs,
                         enum colour_level level);

#endif
