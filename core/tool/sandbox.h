/* SPDX-License-Identifier: MIT */
/*
 * How strongly the machine itself holds a tool in. Nothing enforces more than SANDBOX_NONE yet: the
 * level travels with every process and every policy question, is shown to the operator in these
 * words, and rerail-exec refuses to start a tool at a level that it cannot give, so that a missing
 * defence is visible and never silently weaker.
 */
#ifndef CORE_TOOL_SANDBOX_H
#define CORE_TOOL_SANDBOX_H

enum sandbox_level { SANDBOX_NONE, SANDBOX_LANDLOCK, SANDBOX_BWRAP, SANDBOX_LEVEL_COUNT };

/* "not sandboxed", "landlock", "bubblewrap". Static text. */
const char *sandbox_name(enum sandbox_level level);

#endif
