/* SPDX-License-Identifier: MIT */
/*
 * Reader: before and after a rollback. What would be dropped, what stays in the world, where undo
 * and redo lead, and every jump there was. See query.h for the rules.
 */
#ifndef HISTORY_QUERY_JUMP_H
#define HISTORY_QUERY_JUMP_H

#include "history/query_chain.h"
#include "history/query_work.h"

struct jump_preview {
    int64_t from, to;         /* the head, and where it would go */
    int64_t messages;         /* nodes of the head's path behind `to` */
    bool forward;             /* `to` is not on the head's path: a jump to another line */
    int64_t effects;          /* began behind `to` and touched the world: they stay */
    struct effect_row *first; /* the newest of them, at most `limit` */
    size_t count;
};
/* Works from the active head. E_NOTFOUND. */
int query_preview(struct query *q, struct arena *arena, int64_t run, int64_t to, size_t limit,
                  struct jump_preview *out, struct err *err);

struct reflog_row {
    int64_t n, branch, from, to, us;
    enum head_op op;
    const char *actor, *reason;
};
/* Newest first, those before n = `before`; 0 = from the newest. */
int query_reflog(struct query *q, struct arena *arena, int64_t run, int64_t before, size_t limit,
                 struct reflog_row **rows, size_t *count, struct err *err);

/* Where undo and redo lead on a branch; 0 = nowhere. Undo goes to before the last rollback that was
   not undone; redo returns from the last undo; a rollback clears redo. */
int query_undo(struct query *q, int64_t run, int64_t branch, int64_t *undo, int64_t *redo,
               struct err *err);

#endif
