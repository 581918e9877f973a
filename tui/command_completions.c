/* SPDX-License-Identifier: MIT */
/*
 * rerail completions: what the three shells need to complete commands, options and runs, made from
 * the tables. Runs are asked of the program itself when they are wanted.
 */
#include "tui/commands.h"

#include "core/base/str.h"
#include "core/config/setting.h"
#include "tui/cli.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static void each_option(const struct cli_command *command,
                        void (*fn)(const struct cli_command *command,
                                   const struct cli_option *option))
{
    struct cli_option option;

    for (size_t i = 0; cli_option_at(&option, command, i); i++)
        fn(command, &option);
}

static bool takes_run(const struct cli_command *command)
{
    return str_starts(command->args, "RUN") || str_starts(command->args, "[RUN");
}

/* Inside single quotes. */
static void put_quoted(const char *text)
{
    for (; *text; text++)
        if (*text == '\'')
            fputs("'\\''", stdout);
        else
            putchar(*text);
}

/* --- bash ----------------------------------------------------------------------------------------
 */

static void bash_option(const struct cli_command *command, const struct cli_option *option)
{
    (void)command;
    printf(" --%s", option->name);
}

static void bash(void)
{
    const struct cli_command *command;

    puts("# bash completion for rerail, made by: rerail completions bash\n"
         "_rerail() {\n"
         "    local cur=${COMP_WORDS[COMP_CWORD]} cmd=${COMP_WORDS[1]} words=\n"
         "    if [ \"$COMP_CWORD\" = 1 ]; then");
    fputs("        words='", stdout);
    for (size_t i = 0; (command = cli_at(i)); i++)
        printf(i ? " %s" : "%s", command->name);
    puts(" --help --version'\n    else\n        case $cmd in");
    for (size_t i = 0; (command = cli_at(i)); i++) {
        printf("        %s) words='", command->name);
        each_option(command, bash_option);
        puts("'");
        if (takes_run(command))
            puts("            [ \"$COMP_CWORD\" = 2 ] && words=\"$words last "
                 "$(rerail ls 2>/dev/null | awk 'NR>1{print $1}')\"");
        puts("            ;;");
    }
    puts("        esac\n    fi\n"
         "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
         "}\ncomplete -o default -F _rerail rerail");
}

/* --- zsh -----------------------------------------------------------------------------------------
 */

/* _arguments reads '[' ']' ':' itself. */
static void zsh_help(const char *text)
{
    for (; *text; text++) {
        char one[2] = {*text, '\0'};

        if (strchr("[]:\\", *text))
            putchar('\\');
        put_quoted(one);
    }
}

static void zsh_option(const struct cli_command *command, const struct cli_option *option)
{
    (void)command;
    printf(" \\\n            '--%s[", option->name);
    zsh_help(option->help);
    printf("]%s%s'", option->arg ? ":" : "", option->arg ? option->arg : "");
}

static void zsh(void)
{
    const struct cli_command *command;

    puts("#compdef rerail\n# zsh completion for rerail, made by: rerail completions zsh\n"
         "_rerail_runs() {\n"
         "    local -a runs\n"
         "    runs=(last ${(f)\"$(rerail ls 2>/dev/null | awk 'NR>1{print $1}')\"})\n"
         "    compadd -a runs\n"
         "}\n"
         "_rerail() {\n"
         "    local -a commands\n"
         "    commands=(");
    for (size_t i = 0; (command = cli_at(i)); i++) {
        printf("        '%s:", command->name);
        zsh_help(command->help);
        puts("'");
    }
    puts("    )\n"
         "    if (( CURRENT == 2 )); then\n"
         "        _describe command commands\n"
         "        return\n"
         "    fi\n"
         "    local cmd=$words[2]\n"
         "    shift words\n"
         "    (( CURRENT-- ))\n"
         "    case $cmd in");
    for (size_t i = 0; (command = cli_at(i)); i++) {
        printf("        %s) _arguments", command->name);
        each_option(command, zsh_option);
        printf(" \\\n            '%s' ;;\n",
               takes_run(command) ? "1:run:_rerail_runs" : "*::argument:_files");
    }
    puts("    esac\n}\n_rerail \"$@\"");
}

/* --- fish ----------------------------------------------------------------------------------------
 */

static void fish_option(const struct cli_command *command, const struct cli_option *option)
{
    printf("complete -c rerail -n '__fish_seen_subcommand_from %s' -l %s", command->name,
           option->name);
    if (option->letter)
        printf(" -s %c", option->letter);
    fputs(option->arg ? " -r -d '" : " -d '", stdout);
    put_quoted(option->help);
    puts("'");
}

static void fish(void)
{
    const struct cli_command *command;

    puts("# fish completion for rerail, made by: rerail completions fish\n"
         "complete -c rerail -n __fish_use_subcommand -f");
    for (size_t i = 0; (command = cli_at(i)); i++) {
        printf("complete -c rerail -n __fish_use_subcommand -a %s -d '", command->name);
        put_quoted(command->help);
        puts("'");
        if (takes_run(command))
            printf("complete -c rerail -n '__fish_seen_subcommand_from %s' -f -a \"last "
                   "(rerail ls 2>/dev/null | awk 'NR>1{print \\$1}')\"\n",
                   command->name);
        each_option(command, fish_option);
    }
}

static const struct {
    const char *name;
    void (*print)(void);
} shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};

int command_completions(struct cli *cli)
{
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
        if (str_eq(cli->words[0], shells[i].name)) {
            shells[i].print();
            return EXIT_DONE;
        }
    return cli_fail(EXIT_USAGE, "completions are for bash, zsh and fish, not %s", cli->words[0]);
}
