/* SPDX-License-Identifier: MIT */
/*
 * Command tools: programs that an agent file declares as tools. The model's arguments go to the
 * program as one JSON object on stdin, never onto a command line; the argv is fixed by the file.
 *
 *   tools:
 *     - name: stock
 *       description: Says how many are in stock.
 *       parameters: {type: object, properties: {sku: {type: string}}, required: [sku]}
 *       argv: [./bin/stock, --json]    # looked up in PATH, absolute, or in the workspace
 *       policy: pure                   # pure | idempotent | once (default)
 *       cache: false
 *       writes: true                   # may change files of the workspace (default: not pure)
 *       retry_exit_codes: [75]         # not with once
 *       timeout: 30s
 *
 * Exit 0: stdout is the result. Any other exit is a failure; the model gets the code and both
 * outputs.
 */
#ifndef CORE_TOOL_COMMAND_H
#define CORE_TOOL_COMMAND_H

#include "core/base/err.h"
#include "core/tool/tool.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct command {
    char *name, *description;
    char *parameters; /* schema as JSON text */
    char **argv;      /* NULL-terminated */
    enum tool_policy policy;
    bool cache, writes;
    int *retry_codes;
    size_t retry_count;
    int64_t timeout_us; /* 0 = default */
};

/* One entry of an agent file's list, as yaml.h reads it. On failure *where (may be NULL) is the
   value at fault, borrowed from entry, so that the caller can name file and line. Any key not
   listed above is an error with the nearest right one. */
int command_parse(struct command *out, const cJSON *entry, const cJSON **where, struct err *err);
void command_copy(struct command *out, const struct command *command);
void command_clear(struct command *command);

/* The row of a toolset; borrows everything from command. */
struct tool command_tool(const struct command *command);

#endif
