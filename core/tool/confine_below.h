/* SPDX-License-Identifier: MIT */
/* What confine.c and confine_write.c share. */
#ifndef CORE_TOOL_CONFINE_BELOW_H
#define CORE_TOOL_CONFINE_BELOW_H

#include <stdbool.h>

struct confine;
struct err;

/* Opens a clean path below the root, close-on-exec and without waiting. Links are followed inside
   the root, or not at all. -1 with errno: EXDEV leads out, ELOOP a link. */
int confine_below(const struct confine *root, const char *path, int flags, bool links);

/* That errno as an error about path. */
int confine_refuse(struct err *err, const char *path, int error);

#endif
