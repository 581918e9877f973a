/* SPDX-License-Identifier: MIT */
/*
 * A trajectory as Markdown, for people. What others wrote stays inside its place: results and
 * arguments in fences longer than any in them, headings of a message one level below ours. Pure.
 */
#ifndef CORE_EXCHANGE_PROSE_H
#define CORE_EXCHANGE_PROSE_H

struct buf;
struct trajectory;

/* buf_add's errors. */
int prose_write(struct buf *out, const struct trajectory *t);

#endif
