/* SPDX-License-Identifier: MIT */
/*
 * Writes the records of a run as the engine would, without the engine: for tests and benchmarks of
 * history. A turn is three commits (answer with intents, started, outcome with checkpoint and the
 * next call), with the inputs, events and rows that run_step makes for it.
 */
#ifndef TESTS_SUPPORT_TAPE_H
#define TESTS_SUPPORT_TAPE_H

#include "core/journal.h"

struct tape {
    int64_t run, wall_us, mono_us;
    char uid[40];
    int64_t node, depth, segment, branch, iteration; /* the head */
    struct hash chain;
    int64_t nodes, segments, branches, calls, effects, inputs; /* last numbers given */
    int64_t assistant;                                         /* node of the last answer */
    bool new_segment;
    const char *policy; /* of its tools; NULL = "once" */
    size_t summary;     /* bytes of a checkpoint's summary; 0 = 600 */
    struct batch batch; /* what the next commit will store */
};

void tape_init(struct tape *tape, int64_t run);
void tape_free(struct tape *tape);

/* Each appends to tape->batch; commit it with tape_commit. */
void tape_start(struct tape *tape, const char *task); /* run, branch main, genesis, task, call */
void tape_answer(struct tape *tape, const char *text, const char *tool, const char *args);
void tape_started(struct tape *tape);
void tape_outcome(struct tape *tape, enum effect_state outcome, const char *result);
void tape_final(struct tape *tape, const char *text); /* an answer without calls: the run ends */
void tape_failed_attempt(struct tape *tape, const char *outcome, const char *cause);
void tape_jump(struct tape *tape, enum head_op op, int64_t to, int64_t depth, int64_t segment,
               const struct hash *chain);
void tape_node(struct tape *tape, enum node_kind kind, const char *body);
void tape_event(struct tape *tape, enum event_type type, const char *body);
void tape_input(struct tape *tape, int type, const char *facts, const char *body);
void tape_checkpoint(struct tape *tape);
void tape_label(struct tape *tape, int64_t node, const char *text);

int tape_commit(struct tape *tape, const struct journal *journal, struct err *err);
/* A whole turn, committed; args and result carry its number. */
int tape_turn(struct tape *tape, const struct journal *journal, struct err *err);
/* A run begun and `turns` turns made. */
int tape_record(struct tape *tape, const struct journal *journal, int turns, struct err *err);

#endif
