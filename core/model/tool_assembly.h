/* SPDX-License-Identifier: MIT */
/*
 * Tool calls of one Chat answer put together from the fragments that servers send: by index, by id,
 * by neither; whole or in pieces; with the name first, last or on every piece. The rules are those
 * that real servers need, see tool_assembly.c. What cannot be told apart is a protocol error; what
 * is put together but is no JSON becomes a call that must not run.
 */
#ifndef CORE_MODEL_TOOL_ASSEMBLY_H
#define CORE_MODEL_TOOL_ASSEMBLY_H

#include "core/base/buf.h"
#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct message;

/* One element of a tool_calls array; texts are borrowed, NULL is "". */
struct tool_fragment {
    bool has_index;
    int64_t index;
    const char *id;
    const char *name;
    const char *args;
    size_t args_len;
    bool doubtful;     /* the text had to be mended: the call must not run */
    const char *extra; /* text of a JSON object: provider's own members, kept verbatim */
    size_t event;      /* number of the event that brought it: fragments of one event that carry
                          id and name are different calls */
    bool whole;        /* of an unstreamed answer: a call of its own, whatever else it says */
};

struct tool_slot {
    int64_t index;   /* -1 while none was said */
    size_t event;    /* that opened it */
    char *id, *name; /* never NULL */
    struct buf args; /* as far as they came */
    char *extra;     /* NULL: none */
    bool doubtful;
};

struct tool_assembly {
    struct tool_slot *slots;
    size_t count, cap;
};

void tool_assembly_free(struct tool_assembly *a); /* leaves it empty */

/* Takes a fragment; *slot is where it went. 0; E_PROTOCOL for an index that is none or that two
   unfinished calls share; E_TOOBIG for too many calls or too long a name, id or argument. */
int tool_assembly_add(struct tool_assembly *a, const struct tool_fragment *f, size_t *slot,
                      struct err *err);

/* More of the arguments of the call with that index, nothing else: the commonest fragment, without
   the search for its meaning. False, and nothing done, when that index is not open. */
bool tool_assembly_extends(const struct tool_assembly *a, int64_t index, size_t *slot);
int tool_assembly_append(struct tool_assembly *a, size_t slot, const char *args, size_t len,
                         struct err *err);

/* Moves all calls into an assistant message, judged. */
void tool_assembly_take(struct tool_assembly *a, struct message *m);

#endif
