/* SPDX-License-Identifier: MIT */
/*
 * Whether the record is whole. SQLite's integrity_check says ok although a committed transaction is
 * missing, so this also checks what only we know: event.seq without gaps, depth and segments, every
 * chain hash recomputed from its body, heads that point into their own run, effects and results,
 * references. Reads everything, in pages, in constant memory; for the shell and for workers.
 */
#ifndef HISTORY_FSCK_H
#define HISTORY_FSCK_H

#include "history/query.h"

struct fsck_options {
    int64_t run;      /* only this one; 0 = the whole file */
    bool quick;       /* without SQLite's own check of every page */
    const bool *stop; /* set by another thread to give up; may be NULL */
    /* One finding, one line for people. */
    void (*found)(void *ctx, int64_t run, const char *text);
    void *ctx;
};

struct fsck_report {
    int64_t runs, nodes, events, blobs, effects;
    int64_t findings;
};

/* 0 also when there are findings; E_CORRUPT when it could not go on. */
int fsck_run(struct fsck_report *out, struct query *q, const struct fsck_options *options,
             struct err *err);

/* Moves a damaged file aside and puts what can be read into a new one; *report says what was saved
   (yours). For what opening does not see by itself: damage in the middle of the file. E_BUSY while
   a living process owns a run, or writes. */
int fsck_repair(char **report, const char *path, struct err *err);

#endif
