/* SPDX-License-Identifier: MIT */
/*
 * Everything the console can be told, once: name (as keymaps and the command line write it), what
 * it does. Keys come from tui/keys.yaml and the operator's, help and palette and hints are derived
 * from here; what an action does is a function of that id in console_act.c or, for moving about, in
 * the panel that has the focus. Verbs of a run are actions of their own name too: `:verb …`.
 */
#ifndef TUI_ACTION_H
#define TUI_ACTION_H

#include <stddef.h>

/* ACTION(id, name, hint, help): the hint is the word beside its key in the bottom line. */
#define ACTIONS(ACTION)                                                                            \
    ACTION(DOWN, "down", "", "move down")                                                          \
    ACTION(UP, "up", "", "move up")                                                                \
    ACTION(LEFT, "left", "", "fold the row, or move left")                                         \
    ACTION(RIGHT, "right", "", "open the row, or move right")                                      \
    ACTION(FIRST, "first", "", "go to the first row")                                              \
    ACTION(LAST, "last", "", "go to the last row; on a live timeline, follow it")                  \
    ACTION(HALF_DOWN, "half-down", "", "half a page down")                                         \
    ACTION(HALF_UP, "half-up", "", "half a page up")                                               \
    ACTION(PAGE_DOWN, "page-down", "", "a page down")                                              \
    ACTION(PAGE_UP, "page-up", "", "a page up")                                                    \
    ACTION(NEXT_PANEL, "next-panel", "", "to the next panel")                                      \
    ACTION(PREVIOUS_PANEL, "previous-panel", "", "to the panel before")                            \
    ACTION(TIMELINE, "timeline", "", "to the timeline: what happened, in order")                   \
    ACTION(DETAIL, "detail", "", "to the detail: the whole of what is selected")                   \
    ACTION(CHECKPOINTS, "checkpoints", "", "to the checkpoints: where one can go back to")         \
    ACTION(HEALTH, "health", "", "to the health figures")                                          \
    ACTION(RUNS, "runs", "runs", "to the list of all runs")                                        \
    ACTION(ENLARGE, "enlarge", "", "give this panel the whole screen")                             \
    ACTION(RESTORE, "restore", "", "all panels again")                                             \
    ACTION(OPEN, "open", "open", "open or fold what is selected")                                  \
    ACTION(BACK, "back", "", "back: closes what is open; never changes the run")                   \
    ACTION(HELP, "help", "help", "this help: what the keys do here")                               \
    ACTION(SEARCH, "search", "search", "search the whole run, or the text in Detail")              \
    ACTION(NEXT_MATCH, "next-match", "", "to the next match")                                      \
    ACTION(PREVIOUS_MATCH, "previous-match", "", "to the match before")                            \
    ACTION(FILTER, "filter", "", "show only the rows that match; empty shows all")                 \
    ACTION(COMMAND, "command", "command", "a command by its name, with completion")                \
    ACTION(PALETTE, "palette", "", "everything there is to do, by a few letters")                  \
    ACTION(NEW_RUN, "new-run", "new run", "start a run")                                           \
    ACTION(PAUSE, "pause", "pause", "pause at the next safe place; when it rests, go on")          \
    ACTION(STEP, "step", "step", "one model call or one tool call, then pause")                    \
    ACTION(CONTINUE, "continue", "continue", "go on")                                              \
    ACTION(ROLLBACK, "rollback", "roll back",                                                      \
           "go back to a checkpoint: shows first what it means")                                   \
    ACTION(UNDO, "undo", "undo", "take the last roll-back back: shows first what it means")        \
    ACTION(REDO, "redo", "redo", "do again what undo took back")                                   \
    ACTION(INJECT, "inject", "message", "a message to the agent")                                  \
    ACTION(APPROVAL, "approval", "answer", "answer what the run waits for")                        \
    ACTION(RETRY_NOW, "retry-now", "retry now", "do not wait for the backoff any longer")          \
    ACTION(GIVE_UP, "give-up", "give up", "no further attempt: the failure is final")              \
    ACTION(ABORT_CALL, "abort-call", "stop call", "stop the call in flight; the model is told")    \
    ACTION(ABORT_RUN, "abort-run", "", "end the run: asks first")                                  \
    ACTION(LABEL, "label", "label", "name a checkpoint")                                           \
    ACTION(FORK, "fork", "fork", "a new branch from a checkpoint; the one it leaves stays")        \
    ACTION(BREAKPOINT, "breakpoint", "", "stop where a condition holds: tool NAME, error, text …") \
    ACTION(JUMP, "jump", "", "go to a label or a step by its name")                                \
    ACTION(COPY, "copy", "", "copy what Detail shows to the clipboard")                            \
    ACTION(WRITE, "write", "", "write what Detail shows to a file")                                \
    ACTION(FOLLOW, "follow", "follow", "stay at the end of a live timeline, or stop that")         \
    ACTION(TREE, "tree", "", "show all rolled-back rows, or fold them")                            \
    ACTION(MOUSE, "mouse", "", "listen to the mouse, or stop that")                                \
    ACTION(REDRAW, "redraw", "", "paint the whole screen anew")                                    \
    ACTION(SUSPEND, "suspend", "", "back to the shell for a while; the run goes on with fg")       \
    ACTION(DETACH, "detach", "", "leave, and let the run go on without a terminal: asks first")    \
    ACTION(DETACH_NOW, "detach-now", "", "the same without asking")                                \
    ACTION(CLOSE, "close", "quit", "close what is open, or quit; asks when a run is live")         \
    ACTION(INTERRUPT, "interrupt", "", "pause the run; twice: quit")                               \
    ACTION(ALLOW_ONCE, "allow-once", "yes, once", "let this call run")                             \
    ACTION(DENY, "deny", "no", "refuse it; the model is told why")                                 \
    ACTION(ALLOW_ALWAYS, "allow-always", "always in this run",                                     \
           "let calls like this run from now on")                                                  \
    ACTION(EDIT_ARGUMENTS, "edit-arguments", "edit", "change its arguments first")                 \
    ACTION(PROMPT_SUBMIT, "prompt-submit", "", "send what was typed")                              \
    ACTION(PROMPT_NEWLINE, "prompt-newline", "", "a new line")                                     \
    ACTION(PROMPT_COMPLETE, "prompt-complete", "", "complete the word; of several, the next")      \
    ACTION(PROMPT_COMPLETE_BACK, "prompt-complete-back", "", "the completion before")              \
    ACTION(PROMPT_LEFT, "prompt-left", "", "a character to the left")                              \
    ACTION(PROMPT_RIGHT, "prompt-right", "", "a character to the right")                           \
    ACTION(PROMPT_UP, "prompt-up", "", "a line up, or the entry before")                           \
    ACTION(PROMPT_DOWN, "prompt-down", "", "a line down, or the next entry")                       \
    ACTION(PROMPT_OLDER, "prompt-older", "", "the entry before")                                   \
    ACTION(PROMPT_NEWER, "prompt-newer", "", "the next entry")                                     \
    ACTION(PROMPT_WORD_LEFT, "prompt-word-left", "", "a word to the left")                         \
    ACTION(PROMPT_WORD_RIGHT, "prompt-word-right", "", "a word to the right")                      \
    ACTION(PROMPT_START, "prompt-start", "", "to the start of the line")                           \
    ACTION(PROMPT_END, "prompt-end", "", "to the end of the line")                                 \
    ACTION(PROMPT_RUB, "prompt-rub", "", "delete the character before")                            \
    ACTION(PROMPT_DELETE, "prompt-delete", "", "delete the character under the cursor")            \
    ACTION(PROMPT_RUB_WORD, "prompt-rub-word", "", "delete the word before")                       \
    ACTION(PROMPT_DELETE_WORD, "prompt-delete-word", "", "delete the word behind")                 \
    ACTION(PROMPT_KILL_BEFORE, "prompt-kill-before", "", "delete to the start of the line")        \
    ACTION(PROMPT_KILL_AFTER, "prompt-kill-after", "", "delete to the end of the line")            \
    ACTION(PROMPT_YANK, "prompt-yank", "", "put back what was deleted last")                       \
    ACTION(PROMPT_SEARCH, "prompt-search", "", "search earlier entries for what is typed")         \
    ACTION(PROMPT_UNDO, "prompt-undo", "", "take the last change back")

enum action_id {
#define ACTION(id, name, hint, help) ACTION_##id,
    ACTIONS(ACTION)
#undef ACTION
        ACTION_COUNT
};

struct action_info {
    const char *name, *hint, *help;
};

const struct action_info *action_info(enum action_id id);
int action_find(const char *name);     /* the id, or -1 */
const char *const *action_names(void); /* ACTION_COUNT of them, by id: for a keymap */

/* Where keys are looked up; the first is everywhere. */
enum key_context {
    CONTEXT_GLOBAL,
    CONTEXT_TIMELINE,
    CONTEXT_DETAIL,
    CONTEXT_CHECKPOINTS,
    CONTEXT_HEALTH,
    CONTEXT_RUNS,
    CONTEXT_APPROVAL,
    CONTEXT_PROMPT,
    CONTEXT_COUNT
};
const char *const *context_names(void); /* CONTEXT_COUNT of them */

#endif
