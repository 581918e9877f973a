/* SPDX-License-Identifier: MIT */
/*
 * The journal of restores, in the vault's file: what a restore is about to do is stored before it
 * touches anything, and its rows go when it is done. What is found there at the start belongs to a
 * process that died: before JOURNAL_APPLYING nothing of the workspace was changed and the restore
 * is taken back; from then on everything it needs is on disk and it is finished.
 */
#ifndef HISTORY_VAULT_JOURNAL_H
#define HISTORY_VAULT_JOURNAL_H

#include "history/vault/depot.h"
#include "history/vault/tree.h"

enum journal_state { JOURNAL_PREPARING = 1, JOURNAL_APPLYING = 2 };

enum act_state {
    ACT_OPEN,   /* not yet done */
    ACT_DONE,   /* the path is as it was to be */
    ACT_MISSED, /* it stays as it was found; why says why */
};

/* One path that changes from what it is to what it was. */
struct act {
    char *path;
    struct entry old, new; /* VAULT_NONE = not there */
    enum act_state state;
    bool conflict; /* MISSED: because somebody else changed it meanwhile */
    char *why;
    /* While this process works on it: */
    uint64_t old_ino, new_ino; /* of the file that is there, of the one that takes its place; 0 */
    int64_t old_mtime, old_ctime; /* the old one's, ns, when it is known to be unchanged */
    bool put_aside;               /* what lies in the staging folder is the old one: looked at */
};

struct act_list {
    struct act *at; /* by path */
    size_t count;
};
void act_list_free(struct act_list *acts);

struct journal_entry {
    int64_t id;
    enum journal_state state;
    char *staging; /* name of the folder in the root */
    struct hash target, safety;
    struct act_list acts;
};
void journal_entry_free(struct journal_entry *entry);

/* All within transactions of the caller's (depot_begin, depot_end). */
int journal_store(struct depot *depot, int64_t workspace, struct journal_entry *entry,
                  struct err *err); /* fills in id */
int journal_advance(struct depot *depot, const struct journal_entry *entry, struct err *err);
int journal_remove(struct depot *depot, const struct journal_entry *entry, struct err *err);

/* The oldest one of a workspace: 1, or 0 when there is none. */
int journal_find(struct journal_entry *out, struct depot *depot, int64_t workspace,
                 struct err *err);

#endif
