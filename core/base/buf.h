/* SPDX-License-Identifier: MIT */
/*
 * A growing byte buffer with a ceiling. Every buffer that somebody else fills is one of these: a
 * model, a tool or a server decides how much arrives, never how much we keep. data is always
 * NUL-terminated (never NULL after buf_init) and may hold any bytes. Not thread-safe: one owner.
 */
#ifndef CORE_BASE_BUF_H
#define CORE_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    char *data; /* len bytes and a NUL */
    size_t len; /* bytes in use */
    size_t cap; /* bytes allocated, NUL included; 0 while data is the shared empty text */
    size_t max; /* ceiling for len */
};

void buf_init(struct buf *b, size_t max);
void buf_free(struct buf *b); /* leaves it empty and usable again with the same ceiling */

/* All of these append whole or not at all: 0, E_TOOBIG over the ceiling, E_NOMEM. */
int buf_add(struct buf *b, const void *data, size_t len);
int buf_text(struct buf *b, const char *text);
int buf_char(struct buf *b, char c);
int buf_int(struct buf *b, int64_t value); /* in decimal */
int buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int buf_vprintf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

void buf_clear(struct buf *b);              /* len 0, memory kept */
void buf_drop(struct buf *b, size_t count); /* removes count bytes from the front */
void buf_cut(struct buf *b, size_t len);    /* shortens to len */
char *buf_take(struct buf *b);              /* moves the text out: free() it; b is empty */

/* Room for `more` bytes, or E_TOOBIG, E_NOMEM. */
int buf_reserve(struct buf *b, size_t more);

#endif
