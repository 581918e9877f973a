/* SPDX-License-Identifier: MIT */
#include "core/report/redact.h"

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mask.h"
#include "core/base/mask_patterns.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define VALUE_MIN    8 /* bytes of a variable's value; a shorter one is an ordinary word */
#define WORD_MIN     3
#define NESTED_MAX   4 /* JSON in a string in JSON … */

/* Behind the patterns' own kinds. */
enum { KIND_MEMBER = MASK_PATTERNS, KIND_ENVIRONMENT, KIND_HOME, KIND_USER, KIND_HOST, KINDS };

static const char *const names[] = {"members named like secrets", "values of the environment",
                                    "paths of the home folder", "the user's name",
                                    "the machine's name"};
_Static_assert(COUNT(names) == KINDS - MASK_PATTERNS, "each kind has a name");

/* A text that is known, and what stands for it. */
struct known {
    char *text;
    const char *instead;
    int kind;
    bool word; /* only between characters that are no part of a name */
};

struct redactor {
    struct mask_patterns *patterns;
    struct known *known;
    size_t known_count, known_cap;
    int64_t counts[KINDS];
};

/* ---- what is known */

static void add(struct redactor *r, struct known known)
{
    r->known = mem_room(r->known, r->known_count, &r->known_cap, sizeof *r->known);
    r->known[r->known_count++] = known;
}

/* NAME of NAME=VALUE. */
static bool is_secret_variable(const char *name, size_t len)
{
    static const char *const parts[] = {"key",  "token",  "secret", "passw", "passphrase",
                                        "auth", "cookie", "cred",   "dsn"};

    for (size_t i = 0; i < COUNT(parts); i++)
        for (size_t at = 0; at + strlen(parts[i]) <= len; at++)
            if (strncasecmp(name + at, parts[i], strlen(parts[i])) == 0)
                return true;
    return false;
}

/* Of an object. Whole names: a breaker has a key, and a usage has tokens. */
static bool is_secret_member(const char *name)
{
    static const char *const secrets[] = {
        "password",      "passwd",       "passphrase",    "secret",      "client_secret",
        "token",         "access_token", "refresh_token", "id_token",    "auth_token",
        "api_key",       "apikey",       "api-key",       "x-api-key",   "private_key",
        "authorization", "cookie",       "set-cookie",    "credentials", "proxy-authorization"};

    for (size_t i = 0; name && i < COUNT(secrets); i++)
        if (strcasecmp(name, secrets[i]) == 0)
            return true;
    return false;
}

static void add_environment(struct redactor *r, const char *const *environment)
{
    for (; environment && *environment; environment++) {
        const char *value = strchr(*environment, '=');

        if (value && strlen(value + 1) >= VALUE_MIN &&
            is_secret_variable(*environment, (size_t)(value - *environment)))
            add(r, (struct known){mem_text(value + 1), MASK_TEXT, KIND_ENVIRONMENT, false});
    }
}

static void add_word(struct redactor *r, const char *text, const char *instead, int kind)
{
    static const char *const common[] = {"root", "user", "localhost", "home", "nobody"};

    if (!text || strlen(text) < WORD_MIN)
        return;
    for (size_t i = 0; i < COUNT(common); i++)
        if (str_eq(text, common[i]))
            return;
    add(r, (struct known){mem_text(text), instead, kind, true});
}

/* The longest first, so that none of two hides a part of the other alone. */
static int by_length(const void *a, const void *b)
{
    size_t x = strlen(((const struct known *)a)->text);
    size_t y = strlen(((const struct known *)b)->text);

    return x < y ? 1 : x > y ? -1 : 0;
}

int redactor_new(struct redactor **out, const struct redact_options *options, struct err *err)
{
    struct redactor *r = mem_new(sizeof *r);
    int rc = mask_patterns_new(&r->patterns, err);

    if (rc < 0) {
        free(r);
        return rc;
    }
    add_environment(r, options->environment);
    if (options->home && strlen(options->home) > 1)
        add(r, (struct known){mem_text(options->home), "~", KIND_HOME, true});
    add_word(r, options->user, "USER", KIND_USER);
    add_word(r, options->host, "HOST", KIND_HOST);
    if (r->known_count > 0)
        qsort(r->known, r->known_count, sizeof *r->known, by_length);
    *out = r;
    return 0;
}

void redactor_free(struct redactor *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->known_count; i++) {
        explicit_bzero(r->known[i].text, strlen(r->known[i].text));
        free(r->known[i].text);
    }
    free(r->known);
    mask_patterns_free(r->patterns);
    free(r);
}

/* ---- plain text */

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || (unsigned char)c >= 0x80;
}

static bool fits(const struct known *known, const char *text, size_t len, size_t at)
{
    size_t size = strlen(known->text);

    if (memcmp(text + at, known->text, size) != 0)
        return false;
    if (!known->word)
        return true;
    /* A folder's name goes on with anything but the rest of a name. */
    return (known->kind == KIND_HOME || at == 0 || !is_name(text[at - 1])) &&
           (at + size == len || !is_name(text[at + size]));
}

static int replace(struct redactor *r, const struct known *known, struct buf *out, const char *text,
                   size_t len)
{
    size_t size = strlen(known->text), from = 0, at = 0;
    const char *found;
    int rc = 0;

    while (rc == 0 && (found = memmem(text + at, len - at, known->text, size))) {
        at = (size_t)(found - text);
        if (!fits(known, text, len, at)) {
            at++;
            continue;
        }
        rc = buf_add(out, text + from, at - from);
        rc = rc ? rc : buf_text(out, known->instead);
        r->counts[known->kind]++;
        from = at = at + size;
    }
    return rc ? rc : buf_add(out, text + from, len - from);
}

static int redact_plain(struct redactor *r, struct buf *out, const char *text, size_t len)
{
    struct buf a, b, *from = &a, *to = &b;

    buf_init(&a, 4 * len + 64);
    buf_init(&b, 4 * len + 64);
    int rc = buf_add(from, text, len);
    for (size_t i = 0; rc == 0 && i < r->known_count; i++) {
        struct buf *done = from;

        buf_clear(to);
        rc = replace(r, &r->known[i], to, from->data, from->len);
        from = to;
        to = done;
    }
    if (rc == 0)
        rc = mask_patterns_count(out, r->patterns, from->data, from->len, r->counts);
    buf_free(&a);
    buf_free(&b);
    return rc;
}

/* ---- JSON */

static int redact_any(struct redactor *r, struct buf *out, const char *text, size_t len, int depth);

static int redact_string(struct redactor *r, cJSON *value, int depth)
{
    struct buf out;
    size_t len = strlen(value->valuestring);
    int rc = 0;

    buf_init(&out, 4 * len + 64);
    if (len > 0 && is_secret_member(value->string) && !str_eq(value->valuestring, MASK_TEXT)) {
        r->counts[KIND_MEMBER]++;
        rc = buf_text(&out, MASK_TEXT);
    } else {
        rc = redact_any(r, &out, value->valuestring, len, depth + 1);
    }
    if (rc == 0 && !str_eq(out.data, value->valuestring) && !cJSON_SetValuestring(value, out.data))
        rc = E_NOMEM;
    buf_free(&out);
    return rc;
}

/* A member's name can be a path. */
static int redact_name(struct redactor *r, cJSON *member)
{
    struct buf out;
    size_t len = strlen(member->string);

    buf_init(&out, 4 * len + 64);
    int rc = redact_plain(r, &out, member->string, len);
    if (rc == 0 && !str_eq(out.data, member->string)) {
        free(member->string); /* cJSON's own, made by its parser */
        member->string = buf_take(&out);
    }
    buf_free(&out);
    return rc;
}

static int redact_tree(struct redactor *r, cJSON *value, int depth)
{
    int rc = 0;

    if (cJSON_IsString(value))
        return redact_string(r, value, depth);
    for (cJSON *child = value->child; rc == 0 && child; child = child->next) {
        rc = redact_tree(r, child, depth);
        if (rc == 0 && child->string)
            rc = redact_name(r, child);
    }
    return rc;
}

static int redact_any(struct redactor *r, struct buf *out, const char *text, size_t len, int depth)
{
    cJSON *tree = NULL;

    if (depth >= NESTED_MAX || len == 0 || (*text != '{' && *text != '[') ||
        json_parse(&tree, text, len, NULL, NULL) < 0)
        return redact_plain(r, out, text, len);
    char *before = json_print(tree);
    int rc = redact_tree(r, tree, depth);
    if (rc == 0) {
        char *after = json_print(tree);

        rc = str_eq(before, after) ? buf_add(out, text, len) : buf_text(out, after);
        free(after);
    }
    free(before);
    cJSON_Delete(tree);
    return rc;
}

int redact_text(void *redactor, struct buf *out, const char *text, size_t len)
{
    return redact_any(redactor, out, text, len, 0);
}

/* ---- what was done */

const char *redact_kind(size_t index)
{
    if (index < MASK_PATTERNS)
        return mask_patterns_name(index);
    return index < KINDS ? names[index - MASK_PATTERNS] : NULL;
}

int64_t redact_count(const struct redactor *redactor, size_t index)
{
    return index < KINDS ? redactor->counts[index] : 0;
}
