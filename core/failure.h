/* SPDX-License-Identifier: MIT */
/*
 * Port: one word for how an attempt of a model call or a tool ended, and what the guards make of
 * it. The table in failure.c says which failures are tried again, which speak against the endpoint
 * or tool, and what health counts. Stored in history by name ("ok" for NONE, else the word in lower
 * case: "not_found").
 */
#ifndef CORE_FAILURE_H
#define CORE_FAILURE_H

#include <stdbool.h>

enum failure {
    FAILURE_NONE,       /* it worked */
    FAILURE_CONNECT,    /* DNS, TCP, proxy: the request never got there whole */
    FAILURE_TIMEOUT,    /* connect, first byte, event or whole-call limit; a tool's too */
    FAILURE_STREAM,     /* broke, or stopped making sense, before its message was complete */
    FAILURE_SERVER,     /* 5xx but 501 and 505, or the same said inside a stream */
    FAILURE_OVERLOADED, /* 529, or overload said inside a stream */
    FAILURE_THROTTLED,  /* 429 that passes with time: drives the rate gate */
    FAILURE_BUSY,       /* 408, 409, 425 */
    FAILURE_BILLING,    /* 402, or a 429 that means quota or credit */
    FAILURE_AUTH,       /* 401: the key */
    FAILURE_FORBIDDEN,  /* 403: permission, region, moderation */
    FAILURE_NOT_FOUND,  /* 404: the model's name, or the base URL */
    FAILURE_CONTEXT,    /* too long for the model, or 413 */
    FAILURE_TRANSCRIPT, /* calls and results do not pair: repaired once, by the caller */
    FAILURE_EFFORT,     /* tools and reasoning effort refused together: once with "none" */
    FAILURE_RESAMPLE,   /* the provider rejected the model's own call: sampled once more */
    FAILURE_FILTER,     /* content policy */
    FAILURE_REQUEST,    /* every other 4xx, 501, 505: the same request fails again */
    FAILURE_SECURITY,   /* TLS refused, or a redirect: there is no way around */
    FAILURE_PROTOCOL,   /* an answer that is none: HTML from a proxy, 204, not JSON */
    FAILURE_TOOBIG,     /* over our ceilings */
    FAILURE_UNSTARTED,  /* a tool that provably did not run: spawn failed, connection refused */
    FAILURE_TOOL,       /* a tool that ran and reported an error */
    FAILURE_EXIT,       /* a command's non-zero exit: an outcome, unless its tool says otherwise */
    FAILURE_ARGUMENTS,  /* arguments that do not fit the tool's schema, or no such tool */
    FAILURE_DENIED,     /* policy or the operator said no */
    FAILURE_CANCELLED,  /* the operator's cancel */
    FAILURE_LOST,       /* rerail died while it was in flight */
    FAILURE_COUNT
};

struct failure_row {
    const char *name; /* as stored: "connect" */
    const char *text; /* for people: "connection failed" */
    bool retry;       /* the same call may succeed later */
    bool fault;       /* speaks against the endpoint or tool: the breaker counts it */
    bool error;       /* health counts an error */
    bool ok;          /* the endpoint or tool did its work: health and breaker count a success */
};

const struct failure_row *failure_row(enum failure failure); /* never NULL */
const char *failure_name(enum failure failure);
enum failure failure_named(const char *name); /* FAILURE_COUNT when there is no such name */

#endif
