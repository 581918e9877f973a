/* SPDX-License-Identifier: MIT */
/*
 * Where a run stops by itself: a condition on what it decides, as the operator wrote it. Judged on
 * moments, which come from records, so that a breakpoint can be tried on the past as well. Pure.
 *
 *   tool GLOB [PATTERN]   a call of such a tool is decided, its arguments match; before it runs
 *   error [CLASS]         an attempt of a model call or a tool failed; CLASS is one of failure.h's
 *   state NAME            the run enters a state
 *   iteration N           before the model call of iteration N
 *   cost DOLLARS          the run's cost reaches it
 *   context PERCENT       the model's context is that full
 *   text PATTERN          the model's words match
 */
#ifndef CORE_AGENT_BREAKPOINT_H
#define CORE_AGENT_BREAKPOINT_H

#include "core/journal.h"

#include <stdbool.h>

enum break_kind {
    BREAK_TOOL,
    BREAK_ERROR,
    BREAK_STATE,
    BREAK_ITERATION,
    BREAK_COST,
    BREAK_CONTEXT,
    BREAK_TEXT,
    BREAK_KIND_COUNT
};

struct pattern;

struct breakpoint {
    int64_t number; /* in the run, from 1 */
    char *spec;     /* as written */
    bool enabled;
    int64_t hits;
    int64_t passed; /* the iteration that it stopped before and let go on from; 0 = none */
    enum break_kind kind;
    char *name;              /* glob of a tool, class of an error, state; NULL = any */
    struct pattern *pattern; /* of arguments, of words; NULL = any */
    double value;            /* iteration, dollars, percent */
};

/* Something that happened or is about to. Texts are borrowed. */
struct moment {
    enum break_kind kind;
    const char *name;     /* the tool, the class, the state */
    const char *text;     /* arguments; the stored message; may be NULL */
    double before, value; /* cost and context: until now, and now; iteration: value */
};

/* E_PARSE says what is wrong and what is right; E_TOOBIG. Enabled, without a number. */
int breakpoint_parse(struct breakpoint *out, const char *spec, struct err *err);
void breakpoint_clear(struct breakpoint *breakpoint); /* what it owns, not the box */
/* Whatever `enabled` says. */
bool breakpoint_hits(const struct breakpoint *breakpoint, const struct moment *moment);

/* The moments of a record, at most MOMENTS_MAX. `sums` is kept from record to record. */
#define MOMENTS_MAX 2
struct moment_sums {
    double dollars; /* spent so far */
    double percent; /* of the context, after the last answer */
    int64_t window; /* tokens of the model's context; 0 = not known */
    int state;      /* enum run_state; -1 = none yet */
};
size_t breakpoint_moments(struct moment out[MOMENTS_MAX], const struct record *record,
                          struct moment_sums *sums);

#endif
