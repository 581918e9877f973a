/* SPDX-License-Identifier: MIT */
#include "core/tool/tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/str.h"
#include "core/tool/command.h"
#include "core/tool/result.h"
#include "core/tool/schema.h"
#include "tests/suite.h"

static struct command command(const char *text)
{
    struct command out;
    struct err err = {0};
    cJSON *tree;

    CU_ASSERT_EQUAL_FATAL(json_parse(&tree, text, strlen(text), NULL, NULL), 0);
    CU_ASSERT_EQUAL(command_parse(&out, tree, NULL, &err), 0);
    CU_ASSERT_STRING_EQUAL(err.msg, "");
    cJSON_Delete(tree);
    return out;
}

#define STOCK                                                                                      \
    "{\"name\":\"stock\",\"description\":\"Says.\",\"argv\":[\"./stock\"],\"policy\":\"pure\","    \
    "\"parameters\":{\"type\":\"object\",\"properties\":{\"path\":{\"type\":\"string\"},"          \
    "\"n\":{\"type\":\"integer\"}},\"required\":[\"path\"],\"additionalProperties\":false}}"

/* All built-ins and the command tool `stock`. */
static struct toolset *make_set(void)
{
    struct command stock = command(STOCK);
    struct toolset *set;

    CU_ASSERT_EQUAL_FATAL(
        toolset_new(&set, &(struct toolset_options){.commands = &stock, .command_count = 1}, NULL),
        0);
    command_clear(&stock);
    return set;
}

static void every_row_of_the_table_is_whole(void)
{
    size_t count;
    const struct tool *rows = tool_builtins(&count);

    for (size_t i = 0; i < count; i++) {
        struct schema *schema;

        CU_ASSERT_TRUE(strlen(rows[i].name) <= TOOL_NAME_MAX);
        CU_ASSERT_TRUE(strlen(rows[i].description) > 20);
        CU_ASSERT_EQUAL(schema_new(&schema, rows[i].parameters, strlen(rows[i].parameters), NULL),
                        0);
        CU_ASSERT_STRING_EQUAL(json_text(schema_tree(schema), "type"), "object");
        CU_ASSERT_TRUE(cJSON_IsFalse(json_get(schema_tree(schema), "additionalProperties")));
        const cJSON *members = json_object(schema_tree(schema), "properties");
        for (const cJSON *one = members->child; one; one = one->next)
            CU_ASSERT_PTR_NOT_NULL(json_text(one, "description"));
        CU_ASSERT_TRUE(!rows[i].path_argument || json_get(members, rows[i].path_argument));
        CU_ASSERT_TRUE(!rows[i].title_argument || json_get(members, rows[i].title_argument));
        CU_ASSERT_TRUE(rows[i].timeout_us > 0);
        CU_ASSERT_EQUAL(rows[i].kind == TOOL_JOB, rows[i].run != NULL);
        CU_ASSERT_EQUAL(rows[i].kind == TOOL_PROCESS, rows[i].prepare != NULL);
        CU_ASSERT_TRUE(rows[i].policy != TOOL_PURE || !rows[i].writes);
        for (size_t j = 0; j < i; j++)
            CU_ASSERT_FALSE(str_eq(rows[i].name, rows[j].name));
        schema_free(schema);
    }
}

static void a_set_is_in_the_tables_order_whatever_the_agents(void)
{
    static const char *const one[] = {"shell"};
    struct toolset *all = make_set(), *some;
    size_t count;

    (void)tool_builtins(&count);
    CU_ASSERT_EQUAL(toolset_count(all), count + 1);
    CU_ASSERT_STRING_EQUAL(toolset_at(all, count)->name, "stock");
    CU_ASSERT_EQUAL(toolset_at(all, count)->policy, TOOL_PURE);
    CU_ASSERT_PTR_NULL(toolset_find(all, "Shell"));
    CU_ASSERT_EQUAL(
        toolset_new(&some, &(struct toolset_options){.builtins = one, .builtin_count = 1}, NULL),
        0);
    CU_ASSERT_EQUAL(toolset_count(some), 1);
    CU_ASSERT_EQUAL(strncmp(toolset_json(some), "[{\"name\":\"shell\",\"description\":", 31), 0);
    toolset_free(some);
    CU_ASSERT_EQUAL(
        toolset_new(&some, &(struct toolset_options){.builtins = one, .builtin_count = 0}, NULL),
        0);
    CU_ASSERT_EQUAL(toolset_count(some), 0);
    CU_ASSERT_STRING_EQUAL(toolset_json(some), "[]");
    toolset_free(some);
    toolset_free(all);
}

static void names_that_clash_or_mean_nothing_are_refused(void)
{
    static const char *const wrong[] = {"shel"};
    struct command twice[2] = {command(STOCK), command(STOCK)};
    struct command hides = command("{\"name\":\"shell\",\"description\":\"x\",\"argv\":[\"x\"]}");
    struct toolset *set;
    struct err err;

    CU_ASSERT_EQUAL(
        toolset_new(&set, &(struct toolset_options){.builtins = wrong, .builtin_count = 1}, &err),
        E_NOTFOUND);
    CU_ASSERT_STRING_EQUAL(err.msg, "no built-in tool 'shel', did you mean 'shell'?");
    CU_ASSERT_EQUAL(
        toolset_new(&set, &(struct toolset_options){.commands = twice, .command_count = 2}, &err),
        E_EXISTS);
    CU_ASSERT_EQUAL(
        toolset_new(&set, &(struct toolset_options){.commands = &hides, .command_count = 1}, &err),
        E_EXISTS);
    CU_ASSERT_PTR_NULL(set);
    command_clear(&twice[0]);
    command_clear(&twice[1]);
    command_clear(&hides);
}

static void refused(const char *name, const char *args, size_t len, int code, const char *said)
{
    struct toolset *set = make_set();
    struct tool_result refusal = {0};
    struct tool_request request;

    CU_ASSERT_EQUAL(tool_request_check(&request, set, name, args, len, &refusal), code);
    CU_ASSERT_PTR_NULL(request.args);
    CU_ASSERT_EQUAL(refusal.failure, FAILURE_ARGUMENTS);
    CU_ASSERT_TRUE(refusal.is_error);
    CU_ASSERT_EQUAL(strncmp(refusal.text, "{\"error\":\"", 10), 0);
    if (!strstr(refusal.text, said))
        printf("%s(%.40s): %s\n", name, args, refusal.text);
    CU_ASSERT_PTR_NOT_NULL(strstr(refusal.text, said));
    result_clear(&refusal);
    toolset_free(set);
}

static void an_unknown_tool_is_refused_with_the_nearest_name(void)
{
    refused("stok", "{}", 2, E_NOTFOUND, "there is no tool 'stok', did you mean 'stock'?");
    refused("frobnicate", "{}", 2, E_NOTFOUND, "there is no tool 'frobnicate'; there are: shell");
    refused("", "{}", 2, E_NOTFOUND, "there is no tool ''");
}

static void arguments_that_are_no_json_are_refused(void)
{
    static const char *const broken[] = {
        "{", "path=a", "{\"path\":\"a\"} x", "{'path':'a'}", "{\"path\":\"\xff\"}", "\"{}"};

    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        refused("stock", broken[i], strlen(broken[i]), E_PARSE, "arguments: ");
}

static void wrong_missing_and_extra_arguments_are_refused(void)
{
    refused("stock", "{\"path\":1}", 10, E_PARSE, "arguments.path: expected a string, got 1");
    refused("stock", "{}", 2, E_PARSE, "arguments: missing 'path'");
    refused("stock", "", 0, E_PARSE, "arguments: missing 'path'");
    refused("stock", "[]", 2, E_PARSE, "arguments: expected an object, got an array");
    refused("stock", "{\"path\":\"a\",\"pat\":1}", 20, E_PARSE,
            "arguments: unknown 'pat', did you mean 'path'?");
}

static void arguments_nested_without_end_are_refused(void)
{
    static char deep[200000];

    memset(deep, '[', 100000);
    memset(deep + 100000, ']', 100000);
    refused("stock", deep, sizeof deep, E_TOOBIG, "arguments: ");
}

static void ten_megabytes_of_arguments_are_refused(void)
{
    size_t len = 10000000;
    char *text = malloc(len + 1);

    memset(text, 'x', len);
    memcpy(text, "{\"path\":\"", 9);
    memcpy(text + len - 2, "\"}", 3);
    refused("stock", text, len, E_TOOBIG, "arguments: ");
    free(text);
}

static void a_nul_in_a_path_is_refused(void)
{
    static const char args[] = "{\"path\":\"safe\\u0000/../etc\"}";

    refused("stock", args, sizeof args - 1, E_PARSE, "arguments: ");
}

static void duplicate_keys_are_refused(void)
{
    static const char args[] = "{\"path\":\"a\",\"path\":\"b\"}";

    refused("stock", args, sizeof args - 1, E_PARSE, "path");
}

static void numbers_that_a_double_cannot_tell_are_refused(void)
{
    static const char huge[] = "{\"path\":\"a\",\"n\":1e999}",
                      inexact[] = "{\"path\":\"a\",\"n\":9223372036854775808}";

    refused("stock", huge, sizeof huge - 1, E_RANGE, "arguments: ");
    refused("stock", inexact, sizeof inexact - 1, E_PARSE, "expected a whole number");
}

static void a_fitting_request_is_handed_over(void)
{
    struct toolset *set = make_set();
    struct tool_result refusal = {0};
    struct tool_request request;
    static const char args[] = "{\"path\":\"a\",\"n\":3}";

    CU_ASSERT_EQUAL(tool_request_check(&request, set, "stock", args, sizeof args - 1, &refusal), 0);
    CU_ASSERT_PTR_NULL(refusal.text);
    CU_ASSERT_STRING_EQUAL(request.tool->name, "stock");
    CU_ASSERT_EQUAL(json_int(request.args, "n", 0), 3);
    cJSON_Delete(request.args);
    toolset_free(set);
}

static void policies_have_names(void)
{
    enum tool_policy policy;

    for (int i = TOOL_ONCE; i <= TOOL_PURE; i++) {
        CU_ASSERT_EQUAL(tool_policy_find(&policy, tool_policy_name((enum tool_policy)i)), 0);
        CU_ASSERT_EQUAL(policy, (enum tool_policy)i);
    }
    CU_ASSERT_EQUAL(tool_policy_find(&policy, "twice"), E_NOTFOUND);
}

static const struct test tests[] = {
    {"every row of the table is whole", every_row_of_the_table_is_whole},
    {"a set is in the table's order, whatever the agent's",
     a_set_is_in_the_tables_order_whatever_the_agents},
    {"names that clash or mean nothing are refused", names_that_clash_or_mean_nothing_are_refused},
    {"T01 an unknown tool is refused with the nearest name",
     an_unknown_tool_is_refused_with_the_nearest_name},
    {"T02 arguments that are no JSON are refused", arguments_that_are_no_json_are_refused},
    {"T03 wrong, missing and extra arguments are refused",
     wrong_missing_and_extra_arguments_are_refused},
    {"T04 arguments nested without end are refused", arguments_nested_without_end_are_refused},
    {"T05 ten megabytes of arguments are refused", ten_megabytes_of_arguments_are_refused},
    {"T06 a NUL in a path is refused", a_nul_in_a_path_is_refused},
    {"T07 duplicate keys are refused", duplicate_keys_are_refused},
    {"T08 numbers that a double cannot tell are refused",
     numbers_that_a_double_cannot_tell_are_refused},
    {"a fitting request is handed over", a_fitting_request_is_handed_over},
    {"policies have names", policies_have_names},
    {NULL, NULL},
};

const struct suite suite_tool = {"tool", tests};
