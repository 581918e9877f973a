/* SPDX-License-Identifier: MIT */
/*
 * The least agent there is: it says what the test says, does what the scripted model asks, and
 * notes the steps. For scenarios, which must lead somewhere whatever the tools answer.
 */
#ifndef TESTS_SUPPORT_TALK_H
#define TESTS_SUPPORT_TALK_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "core/base/buf.h"
#include "tests/support/simulator.h"

struct talk {
    struct simulator *sim;
    cJSON *messages;  /* of the conversation so far; a test may cut it back, as a rollback does */
    struct buf steps; /* "list_files+search 429 prices | " …: calls, statuses, an answer's end */
    /* Does a call: the result, free() it. */
    char *(*tool)(void *self, const char *name, const cJSON *args);
    void *self;
};

struct talk talk_begin(struct simulator *sim,
                       char *(*tool)(void *self, const char *name, const cJSON *args), void *self);
void talk_end(struct talk *talk);

/* Says it and goes on until an answer has no call, at most 20 turns; the answer's text, free() it.
 */
char *talk_say(struct talk *talk, const char *text);
/* Goes on without a word, as after a rollback. */
char *talk_on(struct talk *talk);
/* Cuts the conversation back to its first `count` messages. */
void talk_roll_back(struct talk *talk, int count);

#endif
