/* SPDX-License-Identifier: MIT */
/*
 * What an agent did, as everybody's records have it: messages in order, what the agent called, what
 * came back, what it cost. Between the formats of others (foreign.h) and rerail's own runs. Plain
 * data with one owner; pure.
 */
#ifndef CORE_EXCHANGE_TRAJECTORY_H
#define CORE_EXCHANGE_TRAJECTORY_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRAJECTORY_STEPS_MAX ((size_t)200000)

enum speaker { SPEAKER_SYSTEM, SPEAKER_USER, SPEAKER_AGENT };

struct trajectory_call {
    char *id, *name; /* never NULL, may be "" */
    char *args;      /* JSON text as recorded */
    char *result;    /* NULL = none was recorded */
    bool is_error;
    int64_t us; /* wall clock of the result; 0 = unknown */
};

struct trajectory_step {
    enum speaker speaker;
    int64_t us;                       /* wall clock; 0 = unknown */
    char *text;                       /* never NULL */
    char *reasoning, *model, *finish; /* agent; NULL = none */
    struct trajectory_call *calls;
    size_t call_count, call_cap;
    int64_t tokens_in, tokens_out, tokens_cached; /* -1 = unknown; in includes cached */
    int64_t cost_microusd;                        /* -1 = unknown */
};

struct trajectory {
    char *agent, *version; /* the program: "codex", "0.163.0"; NULL = unknown, as below */
    char *session, *title, *model, *provider, *workspace;
    struct trajectory_step *steps;
    size_t count, cap;
    int64_t left_out; /* messages of the record that are not on its main line */
};

struct trajectory *trajectory_new(void);
void trajectory_free(struct trajectory *t);

/* The new last step, to be filled; borrowed until the next one. NULL above TRAJECTORY_STEPS_MAX. */
struct trajectory_step *trajectory_add(struct trajectory *t, enum speaker speaker,
                                       const char *text);
struct trajectory_step *trajectory_last(struct trajectory *t); /* NULL when there is none */
/* Copies; NULL texts are "". Borrowed until the next call of that step. */
struct trajectory_call *trajectory_call_add(struct trajectory_step *step, const char *id,
                                            const char *name, const char *args);
/* Appends to the step's text, a line apart. */
void trajectory_say(struct trajectory_step *step, const char *text);

/* Gives the newest call of that id that has none yet its result; false when there is no such call.
   `id` NULL = the first open one of the last step. */
bool trajectory_answer(struct trajectory *t, const char *id, const char *result, bool is_error,
                       int64_t us);

/* Calls `each` with the place of every text that is words of a person, a model or a tool, in order;
   it may put another there. Non-zero from it ends this and is returned. */
int trajectory_each_text(struct trajectory *t, int (*each)(void *ctx, char **text), void *ctx);

/* Sets a text that is not yet set; NULL and "" change nothing. */
void trajectory_name(char **member, const char *text);

#endif
