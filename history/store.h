/* SPDX-License-Identifier: MIT */
/*
 * The writing side's inside, shared by history.c, lease.c, commit.c and load.c only: the writer's
 * connection, and transactions under the lock. Engine thread.
 */
#ifndef HISTORY_STORE_H
#define HISTORY_STORE_H

#include "history/body.h"
#include "history/db.h"
#include "history/history.h"
#include "history/keeper.h"
#include "history/lock.h"
#include "history/owner.h"

struct lease {
    int64_t run, epoch;
    int64_t checked; /* number of the transaction that has looked at it */
};

/* A commit whose outcome is not known: its sync failed, but its frames may be in the WAL and count
   once the file is opened again. Its last input tells. */
struct doubt {
    bool set;
    size_t stored;    /* records at the front of the batch that are known to be stored */
    size_t records;   /* of the whole batch then */
    int64_t run, seq; /* its last input; seq 0 = it had none */
    int64_t last_seq; /* of events, before it */
};

struct history {
    char *path, *vfs;
    struct clock clock;
    struct db *db; /* NULL after a failure, until it is opened again */
    struct lock *lock;
    struct owner *owner;
    struct packer *packer;
    struct keeper *keeper;
    struct lease *leases;
    size_t lease_count, lease_cap, lease_last; /* lease_last: found last, tried first */
    int64_t transactions;                      /* begun; never 0 in one */
    int64_t last_seq;                          /* last event known to be stored by anybody */
    struct doubt doubt;
    bool suspect; /* the last commit met damage; the next one tells a hiccup from the truth */
    int64_t commits, busy;
    bool stepwise;
    char boot_id[OWNER_BOOT_ID];
};

/* A writing transaction: takes the lock (E_BUSY), opens the file again after a failure, checks that
   it is still the same file and that nothing stored was lost. */
int store_begin(struct history *history, struct err *err);
/* The same at the end, when nobody is kept waiting and nobody tries again: waits a second for a
   busy lock, unless it goes stepwise. */
int store_begin_waiting(struct history *history, struct err *err);
/* Ends it with `rc` so far: commits when it is 0, else rolls back; gives the lock back. */
int store_end(struct history *history, int rc, struct err *err);

/* The id of a body, stored if it is new. NULL is 0. */
int store_body(struct history *history, const char *body, size_t len, int64_t *id, struct err *err);

/* lease.c */
struct lease *lease_find(struct history *history, int64_t run);
int lease_check(struct history *history, int64_t run, struct err *err); /* E_FENCED */
int lease_new_run(void *self, int64_t *run, struct err *err);
int lease_claim(void *self, int64_t run, struct err *err);
int lease_release(void *self, int64_t run, struct err *err);
int lease_release_all(struct history *history, struct err *err);

/* commit.c */
int commit_batch(void *self, struct batch *batch, struct err *err);

/* load.c */
int load_ready(void *self, struct err *err);
int load_run(void *self, int64_t run, struct run_image *out, struct err *err);
int load_at(void *self, int64_t run, int64_t node, struct run_image *out, struct err *err);
int load_chain(void *self, int64_t run, int64_t node, int64_t from,
               int (*each)(void *ctx, const struct chain_node *node), void *ctx, struct err *err);
int load_repeated(void *self, int64_t run, int64_t node, const char *tool, const struct hash *args,
                  int64_t *effect, int64_t *wall_us, char **branch, struct err *err);
int load_past(void *self, int64_t since_wall_us, struct past_attempt **out, size_t *count,
              struct err *err);

#endif
