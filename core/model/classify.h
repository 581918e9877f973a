/* SPDX-License-Identifier: MIT */
/*
 * What a failed model call means: may it be tried again, when, does it count against the breaker,
 * and what should a person do. A pure table over plain values; who waits and how long is
 * core/guard's business.
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
    TRANSPORT_BAD_HTTP      /* not HTTP, or headers beyond all bounds */
};

enum failure {
    FAILURE_NONE,       /* a good answer */
    FAILURE_NETWORK,    /* connection, reset, broken stream, timeout: try again */
    FAILURE_SERVER,     /* 408, 409, 425, 5xx: try again */
    FAILURE_OVERLOAD,   /* 529, 503 overloaded, in-stream overload: try again, slower */
    FAILURE_RATE,       /* 429: try again when the rate allows */
    FAILURE_BILLING,    /* 402, quota or credit: a person must act */
    FAILURE_AUTH,       /* 401: the key */
    FAILURE_FORBIDDEN,  /* 403: permission, region, moderation */
    FAILURE_NOT_FOUND,  /* 404: model name or base URL */
    FAILURE_CONTEXT,    /* the conversation is too long for the model: compact */
    FAILURE_TRANSCRIPT, /* calls and results do not pair: repair once */
    FAILURE_EFFORT,     /* tools and reasoning_effort refused together: once with effort none */
    FAILURE_RESAMPLE,   /* the model's call broke the provider's checks: ask once more */
    FAILURE_FILTER,     /* content policy */
    FAILURE_REQUEST,    /* any other 4xx: the request is wrong, never again */
    FAILURE_SECURITY,   /* TLS, redirect: refused, no way around */
    FAILURE_PROTOCOL,   /* an answer that is none (HTML, garbage): try again, it is often a proxy */
    FAILURE_TOOBIG,     /* over our caps: never again */
    FAILURE_CANCELLED,  /* the operator */
    FAILURE_COUNT
};

/* Plain values in; all texts may be NULL and are borrowed. */
struct call_facts {
    enum transport transport;
    const char *transport_text;        /* what the network layer said, one line */
    int status;                        /* HTTP status, 0 without a response */
    const struct model_answer *answer; /* what the reader made of the body, NULL: none */
    const char *endpoint;              /* "api.openai.com" or "127.0.0.1:8080", for the text */
    const char *model;                 /* model asked for */
    const char *key_source;            /* "OPENAI_API_KEY", "config file": never the key */
    const char *retry_after;           /* header values as they came */
    const char *retry_after_ms;
    const char *should_retry; /* x-should-retry */
    int64_t now_wall_us;      /* to read a Retry-After date against */
    int retry_status;         /* profile->retry_status */
};

struct verdict {
    enum failure failure;
    bool retry;              /* the same request may be sent again */
    bool breaker;            /* counts as a failure of the endpoint */
    bool once;               /* with retry false: worth exactly one changed request (see failure) */
    int64_t retry_after_us;  /* the server's minimum wait; -1: it said none, or nonsense */
    int64_t base_us;         /* first step of the backoff: 1 s, or 2 s after 429 and 529 */
    char cause[ERR_MSG_MAX]; /* one line for people: what happened, and what to do */
};

void classify(struct verdict *out, const struct call_facts *facts);

/* Retry-After (seconds or an HTTP date; ms for the other header) → microseconds; a date that has
   passed is 0; -1 for negative, garbage, or more than 31 days. NULL gives -1. */
int64_t retry_after_us(const char *value, int64_t now_wall_us);
int64_t retry_after_ms_us(const char *value);

const char *failure_name(enum failure failure); /* "rate", … as in events; static */

#endif
