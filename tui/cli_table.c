/* SPDX-License-Identifier: MIT */
#include "tui/cli.h"
#include "tui/commands.h"

#include <string.h>

#define OPTIONS(name, ...)                                                                         \
    static const struct cli_option name[] = {__VA_ARGS__, {NULL, 0, NULL, NULL}}

#define JSON_OPTION                                                                                \
    {                                                                                              \
        "json", 'j', NULL, "one JSON object a line"                                                \
    }

OPTIONS(exec_options, {"json", 'j', NULL, "one event a line, as JSON"},
        {"resume", 'r', "RUN", "go on with a stored run instead of starting one"},
        {"from", 0, "CHECKPOINT", "with --resume: roll back to there first"},
        {"workspace", 'C', "DIR", "the folder the tools work in; default: the current one"},
        {"simulator", 0, "SCENARIO", "the model is the built-in simulator with this scenario"});
OPTIONS(resume_options, {"json", 'j', NULL, "one event a line, as JSON"},
        {"from", 0, "CHECKPOINT", "roll back to there first"});
OPTIONS(sim_options, {"port", 'p', "N", "listen on this port of 127.0.0.1; default: any"},
        {"check", 0, NULL, "exit 1 when a request was not as the scenario expects"});
OPTIONS(json_options, JSON_OPTION);
OPTIONS(ls_options, JSON_OPTION, {"limit", 'n', "N", "at most so many; default: 50"});
OPTIONS(log_options, {"json", 'j', NULL, "one event a line, as JSON, with all that belongs to it"},
        {"follow", 'f', NULL, "go on with what comes, until the run's owner lets go of it"},
        {"type", 't', "EVENT", "only events of this type"});
OPTIONS(pause_options, {"now", 0, NULL, "abort what is in flight"});
OPTIONS(abort_options, {"call", 0, NULL, "only the call in flight; the model is told"});
OPTIONS(rollback_options, {"dry-run", 'n', NULL, "only say what would be dropped, and what stays"});

#define CHECKPOINT_TEXT                                                                            \
    "CHECKPOINT is a label, a step's number, #N for iteration N, or last: see rerail show RUN."

static const struct cli_command table[] = {
    {.name = "exec",
     .args = "\"TASK\"",
     .help = "run a task here, without the console",
     .text = "Nothing waits for a person: what needs one leaves the run paused and resumable, and\n"
             "the exit code says so. A console beside it shows the run live.",
     .options = exec_options,
     .settings = true,
     .most = -1,
     .run = command_exec},
    {.name = "ls",
     .args = "",
     .help = "list all runs, newest first",
     .options = ls_options,
     .run = command_ls},
    {.name = "show",
     .args = "RUN [CHECKPOINT | call N | effect N | step N]",
     .help = "show a run and its chain, or one thing of it",
     .text = CHECKPOINT_TEXT,
     .options = json_options,
     .least = 1,
     .most = 3,
     .run = command_show},
    {.name = "log",
     .args = "RUN",
     .help = "print the events of a run",
     .options = log_options,
     .least = 1,
     .most = 1,
     .run = command_log},
    {.name = "resume",
     .args = "RUN [MESSAGE ...]",
     .help = "go on with a stored run here, without the console",
     .text = "The same as exec --resume RUN. A message is sent before the next model call; for a\n"
             "completed run it is a new task.\n" CHECKPOINT_TEXT,
     .options = resume_options,
     .settings = true,
     .least = 1,
     .most = -1,
     .run = command_resume},
    {.name = "pause",
     .args = "RUN",
     .help = "stop a live run at the next safe place",
     .options = pause_options,
     .least = 1,
     .most = 1,
     .run = command_verb},
    {.name = "step",
     .args = "RUN",
     .help = "one model call or one tool call, then pause",
     .least = 1,
     .most = 1,
     .run = command_verb},
    {.name = "inject",
     .args = "RUN MESSAGE ...",
     .help = "a message to the agent, at the next safe place",
     .least = 2,
     .most = -1,
     .run = command_verb},
    {.name = "approve",
     .args = "RUN [EFFECT] [once|always]",
     .help = "let a tool call run that waits for a person",
     .text = "Without a number it is the first that waits. On a run that nobody has the word is\n"
             "kept: rerail resume RUN goes on.",
     .least = 1,
     .most = 3,
     .run = command_verb},
    {.name = "deny",
     .args = "RUN [EFFECT] [REASON ...]",
     .help = "refuse a tool call; the model is told why",
     .least = 1,
     .most = -1,
     .run = command_verb},
    {.name = "resolve",
     .args = "RUN happened|run|skip [EFFECT] [RESULT ...]",
     .help = "settle a doubt: it happened, run it (again), or skip it",
     .least = 2,
     .most = -1,
     .run = command_verb},
    {.name = "abort",
     .args = "RUN",
     .help = "end a run; it can still be rolled back",
     .options = abort_options,
     .least = 1,
     .most = 1,
     .run = command_verb},
    {.name = "finish",
     .args = "RUN",
     .help = "ask a paused run for its best answer, then end it",
     .least = 1,
     .most = 1,
     .run = command_verb},
    {.name = "extend",
     .args = "RUN [AMOUNT] [iterations|minutes|dollars]",
     .help = "give a run that reached a limit more, and go on",
     .least = 1,
     .most = 3,
     .run = command_verb},
    {.name = "rollback",
     .args = "RUN CHECKPOINT",
     .help = "move the head to a checkpoint; nothing is deleted",
     .text = CHECKPOINT_TEXT,
     .options = rollback_options,
     .least = 2,
     .most = 2,
     .run = command_verb},
    {.name = "undo",
     .args = "RUN",
     .help = "back to before the last rollback",
     .least = 1,
     .most = 1,
     .run = command_verb},
    {.name = "redo",
     .args = "RUN",
     .help = "again to where undo came from",
     .least = 1,
     .most = 1,
     .run = command_verb},
    {.name = "label",
     .args = "RUN CHECKPOINT [NAME ...]",
     .help = "name a checkpoint; without a name, remove it",
     .text = CHECKPOINT_TEXT,
     .least = 2,
     .most = -1,
     .run = command_verb},
    {.name = "set",
     .args = "RUN SETTING VALUE",
     .help = "change a setting of one run",
     .least = 3,
     .most = -1,
     .run = command_verb},
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
