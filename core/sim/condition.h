/* SPDX-License-Identifier: MIT */
/*
 * Conditions on a request, as a scenario writes them under `when` and `expect`:
 *
 *     when: {role: user, task: {contains: laptop}, turn: {below: 3}, not: {called: stock}}
 *
 * Every key is a fact (fact.h) with what it must be, `any` (a list of which one must hold) or
 * `not`. All of them must hold. Pure once read.
 */
#ifndef CORE_SIM_CONDITION_H
#define CORE_SIM_CONDITION_H

#include "core/base/buf.h"
#include "core/sim/strict.h"

#include <stdbool.h>
#include <stddef.h>

struct asked;
struct condition;

/* Reads a mapping; *out is the caller's. E_PARSE with file and line. */
int condition_read(struct condition **out, const struct strict *s, const cJSON *mapping);
void condition_free(struct condition *condition);

/* Whether it holds (NULL always does). When not and `why` is given, says what differed: "turn: 4,
   expected below 3". */
bool condition_holds(const struct condition *condition, const struct asked *asked, struct buf *why);

#endif
