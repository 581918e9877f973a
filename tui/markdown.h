/* SPDX-License-Identifier: MIT */
/*
 * Markdown as it streams in, as styled and wrapped lines. What is complete is rendered once; each
 * time only the last block is rendered anew, and code line by line, so a long answer costs what it
 * is long. What comes in is sanitized here. When the text is ended it is rendered whole once more,
 * so that the result does not depend on how it came. Owner: tui.
 */
#ifndef TUI_MARKDOWN_H
#define TUI_MARKDOWN_H

#include <stdbool.h>
#include <stddef.h>

#include "tui/lines.h"

struct markdown;

#define MARKDOWN_MAX (16u << 20) /* bytes of one text; more is not shown, and said not to be */

void markdown_new(struct markdown **out);
void markdown_free(struct markdown *m);
void markdown_feed(struct markdown *m, const char *text, size_t len);
void markdown_end(struct markdown *m);

/* The lines at a width in columns (at least 1), up to date; borrowed until the next call. */
const struct lines *markdown_lines(struct markdown *m, int width);
/* Bytes that were rendered until now, again and again where it was so: what it has cost. */
size_t markdown_cost(const struct markdown *m);

#endif
