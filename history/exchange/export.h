/* SPDX-License-Identifier: MIT */
/*
 * Writes a run as one file (container.h), as it stands in one moment: chain, inputs, events,
 * ledger, attempts and every body. Blocks: for the shell and for workers, on a reader of its own.
 */
#ifndef HISTORY_EXCHANGE_EXPORT_H
#define HISTORY_EXCHANGE_EXPORT_H

#include "history/query.h"

struct buf;

/* What a report of a bug needs besides the run: "kernel", "Linux 6.1.0". */
struct export_fact {
    const char *name, *value;
};

struct export_options {
    /* Takes the file piece by piece; non-zero ends the export and is returned. */
    int (*put)(void *ctx, const char *data, size_t len, struct err *err);
    void *ctx;
    /* For a bundle: appends the text with what must not leave masked. Then the file says
       "redacted", and its chain is that of the texts as they are in it. NULL = as it is. */
    int (*redact)(void *redactor, struct buf *out, const char *text, size_t len);
    void *redactor;
    const struct export_fact *facts; /* NULL, or ends with a NULL name; redacted with the rest */
};

/* E_NOTFOUND; E_CORRUPT when what is stored cannot be read. */
int export_run(struct query *q, int64_t run, const struct export_options *options, struct err *err);

#endif
