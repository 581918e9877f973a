/* SPDX-License-Identifier: MIT */
/*
 * An operator's seat: the built program, in a home of its own (program.h), on a terminal that the
 * test reads and types at (emulator.h). It is the leader of the terminal's session, as a program
 * that a login starts is. One thread; one seat at a time.
 */
#ifndef TESTS_SUPPORT_SEAT_H
#define TESTS_SUPPORT_SEAT_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/support/emulator.h"
#include "tests/support/program.h"

/* Scenarios: an answer at once; one that takes half a minute; one call of the shell first, whose
   command is a YAML text. */
#define SEAT_HELLO  "replies:\n  - text: a first answer\n"
#define SEAT_STREAM "defaults: {rate: 1000}\nreplies:\n  - text: \" token\"\n    repeat: 30000\n"
#define SEAT_TOOL(command)                                                                         \
    "replies:\n  - when: {turn: 0}\n    calls: [{name: shell, arguments: {command: " command       \
    "}}]\n  - text: \"all done {{result}}\"\n"

struct seat {
    struct program program;
    struct emulator *emulator; /* NULL = hung up */
    const char *env[8];        /* TERM, and what seat_env added; NULL-terminated */
};

void seat_open(struct seat *seat, int w, int h); /* TERM is xterm-256color */
void seat_close(struct seat *seat);
void seat_env(struct seat *seat, const char *env); /* NAME=VALUE, borrowed; before seat_start */

void seat_start(struct seat *seat, const char *const *argv);
/* The console on a run of "do it" against this scenario (YAML), every tool allowed. */
void seat_run(struct seat *seat, const char *scenario);

void seat_type(struct seat *seat, const char *keys);
/* Fails the test, and shows the screen, unless it comes to hold text within 30 s. */
void seat_sees(struct seat *seat, const char *text);
/* Types Esc, which what is typed next would make something else of, and waits until it has taken
   `text` off the screen. */
void seat_leaves(struct seat *seat, const char *text);
/* The same with a frame that comes after seat_type, emulator_resize or a signal: call
   emulator_forget before. */
void seat_paints(struct seat *seat);
/* Waits until what is on record holds `text`, as a second process beside it sees it. */
void seat_records(struct seat *seat, const char *text);

/* It ends within five seconds (three are promised); its exit code as program_wait gives it. The
   terminal must then be as it was found: no screen, mouse or paste mode of ours, lines and echo. */
int seat_ends(struct seat *seat);
int seat_quits(struct seat *seat); /* the same, after q */

/* seat_open, 80 by 24, and a console on a run that has ended. */
void seat_open_finished(struct seat *seat);
/* seat_close, when all is as program_judge and an exit code of 0 have it. */
void seat_close_whole(struct seat *seat, int code);

#endif
