/* SPDX-License-Identifier: MIT */
#include "tui/key.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/base/err.h"
#include "core/base/str.h"
#include "core/base/utf8.h"

struct named_key {
    int32_t code;
    const char *name;
};

/* The first name of a code is the one that is printed. */
static const struct named_key named[] = {
    {KEYCODE_UP, "Up"},
    {KEYCODE_DOWN, "Down"},
    {KEYCODE_LEFT, "Left"},
    {KEYCODE_RIGHT, "Right"},
    {KEYCODE_HOME, "Home"},
    {KEYCODE_END, "End"},
    {KEYCODE_PAGE_UP, "PgUp"},
    {KEYCODE_PAGE_DOWN, "PgDn"},
    {KEYCODE_INSERT, "Ins"},
    {KEYCODE_DELETE, "Del"},
    {KEYCODE_BACKSPACE, "BS"},
    {KEYCODE_TAB, "Tab"},
    {KEYCODE_ENTER, "Enter"},
    {KEYCODE_ESC, "Esc"},
    {' ', "Space"},
    {KEYCODE_PAGE_UP, "PageUp"},
    {KEYCODE_PAGE_DOWN, "PageDown"},
    {KEYCODE_INSERT, "Insert"},
    {KEYCODE_DELETE, "Delete"},
    {KEYCODE_BACKSPACE, "Backspace"},
    {KEYCODE_ENTER, "Return"},
    {KEYCODE_ESC, "Escape"},
};

#define NAMED_COUNT (sizeof named / sizeof *named)

struct modifier {
    unsigned bit;
    char letter;
};

static const struct modifier modifiers[] = {
    {KEYMOD_CTRL, 'C'}, {KEYMOD_ALT, 'M'}, {KEYMOD_SHIFT, 'S'}};

#define MODIFIER_COUNT (sizeof modifiers / sizeof *modifiers)

bool key_same(struct key a, struct key b)
{
    return a.code == b.code && a.mods == b.mods;
}

bool key_types(struct key key)
{
    return key.code >= ' ' && key.code <= 0x10FFFF && key.code != 0x7F &&
           !(key.mods & (KEYMOD_CTRL | KEYMOD_ALT));
}

struct key key_normal(struct key key)
{
    if (key.code > 0x10FFFF)
        return key;
    key.mods &= ~(unsigned)KEYMOD_SHIFT;
    if (!(key.mods & KEYMOD_CTRL))
        return key;
    if (key.code >= 'A' && key.code <= 'Z')
        key.code += 'a' - 'A';
    int32_t same = key.code == 'i'   ? KEYCODE_TAB
                   : key.code == 'm' ? KEYCODE_ENTER
                   : key.code == '[' ? KEYCODE_ESC
                                     : KEYCODE_NONE;
    if (same != KEYCODE_NONE)
        return (struct key){same, key.mods & ~(unsigned)KEYMOD_CTRL};
    if (key.code == '@')
        key.code = ' ';
    return key;
}

static void print_code(char *out, size_t cap, int32_t code)
{
    char bytes[4];

    for (size_t i = 0; i < NAMED_COUNT; i++)
        if (named[i].code == code) {
            snprintf(out, cap, "%s", named[i].name);
            return;
        }
    if (code >= KEYCODE_F1 && code <= KEYCODE_F24)
        snprintf(out, cap, "F%d", code - KEYCODE_F1 + 1);
    else
        snprintf(out, cap, "%.*s", (int)utf8_put(bytes, code), bytes);
}

void key_print(char out[KEY_NAME], struct key key)
{
    size_t len = 0;

    for (size_t i = 0; i < MODIFIER_COUNT; i++)
        if (key.mods & modifiers[i].bit) {
            out[len++] = modifiers[i].letter;
            out[len++] = '-';
        }
    print_code(out + len, KEY_NAME - len, key.code);
}

static int parse_code(int32_t *out, const char *name)
{
    size_t len = strlen(name);
    int64_t number;

    for (size_t i = 0; i < NAMED_COUNT; i++)
        if (strcasecmp(named[i].name, name) == 0) {
            *out = named[i].code;
            return 0;
        }
    if ((name[0] == 'F' || name[0] == 'f') && str_int(&number, name + 1, 1, 24) == 0) {
        *out = KEYCODE_F1 + (int32_t)number - 1;
        return 0;
    }
    if (len == 0 || utf8_next(name, len, out) != len || *out < ' ' || *out == 0x7F)
        return E_PARSE;
    return *out >= 0x80 && *out < 0xA0 ? E_PARSE : 0;
}

/* The modifier before a '-' that has something behind it; 0 when there is none. */
static unsigned parse_modifier(const char *name)
{
    if (name[0] == '\0' || name[1] != '-' || name[2] == '\0')
        return 0;
    for (size_t i = 0; i < MODIFIER_COUNT; i++)
        if (modifiers[i].letter == name[0])
            return modifiers[i].bit;
    return 0;
}

int key_parse(struct key *out, const char *name)
{
    struct key key = {0};

    for (unsigned bit; (bit = parse_modifier(name)) != 0; name += 2)
        key.mods |= bit;
    if (parse_code(&key.code, name) < 0)
        return E_PARSE;
    if ((key.mods & KEYMOD_SHIFT) && key.code <= 0x10FFFF)
        return E_PARSE; /* Shift is in the character: "G", not "S-g" */
    *out = key_normal(key);
    return 0;
}

const char *key_nearest(const char *name)
{
    const char *names[NAMED_COUNT];

    for (size_t i = 0; i < NAMED_COUNT; i++)
        names[i] = named[i].name;
    while (parse_modifier(name))
        name += 2;
    return str_nearest(name, names, NAMED_COUNT);
}
