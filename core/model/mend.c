/* SPDX-License-Identifier: MIT */
#include "core/model/mend.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/str.h"
#include "core/base/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd"
#define MARK_FIRST  0xf000 /* stands for U+D800 … */
#define MARK_LAST   0xf7ff /* … U+DFFF */
#define HALF_FIRST  0xd800
#define LOW_FIRST   0xdc00
#define HALF_LAST   0xdfff

/* The code unit of a \uXXXX at text, or -1. */
static int32_t escape_at(const char *text, size_t len)
{
    uint8_t unit[2];

    if (len < 6 || text[0] != '\\' || text[1] != 'u')
        return -1;
    char digits[5] = {text[2], text[3], text[4], text[5], '\0'};
    if (str_unhex(unit, sizeof unit, digits) < 0)
        return -1;
    return unit[0] << 8 | unit[1];
}

static bool is_mark(int32_t cp)
{
    return cp >= MARK_FIRST && cp <= MARK_LAST;
}

static bool is_high(int32_t cp)
{
    return cp >= HALF_FIRST && cp < LOW_FIRST;
}

static bool is_low(int32_t cp)
{
    return cp >= LOW_FIRST && cp <= HALF_LAST;
}

/* Bytes of the backslash escape at text: a pair of halves counts as one. */
static size_t escape_len(const char *text, size_t len)
{
    int32_t unit = escape_at(text, len);

    if (unit < 0)
        return len < 2 ? len : 2;
    return is_high(unit) && is_low(escape_at(text + 6, len - 6)) ? 12 : 6;
}

static bool has_marks(const char *text, size_t len)
{
    int32_t cp;

    for (size_t at = 0; at < len;) {
        if (text[at] == '\\') {
            if (is_mark(escape_at(text + at, len - at)))
                return true;
            at += escape_len(text + at, len - at);
        } else {
            at += utf8_next(text + at, len - at, &cp);
            if (is_mark(cp))
                return true;
        }
    }
    return false;
}

/* Rewrites lone halves in place. */
static enum mend mark_halves(char *text, size_t len)
{
    bool join = !has_marks(text, len);
    enum mend found = MEND_NOTHING;

    for (size_t at = 0; at < len;) {
        char *here = text + at;
        size_t used = *here == '\\' ? escape_len(here, len - at) : 1;
        int32_t unit = used == 6 ? escape_at(here, len - at) : -1;

        if (is_high(unit) || is_low(unit)) {
            uint32_t mark = join ? (uint32_t)(MARK_FIRST + (unit - HALF_FIRST)) : 0xfffd;
            uint8_t bytes[2] = {(uint8_t)(mark >> 8), (uint8_t)mark};
            char digits[5];

            str_hex(digits, bytes, sizeof bytes);
            memcpy(here + 2, digits, 4);
            found = join ? MEND_MARKED : MEND_PLAIN;
        }
        at += used;
    }
    return found;
}

enum mend mend_json(struct buf *out, const char *text, size_t len)
{
    enum mend halves, bytes = utf8_valid(text, len) ? MEND_NOTHING : MEND_PLAIN;

    buf_clear(out);
    if (utf8_repair(out, text, len) < 0)
        return MEND_NOTHING;
    halves = mark_halves(out->data, out->len);
    return halves > bytes ? halves : bytes;
}

/* One character of a delta that may be a marked half. */
static int mend_one(struct buf *out, struct mend_half *half, const char *text, size_t len,
                    int32_t cp)
{
    int32_t unit = is_mark(cp) ? cp - MARK_FIRST + HALF_FIRST : -1;
    int32_t high = half->high;
    char whole[4];
    int rc = 0;

    half->high = 0;
    if (high && is_low(unit)) {
        int32_t joined = 0x10000 + ((high - HALF_FIRST) << 10) + (unit - LOW_FIRST);
        return buf_add(out, whole, utf8_put(whole, joined));
    }
    if (high)
        rc = buf_text(out, REPLACEMENT);
    if (is_high(unit))
        half->high = (uint16_t)unit;
    else if (rc == 0 && unit >= 0)
        rc = buf_text(out, REPLACEMENT);
    else if (rc == 0)
        rc = buf_add(out, text, len);
    return rc;
}

int mend_end(struct buf *out, struct mend_half *half)
{
    bool pending = half->high != 0;

    half->high = 0;
    return pending ? buf_text(out, REPLACEMENT) : 0;
}

int mend_text(struct buf *out, struct mend_half *half, const char *text, size_t len, bool marked)
{
    int rc = marked ? 0 : mend_end(out, half);

    if (rc == 0 && !marked)
        return buf_add(out, text, len);
    for (size_t at = 0, used; rc == 0 && at < len; at += used) {
        int32_t cp;

        used = utf8_next(text + at, len - at, &cp);
        rc = mend_one(out, half, text + at, used, cp);
    }
    return rc;
}

/* A mark and U+FFFD have the same length. */
static void mend_string(char *text)
{
    for (size_t at = 0, len = strlen(text), used; at < len; at += used) {
        int32_t cp;

        used = utf8_next(text + at, len - at, &cp);
        if (is_mark(cp))
            memcpy(text + at, REPLACEMENT, 3);
    }
}

void mend_tree(cJSON *tree)
{
    cJSON *item;

    if (tree->valuestring)
        mend_string(tree->valuestring);
    if (tree->string)
        mend_string(tree->string);
    cJSON_ArrayForEach(item, tree) mend_tree(item);
}

bool mend_doubtful(const char *text)
{
    return strstr(text, REPLACEMENT) != NULL;
}
