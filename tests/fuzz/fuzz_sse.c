/* SPDX-License-Identifier: MIT */
/*
 * The same bytes give the same events whole, byte by byte and in slices; within any limit. The
 * first byte of an input seeds the slices and says whether the limits are small, the rest is the
 * stream.
 */
#include "core/net/sse.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/mem.h"

#define SMALL_LIMIT 24

static int on_event(void *ctx, const struct sse_event *event, struct err *err)
{
    struct buf *seen = ctx;

    (void)err;
    (void)buf_printf(seen, "%zu %zu %zu %d:", event->name_len, event->len, event->id_len,
                     event->cut);
    (void)buf_add(seen, event->name, event->name_len);
    (void)buf_add(seen, event->data, event->len);
    (void)buf_add(seen, event->id, event->id_len);
    return 0;
}

/* Feeds slices of 1 to `most` bytes, each in memory of its own, and notes all that comes out. */
static void run(struct buf *seen, const char *bytes, size_t len, size_t most, bool small)
{
    struct sse_limits limits = {small ? SMALL_LIMIT : 0, small ? SMALL_LIMIT : 0};
    struct sse *sse = NULL;
    size_t at = 0, step = most;
    int rc = 0;

    buf_init(seen, (size_t)1 << 24);
    sse_new(&sse, &limits, on_event, seen);
    while (at < len && rc == 0) {
        size_t more = step < len - at ? step : len - at;
        char *slice = mem_copy(bytes + at, more);

        rc = sse_feed(sse, slice, more, NULL);
        free(slice);
        at += more;
        step = step * 7 % most + 1;
    }
    if (rc == 0)
        rc = sse_end(sse, NULL);
    (void)buf_printf(seen, "rc %d comments %llu retry %lld", rc,
                     (unsigned long long)sse_comments(sse), (long long)sse_retry_ms(sse));
    sse_free(sse);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct buf whole, split;

    if (size == 0)
        return 0;
    const char *bytes = (const char *)data + 1;
    bool small = data[0] & 1;
    const size_t mosts[] = {1, (size_t)(data[0] >> 1) % 16 + 2, 64};
    run(&whole, bytes, size - 1, size, small);
    for (size_t i = 0; i < sizeof mosts / sizeof *mosts; i++) {
        run(&split, bytes, size - 1, mosts[i], small);
        if (whole.len != split.len || memcmp(whole.data, split.data, whole.len) != 0)
            abort();
        buf_free(&split);
    }
    buf_free(&whole);
    return 0;
}
