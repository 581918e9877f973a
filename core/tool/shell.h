/* SPDX-License-Identifier: MIT */
/*
 * The tool `shell`: a command line that the model wrote, for /bin/sh -c, in the workspace. Never a
 * login shell; stdin is empty. Its exit code is an outcome, not a failure: an agent that runs a
 * failing test five times is working.
 */
#ifndef CORE_TOOL_SHELL_H
#define CORE_TOOL_SHELL_H

#include "core/tool/launch.h"

extern const char shell_parameters[]; /* JSON schema */

int shell_prepare(struct launch *out, const struct tool *tool, const cJSON *args,
                  const struct launch_context *context, struct err *err);

#endif
