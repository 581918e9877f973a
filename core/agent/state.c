/* SPDX-License-Identifier: MIT */
#include "core/agent/state.h"

#include <string.h>

#define BIT(state) (1u << (state))

/* Where a run that is at work may go from any state of work. */
#define FROM_WORK                                                                                  \
    (BIT(RUN_RUNNING) | BIT(RUN_WAITING_FOR_TOOL) | BIT(RUN_AWAITING_APPROVAL) |                   \
     BIT(RUN_WAITING_RETRY) | BIT(RUN_PAUSED) | BIT(RUN_IN_DOUBT) | BIT(RUN_ERROR) |               \
     BIT(RUN_COMPLETED) | BIT(RUN_CANCELLED))

static const struct state_info states[RUN_STATE_COUNT] = {
    [RUN_IDLE] = {.name = "idle",
                  .label = "IDLE",
                  .help = "not started",
                  .next = BIT(RUN_RUNNING) | BIT(RUN_PAUSED) | BIT(RUN_CANCELLED)},
    [RUN_RUNNING] = {.name = "running",
                     .label = "RUNNING",
                     .help = "the model is at work",
                     .active = true,
                     .next = FROM_WORK & ~BIT(RUN_RUNNING)},
    [RUN_WAITING_FOR_TOOL] = {.name = "waiting_for_tool",
                              .label = "TOOL",
                              .help = "a tool is at work",
                              .active = true,
                              .next = FROM_WORK & ~BIT(RUN_WAITING_FOR_TOOL)},
    [RUN_AWAITING_APPROVAL] = {.name = "awaiting_approval",
                               .label = "APPROVAL",
                               .help = "a tool call waits for your yes or no",
                               .person = true,
                               .next = FROM_WORK & ~BIT(RUN_AWAITING_APPROVAL)},
    [RUN_WAITING_RETRY] = {.name = "waiting_retry",
                           .label = "RETRY",
                           .help = "waits before the next attempt",
                           .active = true,
                           .next = FROM_WORK & ~BIT(RUN_WAITING_RETRY)},
    [RUN_PAUSED] = {.name = "paused",
                    .label = "PAUSED",
                    .help = "stopped at a safe place; resume or step goes on",
                    .person = true,
                    .next = FROM_WORK & ~BIT(RUN_PAUSED)},
    [RUN_IN_DOUBT] = {.name = "in_doubt",
                      .label = "IN DOUBT",
                      .help = "a started call's outcome was lost: say what happened",
                      .person = true,
                      .next = FROM_WORK & ~BIT(RUN_IN_DOUBT)},
    [RUN_ERROR] = {.name = "error",
                   .label = "ERROR",
                   .help = "it cannot go on by itself: retry, roll back, recover or stop",
                   .person = true,
                   .ended = true,
                   .next = BIT(RUN_RUNNING) | BIT(RUN_WAITING_FOR_TOOL) | BIT(RUN_PAUSED) |
                           BIT(RUN_COMPLETED) | BIT(RUN_CANCELLED)},
    [RUN_COMPLETED] = {.name = "completed",
                       .label = "COMPLETED",
                       .help = "the task has its answer; a new message goes on",
                       .ended = true,
                       .next = BIT(RUN_RUNNING) | BIT(RUN_PAUSED)},
    [RUN_CANCELLED] = {.name = "cancelled",
                       .label = "CANCELLED",
                       .help = "stopped by the operator; a roll-back or a message goes on",
                       .ended = true,
                       .next = BIT(RUN_RUNNING) | BIT(RUN_PAUSED) | BIT(RUN_COMPLETED)},
};

const struct state_info *state_info(enum run_state state)
{
    return &states[state];
}

const char *state_name(enum run_state state)
{
    return states[state].name;
}

int state_find(const char *name)
{
    for (int i = 0; i < RUN_STATE_COUNT; i++)
        if (strcmp(states[i].name, name) == 0)
            return i;
    return -1;
}

bool state_allows(enum run_state from, enum run_state to)
{
    return states[from].next & BIT(to);
}
