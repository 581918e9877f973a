/* SPDX-License-Identifier: MIT */
/*
 * HTTP for one thread that must never wait: many requests in flight over libcurl's multi interface,
 * driven by the owner's poll loop. Each pass the owner asks http_fds and http_timeout_us, polls,
 * and gives the answers to http_step, which calls the sinks. Idle costs nothing: no descriptor, no
 * timer. Everything belongs to the thread that made the struct http (the engine).
 *
 * The far side is never trusted: every request has deadlines and ceilings, certificates are always
 * checked, nothing is decompressed, no cookie, netrc file or other scheme is ever used. Nothing
 * here logs; error texts name host and port, never a path, a query or a header.
 *
 * HTTP/1.1 only: one request per connection at a time, so a reset hurts one run and a cancel closes
 * one socket. There is one layer of retries and it is not this one: a request is sent at most once.
 */
#ifndef CORE_NET_HTTP_H
#define CORE_NET_HTTP_H

#include "core/base/err.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct clock;
struct http;
struct http_call;

struct http_options {
    const char *ca_file; /* PEM, trusted besides the system's; NULL = none. From user config only */
    size_t keep;         /* idle connections kept for reuse, 0 = 64 */
};

/* The clock must outlive it. E_IO when libcurl does not start; err_sys's codes when ca_file cannot
   be read; E_UNSUPPORTED when this libcurl cannot add a CA file to the system's. */
int http_new(struct http **out, const struct http_options *options, const struct clock *clock,
             struct err *err);
void http_free(struct http *http); /* calls in flight end as HTTP_CANCELLED first */

/* Who chose the address decides what it may be. */
enum http_policy {
    HTTP_PROVIDER, /* the operator's endpoint: any address, proxy from the environment, any redirect
                      is an error (a key never follows one), http:// to loopback only */
    HTTP_TOOL      /* a model's idea: public addresses and ports 80 and 443 only, judged on the real
                      socket address of every hop; no proxy; redirects followed and checked */
};

/* Zero is the default of each. */
struct http_limits {
    int64_t connect_us;    /* until the request can be sent (DNS, TCP, TLS): 10 s */
    int64_t first_byte_us; /* from then to the end of the answer's headers: 120 s */
    int64_t idle_us;       /* between http_touch calls, from the headers on: 120 s */
    int64_t total_us;      /* the whole call, redirects included: 30 min */
    int64_t bytes;         /* of body: 64 MiB */
    size_t header_bytes;   /* of all headers of one answer: 64 KiB */
    int redirects;         /* HTTP_TOOL follows at most: 5; negative = none */
};

struct http_header {
    const char *name;
    const char *value;
    bool
        secret; /* not sent on when a redirect leaves the origin; so are Authorization and Cookie */
};

struct http_request {
    const char *method; /* NULL = POST with a body, GET without */
    const char *url;    /* http or https, no user@ */
    const struct http_header *headers;
    size_t header_count;
    const void *body; /* NULL = none */
    size_t body_len;
    bool body_moves; /* body came from malloc and is free()d at the end; else yours until done */
    enum http_policy policy;
    bool allow_plain; /* HTTP_PROVIDER: http:// to any address (an explicit user setting) */
    const char *const
        *allow; /* HTTP_TOOL: "host:port" entries that the user has opened, any address */
    size_t allow_count;
    struct http_limits limits;
};

enum http_outcome {
    HTTP_OK,                 /* a whole answer, whatever its status */
    HTTP_DNS,                /* the name has no address */
    HTTP_CONNECT,            /* refused or unreachable */
    HTTP_TLS,                /* handshake or certificate */
    HTTP_TIMEOUT_CONNECT,    /* limits.connect_us passed */
    HTTP_TIMEOUT_FIRST_BYTE, /* limits.first_byte_us passed */
    HTTP_TIMEOUT_IDLE,       /* limits.idle_us passed without http_touch */
    HTTP_TIMEOUT_TOTAL,      /* limits.total_us passed */
    HTTP_RESET,              /* the connection broke */
    HTTP_TRUNCATED,          /* it ended before the promised length or the last chunk */
    HTTP_TOO_BIG,            /* body or headers over the ceiling */
    HTTP_PROTOCOL,           /* not HTTP */
    HTTP_REDIRECT,           /* a 3xx that is not followed: provider, too many, nowhere to go */
    HTTP_PROXY,              /* the proxy is unknown or refuses */
    HTTP_DENIED,             /* the policy forbids this address, port, scheme or hop */
    HTTP_LOCAL,              /* this machine cannot: out of descriptors, memory, threads */
    HTTP_STOPPED,            /* a sink said so */
    HTTP_CANCELLED,          /* http_cancel or http_free */
    HTTP_OUTCOMES
};

/* "reset" and so on: for events, logs and tests. Static text. */
const char *http_outcome_name(enum http_outcome outcome);

/* Points on clock->mono_us (0 = never came to it) and stretches of time; of the last hop, but for
   the start. */
struct http_times {
    int64_t start_us;      /* point: http_start */
    int64_t sent_us;       /* point: connection ready, the request leaves */
    int64_t first_byte_us; /* point: status line of the answer */
    int64_t last_byte_us;  /* point: the newest byte of header or body */
    int64_t dns_us;        /* stretch: name look-up; these three are 0 on a reused connection */
    int64_t connect_us;    /* stretch: TCP */
    int64_t tls_us;        /* stretch: TLS, 0 for http:// */
};

#define HTTP_TEXT_MAX 200

struct http_result {
    enum http_outcome outcome;
    int status;               /* HTTP status, 0 when none came */
    char text[HTTP_TEXT_MAX]; /* one line for people: "host:port: what"; "" for HTTP_OK */
    struct http_times times;
    int64_t bytes; /* of body, received */
    int hops;      /* redirects followed */
    bool reused;   /* went over a kept connection */
};

/*
 * Called from http_step only, but for done, which http_cancel, http_drain and http_free may call
 * themselves. Inside headers and bytes you may call http_touch, http_header, http_cancel and
 * http_drain, not http_start; inside done everything but http_free.
 */
struct http_sink {
    /* The final status came (not a 1xx, not a followed redirect); http_header works from here on.
       false stops the call with HTTP_STOPPED. May be NULL. */
    bool (*headers)(void *ctx, struct http_call *call, int status);
    /* Some body, at most 16 KiB at a time; valid inside only. false stops as above. May be NULL. */
    bool (*bytes)(void *ctx, struct http_call *call, const char *data, size_t len);
    /* Exactly once for every call that http_start gave out, and the last. The call and the result
       die when it returns; http_header still works inside. */
    void (*done)(void *ctx, struct http_call *call, const struct http_result *result);
};

/* Queues a request; nothing is sent before the next http_step. Everything in *request but a
   borrowed body is copied. The call is http's: it lives until done. On failure there is no call,
   done is not called, and a moved body is freed all the same. E_RANGE: not a URL, method or header
   that can be sent. E_DENIED: the policy forbids the URL as written. E_BUSY: inside headers or
   bytes. */
int http_start(struct http *http, const struct http_request *request, const struct http_sink *sink,
               void *ctx, struct http_call **out, struct err *err);

/* Ends the call as HTTP_CANCELLED without waiting for anything, whatever phase it is in: done is
   called before it returns, or, from inside headers or bytes, before this http_step returns. */
void http_cancel(struct http_call *call);

/* "I have all I need": ends the call as HTTP_OK as http_cancel does, and lets the tail of the
   answer (at most 64 KiB and one second) run out unseen, so that the connection can be used again.
 */
void http_drain(struct http_call *call);

/* A complete event came: moves the idle deadline. Bytes, comments and pings do not move it. */
void http_touch(struct http_call *call);

/* A header of the final answer by name, any case; the first of several; NULL when absent. Borrowed,
   dies with the call. Bytes as received, blanks around the value removed: not fit for a screen. */
const char *http_header(const struct http_call *call, const char *name);

/* Where the call is, redirects followed. Borrowed, dies with the call. May hold a key: not for
 * logs. */
const char *http_url(const struct http_call *call);

/* --- The owner's loop --- */

/* Writes up to cap descriptors with the events wanted; returns how many there are, which may be
   more than cap. Does not change before the next http_… call. */
size_t http_fds(const struct http *http, struct pollfd *out, size_t cap);

/* µs until http_step has something to do without any descriptor: 0 = now, -1 = never. */
int64_t http_timeout_us(const struct http *http);

/* One pass: `ready` is what http_fds gave, with revents filled. Descriptors are served before
   deadlines are judged, and a call whose deadline passed gets one more poll of its socket first. */
void http_step(struct http *http, const struct pollfd *ready, size_t count);

/* The process stood still for `us` (SIGCONT): every deadline moves by it. */
void http_shift_deadlines(struct http *http, int64_t us);

/* Calls whose done has not been called. */
size_t http_calls(const struct http *http);

#endif
