/* SPDX-License-Identifier: MIT */
/*
 * What a model request contains, whatever its wire format: messages, tool calls, results, tools.
 * A dialect fills it from a body; conditions and templates ask it (fact.h). Plain data; owns the
 * body's tree and every text that is not borrowed from it.
 */
#ifndef CORE_SIM_ASKED_H
#define CORE_SIM_ASKED_H

#include "core/base/sha256.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct inbound;

struct asked_message {
    const char *role;    /* "system", "user", "assistant", "tool", as the dialect says it */
    char *text;          /* its text parts joined; "" for none */
    const char *call_id; /* tool: which call it answers; NULL otherwise */
};

struct asked_call {
    const char *id, *name;
    const char *arguments; /* text */
    size_t message;        /* of which message */
    size_t result;         /* message that answers it; 0 = none does */
};

struct asked {
    cJSON *body;                /* owned */
    struct hash hash;           /* of the body's bytes and the path: names the request */
    const struct inbound *http; /* borrowed; NULL in tests without HTTP */
    struct asked_message *messages;
    size_t count, cap;
    struct asked_call *calls;
    size_t call_count, call_cap;
    const char **tools; /* names of the tools on offer */
    size_t tool_count, tool_cap;
    const char *model;       /* NULL when not said */
    const char *tool_choice; /* "auto", "none", "required", a tool's name; NULL when not said */
    bool stream;
    bool usage; /* usage is wanted in the stream */
};

void asked_clear(struct asked *asked); /* frees what it owns and zeroes it */

/* For dialects. The message is filled by the caller; its text is moved. */
void asked_add_message(struct asked *asked, const struct asked_message *message);
void asked_add_call(struct asked *asked, const struct asked_call *call);
void asked_add_tool(struct asked *asked, const char *name);

/* Ties every result to its call. NULL, or what is wrong, yours to free(): every call has exactly
   one result, before the next message that is none, and there is no result without a call. */
char *asked_pair(struct asked *asked);

/* The last call of that tool that was answered, or of that id; NULL. */
const struct asked_call *asked_answered(const struct asked *asked, const char *tool);
const struct asked_call *asked_call_of(const struct asked *asked, const char *id);

/* The place of the last user message, or `count` when there is none. */
size_t asked_last_user(const struct asked *asked);
/* How many messages have this role from place `from` on. */
size_t asked_count_role(const struct asked *asked, const char *role, size_t from);

#endif
