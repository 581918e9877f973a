/* SPDX-License-Identifier: MIT */
/*
 * Planted bugs: BUG(n) is true in the build of the simulation's own proof (-DRERAIL_BUGS) when the
 * n-th is chosen, and the constant 0 everywhere else, so that none of it is in the shipped program.
 * Each must be caught by the simulation (tests/bugs), or the simulation proves nothing.
 */
#ifndef CORE_BASE_BUG_H
#define CORE_BASE_BUG_H

enum bug {
    BUG_NONE,
    BUG_ACT_BEFORE_COMMIT,
    BUG_LOST_SWAP,       /* a head is moved without looking where it is */
    BUG_NO_STARTED,      /* an effect begins without its row in the ledger */
    BUG_WRONG_EPOCH,     /* an effect does not move the world */
    BUG_NO_SYNTHETIC,    /* an interrupted call gets no result */
    BUG_NO_SYNC,         /* commits are not synced */
    BUG_ONCE_AGAIN,      /* recovery runs a started once tool again */
    BUG_LOST_INPUT,      /* a busy lock loses what was decided */
    BUG_WRONG_UNDO,      /* undo remembers the wrong place */
    BUG_LIMIT_FORGOTTEN, /* iterations are not counted over a restart */
    BUG_COUNT
};

#ifdef RERAIL_BUGS
extern enum bug bug_planted; /* set by the test that plays the seeds */
#define BUG(which) (bug_planted == (which))
#else
#define BUG(which) 0
#endif

#endif
