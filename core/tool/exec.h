/* SPDX-License-Identifier: MIT */
/*
 * What process.c and rerail-exec (exec_main.c) say to each other. The child inherits:
 *
 *   0 stdin   1 stdout   2 stderr   EXEC_CONTROL a socket to rerail   EXEC_CWD the working folder
 *
 * and is called as `rerail-exec PROGRAM ARGUMENT…` with the environment of the tool. On the socket
 * (SOCK_SEQPACKET) it finds one struct exec_options, answers with one struct exec_report when it is
 * ready, waits for one byte if it is to hold, and executes: the socket closes by itself. A second
 * report says which stage failed. End of file while it holds means that rerail is gone: it exits,
 * and nothing has run.
 */
#ifndef CORE_TOOL_EXEC_H
#define CORE_TOOL_EXEC_H

#include <stdint.h>

#define EXEC_CONTROL 3
#define EXEC_CWD     4
#define EXEC_FDS     5 /* the first descriptor that is not the child's business */

#define EXEC_STAGES(X)                                                                             \
    X(READY, "ready")                                                                              \
    X(OPTIONS, "options")                                                                          \
    X(DESCRIPTORS, "descriptors")                                                                  \
    X(PARENT, "parent process")                                                                    \
    X(FOLDER, "working folder")                                                                    \
    X(LIMITS, "resource limits")                                                                   \
    X(SANDBOX, "sandbox")                                                                          \
    X(EXECUTE, "execute")

enum exec_stage {
#define X(id, name) EXEC_##id,
    EXEC_STAGES(X)
#undef X
        EXEC_STAGE_COUNT
};

struct exec_options {
    int32_t parent; /* our pid: the child must not outlive us */
    int32_t hold;
    int32_t sandbox; /* enum sandbox_level */
    int32_t cpu_seconds;
};

struct exec_report {
    int32_t stage;      /* enum exec_stage */
    int32_t error;      /* errno; 0 with EXEC_READY */
    int64_t start_time; /* with EXEC_READY: field 22 of /proc/self/stat, 0 = unknown */
};

/* The mark of a family: its limit for RLIMIT_LOCKS, which no kernel since 2.4 enforces. Every
   descendant inherits it, through setsid, double forks and cleared environments, and one prlimit
   call reads it of any of our processes. It falls as time goes on, because a limit can only be
   lowered: so rerail also works as a tool of rerail. */
static inline uint64_t exec_mark(int64_t pid, int64_t start_time)
{
    return (UINT64_C(1) << 62) - (((uint64_t)start_time << 22) | (uint64_t)pid);
}

#endif
