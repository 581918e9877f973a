/* SPDX-License-Identifier: MIT */
/*
 * Takes a run from a file (container.h) into the history, in one transaction: whole and checked, or
 * not at all. The file is somebody else's: its sum is compared before anything is written, every
 * value with what its column may hold, every body with its hash, and then the run, before it is
 * kept, with everything that fsck knows of a sound one. An imported run is to be looked at; nobody
 * can go on with it, because what it would be allowed to do is the file's word.
 *
 * Blocks, and holds the writer's lock for as long as the rows take: for the shell and for workers.
 */
#ifndef HISTORY_EXCHANGE_IMPORT_H
#define HISTORY_EXCHANGE_IMPORT_H

#include "core/base/err.h"
#include "core/base/uuid.h"

#include <stdbool.h>
#include <stdint.h>

struct history;

struct import_options {
    const char *path;
    int states; /* of a run: numbers from 0 to below this */
};

struct import_report {
    int64_t run;
    char uid[UUID_TEXT];     /* what it is called here … */
    char was_uid[UUID_TEXT]; /* … and in the file: another when that one was taken */
    int64_t nodes, events, bodies;
    bool redacted;      /* a bundle: some texts are masked */
    char left_out[128]; /* optional parts that this rerail does not know; "" = none */
};

/* Whether a file begins as one of ours does; its first line, or its first bytes, suffice. */
bool import_is_ours(const char *text, size_t len);

/* E_PARSE: it is not such a file, or is cut off; the text names the line. E_CORRUPT: names what
   differs. E_NEWER: a newer rerail wrote it. E_TOOBIG, E_NOTFOUND, E_DENIED; E_BUSY, E_FULL, E_IO
   as history's. */
int import_run(struct import_report *out, struct history *history,
               const struct import_options *options, struct err *err);

#endif
