/* SPDX-License-Identifier: MIT */
/*
 * Port: the vault, where the files of a workspace are kept, so that they can go back too. history/
 * supplies it, the engine uses it: plain data here, no SQL. Its functions block for as long as the
 * disk takes and are for workers: one job at a time on one vault, each a job that moves in and
 * whose result moves back. Paths are bytes, relative to the workspace, never UTF-8 for certain.
 *
 * A snapshot is named by one hash, its tree. What lies in the workspace and is not kept (ignored,
 * too large, unreadable …) leaves a *gap* in the tree: the tree says of every path that it was a
 * file, a link, a folder, not there, or not covered. What was not covered is never touched.
 */
#ifndef CORE_VAULT_H
#define CORE_VAULT_H

#include "core/base/err.h"
#include "core/base/sha256.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum vault_kind { VAULT_NONE, VAULT_FILE, VAULT_LINK, VAULT_FOLDER, VAULT_GAP, VAULT_KIND_COUNT };
const char *vault_kind_name(enum vault_kind kind);

/* Why something is not covered. Stored: numbers never change meaning. */
enum vault_gap {
    GAP_NONE,
    GAP_IGNORED,    /* a .gitignore says so */
    GAP_GIT,        /* git's own: .git is never opened */
    GAP_LARGE,      /* over the limit for one file */
    GAP_UNREADABLE, /* not ours to read */
    GAP_SPECIAL,    /* a FIFO, a socket, a device */
    GAP_BUSY,       /* was written to while it was read */
    GAP_BUDGET,     /* the snapshot's megabytes, time or number of paths were used up */
    GAP_FOREIGN,    /* on another file system */
    GAP_DEEP,       /* more folders within each other than we follow */
    GAP_COUNT
};
const char *vault_gap_text(enum vault_gap gap); /* for people: "ignored by .gitignore" */

/* What a snapshot may cost. 0 = the default beside it. */
struct vault_limits {
    int64_t file_bytes; /* one file; 16 MiB */
    int64_t bytes;      /* read and stored anew by one snapshot; 1 GiB */
    int64_t us;         /* time for one snapshot; a minute */
    int64_t paths;      /* one million */
};

struct vault_coverage {
    int64_t files, links, folders, bytes; /* what is covered */
    int64_t gaps[GAP_COUNT];              /* what is not, by reason */
    bool partial;                         /* for want of budget, or because somebody was writing */
};

struct vault_snapshot {
    struct hash tree;
    struct vault_coverage coverage;
    int64_t read, stored; /* bytes read anew; added to the vault, packed */
    bool unchanged;       /* nothing differs from the snapshot before */
};

/* The trees around one of the run's own acts (a tool that may write). What changed between one
   span's `after` and the next one's `before` was somebody else's doing, and is never undone. */
struct vault_span {
    struct hash before, after;
};

/* Going back to the tree `to`. `spans`, oldest first, say what the run did since; without any,
   nothing was done and nothing is. A path in conflict stays as it is on disk, unless it is listed
   in `theirs`, or `all_theirs` says so of every one. */
struct vault_goal {
    struct hash to;
    const struct vault_span *spans;
    size_t span_count;
    const char *const *theirs;
    size_t theirs_count;
    bool all_theirs;
};

enum vault_verdict {
    VERDICT_RESTORE,  /* gets the checkpoint's content, mode or kind back */
    VERDICT_CREATE,   /* is missing and comes back */
    VERDICT_DELETE,   /* was not there then and goes */
    VERDICT_CONFLICT, /* somebody else changed it too: mine or the checkpoint's? */
    VERDICT_UNKNOWN,  /* was not covered at the checkpoint, or is not now: stays */
    VERDICT_DAMAGED,  /* the vault has lost the checkpoint's content: stays */
    VERDICT_COUNT
};
const char *vault_verdict_name(enum vault_verdict verdict);

struct vault_change {
    char *path;
    enum vault_verdict verdict;
    enum vault_kind now, then;
    enum vault_gap gap;           /* UNKNOWN: why */
    enum vault_verdict if_theirs; /* CONFLICT: what the checkpoint's would mean */
};

struct vault_preview {
    struct vault_change *at; /* by path */
    size_t count;
    int64_t counts[VERDICT_COUNT];
};
void vault_preview_free(struct vault_preview *preview);

/* A path that was to change and did not, and why, for people. */
struct vault_miss {
    char *path, *why;
    bool conflict; /* kept as it was found */
};

struct vault_report {
    int64_t wanted, restored;     /* "n of m paths restored"; folders count */
    struct vault_snapshot safety; /* the state just before: going there is the undo … */
    struct hash after;            /* … with the span safety.tree → after */
    struct vault_miss *misses;
    size_t miss_count;
    int64_t names_cut; /* files that had other names (hard links), which keep the old content */
};
void vault_report_free(struct vault_report *report);

/* `stop` (may be NULL) is set by another thread to give up: E_CANCELLED, nothing is changed. */
struct vault_class {
    /* E_DENIED when the workspace was moved or replaced; E_BUSY when another process restores it;
       E_FULL, E_IO, E_CORRUPT of the vault. */
    int (*snapshot)(void *self, const struct vault_limits *limits, const atomic_bool *stop,
                    struct vault_snapshot *out, struct err *err);
    /* Looks at the disk and changes nothing. E_NOTFOUND when the vault has lost the tree. */
    int (*preview)(void *self, const struct vault_goal *goal, struct vault_preview *out,
                   struct err *err);
    /* Takes a safety snapshot, then changes what `preview` says, journalled: a crash is finished or
       undone when the workspace is opened next. `stop` counts until the first change. The report
       is filled in also when it fails half-way. */
    int (*restore)(void *self, const struct vault_goal *goal, const struct vault_limits *limits,
                   const atomic_bool *stop, struct vault_report *out, struct err *err);
    /* Writes a tree into `folder`, which is made or is empty: a workspace of its own. What was not
       covered, .git among it, is not in it. */
    int (*copy)(void *self, const struct hash *tree, const char *folder, const atomic_bool *stop,
                int64_t *paths, struct err *err);
    /* What a tree does not cover, path by path, until `each` gives non-zero. */
    int (*gaps)(void *self, const struct hash *tree,
                int (*each)(void *ctx, const char *path, enum vault_gap gap), void *ctx,
                struct err *err);
    /* What differs between two trees, folders included; `each` borrows. */
    int (*compare)(void *self, const struct hash *from, const struct hash *to,
                   int (*each)(void *ctx, const char *path, enum vault_kind before,
                               enum vault_kind after),
                   void *ctx, struct err *err);
};

struct vault {
    const struct vault_class *class;
    void *self;
};

#endif
