/* SPDX-License-Identifier: MIT */
#include "core/sim/reel.h"

#include <stdlib.h>

#include "core/base/mem.h"

void reel_init(struct reel *reel)
{
    *reel = (struct reel){.end = REEL_KEEP};
    buf_init(&reel->bytes, REEL_MAX);
}

void reel_free(struct reel *reel)
{
    buf_free(&reel->bytes);
    free(reel->strips);
    reel_init(reel);
}

static struct reel_strip *last_strip(struct reel *reel)
{
    return reel->count > 0 ? &reel->strips[reel->count - 1] : NULL;
}

static struct reel_strip *new_strip(struct reel *reel, size_t len, int64_t wait_us, uint64_t times)
{
    reel->strips = mem_room(reel->strips, reel->count, &reel->cap, sizeof *reel->strips);
    reel->strips[reel->count] = (struct reel_strip){reel->bytes.len, len, times, wait_us};
    return &reel->strips[reel->count++];
}

int reel_add(struct reel *reel, const void *data, size_t len, int64_t wait_us, uint64_t times)
{
    struct reel_strip *last = last_strip(reel);
    int rc = buf_reserve(&reel->bytes, len);

    if (rc < 0)
        return rc;
    if (last && last->times == 1 && times == 1 && (wait_us == 0 || last->len == 0)) {
        last->len += len;
        last->wait_us += wait_us;
    } else {
        (void)new_strip(reel, len, wait_us, times);
    }
    return buf_add(&reel->bytes, data, len);
}

int reel_text(struct reel *reel, const char *text)
{
    size_t len = 0;

    while (text[len])
        len++;
    return reel_add(reel, text, len, 0, 1);
}

void reel_pause(struct reel *reel, int64_t wait_us)
{
    (void)new_strip(reel, 0, wait_us, 1);
}

void reel_cut(struct reel *reel, size_t count)
{
    struct reel_strip *last = last_strip(reel);

    if (!last || last->times > 1)
        return;
    count = count < last->len ? count : last->len;
    last->len -= count;
    buf_cut(&reel->bytes, reel->bytes.len - count);
}

/* Leaves behind what is wholly sent; each strip's time counts from that of the one before, so a
   rate holds over the whole stream however late the server is. */
static void settle(const struct reel *reel, struct reel_place *place, int64_t now_us)
{
    while (place->strip < reel->count) {
        const struct reel_strip *strip = &reel->strips[place->strip];

        if (place->sent < strip->len || place->due_us > now_us)
            return;
        place->sent = 0;
        if (++place->time == strip->times) {
            place->time = 0;
            place->strip++;
        }
        if (place->strip < reel->count)
            place->due_us += reel->strips[place->strip].wait_us;
    }
}

void reel_start(const struct reel *reel, struct reel_place *place, int64_t now_us)
{
    *place = (struct reel_place){.due_us = now_us};
    if (reel->count > 0)
        place->due_us += reel->strips[0].wait_us;
}

size_t reel_next(const struct reel *reel, struct reel_place *place, int64_t now_us,
                 const char **data)
{
    settle(reel, place, now_us);
    if (reel_is_over(reel, place) || place->due_us > now_us)
        return 0;
    const struct reel_strip *strip = &reel->strips[place->strip];
    *data = reel->bytes.data + strip->from + place->sent;
    return strip->len - place->sent;
}

void reel_sent(struct reel_place *place, size_t len)
{
    place->sent += len;
}

bool reel_is_over(const struct reel *reel, const struct reel_place *place)
{
    return place->strip == reel->count;
}
