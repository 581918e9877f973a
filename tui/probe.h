/* SPDX-License-Identifier: MIT */
/*
 * A command line of the operator's, tried on a folder: the test of a race, the question of a
 * bisect. It runs as a tool would: through rerail-exec, with a chosen environment, bounded, and
 * ended with all that it started. Main thread.
 */
#ifndef TUI_PROBE_H
#define TUI_PROBE_H

#include "core/base/err.h"

#include <stdint.h>

struct cli;

struct probe {
    char *exec_path;
    char **env;
    int64_t timeout_us;
    int stop; /* a descriptor: when it can be read, the command is stopped; −1 = none */
};

struct probe_result {
    int code;     /* exit code; −1 = it did not end by itself */
    char *end;    /* "exit 1", "killed by signal 9", "stopped after 2m" */
    char *output; /* the end of what it printed, at most some lines, fit for a terminal */
    int64_t us;
};

/* The environment and time of tools, as the configuration has them; read it first
   (cli_configure). E_NOTFOUND: no rerail-exec. */
int probe_open(struct probe *probe, const struct cli *cli, struct err *err);
void probe_close(struct probe *probe);

/* Waits. E_CANCELLED: it was stopped. E_NOTFOUND, E_IO: it could not be run at all. */
int probe_run(struct probe_result *out, const struct probe *probe, const char *folder,
              const char *command, struct err *err);
void probe_result_free(struct probe_result *result);

#endif
