/* SPDX-License-Identifier: MIT */
/*
 * UTF-8 as RFC 3629 has it: no surrogates, nothing above U+10FFFF, shortest form only. Wrong bytes
 * become U+FFFD, one per maximal subpart (Unicode 15, section 3.9).
 */
#ifndef CORE_BASE_UTF8_H
#define CORE_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/* Decodes one code point at text[0..len): its bytes consumed (≥ 1 when len > 0). *cp is the code
   point, or -1 when those bytes are wrong, or -2 when len ends inside a so far right sequence. */
size_t utf8_next(const char *text, size_t len, int32_t *cp);
size_t utf8_put(char out[4], int32_t cp); /* bytes written, 0 for a surrogate or out of range */

bool utf8_valid(const char *text, size_t len);
size_t utf8_cut(const char *text, size_t len); /* longest prefix ≤ len that splits no sequence */

/* Appends text with every wrong byte run as U+FFFD; 0, or buf_add's error. */
int utf8_repair(struct buf *out, const char *text, size_t len);

#endif
