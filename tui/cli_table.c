/* SPDX-License-Identifier: MIT */
#include "core/sim/demo.h"
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
OPTIONS(console_options,
        {"workspace", 'C', "DIR", "the folder the tools work in; default: the current one"},
        {"simulator", 0, "SCENARIO", "the model is the built-in simulator with this scenario"});
OPTIONS(json_options, JSON_OPTION);
OPTIONS(ls_options, JSON_OPTION, {"limit", 'n', "N", "at most so many; default: 50"});
OPTIONS(log_options, {"json", 'j', NULL, "one event a line, as JSON, with all that belongs to it"},
        {"follow", 'f', NULL, "go on with what comes, until nobody has the run"},
        {"type", 't', "EVENT", "only events of this type"});
OPTIONS(pause_options, {"now", 0, NULL, "abort what is in flight"});
OPTIONS(abort_options, {"call", 0, NULL, "only the call in flight; the model is told"});
OPTIONS(rollback_options, {"dry-run", 'n', NULL, "only say what would be dropped, and what stays"});

OPTIONS(request_options, {"curl", 'c', NULL, "as a curl command; the key stays in its variable"},
        {"raw", 0, NULL, "the start of the answer that a failed attempt got"});
OPTIONS(health_options, JSON_OPTION,
        {"endpoint", 'e', "PROVIDER", "only model calls to this provider"},
        {"tool", 't', "NAME", "only calls of this tool"});
OPTIONS(du_options, JSON_OPTION, {"runs", 'r', NULL, "by run, newest first"});
OPTIONS(gc_options, {"older", 0, "DURATION", "also runs last touched longer ago: 30d, 12h"},
        {"dry-run", 'n', NULL, "only count"});
OPTIONS(fsck_options, {"quick", 'q', NULL, "without SQLite's own check of every page"});

#define CHECKPOINT_TEXT                                                                            \
    "CHECKPOINT is a label, a step's number, #N for iteration N, or last: see rerail show RUN."

static const struct cli_command table[] = {
    {.name = "console",
     .args = "[\"TASK\"]",
     .help = "the console: on the runs, or on a task that it starts",
     .text =
         "`rerail` alone and `rerail \"TASK\"` mean the same. When rerail died while a run was at\n"
         "work, the console takes that run over and goes on with it.",
     .options = console_options,
     .settings = true,
     .least = 0,
     .most = -1,
     .run = command_console},
    {.name = "demo",
     .args = "",
     .help = "the console on an agent that looks for a laptop: no key, no network",
     .text = "The model is scripted but served over real HTTP, the tools work on real files in a "
             "folder\n"
             "of their own. Without a terminal it runs headless and prints what happens.",
     .options = json_options,
     .agent = DEMO_AGENT,
     .settings = true,
     .run = command_demo},
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
     .text =
         "With --follow it ends when the run's owner lets go of it, and exits 1 when the owner\n"
         "died: rerail resume RUN goes on then.",
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
    {.name = "request",
     .args = "RUN CALL[.ATTEMPT]",
     .help = "the exact bytes of a model request, rebuilt and checked",
     .text = "Only the bytes go to standard output; what they are goes to standard error.",
     .options = request_options,
     .least = 2,
     .most = 2,
     .run = command_request},
    {.name = "context",
     .args = "RUN",
     .help = "what the model has in front of it now, by part, in tokens",
     .options = json_options,
     .least = 1,
     .most = 1,
     .run = command_context},
    {.name = "health",
     .args = "[RUN]",
     .help = "error rates, latencies and circuit breakers of the last attempts",
     .text = "Without RUN: of all runs, in the last minutes. The window is that of health.*.\n"
             "Breakers are as the process has them that runs it; of a run that nobody has, as its\n"
             "attempts left them.",
     .options = health_options,
     .settings = true,
     .most = 1,
     .run = command_health},
    {.name = "tools",
     .args = "[NAME]",
     .help = "the tools of an agent; with a name, everything about one",
     .options = json_options,
     .settings = true,
     .most = 1,
     .run = command_tools},
    {.name = "config",
     .args = "[SETTING]",
     .help = "every setting, its value and where it comes from",
     .options = json_options,
     .settings = true,
     .most = 1,
     .run = command_config},
    {.name = "themes",
     .args = "",
     .help = "the colour themes",
     .options = json_options,
     .settings = true,
     .run = command_themes},
    {.name = "doctor",
     .args = "",
     .help = "look at machine, terminal, keys and history; say what to do",
     .text = "Exits 1 when something is in trouble.",
     .options = json_options,
     .settings = true,
     .run = command_doctor},
    {.name = "du",
     .args = "",
     .help = "where the bytes of history are",
     .options = du_options,
     .run = command_du},
    {.name = "gc",
     .args = "[RUN ...]",
     .help = "delete runs and what nothing refers to any more",
     .text = "Never a run that is live. Without RUN and --older it only tidies up.",
     .options = gc_options,
     .most = -1,
     .run = command_gc},
    {.name = "fsck",
     .args = "[RUN]",
     .help = "check that the record is whole",
     .text = "Exits 1 when something was found.",
     .options = fsck_options,
     .most = 1,
     .run = command_fsck},
    {.name = "completions",
     .args = "bash|zsh|fish",
     .help = "print the completions for a shell",
     .text = "bash: rerail completions bash >~/.local/share/bash-completion/completions/rerail",
     .least = 1,
     .most = 1,
     .run = command_completions},
    {.name = "man",
     .args = "",
     .help = "print the man page",
     .text = "To read it without installing: rerail man | man -l -",
     .run = command_man},
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
