/* SPDX-License-Identifier: MIT */
/*
 * A schema and a value, with a NUL between them. A schema is taken or refused with a clean line;
 * one that is taken says the same of a value as itself inside anyOf, oneOf and allOf, and what it
 * says is one line of clean text.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/utf8.h"
#include "core/tool/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
    if (!truth)
        abort();
}

static size_t problems_of(const struct schema *schema, const cJSON *value)
{
    struct buf text;
    size_t count;

    buf_init(&text, 1 << 16);
    count = schema_check(schema, "arguments", value, &text);
    must((count == 0) == (text.len == 0));
    must(utf8_valid(text.data, text.len));
    buf_free(&text);
    return count;
}

static void try_inside(const char *keyword, const struct schema *schema, const cJSON *value)
{
    cJSON *outer = cJSON_CreateObject(), *list = cJSON_CreateArray();
    struct schema *wrapped;

    cJSON_AddItemToArray(list, cJSON_Duplicate(schema_tree(schema), true));
    cJSON_AddItemToObject(outer, keyword, list);
    if (schema_from(&wrapped, outer, NULL) == 0) { /* it may be too deep now */
        must((problems_of(wrapped, value) == 0) == (problems_of(schema, value) == 0));
        schema_free(wrapped);
    }
    cJSON_Delete(outer);
}

static void try_value(const struct schema *schema, const char *text, size_t len)
{
    cJSON *value;

    if (json_parse(&value, text, len, &json_args, NULL) < 0)
        return;
    (void)problems_of(schema, value);
    try_inside("anyOf", schema, value);
    try_inside("oneOf", schema, value);
    try_inside("allOf", schema, value);
    cJSON_Delete(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    size_t len = strnlen(text, size);
    struct schema *schema;
    struct err err = {0};
    int rc = schema_new(&schema, text, len, &err);

    must((rc == 0) == (schema != NULL));
    must(rc == 0 || (err.msg[0] && utf8_valid(err.msg, strlen(err.msg))));
    if (rc == 0 && len < size)
        try_value(schema, text + len + 1, size - len - 1);
    schema_free(schema);
    return 0;
}
