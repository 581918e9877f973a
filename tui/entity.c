/* SPDX-License-Identifier: MIT */
#include "tui/entity.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/sanitize.h"
#include "core/base/utf8.h"

#define DIGITS_MAX 8

struct entity {
    const char *name, *text;
};

static const struct entity entities[] = {
    {"amp", "&"},   {"lt", "<"},     {"gt", ">"},    {"quot", "\""},  {"apos", "'"},
    {"nbsp", " "},  {"copy", "©"},   {"reg", "®"},   {"trade", "™"},  {"hellip", "…"},
    {"mdash", "—"}, {"ndash", "–"},  {"lsquo", "‘"}, {"rsquo", "’"},  {"ldquo", "“"},
    {"rdquo", "”"}, {"laquo", "«"},  {"raquo", "»"}, {"bull", "•"},   {"middot", "·"},
    {"times", "×"}, {"divide", "÷"}, {"deg", "°"},   {"plusmn", "±"}, {"larr", "←"},
    {"rarr", "→"},  {"uarr", "↑"},   {"darr", "↓"},  {"le", "≤"},     {"ge", "≥"},
    {"ne", "≠"},    {"euro", "€"},   {"pound", "£"}, {"yen", "¥"},    {"cent", "¢"},
    {"sect", "§"},  {"para", "¶"},   {"micro", "µ"}, {"infin", "∞"},  {"check", "✓"},
};

/* The character of "&#65;" or "&#x41;", or -1. */
static int32_t number_of(const char *text, size_t len)
{
    char digits[DIGITS_MAX + 1] = "";
    bool hex = len > 3 && (text[2] == 'x' || text[2] == 'X');
    size_t start = hex ? 3 : 2, count = len - start - 1;
    char *end;

    if (count == 0 || count > DIGITS_MAX)
        return -1;
    memcpy(digits, text + start, count);
    if (digits[0] == '-' || digits[0] == '+' || digits[0] == ' ')
        return -1;
    long value = strtol(digits, &end, hex ? 16 : 10);
    return *end || value > 0x10FFFF ? -1 : (int32_t)value;
}

static const char *text_of(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
        if (strlen(entities[i].name) == len && memcmp(entities[i].name, name, len) == 0)
            return entities[i].text;
    return NULL;
}

int entity_add(struct buf *out, const char *text, size_t len)
{
    char bytes[4];

    if (len < 3 || text[0] != '&' || text[len - 1] != ';')
        return buf_add(out, text, len);
    if (text[1] != '#') {
        const char *known = text_of(text + 1, len - 2);
        return known ? buf_text(out, known) : buf_add(out, text, len);
    }
    size_t put = utf8_put(bytes, number_of(text, len));
    return put ? sanitize_add(out, SANITIZE_LINE, bytes, put, NULL) : buf_add(out, text, len);
}
