/* SPDX-License-Identifier: MIT */
/*
 * The words of a stored message without its JSON: what a search looks through and a preview shows.
 * A scanner, not a parser: it also takes the start of a body that goes on, and never fails.
 */
#ifndef HISTORY_MESSAGE_TEXT_H
#define HISTORY_MESSAGE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

/* Appends content, reasoning, names and arguments of tool calls, and the task of a genesis node,
   each behind a newline. Stops at out's ceiling: -1 then, else 0. */
int message_text(struct buf *out, const char *json, size_t len);

/* The start of the content in one line: bytes written, at most cap - 1, NUL-terminated. */
size_t message_preview(char *out, size_t cap, const char *json, size_t len);

#endif
