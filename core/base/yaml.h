/* SPDX-License-Identifier: MIT */
/*
 * YAML over libyaml, read into the same cJSON trees that the rest of the program knows, with the
 * line of every value kept aside, so that a bad value can be named by file and line. YAML 1.2's
 * core schema for plain scalars (true/false, null/~, integers, floats, else text); quoted scalars
 * are always text, and so are keys (`1:` and `true:` as they are written). Refused: anchors and
 * aliases (a bomb), tags, duplicate keys, several documents, keys that are empty or collections,
 * whole numbers beyond 2^53, infinity and NaN, files that are not regular or over the ceiling.
 */
#ifndef CORE_BASE_YAML_H
#define CORE_BASE_YAML_H

#include "core/base/err.h"

#include <cjson/cJSON.h>
#include <stddef.h>

struct yaml; /* a document: the tree and its lines */

#define YAML_MAX_BYTES (1u << 20)
#define YAML_MAX_DEPTH 16

/* `name` is what messages call it ("config.yaml"). E_PARSE says "NAME:LINE: what". An empty
   document is an empty object. */
int yaml_parse(struct yaml **out, const char *name, const char *text, size_t len, struct err *err);
int yaml_load(struct yaml **out, const char *path, struct err *err); /* E_NOTFOUND, E_IO too */
/* Frees it. Not yaml_free: libyaml has one of that name, calls it, and would get ours. */
void yaml_drop(struct yaml *doc);

const cJSON *yaml_root(const struct yaml *doc);
/* 1-based: of the key for a member, of its start for anything else; 0 when not of this document. */
int yaml_line(const struct yaml *doc, const cJSON *value);
const char *yaml_name(const struct yaml *doc);

#endif
