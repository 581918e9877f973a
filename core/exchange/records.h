/* SPDX-License-Identifier: MIT */
/*
 * A file of JSON as other programs write them: one value, or one a line. Read strictly, but for
 * what such files are known for: text cut in the middle of a character, NUL, and a last line that
 * was not finished when its writer died. Pure.
 */
#ifndef CORE_EXCHANGE_RECORDS_H
#define CORE_EXCHANGE_RECORDS_H

#include "core/base/err.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

#define RECORDS_MAX ((size_t)1000000)

struct records {
    cJSON **at; /* never NULL inside */
    size_t count, cap;
    bool cut; /* the last line was not whole and is left out */
};

/* E_PARSE and E_TOOBIG name the line. Always records_free it. */
int records_read(struct records *out, const char *text, size_t len, struct err *err);
void records_free(struct records *records);

/* The words of a message's content: a text, or a list of parts, of which those that have no text
   are named in brackets. Appends; NULL and null are nothing. */
void records_words(struct buf *out, const cJSON *content);
/* The same as a text of its own; yours, never NULL. */
char *records_text(const cJSON *content);
/* A value as JSON text, or, when it is a text already, that text; yours, never NULL. */
char *records_json(const cJSON *value);

/* Wall clock in µs of an ISO 8601 text with a zone, 0 when it is none or past the year 2222. */
int64_t records_time(const char *text);

#endif
