/* SPDX-License-Identifier: MIT */
/*
 * Repaired text is right, repairing it again changes nothing, and right text is left alone; a text
 * that arrives in two halves and is cut with utf8_cut is repaired to the same bytes as the whole.
 * The first byte of the input says where the halves part.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
    if (!truth)
        abort();
}

static void try_steps(const char *text, size_t len)
{
    size_t used;

    for (size_t at = 0; at < len; at += used) {
        char put[4];
        int32_t cp;
        used = utf8_next(text + at, len - at, &cp);
        must(used >= 1 && used <= len - at && used <= 4);
        must(cp >= -2 && (cp != -2 || at + used == len));
        if (cp >= 0)
            must(utf8_put(put, cp) == used && memcmp(put, text + at, used) == 0);
    }
}

static bool same(const struct buf *a, const char *text, size_t len)
{
    return a->len == len && memcmp(a->data, text, len) == 0;
}

static void try_halves(const struct buf *whole, const char *text, size_t len, size_t part)
{
    struct buf out;
    size_t cut = utf8_cut(text, part);

    must(cut <= part && part - cut <= 3);
    buf_init(&out, 3 * len);
    must(utf8_repair(&out, text, cut) == 0);
    must(utf8_repair(&out, text + cut, len - cut) == 0);
    must(same(whole, out.data, out.len));
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf once, twice;
    struct err err;

    if (size == 0)
        return 0;
    const char *text = (const char *)data + 1;
    size_t len = size - 1;
    buf_init(&once, 3 * len);
    buf_init(&twice, 3 * len);
    must(utf8_repair(&once, text, len) == 0 && utf8_valid(once.data, once.len));
    must(utf8_repair(&twice, once.data, once.len) == 0 && same(&once, twice.data, twice.len));
    must(utf8_valid(text, len) == same(&once, text, len));
    try_steps(text, len);
    try_halves(&once, text, len, data[0] % size);
    err_set(&err, E_IO, "%.*s", (int)(len < 4096 ? len : 4096), text);
    must(utf8_valid(err.msg, strlen(err.msg)) && !strpbrk(err.msg, "\n\r\x1b"));
    buf_free(&once);
    buf_free(&twice);
    return 0;
}
