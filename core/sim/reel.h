/* SPDX-License-Identifier: MIT */
/*
 * What the server will send on a connection, made before the first byte goes out: bytes, pauses and
 * how it ends. A strip may repeat, so that a hundred megabytes of nonsense cost the memory of one
 * piece; strips without a pause between them go out in one write. Plain data; one owner.
 */
#ifndef CORE_SIM_REEL_H
#define CORE_SIM_REEL_H

#include "core/base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The head of an event stream that ends with its connection. */
#define REEL_SSE_HEAD                                                                              \
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"

#define REEL_MAX ((size_t)256 << 20) /* bytes held, repeats not counted */

enum reel_end {
    REEL_KEEP, /* the connection may carry the next request */
    REEL_FIN,  /* closed in order */
    REEL_RST,  /* reset */
    REEL_HANG, /* silent for hang_us, then closed */
    REEL_CLEAN /* the body is ended as HTTP says, though what it carries is not; then closed */
};

struct reel_strip {
    size_t from, len;
    uint64_t times;  /* 1 or more */
    int64_t wait_us; /* before each of them */
};

struct reel {
    struct buf bytes;
    struct reel_strip *strips;
    size_t count, cap;
    enum reel_end end;
    int64_t hang_us;
};

/* Where in a reel the sending is. */
struct reel_place {
    size_t strip;
    uint64_t time;  /* of the strip, 0 = the first */
    size_t sent;    /* bytes of it */
    int64_t due_us; /* when the strip may go out; kept by reel_start and reel_next */
};

void reel_init(struct reel *reel);
void reel_free(struct reel *reel);

/* Appends bytes that go out `wait_us` after those before them, `times` times: 0, or buf_add's
   errors. Without a pause they join what is there. */
int reel_add(struct reel *reel, const void *data, size_t len, int64_t wait_us, uint64_t times);
int reel_text(struct reel *reel, const char *text); /* at once, one time */
/* A pause before whatever is appended next, or before the end. */
void reel_pause(struct reel *reel, int64_t wait_us);

void reel_cut(struct reel *reel, size_t count); /* takes bytes off the end of the last strip */

void reel_start(const struct reel *reel, struct reel_place *place, int64_t now_us);
/* What may be sent now: *data, and the bytes of it; 0 = nothing before place->due_us, or all of it
   is sent (reel_is_over). */
size_t reel_next(const struct reel *reel, struct reel_place *place, int64_t now_us,
                 const char **data);
void reel_sent(struct reel_place *place, size_t len); /* so many of them were sent */
bool reel_is_over(const struct reel *reel, const struct reel_place *place);

#endif
