/* SPDX-License-Identifier: MIT */
/*
 * What a failed model call means: may it be tried again, does it count against the breaker, and
 * what should a person do. A pure table over plain values. Who waits, and how long, is
 * core/guard's business: `word` is its name for the failure (failure_named), and the headers
 * (Retry-After, x-should-retry) are read by its gate.
 */
#ifndef CORE_MODEL_CLASSIFY_H
#define CORE_MODEL_CLASSIFY_H

#include "core/base/err.h"
#include "core/model/provider.h"

#include <stdbool.h>
#include <stdint.h>

/* How the transfer went, whatever was in it. */
enum transport {
    TRANSPORT_OK,           /* a whole HTTP response */
    TRANSPORT_CANCELLED,    /* we stopped it on purpose */
    TRANSPORT_DNS,          /* the name could not be resolved */
    TRANSPORT_CONNECT,      /* refused, unreachable */
    TRANSPORT_CONNECT_TIME, /* no connection within its limit */
    TRANSPORT_TLS,          /* handshake or certificate */
    TRANSPORT_PROXY,        /* the proxy refused or is down */
    TRANSPORT_RESET,        /* broke before any byte of the answer */
    TRANSPORT_BROKEN,       /* broke inside the answer, or it was shorter than promised */
    TRANSPORT_FIRST_TIME,   /* no first byte within its limit */
    TRANSPORT_EVENT_TIME,   /* no complete event within its limit */
    TRANSPORT_TOTAL_TIME,   /* the whole response took too long */
    TRANSPORT_TOOBIG,       /* over our ceiling of bytes */
    TRANSPORT_BAD_HTTP,     /* not HTTP, or headers beyond all bounds */
    TRANSPORT_COUNT
};

/* Finer than the guards need: what to do next differs. */
enum call_error {
    CALL_ERROR_NONE,       /* a good answer */
    CALL_ERROR_CONNECT,    /* DNS, TCP, proxy: the request never got there; try again */
    CALL_ERROR_SECURITY,   /* TLS: refused, no way around */
    CALL_ERROR_TIMEOUT,    /* one of our limits passed; try again */
    CALL_ERROR_STREAM,     /* reset, cut, ended before its message did; try again, clean */
    CALL_ERROR_SERVER,     /* 5xx but 501 and 505, or the same said inside a 200; try again */
    CALL_ERROR_OVERLOADED, /* 529 or overload; try again, slower */
    CALL_ERROR_THROTTLED,  /* 429 that passes with time */
    CALL_ERROR_BUSY,       /* 408, 409, 425; try again */
    CALL_ERROR_BILLING,    /* 402, quota or credit: a person must act */
    CALL_ERROR_AUTH,       /* 401: the key */
    CALL_ERROR_FORBIDDEN,  /* 403: permission, region, moderation */
    CALL_ERROR_NOT_FOUND,  /* 404: model name or base URL */
    CALL_ERROR_REDIRECT,   /* 3xx: never followed, the key stays here */
    CALL_ERROR_CONTEXT,    /* too long for the model: compact, or roll back */
    CALL_ERROR_TRANSCRIPT, /* calls and results do not pair: repair once */
    CALL_ERROR_EFFORT,     /* tools and reasoning effort refused together: once with "none" */
    CALL_ERROR_SAMPLE,     /* the provider rejected the model's own call: sample once more */
    CALL_ERROR_FILTER,     /* content policy */
    CALL_ERROR_REQUEST,    /* any other 4xx, 501, 505: the request is wrong, never again */
    CALL_ERROR_PROTOCOL,   /* an answer that is none: HTML, 204, not JSON */
    CALL_ERROR_TOOBIG,     /* over our caps: never again */
    CALL_ERROR_CANCELLED,  /* the operator */
    CALL_ERROR_COUNT
};

/* Plain values in; all texts may be NULL and are borrowed. */
struct call_facts {
    enum transport transport;
    const char *transport_text;        /* what the network layer said, one line */
    int status;                        /* HTTP status, 0 without a response */
    const struct model_answer *answer; /* what the reader made of the body, NULL: none */
    const char *endpoint;              /* "api.openai.com" or "127.0.0.1:8080", for the text */
    const char *model;                 /* model asked for */
    const char *key_source;            /* "OPENAI_API_KEY", "config.yaml": never the key itself */
    int should_retry;                  /* x-should-retry as guard's gate reads it: 1, 0, -1 */
    int retry_status;                  /* profile->retry_status */
};

struct verdict {
    enum call_error error;
    const char *word;        /* guard's name for it: failure_named(word); static */
    bool retry;              /* the same request may be sent again */
    bool once;               /* not as it is, but one changed request is worth it (see the error) */
    bool breaker;            /* speaks against the endpoint */
    char cause[ERR_MSG_MAX]; /* one line for people: what happened, and what to do */
};

void classify(struct verdict *out, const struct call_facts *facts);

const char *call_error_name(enum call_error error); /* "throttled", … as in events; static */

#endif
