/* SPDX-License-Identifier: MIT */
/*
 * What a wire format (Chat Completions, and later Messages, Responses) has to know: how a message
 * is written into a request body, and how an answer is read from the bytes of a response. All of
 * it is pure: bytes in, structs out; no I/O, no clock. The engine makes the HTTP call and glues
 * these to core/net. Adding a format: one file with a `const struct provider`, one row in
 * provider_find's table, one suite.
 *
 * A body has up to three places that grow with the conversation (`struct wire`): Chat uses only
 * `messages`; Messages and Responses put leading system text into `head`. Elements may be left
 * open in `messages` (an Anthropic user message collects several tool results): `encode` closes
 * what the message before left open, `build` closes the last one. So cutting both buffers back to
 * where they were before a message is all that a rollback needs.
 */
#ifndef CORE_MODEL_PROVIDER_H
#define CORE_MODEL_PROVIDER_H

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/model/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct profile;

/* ---- The request ---------------------------------------------------------------------------- */

enum tool_choice {
    CHOICE_AUTO,    /* the model decides */
    CHOICE_NONE,    /* no call wanted: graceful completion */
    CHOICE_REQUIRED /* some call must come */
};

struct model_tool {
    const char *name;        /* [A-Za-z0-9_-]{1,64} */
    const char *description; /* may be NULL */
    const char *schema;      /* text of a JSON Schema object */
};

/* Everything of a request but its messages and tools. Zero is the sensible default. */
struct model_params {
    const char *model;       /* required */
    int64_t max_tokens;      /* 0: not sent */
    bool stream;             /* server-sent events wanted */
    enum tool_choice choice; /* meant only where tools are sent */
    bool one_call;           /* at most one tool call a turn (sent only with tools) */
    const char *effort;      /* reasoning effort, NULL: not sent; a profile may withhold it */
    const char *extra;       /* text of a JSON object: further members (temperature, seed …) sent
                                as they are; a member that we send ourselves wins; or NULL */
};

/* The growing parts of a body, and what one message needs to be written. */
struct wire {
    struct buf head;     /* leading system text, where the format keeps it apart */
    struct buf messages; /* elements of the messages array, comma-separated */
};

struct wire_message {
    const struct message *message;
    const struct message *before; /* the one written before it in this wire, NULL for the first;
                                     only its role may be relied on */
    const struct profile *profile;
    const char *model;           /* whom the request goes to: opaque members of others stay out */
    const char *const *call_ids; /* wire id of each call of an assistant message */
    const char *result_id;       /* wire id that a tool message answers */
};

struct wire_body {
    const struct wire *wire;
    const struct profile *profile;
    const struct model_params *params;
    const char *tools;      /* encoded tool array, NULL when there is none */
    enum message_role last; /* role of the last message written */
};

/* ---- The answer ----------------------------------------------------------------------------- */

enum answer_outcome {
    ANSWER_OK,         /* complete: the message may go on the chain */
    ANSWER_INCOMPLETE, /* the body ended before the answer did; retryable, partial text kept */
    ANSWER_ERROR,      /* the provider said no: `error` is filled (HTTP status or inside a 200) */
    ANSWER_PROTOCOL    /* not what the wire format allows, or over a cap: `error` says what */
};

/* What the turn does with a complete answer; the presence of calls decides, not the raw reason. */
enum answer_stop {
    STOP_END,    /* no call: the model is done */
    STOP_CALLS,  /* run the calls whose args_valid is set, answer all of them */
    STOP_LENGTH, /* cut by a token limit: as the two above, but the last call is never valid */
    STOP_FILTER  /* a content filter ended it; no call is valid */
};

struct model_usage {     /* raw counts of the wire; -1 = not said */
    int64_t input;       /* prompt tokens; whether cached is inside it is cached_inside */
    int64_t output;      /* completion tokens */
    int64_t cached;      /* prompt tokens read from the provider's cache */
    int64_t cache_write; /* prompt tokens written to it */
    int64_t reasoning;   /* reasoning tokens */
    int64_t total;       /* as said; not always input + output */
    int64_t cost_micro;  /* cost in micro-dollars when the provider says it, else -1 */
    bool cached_inside;  /* OpenAI: cached ⊂ input; Anthropic: cached beside input */
};

struct model_error { /* texts are UTF-8, NULL when the wire had none */
    char *type;      /* "invalid_request_error" */
    char *code;      /* "context_length_exceeded", "502": a number is kept as its text */
    char *param;     /* which member of the request */
    char *message;   /* for people; at most 4 KiB */
    int status;      /* HTTP status, or the one an in-stream error names; 0 = none */
};

struct model_answer {
    enum answer_outcome outcome;
    enum answer_stop stop;   /* with ANSWER_OK */
    struct message *message; /* what arrived, never NULL; unless OK no call of it is valid */
    struct model_usage usage;
    struct model_error error;
    int code;       /* with ANSWER_PROTOCOL: E_PROTOCOL or E_TOOBIG */
    char *model;    /* the server's name for the model, or NULL */
    char *id;       /* the server's id of the answer, or NULL */
    char *excerpt;  /* first bytes (at most 512, repaired) of an error, or of what could not be
                       read; NULL for a good answer */
    bool done_seen; /* the stream's terminator came */
    bool streamed;  /* came as server-sent events */
    size_t events;  /* data events read */
};

/* Both free what the struct owns and zero it. */
void model_error_clear(struct model_error *e);
void model_answer_clear(struct model_answer *a);

/* ---- Reading -------------------------------------------------------------------------------- */

enum model_delta_kind {
    DELTA_TEXT,      /* text of the answer */
    DELTA_REASONING, /* thinking text */
    DELTA_CALL       /* a piece of tool call `call`: its arguments; name as far as known */
};

struct model_delta {
    enum model_delta_kind kind;
    const char *text; /* len bytes of whole UTF-8 sequences, borrowed for the call; len may be 0
                         for a DELTA_CALL that only opens the call */
    size_t len;
    size_t call;      /* DELTA_CALL: place of the call in the message */
    const char *name; /* DELTA_CALL: its name so far, "" while unknown */
};

struct reader_options {
    int status;               /* HTTP status of the response */
    const char *content_type; /* value of Content-Type, NULL when there was none */
    const char *profile;      /* name kept as message.provider */
    const char *model;        /* model asked for, kept as message.model */
    void (*on_delta)(void *self, const struct model_delta *delta); /* may be NULL; called inside
                                  feed and finish; for drawing only, never stored */
    void *self;
};

struct model_reader; /* each format casts it to its own struct */

struct provider {
    const char *name;   /* "openai-chat", as in a config file */
    const char *help;   /* one line for people */
    const char *path;   /* appended to the base URL: "/chat/completions" */
    const char *models; /* path of the model list: "/models" */

    /* Appends m to the wire; 0, E_TOOBIG, E_NOMEM. */
    int (*encode)(struct wire *wire, const struct wire_message *m);
    /* Appends the encoded tool array; 0, E_PARSE for a bad name or schema. */
    int (*tools)(struct buf *out, const struct model_tool *tools, size_t count, struct err *err);
    /* Appends the whole request body; 0, E_PARSE (params.extra), E_TOOBIG, E_NOMEM. */
    int (*build)(struct buf *out, const struct wire_body *body, struct err *err);

    /* One response body: open, feed any slices, finish once, close. feed returns 0, or E_PROTOCOL
       or E_TOOBIG once nothing more is worth reading: abort the transfer, then finish (it gives
       the answer with what came before). feed after that does nothing. */
    int (*open)(struct model_reader **out, const struct reader_options *options, struct err *err);
    int (*feed)(struct model_reader *r, const void *data, size_t len);
    /* true once the answer is complete although the transfer may go on (the terminator came). */
    bool (*done)(const struct model_reader *r);
    /* Complete events read so far: what the "no complete event" deadline watches (comments and
       pings do not count). */
    size_t (*progress)(const struct model_reader *r);
    /* `whole` = the transfer ended as HTTP says it should; false = it broke. */
    void (*finish)(struct model_reader *r, bool whole, struct model_answer *out);
    void (*close)(struct model_reader *r); /* takes NULL */
};

const struct provider *provider_find(const char *name); /* NULL when there is none */
const struct provider *provider_at(size_t index);       /* the table in order; NULL behind it */

const char *answer_outcome_name(enum answer_outcome outcome); /* "ok", "incomplete", … static */
const char *answer_stop_name(enum answer_stop stop);

#endif
