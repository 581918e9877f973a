/* SPDX-License-Identifier: MIT */
/*
 * Which key does what, as data: YAML of `panel: {key: action}`. The built-in map is a file like the
 * operator's and read by the same parser; later files win, key by key. A key is looked up in the
 * panel that has the focus, then in the first panel of the names, which is the global one. The
 * action `none` takes a key away. Owner: tui.
 */
#ifndef TUI_KEYMAP_H
#define TUI_KEYMAP_H

#include <stddef.h>

#include "core/base/err.h"
#include "tui/key.h"

struct keymap;

/* What a map may speak of; borrowed for the map's life. */
struct keymap_names {
    const char *const *panels; /* [0] is the global one */
    size_t panel_count;
    const char *const *actions;
    size_t action_count;
};

#define KEYMAP_NOTHING (-1) /* no action */
#define KEYMAP_BUILTIN "tui/keys.yaml"

void keymap_new(struct keymap **out, const struct keymap_names *names);
void keymap_free(struct keymap *map);

/* Adds the keys of a YAML text over those that are there: 0, or E_PARSE with "NAME:LINE: …" and the
   nearest right name, and then nothing of it was taken. */
int keymap_add(struct keymap *map, const char *name, const char *text, size_t len, struct err *err);
int keymap_load(struct keymap *map, const char *path, struct err *err); /* E_NOTFOUND, E_IO too */
int keymap_add_builtin(struct keymap *map, struct err *err);

/* The action's place in names.actions, or KEYMAP_NOTHING. */
int keymap_find(const struct keymap *map, size_t panel, struct key key);

/* The keys that do this in the panel, its own first, in the order of the file; at most max go to
   out. Returns how many there are. For help and hints. */
size_t keymap_keys(const struct keymap *map, size_t panel, int action, struct key *out, size_t max);

#endif
