/* SPDX-License-Identifier: MIT */
/*
 * rerail's own message: the body of a chain node, the same whatever the model's wire format is.
 * Plain data, made by parsers and by the engine, stored by history as the JSON text below, turned
 * into a provider's wire form by core/model/transcript. Not thread-shared: a message has one owner.
 *
 * Stored text (stable; one message, one text; members in this order, absent when empty or false,
 * but for role, tool_call_id, content and a call's id, name, arguments):
 *   {"role":"system|user","content":TEXT}
 *   {"role":"assistant","content":TEXT,"reasoning":TEXT,
 *    "tool_calls":[{"id":TEXT,"name":TEXT,"arguments":TEXT,"invalid":TEXT,"extra":OBJECT}],
 *    "opaque":OBJECT,"provider":TEXT,"model":TEXT,"finish_reason":TEXT,"cut":true}
 *   {"role":"tool","tool_call_id":TEXT,"name":TEXT,"content":TEXT,"is_error":true}
 * Unknown members and repeated keys are refused: a newer rerail raises the file's user_version
 * first.
 */
#ifndef CORE_MODEL_MESSAGE_H
#define CORE_MODEL_MESSAGE_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

#define MESSAGE_CALLS_MAX 128               /* tool calls of one message */
#define MESSAGE_ARGS_MAX  ((size_t)1 << 20) /* bytes of one call's arguments */
#define MESSAGE_NAME_MAX  ((size_t)256)     /* bytes of a tool's name */
#define MESSAGE_ID_MAX    ((size_t)1024)    /* bytes of a call's id */
#define MESSAGE_TEXT_MAX                                                                           \
    ((size_t)64 << 20) /* bytes of content, reasoning and arguments together                       \
                        */

enum message_role { ROLE_SYSTEM, ROLE_USER, ROLE_ASSISTANT, ROLE_TOOL };

struct tool_call {
    char *id;         /* pairs the call with its result; "" until message_name_calls has seen it */
    char *name;       /* as the model said it; may be a tool that does not exist, may be "" */
    char *args;       /* text as the model sent it, wrong UTF-8 repaired; "{}" for none */
    char *args_error; /* why this call must never run, for the model and for people; NULL: it may */
    bool args_valid;  /* args is one JSON object within json_args and args_error is NULL */
    char *extra;      /* provider's own members of the call, a JSON object kept verbatim, or NULL */
};

struct message {
    enum message_role role;
    char *content; /* UTF-8 without NUL, never NULL */

    char *reasoning;         /* assistant: thinking shown to people; NULL when there was none */
    struct tool_call *calls; /* assistant: call_count of them, in order of first appearance */
    size_t call_count;
    char *opaque;   /* assistant: provider's own members, a JSON object kept verbatim, or NULL */
    char *provider; /* assistant: profile that opaque and extra belong to, or NULL */
    char *model;    /* assistant: model they belong to, or NULL */
    char *finish_reason; /* assistant: raw, NULL when the wire had none */
    bool cut;            /* assistant: the answer ended before the model was done (length, break) */

    char *tool_call_id; /* tool: which call this answers */
    char *name;         /* tool: name of the tool, or NULL */
    bool is_error;      /* tool: the content tells of a failure */
};

/* A message with copies of its arguments (NULL text is ""); message_free it. */
struct message *message_new(enum message_role role, const char *content);
struct message *message_tool_result(const char *tool_call_id, const char *name, const char *content,
                                    bool is_error);
struct message *message_copy(const struct message *m);
void message_free(struct message *m);

/* Adds a call and returns it, to be filled by its owner; all texts start as "", args as "{}" and
   invalid until tool_call_judge. Borrowed, moved by the next message_add_call. */
struct tool_call *message_add_call(struct message *m);

/* Sets args_valid and args_error from args alone: one JSON object within json_args. Empty args
   become "{}". A call that already has an args_error keeps it. */
void tool_call_judge(struct tool_call *call);
/* Marks the call as one that must not run, with the reason (replaces an older one). */
void tool_call_reject(struct tool_call *call, const char *why);
void tool_call_clear(struct tool_call *call); /* frees its texts, not the struct */

/* Stored text. message_print appends to out: 0, or buf_add's errors. message_parse: 0, E_PARSE,
   E_TOOBIG; the message is the caller's. Printing what was parsed gives the same bytes. */
int message_print(struct buf *out, const struct message *m);
int message_parse(struct message **out, const char *text, size_t len, struct err *err);

/* Gives every call with an empty id, or one that `taken` knows or that an earlier call of this
   message has, an id of our own: "call" and five hex digits, valid everywhere. The id is derived
   from `turn` (number of messages before this one) and the call's place, so that the same chain
   gives the same ids. `taken` may be NULL. */
void message_name_calls(struct message *m, size_t turn, bool (*taken)(void *self, const char *id),
                        void *self);

/* Rough size in tokens, for gauges and limits where the provider has not counted yet: a quarter of
   the UTF-8 bytes of content, reasoning, names and arguments, each rounded up, plus 4 a message and
   8 a call. English and code come near it; other scripts may be off by half. */
int64_t message_tokens(const struct message *m);
int64_t message_tokens_of(
    const char *text); /* the same rule for a bare text (a prompt, a schema) */

const char *message_role_name(enum message_role role);            /* "system", … static */
int message_role_parse(enum message_role *out, const char *name); /* 0 or E_PARSE */

#endif
