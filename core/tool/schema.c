/* SPDX-License-Identifier: MIT */
#include "core/tool/schema.h"

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/pattern.h"
#include "core/base/str.h"
#include "core/tool/schema_rule.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_MAX 1e9 /* of a minLength and its like */

const struct value_type_name value_type_names[7] = {
    {VALUE_NULL, "null", "null"},
    {VALUE_BOOLEAN, "boolean", "true or false"},
    {VALUE_INTEGER, "integer", "a whole number"},
    {VALUE_NUMBER, "number", "a number"},
    {VALUE_STRING, "string", "a string"},
    {VALUE_ARRAY, "array", "an array"},
    {VALUE_OBJECT, "object", "an object"},
};

/* Where in the schema we are, for messages: a chain on the stack. */
struct place {
    const struct place *up;
    const char *key;
    int depth;
    struct err *err;
};

static void print_place(struct buf *out, const struct place *place)
{
    if (!place || !place->key)
        return;
    print_place(out, place->up);
    (void)buf_printf(out, "%s%s", out->len ? "." : "", place->key); /* a cut place still helps */
}

static int wrong(const struct place *place, const char *what)
{
    struct buf where;
    int rc;

    buf_init(&where, ERR_MSG_MAX);
    print_place(&where, place);
    rc = err_set(place->err, E_PARSE, "%s%s%s", where.data, where.len ? ": " : "", what);
    buf_free(&where);
    return rc;
}

static int compile(struct rule **out, const cJSON *schema, const struct place *place);
static void rule_free(struct rule *rule);

/* ---- The keywords --------------------------------------------------------------------------- */

static int find_type(const cJSON *value, unsigned *types)
{
    for (size_t i = 0; cJSON_IsString(value) && i < 7; i++)
        if (strcmp(value->valuestring, value_type_names[i].name) == 0) {
            *types |= value_type_names[i].type;
            return 0;
        }
    return E_PARSE;
}

static int read_type(struct rule *rule, const cJSON *value, const struct place *place)
{
    const cJSON *one;
    int rc = 0;

    if (!cJSON_IsArray(value))
        rc = find_type(value, &rule->types);
    else
        cJSON_ArrayForEach(one, value) rc = rc < 0 ? rc : find_type(one, &rule->types);
    if (rc < 0 || rule->types == 0)
        return wrong(place, "must be null, boolean, integer, number, string, array or object");
    return 0;
}

static int read_enum(struct rule *rule, const cJSON *value, const struct place *place)
{
    rule->allowed = value;
    return cJSON_IsArray(value) && value->child ? 0 : wrong(place, "must be a list of values");
}

static int read_const(struct rule *rule, const cJSON *value, const struct place *place)
{
    (void)place;
    rule->constant = value;
    return 0;
}

static int read_properties(struct rule *rule, const cJSON *value, const struct place *place)
{
    const cJSON *one;
    int rc = 0;

    if (!cJSON_IsObject(value))
        return wrong(place, "must be an object of schemas");
    rule->members = mem_array((size_t)cJSON_GetArraySize(value), sizeof *rule->members);
    cJSON_ArrayForEach(one, value)
    {
        struct member *member = &rule->members[rule->member_count++];
        struct place inner = {place, one->string, place->depth + 1, place->err};

        member->name = one->string;
        if ((rc = compile(&member->rule, one, &inner)) < 0)
            return rc;
    }
    return 0;
}

static int read_required(struct rule *rule, const cJSON *value, const struct place *place)
{
    const cJSON *one;
    bool texts = cJSON_IsArray(value);

    if (texts)
        cJSON_ArrayForEach(one, value) texts = texts && cJSON_IsString(one);
    rule->required = value;
    return texts ? 0 : wrong(place, "must be a list of names");
}

static int read_additional(struct rule *rule, const cJSON *value, const struct place *place)
{
    return compile(&rule->additional, value, place);
}

static int read_items(struct rule *rule, const cJSON *value, const struct place *place)
{
    return compile(&rule->items, value, place);
}

static int read_pattern(struct rule *rule, const cJSON *value, const struct place *place)
{
    struct err why;

    if (!cJSON_IsString(value))
        return wrong(place, "must be a pattern");
    rule->pattern_text = value->valuestring;
    return pattern_new(&rule->pattern, value->valuestring, 0, &why) < 0 ? wrong(place, why.msg) : 0;
}

static int read_list(struct rule_list *out, const cJSON *value, const struct place *place)
{
    const cJSON *one;
    int rc;

    if (!cJSON_IsArray(value) || !value->child)
        return wrong(place, "must be a list of schemas");
    out->at = mem_array((size_t)cJSON_GetArraySize(value), sizeof *out->at);
    cJSON_ArrayForEach(one, value)
    {
        if ((rc = compile(&out->at[out->count++], one, place)) < 0)
            return rc; /* what there is of it belongs to the list already */
    }
    return 0;
}

static int read_any(struct rule *rule, const cJSON *value, const struct place *place)
{
    return read_list(&rule->any, value, place);
}

static int read_one(struct rule *rule, const cJSON *value, const struct place *place)
{
    return read_list(&rule->one, value, place);
}

static int read_all(struct rule *rule, const cJSON *value, const struct place *place)
{
    return read_list(&rule->all, value, place);
}

/* A keyword has a reader, or is a number or a count at an offset in struct rule, or says nothing.
 */
struct keyword {
    const char *name;
    int (*read)(struct rule *rule, const cJSON *value, const struct place *place);
    size_t number, count;
};

static const struct keyword keywords[] = {
    {.name = "type", .read = read_type},
    {.name = "enum", .read = read_enum},
    {.name = "const", .read = read_const},
    {.name = "properties", .read = read_properties},
    {.name = "required", .read = read_required},
    {.name = "additionalProperties", .read = read_additional},
    {.name = "items", .read = read_items},
    {.name = "pattern", .read = read_pattern},
    {.name = "anyOf", .read = read_any},
    {.name = "oneOf", .read = read_one},
    {.name = "allOf", .read = read_all},
    {.name = "minimum", .number = offsetof(struct rule, minimum)},
    {.name = "maximum", .number = offsetof(struct rule, maximum)},
    {.name = "exclusiveMinimum", .number = offsetof(struct rule, above)},
    {.name = "exclusiveMaximum", .number = offsetof(struct rule, below)},
    {.name = "minLength", .count = offsetof(struct rule, length.min)},
    {.name = "maxLength", .count = offsetof(struct rule, length.max)},
    {.name = "minItems", .count = offsetof(struct rule, item_range.min)},
    {.name = "maxItems", .count = offsetof(struct rule, item_range.max)},
    {.name = "minProperties", .count = offsetof(struct rule, member_range.min)},
    {.name = "maxProperties", .count = offsetof(struct rule, member_range.max)},
    {.name = "title"},
    {.name = "description"},
    {.name = "default"},
    {.name = "examples"},
    {.name = "format"},
    {.name = "deprecated"},
    {.name = "$schema"},
    {.name = "$comment"},
};

#define KEYWORDS (sizeof keywords / sizeof *keywords)

static const struct keyword *find_keyword(const char *name)
{
    for (size_t i = 0; i < KEYWORDS; i++)
        if (strcmp(name, keywords[i].name) == 0)
            return &keywords[i];
    return NULL;
}

static int no_such_keyword(const struct place *place)
{
    const char *names[KEYWORDS], *near;
    char what[96];

    for (size_t i = 0; i < KEYWORDS; i++)
        names[i] = keywords[i].name;
    near = str_nearest(place->key, names, KEYWORDS);
    str_format(what, sizeof what,
               near ? "no such keyword, did you mean '%s'?" : "keyword not supported", near);
    return wrong(place, what);
}

static int read_keyword(struct rule *rule, const cJSON *value, const struct place *place)
{
    const struct keyword *keyword = find_keyword(place->key);
    double number = cJSON_IsNumber(value) ? value->valuedouble : NAN;

    if (!keyword)
        return no_such_keyword(place);
    if (keyword->read)
        return keyword->read(rule, value, place);
    if (keyword->number) {
        if (isnan(number))
            return wrong(place, "must be a number");
        memcpy((char *)rule + keyword->number, &number, sizeof number);
    }
    if (keyword->count) {
        size_t count = number >= 0 && number <= COUNT_MAX ? (size_t)number : SIZE_MAX;

        if ((double)count != number)
            return wrong(place, "must be a whole number from 0 on");
        memcpy((char *)rule + keyword->count, &count, sizeof count);
    }
    return 0;
}

/* ---- Building ------------------------------------------------------------------------------- */

static struct rule *rule_new(void)
{
    struct rule *rule = mem_new(sizeof *rule);

    rule->minimum = rule->above = -INFINITY;
    rule->maximum = rule->below = INFINITY;
    rule->length.max = rule->item_range.max = rule->member_range.max = SIZE_MAX;
    return rule;
}

static int compile(struct rule **out, const cJSON *schema, const struct place *place)
{
    const cJSON *one;
    int rc = 0;

    if (place->depth > SCHEMA_MAX_DEPTH)
        return wrong(place, "nested too deeply");
    if (!cJSON_IsObject(schema) && !cJSON_IsBool(schema))
        return wrong(place, "must be a schema: an object, true or false");
    *out = rule_new();
    (*out)->never = cJSON_IsFalse(schema);
    cJSON_ArrayForEach(one, schema)
    {
        struct place inner = {place, one->string, place->depth + 1, place->err};

        if ((rc = read_keyword(*out, one, &inner)) < 0)
            return rc;
    }
    return 0;
}

static void list_free(struct rule_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        rule_free(list->at[i]);
    free(list->at);
}

static void rule_free(struct rule *rule)
{
    if (!rule)
        return;
    for (size_t i = 0; i < rule->member_count; i++)
        rule_free(rule->members[i].rule);
    free(rule->members);
    rule_free(rule->additional);
    rule_free(rule->items);
    pattern_free(rule->pattern);
    list_free(&rule->any);
    list_free(&rule->one);
    list_free(&rule->all);
    free(rule);
}

/* Takes the tree. */
static int schema_adopt(struct schema **out, cJSON *tree, struct err *err)
{
    struct schema *schema = mem_new(sizeof *schema);
    struct place top = {.err = err};
    int rc;

    schema->tree = tree;
    rc = compile(&schema->root, tree, &top);
    if (rc < 0) {
        schema_free(schema);
        schema = NULL;
    }
    *out = schema;
    return rc;
}

int schema_new(struct schema **out, const char *text, size_t len, struct err *err)
{
    cJSON *tree;
    int rc = json_parse(&tree, text, len, &json_args, err);

    *out = NULL;
    return rc < 0 ? rc : schema_adopt(out, tree, err);
}

int schema_from(struct schema **out, const cJSON *tree, struct err *err)
{
    char *text = json_print(tree);
    int rc = schema_new(out, text, strlen(text), err);

    free(text);
    return rc;
}

void schema_free(struct schema *schema)
{
    if (!schema)
        return;
    rule_free(schema->root);
    cJSON_Delete(schema->tree);
    free(schema);
}

const cJSON *schema_tree(const struct schema *schema)
{
    return schema->tree;
}
