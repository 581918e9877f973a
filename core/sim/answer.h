/* SPDX-License-Identifier: MIT */
/*
 * From a reply, and the fault it meets, to the bytes and pauses of an HTTP answer. Pure: the same
 * request gives the same reel, but for a date in a Retry-After.
 */
#ifndef CORE_SIM_ANSWER_H
#define CORE_SIM_ANSWER_H

#include "core/base/err.h"
#include "core/sim/reel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct asked;
struct dialect;
struct fault;
struct reply;

struct answer_spec {
    const struct dialect *dialect;
    const struct reply *reply;
    const struct fault *fault; /* NULL = nothing goes wrong */
    const struct asked *asked;
    bool keep;       /* the connection may stay open */
    bool chunks;     /* a chunked body is understood */
    int64_t wall_us; /* for dates */
};

/* Fills an empty reel; *status is what its head says, 0 when it has none. E_TOOBIG, E_NOMEM,
   E_PARSE: the reel is then of no use. */
int answer_make(struct reel *out, int *status, const struct answer_spec *spec, struct err *err);

/* A whole answer at once. type NULL = application/json. */
struct answer_plain {
    int status;
    const char *type;
    const char *headers; /* further header lines, each with its line end; NULL = none */
    const char *body;
    size_t len;
    bool keep;
};
int answer_plain(struct reel *out, const struct answer_plain *plain);

#endif
