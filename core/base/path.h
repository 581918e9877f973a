/* SPDX-License-Identifier: MIT */
/*
 * Where rerail keeps things (XDG base directory specification 0.8: unset, empty or relative values
 * mean the default) and safe handling of our own files: directories 0700, files 0600, owner
 * checked, never a symlink, never world-writable. Workspace files go through core/tool/confine.
 */
#ifndef CORE_BASE_PATH_H
#define CORE_BASE_PATH_H

#include "core/base/err.h"

#include <stddef.h>

enum path_root { PATH_CONFIG, PATH_STATE, PATH_CACHE, PATH_RUNTIME };

/* "$XDG_STATE_HOME/rerail" and so on: yours, free(). E_NOTFOUND when HOME is missing too (the text
   says which variable to set); PATH_RUNTIME falls back to the state folder. */
int path_root(char **out, enum path_root root, struct err *err);
char *path_join(const char *dir, const char *name); /* yours; an absolute name wins */
const char *path_base(const char *path);            /* borrowed, the part after the last '/' */

/* Makes the folder and its parents with mode 0700. Refuses (E_DENIED) one that is a symlink,
   somebody else's, or writable by group or others. */
int path_own_dir(const char *path, struct err *err);

/* Whole regular file, a link followed (people keep their configuration behind one), of at most max
   bytes, NUL-terminated: *out is yours. E_NOTFOUND, E_TOOBIG, E_DENIED when it is not a regular
   file, E_IO. */
int path_read(char **out, size_t *len, const char *path, size_t max, struct err *err);

/* Replaces path atomically: temporary beside it (0600), fsync, rename, fsync of the folder. */
int path_write(const char *path, const void *data, size_t len, struct err *err);

#endif
