/* SPDX-License-Identifier: MIT */
/* A folder of a test's own, and short ways to put files there and look at them. */
#ifndef TESTS_SUPPORT_SCRATCH_H
#define TESTS_SUPPORT_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

char *scratch_new(void);       /* an absolute path */
void scratch_free(char *path); /* removes the folder with all that is in it */

/* Borrowed until the next call: "dir/name". */
const char *scratch_path(const char *dir, const char *name);

void scratch_write(const char *dir, const char *name, const char *text);
void scratch_folder(const char *dir, const char *name);
bool scratch_has(const char *dir, const char *name);
size_t scratch_count(const char *dir, const char *name); /* entries of a folder; 0 = none there */
char *scratch_read(const char *dir, const char *name);   /* yours; NULL when it is not there */
bool scratch_holds(const char *dir, const char *name, const char *text); /* exactly this text */

#endif
