/* SPDX-License-Identifier: MIT */
#include "core/tool/command.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/tool/launch.h"
#include "core/tool/process.h"
#include "core/tool/schema.h"

#include <stdlib.h>
#include <string.h>

#define TIMEOUT_US   PROCESS_TIMEOUT
#define ARGV_MAX     64
#define CODES_MAX    32
#define NO_ARGUMENTS "{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}"

static int read_name(struct command *command, const cJSON *value, struct err *err)
{
    const char *name = cJSON_IsString(value) ? value->valuestring : "";
    size_t len = strlen(name);

    if (len == 0 || len > TOOL_NAME_MAX ||
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != len)
        return err_set(err, E_PARSE, "a tool's name has 1 to %d letters, digits, '_' and '-'",
                       TOOL_NAME_MAX);
    command->name = mem_text(name);
    return 0;
}

static int read_description(struct command *command, const cJSON *value, struct err *err)
{
    if (!cJSON_IsString(value) || strlen(value->valuestring) > TOOL_DESCRIPTION_MAX)
        return err_set(err, E_PARSE, "a description is text of at most %d bytes",
                       TOOL_DESCRIPTION_MAX);
    command->description = mem_text(value->valuestring);
    return 0;
}

static int read_parameters(struct command *command, const cJSON *value, struct err *err)
{
    struct schema *schema;
    const char *type = json_text(value, "type");
    int rc;

    if (!str_eq(type, "object"))
        return err_set(err, E_PARSE, "parameters are a JSON schema with type: object");
    rc = schema_from(&schema, value, err);
    if (rc < 0)
        return err_wrap(err, rc, "parameters");
    schema_free(schema);
    command->parameters = json_print(value);
    return 0;
}

static int read_argv(struct command *command, const cJSON *value, struct err *err)
{
    int count = cJSON_IsArray(value) ? cJSON_GetArraySize(value) : 0;
    const cJSON *one;
    size_t at = 0;

    if (count < 1 || count > ARGV_MAX)
        return err_set(err, E_PARSE, "argv is a list of 1 to %d words", ARGV_MAX);
    command->argv = mem_array((size_t)count + 1, sizeof *command->argv);
    cJSON_ArrayForEach(one, value)
    {
        if (!cJSON_IsString(one) || (at == 0 && !one->valuestring[0]))
            return err_set(err, E_PARSE, "argv is a list of texts, the program first");
        command->argv[at++] = mem_text(one->valuestring);
    }
    return 0;
}

static int read_policy(struct command *command, const cJSON *value, struct err *err)
{
    const char *name = cJSON_IsString(value) ? value->valuestring : "";

    if (tool_policy_find(&command->policy, name) < 0)
        return err_set(err, E_PARSE, "policy is pure, idempotent or once");
    return 0;
}

static int read_cache(struct command *command, const cJSON *value, struct err *err)
{
    command->cache = cJSON_IsTrue(value);
    return cJSON_IsBool(value) ? 0 : err_set(err, E_PARSE, "cache is true or false");
}

static int read_writes(struct command *command, const cJSON *value, struct err *err)
{
    command->writes = cJSON_IsTrue(value);
    return cJSON_IsBool(value) ? 0 : err_set(err, E_PARSE, "writes is true or false");
}

static int read_codes(struct command *command, const cJSON *value, struct err *err)
{
    int count = cJSON_IsArray(value) ? cJSON_GetArraySize(value) : CODES_MAX + 1;
    const cJSON *one;

    if (count > CODES_MAX)
        return err_set(err, E_PARSE, "retry_exit_codes is a list of at most %d numbers", CODES_MAX);
    command->retry_codes = mem_array((size_t)count, sizeof *command->retry_codes);
    cJSON_ArrayForEach(one, value)
    {
        if (!cJSON_IsNumber(one) || one->valuedouble < 1 || one->valuedouble > 255 ||
            one->valuedouble != (int)one->valuedouble)
            return err_set(err, E_PARSE, "an exit code to retry is a number from 1 to 255");
        command->retry_codes[command->retry_count++] = (int)one->valuedouble;
    }
    return 0;
}

/* "30s", or seconds as a number. */
static int read_timeout(struct command *command, const cJSON *value, struct err *err)
{
    int64_t us = 0;

    if (cJSON_IsNumber(value) && value->valuedouble > 0 && value->valuedouble <= 600)
        us = (int64_t)(value->valuedouble * 1000000);
    else if (cJSON_IsString(value) && str_duration_us(&us, value->valuestring) < 0)
        us = 0;
    if (us <= 0 || us > PROCESS_LONGEST)
        return err_set(err, E_PARSE, "timeout is a time of at most 10m, as in 30s");
    command->timeout_us = us;
    return 0;
}

static const struct key {
    const char *name;
    int (*read)(struct command *command, const cJSON *value, struct err *err);
} keys[] = {
    {"name", read_name},     {"description", read_description}, {"parameters", read_parameters},
    {"argv", read_argv},     {"policy", read_policy},           {"cache", read_cache},
    {"writes", read_writes}, {"retry_exit_codes", read_codes},  {"timeout", read_timeout},
};

#define KEYS (sizeof keys / sizeof *keys)

static int read_key(struct command *command, const cJSON *value, struct err *err)
{
    const char *names[KEYS], *near;

    for (size_t i = 0; i < KEYS; i++) {
        names[i] = keys[i].name;
        if (str_eq(value->string, names[i]))
            return keys[i].read(command, value, err);
    }
    near = str_nearest(value->string, names, KEYS);
    return err_set(err, E_PARSE, "a tool has no '%s'%s%s%s", value->string,
                   near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int check_whole(const struct command *command, struct err *err)
{
    if (!command->name)
        return err_set(err, E_PARSE, "a tool needs a name");
    if (!command->argv)
        return err_set(err, E_PARSE, "tool '%s' needs argv", command->name);
    if (!command->description)
        return err_set(err, E_PARSE, "tool '%s' needs a description", command->name);
    if (command->retry_count > 0 && command->policy == TOOL_ONCE)
        return err_set(err, E_PARSE,
                       "tool '%s' is never retried (policy once), yet has retry_exit_codes",
                       command->name);
    if (command->cache && command->policy == TOOL_ONCE)
        return err_set(err, E_PARSE, "tool '%s' cannot be cached: its policy is once",
                       command->name);
    return 0;
}

int command_parse(struct command *out, const cJSON *entry, const cJSON **where, struct err *err)
{
    const cJSON *value, *at = entry;
    int rc = 0;

    *out = (struct command){.policy = TOOL_ONCE, .timeout_us = TIMEOUT_US};
    if (!cJSON_IsObject(entry))
        rc = err_set(err, E_PARSE, "a tool is a map with name, description and argv");
    for (value = rc < 0 ? NULL : entry->child; value && rc == 0; value = value->next)
        if ((rc = read_key(out, value, err)) < 0)
            at = value;
    if (rc == 0)
        rc = check_whole(out, err);
    if (rc == 0 && !json_get(entry, "writes"))
        out->writes = out->policy != TOOL_PURE;
    if (rc == 0 && !out->parameters)
        out->parameters = mem_text(NO_ARGUMENTS);
    if (rc < 0) {
        command_clear(out);
        if (where)
            *where = at;
    }
    return rc;
}

void command_copy(struct command *out, const struct command *command)
{
    size_t words = 0;

    while (command->argv[words])
        words++;
    *out = *command;
    out->name = mem_text(command->name);
    out->description = mem_text(command->description);
    out->parameters = mem_text(command->parameters);
    out->argv = mem_array(words + 1, sizeof *out->argv);
    for (size_t i = 0; i < words; i++)
        out->argv[i] = mem_text(command->argv[i]);
    out->retry_codes = mem_array(command->retry_count, sizeof *out->retry_codes);
    for (size_t i = 0; i < command->retry_count; i++)
        out->retry_codes[i] = command->retry_codes[i];
}

void command_clear(struct command *command)
{
    for (char **word = command->argv; word && *word; word++)
        free(*word);
    free(command->argv);
    free(command->name);
    free(command->description);
    free(command->parameters);
    free(command->retry_codes);
    *command = (struct command){0};
}

/* ---- At work -------------------------------------------------------------------------------- */

/* The newline is for tools that read a line. */
static int prepare(struct launch *out, const struct tool *tool, const cJSON *args,
                   const struct launch_context *context, struct err *err)
{
    char *json = json_print(args);

    (void)context;
    (void)err;
    out->text = mem_printf("%s\n", json);
    out->spec.argv = tool->argv;
    out->spec.input = out->text;
    out->spec.input_len = strlen(out->text);
    free(json);
    return 0;
}

struct tool command_tool(const struct command *command)
{
    return (struct tool){
        .name = command->name,
        .description = command->description,
        .parameters = command->parameters,
        .origin = TOOL_COMMAND,
        .kind = TOOL_PROCESS,
        .policy = command->policy,
        .cache = command->cache,
        .writes = command->writes,
        .timeout_us = command->timeout_us ? command->timeout_us : TIMEOUT_US,
        .retry_codes = command->retry_codes,
        .retry_count = command->retry_count,
        .argv = (const char *const *)command->argv,
        .prepare = prepare,
    };
}
