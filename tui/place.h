/* SPDX-License-Identifier: MIT */
/*
 * Where the program's own parts are: beside it in a build folder, or installed under its prefix.
 * Found from /proc/self/exe, so that the installed program runs from anywhere.
 */
#ifndef TUI_PLACE_H
#define TUI_PLACE_H

#include "core/base/err.h"

/* All give a path that is yours. */
int place_self(char **out, struct err *err);                    /* this program */
int place_exec(char **out, struct err *err);                    /* rerail-exec; E_NOTFOUND */
int place_share(char **out, const char *name, struct err *err); /* share/rerail/NAME; E_NOTFOUND */

#endif
