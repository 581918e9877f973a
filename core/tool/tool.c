/* SPDX-License-Identifier: MIT */
#include "core/tool/tool.h"

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/tool/command.h"
#include "core/tool/files.h"
#include "core/tool/process.h"
#include "core/tool/result.h"
#include "core/tool/schema.h"
#include "core/tool/search.h"
#include "core/tool/shell.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define JOB_TIMEOUT 60000000LL /* µs */
#define NAMES_MAX   64         /* looked at for "did you mean" */

/* One row a tool: all that the model, the policy, the guards and the screen know about it. */
static const struct tool builtins[] = {
    {
        .name = "shell",
        .description = "Runs a command line in the workspace and returns its output and exit code. "
                       "There is no terminal and no input.",
        .parameters = shell_parameters,
        .kind = TOOL_PROCESS,
        .policy = TOOL_ONCE,
        .writes = true,
        .shell = true,
        .title_argument = "command",
        .timeout_us = PROCESS_TIMEOUT,
        .prepare = shell_prepare,
    },
    {
        .name = "read_file",
        .description = "Returns the text of a file, or some of its lines.",
        .parameters = files_read_parameters,
        .kind = TOOL_JOB,
        .policy = TOOL_PURE,
        .path_argument = "path",
        .title_argument = "path",
        .timeout_us = JOB_TIMEOUT,
        .run = files_read,
    },
    {
        .name = "write_file",
        .description = "Creates a file, or replaces all of its text; missing folders are made.",
        .parameters = files_write_parameters,
        .kind = TOOL_JOB,
        .policy = TOOL_IDEMPOTENT,
        .writes = true,
        .path_argument = "path",
        .title_argument = "path",
        .timeout_us = JOB_TIMEOUT,
        .run = files_write,
    },
    {
        .name = "edit_file",
        .description = "Replaces a quoted piece of a file's text by another.",
        .parameters = files_edit_parameters,
        .kind = TOOL_JOB,
        .policy = TOOL_ONCE,
        .writes = true,
        .path_argument = "path",
        .title_argument = "path",
        .timeout_us = JOB_TIMEOUT,
        .run = files_edit,
    },
    {
        .name = "list_files",
        .description = "Lists the files and folders of a folder, without what git ignores.",
        .parameters = files_list_parameters,
        .kind = TOOL_JOB,
        .policy = TOOL_PURE,
        .path_argument = "path",
        .title_argument = "path",
        .timeout_us = JOB_TIMEOUT,
        .run = files_list,
    },
    {
        .name = "search_files",
        .description = "Finds the lines of text files that match a pattern, without what git "
                       "ignores.",
        .parameters = search_parameters,
        .kind = TOOL_JOB,
        .policy = TOOL_PURE,
        .path_argument = "path",
        .title_argument = "pattern",
        .timeout_us = JOB_TIMEOUT,
        .run = search_files,
    },
};

#define BUILTINS (sizeof builtins / sizeof *builtins)

/* A row and what it owns. */
struct entry {
    struct tool tool;
    struct schema *schema;
    struct command command; /* a command tool's own copy */
};

struct toolset {
    struct entry *entries;
    size_t count;
    char *json;
};

static const char *const policy_names[] = {
    [TOOL_ONCE] = "once",
    [TOOL_IDEMPOTENT] = "idempotent",
    [TOOL_PURE] = "pure",
};

const char *tool_policy_name(enum tool_policy policy)
{
    assert((unsigned)policy <= TOOL_PURE);
    return policy_names[policy];
}

int tool_policy_find(enum tool_policy *out, const char *name)
{
    for (int i = TOOL_ONCE; i <= TOOL_PURE; i++)
        if (str_eq(name, policy_names[i])) {
            *out = (enum tool_policy)i;
            return 0;
        }
    return E_NOTFOUND;
}

const struct tool *tool_builtins(size_t *count)
{
    *count = BUILTINS;
    return builtins;
}

/* ---- A set ---------------------------------------------------------------------------------- */

static bool is_chosen(const struct toolset_options *options, const char *name)
{
    for (size_t i = 0; i < options->builtin_count; i++)
        if (str_eq(options->builtins[i], name))
            return true;
    return !options->builtins;
}

static const struct tool *find_builtin(const char *name)
{
    for (size_t i = 0; i < BUILTINS; i++)
        if (str_eq(name, builtins[i].name))
            return &builtins[i];
    return NULL;
}

static int no_such_builtin(const char *name, struct err *err)
{
    const char *names[BUILTINS], *near;

    for (size_t i = 0; i < BUILTINS; i++)
        names[i] = builtins[i].name;
    near = str_nearest(name, names, BUILTINS);
    return err_set(err, E_NOTFOUND, "no built-in tool '%s'%s%s%s", name,
                   near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* The schema is compiled into the set; the row points to it. */
static int add_tool(struct toolset *set, const struct tool *tool, struct err *err)
{
    struct entry *entry = &set->entries[set->count];
    int rc;

    if (toolset_find(set, tool->name))
        return err_set(err, E_EXISTS, "two tools have the name '%s'", tool->name);
    rc = schema_new(&entry->schema, tool->parameters, strlen(tool->parameters), err);
    if (rc < 0)
        return err_wrap(err, rc, "tool '%s'", tool->name);
    entry->tool = *tool;
    entry->tool.schema = entry->schema;
    set->count++;
    return 0;
}

static int add_builtins(struct toolset *set, const struct toolset_options *options, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; i < options->builtin_count; i++)
        if (!find_builtin(options->builtins[i]))
            return no_such_builtin(options->builtins[i], err);
    for (size_t i = 0; i < BUILTINS && rc == 0; i++)
        if (is_chosen(options, builtins[i].name))
            rc = add_tool(set, &builtins[i], err);
    return rc;
}

/* A built-in name is taken even when the agent did not choose the tool: the same word should not
   mean two things in two runs. */
static int add_command(struct toolset *set, const struct command *command, struct err *err)
{
    struct command own;
    struct tool tool;
    int rc;

    if (find_builtin(command->name))
        return err_set(err, E_EXISTS, "'%s' is the name of a built-in tool", command->name);
    command_copy(&own, command);
    tool = command_tool(&own);
    rc = add_tool(set, &tool, err);
    if (rc < 0)
        command_clear(&own);
    else
        set->entries[set->count - 1].command = own;
    return rc;
}

static char *describe(const struct toolset *set)
{
    cJSON *list = cJSON_CreateArray();
    char *text;

    for (size_t i = 0; i < set->count; i++) {
        cJSON *one = cJSON_CreateObject();

        json_set_text(one, "name", set->entries[i].tool.name);
        json_set_text(one, "description", set->entries[i].tool.description);
        cJSON_AddItemToObject(one, "parameters",
                              cJSON_Duplicate(schema_tree(set->entries[i].schema), true));
        cJSON_AddItemToArray(list, one);
    }
    text = json_print(list);
    cJSON_Delete(list);
    return text;
}

int toolset_new(struct toolset **out, const struct toolset_options *options, struct err *err)
{
    struct toolset *set = mem_new(sizeof *set);
    int rc;

    *out = NULL;
    set->entries = mem_array(BUILTINS + options->command_count, sizeof *set->entries);
    rc = add_builtins(set, options, err);
    for (size_t i = 0; i < options->command_count && rc == 0; i++)
        rc = add_command(set, &options->commands[i], err);
    if (rc < 0) {
        toolset_free(set);
        return rc;
    }
    set->json = describe(set);
    *out = set;
    return 0;
}

void toolset_free(struct toolset *set)
{
    if (!set)
        return;
    for (size_t i = 0; i < set->count; i++) {
        schema_free(set->entries[i].schema);
        command_clear(&set->entries[i].command);
    }
    free(set->entries);
    free(set->json);
    free(set);
}

size_t toolset_count(const struct toolset *set)
{
    return set->count;
}

const struct tool *toolset_at(const struct toolset *set, size_t index)
{
    assert(index < set->count);
    return &set->entries[index].tool;
}

const struct tool *toolset_find(const struct toolset *set, const char *name)
{
    for (size_t i = 0; i < set->count; i++)
        if (str_eq(name, set->entries[i].tool.name))
            return &set->entries[i].tool;
    return NULL;
}

const char *toolset_json(const struct toolset *set)
{
    return set->json;
}

/* ---- A request ------------------------------------------------------------------------------ */

static int unknown_tool(const struct toolset *set, const char *name, struct tool_result *refusal)
{
    const char *names[NAMES_MAX], *near;
    size_t count = set->count < NAMES_MAX ? set->count : NAMES_MAX;
    struct buf list;

    buf_init(&list, ERR_MSG_MAX);
    for (size_t i = 0; i < count; i++) {
        names[i] = set->entries[i].tool.name;
        (void)buf_printf(&list, "%s%s", i ? ", " : "", names[i]); /* a full list may be cut */
    }
    int shown = (int)utf8_cut(name, strnlen(name, TOOL_NAME_MAX));
    near = str_nearest(name, names, count);
    if (near)
        result_fail(refusal, FAILURE_ARGUMENTS, "there is no tool '%.*s', did you mean '%s'?",
                    shown, name, near);
    else
        result_fail(refusal, FAILURE_ARGUMENTS, "there is no tool '%.*s'; there are: %s", shown,
                    name, list.len ? list.data : "none");
    buf_free(&list);
    return E_NOTFOUND;
}

static int check_args(const struct tool *tool, const cJSON *args, struct tool_result *refusal)
{
    struct buf problems;
    size_t count;

    buf_init(&problems, 8192);
    count = schema_check(tool->schema, "arguments", args, &problems);
    if (count > 0)
        result_fail(refusal, FAILURE_ARGUMENTS, "%s", problems.data);
    buf_free(&problems);
    return count > 0 ? E_PARSE : 0;
}

int tool_request_check(struct tool_request *out, const struct toolset *set, const char *name,
                       const char *args, size_t len, struct tool_result *refusal)
{
    struct err err;
    int rc;

    *out = (struct tool_request){.tool = toolset_find(set, name)};
    if (!out->tool)
        return unknown_tool(set, name, refusal);
    if (len == 0) {
        args = "{}";
        len = 2;
    }
    rc = json_parse(&out->args, args, len, &json_args, &err);
    if (rc < 0) {
        result_fail(refusal, FAILURE_ARGUMENTS, "arguments: %s", err.msg);
        return rc;
    }
    rc = check_args(out->tool, out->args, refusal);
    if (rc < 0) {
        cJSON_Delete(out->args);
        out->args = NULL;
    }
    return rc;
}
