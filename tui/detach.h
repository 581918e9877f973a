/* SPDX-License-Identifier: MIT */
/*
 * Going on without a terminal: the shell gets it back, and the process works in the background
 * until nothing is left to do. The display is closed before. Main thread.
 */
#ifndef TUI_DETACH_H
#define TUI_DETACH_H

#include <stdbool.h>

struct session;

/* Whether there is a shell with job control that could have the terminal back. */
bool detach_can(void);
/* Gives the terminal (a descriptor) back as Ctrl-Z does, then goes on in the background, where no
   hang-up reaches it. False: nobody took it, and it is still here. */
bool detach_give_back(int tty);
/* From here on no hang-up ends the process, whatever handlers are taken back. */
void detach_brace(void);
/* Lets go of the terminal, which is another's or gone, and works until all runs of the session have
   ended or wait for a person, or a signal comes: the exit code. */
int detach_stay(struct session *session);

#endif
