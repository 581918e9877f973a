/* SPDX-License-Identifier: MIT */
/*
 * A reader of exactly one shape of JSON, strict about all of it. Every function returns false for
 * "not for me"; nothing is half-taken, because the caller then forgets the result. Objects are
 * walked by one function with a table of the members it knows: a known member has a reader, an
 * unknown one is skipped as valid JSON. Members that the long way acts on and this one does not
 * (error, usage …) have the reader `nothing`, which accepts only null.
 */
#include "core/model/chat_quick.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/utf8.h"

#define DEPTH_MAX  16
#define NUMBER_MAX 24

struct cursor {
    const char *at, *end;
    struct chat_quick *out;
    struct buf *scratch;
};

struct member {
    const char *key;
    bool (*read)(struct cursor *c);
};

static bool walk(struct cursor *c, const struct member *members);

static void blanks(struct cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\r' || *c->at == '\t'))
        c->at++;
}

static bool take(struct cursor *c, char wanted)
{
    blanks(c);
    if (c->at == c->end || *c->at != wanted)
        return false;
    c->at++;
    return true;
}

static bool peek(struct cursor *c, char wanted)
{
    blanks(c);
    return c->at < c->end && *c->at == wanted;
}

static bool word(struct cursor *c, const char *wanted, size_t len)
{
    blanks(c);
    if ((size_t)(c->end - c->at) < len || memcmp(c->at, wanted, len) != 0)
        return false;
    c->at += len;
    return true;
}

/* ---- Strings ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The four digits behind "\u"; -1 when they are not. */
static int32_t code_unit(const char *digits, const char *end)
{
    int32_t unit = 0;

    if (end - digits < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(digits[i]);
        if (digit < 0)
            return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

/* "\uXXXX", or a pair of them. Half a pair and NUL are for the long way. */
static bool unicode_escape(struct cursor *c)
{
    int32_t cp = code_unit(c->at, c->end);
    char bytes[4];

    if (cp <= 0)
        return false;
    c->at += 4;
    if (cp >= 0xd800 && cp < 0xdc00) {
        int32_t low = c->end - c->at >= 6 && c->at[0] == '\\' && c->at[1] == 'u'
                          ? code_unit(c->at + 2, c->end)
                          : -1;
        if (low < 0xdc00 || low > 0xdfff)
            return false;
        cp = 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00);
        c->at += 6;
    }
    size_t len = utf8_put(bytes, cp);
    return len > 0 && buf_add(c->scratch, bytes, len) == 0;
}

/* The escape behind a backslash, resolved into scratch. */
static bool escape(struct cursor *c)
{
    static const char resolved[128] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                       ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    char kind;

    if (c->at == c->end || (uint8_t)*c->at >= sizeof resolved)
        return false;
    kind = *c->at++;
    if (kind == 'u')
        return unicode_escape(c);
    return resolved[(uint8_t)kind] && buf_char(c->scratch, resolved[(uint8_t)kind]) == 0;
}

/* Moves over bytes of a string that stand for themselves; false at wrong UTF-8. */
static bool plain(struct cursor *c)
{
    const char *at = c->at, *end = c->end;

    for (;;) {
        /* As a signed number a byte of a longer sequence is below them all. */
        while (at < end && (int8_t)*at >= ' ' && *at != '"' && *at != '\\')
            at++;
        if (at == end || (uint8_t)*at < 0x80)
            break;
        int32_t cp;
        at += utf8_next(at, (size_t)(end - at), &cp);
        if (cp < 0)
            return false;
    }
    c->at = at;
    return at < end;
}

/* The rest of a string from its first backslash on; what came before is `head`. */
static bool escaped_string(struct cursor *c, struct slice *out, const char *head)
{
    size_t start = c->scratch->len;

    if (buf_add(c->scratch, head, (size_t)(c->at - head)) < 0)
        return false;
    while (*c->at == '\\') {
        c->at++;
        const char *from = escape(c) ? c->at : NULL;
        if (!from || !plain(c) || buf_add(c->scratch, from, (size_t)(c->at - from)) < 0)
            return false;
    }
    *out = (struct slice){c->scratch->data + start, c->scratch->len - start};
    return *c->at++ == '"';
}

static bool string(struct cursor *c, struct slice *out)
{
    const char *start;

    if (!take(c, '"'))
        return false;
    start = c->at;
    if (!plain(c))
        return false;
    if (*c->at == '\\')
        return escaped_string(c, out, start);
    *out = (struct slice){start, (size_t)(c->at - start)};
    return *c->at++ == '"';
}

/* ---- Values that are only checked ---- */

static size_t digits(struct cursor *c)
{
    const char *start = c->at;

    while (c->at < c->end && *c->at >= '0' && *c->at <= '9')
        c->at++;
    return (size_t)(c->at - start);
}

/* A number without exponent, short enough to be finite. */
static bool number(struct cursor *c)
{
    const char *start = c->at;

    if (c->at < c->end && *c->at == '-')
        c->at++;
    if (c->at < c->end && *c->at == '0')
        c->at++;
    else if (digits(c) == 0)
        return false;
    if (c->at < c->end && *c->at == '.') {
        c->at++;
        if (digits(c) == 0)
            return false;
    }
    return c->at - start <= NUMBER_MAX && !(c->at < c->end && strchr("eE0123456789", *c->at));
}

static bool skip(struct cursor *c, int depth);

static bool skip_items(struct cursor *c, char close, int depth)
{
    struct slice key;

    if (depth == DEPTH_MAX)
        return false;
    if (take(c, close))
        return true;
    do {
        if (close == '}' && !(string(c, &key) && take(c, ':')))
            return false;
        if (!skip(c, depth + 1))
            return false;
    } while (take(c, ','));
    return take(c, close);
}

static bool skip(struct cursor *c, int depth)
{
    struct slice ignored;

    blanks(c);
    if (c->at == c->end)
        return false;
    switch (*c->at) {
    case '"': return string(c, &ignored);
    case '{': c->at++; return skip_items(c, '}', depth);
    case '[': c->at++; return skip_items(c, ']', depth);
    case 'n': return word(c, "null", 4);
    case 't': return word(c, "true", 4);
    case 'f': return word(c, "false", 5);
    default: return number(c);
    }
}

/* ---- The shape ---- */

/* A string or null, at most once. */
static bool text_member(struct cursor *c, struct slice *out)
{
    if (word(c, "null", 4))
        return true;
    return !out->at && string(c, out);
}

static bool content(struct cursor *c)
{
    return text_member(c, &c->out->content);
}

static bool reasoning_content(struct cursor *c)
{
    return text_member(c, &c->out->reasoning_content);
}

static bool reasoning(struct cursor *c)
{
    return text_member(c, &c->out->reasoning);
}

static bool finish_reason(struct cursor *c)
{
    return text_member(c, &c->out->finish_reason);
}

static bool model(struct cursor *c)
{
    return text_member(c, &c->out->model);
}

static bool id(struct cursor *c)
{
    return text_member(c, &c->out->id);
}

static bool args(struct cursor *c)
{
    return peek(c, '"') && text_member(c, &c->out->args);
}

static bool nothing(struct cursor *c)
{
    return word(c, "null", 4);
}

/* null or "". */
static bool empty(struct cursor *c)
{
    return nothing(c) || word(c, "\"\"", 2);
}

/* One to three digits and no more of a number. */
static bool small(struct cursor *c, int64_t *out)
{
    blanks(c);
    *out = 0;
    const char *start = c->at;
    while (c->at < c->end && c->at - start < 3 && *c->at >= '0' && *c->at <= '9')
        *out = *out * 10 + (*c->at++ - '0');
    return c->at > start && (*start != '0' || c->at - start == 1) && c->at < c->end &&
           !strchr("0123456789.eE", *c->at);
}

static bool choice_index(struct cursor *c)
{
    int64_t index;

    return small(c, &index) && index == 0;
}

static bool call_index(struct cursor *c)
{
    return c->out->call_index < 0 && small(c, &c->out->call_index) && c->out->call_index < 128;
}

static bool call_function(struct cursor *c)
{
    static const struct member members[] = {{"arguments", args}, {"name", empty}, {NULL, NULL}};

    return !c->out->args.at && walk(c, members);
}

/* null, none, or one fragment with an index and arguments. */
static bool tool_calls(struct cursor *c)
{
    static const struct member members[] = {{"index", call_index},
                                            {"function", call_function},
                                            {"id", empty},
                                            {"extra_content", nothing},
                                            {NULL, NULL}};

    if (nothing(c))
        return true;
    if (c->out->call_index >= 0 || !take(c, '['))
        return false;
    if (take(c, ']'))
        return true;
    return walk(c, members) && take(c, ']') && c->out->call_index >= 0 && c->out->args.at;
}

static bool delta(struct cursor *c)
{
    static const struct member members[] = {
        {"content", content},       {"reasoning_content", reasoning_content},
        {"reasoning", reasoning},   {"tool_calls", tool_calls},
        {"refusal", empty},         {"reasoning_details", nothing},
        {"extra_content", nothing}, {NULL, NULL}};

    return walk(c, members);
}

static bool choices(struct cursor *c)
{
    static const struct member members[] = {{"index", choice_index},
                                            {"delta", delta},
                                            {"finish_reason", finish_reason},
                                            {"message", nothing},
                                            {"error", nothing},
                                            {"usage", nothing},
                                            {NULL, NULL}};

    c->out->chosen = true;
    return take(c, '[') && walk(c, members) && take(c, ']');
}

/* An object kind that the long way takes for an error is not for us. */
static bool object_kind(struct cursor *c)
{
    struct slice kind = {0};

    return text_member(c, &kind) && !(kind.len == 5 && memcmp(kind.at, "error", 5) == 0);
}

static const struct member event_members[] = {
    {"choices", choices}, {"id", id},         {"model", model},    {"object", object_kind},
    {"error", nothing},   {"usage", nothing}, {"x_groq", nothing}, {NULL, NULL}};

/* Place of the row for a key, or of the end row. Keys with escapes are for the long way. */
static size_t find(const struct member *members, const struct slice *key)
{
    size_t i = 0;

    while (members[i].key &&
           (strncmp(members[i].key, key->at, key->len) != 0 || members[i].key[key->len] != '\0'))
        i++;
    return i;
}

/* One object: every known member at most once (of two the long way takes the first). */
static bool walk(struct cursor *c, const struct member *members)
{
    unsigned seen = 0;

    if (!take(c, '{'))
        return false;
    if (take(c, '}'))
        return true;
    do {
        struct slice key;
        size_t before = c->scratch->len;

        if (!string(c, &key) || c->scratch->len != before || !take(c, ':'))
            return false;
        size_t row = find(members, &key);
        if (members[row].key && (seen & 1u << row))
            return false;
        seen |= 1u << row;
        if (members[row].key ? !members[row].read(c) : !skip(c, 0))
            return false;
    } while (take(c, ','));
    return take(c, '}');
}

bool chat_quick_read(struct chat_quick *out, struct buf *scratch, const char *text, size_t len)
{
    struct cursor c = {.at = text, .end = text + len, .out = out, .scratch = scratch};

    *out = (struct chat_quick){.call_index = -1};
    buf_clear(scratch);
    if (len > CHAT_QUICK_MAX || buf_reserve(scratch, len) < 0 || !walk(&c, event_members))
        return false;
    blanks(&c);
    return c.at == c.end && out->chosen;
}
