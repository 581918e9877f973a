/* SPDX-License-Identifier: MIT */
#include "core/tool/capture.h"

#include "core/base/mem.h"
#include "core/base/sha256.h"
#include "core/base/utf8.h"
#include "core/tool/process.h"

#include <stdlib.h>
#include <string.h>

#define END_MAX (PROCESS_KEEP + PROCESS_MARGIN)

void capture_init(struct capture *c)
{
    *c = (struct capture){.kind = CAPTURE_UNSURE};
    buf_init(&c->head, END_MAX);
}

void capture_free(struct capture *c)
{
    buf_free(&c->head);
    free(c->ring);
    if (c->sum)
        (void)sha256_end(c->sum);
    c->ring = NULL;
    c->sum = NULL;
}

/* A sequence cut by the end is not wrong. */
bool capture_looks_binary(const char *text, size_t len)
{
    size_t wrong = 0;

    if (len > CAPTURE_PROBE)
        len = CAPTURE_PROBE;
    if (memchr(text, '\0', len))
        return true;
    for (size_t at = 0; at < len;) {
        int32_t cp;
        size_t used = utf8_next(text + at, len - at, &cp);

        if (cp == -1)
            wrong += used;
        at += used;
    }
    return wrong * 10 > len;
}

static void decide(struct capture *c)
{
    c->kind = capture_looks_binary(c->head.data, c->head.len) ? CAPTURE_BINARY : CAPTURE_TEXT;
    if (c->kind == CAPTURE_BINARY) {
        c->sum = sha256_begin();
        sha256_add(c->sum, c->head.data, c->head.len);
    }
}

static void add_ring(struct capture *c, const char *data, size_t len)
{
    if (!c->ring)
        c->ring = mem_new(END_MAX);
    if (len > END_MAX) { /* only the last of it can stay */
        data += len - END_MAX;
        len = END_MAX;
    }
    size_t first = END_MAX - c->ring_at < len ? END_MAX - c->ring_at : len;
    memcpy(c->ring + c->ring_at, data, first);
    memcpy(c->ring, data + first, len - first);
    c->ring_at = (c->ring_at + len) % END_MAX;
    c->ring_len = c->ring_len + len > END_MAX ? END_MAX : c->ring_len + len;
}

void capture_add(struct capture *c, const char *data, size_t len)
{
    size_t room = END_MAX - c->head.len;
    size_t first = len < room ? len : room;

    c->total += len;
    if (c->kind == CAPTURE_BINARY)
        sha256_add(c->sum, data, len);
    (void)buf_add(&c->head, data, first); /* it fits: the ceiling is END_MAX */
    if (c->kind == CAPTURE_UNSURE && c->head.len >= CAPTURE_PROBE) {
        decide(c);
        if (c->kind == CAPTURE_BINARY)
            sha256_add(c->sum, data + first, len - first);
    }
    if (first < len && c->kind != CAPTURE_BINARY)
        add_ring(c, data + first, len - first);
}

/* Turns the ring so that its oldest byte comes first. */
static void straighten(struct capture *c)
{
    char *flat;

    if (c->ring_len < END_MAX || c->ring_at == 0)
        return;
    flat = mem_new(END_MAX);
    memcpy(flat, c->ring + c->ring_at, END_MAX - c->ring_at);
    memcpy(flat + END_MAX - c->ring_at, c->ring, c->ring_at);
    free(c->ring);
    c->ring = flat;
    c->ring_at = 0;
}

void capture_end(struct capture *c, struct process_output *out)
{
    if (c->kind == CAPTURE_UNSURE)
        decide(c);
    straighten(c);
    *out = (struct process_output){
        .head = c->head.data,
        .head_len = c->head.len,
        .tail = c->ring ? c->ring : "",
        .tail_len = c->ring_len,
        .total = c->total,
        .binary = c->kind == CAPTURE_BINARY,
    };
    if (c->sum) {
        struct hash hash = sha256_end(c->sum);

        c->sum = NULL;
        sha256_text(out->sha256, &hash);
    }
}
