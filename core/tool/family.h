/* SPDX-License-Identifier: MIT */
/*
 * The family of a child: all that descends from it, found by the mark that rerail-exec gave it
 * (exec.h), whatever sessions and groups it has moved to. Only a process that lowered its own limit
 * for file locks, or changed its user, is not found: nothing but a PID namespace stops that one.
 */
#ifndef CORE_TOOL_FAMILY_H
#define CORE_TOOL_FAMILY_H

#include <stdint.h>
#include <sys/types.h>

/* Orphans of our children become ours, so that sweeps can reap them. 0 or -1 with errno. */
int family_adopt(void);

/* SIGKILL to every member but `leader` (0 = no exception): how many there were. One walk of /proc.
 */
unsigned family_kill(uint64_t mark, pid_t leader);

/* Reaps the members that have ended, leader excepted. */
void family_reap(uint64_t mark, pid_t leader);

/* After the leader's end: kills and reaps what is left of its family, without waiting. The number
   of members it found; call again, a little later, until it is 0. *killed (may be NULL) counts
   those that died of it. Costs a look at our own children when nothing is left, else a walk of
   /proc. */
unsigned family_sweep(uint64_t mark, pid_t leader, unsigned *killed);

#endif
