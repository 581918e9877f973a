/* SPDX-License-Identifier: MIT */
/*
 * What an agent can do. A tool is one row: what the model reads about it, how its arguments must
 * look, what its effects are, and the one function that makes it happen. Built-in tools are a
 * const table in tool.c; a run's toolset is the part of that table which its agent chose, plus the
 * command tools that its agent file declares. Rows never change once made: a worker may read that
 * of its job, and the toolset must outlive the jobs that were started from it.
 */
#ifndef CORE_TOOL_TOOL_H
#define CORE_TOOL_TOOL_H

#include "core/base/err.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct command;
struct launch;
struct launch_context;
struct schema;
struct tool_job;
struct tool_result;
struct toolset;

#define TOOL_NAME_MAX        64 /* letters, digits, '_' and '-' */
#define TOOL_DESCRIPTION_MAX 4096

/* What running it again may do (product.md section 4). */
enum tool_policy {
    TOOL_ONCE,       /* never run again without a person's word; the default */
    TOOL_IDEMPOTENT, /* same key, same effect: may be retried with the same key */
    TOOL_PURE        /* only reads */
};
const char *tool_policy_name(enum tool_policy policy);         /* "once", "idempotent", "pure" */
int tool_policy_find(enum tool_policy *out, const char *name); /* 0 or E_NOTFOUND */

enum tool_kind {
    TOOL_JOB,    /* a function of ours, run on a worker (job.h) */
    TOOL_PROCESS /* a child process (launch.h, process.h) */
};

enum tool_origin { TOOL_BUILTIN, TOOL_COMMAND };

struct tool {
    const char *name;
    const char *description; /* for the model */
    const char *parameters;  /* its JSON schema as text; an object */
    enum tool_origin origin;
    enum tool_kind kind;
    enum tool_policy policy;
    bool cache;                 /* results may be served again (the seed's cache) */
    bool writes;                /* may change files of the workspace: snapshot after it */
    bool shell;                 /* runs text that a model wrote as a program */
    const char *path_argument;  /* the argument that is a path in the workspace; NULL = none */
    const char *title_argument; /* the argument that says most about a call in one line; NULL */
    int64_t timeout_us;         /* default deadline of one attempt */
    const int *retry_codes;     /* exit codes that may be retried; never for TOOL_ONCE */
    size_t retry_count;
    const char *const *argv;           /* of a command tool, NULL-terminated; else NULL */
    const struct schema *schema;       /* parameters compiled; set in every row of a toolset */
    void (*run)(struct tool_job *job); /* TOOL_JOB */
    int (*prepare)(struct launch *out, const struct tool *tool, const cJSON *args,
                   const struct launch_context *context, struct err *err); /* TOOL_PROCESS */
};

struct toolset_options {
    const char *const *builtins; /* names that the agent chose; NULL = all */
    size_t builtin_count;
    const struct command *commands; /* of the agent file; copied */
    size_t command_count;
};

/* E_NOTFOUND for an unknown built-in (with the nearest name), E_EXISTS for a name given twice or a
   command tool that would hide a built-in one, E_PARSE for a schema. */
int toolset_new(struct toolset **out, const struct toolset_options *options, struct err *err);
void toolset_free(struct toolset *set);

/* Built-ins in the table's order, then command tools in the file's: the same set always gives the
   same list, and so the same request bytes. */
size_t toolset_count(const struct toolset *set);
const struct tool *toolset_at(const struct toolset *set, size_t index);
const struct tool *toolset_find(const struct toolset *set, const char *name); /* exact; NULL */

/* The set as a JSON array of {"name","description","parameters"}, in order: for people, and to be
   hashed. Borrowed, made once. */
const char *toolset_json(const struct toolset *set);

/* The built-in table, for `rerail tools` and the tests. `schema` is NULL in these rows. */
const struct tool *tool_builtins(size_t *count);

struct tool_request {
    const struct tool *tool; /* borrowed from the toolset */
    cJSON *args;             /* an object that fits the tool's schema; yours, cJSON_Delete */
};

/* Looks up and validates what a model asked for: 0, or E_NOTFOUND, E_PARSE, E_TOOBIG, E_RANGE with
   *refusal filled with what the model is told (result_clear it). Text "" counts as {}. Nothing was
   executed. Engine thread only: a schema's patterns have one owner. */
int tool_request_check(struct tool_request *out, const struct toolset *set, const char *name,
                       const char *args, size_t len, struct tool_result *refusal);

#endif
