/* SPDX-License-Identifier: MIT */
/* What a person said "always for this run" to. */
#include "core/agent/run_data.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/tool/result.h"

#include <stdlib.h>
#include <string.h>

void grant_add(struct run *run, const char *tool, const char *args)
{
    for (size_t i = 0; i < run->grant_count; i++)
        if (str_eq(run->grants[i].tool, tool) && str_eq(run->grants[i].args, args))
            return;
    run->grants = mem_room(run->grants, run->grant_count, &run->grant_cap, sizeof *run->grants);
    run->grants[run->grant_count++] =
        (struct policy_grant){.tool = mem_text(tool), .args = mem_text(args)};
}

void grant_call(struct run *run, const struct tool_slot *slot)
{
    struct tool_request request = {0};
    struct tool_result refusal = {0};
    struct policy_grant grant;

    if (tool_request_check(&request, run->tools, slot->name, slot->args, strlen(slot->args),
                           &refusal) == 0) {
        const struct policy_question question = {.tool = slot->tool, .args = request.args};

        policy_grant_make(&grant, &question);
        grant_add(run, grant.tool, grant.args);
        policy_grant_clear(&grant);
    }
    cJSON_Delete(request.args);
    result_clear(&refusal);
}

void grants_free(struct run *run)
{
    for (size_t i = 0; i < run->grant_count; i++)
        policy_grant_clear(&run->grants[i]);
    free(run->grants);
    run->grants = NULL;
    run->grant_count = run->grant_cap = 0;
}
