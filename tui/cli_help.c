/* SPDX-License-Identifier: MIT */
#include "tui/cli_help.h"

#include "core/base/str.h"
#include "core/config/setting.h"
#include "tui/cli.h"

#include <string.h>

#define COLUMNS 80
#define LEFT    27 /* columns of an option, before what it means */

/* What people need first, of those that `rerail` itself takes; in this order. */
static const char *const everyday[] = {"model",    "base-url",  "agent",
                                       "max-cost", "workspace", "allow-unsandboxed"};

/* A line's words in lines of at most COLUMNS, the following ones from `indent` on. */
static void put_wrapped(FILE *out, const char *line, size_t len, int indent)
{
    const char *end = line + len;
    int at = indent;

    while (line < end) {
        const char *blank = memchr(line, ' ', (size_t)(end - line));
        int word = (int)((blank ? blank : end) - line);

        if (at > indent && at + 1 + word > COLUMNS) {
            fprintf(out, "\n%*s", indent, "");
            at = indent;
        }
        at += fprintf(out, "%s%.*s", at > indent ? " " : "", word, line);
        line += word + (blank != NULL);
    }
    fputs("\n", out);
}

static void put_lines(FILE *out, const char *text)
{
    for (size_t len; *text; text += len + (text[len] == '\n')) {
        len = strcspn(text, "\n");
        put_wrapped(out, text, len, 0);
    }
}

static bool is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

static void option_line(FILE *out, const struct cli_option *option)
{
    const char *arg = option->arg ? option->arg : "", *gap = option->arg ? " " : "";
    char left[48], help[256];

    if (option->letter)
        str_format(left, sizeof left, "-%c, --%s%s%s", option->letter, option->name, gap, arg);
    else
        str_format(left, sizeof left, "    --%s%s%s", option->name, gap, arg);
    fprintf(out, "  %-*s ", LEFT - 3, left);
    if (strlen(left) > LEFT - 3)
        fprintf(out, "\n%*s", LEFT, "");
    str_format(help, sizeof help, "%s", option->help);
    if (is_capital(help[0]) && !is_capital(help[1])) /* a setting's is a sentence */
        help[0] = (char)(help[0] - 'A' + 'a');
    put_wrapped(out, help, strlen(help), LEFT);
}

static void everyday_options(FILE *out)
{
    const struct cli_command *console = cli_find("console");
    struct cli_option option;

    for (size_t n = 0; n < sizeof everyday / sizeof *everyday; n++)
        for (size_t i = 0; cli_option_at(&option, console, i); i++)
            if (str_eq(option.name, everyday[n]))
                option_line(out, &option);
}

void cli_help(FILE *out)
{
    const struct cli_command *command;
    const char *group = "";

    fputs("rerail: a terminal console for AI agent runs\n\n"
          "  rerail             open the console on the runs\n"
          "  rerail \"TASK\"      start a run in the console\n"
          "  rerail demo        see what it does: no key, no network\n\n",
          out);
    for (size_t i = 0; (command = cli_at(i)); i++) {
        fprintf(out, "%-10s  %-11s  %s\n", str_eq(command->group, group) ? "" : command->group,
                command->name, command->help);
        group = command->group;
    }
    fputs("\n", out);
    everyday_options(out);
    fputs("\nRUN is the start of a run's id, or last. rerail COMMAND --help says what a\n"
          "command takes, rerail config lists every setting, man rerail has the rest.\n",
          out);
}

static void setting_options(FILE *out)
{
    fputs("\nSettings (rerail config shows all, and where each value comes from):\n", out);
    for (const struct setting *setting = setting_table; setting->name; setting++) {
        const struct cli_option flag = cli_flag(setting);

        if (setting->flag)
            option_line(out, &flag);
    }
}

static void exit_codes(FILE *out)
{
    fputs("\nExit codes:\n", out);
#define X(name, code, word, help) fprintf(out, "  %3d  %s: %s\n", code, word, help);
    EXIT_CODES(X)
#undef X
}

void cli_help_command(const struct cli_command *command, FILE *out)
{
    fprintf(out, "usage: rerail %s [OPTION ...]%s%s\n\n%s\n", command->name,
            *command->args ? " " : "", command->args, command->help);
    if (command->text) {
        fputs("\n", out);
        put_lines(out, command->text);
    }
    fputs("\n", out);
    option_line(out, &(struct cli_option){"help", 'h', NULL, "this text"});
    for (const struct cli_option *o = command->options; o && o->name; o++)
        option_line(out, o);
    for (const struct cli_option *o = cli_common; command->settings && o->name; o++)
        option_line(out, o);
    if (command->works) {
        setting_options(out);
        exit_codes(out);
    } else if (command->settings) {
        fputs("\nIt also takes the flags of settings: see rerail config.\n", out);
    }
}
