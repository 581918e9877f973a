/* SPDX-License-Identifier: MIT */
#include "core/base/str.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/utf8.h"

#define ELLIPSIS "\xe2\x80\xa6"

/* Longer words have no near miss: nobody types them. */
#define NEAREST_MAX 64

bool str_eq(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool str_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *text, const char *suffix)
{
    size_t len = strlen(text), tail = strlen(suffix);

    return tail <= len && memcmp(text + len - tail, suffix, tail) == 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits at the start of text as a value in the direction of sign; returns what follows them. */
static const char *take_digits(int64_t *out, const char *text, int sign, bool *overflow)
{
    int64_t value = 0;

    *overflow = false;
    for (; is_digit(*text); text++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, sign * (*text - '0'), &value))
            *overflow = true;
    *out = value;
    return text;
}

int str_int(int64_t *out, const char *text, int64_t min, int64_t max)
{
    int64_t value;
    bool overflow;

    if (!text)
        return E_PARSE;
    bool minus = *text == '-';
    text += minus || *text == '+';
    const char *end = take_digits(&value, text, minus ? -1 : 1, &overflow);
    if (end == text || *end)
        return E_PARSE;
    if (overflow || value < min || value > max)
        return E_RANGE;
    *out = value;
    return 0;
}

/* strtod knows hexadecimal, "inf", leading blanks and the locale's comma; a number here is none of
   that. */
static bool looks_decimal(const char *text)
{
    size_t digits, more = 0;

    text += *text == '-' || *text == '+';
    digits = strspn(text, "0123456789");
    text += digits;
    if (*text == '.')
        more = strspn(++text, "0123456789");
    text += more;
    if (digits + more == 0)
        return false;
    if (*text != 'e' && *text != 'E')
        return *text == '\0';
    text++;
    text += *text == '-' || *text == '+';
    return is_digit(*text) && text[strspn(text, "0123456789")] == '\0';
}

int str_number(double *out, const char *text, double min, double max)
{
    if (!text || !looks_decimal(text))
        return E_PARSE;
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    double value = plain ? strtod_l(text, NULL, plain) : strtod(text, NULL);
    if (plain)
        freelocale(plain);
    if (!isfinite(value) || value < min || value > max)
        return E_RANGE;
    *out = value;
    return 0;
}

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit durations[] = {
    {"", US_PER_S},
    {"us", 1},
    {"ms", US_PER_MS},
    {"s", US_PER_S},
    {"m", INT64_C(60) * US_PER_S},
    {"min", INT64_C(60) * US_PER_S},
    {"h", INT64_C(3600) * US_PER_S},
    {"d", INT64_C(86400) * US_PER_S},
    {NULL, 0},
};

static const struct unit sizes[] = {
    {"", 1},
    {"b", 1},
    {"k", INT64_C(1) << 10},
    {"kb", INT64_C(1) << 10},
    {"kib", INT64_C(1) << 10},
    {"m", INT64_C(1) << 20},
    {"mb", INT64_C(1) << 20},
    {"mib", INT64_C(1) << 20},
    {"g", INT64_C(1) << 30},
    {"gb", INT64_C(1) << 30},
    {"gib", INT64_C(1) << 30},
    {"t", INT64_C(1) << 40},
    {"tb", INT64_C(1) << 40},
    {"tib", INT64_C(1) << 40},
    {NULL, 0},
};

static int64_t factor_of(const struct unit *units, const char *name)
{
    for (; units->name; units++)
        if (strcasecmp(units->name, name) == 0)
            return units->factor;
    return 0;
}

/* ".25" as the part of factor it stands for; digits past the sixth count for nothing. */
static const char *take_fraction(int64_t *out, const char *text, int64_t *scale)
{
    *out = 0;
    *scale = 1;
    for (text++; is_digit(*text); text++)
        if (*scale < 1000000) {
            *out = *out * 10 + (*text - '0');
            *scale *= 10;
        }
    return text;
}

static int parse_amount(int64_t *out, const char *text, const struct unit *units)
{
    int64_t whole, part = 0, scale = 1, value;
    bool overflow;

    if (!text || !is_digit(*text))
        return E_PARSE;
    text = take_digits(&whole, text, 1, &overflow);
    if (*text == '.' && is_digit(text[1]))
        text = take_fraction(&part, text, &scale);
    int64_t factor = factor_of(units, text);
    if (factor == 0)
        return E_PARSE;
    if (overflow || __builtin_mul_overflow(whole, factor, &value) ||
        __builtin_add_overflow(value, factor / scale * part + factor % scale * part / scale,
                               &value))
        return E_RANGE;
    *out = value;
    return 0;
}

int str_duration_us(int64_t *out, const char *text)
{
    return parse_amount(out, text, durations);
}

int str_bytes(int64_t *out, const char *text)
{
    return parse_amount(out, text, sizes);
}

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static size_t least(size_t a, size_t b, size_t c)
{
    size_t d = a < b ? a : b;

    return d < c ? d : c;
}

/* Edit distance of two words of at most NEAREST_MAX bytes; case is free, two neighbours swapped
   are one mistake. */
static size_t distance(const char *a, size_t alen, const char *b, size_t blen)
{
    size_t rows[3][NEAREST_MAX + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];

    for (size_t j = 0; j <= blen; j++)
        before[j] = last[j] = j;
    for (size_t i = 1; i <= alen; i++) {
        row[0] = i;
        for (size_t j = 1; j <= blen; j++) {
            size_t change = lower(a[i - 1]) != lower(b[j - 1]);
            row[j] = least(last[j] + 1, row[j - 1] + 1, last[j - 1] + change);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]) && before[j - 2] + 1 < row[j])
                row[j] = before[j - 2] + 1;
        }
        size_t *oldest = before;
        before = last;
        last = row;
        row = oldest;
    }
    return last[blen];
}

const char *str_nearest(const char *word, const char *const *names, size_t count)
{
    const char *best = NULL;
    size_t len = strlen(word), least_far = SIZE_MAX;

    if (len > NEAREST_MAX)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t other = strlen(names[i]);
        if (other > NEAREST_MAX)
            continue;
        size_t far = distance(word, len, names[i], other);
        if (far <= (len > other ? len : other) / 3 && far < least_far) {
            least_far = far;
            best = names[i];
        }
    }
    return best;
}

size_t str_format(char *out, size_t cap, const char *fmt, ...)
{
    va_list ap;

    if (cap == 0)
        return 0;
    va_start(ap, fmt);
    int len = vsnprintf(out, cap, fmt, ap);
    va_end(ap);
    if (len < 0) {
        out[0] = '\0';
        return 0;
    }
    if ((size_t)len < cap)
        return (size_t)len;
    bool marked = cap > strlen(ELLIPSIS);
    size_t keep = utf8_cut(out, cap - 1 - (marked ? strlen(ELLIPSIS) : 0));
    memcpy(out + keep, ELLIPSIS, marked ? sizeof ELLIPSIS : 0);
    keep += marked ? strlen(ELLIPSIS) : 0;
    out[keep] = '\0';
    return keep;
}

void str_hex(char *out, const void *data, size_t len)
{
    const uint8_t *bytes = data;

    for (size_t i = 0; i < len; i++) {
        *out++ = "0123456789abcdef"[bytes[i] >> 4];
        *out++ = "0123456789abcdef"[bytes[i] & 15];
    }
    *out = '\0';
}

static int nibble(char c)
{
    int low = lower(c);

    if (is_digit(c))
        return c - '0';
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

int str_unhex(void *out, size_t len, const char *hex)
{
    uint8_t *bytes = out;

    for (size_t i = 0; i < len; i++) {
        int high = nibble(hex[2 * i]);
        int low = high < 0 ? -1 : nibble(hex[2 * i + 1]);
        if (low < 0)
            return E_PARSE;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return hex[2 * len] == '\0' ? 0 : E_PARSE;
}
