/* SPDX-License-Identifier: MIT */
#include "core/base/json_scan.h"

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/utf8.h"

#define DEFAULT_BYTES ((size_t)64 << 20)
#define DEFAULT_DEPTH 128
#define DEFAULT_NODES 200000

/* cJSON copies a number into 64 bytes before it converts it; what is longer it cuts and misreads.
 */
#define NUMBER_MAX 63

/* The first 17 digits of the largest double, 1.7976931348623157e308, and its power of ten. */
#define LARGEST_DIGITS "17976931348623157"
#define LARGEST_POWER  308

#define ONES UINT64_C(0x0101010101010101)

/* What may come next. */
enum state { VALUE, FIRST_ITEM, FIRST_KEY, KEY, AFTER, DONE };

struct scan {
    const char *text;
    size_t len, at;
    size_t nodes, max_nodes;
    size_t depth, max_depth;
    uint64_t objects[JSON_DEPTH_MAX / 64]; /* bit n: level n + 1 is an object, else an array */
    struct err *err;
};

static int fail(const struct scan *s, int code, const char *what)
{
    return err_set(s->err, code, "JSON, byte %zu: %s", s->at, what);
}

/* The byte at the cursor, or -1 behind the last. */
static int peek(const struct scan *s)
{
    return s->at < s->len ? (uint8_t)s->text[s->at] : -1;
}

static bool take(struct scan *s, char c)
{
    if (peek(s) != c)
        return false;
    s->at++;
    return true;
}

static void skip_blanks(struct scan *s)
{
    for (int c = peek(s); c == ' ' || (c <= '\r' && (c == '\n' || c == '\r' || c == '\t'));
         c = peek(s))
        s->at++;
}

static size_t skip_digits(struct scan *s)
{
    size_t from = s->at;

    for (int c = peek(s); c >= '0' && c <= '9'; c = peek(s))
        s->at++;
    return s->at - from;
}

/* How many of eight bytes are plain before the first quote, backslash, control or byte that is not
   ASCII. Each term sets the high bit of such a byte; a borrow can set it wrongly only in bytes
   behind a true one. */
static size_t plain_of_eight(uint64_t eight)
{
    uint64_t quote = eight ^ (ONES * '"'), backslash = eight ^ (ONES * '\\');
    uint64_t marks =
        (eight | (eight - ONES * ' ') | (quote - ONES) | (backslash - ONES)) & (ONES << 7);

    return marks == 0 ? sizeof eight : (size_t)__builtin_ctzll(marks) / 8;
}

static void skip_plain(struct scan *s)
{
    uint64_t eight;

    while (s->len - s->at >= sizeof eight) {
        memcpy(&eight, s->text + s->at, sizeof eight);
        size_t plain = plain_of_eight(le64toh(eight));
        s->at += plain;
        if (plain < sizeof eight)
            return;
    }
    for (int c = peek(s); c >= ' ' && c < 0x80 && c != '"' && c != '\\'; c = peek(s))
        s->at++;
}

/* Four hexadecimal digits at the cursor as a number, or -1. */
static int32_t take_hex4(struct scan *s)
{
    int32_t unit = 0;

    if (s->len - s->at < 4)
        return -1;
    for (size_t i = 0; i < 4; i++) {
        int c = (unsigned char)s->text[s->at + i];
        int lower = c | 0x20;
        if (c >= '0' && c <= '9')
            unit = unit << 4 | (c - '0');
        else if (lower >= 'a' && lower <= 'f')
            unit = unit << 4 | (lower - 'a' + 10);
        else
            return -1;
    }
    s->at += 4;
    return unit;
}

static bool is_high(int32_t unit)
{
    return unit >= 0xD800 && unit < 0xDC00;
}

static bool is_low(int32_t unit)
{
    return unit >= 0xDC00 && unit < 0xE000;
}

/* Behind "\u". Half a pair is an error, because no UTF-8 can be made of it; so is \u0000, because
   every C string after us would end there. */
static int scan_unicode(struct scan *s)
{
    int32_t unit = take_hex4(s);

    if (unit < 0)
        return fail(s, E_PARSE, "four hexadecimal digits must follow \\u");
    if (unit == 0)
        return fail(s, E_PARSE, "\\u0000 is not allowed");
    if (is_low(unit))
        return fail(s, E_PARSE, "half a surrogate pair");
    if (is_high(unit) && !(take(s, '\\') && take(s, 'u') && is_low(take_hex4(s))))
        return fail(s, E_PARSE, "half a surrogate pair");
    return 0;
}

static int scan_escape(struct scan *s)
{
    s->at++;
    int c = peek(s);
    if (c == 'u') {
        s->at++;
        return scan_unicode(s);
    }
    if (c <= 0 || !strchr("\"\\/bfnrt", c))
        return fail(s, E_PARSE, "no such escape");
    s->at++;
    return 0;
}

static int scan_wide(struct scan *s)
{
    int32_t cp;
    size_t used = utf8_next(s->text + s->at, s->len - s->at, &cp);

    if (cp < 0)
        return fail(s, E_PARSE, "wrong UTF-8");
    s->at += used;
    return 0;
}

/* Behind the opening quote; leaves the cursor behind the closing one. */
static int scan_string(struct scan *s)
{
    for (;;) {
        skip_plain(s);
        int c = peek(s);
        if (c == '"') {
            s->at++;
            return 0;
        }
        if (c < 0)
            return fail(s, E_PARSE, "the text ends inside a string");
        if (c < ' ')
            return fail(s, E_PARSE, "a bare control character in a string");
        int rc = c == '\\' ? scan_escape(s) : scan_wide(s);
        if (rc < 0)
            return rc;
    }
}

/* Whether a decimal number is past the largest double. It is compared as digits and a power of
   ten, so that neither a copy nor the locale's strtod is needed; what lies between
   1.7976931348623158e308 and the point where a double overflows is refused as well. */
static bool overflows(const char *number, size_t len)
{
    char digits[sizeof LARGEST_DIGITS] = "00000000000000000";
    size_t kept = 0, at = 0;
    long power = -1, exponent = 0;
    bool point = false, minus = false;

    for (at = number[0] == '-'; at < len && (number[at] | 0x20) != 'e'; at++) {
        if (number[at] == '.') {
            point = true;
            continue;
        }
        if (kept > 0 || number[at] != '0') {
            power += !point;
            if (kept < sizeof digits - 1)
                digits[kept] = number[at];
            kept++;
        } else if (point) {
            power--;
        }
    }
    for (at++; at < len; at++)
        if (number[at] == '-')
            minus = true;
        else if (number[at] != '+' && exponent < 100000)
            exponent = exponent * 10 + (number[at] - '0');
    power += minus ? -exponent : exponent;
    if (kept == 0 || power < LARGEST_POWER)
        return false;
    return power > LARGEST_POWER || memcmp(digits, LARGEST_DIGITS, sizeof digits - 1) > 0;
}

static int scan_number(struct scan *s)
{
    size_t from = s->at;
    bool exponent = false;

    (void)take(s, '-'); /* may be there */
    if (!take(s, '0') && skip_digits(s) == 0)
        return fail(s, E_PARSE, "a value was expected");
    if (take(s, '.') && skip_digits(s) == 0)
        return fail(s, E_PARSE, "a digit must follow the decimal point");
    if (take(s, 'e') || take(s, 'E')) {
        exponent = true;
        if (!take(s, '-'))
            (void)take(s, '+'); /* may be there */
        if (skip_digits(s) == 0)
            return fail(s, E_PARSE, "a digit must follow the exponent's sign");
    }
    if (s->at - from > NUMBER_MAX)
        return fail(s, E_RANGE, "a number of more than 63 characters");
    if (exponent && overflows(s->text + from, s->at - from))
        return fail(s, E_RANGE, "a number too large for a double");
    return 0;
}

static int scan_word(struct scan *s, const char *word)
{
    size_t len = strlen(word);

    if (s->len - s->at < len || memcmp(s->text + s->at, word, len) != 0)
        return fail(s, E_PARSE, "a value was expected");
    s->at += len;
    return 0;
}

static int open_level(struct scan *s, bool object)
{
    if (s->depth == s->max_depth)
        return fail(s, E_TOOBIG, "nested too deep");
    uint64_t bit = UINT64_C(1) << (s->depth % 64), *word = &s->objects[s->depth / 64];
    *word = object ? *word | bit : *word & ~bit;
    s->depth++;
    s->at++;
    return object ? FIRST_KEY : FIRST_ITEM;
}

static bool in_object(const struct scan *s)
{
    return s->objects[(s->depth - 1) / 64] >> ((s->depth - 1) % 64) & 1;
}

static int close_level(struct scan *s)
{
    s->depth--;
    return AFTER;
}

static int step_value(struct scan *s)
{
    int rc;

    if (++s->nodes > s->max_nodes)
        return fail(s, E_TOOBIG, "too many values");
    switch (peek(s)) {
    case '{': return open_level(s, true);
    case '[': return open_level(s, false);
    case '"':
        s->at++;
        rc = scan_string(s);
        break;
    case 't': rc = scan_word(s, "true"); break;
    case 'f': rc = scan_word(s, "false"); break;
    case 'n': rc = scan_word(s, "null"); break;
    default: rc = scan_number(s); break;
    }
    return rc < 0 ? rc : AFTER;
}

static int step_key(struct scan *s)
{
    if (!take(s, '"'))
        return fail(s, E_PARSE, "a key in quotes was expected");
    int rc = scan_string(s);
    if (rc < 0)
        return rc;
    skip_blanks(s);
    return take(s, ':') ? VALUE : fail(s, E_PARSE, "a colon was expected");
}

static int step_after(struct scan *s)
{
    if (s->depth == 0)
        return s->at == s->len ? DONE : fail(s, E_PARSE, "something follows the value");
    bool object = in_object(s);
    if (take(s, ','))
        return object ? KEY : VALUE;
    if (take(s, object ? '}' : ']'))
        return close_level(s);
    return fail(s, E_PARSE, object ? "a comma or } was expected" : "a comma or ] was expected");
}

static int step(struct scan *s, int state)
{
    skip_blanks(s);
    switch (state) {
    case FIRST_ITEM: return take(s, ']') ? close_level(s) : step_value(s);
    case FIRST_KEY: return take(s, '}') ? close_level(s) : step_key(s);
    case KEY: return step_key(s);
    case AFTER: return step_after(s);
    default: return step_value(s);
    }
}

int json_scan(const char *text, size_t len, const struct json_limits *limits, struct err *err)
{
    size_t max_bytes = limits->bytes ? limits->bytes : DEFAULT_BYTES;
    size_t max_depth = limits->depth ? limits->depth : DEFAULT_DEPTH;
    struct scan s = {
        .text = text,
        .len = len,
        .max_nodes = limits->nodes ? limits->nodes : DEFAULT_NODES,
        .max_depth = max_depth < JSON_DEPTH_MAX ? max_depth : JSON_DEPTH_MAX,
        .err = err,
    };
    int state = VALUE;

    if (len > max_bytes)
        return err_set(err, E_TOOBIG, "JSON of %zu bytes, at most %zu are read", len, max_bytes);
    while (state >= 0 && state != DONE)
        state = step(&s, state);
    return state < 0 ? state : 0;
}
