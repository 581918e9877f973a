/* SPDX-License-Identifier: MIT */
/* One piece of Markdown, whole, as lines: md4c's blocks and spans in our shapes. Pure. */
#ifndef TUI_MARKDOWN_PAGE_H
#define TUI_MARKDOWN_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "tui/lines.h"
#include "tui/margin.h"

/* Appends text, which was sanitized, wrapped to width columns; apart: behind a blank line, when
   there is anything before it. */
void markdown_page(struct lines *out, const char *text, size_t len, int width, bool apart);

/* A box of code, line by line, as it streams in; the margin is that of the block around it, info
   what stands behind its fence: the first word of it is the language. */
void markdown_code_top(struct lines *out, struct margin *margin, const char *info, size_t len);
void markdown_code_line(struct lines *out, struct margin *margin, const char *text, size_t len);
void markdown_code_bottom(struct lines *out, struct margin *margin);

#endif
