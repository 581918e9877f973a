/* SPDX-License-Identifier: MIT */
/*
 * What going back means for each path, before anything is touched. Only paths that the run itself
 * changed are looked at: those that differ within a span. Of each it is known what it was at the
 * checkpoint, what the run made of it last, and whether somebody else changed it in between; the
 * caller says what it is now.
 */
#ifndef HISTORY_VAULT_PLAN_H
#define HISTORY_VAULT_PLAN_H

#include "history/vault/depot.h"
#include "history/vault/tree.h"

struct plan_item {
    char *path;
    struct entry now, then; /* without names; folders without hashes */
    enum vault_verdict verdict;
    enum vault_verdict if_theirs; /* CONFLICT: what the checkpoint's would be */
    enum vault_gap gap;           /* UNKNOWN: why */
};

struct plan {
    struct plan_item *items; /* by path */
    size_t count;
};

/* `now` fills in what is at a path. E_NOTFOUND, E_CORRUPT when the vault has lost a tree. */
int plan_make(struct plan *out, struct depot *depot, const struct vault_goal *goal,
              void (*now)(void *ctx, const char *path, struct entry *out), void *ctx,
              struct err *err);
void plan_free(struct plan *plan);

/* What is to be done about an item under the goal's answers: RESTORE, CREATE or DELETE, or the
   verdict that leaves it alone. */
enum vault_verdict plan_answer(const struct plan_item *item, const struct vault_goal *goal);

#endif
