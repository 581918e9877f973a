/* SPDX-License-Identifier: MIT */
/*
 * A VFS over another one that writes a WAL's frames in one piece. SQLite writes every frame with
 * two calls, some forty a turn; here they wait in memory until the sync that makes them count, or
 * until anybody looks at the file. Nothing but a WAL's own writes is touched, and nothing of a
 * commit that SQLite has told of is ever in memory alone: its sync came before.
 *
 * Only for connections that sync their commits (synchronous=FULL). Used by the thread that has the
 * connection.
 */
#ifndef HISTORY_GATHER_H
#define HISTORY_GATHER_H

#include <sqlite3.h>

struct gather;

/* Over the VFS of that name, NULL = the system's; NULL when SQLite has no such VFS or no memory. */
struct gather *gather_new(const char *under);
void gather_free(struct gather *gather);              /* after the connection is closed */
const char *gather_name(const struct gather *gather); /* to open a connection with */

#endif
