/* SPDX-License-Identifier: MIT */
/*
 * The environment of a child: an allow-list, never what rerail itself was given. PATH (without
 * empty and relative entries), HOME, USER, LOGNAME, SHELL, LANG, LC_*, TZ and names that the
 * operator lists are passed on; TERM=dumb, RERAIL=1, PAGER=cat, GIT_PAGER=cat, CI=1 are set. Names
 * that make a program load code (LD_*, BASH_ENV, …) or that look like secrets are never passed
 * unless the operator listed exactly that name; LD_* not even then. A pure function of its
 * arguments.
 */
#ifndef CORE_TOOL_ENVIRONMENT_H
#define CORE_TOOL_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

struct environment_options {
    const char *const *from; /* NULL-terminated NAME=VALUE: our own environment */
    const char *const *pass; /* names the operator lists */
    size_t pass_count;
    const char *tmpdir; /* a private folder; NULL = TMPDIR is not set */
    const char *key;    /* RERAIL_IDEMPOTENCY_KEY; NULL = none */
};

/* NULL-terminated, one allocation for all of it: yours, free(). */
char **environment_new(const struct environment_options *options);

/* Whether a name may only be passed when it is listed: "AWS_SECRET_ACCESS_KEY", "GIT_DIR". */
bool environment_guarded(const char *name);

#endif
