/* SPDX-License-Identifier: MIT */
/* What the program's end tells the shell. --help and the man page are made from this list. */
#ifndef TUI_EXIT_CODE_H
#define TUI_EXIT_CODE_H

#define EXIT_CODES(X)                                                                              \
    X(DONE, 0, "completed", "the task has its answer; a command did what it was asked")            \
    X(ERROR, 1, "error", "it failed, was refused, or something was found")                         \
    X(USAGE, 2, "usage", "the command line or the configuration is wrong")                         \
    X(PARTIAL, 3, "partial", "a limit was reached; the run can be resumed")                        \
    X(CANCELLED, 4, "cancelled", "the operator ended the run")                                     \
    X(APPROVAL, 5, "needs approval", "a tool call waits for a person: rerail approve")             \
    X(IN_DOUBT, 6, "in doubt", "the outcome of a tool call was lost: rerail resolve")              \
    X(INTERRUPTED, 130, "interrupted", "SIGINT; the run was cancelled")                            \
    X(TERMINATED, 143, "terminated", "SIGTERM or SIGHUP; the run is paused and can be resumed")

enum exit_code {
#define X(name, code, word, help) EXIT_##name = code,
    EXIT_CODES(X)
#undef X
};

#endif
