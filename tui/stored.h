/* SPDX-License-Identifier: MIT */
/*
 * History as a shell command reads it: the file opened read-only, and the run that its first word
 * names. Main thread.
 */
#ifndef TUI_STORED_H
#define TUI_STORED_H

#include "core/base/buf.h"
#include "core/base/err.h"
#include "history/arena.h"
#include "history/query.h"
#include "history/query_chain.h"
#include "history/query_run.h"

struct stored {
    char *path;
    struct query *query;
    struct arena arena; /* the command's own, for pages: it may clear it */
    struct arena kept;  /* what `run` stands on */
    struct run_row run;
    struct buf text; /* scratch */
};

/* E_NOTFOUND: there is no history yet. Always stored_close it, also after a failure. */
int stored_open(struct stored *stored, struct err *err);
/* The same, and finds the run: `word` is a uid, its start, or "last". */
int stored_open_run(struct stored *stored, const char *word, struct err *err);
int stored_refresh(struct stored *stored, struct err *err); /* reads the run's row again */
void stored_close(struct stored *stored);

/* The checkpoint that a word names (query_checkpoint_find); rows live in stored->arena. */
int stored_checkpoint(struct stored *stored, const char *word, struct checkpoint_row *row,
                      struct err *err);

#endif
