/* SPDX-License-Identifier: MIT */
/*
 * The tool search_files: a pattern over the lines of the workspace's text files, bounded in files,
 * matches and time. A job for a worker. Lines are searched as the model may see them: a key is
 * `***` before it is looked at, so that no pattern can guess it letter by letter.
 */
#ifndef CORE_TOOL_SEARCH_H
#define CORE_TOOL_SEARCH_H

struct tool_job;

extern const char search_parameters[]; /* JSON schema */

void search_files(struct tool_job *job);

#endif
