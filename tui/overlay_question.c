/* SPDX-License-Identifier: MIT */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tui/document.h"
#include "tui/model.h"
#include "tui/overlay.h"

#include <stdlib.h>
#include <string.h>

struct question {
    struct panel panel;
    struct question_options is;
    struct document text;
    size_t top;
    int h;
};

static const struct panel_class class;

struct panel *question_open(const struct question_options *options)
{
    struct question *q = mem_new(sizeof *q);

    q->panel.class = &class;
    q->is = *options;
    document_init(&q->text);
    return &q->panel;
}

struct document *question_text(struct panel *question)
{
    return &((struct question *)question)->text;
}

static void question_close(struct panel *panel)
{
    document_free(&((struct question *)panel)->text);
    free(panel);
}

static int answer_count(const struct question *q)
{
    int count = 0;

    while (q->is.answers[count].key)
        count++;
    return count;
}

static void question_size(const struct panel *panel, const struct model *model, int *w, int *h)
{
    struct question *q = (struct question *)(uintptr_t)panel;

    (void)model;
    *w = 72;
    document_width(&q->text, *w - 6);
    *h = (int)document_need(&q->text, 40) + answer_count(q) + 4;
}

static void question_update(struct panel *panel, struct model *model, int w, int h)
{
    struct question *q = (struct question *)panel;

    (void)model;
    document_width(&q->text, w > 6 ? w - 4 : 2);
    q->h = h - answer_count(q) - 2;
    if (q->h < 1)
        q->h = 1;
    (void)document_need(&q->text, q->top + (size_t)q->h);
}

static unsigned give(const struct question *q, struct model *model, const struct answer *answer)
{
    if (answer->verb) {
        cJSON *verb = model_ask(model, answer->verb);

        if (answer->name)
            json_set_text(verb, answer->name, answer->value);
        if (q->is.number_name)
            json_set_int(verb, q->is.number_name, q->is.number);
    }
    model->then = answer->then;
    return DID_CLOSE | answer->did;
}

static unsigned question_key(struct panel *panel, struct model *model, struct key key)
{
    struct question *q = (struct question *)panel;

    for (const struct answer *answer = q->is.answers; answer->key; answer++) {
        struct key wanted;

        if (key_parse(&wanted, answer->key) == 0 && key_same(key, wanted))
            return give(q, model, answer);
    }
    return DID_NOTHING;
}

static unsigned question_act(struct panel *panel, struct model *model, enum action_id action)
{
    struct question *q = (struct question *)panel;

    (void)model;
    switch (action) {
    case ACTION_BACK: return DID_CLOSE;
    case ACTION_DOWN:
        if (document_need(&q->text, q->top + (size_t)q->h + 1) > q->top + (size_t)q->h)
            q->top++;
        return DID_REDRAW;
    case ACTION_UP:
        if (q->top > 0)
            q->top--;
        return DID_REDRAW;
    default: return DID_NOTHING;
    }
}

static void question_draw(const struct panel *panel, const struct model *model, struct grid *grid,
                          struct rect rect, bool focused)
{
    const struct question *q = (const struct question *)panel;
    struct pen pen = grid_pen(grid, rect);
    int y = rect.h - answer_count(q);

    (void)model;
    (void)focused; /* an overlay always has the keys */
    document_draw(&q->text, grid, (struct rect){rect.x + 2, rect.y + 1, rect.w - 4, q->h}, q->top,
                  NULL);
    for (const struct answer *answer = q->is.answers; answer->key; answer++) {
        pen_at(&pen, 2, y++);
        pen_printf(&pen, ROLE_HINT_KEY, "%6s", answer->key);
        pen_printf(&pen, ROLE_TEXT, "  %s", answer->label);
    }
}

static void question_note(const struct panel *panel, const struct model *model, char *out,
                          size_t cap)
{
    (void)model;
    (void)str_format(out, cap, "%s", ((const struct question *)panel)->is.title);
}

static const struct panel_class class = {
    .name = "question",
    .title = "",
    .close = question_close,
    .update = question_update,
    .act = question_act,
    .draw = question_draw,
    .key = question_key,
    .size = question_size,
    .note = question_note,
};
