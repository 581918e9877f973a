/* SPDX-License-Identifier: MIT */
/*
 * The trees are cJSON's; the reading is guarded by json_scan and the writing is our own, because
 * cJSON prints 1764000000123456 as 1.76400000012346e+15.
 */
#include "core/base/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json_scan.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"

#define EXACT_MAX 9007199254740992.0    /* 2^53: every whole number up to here is a double */
#define WHOLE_MAX 9223372036854775808.0 /* 2^63: the first double that no int64_t holds */

#define SURE_MAX (1u << 20) /* bytes of a text whose tree is a small allocation */

#define REPLACEMENT "\xef\xbf\xbd"

const struct json_limits json_api = {.bytes = 64u << 20, .depth = 128, .nodes = 200000};
const struct json_limits json_args = {
    .bytes = 1u << 20, .depth = 64, .nodes = 200000, .unique = true};

/* A member with its place, so that sorting keeps the order of equal keys. */
struct member {
    const cJSON *item;
    size_t at;
};

static int by_key(const void *left, const void *right)
{
    const struct member *a = left, *b = right;
    int order = strcmp(a->item->string, b->item->string);

    return order ? order : (a->at > b->at) - (a->at < b->at);
}

/* The members of an object in the order of their keys: free(). */
static struct member *sorted(const cJSON *object, size_t *count)
{
    const cJSON *item;
    size_t at = 0;

    *count = (size_t)cJSON_GetArraySize(object);
    struct member *members = mem_array(*count, sizeof *members);
    cJSON_ArrayForEach(item, object)
    {
        members[at] = (struct member){item, at};
        at++;
    }
    if (at > 1)
        qsort(members, at, sizeof *members, by_key);
    return members;
}

const cJSON *json_duplicate(const cJSON *object)
{
    size_t count;
    const cJSON *again = NULL;
    struct member *members = sorted(object, &count);

    for (size_t i = 1; i < count && !again; i++)
        if (strcmp(members[i - 1].item->string, members[i].item->string) == 0)
            again = members[i].item;
    free(members);
    return again;
}

/* Depth is bounded by the scan that came before. */
static int check_unique(const cJSON *value, struct err *err)
{
    const cJSON *again = cJSON_IsObject(value) ? json_duplicate(value) : NULL, *item;
    int rc = 0;

    if (again)
        return err_set(err, E_PARSE, "JSON: the key \"%s\" appears twice in one object",
                       again->string);
    cJSON_ArrayForEach(item, value) if (rc == 0 && item->child) rc = check_unique(item, err);
    return rc;
}

/* Behind the scan only memory can be missing; the copy gives cJSON the NUL that it wants. */
static int build(cJSON **out, const char *text, size_t len, struct err *err)
{
    struct buf copy;

    buf_init(&copy, len);
    int rc = buf_add(&copy, text, len);
    *out = rc < 0 ? NULL : cJSON_ParseWithLengthOpts(copy.data, len + 1, NULL, true);
    buf_free(&copy);
    if (*out)
        return 0;
    if (len <= SURE_MAX)
        mem_fail(len);
    return err_set(err, E_NOMEM, "no memory for %zu bytes of JSON", len);
}

int json_parse(cJSON **out, const char *text, size_t len, const struct json_limits *limits,
               struct err *err)
{
    if (!limits)
        limits = &json_api;
    *out = NULL;
    int rc = json_scan(text, len, limits, err);
    if (rc == 0)
        rc = build(out, text, len, err);
    if (rc == 0 && limits->unique)
        rc = check_unique(*out, err);
    if (rc < 0) {
        cJSON_Delete(*out);
        *out = NULL;
    }
    return rc;
}

int json_check(const char *text, size_t len, const struct json_limits *limits, struct err *err)
{
    cJSON *tree;

    if (!limits)
        limits = &json_api;
    if (!limits->unique)
        return json_scan(text, len, limits, err);
    int rc = json_parse(&tree, text, len, limits, err);
    cJSON_Delete(tree);
    return rc;
}

const cJSON *json_get(const cJSON *object, const char *key)
{
    const cJSON *item =
        cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, key) : NULL;

    return cJSON_IsNull(item) ? NULL : item;
}

const cJSON *json_object(const cJSON *object, const char *key)
{
    const cJSON *item = json_get(object, key);

    return cJSON_IsObject(item) ? item : NULL;
}

const cJSON *json_array(const cJSON *object, const char *key)
{
    const cJSON *item = json_get(object, key);

    return cJSON_IsArray(item) ? item : NULL;
}

const char *json_text(const cJSON *object, const char *key)
{
    const cJSON *item = json_get(object, key);

    return cJSON_IsString(item) ? item->valuestring : NULL;
}

double json_number(const cJSON *object, const char *key, double otherwise)
{
    const cJSON *item = json_get(object, key);
    double value = otherwise;

    if (cJSON_IsNumber(item))
        return item->valuedouble;
    if (cJSON_IsRaw(item) && str_number(&value, item->valuestring, -INFINITY, INFINITY) < 0)
        return otherwise;
    return value;
}

static int64_t saturate(double value)
{
    if (isnan(value))
        return 0;
    if (value >= WHOLE_MAX)
        return INT64_MAX;
    return value <= -WHOLE_MAX ? INT64_MIN : (int64_t)value;
}

int64_t json_int(const cJSON *object, const char *key, int64_t otherwise)
{
    const cJSON *item = json_get(object, key);
    int64_t value = otherwise;

    if (cJSON_IsNumber(item))
        return saturate(item->valuedouble);
    if (cJSON_IsRaw(item) && str_int(&value, item->valuestring, INT64_MIN, INT64_MAX) < 0)
        return otherwise;
    return value;
}

bool json_bool(const cJSON *object, const char *key, bool otherwise)
{
    const cJSON *item = json_get(object, key);

    return cJSON_IsBool(item) ? cJSON_IsTrue(item) : otherwise;
}

static void set(cJSON *object, const char *key, cJSON *value)
{
    cJSON_DeleteItemFromObjectCaseSensitive(object, key);
    if (!value || !cJSON_AddItemToObject(object, key, value))
        mem_fail(sizeof *value);
}

void json_set_text(cJSON *object, const char *key, const char *text)
{
    if (text)
        set(object, key, cJSON_CreateString(text));
}

void json_set_int(cJSON *object, const char *key, int64_t value)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%" PRId64, value); /* 20 characters at most */
    set(object, key, cJSON_CreateRaw(text));
}

void json_set_number(cJSON *object, const char *key, double value)
{
    set(object, key, cJSON_CreateNumber(value));
}

void json_set_bool(cJSON *object, const char *key, bool value)
{
    set(object, key, cJSON_CreateBool(value));
}

/* Bytes at the start of text that a literal shows as they are. */
static size_t plain_run(const char *text, size_t len)
{
    size_t at = 0;

    while (at < len && (uint8_t)text[at] >= 0x20 && (uint8_t)text[at] < 0x80 && text[at] != '"' &&
           text[at] != '\\')
        at++;
    return at;
}

/* Appends what stands for the code point at text, and returns its length in *used. */
static int quote_one(struct buf *out, const char *text, size_t len, size_t *used)
{
    static const char shorts[0x20] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    int32_t cp;

    *used = utf8_next(text, len, &cp);
    if (cp <= 0)
        return buf_text(out, REPLACEMENT);
    if (cp == '"' || cp == '\\')
        return buf_printf(out, "\\%c", (char)cp);
    if (cp >= 0x20)
        return buf_add(out, text, *used);
    if (shorts[cp])
        return buf_printf(out, "\\%c", shorts[cp]);
    return buf_printf(out, "\\u%04x", (unsigned)cp);
}

int json_quote(struct buf *out, const char *text, size_t len)
{
    size_t before = out->len, used;
    int rc = buf_char(out, '"');

    for (size_t at = 0; rc == 0 && at < len; at += used) {
        used = plain_run(text + at, len - at);
        if (used > 0)
            rc = buf_add(out, text + at, used);
        else
            rc = quote_one(out, text + at, len - at, &used);
    }
    if (rc == 0)
        rc = buf_char(out, '"');
    if (rc < 0)
        buf_cut(out, before);
    return rc;
}

/* The shortest of 15, 16 and 17 digits that reads back as the same double. JSON has no infinity
   and no NaN: they are null. */
static int write_number(struct buf *out, double value)
{
    char text[32];
    double back = 0;

    if (!isfinite(value))
        return buf_text(out, "null");
    if (fabs(value) <= EXACT_MAX && value == trunc(value))
        return buf_int(out, (int64_t)value);
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, value); /* 24 characters at most */
        char *comma = strchr(text, ','); /* the point of a foreign locale */
        if (comma)
            *comma = '.';
        if (str_number(&back, text, -INFINITY, INFINITY) == 0 && back == value)
            break;
    }
    return buf_text(out, text);
}

static int write_value(struct buf *out, const cJSON *value, bool by_keys);

static int write_members(struct buf *out, const cJSON *object, bool by_keys)
{
    size_t count = 0, at = 0;
    struct member *members = by_keys ? sorted(object, &count) : NULL;
    const cJSON *item = object->child;
    int rc = 0;

    for (; rc == 0 && (members ? at < count : item != NULL); at++) {
        const cJSON *member = members ? members[at].item : item;
        if (at > 0)
            rc = buf_char(out, ',');
        if (rc == 0)
            rc = json_quote(out, member->string, strlen(member->string));
        if (rc == 0)
            rc = buf_char(out, ':');
        if (rc == 0)
            rc = write_value(out, member, by_keys);
        item = members ? NULL : item->next;
    }
    free(members);
    return rc;
}

static int write_items(struct buf *out, const cJSON *array, bool by_keys)
{
    const cJSON *item;
    int rc = 0;

    cJSON_ArrayForEach(item, array)
    {
        if (rc == 0 && item != array->child)
            rc = buf_char(out, ',');
        if (rc == 0)
            rc = write_value(out, item, by_keys);
    }
    return rc;
}

static int write_between(struct buf *out, const cJSON *value, bool by_keys)
{
    bool object = cJSON_IsObject(value);
    int rc = buf_char(out, object ? '{' : '[');

    if (rc == 0)
        rc = object ? write_members(out, value, by_keys) : write_items(out, value, by_keys);
    return rc < 0 ? rc : buf_char(out, object ? '}' : ']');
}

static int write_value(struct buf *out, const cJSON *value, bool by_keys)
{
    switch (value->type & 0xFF) {
    case cJSON_True: return buf_text(out, "true");
    case cJSON_False: return buf_text(out, "false");
    case cJSON_Number: return write_number(out, value->valuedouble);
    case cJSON_String: return json_quote(out, value->valuestring, strlen(value->valuestring));
    case cJSON_Raw: return buf_text(out, value->valuestring);
    case cJSON_Object:
    case cJSON_Array: return write_between(out, value, by_keys);
    default: return buf_text(out, "null");
    }
}

int json_write(struct buf *out, const cJSON *value)
{
    size_t before = out->len;
    int rc = write_value(out, value, false);

    if (rc < 0)
        buf_cut(out, before);
    return rc;
}

static char *print(const cJSON *value, bool by_keys)
{
    struct buf out;

    buf_init(&out, SIZE_MAX);
    if (write_value(&out, value, by_keys) < 0)
        mem_fail(out.cap);
    return buf_take(&out);
}

char *json_print(const cJSON *value)
{
    return print(value, false);
}

char *json_canonical(const cJSON *value)
{
    return print(value, true);
}
