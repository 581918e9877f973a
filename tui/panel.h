/* SPDX-License-Identifier: MIT */
/*
 * A panel: one of the five, or an overlay (help, a preview, a question). It keeps its own selection
 * and scroll, reads at most one screen of rows in update, and draws from what it has. It knows no
 * other panel: what it wants done it says in consequences, verbs go to the model's outbox
 * (model_ask). Main thread only.
 */
#ifndef TUI_PANEL_H
#define TUI_PANEL_H

#include "tui/action.h"
#include "tui/grid.h"
#include "tui/key.h"

#include <stdbool.h>
#include <stdint.h>

struct model;
struct panel;
struct pattern;

/* What an action or a key led to: a bit set. */
enum consequence {
    DID_NOTHING = 0,
    DID_REDRAW = 1,  /* read and draw again */
    DID_SUBJECT = 2, /* model->subject changed: Detail reads again */
    DID_CLOSE = 4,   /* this overlay is done */
    DID_SHOW = 8,    /* another run is shown now */
    DID_OPEN = 16,   /* Detail gets the focus */
    DID_NOT = 32,    /* not mine: the global action, if there is one */
    DID_GO = 64,     /* the timeline goes to the subject */
    DID_QUIT = 128
};

/* What a search in a panel found. */
struct panel_find {
    size_t at, count; /* the match it stands at, from 1; of how many */
};

struct panel_class {
    const char *name;  /* in the keymap and in help: "timeline" */
    const char *title; /* on the border */
    struct panel *(*open)(void);
    void (*close)(struct panel *panel);
    /* Reads what it shows in an area of this size (without the border). */
    void (*update)(struct panel *panel, struct model *model, int w, int h);
    unsigned (*act)(struct panel *panel, struct model *model, enum action_id action);
    void (*draw)(const struct panel *panel, const struct model *model, struct grid *grid,
                 struct rect rect, bool focused);
    /* For panels that take text; NULL = none. A key that no action of theirs took; a paste. */
    unsigned (*key)(struct panel *panel, struct model *model, struct key key);
    unsigned (*paste)(struct panel *panel, struct model *model, const char *text, size_t len);
    /* Searches on from the selection for a pattern (struct pattern); NULL = cannot. */
    bool (*find)(struct panel *panel, struct model *model, const struct pattern *pattern,
                 bool backward, struct panel_find *found);
    /* Overlays: the size they want; NULL = a panel. */
    void (*size)(const struct panel *panel, const struct model *model, int *w, int *h);
    /* What stands at the right of the title; NULL = nothing. */
    void (*note)(const struct panel *panel, const struct model *model, char *out, size_t cap);
};

/* The first member of every panel's own struct. */
struct panel {
    const struct panel_class *class;
};

extern const struct panel_class panel_timeline, panel_detail, panel_checkpoints, panel_health,
    panel_runs;

#endif
