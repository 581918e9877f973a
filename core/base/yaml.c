/* SPDX-License-Identifier: MIT */
/*
 * libyaml's events build the tree as they come; a struct level per open collection holds what is
 * being filled. Every refusal happens at its event, so that a hostile text is given up where it
 * goes wrong and libyaml never composes anything.
 */
#include "core/base/yaml.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"

#define EXACT_MAX INT64_C(9007199254740992) /* 2^53: what a cJSON number holds exactly */

struct place {
    const cJSON *value;
    int line;
};

struct yaml {
    char *name;
    cJSON *root;
    struct place *places; /* sorted by value once the document is whole */
    size_t count, cap;
};

struct level {
    cJSON *collection;
    char *key; /* of the member to come, in a mapping; NULL while a key is wanted */
    int key_line;
};

struct builder {
    struct yaml *doc;
    struct level levels[YAML_MAX_DEPTH];
    size_t depth;
    size_t documents;
    struct err *err;
};

static int fail(const struct builder *b, int line, const char *what)
{
    return err_set(b->err, E_PARSE, "%s:%d: %s", b->doc->name, line, what);
}

static int line_of(const yaml_event_t *event)
{
    return (int)event->start_mark.line + 1;
}

static bool one_of(const char *text, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(text, *words) == 0)
            return true;
    return false;
}

/* YAML 1.2's core schema, section 10.3.2. */
static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
static const char *const trues[] = {"true", "True", "TRUE", NULL};
static const char *const falses[] = {"false", "False", "FALSE", NULL};
static const char *const endless[] = {".inf",  ".Inf",  ".INF", "+.inf", "+.Inf", "+.INF", "-.inf",
                                      "-.Inf", "-.INF", ".nan", ".NaN",  ".NAN",  NULL};

/* "0x1F" or "0o17" as a number: 0, or E_PARSE when it is neither. */
static int based_number(int64_t *out, const char *text)
{
    const char *digits = "0123456789abcdefABCDEF";
    int base = text[0] != '0' ? 0 : text[1] == 'x' ? 16 : text[1] == 'o' ? 8 : 0;

    if (base == 0 || !text[2] || text[2 + strspn(text + 2, base == 16 ? digits : "01234567")])
        return E_PARSE;
    unsigned long long value = strtoull(text + 2, NULL, base);
    *out = value > (unsigned long long)INT64_MAX ? INT64_MAX : (int64_t)value;
    return 0;
}

/* A plain scalar that is a number: 1 and *number, 0 when it is text, or an error: a number that the
   tree could not hold as it is written must not change in silence. */
static int plain_number(const struct builder *b, int line, const char *text, double *number)
{
    int64_t whole = 0;
    int rc = based_number(&whole, text);

    if (rc == E_PARSE)
        rc = str_int(&whole, text, INT64_MIN, INT64_MAX);
    if (rc == E_RANGE || (rc == 0 && (whole > EXACT_MAX || whole < -EXACT_MAX)))
        return fail(b, line, "a whole number beyond 2^53: put it in quotes to keep it");
    *number = (double)whole;
    if (rc == 0)
        return 1;
    rc = str_number(number, text, -INFINITY, INFINITY);
    if (rc == E_RANGE || one_of(text, endless))
        return fail(b, line, "a finite number was expected");
    return rc == 0;
}

static int plain_scalar(const struct builder *b, cJSON **out, int line, const char *text)
{
    double number;

    if (one_of(text, nulls)) {
        *out = cJSON_CreateNull();
    } else if (one_of(text, trues) || one_of(text, falses)) {
        *out = cJSON_CreateBool(one_of(text, trues));
    } else {
        int rc = plain_number(b, line, text, &number);
        if (rc < 0)
            return rc;
        *out = rc ? cJSON_CreateNumber(number) : cJSON_CreateString(text);
    }
    return 0;
}

static void note_place(struct yaml *doc, const cJSON *value, int line)
{
    doc->places = mem_room(doc->places, doc->count, &doc->cap, sizeof *doc->places);
    doc->places[doc->count++] = (struct place){value, line};
}

/* Puts a value where the document wants one. */
static void attach(struct builder *b, cJSON *value, int line)
{
    struct level *level = b->depth > 0 ? &b->levels[b->depth - 1] : NULL;

    if (!value)
        mem_fail(sizeof *value);
    if (!level) {
        b->doc->root = value;
    } else if (level->key) {
        line = level->key_line;
        if (!cJSON_AddItemToObject(level->collection, level->key, value))
            mem_fail(sizeof *value);
        free(level->key);
        level->key = NULL;
    } else {
        cJSON_AddItemToArray(level->collection, value);
    }
    note_place(b->doc, value, line);
}

static bool wants_key(const struct builder *b)
{
    const struct level *level = b->depth > 0 ? &b->levels[b->depth - 1] : NULL;

    return level && cJSON_IsObject(level->collection) && !level->key;
}

static int on_scalar(struct builder *b, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    int line = line_of(event), rc = 0;
    cJSON *value = NULL;

    if (event->data.scalar.anchor)
        return fail(b, line, "anchors (&) are not allowed");
    if (event->data.scalar.tag)
        return fail(b, line, "tags (!) are not allowed");
    if (strlen(text) != event->data.scalar.length)
        return fail(b, line, "a text may not hold \\0");
    if (wants_key(b)) {
        if (plain && one_of(text, nulls))
            return fail(b, line, "a key was expected");
        b->levels[b->depth - 1].key = mem_text(text);
        b->levels[b->depth - 1].key_line = line;
        return 0;
    }
    if (plain)
        rc = plain_scalar(b, &value, line, text);
    else
        value = cJSON_CreateString(text);
    if (rc == 0)
        attach(b, value, line);
    return rc;
}

static int on_start(struct builder *b, const yaml_event_t *event, const yaml_char_t *anchor,
                    const yaml_char_t *tag)
{
    bool mapping = event->type == YAML_MAPPING_START_EVENT;
    int line = line_of(event);

    if (anchor)
        return fail(b, line, "anchors (&) are not allowed");
    if (tag)
        return fail(b, line, "tags (!) are not allowed");
    if (wants_key(b))
        return fail(b, line, "a key must be a text");
    if (b->depth == YAML_MAX_DEPTH)
        return fail(b, line, "nested too deep");
    cJSON *collection = mapping ? cJSON_CreateObject() : cJSON_CreateArray();
    attach(b, collection, line);
    b->levels[b->depth++] = (struct level){.collection = collection};
    return 0;
}

static int line_in(const struct yaml *doc, const cJSON *value)
{
    for (size_t i = doc->count; i > 0; i--)
        if (doc->places[i - 1].value == value)
            return doc->places[i - 1].line;
    return 0;
}

static int on_end(struct builder *b)
{
    const struct level *level = &b->levels[--b->depth];
    const cJSON *again =
        cJSON_IsObject(level->collection) ? json_duplicate(level->collection) : NULL;

    if (!again)
        return 0;
    return err_set(b->err, E_PARSE, "%s:%d: '%s' is there already", b->doc->name,
                   line_in(b->doc, again), again->string);
}

static int on_event(struct builder *b, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return b->documents++ == 0 ? 0 : fail(b, line_of(event), "only one document is allowed");
    case YAML_ALIAS_EVENT: return fail(b, line_of(event), "aliases (*) are not allowed");
    case YAML_SCALAR_EVENT: return on_scalar(b, event);
    case YAML_SEQUENCE_START_EVENT:
        return on_start(b, event, event->data.sequence_start.anchor,
                        event->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
        return on_start(b, event, event->data.mapping_start.anchor, event->data.mapping_start.tag);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: return on_end(b);
    default: return 0;
    }
}

static int parser_failure(const struct builder *b, const yaml_parser_t *parser)
{
    size_t line = parser->problem_mark.line;

    if (parser->error == YAML_MEMORY_ERROR)
        return err_set(b->err, E_NOMEM, "%s: no memory to read it", b->doc->name);
    return fail(b, (int)line + 1, parser->problem ? parser->problem : "this is not YAML");
}

static int read_events(struct builder *b, yaml_parser_t *parser)
{
    for (bool more = true; more;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event))
            return parser_failure(b, parser);
        int rc = on_event(b, &event);
        more = event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int build(struct builder *b, const char *text, size_t len)
{
    yaml_parser_t parser;

    if (!yaml_parser_initialize(&parser))
        mem_fail(sizeof parser);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
    int rc = read_events(b, &parser);
    yaml_parser_delete(&parser);
    for (size_t i = 0; i < b->depth; i++)
        free(b->levels[i].key);
    return rc;
}

static int by_value(const void *left, const void *right)
{
    uintptr_t a = (uintptr_t)((const struct place *)left)->value;
    uintptr_t b = (uintptr_t)((const struct place *)right)->value;

    return (a > b) - (a < b);
}

/* An empty document, or one that says null, is an empty mapping. */
static void finish(struct yaml *doc)
{
    if (!doc->root || cJSON_IsNull(doc->root)) {
        cJSON_Delete(doc->root);
        doc->root = cJSON_CreateObject();
        doc->count = 0;
        note_place(doc, doc->root, 1);
    }
    if (!doc->root)
        mem_fail(sizeof *doc->root);
    qsort(doc->places, doc->count, sizeof *doc->places, by_value);
}

int yaml_parse(struct yaml **out, const char *name, const char *text, size_t len, struct err *err)
{
    *out = NULL;
    if (len > YAML_MAX_BYTES)
        return err_set(err, E_TOOBIG, "%s is larger than %u bytes", name, YAML_MAX_BYTES);
    struct yaml *doc = mem_new(sizeof *doc);
    struct builder b = {.doc = doc, .err = err};
    doc->name = mem_text(name);
    int rc = build(&b, text, len);
    if (rc < 0) {
        yaml_drop(doc);
        return rc;
    }
    finish(doc);
    *out = doc;
    return 0;
}

int yaml_load(struct yaml **out, const char *path, struct err *err)
{
    char *text;
    size_t len;

    *out = NULL;
    int rc = path_read(&text, &len, path, YAML_MAX_BYTES, err);
    if (rc == 0)
        rc = yaml_parse(out, path, text, len, err);
    free(text);
    return rc;
}

void yaml_drop(struct yaml *doc)
{
    if (!doc)
        return;
    cJSON_Delete(doc->root);
    free(doc->places);
    free(doc->name);
    free(doc);
}

const cJSON *yaml_root(const struct yaml *doc)
{
    return doc->root;
}

int yaml_line(const struct yaml *doc, const cJSON *value)
{
    const struct place wanted = {value, 0};
    const struct place *found =
        bsearch(&wanted, doc->places, doc->count, sizeof *doc->places, by_value);

    return found ? found->line : 0;
}

const char *yaml_name(const struct yaml *doc)
{
    return doc->name;
}
