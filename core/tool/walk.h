/* SPDX-License-Identifier: MIT */
/*
 * Goes through a folder of the workspace, in the order of names, following no link. What .gitignore
 * files leave out is left out here (core/base/ignore.h), and .git always is. Bounded in depth and
 * number. Blocks: for workers.
 */
#ifndef CORE_TOOL_WALK_H
#define CORE_TOOL_WALK_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct confine;

#define WALK_DEPTH_MAX   64
#define WALK_ENTRIES_MAX 200000

enum walk_kind { WALK_FILE, WALK_FOLDER, WALK_LINK, WALK_OTHER };

struct walk_entry {
    const char *path; /* relative to the root; borrowed for the call */
    const char *name; /* its last part */
    int folder;       /* where name lies, open */
    enum walk_kind kind;
    int depth; /* 1 = lies in the folder where the walk began */
};

struct walk_options {
    const char *start; /* a clean path; "." = the root */
    int depth;         /* 0 = WALK_DEPTH_MAX; 1 = that folder alone */
    bool ignored_too;
    bool (*late)(void *self); /* asked now and then; true ends the walk */
    /* For every entry, a folder before what lies in it; false ends the walk. */
    bool (*each)(void *self, const struct walk_entry *entry);
    void *self;
};

struct walk_totals {
    size_t seen;       /* entries handed over */
    size_t ignored;    /* left out by a .gitignore */
    size_t unreadable; /* folders that could not be opened, or lie too deep */
    bool cut;          /* more entries than WALK_ENTRIES_MAX, or too deep */
};

/* Errors are about the start alone. */
int walk_files(const struct confine *root, const struct walk_options *options,
               struct walk_totals *totals, struct err *err);

/* Whether a file's path fits the glob that a model gave: against the path below `start` if it has a
   slash, else against the name. NULL fits all. */
bool walk_fits(const char *glob, const char *start, const struct walk_entry *entry);

#endif
