/* SPDX-License-Identifier: MIT */
/* The signals that end a shell command, as a descriptor to poll. Main thread, before any other. */
#ifndef TUI_SIGNALS_H
#define TUI_SIGNALS_H

#include "core/base/err.h"

/* SIGINT, SIGTERM, SIGHUP are blocked from here on: a descriptor, yours to close, or an error. */
int signals_watch(struct err *err);
/* Takes one that has come: its exit code; −1 = there was none. */
int signals_take(int fd);

#endif
