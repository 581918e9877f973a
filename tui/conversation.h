/* SPDX-License-Identifier: MIT */
/*
 * The messages on the way to a step of a stored run, and what two such ways differ in: by message,
 * and by line where a message changed. Main thread.
 */
#ifndef TUI_CONVERSATION_H
#define TUI_CONVERSATION_H

#include "core/base/err.h"
#include "core/model/message.h"

#include <stddef.h>
#include <stdint.h>

struct buf;
struct stored;

struct conversation_piece {
    int64_t node;
    enum message_role role;
    char *title; /* "assistant", "tool read_file" */
    char *text;  /* its words, reasoning and calls, as lines */
    int64_t tokens;
};

/* What happened on that way. */
struct conversation_sums {
    int64_t calls, tools,
        failed; /* model calls that were answered, tool calls, those that failed */
    int64_t tokens_in, tokens_out, cost_microusd; /* cost: -1 = a price is unknown */
    int64_t model_us, tool_us;
};

struct conversation {
    struct conversation_piece *at;
    size_t count, cap;
    struct conversation_sums sums;
};

/* From the root to `node` (0 = the head). E_NOTFOUND, E_CORRUPT. */
int conversation_read(struct conversation *out, struct stored *stored, int64_t node,
                      struct err *err);
void conversation_free(struct conversation *conversation); /* what it owns, not the box */

struct conversation_diff {
    size_t same, dropped, added, changed; /* messages */
    int64_t tokens[2];                    /* of all messages of each */
};

/* Appends the messages that differ; lines begin with "- " or "+ ", those around with "  ". A
   dropped one beside an added one of the same title is a changed one. */
void conversation_compare(struct buf *out, const struct conversation *a,
                          const struct conversation *b, struct conversation_diff *diff);

#endif
