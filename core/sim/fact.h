/* SPDX-License-Identifier: MIT */
/*
 * Facts about a request, by name: the vocabulary of a scenario's conditions (`when: {turn: 2}`) and
 * of its templates (`{{turn}}`). One table holds name, meaning and function; the README lists it.
 * A fact may take an argument behind a colon: `result:stock`, `request:/stream`. Pure.
 */
#ifndef CORE_SIM_FACT_H
#define CORE_SIM_FACT_H

#include "core/base/buf.h"
#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct asked;

enum fact_argument { FACT_PLAIN, FACT_MAY_TAKE, FACT_MUST_TAKE };

struct fact {
    const char *name;
    const char *help;
    enum fact_argument argument;
    bool list; /* several values, one a line: a condition holds when it does for one of them */
    /* Appends the value; false when the request has no such thing. */
    bool (*value)(const struct asked *asked, const char *argument, struct buf *out);
};

extern const struct fact fact_table[]; /* ends with a NULL name */

/* Splits "name:argument" (*argument is borrowed from spec, NULL without one). E_NOTFOUND names the
   nearest fact; E_PARSE when an argument is missing or not taken. */
int fact_find(const struct fact **out, const char **argument, const char *spec, struct err *err);

/* A template is text with facts in double braces. E_PARSE, E_NOTFOUND: one of them is none. */
int fact_check_template(const char *text, struct err *err);
/* Appends the text with every fact filled in (nothing for one that the request has not): 0, or
   buf_add's errors. The template has passed the check. */
int fact_fill(struct buf *out, const char *text, const struct asked *asked);
/* The same as a whole number; E_PARSE when it is none. */
int fact_fill_number(int64_t *out, const char *text, const struct asked *asked);

#endif
