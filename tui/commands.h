/* SPDX-License-Identifier: MIT */
/* The functions behind cli_table.c, one command_NAME.c each. They return an exit code. */
#ifndef TUI_COMMANDS_H
#define TUI_COMMANDS_H

#include <cjson/cJSON.h>

struct cli;
struct session_task;

int command_attach(struct cli *cli);
int command_bundle(struct cli *cli);
int command_completions(struct cli *cli);
int command_break(struct cli *cli);
int command_compare(struct cli *cli);
int command_config(struct cli *cli);
int command_console(struct cli *cli);
int command_context(struct cli *cli);
int command_demo(struct cli *cli);
int command_doctor(struct cli *cli);
int command_du(struct cli *cli);
int command_exec(struct cli *cli);
int command_export(struct cli *cli);
int command_fsck(struct cli *cli);
int command_gc(struct cli *cli);
int command_health(struct cli *cli);
int command_import(struct cli *cli);
int command_log(struct cli *cli);
int command_ls(struct cli *cli);
int command_man(struct cli *cli);
int command_replay(struct cli *cli);
int command_request(struct cli *cli);
int command_resume(struct cli *cli);
int command_show(struct cli *cli);
int command_sim(struct cli *cli);
int command_themes(struct cli *cli);
int command_tools(struct cli *cli);
int command_verb(struct cli *cli);

/* As console and exec, with this task. The console shows a run that a dead process left instead. */
int command_console_task(struct cli *cli, const struct session_task *task);
int command_exec_task(struct cli *cli, const struct session_task *task);

/* As exec --resume, but says this verb (borrowed) instead of resume, and prints what comes of it.
 */
int command_exec_verb(struct cli *cli, const char *uid, const cJSON *verb);

#endif
