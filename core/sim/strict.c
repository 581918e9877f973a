/* SPDX-License-Identifier: MIT */
#include "core/sim/strict.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#define WHOLE_MAX 9007199254740992.0 /* 2^53 */
#define LONGEST_S 604800.0           /* no wait of a scenario is longer than a week */
#define KEYS_MAX  32

int strict_fail(const struct strict *s, const cJSON *at, const char *fmt, ...)
{
    char what[ERR_MSG_MAX];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(what, sizeof what, fmt, ap); /* a cut message is still a message */
    va_end(ap);
    return err_set(s->err, E_PARSE, "%s:%d: %s", yaml_name(s->doc), yaml_line(s->doc, at), what);
}

int strict_unknown(const struct strict *s, const cJSON *at, const char *what, const char *word,
                   const char *const *names, size_t count)
{
    const char *nearest = str_nearest(word, names, count);

    if (nearest)
        return strict_fail(s, at, "no such %s '%s': did you mean '%s'?", what, word, nearest);
    return strict_fail(s, at, "no such %s '%s'", what, word);
}

static int unknown_key(const struct strict *s, const cJSON *at, const char *what,
                       const struct strict_field *fields)
{
    const char *names[KEYS_MAX];
    char kind[64];
    size_t count = 0;

    for (; count < KEYS_MAX && fields[count].key; count++)
        names[count] = fields[count].key;
    (void)str_format(kind, sizeof kind, "key of %s", what);
    return strict_unknown(s, at, kind, at->string, names, count);
}

int strict_read(const struct strict *s, const cJSON *object, const char *what,
                const struct strict_field *fields, void *into)
{
    const cJSON *member;

    if (!cJSON_IsObject(object))
        return strict_fail(s, object, "%s is a mapping, with a key and a value a line", what);
    cJSON_ArrayForEach(member, object)
    {
        const struct strict_field *field = fields;

        while (field->key && !str_eq(field->key, member->string))
            field++;
        if (!field->key)
            return unknown_key(s, member, what, fields);
        int rc = field->read(s, member, (char *)into + field->offset);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static const char *key_of(const cJSON *value)
{
    return value->string ? value->string : "an entry of this list";
}

int strict_text(const struct strict *s, const cJSON *value, void *at)
{
    char **text = at;

    if (!cJSON_IsString(value))
        return strict_fail(s, value, "%s: expected a text; put it in quotes", key_of(value));
    free(*text);
    *text = mem_text(value->valuestring);
    return 0;
}

int strict_scalar(const struct strict *s, const cJSON *value, void *at)
{
    char **text = at;

    if (cJSON_IsString(value))
        return strict_text(s, value, at);
    if (!cJSON_IsNumber(value) && !cJSON_IsBool(value))
        return strict_fail(s, value, "%s: expected a text, a number, true or false", key_of(value));
    free(*text);
    *text = json_print(value);
    return 0;
}

int strict_keep(const struct strict *s, const cJSON *value, void *at)
{
    (void)s; /* any value will do */
    *(const cJSON **)at = value;
    return 0;
}

int strict_bool(const struct strict *s, const cJSON *value, void *at)
{
    if (!cJSON_IsBool(value))
        return strict_fail(s, value, "%s: expected true or false", key_of(value));
    *(bool *)at = cJSON_IsTrue(value);
    return 0;
}

int strict_whole(const struct strict *s, const cJSON *value, void *at)
{
    double number = value->valuedouble;

    if (!cJSON_IsNumber(value) || number < 0 || number > WHOLE_MAX ||
        number != (double)(int64_t)number)
        return strict_fail(s, value, "%s: expected a whole number", key_of(value));
    *(int64_t *)at = (int64_t)number;
    return 0;
}

int strict_duration(const struct strict *s, const cJSON *value, void *at)
{
    int64_t us = -1;

    if (cJSON_IsNumber(value) && value->valuedouble >= 0 && value->valuedouble <= LONGEST_S)
        us = (int64_t)(value->valuedouble * 1e6);
    else if (cJSON_IsString(value) && str_duration_us(&us, value->valuestring) < 0)
        us = -1;
    if (us < 0 || us > (int64_t)(LONGEST_S * 1e6))
        return strict_fail(s, value, "%s: expected a time such as 250ms, 2s or 5m", key_of(value));
    *(int64_t *)at = us;
    return 0;
}
