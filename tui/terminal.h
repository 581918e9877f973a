/* SPDX-License-Identifier: MIT */
/*
 * The terminal as a device: its descriptors, its modes, what is on its way to it, and the signals
 * that concern it. Writing never waits: bytes that it does not take now are kept and sent when it
 * does, through a description of our own, since O_NONBLOCK on the shell's would outlive us.
 * Whatever ends the process (a return, SIGTERM twice, a crash, out of memory) first puts the
 * terminal back. One at a time; owner: tui (the handlers run on any thread, and only write and
 * reset).
 */
#ifndef TUI_TERMINAL_H
#define TUI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/err.h"

struct terminal;

/* Remembers the modes, makes descriptors that came non-blocking block until close, and takes over
   SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT and the signals of a crash. E_UNSUPPORTED
   when one of the two is no terminal. */
int terminal_open(struct terminal **out, int in_fd, int out_fd, struct err *err);
void terminal_close(struct terminal *t); /* modes, flags and signals are as they were */

void terminal_raw(struct terminal *t);    /* every key is a byte, nothing is echoed */
void terminal_cooked(struct terminal *t); /* as it was */

/* What a signal that ends the process sends before it does: nothing, until this says what. */
#define TERMINAL_UNDO 512
void terminal_undo(struct terminal *t, const char *bytes, size_t len);

/* Sends behind what still waits. E_CLOSED when the terminal is gone: then it stays so. */
int terminal_send(struct terminal *t, const char *bytes, size_t len);
int terminal_flush(struct terminal *t);         /* what it takes now; E_CLOSED */
bool terminal_behind(const struct terminal *t); /* it has not yet taken all that was sent */
bool terminal_waits(const struct terminal *t);  /* bytes are kept: poll out_fd for POLLOUT, flush */
void terminal_drain(struct terminal *t, int ms); /* flushes for so long at most: on the way out */
int terminal_out_fd(const struct terminal *t);

int terminal_signal_fd(const struct terminal *t); /* readable when a signal came */
int terminal_signal(struct terminal *t);          /* the next one, or 0. A second SIGTERM, SIGHUP or
                                                     SIGINT before the first was taken ends the
                                                     process */

/* Stops the process as Ctrl-Z does, with the default action; returns when it goes on. Nothing
   happens where no shell could wake it. */
void terminal_stop(struct terminal *t);

void terminal_size(const struct terminal *t, int *w, int *h); /* 80 × 24 when it will not say */

#endif
