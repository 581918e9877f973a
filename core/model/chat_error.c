/* SPDX-License-Identifier: MIT */
#include "core/model/chat_error.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"

#define LINE_MAX_BYTES ((size_t)200)

/* Only what classification reads: texts longer than this are none of our codes. */
#define CODE_MAX ((size_t)256)

char *chat_error_excerpt(const char *text, size_t len)
{
    struct buf out;

    buf_init(&out, 3 * CHAT_EXCERPT);
    if (len > CHAT_EXCERPT)
        len = utf8_cut(text, CHAT_EXCERPT);
    (void)utf8_repair(&out, text, len); /* cannot fail: one byte becomes three at most */
    return buf_take(&out);
}

static bool is_blank(int32_t cp)
{
    return cp <= ' ' || (cp >= 0x7f && cp <= 0xa0) || cp == 0x2028 || cp == 0x2029;
}

char *chat_error_line(const char *text, size_t len)
{
    char *clean = chat_error_excerpt(text, len);
    struct buf out;
    bool cut = len > CHAT_EXCERPT;

    buf_init(&out, LINE_MAX_BYTES + 8);
    for (size_t at = 0, all = strlen(clean), used; at < all; at += used) {
        int32_t cp;

        used = utf8_next(clean + at, all - at, &cp);
        if (out.len + used > LINE_MAX_BYTES) {
            cut = true;
            break;
        }
        if (!is_blank(cp))
            (void)buf_add(&out, clean + at, used); /* checked above */
        else if (out.len > 0 && out.data[out.len - 1] != ' ')
            (void)buf_char(&out, ' ');
    }
    while (out.len > 0 && out.data[out.len - 1] == ' ')
        buf_cut(&out, out.len - 1);
    if (cut)
        (void)buf_text(&out, "…");
    free(clean);
    return buf_take(&out);
}

/* A copy of at most `most` bytes, cut at a character. */
static char *copy_cut(const char *text, size_t most)
{
    size_t len = strlen(text);

    return mem_copy(text, len > most ? utf8_cut(text, most) : len);
}

/* A string as it is, a number as its text; NULL for anything else. */
static char *text_or_number(const cJSON *object, const char *key)
{
    const cJSON *item = json_get(object, key);

    if (cJSON_IsString(item))
        return copy_cut(item->valuestring, CODE_MAX);
    return cJSON_IsNumber(item) ? json_print(item) : NULL;
}

/* The first member that names an HTTP error status: some servers put it in code or status. */
static int status_in(const cJSON *object)
{
    static const char *const keys[] = {"status_code", "code", "status"};

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const cJSON *item = json_get(object, keys[i]);
        double value = cJSON_IsNumber(item) ? item->valuedouble : 0;

        if (value >= 400 && value < 600)
            return (int)value;
    }
    return 0;
}

/* message, msg or detail, the first that is there; what is no string is shown as JSON. */
static char *message_in(const cJSON *object)
{
    static const char *const keys[] = {"message", "msg", "detail", "error_description"};

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const cJSON *item = json_get(object, keys[i]);

        if (cJSON_IsString(item))
            return copy_cut(item->valuestring, CHAT_ERROR_MESSAGE);
        if (cJSON_IsArray(item) || cJSON_IsObject(item)) {
            char *text = json_print(item);
            char *message = copy_cut(text, CHAT_ERROR_MESSAGE);

            free(text);
            return message;
        }
    }
    return NULL;
}

static void fill(struct model_error *e, const cJSON *object)
{
    const char *type = json_text(object, "type");
    const char *param = json_text(object, "param");

    if (!type)
        type = json_text(object, "status"); /* Gemini: "INVALID_ARGUMENT" */
    e->type = type ? copy_cut(type, CODE_MAX) : NULL;
    e->param = param ? copy_cut(param, CODE_MAX) : NULL;
    e->code = text_or_number(object, "code");
    e->message = message_in(object);
    e->status = status_in(object);
}

/* Whether an object without "error" is one all the same. */
static bool is_bare(const cJSON *object, bool failed)
{
    if (json_get(object, "choices"))
        return false;
    if (str_eq(json_text(object, "object"), "error") || json_get(object, "detail"))
        return true;
    return json_text(object, "message") && (failed || json_get(object, "code"));
}

bool chat_error_read(struct model_error *e, const cJSON *value, bool failed)
{
    const cJSON *error;

    if (cJSON_IsArray(value))
        return chat_error_read(e, value->child, failed);
    error = json_get(value, "error");
    if (cJSON_IsObject(error)) {
        fill(e, error);
        if (e->status == 0)
            e->status = status_in(value);
    } else if (cJSON_IsString(error)) {
        fill(e, value);
        free(e->message);
        e->message = copy_cut(error->valuestring, CHAT_ERROR_MESSAGE);
    } else if (cJSON_IsObject(value) && (cJSON_IsTrue(error) || is_bare(value, failed))) {
        fill(e, value);
    } else if (failed && cJSON_IsString(value)) {
        e->message = copy_cut(value->valuestring, CHAT_ERROR_MESSAGE);
    } else {
        return false;
    }
    return true;
}
