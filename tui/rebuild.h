/* SPDX-License-Identifier: MIT */
/*
 * The request of a stored model call, made again from the chain, and checked: the call's row keeps
 * sha256(chain ‖ parameters ‖ tools), so a message that was altered since, or tools that are not
 * what they were, show. Main thread.
 */
#ifndef TUI_REBUILD_H
#define TUI_REBUILD_H

#include "core/base/buf.h"
#include "core/base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct profile;
struct run_spec;
struct stored;
struct transcript;

struct rebuilt {
    struct run_spec *spec;         /* what the run was started with */
    struct transcript *transcript; /* up to the node that the request ends with */
    const struct profile *profile;
    struct buf body; /* exact bytes of the request */
    char *url;
    bool matches; /* the hash is the one on record */
};

/* `attempt` from 1; later ones may have been sent with other parameters. E_NOTFOUND, E_CORRUPT.
   rebuilt_clear it, also after a failure. */
int rebuild_request(struct rebuilt *out, struct stored *stored, int64_t call, int64_t attempt,
                    struct err *err);
/* Only the transcript of the head: what the next request would carry. */
int rebuild_head(struct rebuilt *out, struct stored *stored, struct err *err);
void rebuilt_clear(struct rebuilt *rebuilt);

#endif
