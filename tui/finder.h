/* SPDX-License-Identifier: MIT */
/*
 * A search through the whole run, folded and rolled-back rows included, a bounded piece between two
 * frames. The matches are kept by place; the pattern stays in force for Detail's marks. Main
 * thread.
 */
#ifndef TUI_FINDER_H
#define TUI_FINDER_H

#include "core/base/err.h"
#include "history/query_search.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FINDER_MAX 100000 /* matches kept */

struct pattern;

struct finder_hit {
    int64_t segment, depth, node;
};

struct finder {
    struct pattern *pattern; /* NULL = no search */
    struct search search;
    struct finder_hit *hits;
    size_t count, cap;
    size_t at;  /* from 1; 0 = none yet */
    bool first; /* go to the first that is found */
};

/* Starts one; an empty text ends it. E_PARSE: no such pattern. */
int finder_start(struct finder *finder, int64_t run, const char *text, struct err *err);
void finder_stop(struct finder *finder);
/* Looks on for one frame; true when something was found or it is done. */
bool finder_work(struct finder *finder, struct query *query);
bool finder_busy(const struct finder *finder);
/* The next hit, or the one before; NULL = none. */
const struct finder_hit *finder_step(struct finder *finder, bool backward);

#endif
