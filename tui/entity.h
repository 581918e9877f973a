/* SPDX-License-Identifier: MIT */
/* HTML's character references, as Markdown has them. Pure. */
#ifndef TUI_ENTITY_H
#define TUI_ENTITY_H

#include <stddef.h>

struct buf;

/* Appends what "&amp;" or "&#x41;" stands for, harmless (an ESC written as &#27; is none); what is
   no reference, or not one of the usual names, as it is. 0, or buf_add's error. */
int entity_add(struct buf *out, const char *text, size_t len);

#endif
