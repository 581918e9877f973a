/* SPDX-License-Identifier: MIT */
/*
 * One line of policy as it is written in config files, agent files, flags and :set:
 *
 *     allow read_file                 a tool by name or glob, whatever its arguments
 *     allow shell command=make test   the argument is exactly this text
 *     deny shell command~\brm\b       the argument has a match of this pattern (PCRE2)
 *     ask * ~password                 any argument (all of them as JSON text) has one
 *
 * Only its form is judged here; what it does to a call is core/tool's policy.
 */
#ifndef CORE_CONFIG_RULE_H
#define CORE_CONFIG_RULE_H

#include "core/base/err.h"

enum rule_verdict { RULE_ALLOW, RULE_ASK, RULE_DENY };

struct rule {
    enum rule_verdict verdict;
    char *tool;     /* glob */
    char *argument; /* NULL = all of them */
    char *equals;   /* at most one of these two */
    char *matches;
};

int rule_parse(struct rule *out, const char *text, struct err *err); /* 0 or E_PARSE */
void rule_clear(struct rule *rule);

#endif
