/* SPDX-License-Identifier: MIT */
/*
 * A few threads for what may block or take long: file tools, searches, later snapshots. A task
 * moves in, is run on one of them, and moves back into the mailbox it was to be returned to. Made
 * and freed by the engine thread; only it hands out tasks.
 */
#ifndef CORE_AGENT_WORKERS_H
#define CORE_AGENT_WORKERS_H

#include "core/base/err.h"
#include "core/base/mailbox.h"

#include <stddef.h>

struct workers;

struct task {
    struct mail mail;               /* kind and discard are the giver's */
    void (*run)(struct task *task); /* on a worker */
    size_t worker;                  /* workers' own */
};

/* Threads start with the first task. `back` must outlive them. */
struct workers *workers_new(size_t count, struct mailbox *back);
/* Waits for what is running: cancel it before. Tasks that did not begin are discarded. */
void workers_free(struct workers *workers);

/* E_IO when no thread can be had; the task is still yours then. */
int workers_give(struct workers *workers, struct task *task, struct err *err);
/* Every task that came back is told here, so that work is spread evenly. */
void workers_done(struct workers *workers, const struct task *task);

#endif
