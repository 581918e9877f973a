/* SPDX-License-Identifier: MIT */
/*
 * Events in words, one line each, for people who watch `exec` or `log`. Everything from outside is
 * neutralised.
 */
#ifndef TUI_EVENT_TEXT_H
#define TUI_EVENT_TEXT_H

#include "core/event.h"

#include <stdbool.h>
#include <stdio.h>

struct buf;

/* Appends one line without newline; false when the event is not worth one. */
bool event_text(struct buf *out, enum event_type type, const char *body);
/* A longer text, neutralised when `out` is a terminal, and a newline. */
void event_text_print(FILE *out, const char *text);

#endif
