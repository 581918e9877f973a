/* SPDX-License-Identifier: MIT */
/*
 * A command of this program run beside the console, which goes on meanwhile: exports, imports,
 * comparisons, races. A child process, so that what takes long or goes wrong there does neither
 * here; what it prints is the answer. Main thread.
 */
#ifndef TUI_ERRAND_H
#define TUI_ERRAND_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>

#define ERRAND_WORDS 62

struct errand;

/* `words` follow the program's name; NULL-terminated, at most ERRAND_WORDS. */
int errand_new(struct errand **out, const char *const *words, struct err *err);
/* One that still runs is ended. NULL is allowed. */
void errand_free(struct errand *errand);

int errand_fd(const struct errand *errand); /* poll it for reading; −1 = NULL was given */
/* Takes what there is, without waiting; true when it has ended. */
bool errand_step(struct errand *errand);
/* All that it printed so far, as it came, up to a bound; borrowed until the next step. */
const char *errand_text(const struct errand *errand, size_t *len);
/* When it has ended: that as one line, borrowed, and whether it did what it should. Last. */
const char *errand_answer(struct errand *errand, bool *ok);

#endif
