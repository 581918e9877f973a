/* SPDX-License-Identifier: MIT */
/*
 * What turns one list of lines into another, with the fewest lines dropped and added (Myers, "An
 * O(ND) Difference Algorithm", 1986). Pure; lines are compared byte by byte.
 */
#ifndef CORE_BASE_DIFF_H
#define CORE_BASE_DIFF_H

#include <stddef.h>

enum diff_op { DIFF_SAME, DIFF_DROPPED, DIFF_ADDED };

struct diff_line {
    enum diff_op op;
    size_t a, b; /* index of the line in each list; that of the next one where it is in the other */
};

/* The script in order, yours to free; *count lines. Beyond DIFF_MAX differences what differs is
   given as dropped and added whole, in time and memory that stay bounded. */
#define DIFF_MAX 1000
struct diff_line *diff_lines(const char *const *a, size_t a_count, const char *const *b,
                             size_t b_count, size_t *count);

#endif
