/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as an agent file: taken whole, with what an agent must have and nothing that is the
 * operator's own, or refused with one line that names the file.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/utf8.h"
#include "core/config/agent_file.h"
#include "core/config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
    if (!truth)
        abort();
}

static int named(const cJSON *entry, const cJSON **where, struct err *err)
{
    *where = entry;
    return json_text(entry, "name") ? 0 : err_set(err, E_PARSE, "no name");
}

static void try_agent(const struct agent_file *agent)
{
    struct config *config;

    must(agent->name[0] && agent->system);
    must(utf8_valid(agent->system, strlen(agent->system)));
    for (size_t i = 0; i < agent->settings.count; i++) {
        must(!agent->settings.at[i].setting->own);
        must(agent->settings.at[i].line > 1);
    }
    config_new(&config);
    must(config_agent(config, agent, NULL) == 0);
    must(!config_run(config)->tool.allow_unsandboxed && !config_user(config)->key);
    config_free(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct agent_checks checks = {.command = named};
    struct agent_file *agent = NULL;
    struct err err = {0};
    int rc = agent_file_parse(&agent, "a.md", (const char *)data, size, &checks, &err);

    if (rc) {
        must(rc == err.code && strncmp(err.msg, "a.md", 4) == 0 && !agent);
        must(utf8_valid(err.msg, strlen(err.msg)) && !strchr(err.msg, '\n'));
    } else {
        try_agent(agent);
    }
    agent_file_free(agent);
    return 0;
}
