/* SPDX-License-Identifier: MIT */
/*
 * The canary never comes out, in none of its forms, however the text around it reads and wherever
 * it is cut; and cutting changes nothing. The first byte says where to cut; the bytes 0xF8 to 0xFF
 * stand for forms of two canaries or parts of them.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/mask.h"
#include "core/base/mask_patterns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CANARY "sk-Ca/na+ry\"1234=="
#define OTHER  "1234==second-canary"

static const char *const inserts[8] = {
    CANARY,
    OTHER,
    "sk-Ca\\/na+ry\\\"1234==",
    "sk-Ca%2Fna%2bry%221234%3D%3D",
    "c2stQ2EvbmErcnkiMTIzND09",
    "sk-Ca/na+ry",
    "\"1234==",
    "second-canary",
};

/* No output may hold any of these. */
static const char *const forbidden[] = {
    CANARY, OTHER, "sk-Ca\\/na+ry\\\"1234==", "sk-Ca/na+ry\\\"1234==", "c2stQ2EvbmErcnkiMTIzND09"};

static void must(bool truth)
{
    if (!truth)
        abort();
}

static void fill(struct buf *text, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (data[i] >= 0xf8)
            must(buf_text(text, inserts[data[i] - 0xf8]) == 0);
        else
            must(buf_char(text, (char)data[i]) == 0);
    }
}

static void check(const struct buf *out)
{
    for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++)
        must(!memmem(out->data, out->len, forbidden[i], strlen(forbidden[i])));
}

static void feed_in_pieces(struct buf *out, const struct mask *mask, const struct buf *text,
                           size_t piece)
{
    struct mask_stream stream;

    mask_stream_init(&stream, mask);
    for (size_t at = 0; at < text->len; at += piece) {
        size_t rest = text->len - at;

        must(mask_stream_feed(&stream, out, text->data + at, rest < piece ? rest : piece) == 0);
        must(stream.held.len < 64);
    }
    must(mask_stream_end(&stream, out) == 0);
    mask_stream_free(&stream);
}

/* Any text can be judged; the patterns are compiled once for all inputs. */
static void try_patterns(const struct buf *text)
{
    static struct mask_patterns *patterns;
    struct buf out;

    if (!patterns)
        must(mask_patterns_new(&patterns, NULL) == 0);
    buf_init(&out, SIZE_MAX / 16);
    must(mask_patterns_apply(&out, patterns, text->data, text->len) == 0);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf text, whole, pieces;
    struct mask *mask;

    if (size == 0)
        return 0;
    buf_init(&text, SIZE_MAX / 16);
    buf_init(&whole, SIZE_MAX / 16);
    buf_init(&pieces, SIZE_MAX / 16);
    mask_new(&mask);
    must(mask_add(mask, CANARY, strlen(CANARY), NULL) == 0);
    must(mask_add(mask, OTHER, strlen(OTHER), NULL) == 0);
    fill(&text, data + 1, size - 1);
    must(mask_apply(&whole, mask, text.data, text.len) == 0);
    feed_in_pieces(&pieces, mask, &text, 1 + data[0] % 64u);
    must(whole.len == pieces.len && memcmp(whole.data, pieces.data, whole.len) == 0);
    check(&whole);
    must(!mask_finds(mask, whole.data, whole.len));
    try_patterns(&text);
    mask_free(mask);
    buf_free(&text);
    buf_free(&whole);
    buf_free(&pieces);
    return 0;
}
