/* SPDX-License-Identifier: MIT */
/*
 * Reader: text in the messages of a run, folded and off-page rows included, or of all runs. Bodies
 * are compressed, so a search reads them; each call looks at a bounded number of bytes and returns
 * where to go on, so a console can search between two frames. See query.h for the rules.
 */
#ifndef HISTORY_QUERY_SEARCH_H
#define HISTORY_QUERY_SEARCH_H

#include "core/journal.h"
#include "history/query.h"

struct pattern;

/* Where a search stands. Zero, with `run` set for one run, is the start. */
struct search {
    int64_t run;                          /* search only this run; 0 = all, newest first */
    size_t budget;                        /* bytes of bodies to look at in one call; 0 = 4 MiB */
    int64_t at_run, at_segment, at_depth; /* the search's own */
    bool done;                            /* nothing is left */
};

struct search_hit {
    int64_t run, node, segment, depth;
    enum node_kind kind;
    const char *line;  /* the text around the first match, one line, at most 200 bytes */
    size_t start, end; /* of the match in `line` */
    size_t matches;    /* in this node, at most 1,000 */
};

/* Up to `limit` hits, in order of (segment, depth) in a run. Returns with none and not done when
   the budget ran out first. Matches the decoded text of a message, not its JSON. */
int query_search(struct query *q, struct arena *arena, struct search *search,
                 const struct pattern *pattern, size_t limit, struct search_hit **hits,
                 size_t *count, struct err *err);

#endif
