/* SPDX-License-Identifier: MIT */
/*
 * A real terminal to look at: a pseudo-terminal whose other side a thread reads into libvterm, as a
 * terminal window would. For a display in the test's own process, or for a program started on it.
 * What came is kept raw too, so that a test can say which bytes must never come.
 */
#ifndef TESTS_SUPPORT_EMULATOR_H
#define TESTS_SUPPORT_EMULATOR_H

#include <stdbool.h>
#include <stddef.h>

struct emulator;

struct emulator_look {
    int fg, bg; /* -1 the terminal's own, 0–255 palette, or 0x1000000 + 0xRRGGBB */
    bool bold, italic, underline, reverse;
};

struct emulator *emulator_new(int w, int h);
void emulator_free(struct emulator *e); /* closes it: the program on it gets SIGHUP */

int emulator_fd(const struct emulator *e); /* the program's side, for in_fd and out_fd */

void emulator_send(struct emulator *e, const char *bytes, size_t len); /* typed */
void emulator_resize(struct emulator *e, int w, int h);

/* Returns when all that was written to the program's side until now has been read. */
void emulator_sync(struct emulator *e);
/* Returns when the screen holds text, or no longer does, or false after 30 s. */
bool emulator_wait(struct emulator *e, const char *text);
bool emulator_wait_gone(struct emulator *e, const char *text);

/* The screen as lines of text, without trailing blanks; until the next call. */
const char *emulator_text(struct emulator *e);
const char *emulator_cell(struct emulator *e, int x,
                          int y); /* its character; until the next call */
struct emulator_look emulator_look(struct emulator *e, int x, int y);
void emulator_cursor(struct emulator *e, int *x, int *y, bool *visible);

/* All bytes since the last emulator_forget. */
bool emulator_saw(struct emulator *e, const char *bytes);
/* Returns when they have come, or false after 30 s. */
bool emulator_wait_bytes(struct emulator *e, const char *bytes);
size_t emulator_times(struct emulator *e, const char *bytes); /* how often they came */
bool emulator_ascii(struct emulator *e);                      /* none is above 127 */
/* Whether the last that was said of a private mode is that it be on: ESC [ ? 1049 h. */
bool emulator_mode(struct emulator *e, int mode);
size_t emulator_seen(struct emulator *e); /* how many */
void emulator_forget(struct emulator *e);

/* Stops reading, so that the program's side fills up; and goes on. */
void emulator_hold(struct emulator *e, bool hold);
void emulator_sip(struct emulator *e); /* one byte of what is held back */

#endif
