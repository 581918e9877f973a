/* SPDX-License-Identifier: MIT */
/* Base64 with padding (RFC 4648): what OSC 52 and terminfo in the environment speak. Pure. */
#ifndef TUI_BASE64_H
#define TUI_BASE64_H

#include <stddef.h>

struct buf;

int base64_add(struct buf *out, const void *data, size_t len); /* 0, or buf_add's error */

#endif
