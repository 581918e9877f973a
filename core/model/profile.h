/* SPDX-License-Identifier: MIT */
/*
 * How servers that speak the same format differ: one row each, chosen by the host of the base URL
 * or by name in the config. Pure data and pure functions.
 */
#ifndef CORE_MODEL_PROFILE_H
#define CORE_MODEL_PROFILE_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct buf;

enum id_rule {
    ID_ANY,   /* any text the server once sent */
    ID_ALNUM9 /* exactly nine of [A-Za-z0-9] (Mistral) */
};

/* Which thinking goes back with an assistant message. */
enum echo_rule {
    ECHO_NONE,
    ECHO_TEXT_WITH_CALLS, /* reasoning_content where there are calls, even when empty (DeepSeek) */
    ECHO_OPAQUE           /* the provider's own members, verbatim (reasoning_details) */
};

enum effort_rule {
    EFFORT_SENT,   /* reasoning_effort as configured (refused together with tools by some models:
                      FAILURE_EFFORT, then once more with "none") */
    EFFORT_OBJECT, /* reasoning: {"effort": …} (OpenRouter) */
    EFFORT_NEVER   /* unknown to the server */
};

/* Content of an assistant message that has calls and no text. */
enum content_rule {
    CONTENT_NULL,
    CONTENT_EMPTY /* "", for chat templates that join strings */
};

enum auth_rule {
    AUTH_BEARER,  /* Authorization: Bearer KEY */
    AUTH_API_KEY, /* api-key: KEY (Azure) */
    AUTH_OPTIONAL /* bearer when there is a key; none is fine (local servers) */
};

struct profile {
    const char *name;     /* "openai" */
    const char *help;     /* one line for people */
    const char *format;   /* provider: "openai-chat" */
    const char *hosts;    /* space-separated: "api.openai.com", ".openai.azure.com" (suffix),
                             ":11434" (a loopback port); NULL: by name only */
    const char *base_url; /* default, NULL: must be given */
    const char *key_env;  /* environment variable of the key, NULL: none known */
    enum auth_rule auth;
    const char *max_tokens; /* name of that member */
    const char *system;     /* name of the system role */
    bool stream_options;    /* {"include_usage": true} is understood */
    bool tool_choice;       /* tool_choice is honoured: "none" keeps the definitions; else they are
                               left out when no call is wanted */
    bool parallel;          /* parallel_tool_calls is understood */
    enum id_rule ids;
    enum echo_rule echo;
    enum effort_rule effort;
    enum content_rule content;
    const char *foreign_call; /* members, as JSON text, for a call made by another model (Gemini
                                 wants a signature on every call), NULL: none */
    int retry_status;         /* one more status worth a retry (Groq's 498), 0: none */
};

const struct profile *profile_find(const char *name);   /* NULL when there is none */
const struct profile *profile_for_url(const char *url); /* by host, else "generic"; never NULL */
const struct profile *profile_at(size_t index);         /* the table in order; NULL behind it */

/* Normalises a base URL as people write it: scheme added (http for loopback, else https), trailing
   slashes and a pasted "/chat/completions" or "/models" dropped, "/v1" added when the path is
   empty and the profile's own base has one; never twice. An Azure resource gets "/openai/v1"; a
   deployment URL and its ?api-version stay. Appends to out. 0; E_RANGE: not a URL; E_DENIED:
   another scheme, or a user in it. */
int profile_base_url(struct buf *out, const struct profile *p, const char *url, struct err *err);

/* Appends base (normalised) + path, the path before any query of the base. */
int profile_url(struct buf *out, const char *base, const char *path);

/* The header that carries the key: its name, and its value appended to a secret buffer. The value
   is 0, or E_NOTFOUND when the profile wants a key and there is none (the text names the variable
   to set); nothing is written when no key is needed and none is given: send no header then. */
const char *profile_auth_name(const struct profile *p);
int profile_auth_value(struct buf *out, const struct profile *p, const char *key, struct err *err);

#endif
