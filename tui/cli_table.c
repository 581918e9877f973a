/* SPDX-License-Identifier: MIT */
#include "tui/cli.h"
#include "tui/commands.h"

#include <string.h>

static const struct cli_option exec_options[] = {
    {"json", 'j', NULL, "one event a line, as JSON"},
    {"resume", 'r', "RUN", "go on with a stored run instead of starting one"},
    {"workspace", 'C', "DIR", "the folder the tools work in; default: the current one"},
    {"simulator", 0, "SCENARIO", "the model is the built-in simulator with this scenario"},
    {NULL, 0, NULL, NULL},
};

static const struct cli_option sim_options[] = {
    {"port", 'p', "N", "listen on this port of 127.0.0.1; default: any"},
    {"check", 0, NULL, "exit 1 when a request was not as the scenario expects"},
    {NULL, 0, NULL, NULL},
};

static const struct cli_command table[] = {
    {.name = "exec",
     .args = "\"TASK\"",
     .help = "run a task here, without the console",
     .text = "Nothing waits for a person: what needs one leaves the run paused and resumable, and\n"
             "the exit code says so. A console beside it shows the run live.",
     .options = exec_options,
     .settings = true,
     .least = 0,
     .most = -1,
     .run = command_exec},
    {.name = "sim",
     .args = "SCENARIO.yaml",
     .help = "serve a scripted model on 127.0.0.1",
     .text = "Prints its URL and token on one line. Chooses replies by what a request contains.\n"
             "It ends with its standard input, or with SIGINT.",
     .options = sim_options,
     .least = 1,
     .most = 1,
     .run = command_sim},
};

const struct cli_command *cli_at(size_t index)
{
    return index < sizeof table / sizeof *table ? &table[index] : NULL;
}

const struct cli_command *cli_find(const char *name)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}
