/* SPDX-License-Identifier: MIT */
/*
 * The least a model server can be, in a thread of the benchmark: it asks for a tool a number of
 * times, then says a text, always as server-sent events, and keeps the times. The turn is counted
 * from the tool results in the request, the run told by the word "bench-run-N" in the task, so any
 * client and any number of runs can be served on any connections.
 */
#ifndef TESTS_BENCH_KIT_STUB_H
#define TESTS_BENCH_KIT_STUB_H

#include <stddef.h>
#include <stdint.h>

#define STUB_RUNS 1024 /* runs are told apart below this number */

struct stub;

struct stub_options {
    int turns;         /* answers that ask for a tool */
    const char *tool;  /* NULL = shell */
    const char *input; /* its arguments, JSON without quotes escaped; NULL = echo N */
    int tokens;        /* pieces of the closing text; 0 = 1 */
    int64_t delay_us;  /* from a request's last byte to its answer's first */
};

struct stub *stub_new(const struct stub_options *options); /* listening when it returns */
void stub_free(struct stub *stub);                         /* stops it */
const char *stub_url(const struct stub *stub);             /* "http://127.0.0.1:PORT/v1" */

/* The rest is for after the client has ended. */

/* An answer's last byte to the next request's first, µs, of every run; *out is borrowed. */
size_t stub_overheads(const struct stub *stub, const double **out);
const char *stub_first_request(const struct stub *stub); /* its body; NULL = none came */
int64_t stub_requests(const struct stub *stub);

#endif
