/* SPDX-License-Identifier: MIT */
/*
 * Reader: the event feed. A follower keeps the last seq it has seen and asks for what is behind it.
 * query_event_json makes the full line of core/event.c's table: what the stored body leaves out
 * (the message, the arguments, usage) comes from the rows it refers to. See query.h for the rules.
 */
#ifndef HISTORY_QUERY_EVENT_H
#define HISTORY_QUERY_EVENT_H

#include "core/event.h"
#include "history/query.h"

struct buf;

struct event_row {
    int64_t seq, run, branch, node, us;
    enum event_type type;
    const char *body; /* JSON object as stored */
};

struct event_page {
    int64_t run;    /* 0 = of all runs */
    int64_t after;  /* those with a higher seq, oldest first … */
    int64_t before; /* … or, when not 0, those with a lower one, newest first */
    int type;       /* 0 = all, else enum event_type + 1 */
    size_t limit;
};
int query_events(struct query *q, struct arena *arena, const struct event_page *page,
                 struct event_row **rows, size_t *count, struct err *err);
int query_last_seq(struct query *q, int64_t *seq, struct err *err); /* 0 = none yet */

/* Appends one JSON object, no newline: the common fields, then the event's own in the table's
   order. E_TOOBIG above out's ceiling. */
int query_event_json(struct query *q, const struct event_row *event, struct buf *out,
                     struct err *err);

/* The last state changes of a run, newest first. */
struct transition_row {
    int64_t seq, us, spent_us;
    const char *from, *to, *reason;
};
int query_transitions(struct query *q, struct arena *arena, int64_t run, size_t limit,
                      struct transition_row **rows, size_t *count, struct err *err);

#endif
