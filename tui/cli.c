/* SPDX-License-Identifier: MIT */
#include "tui/cli.h"

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/config/agent_file.h"
#include "core/config/config.h"
#include "core/config/setting.h"
#include "core/tool/command.h"
#include "core/tool/tool.h"
#include "tui/cli_help.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int cli_fail(int code, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    fprintf(stderr, "rerail: %s\n", text);
    return code;
}

int cli_error(const struct err *err)
{
    return cli_fail(err->code == E_USAGE ? EXIT_USAGE : EXIT_ERROR, "%s", err->msg);
}

int cli_sys(int number, const char *what)
{
    struct err err = {0};

    (void)err_sys(&err, number, "%s", what);
    return cli_error(&err);
}

const char *cli_option(const struct cli *cli, const char *name)
{
    for (size_t i = cli->given_count; i-- > 0;)
        if (strcmp(cli->given[i].name, name) == 0)
            return cli->given[i].value ? cli->given[i].value : "";
    return NULL;
}

char *cli_join(const struct cli *cli, size_t from)
{
    struct buf text;

    buf_init(&text, 1 << 20);
    for (size_t i = from; i < cli->word_count; i++) {
        (void)buf_text(&text, i > from ? " " : ""); /* the kernel's own limit is lower */
        (void)buf_text(&text, cli->words[i]);
    }
    return buf_take(&text);
}

/* --- options ------------------------------------------------------------------------------------
 */

/* What getopt_long reads, made from the tables; val is the index behind OPTION_BASE. */
struct spec {
    struct option *longs;
    struct buf shorts;
    size_t count, cap;
};

#define OPTION_BASE 1000

static void add_option(struct spec *spec, const struct cli_option *option)
{
    spec->longs = mem_room(spec->longs, spec->count, &spec->cap, sizeof *spec->longs);
    spec->longs[spec->count] =
        (struct option){.name = option->name,
                        .has_arg = option->arg ? required_argument : no_argument,
                        .val = OPTION_BASE + (int)spec->count};
    if (option->letter)
        (void)buf_printf(&spec->shorts, "%c%s", option->letter, option->arg ? ":" : "");
    spec->count++;
}

static void make_spec(struct spec *spec, const struct cli_command *command)
{
    struct cli_option option;

    memset(spec, 0, sizeof *spec);
    buf_init(&spec->shorts, 4096);
    (void)buf_text(&spec->shorts, ":"); /* the ceiling is far */
    for (size_t i = 0; cli_option_at(&option, command, i); i++)
        add_option(spec, &option);
    spec->longs = mem_room(spec->longs, spec->count, &spec->cap, sizeof *spec->longs);
    memset(&spec->longs[spec->count], 0, sizeof *spec->longs);
}

static const char *by_letter(const struct cli_command *command, int letter)
{
    struct cli_option option;

    for (size_t i = 0; cli_option_at(&option, command, i); i++)
        if (option.letter == letter)
            return option.name;
    return NULL;
}

static void give(struct cli *cli, const char *name, const char *value)
{
    cli->given = mem_room(cli->given, cli->given_count, &cli->given_cap, sizeof *cli->given);
    cli->given[cli->given_count].name = name;
    cli->given[cli->given_count++].value = value;
}

/* optopt is the letter, or a long option's index behind OPTION_BASE; 0 when there is no such. */
static int bad_option(const struct spec *spec, char **argv, int found)
{
    const char *word = argv[optind - 1], *known = NULL;

    if (optopt >= OPTION_BASE)
        known = spec->longs[optopt - OPTION_BASE].name;
    if (found == ':' && known)
        return cli_fail(EXIT_USAGE, "--%s needs a value", known);
    if (found == ':')
        return cli_fail(EXIT_USAGE, "-%c needs a value", optopt);
    if (known)
        return cli_fail(EXIT_USAGE, "--%s takes no value", known);
    if (optopt)
        return cli_fail(EXIT_USAGE, "there is no option -%c: see --help", optopt);
    const char **names = mem_array(spec->count + 1, sizeof *names);
    for (size_t i = 0; i < spec->count; i++)
        names[i] = spec->longs[i].name;
    const char *nearest = str_nearest(word + 2, names, spec->count);
    free(names);
    if (nearest)
        return cli_fail(EXIT_USAGE, "there is no option %s; did you mean --%s?", word, nearest);
    return cli_fail(EXIT_USAGE, "there is no option %s: see --help", word);
}

static int next_option(const struct spec *spec, int argc, char **argv)
{
    /* No thread is there yet. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    return getopt_long(argc, argv, spec->shorts.data, spec->longs, NULL);
}

/* CLI_RUN, or an exit code. */
static int parse_options(struct cli *cli, int argc, char **argv)
{
    struct spec spec;
    int found, rc = CLI_RUN;

    make_spec(&spec, cli->command);
    optind = 0; /* anew, also after a line that was left in the middle of a word */
    opterr = 0;
    while (rc == CLI_RUN && (found = next_option(&spec, argc, argv)) >= 0) {
        if (found == '?' || found == ':')
            rc = bad_option(&spec, argv, found);
        else if (found >= OPTION_BASE)
            give(cli, spec.longs[found - OPTION_BASE].name, optarg);
        else
            give(cli, by_letter(cli->command, found), optarg);
    }
    cli->words = argv + optind;
    cli->word_count = (size_t)(argc - optind);
    free(spec.longs);
    buf_free(&spec.shorts);
    return rc;
}

/* --- configuration ------------------------------------------------------------------------------
 */

static int check_command(const cJSON *entry, const cJSON **where, struct err *err)
{
    struct command command = {0};
    int rc = command_parse(&command, entry, where, err);

    if (rc == 0)
        command_clear(&command);
    return rc;
}

static int read_agent(struct cli *cli, const char *name, struct err *err)
{
    struct agent_file *agent = NULL;
    char *config_dir = NULL, *dir = NULL;
    size_t count = 0;
    const struct tool *tools = tool_builtins(&count);
    const char **names = mem_array(count + 1, sizeof *names);

    for (size_t i = 0; i < count; i++)
        names[i] = tools[i].name;
    const struct agent_checks checks = {.command = check_command, .tools = names};
    if (path_root(&config_dir, PATH_CONFIG, NULL) == 0)
        dir = path_join(config_dir, "agents");
    int rc = agent_file_find(&agent, dir, name, &checks, err);
    if (rc == 0)
        rc = config_agent(cli->config, agent, err);
    agent_file_free(agent);
    free(names);
    free(config_dir);
    free(dir);
    return rc;
}

static int set_flag(struct cli *cli, const char *name, const char *value, struct err *err)
{
    const char *equals = value ? strchr(value, '=') : NULL;

    if (strcmp(name, "set") != 0)
        return setting_by_flag(name) ? config_flag(cli->config, name, value ? value : "true", err)
                                     : 0;
    if (!equals)
        return err_set(err, E_USAGE, "--set takes NAME=VALUE");
    char *setting = mem_printf("%.*s", (int)(equals - value), value);
    int rc = config_flag(cli->config, setting, equals + 1, err);
    free(setting);
    return rc;
}

int cli_configure(struct cli *cli, struct err *err)
{
    const char *file = cli_option(cli, "config");
    const char *agent = cli_option(cli, "agent");
    const char *own = cli->command->agent ? cli->command->agent : "default";

    if (cli->config)
        return 0;
    config_new(&cli->config);
    int rc = file ? config_load(cli->config, file, err) : config_load_user(cli->config, err);
    if (rc == 0)
        rc = read_agent(cli, agent ? agent : own, err);
    if (rc == 0)
        rc = config_env(cli->config, (char *const *)(uintptr_t)cli->environment, err);
    for (size_t i = 0; rc == 0 && i < cli->given_count; i++)
        rc = set_flag(cli, cli->given[i].name, cli->given[i].value, err);
    return rc;
}

/* --- running ------------------------------------------------------------------------------------
 */

/* The command that a word was probably meant to be, or NULL. */
static const char *nearest_command(const char *word)
{
    const struct cli_command *command;
    const char *names[128];
    size_t count = 0;

    for (; count < 128 && (command = cli_at(count)); count++)
        names[count] = command->name;
    return str_nearest(word, names, count);
}

/* `rerail`, `rerail "TASK"` and `rerail --model X "TASK"` are the console. So is a task without
   quotes, unless its first word looks like a slip: `rerail shwo last` must not start a run. */
static const struct cli_command *choose(int argc, char **argv, int *skip)
{
    *skip = 0;
    if (argc < 2 || argv[1][0] == '-')
        return cli_find("console");
    const struct cli_command *command = cli_find(argv[1]);
    if (command) {
        *skip = 1;
        return command;
    }
    if (strchr(argv[1], ' ') || (argc > 2 && argv[2][0] != '-' && !nearest_command(argv[1])))
        return cli_find("console");
    return NULL;
}

static int unknown(const char *word)
{
    const char *nearest = nearest_command(word);

    return cli_fail(
        EXIT_USAGE, "there is no command %s%s%s%s; a task of one word: rerail console \"%s\"", word,
        nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "", word);
}

/* What is answered without a command. */
static int answer(int argc, char **argv)
{
    if (argc < 1) /* no kernel of today starts a program so */
        return cli_fail(EXIT_USAGE, "which command? see rerail --help");
    if (argc == 2 && (str_eq(argv[1], "--version") || str_eq(argv[1], "-V"))) {
        puts("rerail " RERAIL_VERSION);
        return EXIT_DONE;
    }
    if (argc == 2 && (str_eq(argv[1], "--help") || str_eq(argv[1], "-h"))) {
        cli_help(stdout);
        return EXIT_DONE;
    }
    return CLI_RUN;
}

static int check_words(const struct cli *cli)
{
    const struct cli_command *command = cli->command;

    if (cli_option(cli, "help")) {
        cli_help_command(command, stdout);
        return EXIT_DONE;
    }
    if (cli->word_count < (size_t)command->least ||
        (command->most >= 0 && cli->word_count > (size_t)command->most))
        return cli_fail(EXIT_USAGE, "usage: rerail %s%s%s", command->name,
                        *command->args ? " " : "", command->args);
    return CLI_RUN;
}

int cli_parse(struct cli *cli, int argc, char **argv)
{
    struct err err = {0};
    int skip, code = answer(argc, argv);

    if (code != CLI_RUN)
        return code;
    cli->command = choose(argc, argv, &skip);
    if (!cli->command)
        return unknown(argv[1]);
    code = parse_options(cli, argc - skip, argv + skip);
    if (code == CLI_RUN)
        code = check_words(cli);
    if (code == CLI_RUN && cli->command->settings && cli_configure(cli, &err) < 0)
        code = cli_fail(EXIT_USAGE, "%s", err.msg);
    return code;
}

void cli_clear(struct cli *cli)
{
    config_free(cli->config);
    free(cli->given);
}

/* What was printed and never arrived is a failure, unless the reader wanted no more. */
static int end_output(int code)
{
    if ((fflush(stdout) == EOF || ferror(stdout)) && errno != EPIPE && code == EXIT_DONE)
        return cli_sys(errno, "standard output");
    return code;
}

int cli_main(int argc, char **argv, const char *const *environment)
{
    struct cli cli = {.environment = environment};
    int code = cli_parse(&cli, argc, argv);

    if (code == CLI_RUN)
        code = cli.command->run(&cli);
    code = end_output(code);
    cli_clear(&cli);
    return code;
}
