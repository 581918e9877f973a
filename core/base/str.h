/* SPDX-License-Identifier: MIT */
/*
 * Small questions about text. UTF-8 inside; nothing here counts columns (tui/text.c does).
 */
#ifndef CORE_BASE_STR_H
#define CORE_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool str_eq(const char *a, const char *b); /* NULL equals only NULL */
bool str_starts(const char *text, const char *prefix);
bool str_ends(const char *text, const char *suffix);

/* Whole-text numbers: 0, or E_PARSE (not a number, trailing bytes) or E_RANGE. */
int str_int(int64_t *out, const char *text, int64_t min, int64_t max);
int str_number(double *out, const char *text, double min, double max);

/* "90", "90s", "1.5m", "2h", "250ms", "1d" → microseconds; "64k", "8MiB", "1G" → bytes. */
int str_duration_us(int64_t *out, const char *text);
int str_bytes(int64_t *out, const char *text);

/* The entry of names[count] nearest to word (edit distance at most a third of its length), or
   NULL: for "did you mean". Borrowed. */
const char *str_nearest(const char *word, const char *const *names, size_t count);

/* snprintf that always terminates and marks a cut with "…". Returns bytes written without NUL. */
size_t str_format(char *out, size_t cap, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Lower-case hex of len bytes into out (2 × len + 1 bytes). */
void str_hex(char *out, const void *data, size_t len);
int str_unhex(void *out, size_t len, const char *hex); /* exactly 2 × len digits, or E_PARSE */

#endif
