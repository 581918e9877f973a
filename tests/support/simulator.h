/* SPDX-License-Identifier: MIT */
/*
 * A simulator inside the test, on loopback and a clock that the test moves: requests go in as bytes
 * over a real socket, and what came back is there as bytes, with the clock standing still
 * meanwhile.
 */
#ifndef TESTS_SUPPORT_SIMULATOR_H
#define TESTS_SUPPORT_SIMULATOR_H

#include "core/base/buf.h"
#include "core/sim/server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scenario;

struct simulator {
    struct scenario *scenario;
    struct server *server;
    struct clock clock;
    int64_t now_us;
    struct buf reports; /* lines that the simulator reported */
};

/* From the text of a scenario; fails the test when it is none. */
struct simulator *simulator_new(const char *yaml);
struct simulator *simulator_named(const char *name); /* an embedded one */
void simulator_free(struct simulator *sim);

/* ---- A client's connection ---- */

struct caller {
    struct simulator *sim;
    int fd;
    int other;      /* the server's end of it, when it was last seen; 0 = never */
    struct buf got; /* everything that came */
    bool closed;    /* the server closed it in order */
    bool reset;     /* or reset it */
};

int simulator_connect(uint16_t port); /* a socket to a port of 127.0.0.1 */
struct caller caller_open(struct simulator *sim);
void caller_close(struct caller *caller);
void caller_send(struct caller *caller, const void *bytes, size_t len);
/* POST /v1/chat/completions with the right token and this body. */
void caller_post(struct caller *caller, const char *body);
/* Runs the server until nothing moves at this moment of its clock and nothing is on its way. */
void caller_settle(struct caller *caller);
/* Moves the clock, then settles. */
void caller_wait(struct caller *caller, int64_t us);

/* One request on a connection of its own: the whole answer as text, free() it. */
char *simulator_ask(struct simulator *sim, const char *body);

/* The same for one user message: only the HTTP status. */
int simulator_status(struct simulator *sim, const char *text);

/* "got" without its HTTP framing: the body, chunks joined. Yours. *whole (may be NULL): it ended as
   HTTP says. */
char *answer_body(const char *got, size_t len, bool *whole);

size_t answer_count(const char *text, const char *word); /* how often the word is in it */

/* Body of a request: {"model":"m","stream":…,"messages":[…]}. Yours. */
char *chat_body(const char *messages, bool stream);

#endif
