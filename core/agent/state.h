/* SPDX-License-Identifier: MIT */
/*
 * The states of a run and the moves between them: one table in state.c, from which names, help
 * texts, the check of every transition and the documentation come.
 */
#ifndef CORE_AGENT_STATE_H
#define CORE_AGENT_STATE_H

#include <stdbool.h>

/* Stored in history as these numbers: append only. */
enum run_state {
    RUN_IDLE,
    RUN_RUNNING,           /* a model call is in flight, or a decision is being made */
    RUN_WAITING_FOR_TOOL,  /* a tool is at work */
    RUN_AWAITING_APPROVAL, /* a tool call waits for a person's yes */
    RUN_WAITING_RETRY,     /* backoff, rate gate or an open breaker */
    RUN_PAUSED,
    RUN_IN_DOUBT, /* a started call's outcome was lost; a person must say */
    RUN_ERROR,
    RUN_COMPLETED,
    RUN_CANCELLED,
    RUN_STATE_COUNT
};

struct state_info {
    const char *name;  /* "waiting_for_tool" */
    const char *label; /* as the header shows it: "TOOL" */
    const char *help;  /* one line for people */
    bool active;       /* its time counts against the run's deadline */
    bool person;       /* waits for a person */
    bool ended;        /* nothing goes on by itself any more */
    unsigned next;     /* bit set of the states that may follow */
};

const struct state_info *state_info(enum run_state state);
const char *state_name(enum run_state state);
int state_find(const char *name); /* the state, or -1 */
bool state_allows(enum run_state from, enum run_state to);

#endif
