/* SPDX-License-Identifier: MIT */
/*
 * The wall around the workspace. The root folder is opened once, by the operator's word; every path
 * that a model names is resolved by the kernel below that descriptor (openat2, RESOLVE_BENEATH; a
 * walk with O_NOFOLLOW, which follows no link at all, where the kernel has none), never by
 * comparing texts. Immutable after confine_open: any thread may use it.
 *
 * Paths are bytes, relative to the root ("." is the root); one that begins with the root's own path
 * is taken as relative. Refused with E_DENIED and one clear line: other absolute paths, "..", links
 * that lead out, anything but regular files and folders; with E_RANGE: the empty path, more than
 * 4096 bytes, a component of more than 255. Writes follow no link.
 */
#ifndef CORE_TOOL_CONFINE_H
#define CORE_TOOL_CONFINE_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct confine;

struct confine_options {
    bool anywhere;          /* the operator's explicit yes to what is refused below */
    const char *home;       /* refused as a root, with all that is above it; NULL = do not check */
    const char *const *own; /* rerail's own folders: refused, with all that is above them */
    size_t own_count;
    bool walk; /* do without openat2 (tests) */
};

/* E_DENIED for "/" and what the options refuse; E_NOTFOUND, E_IO. NULL options refuse "/" alone. */
int confine_open(struct confine **out, const char *path, const struct confine_options *options,
                 struct err *err);
void confine_close(struct confine *root); /* NULL is allowed */

int confine_fd(const struct confine *root);           /* O_PATH, borrowed */
const char *confine_path(const struct confine *root); /* canonical, as it was at the start */

/* Whether that path still leads to the folder that was opened. E_DENIED says what happened. */
int confine_intact(const struct confine *root, struct err *err);

/* Protected even while missing: .git, .rerail, .mcp.json, .envrc, .vscode, .claude, .codex, .gemini
   and shell start-up files, at any depth and in any letter case. */
bool confine_protected(const char *path);

/* The path relative to the root (NULL = not told), without "." and doubled "/": yours. The refusals
   above, before any file is touched. */
int confine_clean(char **out, const struct confine *root, const char *path, struct err *err);

/* Opens a regular file or a folder for reading; *fd is yours, *st (may be NULL) describes it. Links
   inside the root are followed. E_NOTFOUND, E_DENIED, E_IO. */
int confine_read(const struct confine *root, const char *path, int *fd, struct stat *st,
                 struct err *err);
int confine_folder(const struct confine *root, const char *path, int *fd, struct err *err);

/* Where path leads once links inside the root are resolved, relative to the root: *out is yours.
   What does not exist yet is taken as it is written, below what does. */
int confine_resolve(const struct confine *root, const char *path, char **out, struct err *err);

struct confine_write {
    bool protected_too; /* a person approved it */
    bool linked_too;    /* a person approved that a file with several names becomes its own */
    bool make_folders;  /* missing parents are made, 0755 less the umask */
};

/* Replaces or creates a file whole: temporary beside it (O_EXCL), fsync, renameat, fsync of the
   folder. Keeps the mode (never set-uid) and, if it may, the owner of an existing file; 0644 for a
   new one. E_DENIED for what is protected, a link, not a regular file, or has several names; E_FULL
   when the disk is; E_NOTFOUND when a parent is missing. */
int confine_write(const struct confine *root, const char *path, const void *data, size_t len,
                  const struct confine_write *options, struct err *err);

#endif
