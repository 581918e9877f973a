/* SPDX-License-Identifier: MIT */
/*
 * A file for people that appears whole or not at all: written beside its place (0600), synced, and
 * only then given its name; until then it has none where the file system can do that, so that a
 * kill leaves nothing. What is there already stays, unless it is to be replaced. One owner.
 */
#ifndef CORE_BASE_NEW_FILE_H
#define CORE_BASE_NEW_FILE_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct new_file;

/* E_EXISTS when there is something and `replace` is false; E_DENIED when what is there is no
   regular file. The same is looked at again at the end: nothing that came meanwhile is lost. */
int new_file_open(struct new_file **out, const char *path, bool replace, struct err *err);

int new_file_add(struct new_file *file, const void *data, size_t len, struct err *err);

/* Moves it to its place, or, after any failure, removes what was written. Frees it either way. */
int new_file_end(struct new_file *file, struct err *err);
void new_file_drop(struct new_file *file); /* NULL is allowed */

#endif
