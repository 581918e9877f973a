/* SPDX-License-Identifier: MIT */
/* The functions behind cli_table.c, one command_NAME.c each. They return an exit code. */
#ifndef TUI_COMMANDS_H
#define TUI_COMMANDS_H

struct cli;

int command_exec(struct cli *cli);
int command_sim(struct cli *cli);

#endif
