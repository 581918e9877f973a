/* SPDX-License-Identifier: MIT */
/*
 * The simulator's HTTP/1.1 server: 127.0.0.1 only, one thread, no blocking call. It is our own
 * because it must also speak broken HTTP. Everything is bounded: connections, head and body of a
 * request, requests in all, how long a client may take to send one.
 *
 * Whoever runs it polls server_fd for input until server_due_us, then calls server_turn.
 */
#ifndef CORE_SIM_SERVER_H
#define CORE_SIM_SERVER_H

#include "core/base/clock.h"
#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scenario;
struct book_sums;
struct server;

#define SERVER_CONNECTIONS 1024
#define SERVER_REQUESTS    1000000
#define SERVER_TOKEN       33 /* 128 random bits as text, with its NUL */

struct server_options {
    const struct scenario *scenario; /* borrowed */
    struct clock clock;
    uint16_t port;                                /* 0 = any free one */
    const char *token;                            /* NULL = a random one */
    uint64_t requests;                            /* most it answers; 0 = SERVER_REQUESTS */
    void (*report)(void *self, const char *line); /* service.h; may be NULL */
    void *self;
};

int server_new(struct server **out, const struct server_options *options, struct err *err);
void server_free(struct server *server); /* closes every connection as it stands */

uint16_t server_port(const struct server *server);
const char *server_token(const struct server *server);

int server_fd(const struct server *server);         /* readable when there is something to do */
int64_t server_due_us(const struct server *server); /* when there will be, on the monotonic clock;
                                                        INT64_MAX = not by itself */
void server_turn(struct server *server);            /* does what can be done now */
bool server_spent(const struct server *server);     /* it has answered all that it may */
const struct book_sums *server_sums(const struct server *server);

#endif
