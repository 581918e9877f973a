/* SPDX-License-Identifier: MIT */
/*
 * Keeps known keys out of everything that is decided on, stored or shown. Exact values are replaced
 * by `***` wherever bytes enter the engine, also when they are URL-, base64- or JSON-escaped, and
 * also when they arrive in pieces. What merely looks like a secret is masked in logs, telemetry and
 * exports only (mask_patterns.h): the model must see what is there.
 */
#ifndef CORE_BASE_MASK_H
#define CORE_BASE_MASK_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/buf.h"
#include "core/base/err.h"

#define MASK_TEXT    "***"
#define MASK_KEY_MIN 6 /* a shorter key would blot out ordinary words */

/* The keys of one run or program. Immutable while streams use it. */
struct mask;

void mask_new(struct mask **out);
void mask_free(struct mask *mask); /* wiped first */
/* Copies. E_RANGE when it is shorter than MASK_KEY_MIN, E_TOOBIG above 8 KiB. */
int mask_add(struct mask *mask, const char *key, size_t len, struct err *err);

/* Appends text with every key replaced; buf_add's errors. A NULL mask copies. */
int mask_apply(struct buf *out, const struct mask *mask, const char *text, size_t len);
bool mask_finds(const struct mask *mask, const char *text, size_t len);

/* The same over text in pieces: what may yet become a key is held back until it is decided, at most
   as long as the longest form of a key. */
struct mask_stream {
    const struct mask *mask;
    struct buf held; /* not yet passed on */
    size_t hidden;   /* bytes at its front that belong to a key already replaced */
};

void mask_stream_init(struct mask_stream *stream, const struct mask *mask);
void mask_stream_free(struct mask_stream *stream);
int mask_stream_feed(struct mask_stream *stream, struct buf *out, const char *text, size_t len);
/* The text is over: what was held back goes out. Ready for another text. */
int mask_stream_end(struct mask_stream *stream, struct buf *out);

#endif
