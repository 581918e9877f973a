/* SPDX-License-Identifier: MIT */
/*
 * Runs child processes in tests: the loop that the engine has, with a clock that may run faster
 * than the world's, so that a grace of two seconds costs a test a fifth of one.
 */
#ifndef TESTS_SUPPORT_CHILD_H
#define TESTS_SUPPORT_CHILD_H

#include "core/tool/process.h"

struct child {
    struct process *process;
    int speed; /* child seconds in a second */
};

const char *child_exec_path(void); /* rerail-exec beside the running program */
int64_t child_now(const struct child *child);

/* Zero members of spec get useful values: exec_path, env (PATH alone), cwd "/". speed 0 = 1. */
struct child child_start(const struct process_spec *spec, int speed);
struct child child_shell(const char *script, int speed); /* /bin/sh -c script */

/* Steps it until `state` or the end; fails the test after 20 real seconds. */
enum process_state child_until(struct child *child, enum process_state state);
const struct process_result *child_wait(struct child *child);
void child_free(struct child *child);

#endif
