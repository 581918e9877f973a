/* SPDX-License-Identifier: MIT */
/*
 * A child process under control: started through rerail-exec in a session of its own, held until
 * the engine has committed that it starts, read without blocking, stopped with its whole family,
 * and reaped. Everything is bounded: what is kept of its output, how long it may run, how long its
 * end may take. Belongs to the engine thread, which must live as long as its children do (they die
 * with the thread that started them). SIGPIPE must be ignored or blocked.
 *
 *   process_start ─▶ STARTING ─▶ HELD ─process_go─▶ RUNNING ─▶ ENDING ─▶ DONE
 *                       └────────── hold = false ──────┘
 *
 * The loop polls process_fds until process_wake, then calls process_step. Any number may run at
 * once. Times are monotonic µs, as clock_mono gives them.
 */
#ifndef CORE_TOOL_PROCESS_H
#define CORE_TOOL_PROCESS_H

#include "core/base/err.h"
#include "core/tool/sandbox.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct process;

#define PROCESS_FDS     4           /* at most this many to poll for one process */
#define PROCESS_KEEP    (64u << 10) /* bytes kept from each end of stdout and of stderr */
#define PROCESS_TIMEOUT 120000000LL /* default deadline, µs */
#define PROCESS_LONGEST 600000000LL /* ceiling of a deadline, µs */
#define PROCESS_BOOT_ID 37          /* text of a boot id with its NUL */

struct process_spec {
    const char *exec_path;   /* rerail-exec */
    const char *const *argv; /* NULL-terminated; argv[0] without '/' is looked up in env's PATH */
    const char *const *env;  /* NULL-terminated NAME=VALUE: all that the child gets */
    int cwd;                 /* open folder; borrowed for the call */
    const char *input;       /* bytes of stdin; NULL = /dev/null */
    size_t input_len;
    int64_t timeout_us; /* from its start on; 0 = PROCESS_TIMEOUT, at most PROCESS_LONGEST */
    bool hold;          /* wait for process_go */
    enum sandbox_level sandbox;
};

/* Who it is, in a form that survives us: for the ledger. */
struct process_identity {
    pid_t pid;
    int64_t start_time; /* ticks since boot, field 22 of /proc/PID/stat */
};

enum process_state {
    PROCESS_STARTING, /* spawned; has not reported */
    PROCESS_HELD,     /* reported; waits for process_go */
    PROCESS_RUNNING,
    PROCESS_ENDING, /* its own process has ended: draining, sweeping, reaping */
    PROCESS_DONE
};

enum process_end {
    PROCESS_EXITED,    /* code = exit code */
    PROCESS_SIGNALLED, /* code = signal number */
    PROCESS_NOT_RUN    /* never executed: stage and error say why, or stopped while held */
};

enum process_stop {
    PROCESS_STOP_NONE,
    PROCESS_STOP_TIMEOUT,  /* its deadline passed */
    PROCESS_STOP_OPERATOR, /* cancelled */
    PROCESS_STOP_SHUTDOWN  /* rerail is going down */
};

struct process_output {
    const char *head, *tail; /* at most PROCESS_KEEP plus a margin (PROCESS_MARGIN) each */
    size_t head_len, tail_len;
    uint64_t total;  /* bytes that arrived; head_len + tail_len when nothing was left out */
    bool binary;     /* NUL, or more than a tenth wrong UTF-8 in the first 4 KiB */
    char sha256[65]; /* of all that arrived, when binary; else "" */
};

struct process_result {
    enum process_end end;
    int code;
    enum process_stop stop;
    const char
        *stage;      /* PROCESS_NOT_RUN: what failed, "execute"; NULL = stopped before its start */
    int error;       /* PROCESS_NOT_RUN: errno of that stage, 0 = it just ended */
    bool stuck;      /* SIGKILL did not end all of it within 1 s: it hangs in the kernel */
    bool background; /* something it left behind still held its output, and was killed */
    unsigned killed; /* descendants that had to be swept */
    int64_t wall_us; /* from its start to its end */
    int64_t cpu_us;  /* of it and the children it waited for */
    struct process_output out, err;
};

/* Bytes kept beyond PROCESS_KEEP at a cut, so that a key lying across the cut can still be masked;
   whoever makes text of it drops as many at the cut afterwards (result.c does). */
#define PROCESS_MARGIN (32u << 10)

/* Spawns. Whatever goes wrong, here or in the child, is told by the result (PROCESS_NOT_RUN): then
   it may be DONE at once. */
void process_start(struct process **out, const struct process_spec *spec, int64_t now_us);

size_t process_fds(const struct process *p, struct pollfd *fds, size_t max);
int64_t process_wake(const struct process *p); /* INT64_MAX = only when a descriptor is ready */
enum process_state process_step(struct process *p, int64_t now_us);
enum process_state process_state(const struct process *p);

/* Once it has reported (from PROCESS_HELD on). Zero before. */
struct process_identity process_identity(const struct process *p);

/* Lets a held one run; its deadline starts now. E_CLOSED when it has ended meanwhile: go on
   stepping, its result says that it did not run. */
int process_go(struct process *p, int64_t now_us, struct err *err);

/* SIGTERM to its group now, SIGKILL to the family 2 s later; a held one just ends, not run. The
   first reason stays. */
void process_stop(struct process *p, enum process_stop why, int64_t now_us);

/* When PROCESS_DONE, else NULL. Borrowed, dies with p. */
const struct process_result *process_result(const struct process *p);

/* One that still runs is killed with its family and reaped; at most 1 s. NULL is allowed. */
void process_free(struct process *p);

/* Orphans of the children come to the caller's process, where sweeps find and reap them. Once, at
   start, before the first child. */
int process_become_reaper(struct err *err);

/* "" when the kernel does not say. */
void process_boot_id(char out[PROCESS_BOOT_ID]);

/* Recovery: kills what is left of the family of a process that an earlier rerail started, and waits
   for its end (at most 1 s). The number killed; 0 too when the machine was booted since. */
unsigned process_kill_family(const struct process_identity *who, const char *boot_id);

#endif
