/* SPDX-License-Identifier: MIT */
/*
 * Members of a Chat answer that mean something to their provider only and must go back to it as
 * they came: reasoning_details (a list, streamed in pieces) and extra_content. Strings are kept
 * byte for byte; numbers as a double holds them.
 */
#ifndef CORE_MODEL_CHAT_OPAQUE_H
#define CORE_MODEL_CHAT_OPAQUE_H

#include "core/base/buf.h"

#include <cjson/cJSON.h>
#include <stddef.h>

#define CHAT_DETAILS_MAX 4096 /* pieces that cannot be joined to the one before */

struct chat_opaque {
    cJSON *details;     /* array of finished pieces, NULL: none */
    cJSON *open;        /* the piece that the next delta may go on, without its text */
    const char *member; /* which member of it grows: "text" or "summary" */
    struct buf text;    /* what has grown */
    cJSON *extra;       /* the last extra_content, NULL: none */
};

void chat_opaque_init(struct chat_opaque *o);
void chat_opaque_free(struct chat_opaque *o);

/* Takes what a delta or message has of them. 0, E_TOOBIG. */
int chat_opaque_take(struct chat_opaque *o, const cJSON *delta);

/* Text of the JSON object to keep as message.opaque, or NULL when there was nothing. free() it. */
char *chat_opaque_text(struct chat_opaque *o);

#endif
