/* SPDX-License-Identifier: MIT */
/*
 * JSON from outside is checked strictly (RFC 8259) before cJSON, which is lax, ever sees it: valid
 * UTF-8, bounded depth and nodes, nothing behind the value, finite numbers, no \u0000, and, when
 * asked, no duplicate keys. Look-ups are case-sensitive. Not thread-shared: a tree has one owner.
 */
#ifndef CORE_BASE_JSON_H
#define CORE_BASE_JSON_H

#include "core/base/err.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

#define JSON_DEPTH_MAX 512 /* no limit may be deeper: trees are walked and freed by recursion */

struct json_limits {
    size_t bytes; /* longest text, 0 = 64 MiB */
    size_t depth; /* deepest nesting, 0 = 128 */
    size_t nodes; /* most values, 0 = 200,000 */
    bool unique;  /* refuse duplicate keys in an object */
};

extern const struct json_limits json_api;  /* a server's answer: 64 MiB, 128, 200,000 */
extern const struct json_limits json_args; /* a tool's arguments: 1 MiB, 64, 200,000, unique keys */

/* 0, E_PARSE (with the byte offset in the text), E_TOOBIG, or E_RANGE for a number that a double
   cannot hold as finite or that is longer than 63 characters (cJSON misreads those). Half a
   surrogate pair is E_PARSE too. One pass without allocation, about half of what cJSON takes
   for the same text; only `unique` builds the tree (E_NOMEM) and names the key instead of the
   offset. Limits NULL = json_api. */
int json_check(const char *text, size_t len, const struct json_limits *limits, struct err *err);

/* json_check, then a tree: free with cJSON_Delete. E_NOMEM besides, for texts of more than 1 MiB; a
   smaller one is a small allocation (mem.h), so that no decision depends on it. Whole numbers are
   exact up to 2^53, as cJSON keeps doubles; beyond, the nearest double. */
int json_parse(cJSON **out, const char *text, size_t len, const struct json_limits *limits,
               struct err *err);

/* Borrowed members of an object; NULL, the default or false when absent, null or of another type.
   A NULL object is an empty one. */
const cJSON *json_get(const cJSON *object, const char *key);
const cJSON *json_object(const cJSON *object, const char *key); /* only if it is an object */
const cJSON *json_array(const cJSON *object, const char *key);  /* only if it is an array */
const char *json_text(const cJSON *object, const char *key);    /* NULL when not a string */
/* Numbers that json_set_int put there are exact to 2^63; parsed ones to 2^53. json_int truncates a
   fraction and saturates. */
double json_number(const cJSON *object, const char *key, double otherwise);
int64_t json_int(const cJSON *object, const char *key, int64_t otherwise);
bool json_bool(const cJSON *object, const char *key, bool otherwise);

/* Set a member, in place of one of that key; the object keeps copies. NULL text changes nothing. */
void json_set_text(cJSON *object, const char *key, const char *text);
void json_set_int(cJSON *object, const char *key, int64_t value); /* exact to 2^63, as raw */
void json_set_number(cJSON *object, const char *key, double value);
void json_set_bool(cJSON *object, const char *key, bool value);

/* The second of two members with one key, or NULL. Borrowed. */
const cJSON *json_duplicate(const cJSON *object);

/* Appends a tree as compact text, whole or not at all: buf_add's errors. Text with wrong UTF-8 in
   it is repaired; an infinite number is null; what is written always passes json_check but for its
   limits. A whole number up to 2^53 has no exponent, and every double reads back as itself. */
int json_write(struct buf *out, const cJSON *value);

/* The same as a text of its own; yours, free(). Never NULL. */
char *json_print(const cJSON *value);
/* The same with the keys of every object sorted bytewise: one value, one text. For hashes. */
char *json_canonical(const cJSON *value);

/* Appends one JSON string literal, quotes included; wrong UTF-8 and NUL become U+FFFD (a strict
   reader, ours too, refuses \u0000). buf_add's errors, and then nothing is appended. */
int json_quote(struct buf *out, const char *text, size_t len);

#endif
