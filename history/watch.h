/* SPDX-License-Identifier: MIT */
/*
 * Tells a reader in another process that the file may have changed: inotify on the folder of the
 * WAL. Only a hint (query_changed has the word); where inotify is not to be had, poll instead.
 */
#ifndef HISTORY_WATCH_H
#define HISTORY_WATCH_H

#include "core/base/err.h"

#include <stdbool.h>

struct watch;

int watch_new(struct watch **out, const char *path, struct err *err); /* the history file's path */
void watch_free(struct watch *watch);
int watch_fd(const struct watch *watch); /* readable when something happened */
bool watch_take(struct watch *watch);    /* empties it; true when it concerned this history */

#endif
