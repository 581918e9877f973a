/* SPDX-License-Identifier: MIT */
/* Shared by the step_verb*.c files: a verb's answer, and the verbs that the other file has. */
#ifndef CORE_AGENT_STEP_VERB_H
#define CORE_AGENT_STEP_VERB_H

#include "core/agent/run_data.h"

struct reply {
    bool ok;
    char text[512];
};

void verb_done(struct reply *reply, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void verb_refuse(struct reply *reply, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *verb_by(const struct run *run); /* who says it */

/* step_verb_head.c */
void verb_label(struct run *run, struct reply *reply);
void verb_rollback(struct run *run, struct reply *reply);
void verb_undo(struct run *run, struct reply *reply);
void verb_redo(struct run *run, struct reply *reply);
void verb_fork(struct run *run, struct reply *reply);
void verb_switch(struct run *run, struct reply *reply);
void verb_break(struct run *run, struct reply *reply);
void verb_delete(struct run *run, struct reply *reply);
void verb_enable(struct run *run, struct reply *reply);
void verb_disable(struct run *run, struct reply *reply);

#endif
