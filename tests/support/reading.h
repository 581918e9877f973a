/* SPDX-License-Identifier: MIT */
/*
 * Response bodies read through the Chat reader in slices of every kind, each slice in memory of its
 * own, so that keeping it or reading beyond it is found out.
 */
#ifndef TESTS_SUPPORT_READING_H
#define TESTS_SUPPORT_READING_H

#include "core/model/provider.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reading {
    const char *body;
    size_t len;               /* 0: strlen(body) */
    int status;               /* 0: 200 */
    const char *content_type; /* NULL: none was sent */
    bool broken;              /* the transfer broke at the end */
    bool long_way;            /* chat_quick is not asked */
    uint64_t seed;            /* of random cuts */
    size_t cuts;              /* random cuts; 0: whole; SIZE_MAX: byte by byte */
};

/* Reads it; the answer is the caller's. Asserts that the deltas shown add up to the message. */
void reading_run(struct model_answer *out, const struct reading *reading);

/* Everything an answer says, one "name: value" a line; free() it. Two answers are the same when
   these are. */
char *reading_text(const struct model_answer *answer);

/* Asserts that whole, byte by byte, `times` random cuts, and the long way all give the same, and
   returns the answer read whole. */
void reading_every_way(struct model_answer *out, const struct reading *reading, size_t times);

#endif
