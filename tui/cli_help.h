/* SPDX-License-Identifier: MIT */
/* --help, made from the tables. */
#ifndef TUI_CLI_HELP_H
#define TUI_CLI_HELP_H

#include <stdio.h>

struct cli_command;

void cli_help(FILE *out); /* the program */
void cli_help_command(const struct cli_command *command, FILE *out);

#endif
