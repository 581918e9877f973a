/* SPDX-License-Identifier: MIT */
/*
 * A text while it is being typed: the cursor, what was deleted last, the way back. Keys are those
 * of readline and Emacs; which is which is the keymap's. Pure; owner: tui.
 */
#ifndef TUI_TYPING_H
#define TUI_TYPING_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/buf.h"
#include "tui/action.h"

struct typing_state {
    char *text;
    size_t len, at;
};

struct typing {
    struct buf text; /* to be read */
    size_t at;       /* the cursor's byte */
    struct buf killed;
    enum action_id last;       /* what changed the text; deletions in a row belong together */
    struct typing_state *past; /* to go back to, the oldest first */
    size_t past_count, past_cap, past_bytes;
};

void typing_init(struct typing *t, size_t max_bytes);
void typing_free(struct typing *t);

/* In place of all, cursor behind it; can be undone. */
void typing_set(struct typing *t, const char *text);
void typing_insert(struct typing *t, const char *text, size_t len);
/* In place of what stands between two bytes. */
void typing_replace(struct typing *t, size_t start, size_t end, const char *text, size_t len);
/* Moves, deletes, yanks, undoes; false when it is none of these, or there is no line to go to. */
bool typing_act(struct typing *t, enum action_id action);

size_t typing_word(const struct typing *t); /* where the word before the cursor starts */

#endif
