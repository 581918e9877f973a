/* SPDX-License-Identifier: MIT */
/* Starts rerail-exec with its descriptors in place (exec.h). Only process.c uses it. */
#ifndef CORE_TOOL_SPAWN_H
#define CORE_TOOL_SPAWN_H

#include <stdint.h>
#include <sys/types.h>

struct process_spec;

/* Our ends; all close-on-exec and non-blocking. */
struct spawned {
    pid_t pid;
    int pidfd; /* readable once it has ended */
    int control;
    int out, err;
};

/* 0, or an errno and in *stage what could not be done; then nothing is left behind. timeout_us is
   that of the child's processor time. */
int spawn_child(struct spawned *child, const struct process_spec *spec, int64_t timeout_us,
                const char **stage);

#endif
