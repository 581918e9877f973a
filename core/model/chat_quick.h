/* SPDX-License-Identifier: MIT */
/*
 * The short way through a Chat Completions event. Nearly all events of a stream carry one piece of
 * text, of thinking or of a call's arguments, and nothing else; for those this reads the JSON once,
 * strictly, without building a tree. Anything unusual is left to the long way: what is accepted
 * here means exactly what the long way would make of it (tests and a fuzz target compare the two).
 */
#ifndef CORE_MODEL_CHAT_QUICK_H
#define CORE_MODEL_CHAT_QUICK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

#define CHAT_QUICK_MAX ((size_t)64 << 10) /* longer events go the long way */

struct slice {
    const char *at; /* NULL: the event did not have it (or it was null) */
    size_t len;
};

struct chat_quick {
    struct slice content;
    struct slice reasoning_content;
    struct slice reasoning;
    struct slice finish_reason;
    struct slice model;
    struct slice id;
    struct slice args;  /* of a tool call without id and name */
    int64_t call_index; /* its index, 0 to 127; meant only with args */
    bool chosen;        /* it had a choice; without one it is not for the short way */
};

/* True when `text` is such an event. Slices point into text or, where escapes had to be resolved,
   into `scratch`, which is overwritten. Never allocates beyond CHAT_QUICK_MAX. */
bool chat_quick_read(struct chat_quick *out, struct buf *scratch, const char *text, size_t len);

#endif
