/* SPDX-License-Identifier: MIT */
/*
 * The wall around the workspace. The root folder is opened once, by the operator's word; every path
 * that a model names is resolved by the kernel below that descriptor (openat2, RESOLVE_BENEATH; a
 * walk with O_NOFOLLOW where the kernel is too old), never by comparing texts. Immutable after
 * confine_open: any thread may use it.
 *
 * Paths are bytes, relative to the root ("." is the root). Refused with E_DENIED and one clear
 * line: absolute paths, "..", links that lead out, other than regular files and folders; E_RANGE:
 * NUL, longer than 4096 bytes, a component longer than 255. Writes follow no link at all.
 */
#ifndef CORE_TOOL_CONFINE_H
#define CORE_TOOL_CONFINE_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct confine;

struct confine_options {
    bool anywhere;          /* the operator's explicit yes to "/", $HOME or a parent of it */
    const char *home;       /* NULL = do not check */
    const char *const *own; /* rerail's own folders: never a root, nor inside one */
    size_t own_count;
    bool walk; /* use the walk even where openat2 works (tests) */
};

int confine_open(struct confine **out, const char *path, const struct confine_options *options,
                 struct err *err);
void confine_close(struct confine *root);

int confine_fd(const struct confine *root);           /* O_PATH, borrowed */
const char *confine_path(const struct confine *root); /* canonical, as it was at the start */

/* Whether the path still leads to the folder that was opened. E_DENIED says what happened. */
int confine_intact(const struct confine *root, struct err *err);

/* Protected even while missing: .git, .rerail, .mcp.json, .envrc, .vscode, .claude, .codex, .gemini
   and shell start-up files, at any depth and in any letter case. */
bool confine_protected(const char *path);

/* The path without "." and doubled "/"; the same refusals as above, before any file is touched. */
int confine_clean(char **out, const char *path, struct err *err);

/* Opens for reading; *fd is yours. Links inside the root are followed. E_NOTFOUND, E_DENIED, E_IO.
 */
int confine_read(const struct confine *root, const char *path, int *fd, struct stat *st,
                 struct err *err);
int confine_folder(const struct confine *root, const char *path, int *fd, struct err *err);

/* Where path leads once links inside the root are resolved: *out is yours. E_NOTFOUND when it does
   not exist. */
int confine_resolve(const struct confine *root, const char *path, char **out, struct err *err);

struct confine_write {
    bool protected_too; /* a person approved it */
    bool linked_too;    /* a person approved that a file with several names becomes its own */
    bool make_folders;  /* missing parents are made, 0755 */
    bool create_only;   /* E_EXISTS when the file exists */
};

/* Replaces or creates a file whole: temporary beside it (O_EXCL), fsync, renameat, fsync of the
   folder. Keeps the mode of an existing file (never set-uid), 0644 for a new one. E_DENIED for what
   is protected, a link, not regular, or has several names. E_FULL when the disk is. */
int confine_write(const struct confine *root, const char *path, const void *data, size_t len,
                  const struct confine_write *options, struct err *err);

#endif
