/* SPDX-License-Identifier: MIT */
/*
 * Patterns over PCRE2 with match limits, so that no pattern from a config or a search box can hang
 * the program. UTF mode, invalid bytes allowed in the subject. Also shell-style globs. A pattern
 * carries the memory its searches use: one owner, one thread.
 */
#ifndef CORE_BASE_PATTERN_H
#define CORE_BASE_PATTERN_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct pattern;

enum { PATTERN_NOCASE = 1, PATTERN_SMARTCASE = 2, PATTERN_LITERAL = 4, PATTERN_MULTILINE = 8 };

/* E_PARSE names the byte and PCRE2's reason; E_TOOBIG over 8 KiB. SMARTCASE is NOCASE until the
   source has an upper-case letter. */
int pattern_new(struct pattern **out, const char *source, unsigned flags, struct err *err);
void pattern_free(struct pattern *p);

/* First match in text[from..len): 1 with [*start, *end), 0 none, E_RANGE when a limit was hit. The
   limits hold for every place where a match may begin, so a search is at worst quadratic in len:
   hand over lines or messages, not megabytes. */
int pattern_find(const struct pattern *p, const char *text, size_t len, size_t from, size_t *start,
                 size_t *end);
bool pattern_matches(const struct pattern *p, const char *text, size_t len);

/* Whether a glob fits the whole text: '*' and '?' within a path part, '**' across parts (as a part
   of its own also none: two stars, a slash and "x" fit "x"), [a-z], [!a-z], backslash quotes. A
   leading dot is nothing special. Case counts. */
bool pattern_glob(const char *glob, const char *text);

#endif
