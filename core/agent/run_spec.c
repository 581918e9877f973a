/* SPDX-License-Identifier: MIT */
#include "core/agent/run_spec.h"

#include "core/agent/run.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/config/run_config.h"
#include "core/model/message.h"
#include "core/tool/command.h"
#include "core/tool/tool.h"

#include <stdlib.h>
#include <string.h>

struct run_past *run_past_new(char *run, int64_t step, char *messages)
{
    struct run_past *past = mem_new(sizeof *past);

    *past = (struct run_past){.run = run, .step = step, .messages = messages};
    return past;
}

void run_past_free(struct run_past *past)
{
    if (!past)
        return;
    free(past->run);
    free(past->race);
    free(past->lane);
    free(past->messages);
    free(past);
}

struct run_spec *run_spec_new(struct run_config *config)
{
    struct run_spec *spec = mem_new(sizeof *spec);

    spec->config = config;
    spec->loop = RUN_LOOP_VERSION;
    return spec;
}

void run_spec_free(struct run_spec *spec)
{
    if (!spec)
        return;
    run_config_free(spec->config);
    run_past_free(spec->past);
    free(spec->task);
    free(spec->provider);
    free(spec->workspace);
    free(spec);
}

static void put_past(cJSON *root, const struct run_past *past)
{
    cJSON *member = cJSON_AddObjectToObject(root, "past");

    json_set_text(member, "run", past->run);
    json_set_int(member, "step", past->step);
    json_set_bool(member, "held", past->held);
    json_set_text(member, "race", past->race);
    json_set_text(member, "lane", past->lane);
    json_set_text(member, "messages", past->messages);
}

char *run_spec_json(const struct run_spec *spec)
{
    cJSON *root = cJSON_CreateObject();
    char *config = run_config_json(spec->config);

    json_set_int(root, "loop", spec->loop);
    json_set_text(root, "task", spec->task);
    json_set_text(root, "provider", spec->provider);
    json_set_text(root, "workspace", spec->workspace);
    json_set_bool(root, "own_workspace", spec->own_workspace);
    json_set_bool(root, "interactive", spec->interactive);
    if (spec->past)
        put_past(root, spec->past);
    cJSON_AddRawToObject(root, "config", config);
    char *text = json_print(root);
    cJSON_Delete(root);
    free(config);
    return text;
}

/* Read once here, so that no decision meets a message that nobody can read. */
static int check_messages(const char *lines, struct err *err)
{
    int64_t number = 1;

    for (const char *line = lines; *line; number++) {
        size_t len = strcspn(line, "\n");
        struct message *message = NULL;
        int rc = message_parse(&message, line, len, err);

        if (rc < 0)
            return err_wrap(err, rc, "message %lld of the run's past", (long long)number);
        message_free(message);
        line += len + (line[len] == '\n');
    }
    return 0;
}

static int take_past(struct run_past **out, const cJSON *member, struct err *err)
{
    const char *run = json_text(member, "run"), *messages = json_text(member, "messages");

    if (!member)
        return 0;
    if (!run || !messages)
        return err_set(err, E_PARSE, "the run's past names no run, or has no messages");
    int rc = check_messages(messages, err);
    if (rc < 0)
        return rc;
    *out = run_past_new(mem_text(run), json_int(member, "step", 0), mem_text(messages));
    (*out)->held = json_bool(member, "held", false);
    (*out)->race = mem_text(json_text(member, "race"));
    (*out)->lane = mem_text(json_text(member, "lane"));
    return 0;
}

int run_spec_parse(struct run_spec **out, const char *json, struct err *err)
{
    cJSON *root = NULL;
    struct run_config *config = NULL;
    int rc = json_parse(&root, json, strlen(json), NULL, err);

    if (rc < 0)
        return err_wrap(err, rc, "the run's configuration");
    const cJSON *member = json_object(root, "config");
    char *text = member ? json_print(member) : mem_text("");
    rc = run_config_parse(&config, text, strlen(text), err);
    free(text);
    if (rc < 0) {
        cJSON_Delete(root);
        return err_wrap(err, rc, "the run's configuration");
    }
    struct run_spec *spec = run_spec_new(config);
    spec->loop = (int)json_int(root, "loop", 0);
    spec->task = mem_text(json_text(root, "task") ? json_text(root, "task") : "");
    spec->provider = mem_text(json_text(root, "provider"));
    spec->workspace = mem_text(json_text(root, "workspace"));
    spec->own_workspace = json_bool(root, "own_workspace", false);
    spec->interactive = json_bool(root, "interactive", false);
    rc = take_past(&spec->past, json_object(root, "past"), err);
    cJSON_Delete(root);
    if (rc < 0) {
        run_spec_free(spec);
        return rc;
    }
    if (spec->loop > RUN_LOOP_VERSION) {
        int loop = spec->loop;

        run_spec_free(spec);
        return err_set(err, E_NEWER, "the run was made by a newer rerail (loop %d, this is %d)",
                       loop, RUN_LOOP_VERSION);
    }
    *out = spec;
    return 0;
}

static int parse_commands(struct command **out, size_t *count, const char *text, struct err *err)
{
    cJSON *list = NULL;
    const cJSON *entry;
    int rc = json_parse(&list, text, strlen(text), NULL, err);

    if (rc < 0)
        return rc;
    *out = mem_array((size_t)cJSON_GetArraySize(list), sizeof **out);
    cJSON_ArrayForEach(entry, list)
    {
        rc = command_parse(&(*out)[*count], entry, NULL, err);
        if (rc < 0)
            break;
        ++*count;
    }
    cJSON_Delete(list);
    return rc;
}

int run_spec_toolset(struct toolset **out, const struct run_spec *spec, struct err *err)
{
    const struct run_config *config = spec->config;
    struct command *commands = NULL;
    size_t count = 0;
    bool all = config->tools.count == 1 && str_eq(config->tools.at[0], "*");
    int rc = 0;

    if (config->agent.commands)
        rc = parse_commands(&commands, &count, config->agent.commands, err);
    if (rc == 0) {
        const struct toolset_options options = {
            .builtins = all ? NULL : (const char *const *)config->tools.at,
            .builtin_count = all ? 0 : config->tools.count,
            .commands = commands,
            .command_count = count,
        };

        rc = toolset_new(out, &options, err);
    }
    for (size_t i = 0; i < count; i++)
        command_clear(&commands[i]);
    free(commands);
    return rc;
}
