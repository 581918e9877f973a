/* SPDX-License-Identifier: MIT */
/*
 * A small HTTP server that does exactly what a script says, right or wrong: bytes as they are
 * given, one byte at a time, a reset, silence. Loopback only, port chosen by the system, bounded in
 * what it takes. Requests are recorded and connections counted, so that a test can say what was on
 * the wire.
 *
 * Either the test drives it from its own poll loop (fakehttp_fds, fakehttp_step: no thread, nothing
 * happens that the test did not let happen), or fakehttp_serve gives it a thread of its own. All
 * functions may be called from any thread.
 */
#ifndef TESTS_SUPPORT_FAKEHTTP_H
#define TESTS_SUPPORT_FAKEHTTP_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fakehttp;
struct ssl_ctx_st;

enum fake_do {
    FAKE_DONE,   /* the end of an answer: the connection stays, for another request */
    FAKE_SEND,   /* all bytes at once */
    FAKE_SLICES, /* `count` bytes a step: the client may act between any two */
    FAKE_REPEAT, /* all bytes, `count` times */
    FAKE_GATE,   /* nothing, until fakehttp_open is called once more */
    FAKE_FIN,    /* closes the connection */
    FAKE_RST,    /* breaks it: the peer gets ECONNRESET */
    FAKE_HANG    /* nothing more, for ever */
};

struct fake_step {
    enum fake_do what;
    const char *bytes; /* borrowed until fakehttp_stop */
    size_t len;        /* 0 = strlen(bytes) */
    size_t count;
};

struct fakehttp_options {
    /* Answer n is given to request n, whatever connection it came on; the last to all that follow.
       Each ends with a FAKE_DONE. */
    const struct fake_step *const *answers;
    size_t answer_count;
    bool at_accept; /* an answer begins when a connection is made, not when a request came */
    bool ipv6;      /* on ::1 instead of 127.0.0.1 */
    struct ssl_ctx_st *tls; /* speaks TLS with this; borrowed */
};

struct fake_request {
    const char *text; /* the whole request, NUL-terminated */
    size_t len;
    const char *body; /* inside text */
    size_t body_len;
    size_t connection; /* 0 for the first that was made */
};

/* An answer in place: FAKE_ANSWER(FAKE_TEXT("HTTP/1.1 200 …"), FAKE_STEP(FAKE_FIN)). It lives as
   long as the block that it is written in: outside functions it must be a table. */
#define FAKE_ANSWER(...) ((const struct fake_step[]){__VA_ARGS__, {FAKE_DONE, NULL, 0, 0}})
#define FAKE_TEXT(text)                                                                            \
    {                                                                                              \
        FAKE_SEND, text, 0, 0                                                                      \
    }
#define FAKE_STEP(what)                                                                            \
    {                                                                                              \
        what, NULL, 0, 0                                                                           \
    }

/* A full answer of len(body) bytes, or of SSE without a length. */
#define FAKE_OK(length)                                                                            \
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " #length "\r\n\r\n"
#define FAKE_SSE                                                                                   \
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
#define FAKE_OK_HI      FAKE_OK(2) "hi"
#define FAKE_EVENT      "data: {\"x\":1}\n\n"
#define FAKE_CHUNK      "f\r\n" FAKE_EVENT "\r\n"
#define FAKE_LAST_CHUNK "0\r\n\r\n"

/* 0, or -1 when no socket is to be had (no IPv6 here, say). */
int fakehttp_start(struct fakehttp **out, const struct fakehttp_options *options);
void fakehttp_stop(
    struct fakehttp *server); /* ends its thread, closes everything; NULL is allowed */

int fakehttp_port(const struct fakehttp *server);
/* "http://127.0.0.1:PORT" + path, or https; another host when given. Yours, free(). */
char *fakehttp_url(const struct fakehttp *server, const char *host, const char *path);

size_t fakehttp_connections(struct fakehttp *server); /* made so far */
size_t fakehttp_open_connections(struct fakehttp *server);
size_t fakehttp_requests(struct fakehttp *server); /* received whole */
int64_t fakehttp_sent(struct fakehttp *server);    /* bytes of answers */
/* Borrowed until fakehttp_stop; NULL when there was none. */
const struct fake_request *fakehttp_request(struct fakehttp *server, size_t index);
bool fakehttp_saw(struct fakehttp *server, const char *text); /* in any request? */

void fakehttp_open(struct fakehttp *server); /* lets one FAKE_GATE through */

/* By the test's own loop: as http_fds and http_step. Nothing is waited for. */
size_t fakehttp_fds(struct fakehttp *server, struct pollfd *out, size_t cap);
void fakehttp_step(struct fakehttp *server);

void fakehttp_serve(struct fakehttp *server); /* by a thread of its own, until fakehttp_stop */

#endif
