/* SPDX-License-Identifier: MIT */
/*
 * Any words as a command line, one a line of the input, parsed as the program does: refused, or a
 * command of the table with as many words as it takes, options of its own, and a configuration in
 * which every value can be written and read back.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/config/config.h"
#include "tui/cli.h"

#define WORDS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
    if (!truth)
        abort();
}

/* What the program says goes nowhere; no configuration of this machine is read. */
static int parse_quietly(struct cli *cli, int argc, char **argv)
{
    static FILE *nowhere;
    FILE *out = stdout, *err = stderr;

    if (!nowhere)
        must((nowhere = fopen("/dev/null", "w")) && setenv("XDG_CONFIG_HOME", "/nowhere", 1) == 0);
    stdout = stderr = nowhere;
    int code = cli_parse(cli, argc, argv);
    stdout = out;
    stderr = err;
    return code;
}

static bool is_option(const struct cli_command *command, const char *name)
{
    struct cli_option option;

    for (size_t i = 0; cli_option_at(&option, command, i); i++)
        if (strcmp(option.name, name) == 0)
            return true;
    return false;
}

static void try_parsed(const struct cli *cli, char **argv, int argc)
{
    const struct cli_command *command = cli->command;

    must(command && cli_find(command->name) == command);
    must(cli->word_count >= (size_t)command->least);
    must(command->most < 0 || cli->word_count <= (size_t)command->most);
    must(cli->words + cli->word_count == argv + argc);
    for (size_t i = 0; i < cli->given_count; i++)
        must(is_option(command, cli->given[i].name));
    must(!command->settings || cli->config);
    for (const struct setting *setting = setting_table; cli->config && setting->name; setting++) {
        struct setting_value value;
        struct buf text;

        buf_init(&text, 8u << 20);
        must(config_value(&text, cli->config, setting) == 0);
        must(setting_parse(&value, setting, text.data, NULL) == 0);
        setting_value_free(&value);
        buf_free(&text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const environment[] = {NULL};
    struct cli cli = {.environment = environment};
    char program[] = "rerail", *argv[WORDS + 1] = {program};
    char *line = mem_copy((const char *)data, size);
    int argc = 1;

    for (char *rest = line; rest && argc < WORDS;)
        argv[argc++] = strsep(&rest, "\n");
    int code = parse_quietly(&cli, argc, argv);
    if (code == CLI_RUN)
        try_parsed(&cli, argv, argc);
    else
        must(code == EXIT_DONE || code == EXIT_USAGE);
    cli_clear(&cli);
    free(line);
    return 0;
}
