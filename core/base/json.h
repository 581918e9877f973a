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

struct json_limits {
    size_t bytes;    /* longest text, 0 = 64 MiB */
    size_t depth;    /* deepest nesting, 0 = 128 */
    size_t nodes;    /* most values, 0 = 200,000 */
    bool unique;     /* refuse duplicate keys in an object */
};

extern const struct json_limits json_api;  /* a server's answer: 64 MiB, 128, 200,000 */
extern const struct json_limits json_args; /* a tool's arguments: 1 MiB, 64, 200,000, unique keys */

/* 0, E_PARSE (with the byte offset in the text), E_TOOBIG, or E_RANGE for a number that a double
   cannot hold as finite. */
int json_check(const char *text, size_t len, const struct json_limits *limits, struct err *err);

/* json_check, then a tree: free with cJSON_Delete. Limits NULL = json_api. */
int json_parse(cJSON **out, const char *text, size_t len, const struct json_limits *limits,
               struct err *err);

/* Borrowed members of an object; NULL, the default or false when absent, null or of another type.
   A NULL object is an empty one. */
const cJSON *json_get(const cJSON *object, const char *key);
const cJSON *json_object(const cJSON *object, const char *key); /* only if it is an object */
const cJSON *json_array(const cJSON *object, const char *key);  /* only if it is an array */
const char *json_text(const cJSON *object, const char *key);    /* NULL when not a string */
double json_number(const cJSON *object, const char *key, double otherwise);
int64_t json_int(const cJSON *object, const char *key, int64_t otherwise); /* truncated, saturated */
bool json_bool(const cJSON *object, const char *key, bool otherwise);

/* Adds members; the object keeps copies. */
void json_set_text(cJSON *object, const char *key, const char *text); /* NULL text adds nothing */
void json_set_int(cJSON *object, const char *key, int64_t value);     /* exact to 2^63, as raw */
void json_set_number(cJSON *object, const char *key, double value);
void json_set_bool(cJSON *object, const char *key, bool value);

/* Text of a tree: compact; yours, free(). Never NULL for a tree of ours. */
char *json_print(const cJSON *value);
/* The same with the keys of every object sorted bytewise: one value, one text. For hashes. */
char *json_canonical(const cJSON *value);

/* Appends one JSON string literal, quotes included; wrong UTF-8 becomes U+FFFD. buf_add's errors. */
int json_quote(struct buf *out, const char *text, size_t len);

#endif
