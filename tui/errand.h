/* SPDX-License-Identifier: MIT */
/*
 * A command of this program run beside the console, which goes on meanwhile: exports, imports. A
 * child process, so that what takes long or goes wrong there does neither here; what it prints is
 * the answer. Main thread.
 */
#ifndef TUI_ERRAND_H
#define TUI_ERRAND_H

#include "core/base/err.h"

#include <stdbool.h>

struct errand;

/* `words` follow the program's name; NULL-terminated. */
int errand_new(struct errand **out, const char *const *words, struct err *err);
/* One that still runs is ended. NULL is allowed. */
void errand_free(struct errand *errand);

int errand_fd(const struct errand *errand); /* poll it for reading; −1 = NULL was given */
/* Takes what there is, without waiting; true when it has ended. Then it has an answer: one line,
   borrowed, and whether it did what it should. */
bool errand_step(struct errand *errand);
const char *errand_answer(const struct errand *errand, bool *ok);

#endif
