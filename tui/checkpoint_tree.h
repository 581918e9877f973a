/* SPDX-License-Identifier: MIT */
/*
 * A run's checkpoints as a tree to draw, newest first: the line of the head on the left; where a
 * line was left, what came of it hangs beside it, one lane further right, above the checkpoint it
 * came from. Lines fold into one row. Pure.
 *
 *    ● 5  main
 *    │ ◌ 3              rolled back
 *    ├─◌ 2
 *    ○ 1
 */
#ifndef TUI_CHECKPOINT_TREE_H
#define TUI_CHECKPOINT_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tui/grid.h"

struct checkpoint_place;
struct segment_place;

#define CHECKPOINT_LANES                                                                           \
    8 /* lines that left lines that left lines …: further ones share the last */

/* Where a branch's head stands; it need not be a checkpoint. */
struct tree_head {
    int64_t segment, depth;
};

struct tree_source {
    const struct checkpoint_place *places; /* in order of creation */
    size_t place_count;
    const struct segment_place *segments; /* likewise */
    size_t segment_count;
    struct tree_head head;         /* of the active branch */
    const struct tree_head *heads; /* of the others */
    size_t head_count;
    const int64_t *folded; /* first nodes of lines */
    size_t folded_count;
};

struct tree_row {
    int64_t node;
    int64_t line;     /* the first node of its line, by which it folds; 0 = the head's own */
    size_t folded;    /* stands for so many checkpoints; 0 = for itself */
    uint32_t through; /* lanes left of it whose line goes on above: a bit each */
    uint8_t lane;
    bool joins;  /* its line hangs here */
    bool active; /* on the way to the head */
    bool kept;   /* on the way to a branch's head; the others were rolled back */
    bool head;   /* the last one before the head */
};

/* `rows` is the caller's, free(); returns how many there are. */
size_t checkpoint_tree(struct tree_row **rows, const struct tree_source *source);
/* The lines and the mark before a row's words. */
void checkpoint_tree_draw(const struct tree_row *row, struct pen *pen);

#endif
