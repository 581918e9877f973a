/* SPDX-License-Identifier: MIT */
#include "core/tool/policy.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/pattern.h"
#include "core/base/str.h"
#include "core/tool/confine.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct rule {
    char *tool, *argument, *equals, *source;
    struct pattern *matches;
    enum policy_verdict verdict;
};

struct policy {
    struct rule *rules;
    size_t count;
};

static const char *const verdict_names[] = {
    [POLICY_ALLOW] = "allow",
    [POLICY_ASK] = "ask",
    [POLICY_DENY] = "deny",
};

const char *policy_verdict_name(enum policy_verdict verdict)
{
    assert((unsigned)verdict <= POLICY_DENY);
    return verdict_names[verdict];
}

int policy_verdict_find(enum policy_verdict *out, const char *name)
{
    for (int i = POLICY_ALLOW; i <= POLICY_DENY; i++)
        if (str_eq(name, verdict_names[i])) {
            *out = (enum policy_verdict)i;
            return 0;
        }
    return E_NOTFOUND;
}

/* ---- Rules ---------------------------------------------------------------------------------- */

static int rule_copy(struct rule *out, const struct policy_rule *rule, struct err *err)
{
    if (rule->argument && !rule->equals && !rule->matches)
        return err_set(err, E_PARSE, "'argument' needs 'equals' or 'matches'");
    out->tool = mem_text(rule->tool);
    out->argument = mem_text(rule->argument);
    out->equals = mem_text(rule->equals);
    out->source = mem_text(rule->source);
    out->verdict = rule->verdict;
    return rule->matches ? pattern_new(&out->matches, rule->matches, 0, err) : 0;
}

int policy_new(struct policy **out, const struct policy_rule *rules, size_t count, struct err *err)
{
    struct policy *policy = mem_new(sizeof *policy);
    int rc = 0;

    policy->rules = mem_array(count, sizeof *policy->rules);
    for (; policy->count < count && rc == 0; policy->count++) {
        rc = rule_copy(&policy->rules[policy->count], &rules[policy->count], err);
        if (rc < 0)
            rc =
                err_wrap(err, rc, "%s",
                         rules[policy->count].source ? rules[policy->count].source : "policy rule");
    }
    if (rc < 0) {
        policy_free(policy);
        policy = NULL;
    }
    *out = policy;
    return rc;
}

void policy_free(struct policy *policy)
{
    if (!policy)
        return;
    for (size_t i = 0; i < policy->count; i++) {
        struct rule *rule = &policy->rules[i];

        free(rule->tool);
        free(rule->argument);
        free(rule->equals);
        free(rule->source);
        pattern_free(rule->matches);
    }
    free(policy->rules);
    free(policy);
}

/* ---- Does it fit? --------------------------------------------------------------------------- */

/* The forms in which an argument can be looked at; all of them mean the same. */
struct forms {
    char *at[3];
    size_t count;
};

static void add_form(struct forms *forms, char *text)
{
    if (text)
        forms->at[forms->count++] = text;
}

static void forms_free(struct forms *forms)
{
    while (forms->count > 0)
        free(forms->at[--forms->count]);
}

static char *argument_text(const cJSON *args, const char *name)
{
    const cJSON *value = name ? json_get(args, name) : args;

    if (!value)
        return NULL;
    if (!name)
        return json_canonical(value);
    return cJSON_IsString(value) ? mem_text(value->valuestring) : json_print(value);
}

static void find_forms(struct forms *out, const struct policy_question *q, const char *argument)
{
    char *clean = NULL;

    add_form(out, argument_text(q->args, argument));
    if (out->count == 0 || !str_eq(argument, q->tool->path_argument))
        return;
    /* A path that leads out has no clean form. */
    (void)confine_clean(&clean, NULL, out->at[0], NULL);
    add_form(out, clean);
    add_form(out, mem_text(q->real_path));
}

static bool fits(const struct rule *rule, const char *text)
{
    size_t start, end;
    int rc;

    if (rule->equals && strcmp(rule->equals, text) != 0)
        return false;
    if (!rule->matches)
        return true;
    rc = pattern_find(rule->matches, text, strlen(text), 0, &start, &end);
    return rc < 0 ? rule->verdict != POLICY_ALLOW : rc == 1;
}

static bool rule_fits(const struct rule *rule, const struct policy_question *q)
{
    struct forms forms = {0};
    size_t fitting = 0, count;

    if (rule->tool && !pattern_glob(rule->tool, q->tool->name))
        return false;
    if (!rule->equals && !rule->matches)
        return true;
    find_forms(&forms, q, rule->argument);
    count = forms.count;
    for (size_t i = 0; i < count; i++)
        fitting += fits(rule, forms.at[i]);
    forms_free(&forms);
    return rule->verdict == POLICY_ALLOW ? fitting > 0 && fitting == count : fitting > 0;
}

static bool is_protected(const struct policy_question *q)
{
    const char *path = q->tool->path_argument ? json_text(q->args, q->tool->path_argument) : NULL;

    if (!q->tool->writes || !path)
        return false;
    return confine_protected(path) || (q->real_path && confine_protected(q->real_path));
}

static bool is_granted(const struct policy_question *q)
{
    bool granted = false;
    char *args = q->grant_count > 0 ? json_canonical(q->args) : NULL;

    for (size_t i = 0; i < q->grant_count; i++)
        granted = granted || (str_eq(q->grants[i].tool, q->tool->name) &&
                              (!q->grants[i].args || str_eq(q->grants[i].args, args)));
    free(args);
    return granted;
}

/* ---- Defaults ------------------------------------------------------------------------------- */

enum kind { KIND_READ, KIND_WRITE, KIND_DECLARED, KIND_ONCE, KIND_SHELL, KIND_COUNT };

struct default_row {
    bool guarded; /* asks where nothing holds the process in */
    const char *allow, *ask;
};

static const struct default_row defaults[KIND_COUNT] = {
    [KIND_READ] = {.allow = "reads inside the workspace only"},
    [KIND_WRITE] = {.allow = "writes inside the workspace only"},
    [KIND_DECLARED] = {.allow = "declared by the operator, with a fixed command line"},
    [KIND_ONCE] = {.guarded = true,
                   .allow = "declared by the operator",
                   .ask = "may not be repeated or undone, and nothing holds it in"},
    [KIND_SHELL] = {.guarded = true,
                    .allow = "held inside the workspace",
                    .ask = "not sandboxed: a command can do all that you can"},
};

static enum kind kind_of(const struct tool *tool)
{
    if (tool->shell)
        return KIND_SHELL;
    if (tool->kind == TOOL_JOB)
        return tool->policy == TOOL_PURE ? KIND_READ : KIND_WRITE;
    return tool->policy == TOOL_ONCE ? KIND_ONCE : KIND_DECLARED;
}

/* One clean line: "what: why", or why alone. */
static void say(struct policy_answer *out, enum policy_verdict verdict, const char *what,
                const char *why)
{
    struct err line;

    (void)err_set(&line, E_DENIED, "%s%s%s", what ? what : "", what ? ": " : "", why);
    *out = (struct policy_answer){.verdict = verdict, .grantable = verdict == POLICY_ASK};
    memcpy(out->reason, line.msg, sizeof out->reason);
}

static void decide_by_default(struct policy_answer *out, const struct policy_question *q)
{
    const struct default_row *row = &defaults[kind_of(q->tool)];

    if (!row->guarded)
        say(out, POLICY_ALLOW, NULL, row->allow);
    else if (q->own_workspace)
        say(out, POLICY_ALLOW, NULL, "in rerail's own workspace");
    else if (q->sandbox != SANDBOX_NONE)
        say(out, POLICY_ALLOW, sandbox_name(q->sandbox), row->allow);
    else if (q->allow_unsandboxed)
        say(out, POLICY_ALLOW, NULL, "not sandboxed, as the operator allows");
    else
        say(out, POLICY_ASK, NULL, row->ask);
}

/* Names the shell tool and nothing else, or its very command. */
static bool is_exact(const struct rule *rule, const struct tool *tool)
{
    if (rule->matches)
        return false;
    if (!rule->equals)
        return str_eq(rule->tool, tool->name);
    return !rule->argument || str_eq(rule->argument, tool->title_argument);
}

static void decide_by_rule(struct policy_answer *out, const struct rule *rule,
                           const struct policy_question *q)
{
    bool exact = is_exact(rule, q->tool);
    const char *source = rule->source ? rule->source : "policy rule";

    if (rule->verdict == POLICY_ALLOW && q->tool->shell && q->sandbox == SANDBOX_NONE && !exact)
        say(out, POLICY_ASK, source, "a pattern cannot allow a shell command outside a sandbox");
    else if (rule->verdict == POLICY_ALLOW)
        say(out, POLICY_ALLOW, source, "allowed");
    else
        say(out, rule->verdict, source, rule->verdict == POLICY_ASK ? "asks" : "denied");
}

void policy_decide(struct policy_answer *out, const struct policy *policy,
                   const struct policy_question *question)
{
    const struct rule *last = NULL;

    for (size_t i = 0; policy && i < policy->count; i++) {
        const struct rule *rule = &policy->rules[i];

        if (!rule_fits(rule, question))
            continue;
        last = rule;
        if (rule->verdict == POLICY_DENY)
            break;
    }
    if (last && last->verdict == POLICY_DENY) {
        decide_by_rule(out, last, question);
    } else if (is_protected(question)) {
        say(out, POLICY_ASK, json_text(question->args, question->tool->path_argument),
            "a protected path");
        out->grantable = false;
    } else if (is_granted(question)) {
        say(out, POLICY_ALLOW, NULL, "always allowed for this run");
    } else if (last) {
        decide_by_rule(out, last, question);
    } else {
        decide_by_default(out, question);
    }
}

void policy_grant_make(struct policy_grant *out, const struct policy_question *question)
{
    out->tool = mem_text(question->tool->name);
    out->args = question->tool->shell ? json_canonical(question->args) : NULL;
}

void policy_grant_clear(struct policy_grant *grant)
{
    free(grant->tool);
    free(grant->args);
    *grant = (struct policy_grant){0};
}
