/* SPDX-License-Identifier: MIT */
#include "core/exchange/records.h"

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECONDS_MAX ((int64_t)8000000000) /* µs of it are whole numbers in JSON */
#define TEXT_MAX    ((size_t)256 << 20)

static const struct json_limits limits = {.bytes = TEXT_MAX, .nodes = 5000000};

/* ---- text that is not quite JSON */

/* The code of \uXXXX at `at`, or -1. */
static int escape_at(const char *at, const char *end)
{
    uint8_t two[2];
    char hex[5] = "";

    if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
        return -1;
    memcpy(hex, at + 2, 4);
    return str_unhex(two, 2, hex) < 0 ? -1 : two[0] << 8 | two[1];
}

static bool is_high(int code)
{
    return code >= 0xd800 && code < 0xdc00;
}

static bool is_low(int code)
{
    return code >= 0xdc00 && code < 0xe000;
}

/* What stands at a backslash, wrong halves and NUL as U+FFFD; bytes of it. */
static size_t copy_escape(struct buf *out, const char *at, const char *end, int *rc)
{
    int code = escape_at(at, end);
    size_t len = code >= 0 ? 6 : end - at > 1 ? 2 : 1;

    if (is_high(code) && is_low(escape_at(at + 6, end)))
        len = 12;
    else if (code == 0 || is_high(code) || is_low(code)) {
        *rc = buf_text(out, "\\ufffd");
        return len;
    }
    *rc = buf_add(out, at, len);
    return len;
}

static int mend(struct buf *out, const char *text, size_t len)
{
    const char *end = text + len;
    struct buf raw;
    int rc = 0;

    buf_init(&raw, TEXT_MAX);
    while (rc == 0 && text < end) {
        const char *slash = memchr(text, '\\', (size_t)(end - text));
        size_t plain = (size_t)((slash ? slash : end) - text);

        rc = buf_add(&raw, text, plain);
        text += plain;
        if (rc == 0 && slash)
            text += copy_escape(&raw, text, end, &rc);
    }
    if (rc == 0)
        rc = utf8_repair(out, raw.data, raw.len);
    buf_free(&raw);
    return rc;
}

static int parse(cJSON **out, const char *text, size_t len, struct err *err)
{
    struct buf mended;
    int rc = json_parse(out, text, len, &limits, err);

    if (rc != E_PARSE)
        return rc;
    buf_init(&mended, TEXT_MAX);
    if (mend(&mended, text, len) == 0)
        rc = json_parse(out, mended.data, mended.len, &limits, err);
    buf_free(&mended);
    return rc;
}

/* ---- the file */

static int add(struct records *records, cJSON *value, struct err *err)
{
    if (records->count >= RECORDS_MAX) {
        cJSON_Delete(value);
        return err_set(err, E_TOOBIG, "it has more than %zu lines", RECORDS_MAX);
    }
    records->at = mem_room(records->at, records->count, &records->cap, sizeof *records->at);
    records->at[records->count++] = value;
    return 0;
}

static bool is_blank(const char *text, size_t len)
{
    while (len > 0 && isspace((unsigned char)text[len - 1]))
        len--;
    return len == 0;
}

static int read_lines(struct records *out, const char *text, size_t len, struct err *err)
{
    int64_t number = 0;
    int rc = 0;

    for (const char *end = text + len; rc == 0 && text < end; number++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        size_t line = (size_t)((newline ? newline : end) - text);
        cJSON *value = NULL;

        if (!is_blank(text, line)) {
            rc = parse(&value, text, line, err);
            out->cut = rc == E_PARSE && !newline && out->count > 0;
            rc = out->cut ? 0 : rc < 0 ? err_wrap(err, rc, "line %" PRId64, number + 1) : 0;
        }
        if (value)
            rc = add(out, value, err);
        text += line + 1;
    }
    return rc;
}

/* A text of one line is both; the first line tells the others apart. */
int records_read(struct records *out, const char *text, size_t len, struct err *err)
{
    const char *newline = memchr(text, '\n', len);
    cJSON *whole = NULL;

    *out = (struct records){0};
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        len -= 3;
    }
    if (is_blank(text, len))
        return err_set(err, E_PARSE, "there is nothing in it");
    if (newline && !is_blank(newline, len - (size_t)(newline - text)) &&
        json_check(text, (size_t)(newline - text), &limits, NULL) == 0)
        return read_lines(out, text, len, err);
    int rc = parse(&whole, text, len, err);
    if (rc == 0)
        return add(out, whole, err);
    return newline && rc == E_PARSE ? read_lines(out, text, len, err) : rc;
}

void records_free(struct records *records)
{
    for (size_t i = 0; i < records->count; i++)
        cJSON_Delete(records->at[i]);
    free(records->at);
    *records = (struct records){0};
}

/* ---- values */

static void add_part(struct buf *out, const cJSON *part)
{
    const char *text = cJSON_IsString(part) ? part->valuestring : json_text(part, "text");
    const char *type = json_text(part, "type");

    if (out->len > 0)
        (void)buf_char(out, '\n'); /* the ceiling is above every text that was read */
    if (text)
        (void)buf_text(out, text);
    else
        (void)buf_printf(out, "[%.32s]", type ? type : "something that is no text");
}

void records_words(struct buf *out, const cJSON *content)
{
    const cJSON *part;

    if (cJSON_IsArray(content)) {
        cJSON_ArrayForEach(part, content) add_part(out, part);
    } else if (content && !cJSON_IsNull(content)) {
        add_part(out, content);
    }
}

char *records_text(const cJSON *content)
{
    struct buf text;

    buf_init(&text, 2 * TEXT_MAX);
    records_words(&text, content);
    return buf_take(&text);
}

char *records_json(const cJSON *value)
{
    if (cJSON_IsString(value))
        return mem_text(value->valuestring);
    return value ? json_print(value) : mem_text("");
}

/* Behind the seconds: a fraction, and the zone. */
static bool read_rest(const char *at, int64_t *us, int64_t *offset_us)
{
    int64_t unit = 100000, hours, minutes;
    char digits[3] = "";

    *us = *offset_us = 0;
    if (*at == '.')
        for (at++; isdigit((unsigned char)*at); at++, unit /= 10)
            *us += (*at - '0') * unit;
    if (str_eq(at, "Z") || str_eq(at, "z"))
        return true;
    if ((*at != '+' && *at != '-') || strlen(at) != 6 || at[3] != ':')
        return false;
    memcpy(digits, at + 1, 2);
    if (str_int(&hours, digits, 0, 23) < 0)
        return false;
    memcpy(digits, at + 4, 2);
    if (str_int(&minutes, digits, 0, 59) < 0)
        return false;
    *offset_us = (hours * 60 + minutes) * 60000000 * (*at == '-' ? -1 : 1);
    return true;
}

int64_t records_time(const char *text)
{
    struct tm tm = {0};
    int64_t us, offset;
    const char *rest = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;

    if (!rest || !read_rest(rest, &us, &offset))
        return 0;
    int64_t seconds = (int64_t)timegm(&tm);
    return seconds > 0 && seconds < SECONDS_MAX ? seconds * 1000000 + us - offset : 0;
}
