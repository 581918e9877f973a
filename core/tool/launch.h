/* SPDX-License-Identifier: MIT */
/*
 * From a validated call of a TOOL_PROCESS tool to what process_start needs. A launch owns what its
 * spec points to. Engine thread: it opens the working folder, nothing else.
 */
#ifndef CORE_TOOL_LAUNCH_H
#define CORE_TOOL_LAUNCH_H

#include "core/base/err.h"
#include "core/tool/environment.h"
#include "core/tool/process.h"
#include "core/tool/tool.h"

#include <cjson/cJSON.h>

struct confine;

struct launch_context {
    const char *exec_path; /* rerail-exec */
    const struct confine *root;
    struct environment_options environment; /* its key = the call's idempotency key */
    enum sandbox_level sandbox;
};

struct launch {
    struct process_spec spec;
    const char **argv; /* what spec.argv is, if it had to be made */
    char **env;
    char *text; /* the command, or the arguments as JSON */
    int cwd;    /* -1 = none */
};

/* 0, or the error that the model is told: E_DENIED for a working folder outside, or a workspace
   that is no longer the one that was opened; E_NOTFOUND. Sets spec.hold for a tool that is not
   pure. */
int launch_new(struct launch *out, const struct tool *tool, const cJSON *args,
               const struct launch_context *context, struct err *err);
void launch_clear(struct launch *launch);

#endif
