/* SPDX-License-Identifier: MIT */
/*
 * Whatever comes in: nothing that a terminal obeys comes out, cutting the input anywhere changes
 * nothing, and a text that went through once goes through again unchanged. The first byte is the
 * mode, the second where the input is cut.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/sanitize.h"
#include "core/base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool is_direction_control(int32_t cp)
{
    return cp == 0x61C || cp == 0x200E || cp == 0x200F || (cp >= 0x202A && cp <= 0x202E) ||
           (cp >= 0x2066 && cp <= 0x2069);
}

static void require_harmless(const struct buf *text, enum sanitize_mode mode)
{
    for (size_t at = 0; at < text->len;) {
        int32_t cp;
        at += utf8_next(text->data + at, text->len - at, &cp);
        bool line = cp == '\n' && mode != SANITIZE_LINE;
        bool tab = cp == '\t' && (mode == SANITIZE_OUTPUT || mode == SANITIZE_MODEL);
        bool cr = cp == '\r' && mode == SANITIZE_MODEL;
        if (line || tab || cr)
            continue;
        require(cp >= 0x20 && !(cp >= 0x7F && cp < 0xA0));
        require(!is_direction_control(cp) && cp != 0x200B && cp != 0xFEFF);
        require(cp < 0xE0000 || cp > 0xE0FFF);
    }
}

static void put(void *self, const char *text, size_t len, bool shown)
{
    (void)shown;
    require(buf_add(self, text, len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole, other;
    struct sanitize s;

    if (size < 2 || size > 1 << 16)
        return 0;
    enum sanitize_mode mode = data[0] % SANITIZE_MODES;
    const char *text = (const char *)data + 2;
    size_t len = size - 2, cut = len ? data[1] % (len + 1) : 0;
    buf_init(&whole, 1 << 24);
    buf_init(&other, 1 << 24);
    require(sanitize_add(&whole, mode, text, len, NULL) == 0);
    require_harmless(&whole, mode);
    sanitize_start(&s, mode, (struct sanitize_sink){put, &other});
    sanitize_feed(&s, text, cut);
    sanitize_feed(&s, text + cut, len - cut);
    sanitize_end(&s);
    require(other.len == whole.len && memcmp(other.data, whole.data, whole.len) == 0);
    buf_clear(&other);
    if (mode != SANITIZE_APPROVAL) { /* it shows the newlines of its own pictures again */
        require(sanitize_add(&other, mode, whole.data, whole.len, NULL) == 0);
        require(other.len == whole.len && memcmp(other.data, whole.data, whole.len) == 0);
    }
    buf_free(&other);
    buf_free(&whole);
    return 0;
}
