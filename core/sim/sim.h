/* SPDX-License-Identifier: MIT */
/*
 * The simulator as a process: what `rerail sim` runs, and how to start it as a child.
 *
 * The process prints "URL TOKEN" on one line of stdout when it is ready (the token nowhere else),
 * what differs from the scenario's expectations on stderr, and ends with SIGINT, SIGTERM, SIGHUP,
 * or when the pipe that is its stdin closes, which is what the death of whoever started it does.
 */
#ifndef CORE_SIM_SIM_H
#define CORE_SIM_SIM_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct sim_options {
    const char *scenario; /* a path, or the name of one (scenario.h) */
    const char *share;    /* installed folder of scenarios; may be NULL */
    uint16_t port;        /* 0 = any */
    uint64_t requests;    /* most it answers; 0 = a million */
    bool check;           /* exit 1 when a request was not as expected */
};

/* Runs until the end; returns the exit code: 0, or 1 (it could not start, or --check failed). */
int sim_run(const struct sim_options *options);

/* ---- As a child ---- */

struct sim_child;

struct sim_child_options {
    const char *program; /* NULL = /proc/self/exe: rerail itself */
    const char *scenario;
    int stderr_fd; /* where its stderr goes; 0 = ours, -1 = /dev/null */
    bool check;
};

/* Starts it and returns at once. E_IO, E_NOTFOUND: the program could not be started. It dies with
   this process, whichever way that goes. */
int sim_child_start(struct sim_child **out, const struct sim_child_options *options,
                    struct err *err);
/* Stops it and waits for its end; takes NULL. Returns its exit code, or 128 + its signal. */
int sim_child_stop(struct sim_child *child);

/* Readable when sim_child_ready has something to say; -1 once that is settled. */
int sim_child_fd(const struct sim_child *child);
/* 1: url and token are there; 0: not yet; E_CLOSED, E_PROTOCOL: it ended, or said something else.
 */
int sim_child_ready(struct sim_child *child, struct err *err);
/* Waits for that, at most timeout_us: 0, E_TIMEOUT, or as above. */
int sim_child_await(struct sim_child *child, int64_t timeout_us, struct err *err);

const char *sim_child_url(const struct sim_child *child);   /* "http://127.0.0.1:PORT/v1" */
const char *sim_child_token(const struct sim_child *child); /* NULL before it is ready, both */
pid_t sim_child_pid(const struct sim_child *child);

#endif
