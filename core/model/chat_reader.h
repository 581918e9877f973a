/* SPDX-License-Identifier: MIT */
/*
 * Inside the Chat reader: what chat_reader.c (bytes to events, the answer at the end) and
 * chat_event.c (what one event or one whole answer says) share. Nobody else includes it but their
 * tests.
 */
#ifndef CORE_MODEL_CHAT_READER_H
#define CORE_MODEL_CHAT_READER_H

#include "core/base/buf.h"
#include "core/model/chat_opaque.h"
#include "core/model/mend.h"
#include "core/model/provider.h"
#include "core/model/tool_assembly.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct sse;

enum chat_shape {
    CHAT_UNDECIDED, /* not enough bytes to tell */
    CHAT_EVENTS,    /* server-sent events */
    CHAT_BODY       /* one JSON text, or something that is no answer */
};

/* Text that grows by deltas. */
struct chat_channel {
    enum model_delta_kind kind;
    struct buf text;
    struct mend_half half;
};

struct chat_reader {
    struct reader_options options; /* with its own copies of the texts */
    enum chat_shape shape;
    size_t bytes;    /* fed so far */
    struct buf body; /* what came while undecided, or the one JSON text */
    struct sse *sse;
    struct buf scratch; /* of the short way, and of mended events */
    bool long_way;      /* tests: never take the short way */

    struct chat_channel content;
    struct chat_channel reasoning;
    struct tool_assembly calls;
    struct chat_opaque opaque;
    char *finish_reason;
    bool chosen;                /* some event had a choice */
    bool refused;               /* error is filled: the provider said no */
    struct model_answer answer; /* model, id, usage, error, excerpt, code and counts; the message is
                                   made at the end */
};

/* The functions of struct provider; see there. */
int chat_reader_open(struct model_reader **out, const struct reader_options *options,
                     struct err *err);
int chat_reader_feed(struct model_reader *reader, const void *data, size_t len);
bool chat_reader_done(const struct model_reader *reader);
size_t chat_reader_progress(const struct model_reader *reader);
void chat_reader_finish(struct model_reader *reader, bool whole, struct model_answer *out);
void chat_reader_close(struct model_reader *reader);

/* Takes what one event (or one whole answer) says. `mended`: how its text was repaired.
   0; or, with `err` filled, E_PROTOCOL or E_TOOBIG: nothing more is worth reading. */
int chat_event_take(struct chat_reader *r, cJSON *event, enum mend mended, struct err *err);

struct chat_quick;
/* The same for an event that chat_quick has read. False, and nothing taken: go the long way. */
bool chat_event_take_quick(struct chat_reader *r, const struct chat_quick *q, int *rc,
                           struct err *err);

/* Appends to a channel and shows the delta. */
int chat_channel_add(struct chat_reader *r, struct chat_channel *ch, const char *text, size_t len,
                     enum mend mended, struct err *err);
int chat_channel_end(struct chat_reader *r, struct chat_channel *ch);

/* Fills the answer's error from any JSON value, once; false when it is none. The first error that a
   stream tells is the one that counts. */
bool chat_refuse(struct chat_reader *r, const cJSON *value, bool failed);

#endif
