/* SPDX-License-Identifier: MIT */
#include "core/config/setting.h"
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

OPTIONS(help_option, {"help", 'h', NULL, "this text"});
const struct cli_option cli_common[] = {
    {"agent", 'a', "NAME|FILE", "the agent: a name from the config folder, or a file"},
    {"config", 0, "FILE", "read this file instead of the user's config.yaml"},
    {"set", 0, "NAME=VALUE", "any setting: see rerail config"},
    {NULL, 0, NULL, NULL},
};
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
OPTIONS(break_options, JSON_OPTION, {"dry-run", 'n', NULL, "only say where it would have stopped"},
        {"delete", 0, "N", "remove breakpoint N"}, {"enable", 0, "N", "arm it again"},
        {"disable", 0, "N", "keep it, but do not stop there"});
OPTIONS(rollback_options, {"dry-run", 'n', NULL, "only say what would be dropped, and what stays"});

OPTIONS(replay_options, JSON_OPTION,
        {"verify", 0, NULL, "decide every step again from what was recorded, and compare"});
OPTIONS(request_options, {"diff", 'd', "CALL", "what this other call's request has that differs"},
        {"curl", 'c', NULL, "as a curl command; the key stays in its variable"},
        {"raw", 0, NULL, "the start of the answer that a failed attempt got"});
OPTIONS(export_options,
        {"format", 'f', "NAME", "rerail (the default), jsonl, openai, markdown or atif"},
        {"output", 'o', "FILE", "a new file; default: standard output"},
        {"force", 0, NULL, "replace FILE if it is there"});
OPTIONS(bundle_options, {"output", 'o', "FILE", "a new file; default: rerail-RUN.bundle here"},
        {"force", 0, NULL, "replace FILE if it is there"});
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
     .group = "run",
     .args = "[\"TASK\"]",
     .help = "the console: on the runs, or on a task that it starts",
     .text =
         "`rerail` alone and `rerail \"TASK\"` mean the same. When rerail died while a run was at "
         "work, the console takes that run over and goes on with it.",
     .options = console_options,
     .settings = true,
     .works = true,
     .least = 0,
     .most = -1,
     .run = command_console},
    {.name = "demo",
     .group = "run",
     .args = "",
     .help = "the console on a demo that needs no key and no network",
     .text = "An agent looks for a laptop. Its model is scripted but served over real HTTP, its "
             "tools work on real files in a folder of their own. Without a terminal it runs "
             "headless and prints what happens.",
     .options = json_options,
     .agent = DEMO_AGENT,
     .settings = true,
     .works = true,
     .run = command_demo},
    {.name = "attach",
     .group = "run",
     .args = "[RUN]",
     .help = "the console on a run, also on another process's",
     .text = "RUN is an id, its start, or last. A run that another process has is seen live and "
             "steered from here; one whose process died at work is taken over and goes on.",
     .settings = true,
     .most = 1,
     .run = command_attach},
    {.name = "exec",
     .group = "run",
     .args = "\"TASK\"",
     .help = "run a task here, without the console",
     .text = "Nothing waits for a person: what needs one leaves the run paused and resumable, and "
             "the exit code says so. A console beside it shows the run live.",
     .options = exec_options,
     .settings = true,
     .works = true,
     .most = -1,
     .run = command_exec},
    {.name = "resume",
     .group = "run",
     .args = "RUN [MESSAGE ...]",
     .help = "go on with a stored run here, without the console",
     .text = "The same as exec --resume RUN. A message is sent before the next model call; for a "
             "completed run it is a new task.\n" CHECKPOINT_TEXT,
     .options = resume_options,
     .settings = true,
     .works = true,
     .least = 1,
     .most = -1,
     .run = command_resume},
    {.name = "ls",
     .group = "look",
     .args = "",
     .help = "list all runs, newest first",
     .options = ls_options,
     .run = command_ls},
    {.name = "show",
     .group = "look",
     .args = "RUN [CHECKPOINT | call N | effect N | step N]",
     .help = "show a run and its chain, or one thing of it",
     .text = CHECKPOINT_TEXT,
     .options = json_options,
     .least = 1,
     .most = 3,
     .run = command_show},
    {.name = "log",
     .group = "look",
     .args = "RUN",
     .help = "print the events of a run",
     .text = "With --follow it ends when the run's owner lets go of it, and exits 1 when the owner "
             "died: rerail resume RUN goes on then.",
     .options = log_options,
     .least = 1,
     .most = 1,
     .run = command_log},
    {.name = "replay",
     .group = "look",
     .args = "RUN",
     .help = "a stored run again; --verify compares",
     .text = "The loop runs on the recorded inputs; no model and no tool is called. The first "
             "decision that\n"
             "comes out differently is shown as a diff, and the exit code is 1.",
     .options = replay_options,
     .least = 1,
     .most = 1,
     .run = command_replay},
    {.name = "compare",
     .group = "look",
     .args = "RUN[:STEP] RUN[:STEP]",
     .help = "two runs, or two ways one run went, side by side",
     .text =
         "A step is a number that rerail show RUN lists, also one that was rolled back, or a "
         "checkpoint's\n"
         "label, #N or last; without one it is the run's head. Lines of the first begin with -, "
         "of the\nsecond with +.",
     .options = json_options,
     .least = 2,
     .most = 2,
     .run = command_compare},
    {.name = "request",
     .group = "look",
     .args = "RUN CALL[.ATTEMPT]",
     .help = "the exact bytes of a model request, rebuilt and checked",
     .text = "Only the bytes go to standard output; what they are goes to standard error.",
     .options = request_options,
     .least = 2,
     .most = 2,
     .run = command_request},
    {.name = "context",
     .group = "look",
     .args = "RUN",
     .help = "what the model has in front of it now, in tokens",
     .options = json_options,
     .least = 1,
     .most = 1,
     .run = command_context},
    {.name = "health",
     .group = "look",
     .args = "[RUN]",
     .help = "error rates, latencies, circuit breakers",
     .text = "Of the last attempts. Without RUN: of all runs, in the last minutes. The window is "
             "that of health.*. "
             "Breakers are as the process has them that runs it; of a run that nobody has, as its "
             "attempts left them.",
     .options = health_options,
     .settings = true,
     .most = 1,
     .run = command_health},
    {.name = "export",
     .group = "carry",
     .args = "RUN",
     .help = "a run as one file",
     .text = "rerail's own format carries everything as it is, and rerail import takes it in again "
             "where its sums are right. jsonl is the events, one a line, as exec --json prints "
             "them; openai the messages, markdown the same to be read, atif a trajectory. In these "
             "four what looks like a secret is masked, and counted on standard error.",
     .options = export_options,
     .least = 1,
     .most = 1,
     .run = command_export},
    {.name = "import",
     .group = "carry",
     .args = "FILE",
     .help = "take in a run from a file, also another agent's",
     .text =
         "Of rerail: export or bundle; it is checked and kept whole, or not at all. Of others: "
         "session files of codex, Claude Code and opencode, ATIF trajectories, OpenAI messages; "
         "what a file is, is seen by what is in it. An imported run can be looked at, "
         "searched and compared; it cannot be resumed, because what it would be allowed to do "
         "is the file's word.",
     .least = 1,
     .most = 1,
     .run = command_import},
    {.name = "bundle",
     .group = "carry",
     .args = "RUN",
     .help = "a run as one file, redacted, for a bug report",
     .text = "Masks what looks like a secret, the values of variables that are named like one, the "
             "home folder, the user's and the machine's name, in every text of the run, and says "
             "how often. Says what system and terminal it was made on. Read it before you send it. "
             "rerail import shows it as a run.",
     .options = bundle_options,
     .least = 1,
     .most = 1,
     .run = command_bundle},
    {.name = "pause",
     .group = "steer",
     .args = "RUN",
     .help = "stop a live run at the next safe place",
     .options = pause_options,
     .least = 1,
     .most = 1,
     .run = command_verb},
    {.name = "step",
     .group = "steer",
     .args = "RUN",
     .help = "one model call or one tool call, then pause",
     .least = 1,
     .most = 1,
     .run = command_verb},
    {.name = "inject",
     .group = "steer",
     .args = "RUN MESSAGE ...",
     .help = "a message to the agent, at the next safe place",
     .least = 2,
     .most = -1,
     .run = command_verb},
    {.name = "break",
     .group = "steer",
     .args = "RUN [CONDITION ...]",
     .help = "stop where a condition holds; without one, list them",
     .text =
         "CONDITION is one of: tool NAME [PATTERN], error [CLASS], state NAME, iteration N,\n"
         "cost DOLLARS, context PERCENT, text PATTERN. NAME may be a glob; PATTERN is searched\n"
         "for in the call's arguments, or in the model's words. It is tried on the past first.",
     .options = break_options,
     .least = 1,
     .most = -1,
     .run = command_break},
    {.name = "approve",
     .group = "steer",
     .args = "RUN [EFFECT] [once|always]",
     .help = "let a tool call run that waits for a person",
     .text = "Without a number it is the first that waits. On a run that nobody has the word is "
             "kept: rerail resume RUN goes on.",
     .least = 1,
     .most = 3,
     .run = command_verb},
    {.name = "deny",
     .group = "steer",
     .args = "RUN [EFFECT] [REASON ...]",
     .help = "refuse a tool call; the model is told why",
     .least = 1,
     .most = -1,
     .run = command_verb},
    {.name = "resolve",
     .group = "steer",
     .args = "RUN happened|run|skip [EFFECT] [RESULT ...]",
     .help = "settle a doubt: it happened, run it (again), or skip it",
     .least = 2,
     .most = -1,
     .run = command_verb},
    {.name = "extend",
     .group = "steer",
     .args = "RUN [AMOUNT] [iterations|minutes|dollars]",
     .help = "give a run that reached a limit more, and go on",
     .least = 1,
     .most = 3,
     .run = command_verb},
    {.name = "fault",
     .group = "steer",
     .args = "RUN 429|500|hang|cut|tool|off [COUNT]",
     .help = "make the next attempts fail on purpose",
     .text =
         "Nothing is sent and no tool runs; retries, breakers and recovery do what they would.\n"
         "Such an attempt is marked injected wherever it shows.",
     .least = 2,
     .most = 3,
     .run = command_verb},
    {.name = "finish",
     .group = "steer",
     .args = "RUN",
     .help = "ask a paused run for its best answer, then end it",
     .least = 1,
     .most = 1,
     .run = command_verb},
    {.name = "abort",
     .group = "steer",
     .args = "RUN",
     .help = "end a run; it can still be rolled back",
     .options = abort_options,
     .least = 1,
     .most = 1,
     .run = command_verb},
    {.name = "set",
     .group = "steer",
     .args = "RUN SETTING VALUE",
     .help = "change a setting of one run",
     .least = 3,
     .most = -1,
     .run = command_verb},
    {.name = "rollback",
     .group = "go back",
     .args = "RUN CHECKPOINT",
     .help = "move the head to a checkpoint; nothing is deleted",
     .text = CHECKPOINT_TEXT,
     .options = rollback_options,
     .least = 2,
     .most = 2,
     .run = command_verb},
    {.name = "undo",
     .group = "go back",
     .args = "RUN",
     .help = "back to before the last rollback",
     .least = 1,
     .most = 1,
     .run = command_verb},
    {.name = "redo",
     .group = "go back",
     .args = "RUN",
     .help = "again to where undo came from",
     .least = 1,
     .most = 1,
     .run = command_verb},
    {.name = "fork",
     .group = "go back",
     .args = "RUN CHECKPOINT [NAME]",
     .help = "a new branch from a checkpoint, to try another way",
     .text = "The branch it leaves stays as it is; switch goes back to it. Files are not copied: "
             "both\nbranches work in the run's folder.\n" CHECKPOINT_TEXT,
     .least = 2,
     .most = 3,
     .run = command_verb},
    {.name = "switch",
     .group = "go back",
     .args = "RUN BRANCH",
     .help = "to the head of another branch",
     .least = 2,
     .most = 2,
     .run = command_verb},
    {.name = "label",
     .group = "go back",
     .args = "RUN CHECKPOINT [NAME ...]",
     .help = "name a checkpoint; without a name, remove it",
     .text = CHECKPOINT_TEXT,
     .least = 2,
     .most = -1,
     .run = command_verb},
    {.name = "tools",
     .group = "choose",
     .args = "[NAME]",
     .help = "the tools of an agent, or everything about one",
     .options = json_options,
     .settings = true,
     .most = 1,
     .run = command_tools},
    {.name = "config",
     .group = "choose",
     .args = "[SETTING]",
     .help = "every setting, its value and where it comes from",
     .options = json_options,
     .settings = true,
     .most = 1,
     .run = command_config},
    {.name = "themes",
     .group = "choose",
     .args = "",
     .help = "the colour themes",
     .options = json_options,
     .settings = true,
     .run = command_themes},
    {.name = "doctor",
     .group = "look after",
     .args = "",
     .help = "what is wrong with this machine, and what to do",
     .text =
         "Looks at the machine, the terminal, the keys and the history. Exits 1 when something is "
         "in trouble.",
     .options = json_options,
     .settings = true,
     .run = command_doctor},
    {.name = "du",
     .group = "look after",
     .args = "",
     .help = "where the bytes of history are",
     .options = du_options,
     .run = command_du},
    {.name = "gc",
     .group = "look after",
     .args = "[RUN ...]",
     .help = "delete runs and what nothing refers to any more",
     .text = "Never a run that is live. Without RUN and --older it only tidies up.",
     .options = gc_options,
     .most = -1,
     .run = command_gc},
    {.name = "fsck",
     .group = "look after",
     .args = "[RUN]",
     .help = "check that the record is whole",
     .text = "Exits 1 when something was found.",
     .options = fsck_options,
     .most = 1,
     .run = command_fsck},
    {.name = "sim",
     .group = "besides",
     .args = "SCENARIO.yaml",
     .help = "serve a scripted model on 127.0.0.1",
     .text = "Prints its URL and token on one line. Chooses replies by what a request contains. "
             "It ends with its standard input, or with SIGINT.",
     .options = sim_options,
     .least = 1,
     .most = 1,
     .run = command_sim},
    {.name = "completions",
     .group = "besides",
     .args = "bash|zsh|fish",
     .help = "print the completions for a shell",
     .text = "bash: rerail completions bash >~/.local/share/bash-completion/completions/rerail",
     .least = 1,
     .most = 1,
     .run = command_completions},
    {.name = "man",
     .group = "besides",
     .args = "",
     .help = "print the man page",
     .text = "To read it without installing: rerail man | man -l -",
     .run = command_man},
};

/* In the place of the last one whose list has ended. */
static const struct cli_option *in_list(const struct cli_option *list, size_t *index)
{
    for (; list && list->name; list++)
        if ((*index)-- == 0)
            return list;
    return NULL;
}

static bool flag_at(struct cli_option *out, size_t index)
{
    for (const struct setting *setting = setting_table; setting->name; setting++)
        if (setting->flag && index-- == 0) {
            *out = cli_flag(setting);
            return true;
        }
    return false;
}

struct cli_option cli_flag(const struct setting *setting)
{
    static const char *const words[] = {
        [SETTING_INT] = "N",      [SETTING_NUMBER] = "X",      [SETTING_DURATION] = "TIME",
        [SETTING_BYTES] = "SIZE", [SETTING_MONEY] = "DOLLARS", [SETTING_ENUM] = "WORD",
        [SETTING_TEXT] = "TEXT",  [SETTING_OBJECT] = "JSON",   [SETTING_SECRET] = "PLACE",
        [SETTING_LIST] = "A,B",   [SETTING_RULES] = "RULE"};

    return (struct cli_option){setting->flag, 0, words[setting->type], setting->help};
}

bool cli_option_at(struct cli_option *out, const struct cli_command *command, size_t index)
{
    const struct cli_option *found = in_list(help_option, &index);

    if (!found)
        found = in_list(command->options, &index);
    if (!found && command->settings)
        found = in_list(cli_common, &index);
    if (found)
        *out = *found;
    return found || (command->settings && flag_at(out, index));
}

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
