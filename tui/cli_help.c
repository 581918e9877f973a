/* SPDX-License-Identifier: MIT */
#include "tui/cli_help.h"

#include "core/base/str.h"
#include "core/config/setting.h"
#include "tui/cli.h"

void cli_help(FILE *out)
{
    const struct cli_command *command;

    fputs("rerail: a terminal console for AI agent runs\n\n"
          "  rerail                 open the console on the runs\n"
          "  rerail \"TASK\"          start a run in the console\n"
          "  rerail exec \"TASK\"     run it here, without the console\n"
          "  rerail COMMAND --help  what a command takes\n\n",
          out);
    for (size_t i = 0; (command = cli_at(i)); i++)
        fprintf(out, "  %-12s %s\n", command->name, command->help);
    fputs("\nRUN is the start of a run's id, or last.\n"
          "More in man rerail (rerail man prints it). Exit codes:\n",
          out);
#define X(name, code, word, help) fprintf(out, "  %3d %s\n", code, word);
    EXIT_CODES(X)
#undef X
}

static void option_line(FILE *out, const struct cli_option *option)
{
    char left[48];

    if (option->letter)
        str_format(left, sizeof left, "-%c, --%s%s%s", option->letter, option->name,
                   option->arg ? " " : "", option->arg ? option->arg : "");
    else
        str_format(left, sizeof left, "    --%s%s%s", option->name, option->arg ? " " : "",
                   option->arg ? option->arg : "");
    fprintf(out, "  %-30s %s\n", left, option->help);
}

void cli_help_command(const struct cli_command *command, FILE *out)
{
    fprintf(out, "usage: rerail %s [OPTION ...]%s%s\n\n%s\n", command->name,
            *command->args ? " " : "", command->args, command->help);
    if (command->text)
        fprintf(out, "\n%s\n", command->text);
    fputs("\n", out);
    option_line(out, &(struct cli_option){"help", 'h', NULL, "this text"});
    for (const struct cli_option *o = command->options; o && o->name; o++)
        option_line(out, o);
    if (!command->settings)
        return;
    for (const struct cli_option *o = cli_common; o->name; o++)
        option_line(out, o);
    fputs("\nSettings (rerail config shows all, and where each value comes from):\n", out);
    for (const struct setting *setting = setting_table; setting->name; setting++) {
        const struct cli_option flag = {
            setting->flag, 0, setting->type == SETTING_BOOL ? NULL : "VALUE", setting->help};

        if (setting->flag)
            option_line(out, &flag);
    }
}
