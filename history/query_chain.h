/* SPDX-License-Identifier: MIT */
/*
 * Reader: the tree of a run. A path is a head's way from the root as a short list of segments;
 * "row 7,312 of this branch" is then one look-up by (segment, depth). Depth counts from 0
 * (genesis). See query.h for the rules.
 */
#ifndef HISTORY_QUERY_CHAIN_H
#define HISTORY_QUERY_CHAIN_H

#include "core/journal.h"
#include "history/query.h"
#include "history/query_work.h"

struct buf;

struct branch_row {
    int64_t branch, head, base, from_branch;
    const char *name;
    int64_t depth;   /* of the head */
    int64_t segment; /* of the head */
    bool active;
};

struct chain_part {
    int64_t segment, first, last; /* depths first … last of the path are in this segment */
};

struct chain_path {
    int64_t run, head, depth; /* depth of the head: from parts[0].first to it */
    struct chain_part *parts; /* from the root on */
    size_t count;
};

struct node_row {
    int64_t node, parent, segment, depth, us;
    enum node_kind kind;
    size_t len;          /* bytes of the body */
    const char *preview; /* start of its text, one line, at most 240 bytes; NULL = none */
    bool checkpoint;
    int64_t iteration; /* of the checkpoint or the call; 0 when neither */
    const char *label;
    bool has_call; /* assistant: the call that gave it */
    struct call_row call;
    bool has_effect; /* tool: the effect whose result it is */
    struct effect_row effect;
};

struct segment_row {
    int64_t segment, parent; /* parent 0 = none */
    int64_t first, last;     /* depths of its first and last node */
    int64_t first_node, last_node;
};

struct checkpoint_row {
    int64_t node, segment, depth, iteration, us, input_seq;
    const char *label;
    int64_t effects;         /* that touched the world since the checkpoint before, on its path */
    const char *effect_tool; /* the first of them */
    int64_t messages;        /* nodes since the checkpoint before, on its path */
    int64_t previous;        /* that checkpoint; 0 = none */
};

/* The tree and no more, for what looks at all of a run's thousands at once; neither ever changes.
 */
struct checkpoint_place {
    int64_t node, segment, depth;
};

struct segment_place {
    int64_t segment, parent, first; /* as in segment_row */
};

/* All branches, in order of creation; at most `limit`, from `after` (a branch number) on. */
int query_branches(struct query *q, struct arena *arena, int64_t run, int64_t after, size_t limit,
                   struct branch_row **rows, size_t *count, struct err *err);
int query_branch_find(struct query *q, struct arena *arena, int64_t run, const char *name,
                      struct branch_row *row, struct err *err); /* E_NOTFOUND */

/* The way to `node` (0 = the active head). E_NOTFOUND, E_CORRUPT when a part is missing. */
int query_path(struct query *q, struct arena *arena, int64_t run, int64_t node,
               struct chain_path *path, struct err *err);
bool chain_path_has(const struct chain_path *path, int64_t segment, int64_t depth);

/* Nodes of a path by depth, from `depth` on, at most `limit`. */
int query_nodes(struct query *q, struct arena *arena, const struct chain_path *path, int64_t depth,
                size_t limit, struct node_row **rows, size_t *count, struct err *err);
/* Nodes of one segment, on a path or not (rolled-back rows). */
int query_segment_nodes(struct query *q, struct arena *arena, int64_t run, int64_t segment,
                        int64_t depth, size_t limit, struct node_row **rows, size_t *count,
                        struct err *err);
int query_node(struct query *q, struct arena *arena, int64_t run, int64_t node,
               struct node_row *row, struct err *err); /* E_NOTFOUND */
/* Appends the whole body; E_TOOBIG above out's ceiling. */
int query_body(struct query *q, int64_t run, int64_t node, struct buf *out, struct err *err);

/* The tree: segments in order of creation, from `after` on. */
int query_segments(struct query *q, struct arena *arena, int64_t run, int64_t after, size_t limit,
                   struct segment_row **rows, size_t *count, struct err *err);

int query_segment_places(struct query *q, struct arena *arena, int64_t run, int64_t after,
                         size_t limit, struct segment_place **rows, size_t *count, struct err *err);

/* Newest first (a checkpoint comes before all its ancestors), those before node `before`; 0 = from
   the newest. */
int query_checkpoints(struct query *q, struct arena *arena, int64_t run, int64_t before,
                      size_t limit, struct checkpoint_row **rows, size_t *count, struct err *err);
int query_checkpoint_count(struct query *q, int64_t run, int64_t *count, struct err *err);
int query_checkpoint(struct query *q, struct arena *arena, int64_t run, int64_t node,
                     struct checkpoint_row *row, struct err *err); /* E_NOTFOUND */
/* In order of creation, those after node `after`. */
int query_checkpoint_places(struct query *q, struct arena *arena, int64_t run, int64_t after,
                            size_t limit, struct checkpoint_place **rows, size_t *count,
                            struct err *err);
/* The checkpoint at or before a depth of a path; E_NOTFOUND when there is none. */
int query_checkpoint_at(struct query *q, struct arena *arena, const struct chain_path *path,
                        int64_t depth, struct checkpoint_row *row, struct err *err);
/* By label, by a node's number, "#N" (iteration N of the active path), or "last" (of that path);
   for what people type. E_NOTFOUND. */
int query_checkpoint_find(struct query *q, struct arena *arena, int64_t run, const char *word,
                          struct checkpoint_row *row, struct err *err);
/* The folded view stored with it, JSON (core/agent writes it). */
int query_summary(struct query *q, struct arena *arena, int64_t run, int64_t node,
                  const char **json, struct err *err);

#endif
