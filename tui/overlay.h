/* SPDX-License-Identifier: MIT */
/*
 * What lies over the panels: questions with their answers, a line to type, help. Each is a panel of
 * its own (panel.h) that the console pushes and pops; closing one is its class's close. None takes
 * the focus by itself: the operator opened it. Main thread only.
 */
#ifndef TUI_OVERLAY_H
#define TUI_OVERLAY_H

#include "tui/panel.h"

#include <stddef.h>
#include <stdint.h>

struct document;
struct keymap;
struct recall;

/* --- a question: a text and its answers, each a key ------------------------------------------- */

/* An answer is a verb with at most one word and one number, or something else the console does. */
struct answer {
    const char *key, *label;  /* as key_parse reads it; NULL ends a list */
    const char *verb;         /* NULL = none */
    const char *name, *value; /* a member of the verb, when not NULL */
    unsigned did;             /* consequences besides DID_CLOSE */
    int then;                 /* an action that follows; 0 = none (down never does) */
};

struct question_options {
    const char *title;
    const struct answer *answers; /* static */
    const char *number_name;      /* a member that every verb of it gets: "effect", "to"; or NULL */
    int64_t number;
};

struct panel *question_open(const struct question_options *options);
struct document *question_text(struct panel *question); /* to fill; wrapped by the overlay */

/* --- a line (or several) to type ----------------------------------------------------------------
 */

enum entry_kind {
    ENTRY_COMMAND,
    ENTRY_PALETTE,
    ENTRY_SEARCH,
    ENTRY_FILTER,
    ENTRY_NEW_RUN,
    ENTRY_INJECT,
    ENTRY_LABEL,
    ENTRY_BREAK,
    ENTRY_FORK,
    ENTRY_JUMP,
    ENTRY_DENY,
    ENTRY_ARGUMENTS,
    ENTRY_WRITE,
    ENTRY_KINDS
};

struct entry_options {
    enum entry_kind kind;
    const char *text;      /* to begin with; NULL = none */
    int64_t number;        /* what it is about: a node, an effect */
    struct recall *recall; /* borrowed; NULL = nothing is kept */
    void *self;
    unsigned (*submit)(void *self, enum entry_kind kind, const char *text, int64_t number);
    /* Candidates for what was typed, best first; at most max. NULL = no completion. */
    size_t (*complete)(void *self, enum entry_kind kind, const char *text, const char **names,
                       const char **helps, size_t max);
};

struct panel *entry_open(const struct entry_options *options);

/* --- approval, help
 * -------------------------------------------------------------------------------- */

#define APPROVAL_GUARD_US 300000 /* what was typed before this much later answers nothing */

struct approval_options {
    int64_t effect;
    void *self;
    void (*deny)(void *self, int64_t effect);                   /* ask for the reason */
    void (*edit)(void *self, int64_t effect, const char *args); /* let them be changed */
};
/* NULL when there is no such call any more. */
struct panel *approval_open(struct model *model, const struct approval_options *options);

struct panel *help_open(const struct keymap *keymap, enum key_context context);

#endif
