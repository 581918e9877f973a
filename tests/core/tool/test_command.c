/* SPDX-License-Identifier: MIT */
#include "core/tool/command.h"

#include <stdio.h>
#include <string.h>

#include "core/base/str.h"
#include "core/base/yaml.h"
#include "tests/suite.h"

/* Entry 0 of a list, as an agent file holds it. */
static int parse(struct command *out, const char *text, int *line, struct err *err)
{
    struct yaml *doc;
    const cJSON *where = NULL;
    int rc;

    CU_ASSERT_EQUAL_FATAL(yaml_parse(&doc, "agent.md", text, strlen(text), err), 0);
    rc = command_parse(out, yaml_root(doc)->child, &where, err);
    *line = where ? yaml_line(doc, where) : 0;
    yaml_drop(doc);
    return rc;
}

static void every_key_of_an_entry_is_read(void)
{
    static const char text[] = "- name: stock\n"
                               "  description: Says how many are in stock.\n"
                               "  parameters: {type: object, properties: {sku: {type: string}}}\n"
                               "  argv: [./bin/stock, --json]\n"
                               "  policy: idempotent\n"
                               "  cache: true\n"
                               "  writes: false\n"
                               "  retry_exit_codes: [75, 2]\n"
                               "  timeout: 30s\n";
    struct command c;
    int line;

    CU_ASSERT_EQUAL(parse(&c, text, &line, NULL), 0);
    CU_ASSERT_STRING_EQUAL(c.name, "stock");
    CU_ASSERT_STRING_EQUAL(c.description, "Says how many are in stock.");
    CU_ASSERT_STRING_EQUAL(c.parameters,
                           "{\"type\":\"object\",\"properties\":{\"sku\":{\"type\":\"string\"}}}");
    CU_ASSERT_STRING_EQUAL(c.argv[0], "./bin/stock");
    CU_ASSERT_STRING_EQUAL(c.argv[1], "--json");
    CU_ASSERT_PTR_NULL(c.argv[2]);
    CU_ASSERT_EQUAL(c.policy, TOOL_IDEMPOTENT);
    CU_ASSERT_TRUE(c.cache);
    CU_ASSERT_FALSE(c.writes);
    CU_ASSERT_EQUAL(c.retry_count, 2);
    CU_ASSERT_EQUAL(c.retry_codes[1], 2);
    CU_ASSERT_EQUAL(c.timeout_us, 30000000);
    struct command copy;
    command_copy(&copy, &c);
    command_clear(&c);
    struct tool tool = command_tool(&copy);
    CU_ASSERT_STRING_EQUAL(tool.name, "stock");
    CU_ASSERT_STRING_EQUAL(tool.argv[1], "--json");
    CU_ASSERT_EQUAL(tool.retry_codes[0], 75);
    CU_ASSERT_EQUAL(tool.kind, TOOL_PROCESS);
    CU_ASSERT_EQUAL(tool.origin, TOOL_COMMAND);
    CU_ASSERT_FALSE(tool.shell);
    command_clear(&copy);
}

static void what_is_not_said_is_the_careful_choice(void)
{
    struct command c;
    int line;

    CU_ASSERT_EQUAL(parse(&c, "- {name: x, description: d, argv: [x]}", &line, NULL), 0);
    CU_ASSERT_EQUAL(c.policy, TOOL_ONCE);
    CU_ASSERT_TRUE(c.writes);
    CU_ASSERT_FALSE(c.cache);
    CU_ASSERT_EQUAL(c.timeout_us, 120000000);
    CU_ASSERT_STRING_EQUAL(
        c.parameters, "{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}");
    command_clear(&c);
    CU_ASSERT_EQUAL(parse(&c, "- {name: x, description: d, argv: [x], policy: pure}", &line, NULL),
                    0);
    CU_ASSERT_FALSE(c.writes);
    command_clear(&c);
}

#define GOOD "- name: x\n  description: d\n  argv: [x]\n"

static void a_wrong_entry_is_named_with_its_line(void)
{
    static const struct {
        const char *text, *said;
        int line;
    } cases[] = {
        {GOOD "  argz: [y]\n", "a tool has no 'argz', did you mean 'argv'?", 4},
        {GOOD "  colour: red\n", "a tool has no 'colour'", 4},
        {"- name: a b\n", "a tool's name has 1 to 64 letters", 1},
        {"- name: ''\n", "a tool's name has 1 to 64 letters", 1},
        {"- description: d\n  argv: [x]\n", "a tool needs a name", 1},
        {"- name: x\n  description: d\n", "tool 'x' needs argv", 1},
        {"- name: x\n  argv: [x]\n", "tool 'x' needs a description", 1},
        {GOOD "  policy: twice\n", "policy is pure, idempotent or once", 4},
        {GOOD "  cache: 1\n", "cache is true or false", 4},
        {GOOD "  policy: once\n  cache: true\n", "tool 'x' cannot be cached", 1},
        {GOOD "  retry_exit_codes: [75]\n", "tool 'x' is never retried (policy once)", 1},
        {GOOD "  retry_exit_codes: [0]\n", "an exit code to retry is a number from 1 to 255", 4},
        {GOOD "  retry_exit_codes: 75\n", "retry_exit_codes is a list", 4},
        {GOOD "  timeout: 11m\n", "timeout is a time of at most 10m", 4},
        {GOOD "  timeout: soon\n", "timeout is a time of at most 10m", 4},
        {GOOD "  parameters: {type: string}\n", "parameters are a JSON schema with type: object",
         4},
        {GOOD "  parameters: {type: object, requird: [a]}\n",
         "parameters: requird: no such keyword, did you mean 'required'?", 4},
        {"- name: x\n  argv: []\n", "argv is a list of 1 to 64 words", 2},
        {"- name: x\n  argv: [1]\n", "argv is a list of texts", 2},
        {"- name: x\n  argv: x\n", "argv is a list of 1 to 64 words", 2},
        {"- x\n", "a tool is a map", 1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct command c;
        struct err err;
        int line, rc = parse(&c, cases[i].text, &line, &err);

        if (rc != E_PARSE || !str_starts(err.msg, cases[i].said) || line != cases[i].line)
            printf("%s\n  %s (line %d)\n", cases[i].text, err.msg, line);
        CU_ASSERT_EQUAL(rc, E_PARSE);
        CU_ASSERT_TRUE(str_starts(err.msg, cases[i].said));
        CU_ASSERT_EQUAL(line, cases[i].line);
        CU_ASSERT_PTR_NULL(c.name);
    }
}

static const struct test tests[] = {
    {"every key of an entry is read", every_key_of_an_entry_is_read},
    {"what is not said is the careful choice", what_is_not_said_is_the_careful_choice},
    {"a wrong entry is named with its line", a_wrong_entry_is_named_with_its_line},
    {NULL, NULL},
};

const struct suite suite_command = {"command", tests};
