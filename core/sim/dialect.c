/* SPDX-License-Identifier: MIT */
#include "core/sim/dialect.h"

#include <stdlib.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/sim/reel.h"

static const struct dialect *const dialects[] = {&dialect_chat};

const struct dialect *dialect_find(const char *path)
{
    for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++)
        if (str_eq(dialects[i]->path, path))
            return dialects[i];
    return NULL;
}

void speech_init(struct speech *speech)
{
    *speech = (struct speech){0};
    buf_init(&speech->bytes, REEL_MAX);
}

void speech_free(struct speech *speech)
{
    buf_free(&speech->bytes);
    free(speech->events);
    speech_init(speech);
}

void speech_end_event(struct speech *speech, enum speech_kind kind, size_t tokens)
{
    const struct speech_event *last = speech->count ? &speech->events[speech->count - 1] : NULL;
    size_t from = last ? last->from + last->len : 0;

    speech->events = mem_room(speech->events, speech->count, &speech->cap, sizeof *speech->events);
    speech->events[speech->count++] =
        (struct speech_event){from, speech->bytes.len - from, kind, (uint32_t)tokens};
}
