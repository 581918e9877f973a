/* SPDX-License-Identifier: MIT */
/*
 * Reader: model calls, tool calls (effects) and their attempts; what is open at this moment; the
 * window of last attempts that health folds. See query.h for the rules.
 */
#ifndef HISTORY_QUERY_WORK_H
#define HISTORY_QUERY_WORK_H

#include "core/journal.h"
#include "history/query.h"

struct buf;

struct call_row {
    int64_t call, branch, parent, iteration, us;
    const char *model, *provider;
    bool ended;
    int64_t node; /* the answer's; 0 = none (yet) */
    int64_t tokens_in, tokens_out, tokens_cached, tokens_reasoning;
    int64_t cost_microusd;         /* -1 = price unknown */
    int64_t duration_us, first_us; /* first_us -1 = none */
    const char *finish, *error;
    int64_t attempts; /* made so far */
    struct hash request;
};

struct effect_row {
    int64_t effect, node, index; /* node = the assistant's, index of the call in it */
    const char *tool, *policy, *call_id, *key;
    enum effect_state state;
    int64_t epoch;
    int64_t us, started_us, ended_us; /* intent, first started, outcome; 0 = not yet */
    int64_t result;                   /* node of the result; 0 = none */
    int64_t pid, start_time;
    const char *boot_id, *by, *note;
    size_t args_len, result_len;
    int64_t attempts; /* made so far */
};

struct attempt_row {
    int64_t call, effect, n, us; /* one of call, effect is 0 */
    bool ended;
    const char *outcome, *cause;
    int status; /* HTTP status or exit code; -1 none */
    int64_t duration_us, first_us;
    int64_t delay_us; /* wait before the next; -1 = there is none */
    const char *delay_source, *request_id;
    bool injected;
    size_t raw_len; /* of the raw answer kept with a failed one */
    /* of its call or effect: */
    const char *name; /* the model, or the tool */
    const char *provider;
    int64_t tokens_out;
};

int query_call(struct query *q, struct arena *arena, int64_t run, int64_t call,
               struct call_row *row, struct err *err);
/* Calls whose request ends with `node`: the one that was answered and those that failed. */
int query_calls_after(struct query *q, struct arena *arena, int64_t run, int64_t node, size_t limit,
                      struct call_row **rows, size_t *count, struct err *err);
int query_call_params(struct query *q, struct arena *arena, int64_t run, int64_t call,
                      const char **json, struct err *err);

int query_effect(struct query *q, struct arena *arena, int64_t run, int64_t effect,
                 struct effect_row *row, struct err *err);
/* The tool calls of an assistant's node, in the order the model gave them. */
int query_effects_of(struct query *q, struct arena *arena, int64_t run, int64_t node,
                     struct effect_row **rows, size_t *count, struct err *err);
int query_effect_args(struct query *q, int64_t run, int64_t effect, struct buf *out,
                      struct err *err);
int query_effect_result(struct query *q, int64_t run, int64_t effect, struct buf *out,
                        struct err *err); /* nothing appended when there is none */

/* Attempts of a call (effect 0) or of an effect (call 0), from attempt `after` + 1 on. */
int query_attempts(struct query *q, struct arena *arena, int64_t run, int64_t call, int64_t effect,
                   int64_t after, size_t limit, struct attempt_row **rows, size_t *count,
                   struct err *err);
int query_attempt_raw(struct query *q, int64_t run, int64_t call, int64_t effect, int64_t n,
                      struct buf *out, struct err *err);

/* What is open now: the model call that has not ended (open_call false = none) and the effects in
   intent, started or in doubt, at most `limit`. */
struct open_work {
    bool open_call;
    struct call_row call;
    struct effect_row *effects;
    size_t effect_count;
};
int query_open_work(struct query *q, struct arena *arena, int64_t run, size_t limit,
                    struct open_work *out, struct err *err);

/* The last ended attempts, newest first, at most `limit`, none that began before `since_us`. */
struct window {
    int64_t run;          /* of one run (model and tools), or 0: of all runs … */
    const char *provider; /* … of one endpoint, … */
    const char *tool;     /* … or of one tool */
    int64_t since_us;     /* wall clock */
    size_t limit;
};
int query_window(struct query *q, struct arena *arena, const struct window *window,
                 struct attempt_row **rows, size_t *count, struct err *err);

#endif
