/* SPDX-License-Identifier: MIT */
/*
 * Between the runs and the guards they share: a run's question becomes an input with the guards'
 * word, an attempt's end teaches the guards, a breaker that moves becomes an event. Engine thread.
 */
#ifndef CORE_AGENT_ADMISSION_H
#define CORE_AGENT_ADMISSION_H

#include "core/agent/guards.h"
#include "core/agent/input.h"
#include "core/agent/run.h"

/* What a question needs besides itself. */
struct admission_desk {
    struct guards *guards;
    struct batch *batch; /* where events go */
    int64_t now_us, wall_us;
};

/* Answers an ACTION_ADMIT: an INPUT_ADMISSION, yours. */
struct input *admission_ask(const struct admission_desk *desk, const struct run *run,
                            const struct action *action);
/* Tells the guards how an attempt ended; other inputs are ignored. hint = its rate headers. */
void admission_learn(const struct admission_desk *desk, const struct run *run,
                     const struct input *input, const struct gate_hint *hint);
/* The operator's verb `breaker`: {"key","action"}, or {"action":"list"} from a program that wants
   to show them all. *answer is yours: "done", or guards_report's list. guards_force's errors. */
int admission_force(const struct admission_desk *desk, const struct run *run, const cJSON *verb,
                    char **answer, struct err *err);

#endif
