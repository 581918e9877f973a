/* SPDX-License-Identifier: MIT */
#include "core/tool/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "tests/suite.h"

static const struct tool shell = {.name = "shell",
                                  .kind = TOOL_PROCESS,
                                  .policy = TOOL_ONCE,
                                  .shell = true,
                                  .writes = true,
                                  .title_argument = "command"};
static const struct tool read_file = {
    .name = "read_file", .kind = TOOL_JOB, .policy = TOOL_PURE, .path_argument = "path"};
static const struct tool write_file = {.name = "write_file",
                                       .kind = TOOL_JOB,
                                       .policy = TOOL_IDEMPOTENT,
                                       .writes = true,
                                       .path_argument = "path"};
static const struct tool stock = {.name = "stock", .kind = TOOL_PROCESS, .policy = TOOL_PURE};
static const struct tool order = {.name = "order", .kind = TOOL_PROCESS, .policy = TOOL_ONCE};

#define RULES_MAX 4

struct policy_case {
    const char *says; /* what it is about; shown when it fails */
    struct policy_rule rules[RULES_MAX];
    const struct tool *tool;
    const char *args, *real_path;
    enum sandbox_level sandbox;
    bool allow_unsandboxed, own_workspace;
    enum policy_verdict verdict;
};

#define ALLOW POLICY_ALLOW
#define ASK   POLICY_ASK
#define DENY  POLICY_DENY

static const struct policy_case cases[] = {
    /* Defaults. */
    {"reading", {{0}}, &read_file, "{\"path\":\"a\"}", .verdict = ALLOW},
    {"writing", {{0}}, &write_file, "{\"path\":\"a\"}", .verdict = ALLOW},
    {"declared pure", {{0}}, &stock, "{}", .verdict = ALLOW},
    {"declared once", {{0}}, &order, "{}", .verdict = ASK},
    {"once, sandboxed", {{0}}, &order, "{}", .sandbox = SANDBOX_LANDLOCK, .verdict = ALLOW},
    {"once, own", {{0}}, &order, "{}", .own_workspace = true, .verdict = ALLOW},
    {"shell", {{0}}, &shell, "{\"command\":\"ls\"}", .verdict = ASK},
    {"shell, boxed",
     {{0}},
     &shell,
     "{\"command\":\"ls\"}",
     .sandbox = SANDBOX_BWRAP,
     .verdict = ALLOW},
    {"shell, own", {{0}}, &shell, "{\"command\":\"ls\"}", .own_workspace = true, .verdict = ALLOW},
    {"shell, flag",
     {{0}},
     &shell,
     "{\"command\":\"ls\"}",
     .allow_unsandboxed = true,
     .verdict = ALLOW},

    /* Protected paths. */
    {"read .git", {{0}}, &read_file, "{\"path\":\".git/config\"}", .verdict = ALLOW},
    {"write .git", {{0}}, &write_file, "{\"path\":\"./.GIT/config\"}", .verdict = ASK},
    {"write .git though allowed",
     {{.tool = "write_file"}},
     &write_file,
     "{\"path\":\".git/config\"}",
     .verdict = ASK},
    {"write .git by a link",
     {{0}},
     &write_file,
     "{\"path\":\"x/config\"}",
     .real_path = ".git/config",
     .verdict = ASK},
    {"write .git denied",
     {{.tool = "write_*", .verdict = DENY}},
     &write_file,
     "{\"path\":\".git/config\"}",
     .verdict = DENY},

    /* Order. */
    {"last wins",
     {{.tool = "read_file", .verdict = ASK}, {.tool = "read_file"}},
     &read_file,
     "{\"path\":\"a\"}",
     .verdict = ALLOW},
    {"last wins, turned",
     {{.tool = "read_file"}, {.tool = "*", .verdict = ASK}},
     &read_file,
     "{\"path\":\"a\"}",
     .verdict = ASK},
    {"deny first",
     {{.tool = "read_file", .verdict = DENY}, {.tool = "read_file"}},
     &read_file,
     "{\"path\":\"a\"}",
     .verdict = DENY},
    {"deny last",
     {{.tool = "read_file"}, {.verdict = DENY}},
     &read_file,
     "{\"path\":\"a\"}",
     .verdict = DENY},
    {"other tool", {{.tool = "read_file", .verdict = DENY}}, &stock, "{}", .verdict = ALLOW},
    {"deny beats the flag",
     {{.tool = "shell", .verdict = DENY}},
     &shell,
     "{\"command\":\"ls\"}",
     .allow_unsandboxed = true,
     .own_workspace = true,
     .verdict = DENY},
    {"ask beats the flag",
     {{.tool = "shell", .verdict = ASK}},
     &shell,
     "{\"command\":\"ls\"}",
     .allow_unsandboxed = true,
     .verdict = ASK},

    /* Arguments. */
    {"equals",
     {{.argument = "path", .equals = "a", .verdict = DENY}},
     &read_file,
     "{\"path\":\"a\"}",
     .verdict = DENY},
    {"not equals",
     {{.argument = "path", .equals = "a", .verdict = DENY}},
     &read_file,
     "{\"path\":\"ab\"}",
     .verdict = ALLOW},
    {"matches",
     {{.argument = "path", .matches = "^secrets/", .verdict = DENY}},
     &read_file,
     "{\"path\":\"secrets/x\"}",
     .verdict = DENY},
    {"matches cleaned",
     {{.argument = "path", .matches = "^secrets/", .verdict = DENY}},
     &read_file,
     "{\"path\":\".//secrets/./x\"}",
     .verdict = DENY},
    {"matches resolved",
     {{.argument = "path", .matches = "^secrets/", .verdict = DENY}},
     &read_file,
     "{\"path\":\"link/x\"}",
     .real_path = "secrets/x",
     .verdict = DENY},
    {"allow needs all forms",
     {{.tool = "*", .verdict = ASK}, {.argument = "path", .matches = "^docs/"}},
     &read_file,
     "{\"path\":\"docs/x\"}",
     .real_path = "secrets/x",
     .verdict = ASK},
    {"allow with all forms",
     {{.tool = "*", .verdict = ASK}, {.argument = "path", .matches = "^docs/"}},
     &read_file,
     "{\"path\":\"docs/x\"}",
     .real_path = "docs/x",
     .verdict = ALLOW},
    {"no such argument",
     {{.argument = "url", .matches = "", .verdict = DENY}},
     &read_file,
     "{\"path\":\"a\"}",
     .verdict = ALLOW},
    {"other values as JSON",
     {{.argument = "n", .equals = "[1,true]", .verdict = DENY}},
     &stock,
     "{\"n\":[1, true]}",
     .verdict = DENY},
    {"whole arguments",
     {{.equals = "{\"a\":1,\"b\":2}", .verdict = DENY}},
     &stock,
     "{\"b\":2,\"a\":1}",
     .verdict = DENY},
    {"endless pattern denies",
     {{.argument = "x", .matches = "^(a+)+$", .verdict = DENY}},
     &stock,
     "{\"x\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"}",
     .verdict = DENY},
    {"endless pattern does not allow",
     {{.verdict = ASK}, {.argument = "x", .matches = "^(a+)+$"}},
     &stock,
     "{\"x\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"}",
     .verdict = ASK},

    /* Shell text. */
    {"by name", {{.tool = "shell"}}, &shell, "{\"command\":\"rm -rf x\"}", .verdict = ALLOW},
    {"by glob", {{.tool = "*"}}, &shell, "{\"command\":\"ls\"}", .verdict = ASK},
    {"by any",
     {{0}, {.tool = NULL, .source = "x"}},
     &shell,
     "{\"command\":\"ls\"}",
     .verdict = ASK},
    {"exact",
     {{.tool = "shell", .argument = "command", .equals = "make test"}},
     &shell,
     "{\"command\":\"make test\"}",
     .verdict = ALLOW},
    {"exact is exact",
     {{.tool = "shell", .argument = "command", .equals = "make test"}},
     &shell,
     "{\"command\":\"make test; rm -rf /\"}",
     .verdict = ASK},
    {"a folder is no command",
     {{.tool = "shell", .argument = "cwd", .equals = "src"}},
     &shell,
     "{\"command\":\"rm x\",\"cwd\":\"src\"}",
     .verdict = ASK},
    {"pattern",
     {{.tool = "shell", .argument = "command", .matches = "^git log"}},
     &shell,
     "{\"command\":\"git log; rm -rf /\"}",
     .verdict = ASK},
    {"pattern, boxed",
     {{.tool = "shell", .argument = "command", .matches = "^git log"}},
     &shell,
     "{\"command\":\"git log\"}",
     .sandbox = SANDBOX_BWRAP,
     .verdict = ALLOW},
    {"pattern denies",
     {{.tool = "shell", .argument = "command", .matches = "rm", .verdict = DENY}},
     &shell,
     "{\"command\":\"rm x\"}",
     .allow_unsandboxed = true,
     .verdict = DENY},
};

static size_t rule_count(const struct policy_rule *rules)
{
    static const struct policy_rule none;
    size_t count = 0;

    for (size_t i = 0; i < RULES_MAX; i++)
        /* Both are of static storage, so that their padding is zero. */
        /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison) */
        if (memcmp(&rules[i], &none, sizeof none) != 0)
            count = i + 1;
    return count;
}

static cJSON *parsed(const char *text)
{
    cJSON *tree;

    CU_ASSERT_EQUAL_FATAL(json_parse(&tree, text, strlen(text), &json_args, NULL), 0);
    return tree;
}

static struct policy *made(const struct policy_rule *rules)
{
    struct policy *policy;

    CU_ASSERT_EQUAL_FATAL(policy_new(&policy, rules, rule_count(rules), NULL), 0);
    return policy;
}

static void the_table_of_cases_holds(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct policy_case *c = &cases[i];
        struct policy *policy = made(c->rules);
        cJSON *args = parsed(c->args);
        struct policy_question q = {.tool = c->tool,
                                    .args = args,
                                    .real_path = c->real_path,
                                    .sandbox = c->sandbox,
                                    .allow_unsandboxed = c->allow_unsandboxed,
                                    .own_workspace = c->own_workspace};
        struct policy_answer answer;

        policy_decide(&answer, policy, &q);
        if (answer.verdict != c->verdict)
            printf("%s: %s (%s)\n", c->says, policy_verdict_name(answer.verdict), answer.reason);
        CU_ASSERT_EQUAL(answer.verdict, c->verdict);
        CU_ASSERT_TRUE(answer.reason[0] != '\0');
        cJSON_Delete(args);
        policy_free(policy);
    }
}

static void no_policy_means_the_defaults(void)
{
    cJSON *args = parsed("{\"command\":\"ls\"}");
    struct policy_question q = {.tool = &shell, .args = args};
    struct policy_answer answer;

    policy_decide(&answer, NULL, &q);
    CU_ASSERT_EQUAL(answer.verdict, POLICY_ASK);
    CU_ASSERT_TRUE(answer.grantable);
    CU_ASSERT_STRING_EQUAL(answer.reason, "not sandboxed: a command can do all that you can");
    cJSON_Delete(args);
}

static enum policy_verdict verdict_with(const struct policy_grant *grant,
                                        const struct policy_rule *rules, const struct tool *tool,
                                        const char *args_text)
{
    struct policy *policy = made(rules);
    cJSON *args = parsed(args_text);
    struct policy_question q = {.tool = tool, .args = args, .grants = grant, .grant_count = 1};
    struct policy_answer answer;

    policy_decide(&answer, policy, &q);
    cJSON_Delete(args);
    policy_free(policy);
    return answer.verdict;
}

static struct policy_grant granted(const struct tool *tool, const char *args_text)
{
    cJSON *args = parsed(args_text);
    struct policy_grant grant;

    policy_grant_make(&grant, &(struct policy_question){.tool = tool, .args = args});
    cJSON_Delete(args);
    return grant;
}

static void always_means_this_very_command_or_this_tool(void)
{
    static const struct policy_rule none[RULES_MAX], asks[RULES_MAX] = {{.verdict = POLICY_ASK}},
                                                     denies[RULES_MAX] = {{.verdict = POLICY_DENY}};
    struct policy_grant grant = granted(&shell, "{\"command\":\"make\",\"cwd\":\"a\"}");

    CU_ASSERT_EQUAL(verdict_with(&grant, none, &shell, "{\"cwd\":\"a\",\"command\":\"make\"}"),
                    POLICY_ALLOW);
    CU_ASSERT_EQUAL(verdict_with(&grant, none, &shell, "{\"cwd\":\"b\",\"command\":\"make\"}"),
                    POLICY_ASK);
    CU_ASSERT_EQUAL(verdict_with(&grant, none, &shell, "{\"command\":\"make; rm\",\"cwd\":\"a\"}"),
                    POLICY_ASK);
    policy_grant_clear(&grant);
    grant = granted(&order, "{\"n\":1}");
    CU_ASSERT_EQUAL(verdict_with(&grant, none, &order, "{\"n\":2}"), POLICY_ALLOW);
    CU_ASSERT_EQUAL(verdict_with(&grant, asks, &order, "{\"n\":2}"), POLICY_ALLOW);
    CU_ASSERT_EQUAL(verdict_with(&grant, denies, &order, "{\"n\":2}"), POLICY_DENY);
    CU_ASSERT_EQUAL(verdict_with(&grant, none, &shell, "{\"command\":\"ls\"}"), POLICY_ASK);
    policy_grant_clear(&grant);
    grant = granted(&write_file, "{\"path\":\"a\"}");
    CU_ASSERT_EQUAL(verdict_with(&grant, none, &write_file, "{\"path\":\".git/x\"}"), POLICY_ASK);
    policy_grant_clear(&grant);
}

static void the_reason_names_the_rule(void)
{
    static const struct policy_rule rules[RULES_MAX] = {
        {.tool = "stock", .verdict = POLICY_DENY, .source = "config.yaml:12"}};
    struct policy *policy = made(rules);
    cJSON *args = parsed("{}");
    struct policy_question q = {.tool = &stock, .args = args};
    struct policy_answer answer;

    policy_decide(&answer, policy, &q);
    CU_ASSERT_STRING_EQUAL(answer.reason, "config.yaml:12: denied");
    CU_ASSERT_FALSE(answer.grantable);
    cJSON_Delete(args);
    policy_free(policy);
}

static void a_rule_that_says_nothing_sure_is_refused(void)
{
    const struct policy_rule broken = {.matches = "(", .source = "config.yaml:3"},
                             vague = {.argument = "path", .source = "config.yaml:4"};
    struct policy *policy;
    struct err err;

    CU_ASSERT_EQUAL(policy_new(&policy, &broken, 1, &err), E_PARSE);
    CU_ASSERT_PTR_NULL(policy);
    CU_ASSERT_EQUAL(strncmp(err.msg, "config.yaml:3: ", 15), 0);
    CU_ASSERT_EQUAL(policy_new(&policy, &vague, 1, &err), E_PARSE);
    CU_ASSERT_STRING_EQUAL(err.msg, "config.yaml:4: 'argument' needs 'equals' or 'matches'");
}

static void verdicts_have_names(void)
{
    enum policy_verdict verdict;

    for (int i = POLICY_ALLOW; i <= POLICY_DENY; i++) {
        CU_ASSERT_EQUAL(policy_verdict_find(&verdict, policy_verdict_name((enum policy_verdict)i)),
                        0);
        CU_ASSERT_EQUAL(verdict, (enum policy_verdict)i);
    }
    CU_ASSERT_EQUAL(policy_verdict_find(&verdict, "maybe"), E_NOTFOUND);
}

static const struct test tests[] = {
    {"the table of cases holds", the_table_of_cases_holds},
    {"no policy means the defaults", no_policy_means_the_defaults},
    {"always means this very command, or this tool", always_means_this_very_command_or_this_tool},
    {"the reason names the rule", the_reason_names_the_rule},
    {"a rule that says nothing sure is refused", a_rule_that_says_nothing_sure_is_refused},
    {"verdicts have names", verdicts_have_names},
    {NULL, NULL},
};

const struct suite suite_policy = {"policy", tests};
