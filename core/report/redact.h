/* SPDX-License-Identifier: MIT */
/*
 * What leaves the machine for other people: secrets, and in a bundle also what names the operator,
 * are taken out of texts and counted by kind. A text that is JSON stays JSON: its strings are
 * looked at one by one, also where JSON stands in a string, and a member whose name says what it
 * holds is masked whole. One thread at a time.
 */
#ifndef CORE_REPORT_REDACT_H
#define CORE_REPORT_REDACT_H

#include "core/base/err.h"

#include <stddef.h>
#include <stdint.h>

struct buf;
struct redactor;

/* All of it may be NULL: then only what looks like a secret is masked. Copied. */
struct redact_options {
    const char *const
        *environment;        /* NAME=VALUE: values of variables that are named like secrets */
    const char *home;        /* becomes ~ */
    const char *user, *host; /* whole words; become USER, HOST */
};

int redactor_new(struct redactor **out, const struct redact_options *options, struct err *err);
void redactor_free(struct redactor *redactor);

/* Appends the text without what must not leave. `redactor` is a struct redactor: the shape that
   exporters take. buf_add's errors. */
int redact_text(void *redactor, struct buf *out, const char *text, size_t len);

/* How often each kind was taken out: "GitHub tokens"; NULL behind the last kind. */
const char *redact_kind(size_t index);
int64_t redact_count(const struct redactor *redactor, size_t index);

#endif
