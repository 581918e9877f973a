/* SPDX-License-Identifier: MIT */
/* A key from a helper program (`command:PROGRAM ARGS`): run once at start, its stdout is the key.
 */
#ifndef TUI_KEY_COMMAND_H
#define TUI_KEY_COMMAND_H

#include "core/base/err.h"

struct secret;

/* Waits at most 30 seconds. E_NOTFOUND: it does not run, or says nothing; E_TIMEOUT; E_IO: it
   failed. What it wrote is wiped. The program gets the whole environment: it is the operator's own.
 */
int key_command_run(struct secret **out, char *const *argv, const char *const *environment,
                    const char *exec_path, struct err *err);

#endif
