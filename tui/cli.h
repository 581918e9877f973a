/* SPDX-License-Identifier: MIT */
/*
 * The shell's side of the program: one table of commands (cli_table.c), their options in the row,
 * --help, completions and the man page derived. A command is a function that gets its words and
 * options parsed and the configuration read, and returns an exit code. Main thread.
 */
#ifndef TUI_CLI_H
#define TUI_CLI_H

#include "core/base/err.h"
#include "tui/exit_code.h"

#include <stdbool.h>
#include <stddef.h>

struct config;
struct setting;

struct cli_option {
    const char *name; /* long form; NULL ends a list */
    char letter;      /* '\0' = none */
    const char *arg;  /* "FILE"; NULL = a switch */
    const char *help;
};

#define CLI_WORDS_MAX 4096

struct cli;

struct cli_command {
    const char *name;
    const char *group; /* "look": what lists show it under; rows of one stand together */
    const char *args;  /* "TASK", "[RUN]": for --help */
    const char *help;  /* one line */
    const char *text;  /* what else a person wants to know; NULL = nothing */
    const struct cli_option *options;
    const char *agent; /* its own, where --agent names no other; NULL = default */
    bool settings;     /* takes every setting's flag, --agent, --set and --config … */
    bool works;        /* … and an agent works in it, so --help lists them */
    int least, most;   /* words; most < 0 = any */
    int (*run)(struct cli *cli);
};

struct cli {
    const struct cli_command *command;
    const char *const *environment;
    char **words;
    size_t word_count;
    struct config *config; /* all layers read; NULL when the command takes no settings */
    struct {               /* options given, in order */
        const char *name, *value;
    } * given;
    size_t given_count, given_cap;
};

/* The last value given for an option ("" for a switch), or NULL. */
const char *cli_option(const struct cli *cli, const char *name);
/* One line on stderr, "rerail: …"; returns code. */
int cli_fail(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same for an error box: E_USAGE gives EXIT_USAGE, everything else EXIT_ERROR. */
int cli_error(const struct err *err);
/* The same for a call of the system: `what` and the text of errno value `number`. */
int cli_sys(int number, const char *what);

/* Reads every layer of the configuration into cli->config: for a command that takes no settings and
   still needs them. Nothing to do when it is there. */
int cli_configure(struct cli *cli, struct err *err);

/* The words of a command line joined by blanks: a task. Yours. */
char *cli_join(const struct cli *cli, size_t from);

const struct cli_command *cli_find(const char *name);
const struct cli_command *cli_at(size_t index); /* the table in order; NULL behind it */
/* Options that every command with `settings` takes besides the settings' own flags. */
extern const struct cli_option cli_common[];
/* The option by which a setting with a flag is set. */
struct cli_option cli_flag(const struct setting *setting);
/* All options of a command in order: --help, its own, the common ones, the settings' flags. False
   behind the last. */
bool cli_option_at(struct cli_option *out, const struct cli_command *command, size_t index);

#define CLI_RUN (-1)

/* Parses a command line into `cli`, zeroed but for its environment, and reads the configuration:
   CLI_RUN when its command is to be run now, else the exit code of what was answered (--help) or
   refused, with one line on stderr. `argv` is put in another order and borrowed. Clear it always.
 */
int cli_parse(struct cli *cli, int argc, char **argv);
void cli_clear(struct cli *cli);

/* Parses, runs, frees. The whole of main. */
int cli_main(int argc, char **argv, const char *const *environment);

#endif
