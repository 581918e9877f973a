/* SPDX-License-Identifier: MIT */
/*
 * Where a command puts what it makes: standard output, which gets it all at the end, so that no
 * pager holds the history open; or a file that appears whole or not at all. Main thread.
 */
#ifndef TUI_OUTLET_H
#define TUI_OUTLET_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct outlet;

/* `path` NULL or "-" is standard output. E_EXISTS unless `force`: new_file.h. */
int outlet_open(struct outlet **out, const char *path, bool force, struct err *err);

/* `outlet` is a struct outlet: the shape that writers take. E_CLOSED when nobody reads on. */
int outlet_put(void *outlet, const char *data, size_t len, struct err *err);

/* With `rc` so far: the file takes its place on 0, else nothing of it stays. Frees; NULL is
   allowed. */
int outlet_end(struct outlet *outlet, int rc, struct err *err);

#endif
