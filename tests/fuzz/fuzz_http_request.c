/* SPDX-License-Identifier: MIT */
/*
 * Requests as the simulator reads them: any bytes, whole and cut into pieces, give the same request
 * or the same refusal, and take the same bytes. The first byte of the input is where it is cut.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/sim/inbound.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Feeds it in pieces of `step` bytes, each in memory of its own; returns the bytes taken. */
static size_t feed(struct inbound *in, const char *text, size_t len, size_t step)
{
    size_t at = 0;

    while (at < len && in->phase != INBOUND_DONE && in->phase != INBOUND_BAD) {
        size_t size = step < len - at ? step : len - at;
        char *piece = mem_copy(text + at, size);

        at += inbound_feed(in, piece, size);
        free(piece);
    }
    return at;
}

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check(const struct inbound *in)
{
    must(in->header_count <= INBOUND_HEADERS_MAX && in->head.len <= INBOUND_HEAD_MAX);
    must((in->phase == INBOUND_BAD) == (in->status != 0));
    if (in->phase != INBOUND_DONE)
        return;
    must(in->method && in->target && in->target[0] == '/');
    for (size_t i = 0; i < in->header_count; i++)
        must(inbound_header(in, in->headers[i].name) != NULL);
}

static void compare(const struct inbound *a, const struct inbound *b)
{
    must(a->phase == b->phase && a->status == b->status && a->keep == b->keep);
    must(a->header_count == b->header_count && a->body.len == b->body.len);
    must(memcmp(a->body.data, b->body.data, a->body.len) == 0);
    if (a->phase == INBOUND_DONE)
        must(strcmp(a->method, b->method) == 0 && strcmp(a->target, b->target) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct inbound whole, pieces;

    if (size < 1)
        return 0;
    const char *text = (const char *)data + 1;
    size_t len = size - 1;
    inbound_init(&whole);
    inbound_init(&pieces);
    size_t used = feed(&whole, text, len, len);
    size_t again = feed(&pieces, text, len, (size_t)data[0] % 7 + 1);
    check(&whole);
    compare(&whole, &pieces);
    if (whole.phase == INBOUND_DONE)
        must(used == again);
    inbound_free(&whole);
    inbound_free(&pieces);
    return 0;
}
