/* SPDX-License-Identifier: MIT */
/*
 * What run_step is given: everything that can change a run, complete in itself. Time and chance
 * ride along (mono_us, wall_us, random), so that run_step needs no clock and no dice, and the input
 * stored in history is enough to make the same decision again.
 *
 * facts is a small JSON object; its members, by kind, are listed at the enum. A large text (the
 * model's message, a tool's result, a checkpoint's summary) is the body.
 */
#ifndef CORE_AGENT_INPUT_H
#define CORE_AGENT_INPUT_H

#include "core/journal.h"

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

/* Stored in history as these numbers: append only. */
enum input_kind {
    INPUT_START,     /* – */
    INPUT_ADMISSION, /* scope "model"|"tool", effect, yes, delay_us, cause */
    INPUT_ANSWER,    /* call, attempt, duration_us, first_us, finish, cut, model, provider, request
                        (hex), request_id, tokens_in/_out/_cached/_reasoning, cost; body: message */
    INPUT_CALL_FAILED, /* call, attempt, class, cause, status, retry_after_us, word (1, −1),
                          duration_us, request_id, injected; body: raw answer, ≤ 64 KiB */
    INPUT_SPAWNED,     /* effect, pid, start_time, boot_id */
    INPUT_TOOL_DONE,   /* effect, attempt, class (failure.h), cause, status, duration_us, retry (1,
                          −1),   is_error, unknown (stopped: effects unknown), cached, injected;   body:
                          the result for the model */
    INPUT_TIMER,       /* timer (enum timer_kind), effect */
    INPUT_VERB,      /* verb, by, ticket, and the verb's own arguments; body: its long text, or the
                        summary of the checkpoint that it jumps to */
    INPUT_CHECKED,   /* effect, verdict "allow"|"ask"|"deny", reason, grantable */
    INPUT_RECOVERED, /* how "resume"|"take-over", pid: a process took the run from history */
    INPUT_KIND_COUNT
};

struct input {
    enum input_kind kind;
    int64_t seq; /* per run, from 1; given by the turn */
    int64_t wall_us, mono_us;
    uint64_t random;
    cJSON *facts; /* an object; never NULL */
    char *body;   /* NULL when there is none */
    size_t len;
};

const char *input_name(enum input_kind kind);

/* An input with empty facts; the turn fills in seq, times and chance. */
struct input *input_new(enum input_kind kind);
void input_free(struct input *input);

/* From and to its stored form. input_stored fails with E_CORRUPT on facts that are no object or an
   unknown kind. */
int input_stored(struct input **out, const struct stored_input *stored, struct err *err);
/* The decision's hash bound to what it was made of, so that altering either shows. */
struct hash input_bind(const struct input *input, const struct hash *decided);
void input_record(const struct input *input, const struct hash *decision, struct record *record);

#endif
