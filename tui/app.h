/* SPDX-License-Identifier: MIT */
/*
 * The console on a real terminal: one poll over the keys, the session's news, the file's watch and
 * the socket of another owner; at most sixty frames a second, none when nothing changed. Main
 * thread; returns when the operator leaves.
 */
#ifndef TUI_APP_H
#define TUI_APP_H

#include "core/base/err.h"
#include "tui/session.h"

#include <stdbool.h>
#include <stdint.h>

struct app_options {
    const struct config *config; /* borrowed; `:set` of this console's own settings copies */
    struct session *session;
    struct session_task task; /* to start at once; further ones are like it. NULL task: none */
    int64_t run;              /* to show at first; 0 = the list of runs */
    bool take_over;           /* and go on with it */
};

/* The exit code: 0, or 143 and 129 after SIGTERM and SIGHUP. E_UNSUPPORTED: no terminal that
   a screen can be drawn on. */
int app_run(const struct app_options *options, struct err *err);

#endif
