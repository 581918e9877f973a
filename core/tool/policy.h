/* SPDX-License-Identifier: MIT */
/*
 * May this call run? A pure function of the operator's rules, the call and the sandbox; no I/O.
 * Engine thread only. In order:
 *
 *   1. Any matching deny rule denies, wherever it stands.
 *   2. Writing to a protected path (confine.h) asks, whatever else says, and every time.
 *   3. A grant ("always for this run") allows what it was given for.
 *   4. The last matching rule decides; later lists (agent file, flags) come after earlier ones.
 *      Not sandboxed, a rule lets a model's shell text run only if it names that very tool and
 *      nothing else (the operator trusts the tool as such), or the exact argument: a pattern over
 *      shell text is no boundary, so such a match asks instead.
 *   5. The default of the tool's kind: the table in policy.c.
 *
 * A rule about the path of a file tool sees it as written, cleaned, and as the kernel resolved it:
 * to deny or to ask one fitting form is enough, to allow all must fit. So does a pattern that takes
 * too long: it fits for deny and ask, and not for allow.
 */
#ifndef CORE_TOOL_POLICY_H
#define CORE_TOOL_POLICY_H

#include "core/base/err.h"
#include "core/tool/sandbox.h"
#include "core/tool/tool.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct policy;

enum policy_verdict { POLICY_ALLOW, POLICY_ASK, POLICY_DENY };
const char *policy_verdict_name(enum policy_verdict verdict);        /* "allow", "ask", "deny" */
int policy_verdict_find(enum policy_verdict *out, const char *name); /* 0 or E_NOTFOUND */

/* One line of the operator's policy. All that is given must match. */
struct policy_rule {
    const char *tool;     /* glob over the tool's name; NULL = any */
    const char *argument; /* which argument; NULL = all of them as canonical JSON text */
    const char *equals;   /* the argument is exactly this text */
    const char *matches;  /* the argument has a match of this pattern (PCRE2) */
    enum policy_verdict verdict;
    const char *source; /* where it was written, for the reason: "config.yaml:12" */
};

int policy_new(struct policy **out, const struct policy_rule *rules, size_t count,
               struct err *err); /* copies; E_PARSE names the rule */
void policy_free(struct policy *policy);

/* What a person said "always" to. */
struct policy_grant {
    char *tool;
    char *args; /* shell tools: exactly these, as canonical JSON; NULL = the whole tool */
};

struct policy_question {
    const struct tool *tool;
    const cJSON *args;     /* validated */
    const char *real_path; /* where path_argument leads, links resolved, relative to the root; NULL
                              when the tool has none or it does not exist yet */
    enum sandbox_level sandbox;
    bool allow_unsandboxed; /* --allow-unsandboxed, or the operator's own setting */
    bool own_workspace;     /* the folder is rerail's own (the demo's) */
    const struct policy_grant *grants;
    size_t grant_count;
};

struct policy_answer {
    enum policy_verdict verdict;
    bool grantable;           /* "always for this run" may be offered */
    char reason[ERR_MSG_MAX]; /* one line: which rule or default, and why */
};

void policy_decide(struct policy_answer *out, const struct policy *policy,
                   const struct policy_question *question);

/* The grant that "always" stands for in this call; yours. */
void policy_grant_make(struct policy_grant *out, const struct policy_question *question);
void policy_grant_clear(struct policy_grant *grant);

#endif
