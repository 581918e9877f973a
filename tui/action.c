/* SPDX-License-Identifier: MIT */
#include "tui/action.h"

#include <string.h>

static const struct action_info infos[ACTION_COUNT] = {
#define ACTION(id, name, hint, help) [ACTION_##id] = {name, hint, help},
    ACTIONS(ACTION)
#undef ACTION
};

static const char *const names[ACTION_COUNT] = {
#define ACTION(id, name, hint, help) [ACTION_##id] = name,
    ACTIONS(ACTION)
#undef ACTION
};

static const char *const contexts[CONTEXT_COUNT] = {
    [CONTEXT_GLOBAL] = "global",     [CONTEXT_TIMELINE] = "timeline",
    [CONTEXT_DETAIL] = "detail",     [CONTEXT_CHECKPOINTS] = "checkpoints",
    [CONTEXT_HEALTH] = "health",     [CONTEXT_RUNS] = "runs",
    [CONTEXT_APPROVAL] = "approval", [CONTEXT_PROMPT] = "prompt",
};

const struct action_info *action_info(enum action_id id)
{
    return &infos[id];
}

int action_find(const char *name)
{
    for (int i = 0; i < ACTION_COUNT; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

const char *const *action_names(void)
{
    return names;
}

const char *const *context_names(void)
{
    return contexts;
}
