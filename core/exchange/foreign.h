/* SPDX-License-Identifier: MIT */
/*
 * The records of other agents: what is known of each format is one row of the table in foreign.c,
 * its reader a module of its own. A record is somebody else's: whatever is in it is an error with
 * its place, or text. Pure.
 */
#ifndef CORE_EXCHANGE_FOREIGN_H
#define CORE_EXCHANGE_FOREIGN_H

#include "core/exchange/records.h"
#include "core/exchange/trajectory.h"

#define FOREIGN_RUNS_MAX ((size_t)1000) /* in one file */

struct foreign {
    const char *name; /* "codex" */
    const char *help; /* one line: which files */
    bool (*fits)(const struct records *records);
    /* Fills one trajectory from records `from` on; *next is where the next one begins, past the
       last when there is none. */
    int (*read)(struct trajectory *t, const struct records *records, size_t from, size_t *next,
                struct err *err);
};

const struct foreign *foreign_at(size_t index); /* the table; NULL behind it */
const struct foreign *foreign_find(const char *name);

struct foreign_list {
    const struct foreign *format;
    struct trajectory **at;
    size_t count, cap;
    bool cut; /* the file's last line was not whole and is left out */
};

/* Reads a file's text; the format is found by what is in it. E_PARSE: none fits, or it names where
   and what; E_TOOBIG. Always foreign_free it. */
int foreign_read(struct foreign_list *out, const char *text, size_t len, struct err *err);
void foreign_free(struct foreign_list *list);

#endif
