/* SPDX-License-Identifier: MIT */
/*
 * A child process of a shell command, which has nothing to do but to wait for it. A thread that
 * waits must be the one that lives as long as the child: main.
 */
#ifndef TUI_CHILD_H
#define TUI_CHILD_H

struct process;
struct process_spec;

/* Runs it to its end: its result is there to be read (core/tool/process.h); process_free it. When
   `stop` (a descriptor, −1 = none) can be read, the child is stopped. */
struct process *child_run(const struct process_spec *spec, int stop);

#endif
