/* SPDX-License-Identifier: MIT */
#include "core/config/rule.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/pattern.h"
#include "core/base/str.h"

static const char *const verdicts[] = {
    [RULE_ALLOW] = "allow", [RULE_ASK] = "ask", [RULE_DENY] = "deny"};

#define VERDICTS (sizeof verdicts / sizeof *verdicts)
#define BLANK    " \t\r\n"

/* Takes the next word off *text; a copy, or NULL at the end. */
static char *word(const char **text)
{
    *text += strspn(*text, BLANK);
    size_t len = strcspn(*text, BLANK);
    if (len == 0)
        return NULL;
    char *out = mem_copy(*text, len);
    *text += len;
    return out;
}

static int parse_verdict(struct rule *out, const char **text, struct err *err)
{
    char *said = word(text);
    const char *nearest = said ? str_nearest(said, verdicts, VERDICTS) : NULL;
    int rc = E_PARSE;

    for (size_t i = 0; said && i < VERDICTS; i++) {
        if (strcmp(said, verdicts[i]) == 0) {
            out->verdict = (enum rule_verdict)i;
            rc = 0;
        }
    }
    if (rc && nearest)
        (void)err_set(err, rc,
                      "a rule begins with allow, ask or deny, not '%s'; did you mean '%s'?", said,
                      nearest);
    else if (rc)
        (void)err_set(err, rc, "a rule begins with allow, ask or deny, not '%s'", said ? said : "");
    free(said);
    return rc;
}

/* A pattern that does not compile is the rule's mistake, said where the rule stands. */
static int check_pattern(const char *source, struct err *err)
{
    struct pattern *pattern = NULL;
    int rc = pattern_new(&pattern, source, 0, err);

    pattern_free(pattern);
    return rc;
}

static int parse_test(struct rule *out, const char *text, struct err *err)
{
    text += strspn(text, BLANK);
    size_t name = strcspn(text, "=~"), end = strlen(text);
    while (end > 0 && strchr(BLANK, text[end - 1]))
        end--;
    if (end == 0)
        return 0;
    if (name >= end || strcspn(text, BLANK) < name)
        return err_set(err, E_PARSE,
                       "after the tool a rule has ARGUMENT=TEXT or ARGUMENT~PATTERN, not '%s'",
                       text);
    if (name > 0)
        out->argument = mem_copy(text, name);
    char *value = mem_copy(text + name + 1, end - name - 1);
    if (text[name] == '=') {
        out->equals = value;
        return 0;
    }
    out->matches = value;
    return check_pattern(value, err);
}

int rule_parse(struct rule *out, const char *text, struct err *err)
{
    int rc;

    *out = (struct rule){0};
    rc = parse_verdict(out, &text, err);
    if (rc)
        return rc;
    out->tool = word(&text);
    rc = out->tool ? parse_test(out, text, err)
                   : err_set(err, E_PARSE, "a rule names a tool: %s TOOL", verdicts[out->verdict]);
    if (rc)
        rule_clear(out);
    return rc;
}

void rule_clear(struct rule *rule)
{
    free(rule->tool);
    free(rule->argument);
    free(rule->equals);
    free(rule->matches);
    *rule = (struct rule){0};
}
