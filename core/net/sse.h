/* SPDX-License-Identifier: MIT */
/*
 * Server-sent events as the WHATWG HTML standard parses them (section 9.2.6): bytes in, in slices
 * of any size and cut anywhere, events out. No I/O and no clock. An event that lies whole in one
 * slice is handed out where it lies, uncopied. Bytes are passed through as they are: what is inside
 * may be any bytes, also wrong UTF-8.
 */
#ifndef CORE_NET_SSE_H
#define CORE_NET_SSE_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sse;

struct sse_limits {
    size_t line;  /* longest line in bytes, 0 = 8 MiB */
    size_t event; /* most data of one event, 0 = 8 MiB */
};

/* Borrowed, valid inside the callback only; none of the texts ends in NUL. */
struct sse_event {
    const char *name; /* "message" when the stream named none */
    size_t name_len;
    const char *data; /* the data lines, joined by '\n' */
    size_t len;
    const char *id; /* last id seen, of this or an earlier event; "" before any */
    size_t id_len;
    bool cut; /* from sse_end only: the blank line that closes an event never came */
};

/* 0 to go on; a negative E_… ends the parsing and is what sse_feed returns. */
typedef int sse_event_fn(void *ctx, const struct sse_event *event, struct err *err);

void sse_new(struct sse **out, const struct sse_limits *limits, sse_event_fn *event, void *ctx);
void sse_free(struct sse *sse);

/* 0, E_TOOBIG over a limit, or what the callback returned; after a failure every later call gives
   the same code again and calls nothing back. `err` goes to the callback too. */
int sse_feed(struct sse *sse, const char *bytes, size_t len, struct err *err);

/* The stream has ended. The standard drops an event without its closing blank line; some servers
   end in just such a one ("data: [DONE]"), so it is handed out marked `cut`, an unfinished last
   line included: take it when it is whole by its own grammar, drop it otherwise. Errors as
   sse_feed. */
int sse_end(struct sse *sse, struct err *err);

bool sse_is(const struct sse_event *event, const char *name); /* is this its name? */

uint64_t sse_events(const struct sse *sse);   /* handed out so far */
uint64_t sse_comments(const struct sse *sse); /* lines that begin with ':' (pings): not events */
int64_t sse_retry_ms(const struct sse *sse);  /* last valid retry field, -1 = none */

#endif
