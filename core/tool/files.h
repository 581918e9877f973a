/* SPDX-License-Identifier: MIT */
/*
 * The file tools: read_file, write_file, edit_file, list_files. Jobs for workers (job.h), confined
 * to the workspace (confine.h). What the model reads has the engine's keys masked; where a key
 * stands in a file, the model's `***` is refused as new text, because it would destroy the key.
 */
#ifndef CORE_TOOL_FILES_H
#define CORE_TOOL_FILES_H

struct tool_job;

extern const char files_read_parameters[]; /* JSON schemas */
extern const char files_write_parameters[];
extern const char files_edit_parameters[];
extern const char files_list_parameters[];

void files_read(struct tool_job *job);
void files_write(struct tool_job *job);
void files_edit(struct tool_job *job);
void files_list(struct tool_job *job);

#endif
