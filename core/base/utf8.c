/* SPDX-License-Identifier: MIT */
#include "core/base/utf8.h"

#include <string.h>

#include "core/base/buf.h"

#define REPLACEMENT_UTF8 "\xef\xbf\xbd"
#define HIGH_BITS        UINT64_C(0x8080808080808080)

#define WRONG (-1)
#define SHORT (-2)

/* What may follow a lead byte: how many bytes, and the range of the first of them (the narrowed
   ranges keep out overlong forms, surrogates and everything above U+10FFFF). */
struct lead {
    uint8_t first, last; /* the lead bytes of this row */
    uint8_t more;        /* continuation bytes */
    uint8_t low, high;   /* of the first continuation byte */
};

static const struct lead leads[] = {
    {0xC2, 0xDF, 1, 0x80, 0xBF}, {0xE0, 0xE0, 2, 0xA0, 0xBF}, {0xE1, 0xEC, 2, 0x80, 0xBF},
    {0xED, 0xED, 2, 0x80, 0x9F}, {0xEE, 0xEF, 2, 0x80, 0xBF}, {0xF0, 0xF0, 3, 0x90, 0xBF},
    {0xF1, 0xF3, 3, 0x80, 0xBF}, {0xF4, 0xF4, 3, 0x80, 0x8F},
};

static const struct lead *lead_of(uint8_t byte)
{
    for (size_t i = 0; i < sizeof leads / sizeof *leads; i++)
        if (byte >= leads[i].first && byte <= leads[i].last)
            return &leads[i];
    return NULL;
}

size_t utf8_next(const char *text, size_t len, int32_t *cp)
{
    const uint8_t *s = (const uint8_t *)text;

    *cp = SHORT;
    if (len == 0)
        return 0;
    if (s[0] < 0x80) {
        *cp = s[0];
        return 1;
    }
    const struct lead *lead = lead_of(s[0]);
    if (!lead) {
        *cp = WRONG;
        return 1;
    }
    int32_t value = s[0] & (0x3F >> lead->more);
    for (size_t i = 1; i <= lead->more; i++) {
        if (i == len)
            return len;
        if (s[i] < (i == 1 ? lead->low : 0x80) || s[i] > (i == 1 ? lead->high : 0xBF)) {
            *cp = WRONG;
            return i;
        }
        value = value << 6 | (s[i] & 0x3F);
    }
    *cp = value;
    return 1u + lead->more;
}

size_t utf8_put(char out[4], int32_t cp)
{
    if (cp < 0 || cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
        return 0;
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    size_t more = cp < 0x800 ? 1 : cp < 0x10000 ? 2 : 3;
    for (size_t i = more; i > 0; i--, cp >>= 6)
        out[i] = (char)(0x80 | (cp & 0x3F));
    out[0] = (char)((0xF0 << (3 - more)) | cp);
    return more + 1;
}

/* Bytes at the start of text that are plain ASCII, found eight at a time. */
static size_t ascii_run(const char *text, size_t len)
{
    size_t at = 0;

    for (uint64_t eight; len - at >= sizeof eight; at += sizeof eight) {
        memcpy(&eight, text + at, sizeof eight);
        if (eight & HIGH_BITS)
            break;
    }
    while (at < len && (uint8_t)text[at] < 0x80)
        at++;
    return at;
}

/* Bytes at the start of text that are right. */
static size_t right_run(const char *text, size_t len)
{
    size_t at = 0;

    for (;;) {
        int32_t cp;
        at += ascii_run(text + at, len - at);
        if (at == len)
            return at;
        size_t used = utf8_next(text + at, len - at, &cp);
        if (cp < 0)
            return at;
        at += used;
    }
}

bool utf8_valid(const char *text, size_t len)
{
    return right_run(text, len) == len;
}

size_t utf8_cut(const char *text, size_t len)
{
    for (size_t back = 1; back <= 3 && back <= len; back++) {
        int32_t cp;
        if (((uint8_t)text[len - back] & 0xC0) == 0x80)
            continue;
        utf8_next(text + len - back, back, &cp);
        return cp == SHORT ? len - back : len;
    }
    return len;
}

int utf8_repair(struct buf *out, const char *text, size_t len)
{
    size_t before = out->len;

    for (size_t at = 0; at < len;) {
        int32_t cp;
        size_t run = right_run(text + at, len - at);
        int rc = buf_add(out, text + at, run);
        at += run;
        if (rc == 0 && at < len) {
            at += utf8_next(text + at, len - at, &cp);
            rc = buf_text(out, REPLACEMENT_UTF8);
        }
        if (rc < 0) {
            buf_cut(out, before);
            return rc;
        }
    }
    return 0;
}
