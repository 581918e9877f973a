/* SPDX-License-Identifier: MIT */
/*
 * A throw-away certificate authority, made in memory: for servers whose certificate is right, or
 * wrong in one chosen way. Nothing of it is on disk but the file that fakeca_write is asked for.
 */
#ifndef TESTS_SUPPORT_FAKECA_H
#define TESTS_SUPPORT_FAKECA_H

struct fakeca;
struct ssl_ctx_st;

enum fakeca_flaw {
    FAKECA_GOOD,
    FAKECA_SELF_SIGNED, /* signed by itself instead of the authority */
    FAKECA_EXPIRED,     /* since yesterday */
    FAKECA_TLS_1_0      /* the certificate is right, but the server speaks nothing newer */
};

struct fakeca *fakeca_new(void);
void fakeca_free(struct fakeca *ca);

void fakeca_write(const struct fakeca *ca, const char *path); /* its own certificate, PEM */

/* A server's context with a certificate for "127.0.0.1", "localhost" or another name. Yours:
   fakeca_server_free. */
struct ssl_ctx_st *fakeca_server(const struct fakeca *ca, const char *host, enum fakeca_flaw flaw);
void fakeca_server_free(struct ssl_ctx_st *server);

#endif
