/* SPDX-License-Identifier: MIT */
/*
 * Carries out the acts of a restore on the disk so that no byte of anybody else's is lost, whatever
 * happens in between. What is to come is written to a staging folder in the root first; then each
 * file changes places with what is there in one step (RENAME_EXCHANGE), and what came out is looked
 * at: if it is not what was expected, it goes back. Nothing is overwritten and nothing is unlinked
 * but copies of what the vault holds. Each step can be done again: a second process that finds the
 * journal of a dead one does the same acts, and what is done stays done.
 */
#ifndef HISTORY_VAULT_APPLY_H
#define HISTORY_VAULT_APPLY_H

#include "history/vault/disk.h"
#include "history/vault/journal.h"

#define APPLY_FEW 64 /* files below which each is synced by itself */

/* For tests: asked before every step on the disk or in the journal; an errno to fail with, or 0. It
   may also not come back. */
struct apply_fault {
    int (*at)(void *ctx);
    void *ctx;
};

struct apply {
    struct depot *depot;
    const struct disk *disk;
    struct journal_entry *journal;
    const struct apply_fault *fault; /* may be NULL */
    int64_t names_cut;               /* files that had other names */
    bool again;                      /* a dead process began it */
    /* inside */
    int staging;  /* descriptor */
    int parent;   /* the folder at hand … */
    char *folder; /* … and its path */
    struct err *err;
};

/* Makes the staging folder and writes into it all that is to come, synced. Acts whose content the
   vault has lost are missed. On failure nothing of the workspace is changed. */
int apply_stage(struct apply *a);
/* Does the acts, synced. Paths that cannot be done are missed, each for its reason; fails only when
   nothing more can be said (the staging folder is gone, a sync failed). */
int apply_run(struct apply *a);
/* Removes the staging folder. What lies there and is in no snapshot stays: its act says where. */
void apply_clean(struct apply *a);
/* Takes back what apply_stage did: nothing of the workspace was changed yet. */
void apply_undo(struct apply *a);
/* Lets go of descriptors. */
void apply_close(struct apply *a);

int apply_point(const struct apply *a); /* an errno, or 0 */

#endif
