/* SPDX-License-Identifier: MIT */
/*
 * One rule of the operator's (verdict letter, tool, argument, equals, matches: texts that end in
 * NUL, empty = not given) and a call's arguments as JSON. Whatever they are: a deny rule beside
 * them denies, a protected path is never written unasked, a pattern never allows a shell command
 * outside a sandbox, and the reason is one clean line.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/tool/confine.h"
#include "core/tool/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct tool shell = {.name = "shell",
                                  .kind = TOOL_PROCESS,
                                  .policy = TOOL_ONCE,
                                  .shell = true,
                                  .title_argument = "command"};
static const struct tool write_file = {.name = "write_file",
                                       .kind = TOOL_JOB,
                                       .policy = TOOL_IDEMPOTENT,
                                       .writes = true,
                                       .path_argument = "path"};

static void must(bool truth)
{
    if (!truth)
        abort();
}

/* The next text of the input, NULL when it is empty. */
static const char *next_text(const char **at, const char *end)
{
    const char *text = *at;

    *at += strlen(text);
    *at += *at < end;
    return *text ? text : NULL;
}

static enum policy_verdict decide(const struct policy_rule *rules, size_t count,
                                  const struct tool *tool, const cJSON *args)
{
    const struct policy_question question = {.tool = tool, .args = args};
    struct policy_answer answer;
    struct policy *policy;

    if (policy_new(&policy, rules, count, NULL) < 0)
        return POLICY_ASK;
    policy_decide(&answer, policy, &question);
    must(answer.reason[0] && utf8_valid(answer.reason, strlen(answer.reason)));
    must(answer.verdict == POLICY_ASK || !answer.grantable);
    policy_free(policy);
    return answer.verdict;
}

static void try_rule(const struct policy_rule *rule, const cJSON *args)
{
    const struct policy_rule both[] = {*rule, {.verdict = POLICY_DENY}};
    const struct policy_rule turned[] = {{.verdict = POLICY_DENY}, *rule};
    const char *path = json_text(args, "path");

    if (decide(rule, 1, &shell, args) == POLICY_ALLOW)
        must(!rule->matches && (rule->equals || strcmp(rule->tool, "shell") == 0));
    if (path && confine_protected(path))
        must(decide(rule, 1, &write_file, args) != POLICY_ALLOW);
    if (!rule->matches) { /* a broken pattern makes no policy */
        must(rule->argument && !rule->equals ? true : decide(both, 2, &shell, args) == POLICY_DENY);
        must(rule->argument && !rule->equals ? true
                                             : decide(turned, 2, &shell, args) == POLICY_DENY);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = mem_copy(data, size);
    const char *at = copy, *end = copy + size;
    struct policy_rule rule = {.verdict = size > 0 && *at == 'a' ? POLICY_ALLOW : POLICY_ASK};
    cJSON *args;

    at += size > 0;
    rule.tool = next_text(&at, end);
    rule.argument = next_text(&at, end);
    rule.equals = next_text(&at, end);
    rule.matches = next_text(&at, end);
    if (json_parse(&args, at, (size_t)(end - at), &json_args, NULL) == 0) {
        try_rule(&rule, args);
        cJSON_Delete(args);
    }
    free(copy);
    return 0;
}
