/* SPDX-License-Identifier: MIT */
/* Reader: the list of runs, one run by its name, and who has it. See query.h for the rules. */
#ifndef HISTORY_QUERY_RUN_H
#define HISTORY_QUERY_RUN_H

#include "history/query.h"

enum run_owner {
    RUN_UNOWNED,    /* nobody has it; anyone may resume it */
    RUN_OWNED,      /* a living process has it */
    RUN_OWNER_DIED, /* its process died with it: recover by resuming */
};

struct run_row {
    int64_t run;
    const char *uid, *agent, *model, *provider, *workspace;
    const char *title; /* at most 500 characters */
    int64_t created_us, updated_us;
    int state; /* enum run_state of core/agent/state.h */
    const char *reason;
    int64_t iterations, tool_calls, errors, retries;
    int64_t tokens_in, tokens_out, tokens_cached, cost_microusd;
    int64_t branch; /* the active one, its name and its head */
    const char *branch_name;
    int64_t head;
    enum run_owner owner;
    int64_t owner_pid;        /* 0 when unowned */
    const char *origin;       /* imported: the format of its file; NULL = it lived here */
    const char *lived_as;     /* its uid where it was lived: what its decisions were made with */
    const char *parent;       /* uid of the run that it begins with; NULL = with its task */
    int64_t parent_step;      /* up to this node of it */
    const char *race, *lane;  /* begun with others at once: theirs and its own; NULL = not */
    const char *owner_socket; /* where to send verbs (attach.h); NULL when it does not listen */
};

struct run_page {
    int64_t before; /* only runs older than this one; 0 = from the newest */
    int64_t after;  /* or: only runs newer than this one, the nearest first; 0 = no */
    size_t limit;
};

/* Newest first by order of creation (with `after`: oldest first). */
int query_runs(struct query *q, struct arena *arena, const struct run_page *page,
               struct run_row **rows, size_t *count, struct err *err);
int query_run_count(struct query *q, int64_t *count, struct err *err);
/* E_NOTFOUND. */
int query_run(struct query *q, struct arena *arena, int64_t run, struct run_row *row,
              struct err *err);
/* By uid, by the start of a uid, or "last" (the newest). E_NOTFOUND; E_RANGE when several fit: the
   text names two of them. */
int query_run_find(struct query *q, const char *word, int64_t *run, struct err *err);
/* The config as stored with the run (JSON), without keys. */
int query_run_config(struct query *q, struct arena *arena, int64_t run, const char **json,
                     struct err *err);

#endif
