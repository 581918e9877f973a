/* SPDX-License-Identifier: MIT */
#include "core/config/rule.h"

#include <string.h>

#include "core/base/str.h"
#include "tests/suite.h"

static const struct {
    const char *text;
    enum rule_verdict verdict;
    const char *tool, *argument, *equals, *matches;
} rules[] = {
    {"allow read_file", RULE_ALLOW, "read_file", NULL, NULL, NULL},
    {"  ask\tshell  ", RULE_ASK, "shell", NULL, NULL, NULL},
    {"deny *", RULE_DENY, "*", NULL, NULL, NULL},
    {"allow shell command=make test", RULE_ALLOW, "shell", "command", "make test", NULL},
    {"allow shell command=a=b~c", RULE_ALLOW, "shell", "command", "a=b~c", NULL},
    {"allow shell command=", RULE_ALLOW, "shell", "command", "", NULL},
    {"deny shell command~\\brm\\b", RULE_DENY, "shell", "command", NULL, "\\brm\\b"},
    {"ask * ~password", RULE_ASK, "*", NULL, NULL, "password"},
    {"ask write_file path~^/etc/ x", RULE_ASK, "write_file", "path", NULL, "^/etc/ x"},
    {"deny * ={}", RULE_DENY, "*", NULL, "{}", NULL},
};

static void test_forms(void)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        struct rule got;

        CU_ASSERT_EQUAL_FATAL(rule_parse(&got, rules[i].text, NULL), 0);
        CU_ASSERT_EQUAL(got.verdict, rules[i].verdict);
        CU_ASSERT(str_eq(got.tool, rules[i].tool));
        CU_ASSERT(str_eq(got.argument, rules[i].argument));
        CU_ASSERT(str_eq(got.equals, rules[i].equals));
        CU_ASSERT(str_eq(got.matches, rules[i].matches));
        rule_clear(&got);
    }
}

static const struct {
    const char *text, *part;
} broken[] = {
    {"", "begins with allow, ask or deny"},
    {"permit shell", "not 'permit'"},
    {"dney shell", "did you mean 'deny'?"},
    {"Allow shell", "did you mean 'allow'?"},
    {"allow", "allow TOOL"},
    {"deny shell rm", "ARGUMENT=TEXT or ARGUMENT~PATTERN, not 'rm'"},
    {"deny shell the command~rm", "ARGUMENT=TEXT"},
    {"deny shell command~(", "pattern"},
};

static void test_broken(void)
{
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct rule got;
        struct err err = {0};

        CU_ASSERT_EQUAL(rule_parse(&got, broken[i].text, &err), E_PARSE);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, broken[i].part));
        CU_ASSERT_PTR_NULL(got.tool);
        CU_ASSERT_PTR_NULL(got.matches);
    }
}

static const struct test tests[] = {
    {"a rule is a verdict, a tool and perhaps a test of an argument", test_forms},
    {"what is none says what was expected", test_broken},
    {NULL, NULL},
};

const struct suite suite_rule = {"rule", tests};
