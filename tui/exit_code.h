/* SPDX-License-Identifier: MIT */
/* What the program's end tells the shell. The man page's table is this enum. */
#ifndef TUI_EXIT_CODE_H
#define TUI_EXIT_CODE_H

enum exit_code {
    EXIT_DONE = 0,
    EXIT_ERROR = 1,
    EXIT_USAGE = 2,
    EXIT_PARTIAL = 3, /* a limit was reached; resumable */
    EXIT_CANCELLED = 4,
    EXIT_APPROVAL = 5, /* a tool call waits for a person */
    EXIT_IN_DOUBT = 6,
    EXIT_INTERRUPTED = 130,
    EXIT_TERMINATED = 143
};

#endif
