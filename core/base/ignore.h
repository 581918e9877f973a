/* SPDX-License-Identifier: MIT */
/*
 * .gitignore files as data: which paths they leave out. The rules are git's (gitignore(5), git
 * 2.39), read from text; no repository, no configuration and no other file is opened. libgit2 can
 * match too, but not for a folder that is no repository without a workaround for patterns that name
 * folders. Matching is linear in path and pattern: no pattern can hang it. One owner.
 */
#ifndef CORE_BASE_IGNORE_H
#define CORE_BASE_IGNORE_H

#include <stdbool.h>
#include <stddef.h>

struct ignore;

void ignore_new(struct ignore **out);
void ignore_free(struct ignore *ignore);

/* The rules of one .gitignore; `folder` is where it lies, relative to the root, "" for the root.
   Later rules overrule earlier ones, so add a folder's file before those of its subfolders. */
void ignore_add(struct ignore *ignore, const char *folder, const char *text, size_t len);

/* For a walk: how many rules there are, and back to so many when a folder is left. */
size_t ignore_count(const struct ignore *ignore);
void ignore_back(struct ignore *ignore, size_t count);

/* Whether path (relative to the root, clean) is left out by itself. What lies in a folder that is
   left out is so too, whatever the rules say of it: the caller does not go there. */
bool ignore_matches(const struct ignore *ignore, const char *path, bool is_folder);

#endif
