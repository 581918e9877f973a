/* SPDX-License-Identifier: MIT */
/*
 * How a model talks on the wire: a row of functions a format. A request's body becomes a struct
 * asked, what is to be said becomes one body or a list of stream events, and the HTTP around them
 * is the server's. Adding a format is a file and a row of the table. Pure.
 */
#ifndef CORE_SIM_DIALECT_H
#define CORE_SIM_DIALECT_H

#include "core/base/buf.h"
#include "core/base/err.h"

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

struct asked;
struct say;

/* What an event of a stream carries: where a fault may cut it, and how long it takes to say. */
enum speech_kind { SPEECH_OPEN, SPEECH_TEXT, SPEECH_CALL, SPEECH_FINISH, SPEECH_REST };

struct speech_event {
    size_t from, len; /* in `bytes`, the empty line behind it included */
    enum speech_kind kind;
    uint32_t tokens; /* said by it */
};

struct speech {
    struct buf bytes;
    struct speech_event *events;
    size_t count, cap;
};

void speech_init(struct speech *speech);
void speech_free(struct speech *speech);
/* What was appended to speech->bytes since the last event is one. */
void speech_end_event(struct speech *speech, enum speech_kind kind, size_t tokens);

struct dialect {
    const char *name; /* "openai-chat" */
    const char *path; /* of the endpoint: "/v1/chat/completions" */
    /* Fills asked from asked->body: 0, or E_PARSE with what a real server would complain about. */
    int (*read)(struct asked *asked, struct err *err);
    /* Appends the answer as one body: 0, or buf_add's errors. */
    int (*whole)(struct buf *out, const struct say *say);
    /* Appends the answer as events: the same. */
    int (*stream)(struct speech *out, const struct say *say);
    /* Appends the body of an HTTP error. */
    int (*error)(struct buf *out, int status, const char *message);
};

extern const struct dialect dialect_chat;

/* By the path of a request without its query; NULL when no format lives there. */
const struct dialect *dialect_find(const char *path);

#endif
