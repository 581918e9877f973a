/* SPDX-License-Identifier: MIT */
/*
 * A key as a person presses it, and its name as keymaps and help write it: "j", "G", "C-d", "PgUp",
 * "S-Tab", "Space", "M-x", "F5". What two keys send the same bytes for is one key: C-i is Tab, C-m
 * is Enter, C-[ is Esc. Pure.
 */
#ifndef TUI_KEY_H
#define TUI_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum key_code {
    KEYCODE_NONE = 0,
    /* 1…0x10FFFF: the character it types, with Shift already in it */
    KEYCODE_UP = 0x110000,
    KEYCODE_DOWN,
    KEYCODE_LEFT,
    KEYCODE_RIGHT,
    KEYCODE_HOME,
    KEYCODE_END,
    KEYCODE_PAGE_UP,
    KEYCODE_PAGE_DOWN,
    KEYCODE_INSERT,
    KEYCODE_DELETE,
    KEYCODE_BACKSPACE,
    KEYCODE_TAB,
    KEYCODE_ENTER,
    KEYCODE_ESC,
    KEYCODE_F1, /* … F24 follow */
    KEYCODE_F24 = KEYCODE_F1 + 23
};

enum key_mod {
    KEYMOD_CTRL = 1,
    KEYMOD_ALT = 2,
    KEYMOD_SHIFT = 4 /* on named keys only */
};

struct key {
    int32_t code;  /* enum key_code */
    unsigned mods; /* enum key_mod */
};

bool key_same(struct key a, struct key b);
/* One form for what terminals cannot tell apart ("C-I" is Tab). */
struct key key_normal(struct key key);
bool key_types(struct key key); /* it types a character: code is one, without Ctrl or Alt */

#define KEY_NAME 32
void key_print(char out[KEY_NAME], struct key key);
int key_parse(struct key *out, const char *name); /* 0, or E_PARSE */
const char *key_nearest(const char *name);        /* a named key for "did you mean", or NULL */

#endif
