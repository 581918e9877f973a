/* SPDX-License-Identifier: MIT */
/*
 * One run on a table: its inputs by hand, its decisions laid out. Admission and policy answer by
 * themselves (yes, allow) unless told otherwise; time stands still until lab_wait.
 */
#ifndef TESTS_SUPPORT_LAB_H
#define TESTS_SUPPORT_LAB_H

#include "core/agent/input.h"
#include "core/agent/run.h"

#include <stdbool.h>

struct run_spec;

struct lab {
    struct run *run;
    struct step_out out;   /* everything decided since lab_forget */
    int64_t call, attempt; /* the newest model call */
    size_t seen;           /* actions of `out` that were answered */
    int64_t mono_us;
    uint64_t random;
    const char *verdict;         /* what policy says; NULL = allow */
    bool refuse;                 /* the guards say wait */
    struct stored_input *inputs; /* every input so far, as stored */
    size_t input_count, input_cap;
    char *spec;  /* as stored */
    char *reply; /* the last answer to a verb */
    bool reply_ok;
};

/* `settings` are "name=value" texts, NULL-terminated; may be NULL. */
void lab_open(struct lab *lab, const char *task, const char *const *settings, bool interactive);
void lab_open_spec(struct lab *lab, struct run_spec *spec); /* moves */
void lab_close(struct lab *lab);
void lab_forget(struct lab *lab); /* records and actions so far */

void lab_give(struct lab *lab, struct input *input);
void lab_text(struct lab *lab, const char *text); /* the model answers in words */
/* The model answers with calls: name, arguments, name, arguments, …, NULL. */
void lab_calls(struct lab *lab, ...) __attribute__((sentinel));
void lab_fail(struct lab *lab, const char *class, int64_t retry_after_us);
void lab_tool(struct lab *lab, int64_t effect, const char *class, const char *result);
/* "verb", then name, value pairs of text, NULL. */
void lab_verb(struct lab *lab, const char *verb, ...) __attribute__((sentinel));
void lab_jump(struct lab *lab, const char *verb, int64_t to, const char *summary);
void lab_timer(struct lab *lab, enum timer_kind timer, int64_t effect);
void lab_wait(struct lab *lab, int64_t us);
void lab_crash(struct lab *lab); /* forgets the run, rebuilds it from its inputs, tells it so */

const struct action *lab_last(const struct lab *lab, enum action_kind kind); /* NULL = none */
size_t lab_count(const struct lab *lab, enum action_kind kind);
size_t lab_events(const struct lab *lab, enum event_type type);
const struct record *lab_record(const struct lab *lab, enum record_kind kind); /* the last */
enum run_state lab_state(const struct lab *lab);

#endif
