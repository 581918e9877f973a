/* SPDX-License-Identifier: MIT */
/*
 * Masks what looks like a secret, known or not: keys and tokens with well-known beginnings, JSON
 * web tokens, PEM private keys, credential headers, user:password@ in URLs. For logs, telemetry,
 * bundles and exports only; messages and results keep what is there. One thread at a time.
 */
#ifndef CORE_BASE_MASK_PATTERNS_H
#define CORE_BASE_MASK_PATTERNS_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"

struct buf;
struct mask_patterns;

int mask_patterns_new(struct mask_patterns **out, struct err *err);
void mask_patterns_free(struct mask_patterns *patterns);

/* Appends text with every match as MASK_TEXT. Text that a pattern cannot finish within its limits
   is masked whole. buf_add's errors. */
int mask_patterns_apply(struct buf *out, const struct mask_patterns *patterns, const char *text,
                        size_t len);

/* The same, and adds to counts[MASK_PATTERNS] how often each pattern matched. What they are called,
   for people: "GitHub tokens"; NULL behind the last. */
#define MASK_PATTERNS 12
int mask_patterns_count(struct buf *out, const struct mask_patterns *patterns, const char *text,
                        size_t len, int64_t *counts);
const char *mask_patterns_name(size_t index);

#endif
