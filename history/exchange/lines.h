/* SPDX-License-Identifier: MIT */
/*
 * The lines of a file, one after the other, none longer than it may be, in memory for one of them.
 * Text that somebody else chose: whatever is wrong with it is an error with the line's number.
 */
#ifndef HISTORY_EXCHANGE_LINES_H
#define HISTORY_EXCHANGE_LINES_H

#include "core/base/buf.h"
#include "core/base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct lines {
    const char *path; /* for messages; borrowed */
    int fd;
    struct buf held;       /* read and not yet given */
    size_t start, scanned; /* of it: where the next line begins; what has no newline before */
    int64_t number;        /* of the last line given, from 1 */
    int64_t bytes, max;    /* read so far, and at most */
    bool over;             /* the file has ended */
};

/* A regular file: E_NOTFOUND, E_DENIED, E_TOOBIG when it is larger than `max`. */
int lines_open(struct lines *lines, const char *path, size_t line_max, int64_t max,
               struct err *err);
int lines_again(struct lines *lines, struct err *err); /* from the beginning */
void lines_close(struct lines *lines);

/* The next line without its newline, borrowed until the next call: 1, or 0 behind the last. E_PARSE
   when the file ends in the middle of a line; E_TOOBIG. */
int lines_next(struct lines *lines, const char **text, size_t *len, struct err *err);

#endif
