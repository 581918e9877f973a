/* SPDX-License-Identifier: MIT */
/*
 * One reply of a scenario: when it fits, what it says, how fast, and what goes wrong first. Filled
 * in for a request it becomes a `struct say`, which a dialect writes in its wire format.
 */
#ifndef CORE_SIM_REPLY_H
#define CORE_SIM_REPLY_H

#include "core/base/buf.h"
#include "core/sim/strict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct asked;
struct condition;
struct fault;

#define REPLY_REPEAT_MAX 1000000

/* How an answer comes; -1 = not said here. */
struct pace {
    int64_t latency_us; /* before the first byte */
    int64_t rate;       /* tokens a second; 0 = all at once */
    int64_t chunk;      /* tokens an event, 1 or more */
};

struct reply_call {
    char *id;               /* template; NULL = made from turn and place */
    char *name;             /* template */
    const cJSON *arguments; /* mapping with templates in its texts, or a raw text; NULL = {} */
};

/* What must hold for a request; what does not is said, and fails --check. */
struct expectation {
    char *name; /* NULL = none */
    int line;
    struct condition *when; /* NULL = always */
    struct condition *that;
};

struct reply {
    char *name; /* NULL = none: called by its line */
    int line;
    struct condition *when; /* NULL = always */
    struct expectation *expects;
    size_t expect_count;
    char *text, *reasoning; /* templates, NULL = none */
    char *repeat;           /* template: how often the text comes; NULL = once */
    struct reply_call *calls;
    size_t call_count;
    const cJSON *finish; /* text, or null for none; NULL = by what is said */
    const cJSON *usage;  /* sent as it is; null for none; NULL = counted */
    struct pace pace;
    struct fault *faults;
    size_t fault_count;
};

int reply_read(struct reply *out, const struct strict *s, const cJSON *value);
void reply_clear(struct reply *reply);

/* Fields of `latency`, `rate` and `chunk`, for `defaults` too. */
int pace_read(struct pace *out, const struct strict *s, const cJSON *value);
int expectation_read_list(struct expectation **out, size_t *count, const struct strict *s,
                          const cJSON *list);
void expectation_free_list(struct expectation *list, size_t count);

/* ---- What is said ---- */

struct say_call {
    char *id, *name, *arguments; /* arguments: text, JSON or not */
};

struct say {
    char id[40];       /* of the answer: made from the request's hash */
    const char *model; /* borrowed */
    struct buf text, reasoning;
    uint64_t repeat; /* how often the text comes, 1 or more */
    struct say_call *calls;
    size_t call_count;
    const char *finish; /* NULL = none is sent. Borrowed */
    const cJSON *usage; /* borrowed; NULL = the counts below */
    bool usage_wanted;
    int64_t prompt_tokens, completion_tokens;
    size_t chunk;
};

/* 0; E_TOOBIG, E_PARSE when a repeat is no number. Clear it also then. */
int reply_fill(struct say *out, const struct reply *reply, const struct asked *asked,
               struct err *err);
void say_clear(struct say *say);

/* Bytes of the token at the beginning of text: blanks and the word behind them, a long word in
   pieces, never a cut character. 0 for an empty text. */
size_t say_token(const char *text, size_t len);
size_t say_count_tokens(const char *text, size_t len);

#endif
