/* SPDX-License-Identifier: MIT */
/*
 * One HTTP/1.1 request as it comes in: bytes in slices of any size, a head and a body out. Strict
 * where leniency is dangerous (lengths, framing), and bounded everywhere: 64 KiB of head, 100
 * headers, 64 MiB of body. Never hands out a request before all of it is there. Pure; one owner.
 */
#ifndef CORE_SIM_INBOUND_H
#define CORE_SIM_INBOUND_H

#include "core/base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INBOUND_HEAD_MAX    ((size_t)64 << 10)
#define INBOUND_BODY_MAX    ((size_t)64 << 20)
#define INBOUND_HEADERS_MAX 100

enum inbound_phase {
    INBOUND_HEAD,
    INBOUND_BODY,       /* counting down `left` */
    INBOUND_CHUNK_SIZE, /* the line before a chunk */
    INBOUND_CHUNK,      /* its bytes */
    INBOUND_CHUNK_END,  /* the line end behind them */
    INBOUND_TRAILER,    /* lines behind the last chunk, until an empty one */
    INBOUND_DONE,
    INBOUND_BAD
};

/* Name and value are texts inside `head`. */
struct inbound_header {
    const char *name, *value;
};

struct inbound {
    enum inbound_phase phase;
    int status;            /* with BAD: what to answer: 400, 413, 431, 501, 505 */
    const char *method;    /* texts inside `head`, NULL before it is whole */
    const char *target;    /* the path, from its '/' on */
    bool keep;             /* the client wants the connection kept */
    bool chunks;           /* it understands a chunked answer: HTTP/1.1 */
    bool expects_continue; /* and waits for a 100 before it sends the body */
    struct inbound_header headers[INBOUND_HEADERS_MAX];
    size_t header_count;
    struct buf head, body, line;
    uint64_t left; /* bytes of the body or chunk that are missing */
};

void inbound_init(struct inbound *in);
void inbound_free(struct inbound *in);
void inbound_reset(struct inbound *in); /* ready for the next request of the connection */

/* Takes what belongs to this request; returns the bytes taken. Ends in DONE or BAD, or wants more.
   What is left over is the next request's. */
size_t inbound_feed(struct inbound *in, const char *bytes, size_t len);

/* The value of a header, its name in any case; NULL when there is none. Borrowed. */
const char *inbound_header(const struct inbound *in, const char *name);

#endif
