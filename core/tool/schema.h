/* SPDX-License-Identifier: MIT */
/*
 * JSON Schema, the part that tools need, compiled once and checked often. Known keywords:
 *
 *   type (one or a list), enum, const, properties, required, additionalProperties (boolean or
 *   schema), minProperties, maxProperties, items (one schema), minItems, maxItems, minimum,
 *   maximum, exclusiveMinimum, exclusiveMaximum, minLength, maxLength (in code points), pattern,
 *   anyOf, oneOf, allOf; title, description, default, examples, format, deprecated, $schema and
 *   $comment are allowed and mean nothing here; true and false are schemas.
 *
 * Any other keyword is an error at load: a rule that is silently not checked is worse than none.
 * Objects without additionalProperties allow extra members, as the standard says. Engine
 * thread only: patterns carry the memory of their searches.
 */
#ifndef CORE_TOOL_SCHEMA_H
#define CORE_TOOL_SCHEMA_H

#include "core/base/err.h"

#include <cjson/cJSON.h>
#include <stddef.h>

struct buf;
struct schema;

#define SCHEMA_MAX_DEPTH    32 /* nesting of schemas */
#define SCHEMA_MAX_PROBLEMS 8  /* listed for one value; the rest is counted */

/* Compiles text. E_PARSE names the place in the schema ("properties.path.minimun: no such
   keyword, did you mean 'minimum'?"). */
int schema_new(struct schema **out, const char *text, size_t len, struct err *err);
/* The same from a tree, which is copied. */
int schema_from(struct schema **out, const cJSON *tree, struct err *err);
void schema_free(struct schema *schema);

/* The schema as the model gets it; borrowed. */
const cJSON *schema_tree(const struct schema *schema);

/* The number of problems of value; appends them to `problems` as one line that a model can act on:
   "arguments.path: expected a string, got 12; arguments: missing 'pattern'; and 3 more". `name` is
   what the whole value is called there. A pattern that hits its match limit is a problem. */
size_t schema_check(const struct schema *schema, const char *name, const cJSON *value,
                    struct buf *problems);

#endif
