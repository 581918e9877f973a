/* SPDX-License-Identifier: MIT */
/* Runs as files, for tests: a run exported into memory, and such a text closed anew by its sum. */
#ifndef TESTS_SUPPORT_PARCEL_H
#define TESTS_SUPPORT_PARCEL_H

#include "history/exchange/export.h"

#include <stdbool.h>

/* The run as one file; yours. NULL, with err, when it failed. */
char *parcel_of(const char *history, int64_t run, struct err *err);
/* With every text through `redact` (may be NULL). */
char *parcel_redacted(const char *history, int64_t run,
                      int (*redact)(void *ctx, struct buf *out, const char *text, size_t len),
                      void *ctx, struct err *err);

/* The first `find` replaced; yours. */
char *parcel_swap(const char *text, const char *find, const char *with);
/* The closing line made to fit what is before it; moves text, gives the new one. */
char *parcel_seal(char *text);

#endif
