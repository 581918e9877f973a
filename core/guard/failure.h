/* SPDX-License-Identifier: MIT */
/*
 * One word for how an attempt ended, and what each guard makes of it: one table says which failures
 * are tried again, which speak against the endpoint, and what a retry costs. The rooms that talk to
 * models and tools speak of them by name; core/agent looks the names up here.
 */
#ifndef CORE_GUARD_FAILURE_H
#define CORE_GUARD_FAILURE_H

#include <stdbool.h>

/* Stored by name: "ok" for NONE, else the word in lower case ("connect", "throttled", …). */
enum failure {
    FAILURE_NONE,       /* it worked */
    FAILURE_CONNECT,    /* DNS, TCP, proxy: the request never got there whole */
    FAILURE_SECURITY,   /* TLS: handshake or certificate refused; there is no way around */
    FAILURE_TIMEOUT,    /* connect, first byte, event or whole-call limit */
    FAILURE_STREAM,     /* broke, or stopped making sense, before its message was complete */
    FAILURE_SERVER,     /* 5xx but 501 and 505, or the same said inside a stream */
    FAILURE_OVERLOADED, /* 529, or overload said inside a stream */
    FAILURE_THROTTLED,  /* 429 that passes with time: drives the rate gate */
    FAILURE_BUSY,       /* 408, 409, 425 */
    FAILURE_BILLING,    /* 402, or a 429 that means quota or credit */
    FAILURE_AUTH,       /* 401, 403: the key, or what it may do */
    FAILURE_CONTEXT,    /* 413, or more tokens than the model takes */
    FAILURE_REQUEST,    /* every other 4xx, 3xx, 501, 505: the same request fails again */
    FAILURE_PROTOCOL,   /* an answer that is not the protocol at all: HTML, 204, not JSON */
    FAILURE_UNSTARTED,  /* a tool that provably did not run: spawn failed, connection refused */
    FAILURE_TOOL,       /* a tool that ran and reported an error */
    FAILURE_EXIT,       /* a command's non-zero exit: an outcome, unless its tool says otherwise */
    FAILURE_ARGUMENTS,  /* arguments that do not fit the tool's schema, or no such tool */
    FAILURE_DENIED,     /* policy or the operator said no */
    FAILURE_CANCELLED,  /* the operator's cancel */
    FAILURE_COUNT
};

struct failure_row {
    const char *name; /* as stored and shown: "connect" */
    const char *text; /* for people: "connection failed" */
    bool retry;       /* the same call may succeed later */
    bool fault;       /* speaks against the endpoint or tool: the breaker counts it */
    bool error;       /* health counts it as an error */
    bool ok;          /* the endpoint or tool did its work: health counts a success */
};

const struct failure_row *failure_row(enum failure failure); /* never NULL */
const char *failure_name(enum failure failure);
/* FAILURE_COUNT when there is no such name. */
enum failure failure_named(const char *name);

#endif
