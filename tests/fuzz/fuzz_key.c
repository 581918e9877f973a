/* SPDX-License-Identifier: MIT */
/*
 * What a terminal may send: every event is one that a keymap can name or a prompt can take, a paste
 * holds no control but LF and TAB, and cutting the input anywhere changes nothing. The first byte
 * is where it is cut.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/utf8.h"
#include "tui/decoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void require_key(struct key key)
{
    struct key back;
    char name[KEY_NAME];

    key_print(name, key);
    require(key_parse(&back, name) == 0 && key_same(back, key_normal(key)));
}

static void require_text(const char *text, size_t len)
{
    require(utf8_valid(text, len) && len <= 3 * (size_t)DECODER_PASTE);
    for (size_t at = 0; at < len;) {
        int32_t cp;
        at += utf8_next(text + at, len - at, &cp);
        require(cp == '\n' || cp == '\t' || (cp >= ' ' && cp < 0x7F) || cp >= 0xA0);
    }
}

/* Writes down what an event was, so that two runs can be compared. */
static void take_all(struct decoder *in, struct buf *log)
{
    struct tty_event e;

    while (decoder_next(in, &e)) {
        if (e.kind == TTY_KEY)
            require_key(e.key);
        if (e.kind == TTY_PASTED)
            require_text(e.text, e.len);
        if (e.kind == TTY_MOUSE)
            require(e.mouse.x >= 0 && e.mouse.y >= 0 && e.mouse.button >= 0 && e.mouse.button < 4);
        require(buf_printf(log, "%d %d %u %d %d %zu\n", (int)e.kind, (int)e.key.code, e.key.mods,
                           e.mouse.x, e.mouse.y, e.len) == 0);
    }
}

static void run(struct buf *log, const uint8_t *data, size_t size, size_t cut)
{
    struct decoder in;

    buf_init(log, 1 << 24);
    decoder_init(&in);
    decoder_feed(&in, data, cut);
    take_all(&in, log);
    decoder_feed(&in, data + cut, size - cut);
    take_all(&in, log);
    if (decoder_wait(&in) >= 0)
        decoder_expire(&in);
    take_all(&in, log);
    decoder_free(&in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole, cut;

    if (size < 1 || size > 1 << 14)
        return 0;
    run(&whole, data + 1, size - 1, size - 1);
    run(&cut, data + 1, size - 1, data[0] % size);
    /* An end mark inside a paste is told from its end by what has come behind it. */
    if (!memmem(data, size, "\x1b[201~", 6))
        require(whole.len == cut.len && memcmp(whole.data, cut.data, cut.len) == 0);
    buf_free(&cut);
    buf_free(&whole);
    return 0;
}
