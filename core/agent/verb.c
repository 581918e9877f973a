/* SPDX-License-Identifier: MIT */
#include "core/agent/verb.h"

#include <string.h>

#define EFFECT_ARG                                                                                 \
    {                                                                                              \
        "effect", VERB_EFFECT, true, NULL                                                          \
    }

static const struct verb_info verbs[] = {
    {.name = "pause", .help = "stop at the next safe place, before a model call or a tool"},
    {.name = "pause_now", .help = "stop now: what is in flight is aborted"},
    {.name = "resume", .help = "go on; after an error, try again"},
    {.name = "step", .help = "one model call or one tool call, then pause"},
    {.name = "cancel", .help = "end the run; it can still be rolled back"},
    {.name = "abort_call", .help = "stop the call in flight; the model is told"},
    {.name = "retry_now", .help = "do not wait for the backoff any longer"},
    {.name = "give_up", .help = "no further attempt: the failure is final"},
    {.name = "inject",
     .help = "a message to the agent, at the next safe place",
     .args = {{"text", VERB_TEXT, false, NULL}}},
    {.name = "approve",
     .help = "let a tool call run",
     .args = {EFFECT_ARG, {"scope", VERB_WORD, true, "once|always"}}},
    {.name = "deny",
     .help = "refuse a tool call; the model is told why",
     .args = {EFFECT_ARG, {"reason", VERB_TEXT, true, NULL}}},
    {.name = "edit_call",
     .help = "change the arguments of a call that waits, and let it run",
     .args = {{"effect", VERB_EFFECT, false, NULL}, {"arguments", VERB_TEXT, false, NULL}}},
    {.name = "resolve",
     .help = "settle a doubt: it happened, run it (again), or skip it",
     .args = {{"answer", VERB_WORD, false, "happened|run|skip"},
              EFFECT_ARG,
              {"result", VERB_TEXT, true, NULL}}},
    {.name = "extend",
     .help = "more iterations, minutes or dollars, then go on",
     .args = {{"amount", VERB_INT, true, NULL},
              {"limit", VERB_WORD, true, "iterations|minutes|dollars"}}},
    {.name = "finish", .help = "ask for the best answer with what is known, then end"},
    {.name = "recover", .help = "after an error: tell the model, and ask for its best answer"},
    {.name = "rollback",
     .help = "move the head to a checkpoint; nothing is deleted",
     .args = {{"to", VERB_CHECKPOINT, false, NULL}},
     .jump = true},
    {.name = "undo", .help = "back to before the last roll-back", .jump = true},
    {.name = "redo", .help = "again to where undo came from", .jump = true},
    {.name = "fork",
     .help = "a new branch from a checkpoint; the one it leaves stays",
     .args = {{"to", VERB_CHECKPOINT, false, NULL}, {"name", VERB_TEXT, true, NULL}},
     .jump = true},
    {.name = "switch",
     .help = "to the head of another branch",
     .args = {{"name", VERB_TEXT, false, NULL}},
     .jump = true},
    {.name = "label",
     .help = "name a checkpoint; without text, remove its name",
     .args = {{"node", VERB_CHECKPOINT, false, NULL}, {"text", VERB_TEXT, true, NULL}},
     .named = true},
    {.name = "set",
     .help = "change a setting of this run",
     .args = {{"name", VERB_TEXT, false, NULL}, {"value", VERB_TEXT, false, NULL}}},
    {.name = "break",
     .help = "stop where a condition holds: tool NAME, error, iteration N, text PATTERN, …",
     .args = {{"spec", VERB_TEXT, false, NULL}}},
    {.name = "delete", .help = "remove a breakpoint", .args = {{"number", VERB_INT, false, NULL}}},
    {.name = "enable", .help = "arm a breakpoint", .args = {{"number", VERB_INT, false, NULL}}},
    {.name = "disable",
     .help = "keep a breakpoint, but do not stop there",
     .args = {{"number", VERB_INT, false, NULL}}},
    {.name = "fault",
     .help = "make the next attempts fail on purpose, to see what then happens",
     .args = {{"kind", VERB_WORD, false, "429|500|hang|cut|tool|off"},
              {"count", VERB_INT, true, NULL}}},
    {.name = "cache_clear", .help = "forget cached tool results"},
    {.name = "breaker",
     .help = "reset a circuit breaker, or force it open",
     .args = {{"key", VERB_TEXT, false, NULL}, {"action", VERB_WORD, false, "reset|open|close"}},
     .guard = true},
};

const struct verb_info *verb_find(const char *name)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (name && strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

const struct verb_info *verb_table(size_t *count)
{
    *count = sizeof verbs / sizeof *verbs;
    return verbs;
}
