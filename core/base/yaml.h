/* SPDX-License-Identifier: MIT */
/*
 * YAML over libyaml, read into the same cJSON trees that the rest of the program knows, with the
 * line of every value kept aside, so that a bad value can be named by file and line. YAML 1.2's
 * core schema for plain scalars (true/false, null/~, integers, floats, else text); quoted scalars
 * are always text. Refused: anchors and aliases (a bomb), tags, duplicate keys, several documents,
 * non-text keys, files that are not regular or over the ceiling.
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
int yaml_parse(struct yaml **out, const char *name, const char *text, size_t len,
               struct err *err);
int yaml_load(struct yaml **out, const char *path, struct err *err); /* E_NOTFOUND, E_IO too */
void yaml_free(struct yaml *doc);

const cJSON *yaml_root(const struct yaml *doc);
int yaml_line(const struct yaml *doc, const cJSON *value); /* 1-based; 0 when not of this document */
const char *yaml_name(const struct yaml *doc);

#endif
