/* SPDX-License-Identifier: MIT */
#include "core/base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/err.h"
#include "core/base/mem.h"

#define FIRST_CAP 64

/* What data points to while nothing is allocated: never written, cap is 0. */
static const char nothing[1] = "";

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.data = (char *)nothing, .max = max < SIZE_MAX / 4 ? max : SIZE_MAX / 4};
}

void buf_free(struct buf *b)
{
    if (b->cap > 0)
        free(b->data);
    buf_init(b, b->max);
}

int buf_reserve(struct buf *b, size_t more)
{
    if (more > b->max - b->len)
        return E_TOOBIG;
    size_t need = b->len + more + 1;
    if (need <= b->cap)
        return 0;
    size_t cap = b->cap > FIRST_CAP / 2 ? b->cap * 2 : FIRST_CAP;
    if (cap > b->max + 1)
        cap = b->max + 1;
    if (cap < need)
        cap = need;
    char *data = realloc(b->cap > 0 ? b->data : NULL, cap);
    if (!data)
        return E_NOMEM;
    data[b->len] = '\0';
    b->data = data;
    b->cap = cap;
    return 0;
}

int buf_add(struct buf *b, const void *data, size_t len)
{
    if (len == 0)
        return 0;
    int rc = buf_reserve(b, len);
    if (rc < 0)
        return rc;
    memcpy(b->data + b->len, data, len);
    buf_cut(b, b->len + len);
    return 0;
}

int buf_text(struct buf *b, const char *text)
{
    return buf_add(b, text, strlen(text));
}

int buf_char(struct buf *b, char c)
{
    return buf_add(b, &c, 1);
}

int buf_int(struct buf *b, int64_t value)
{
    char text[20]; /* of INT64_MIN */
    size_t at = sizeof text;
    uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;

    do {
        text[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (value < 0)
        text[--at] = '-';
    return buf_add(b, text + at, sizeof text - at);
}

/* Formatted at once when it fits, which it nearly always does. */
int buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
    size_t room = b->cap > 0 ? b->cap - b->len : 0;
    va_list again;

    va_copy(again, ap);
    int len = vsnprintf(room > 0 ? b->data + b->len : NULL, room, fmt, again);
    va_end(again);
    int rc = len < 0 ? E_TOOBIG : buf_reserve(b, (size_t)len);
    if (rc == 0 && (size_t)len >= room)
        (void)vsnprintf(b->data + b->len, (size_t)len + 1, fmt, ap); /* measured above */
    if (rc == 0 && b->cap > 0)
        b->len += (size_t)len;
    else
        buf_cut(b, b->len);
    return rc;
}

int buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    int rc = buf_vprintf(b, fmt, ap);
    va_end(ap);
    return rc;
}

void buf_cut(struct buf *b, size_t len)
{
    if (b->cap == 0)
        return;
    b->len = len;
    b->data[len] = '\0';
}

void buf_clear(struct buf *b)
{
    buf_cut(b, 0);
}

void buf_drop(struct buf *b, size_t count)
{
    if (count == 0)
        return;
    if (count >= b->len) {
        buf_clear(b);
        return;
    }
    memmove(b->data, b->data + count, b->len - count);
    buf_cut(b, b->len - count);
}

char *buf_take(struct buf *b)
{
    char *text = b->cap > 0 ? b->data : mem_new(1);

    buf_init(b, b->max);
    return text;
}
