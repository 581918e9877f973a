/* SPDX-License-Identifier: MIT */
/*
 * A run as one file: JSON lines, each one object, read and written in one pass.
 *
 *   {"rerail":"run","format":1,"by":"0.1.0"}          first; "redacted":true when texts were masked
 *   {"part":"run","version":1}                        a part begins: the table below, in this order
 *   {"body":1,"len":N,"sha256":HEX,"text":TEXT}       a body, just before the row that first refers
 *   {"more":1,"text":TEXT}                            to it; a long one goes on in further pieces,
 *   {"uid":…,"config":1,…}                            bytes that are no text as "hex"
 *   {"end":{"lines":N,"sha256":HEX}}                  last: the lines before, and their SHA-256
 *
 * A row has a member for each column that is not NULL. Bodies are numbered from 1 as they come,
 * events by their order in the run; the run's number in a history is nobody else's business, so the
 * same run always gives the same file.
 *
 * Parts are how the format grows. A reader skips a part that it does not know, or knows only an
 * older version of, when the part says "optional":true, and refuses the file otherwise. What a
 * checkpoint's snapshots refer to is the part "vault": objects named by their hash, as bodies are.
 * A bundle closes with the part "machine": what it was made on, for people alone.
 *
 * Trust: the sum finds damage; the chain (fsck.h, run before anything is kept) finds whoever
 * altered a message and not all that follows from it. Neither says who wrote the file.
 */
#ifndef HISTORY_EXCHANGE_CONTAINER_H
#define HISTORY_EXCHANGE_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONTAINER_FORMAT   1
#define CONTAINER_FACTS    "machine"           /* the part of a bundle that is for people alone */
#define CONTAINER_LINE_MAX ((size_t)96 << 20)  /* bytes of a line */
#define CONTAINER_PIECE    ((size_t)256 << 10) /* bytes of a body in one line */
#define CONTAINER_MAX      ((int64_t)4 << 30)  /* bytes of a file that is read */
#define CONTAINER_BODIES   10000000            /* bodies of one run */

enum cell_kind {
    CELL_INT,    /* a whole number up to 2^53 */
    CELL_WIDE,   /* 64 bits: its decimal digits as text */
    CELL_TEXT,   /* UTF-8 */
    CELL_BYTES,  /* hex */
    CELL_BODY,   /* the number of a body; 0 = an empty reference */
    CELL_PACKED, /* packed as bodies are, in the row itself: its text */
    CELL_ORDER,  /* 1, 2, 3 … in the file; given anew by the history that takes it in */
};

struct cell {
    const char *name;
    enum cell_kind kind;
    int64_t below; /* INT: must be from 0 to below this; 0 = any */
};

struct part {
    const char *name; /* of the part, and of its table */
    const char *run;  /* the column with the run's number */
    const char *order;
    const struct cell *cells; /* ends with a NULL name */
    int version;
    bool optional;
};

extern const struct part container_parts[];
extern const size_t container_part_count;
const struct part *container_part(const char *name); /* NULL when it is not known */

#endif
