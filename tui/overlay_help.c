/* SPDX-License-Identifier: MIT */
/* Help: what the keys do here, made from the action table and the keymap in force. */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tui/document.h"
#include "tui/keymap.h"
#include "tui/model.h"
#include "tui/overlay.h"

#include <stdlib.h>
#include <string.h>

#define KEYS_MAX 4

struct help {
    struct panel panel;
    struct document text;
    size_t top;
    int h;
};

static const struct panel_class class;

static void add_row(struct help *help, const struct keymap *keymap, enum key_context context,
                    enum action_id action)
{
    struct key keys[KEYS_MAX];
    size_t count = keymap_keys(keymap, context, action, keys, KEYS_MAX);
    char names[KEYS_MAX * KEY_NAME] = "", padded[64];

    for (size_t i = 0; i < count && i < KEYS_MAX; i++) {
        char name[KEY_NAME];
        size_t at = strlen(names);

        key_print(name, keys[i]);
        (void)str_format(names + at, sizeof names - at, "%s%s", i > 0 ? " " : "", name);
    }
    if (count == 0)
        return;
    (void)str_format(padded, sizeof padded, "%-16s", names);
    document_printf(&help->text, ROLE_TEXT, "%s %s", padded, action_info(action)->help);
}

struct panel *help_open(const struct keymap *keymap, enum key_context context)
{
    struct help *help = mem_new(sizeof *help);

    help->panel.class = &class;
    document_init(&help->text);
    for (int i = 0; i < ACTION_PROMPT_SUBMIT; i++)
        add_row(help, keymap, context, (enum action_id)i);
    document_printf(&help->text, ROLE_TEXT, " ");
    document_printf(&help->text, ROLE_DIM,
                    "Every action and every verb is also a command: type : and its name. Keys are "
                    "yours to change: keys.yaml in rerail's configuration folder.");
    return &help->panel;
}

static void help_close(struct panel *panel)
{
    document_free(&((struct help *)panel)->text);
    free(panel);
}

static void help_size(const struct panel *panel, const struct model *model, int *w, int *h)
{
    (void)panel;
    (void)model;
    *w = 78;
    *h = 200;
}

static void help_update(struct panel *panel, struct model *model, int w, int h)
{
    struct help *help = (struct help *)panel;
    size_t rows;

    (void)model;
    document_width(&help->text, w > 6 ? w - 4 : 2);
    help->h = h > 1 ? h : 1;
    rows = document_need(&help->text, SIZE_MAX);
    if (help->top + (size_t)help->h > rows)
        help->top = rows > (size_t)help->h ? rows - (size_t)help->h : 0;
}

static unsigned help_act(struct panel *panel, struct model *model, enum action_id action)
{
    struct help *help = (struct help *)panel;
    size_t page = (size_t)help->h;

    (void)model;
    switch (action) {
    case ACTION_DOWN: help->top++; return DID_REDRAW;
    case ACTION_UP: help->top -= help->top > 0; return DID_REDRAW;
    case ACTION_HALF_DOWN:
    case ACTION_PAGE_DOWN: help->top += page; return DID_REDRAW;
    case ACTION_HALF_UP:
    case ACTION_PAGE_UP: help->top -= help->top > page ? page : help->top; return DID_REDRAW;
    case ACTION_FIRST: help->top = 0; return DID_REDRAW;
    case ACTION_LAST: help->top = document_need(&help->text, SIZE_MAX); return DID_REDRAW;
    default: return DID_CLOSE;
    }
}

static void help_draw(const struct panel *panel, const struct model *model, struct grid *grid,
                      struct rect rect, bool focused)
{
    const struct help *help = (const struct help *)panel;

    (void)model;
    (void)focused; /* an overlay always has the keys */
    document_draw(&help->text, grid, (struct rect){rect.x + 2, rect.y, rect.w - 4, rect.h},
                  help->top, NULL);
}

static void help_note(const struct panel *panel, const struct model *model, char *out, size_t cap)
{
    (void)panel;
    (void)model;
    (void)str_format(out, cap, "Help");
}

static const struct panel_class class = {
    .name = "help",
    .title = "",
    .close = help_close,
    .update = help_update,
    .act = help_act,
    .draw = help_draw,
    .size = help_size,
    .note = help_note,
};
