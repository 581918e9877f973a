/* SPDX-License-Identifier: MIT */
/*
 * One run of the built program over as many lives as it takes: calls of every policy, side by side
 * and failing, whose tools write a line into a book outside the workspace for every time they are
 * really carried out. So what ran twice, or never, is there to be read; and however its lives
 * ended, the run must end as one that nobody disturbed (tale_undisturbed).
 */
#ifndef TESTS_SUPPORT_TALE_H
#define TESTS_SUPPORT_TALE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "tests/support/program.h"

#define TALE_DOUBT 6 /* the exit code of a life that met a call in doubt: tale_settle */

struct tale {
    struct program program;
    struct buf seen; /* every whole line that any life printed: all of it was on disk by then */
    unsigned lives, doubts;
    int code; /* of the last life */
};

void tale_open(struct tale *tale);
void tale_close(struct tale *tale);

/* The words that its first life, or any later one, is started with. */
const char *const *tale_words(struct tale *tale);
void tale_begin(struct tale *tale); /* a life; then tale_end, once it has ended or was killed */
void tale_end(struct tale *tale);   /* judges it, too */
void tale_live(struct tale *tale);  /* both */
/* Lives to its end with nothing wrong any more, doubts settled. */
void tale_go_on(struct tale *tale);
/* The operator looks into the book, and says what is true. */
void tale_settle(struct tale *tale);

void tale_nothing_lost(struct tale *tale); /* what was printed is on record, word for word */
void tale_nothing_twice(struct tale *tale);
/* The last message of the run, what was carried out and what is in the workspace: yours. */
char *tale_ending(struct tale *tale);
/* It ended as `expected` has it, with nothing lost and nothing done twice. */
void tale_judge(struct tale *tale, const char *expected);

/* The ending of a run that nobody disturbed: yours. *us gets how long it took; NULL = no matter. */
char *tale_undisturbed(int64_t *us);

#endif
