/* SPDX-License-Identifier: MIT */
/* A compiled schema, between schema.c, which builds it, and schema_check.c, which applies it. */
#ifndef CORE_TOOL_SCHEMA_RULE_H
#define CORE_TOOL_SCHEMA_RULE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct pattern;
struct rule;

enum value_type {
    VALUE_NULL = 1,
    VALUE_BOOLEAN = 2,
    VALUE_INTEGER = 4,
    VALUE_NUMBER = 8,
    VALUE_STRING = 16,
    VALUE_ARRAY = 32,
    VALUE_OBJECT = 64
};

struct value_type_name {
    enum value_type type;
    const char *name;  /* in a schema: "integer" */
    const char *words; /* in a message: "a whole number" */
};

extern const struct value_type_name value_type_names[7];

/* A count of things: members, items, code points. */
struct range {
    size_t min, max;
};

struct rule_list {
    struct rule **at;
    size_t count;
};

struct member {
    const char *name; /* borrowed from the tree */
    struct rule *rule;
};

struct rule {
    bool never;            /* the schema false */
    unsigned types;        /* allowed ones; 0 = any */
    const cJSON *allowed;  /* enum: an array, borrowed; NULL = any */
    const cJSON *constant; /* const: borrowed; NULL = any */
    struct member *members;
    size_t member_count;
    const cJSON *required;   /* array of texts, borrowed; NULL = none */
    struct rule *additional; /* for members without a rule of their own; NULL = any */
    struct rule *items;      /* NULL = any */
    struct range member_range, item_range, length;
    double minimum, maximum; /* infinite when not given */
    double above, below;     /* exclusive; infinite when not given */
    struct pattern *pattern;
    const char *pattern_text; /* borrowed */
    struct rule_list any, one, all;
};

struct schema {
    cJSON *tree;
    struct rule *root;
};

#endif
