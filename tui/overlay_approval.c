/* SPDX-License-Identifier: MIT */
/*
 * The approval of a tool call. What is shown is every byte of its arguments, nothing hidden, and
 * what is allowed is exactly what was shown: the hash of those bytes goes with the yes. Yes is
 * inert until the end of the arguments was on the screen, and nothing answers in the first moment,
 * so that typing ahead approves nothing.
 */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/sanitize.h"
#include "core/base/sha256.h"
#include "core/base/str.h"
#include "tui/figure.h"
#include "tui/model.h"
#include "tui/overlay.h"

#include <stdlib.h>
#include <string.h>

#define ARGS_MAX ((size_t)1 << 20)

struct piece {
    size_t start, end;
    bool shown; /* a picture of a byte */
};

struct approval {
    struct panel panel;
    struct approval_options is;
    char *tool, *note;
    struct buf args, view; /* as stored; as shown */
    struct piece *pieces;
    size_t piece_count, piece_cap;
    struct sanitize_counts counts;
    int64_t opened_us;
    size_t top, rows;
    int h, w;
    bool seen; /* the end was on the screen */
};

static const struct panel_class class;

static void put(void *self, const char *text, size_t len, bool shown)
{
    struct approval *a = self;
    size_t start = a->view.len;

    if (buf_add(&a->view, text, len) < 0)
        return; /* then the end is never shown, and yes stays inert */
    if (a->piece_count > 0 && a->pieces[a->piece_count - 1].shown == shown) {
        a->pieces[a->piece_count - 1].end = a->view.len;
        return;
    }
    a->pieces = mem_room(a->pieces, a->piece_count, &a->piece_cap, sizeof *a->pieces);
    a->pieces[a->piece_count++] = (struct piece){start, a->view.len, shown};
}

static void approval_close(struct panel *panel)
{
    struct approval *a = (struct approval *)panel;

    free(a->tool);
    free(a->note);
    free(a->pieces);
    buf_free(&a->args);
    buf_free(&a->view);
    free(a);
}

struct panel *approval_open(struct model *model, const struct approval_options *options)
{
    struct approval *a = mem_new(sizeof *a);
    struct arena arena = {0};
    struct effect_row effect;
    struct sanitize s;

    a->panel.class = &class;
    a->is = *options;
    a->opened_us = model->now_us;
    buf_init(&a->args, ARGS_MAX);
    buf_init(&a->view, 8 * ARGS_MAX);
    if (query_effect(model->query, &arena, model->run, options->effect, &effect, NULL) < 0 ||
        effect.state != EFFECT_INTENT ||
        query_effect_args(model->query, model->run, options->effect, &a->args, NULL) < 0) {
        arena_free(&arena);
        approval_close(&a->panel);
        return NULL;
    }
    a->tool = mem_text(effect.tool);
    a->note = mem_text(effect.policy);
    arena_free(&arena);
    sanitize_start(&s, SANITIZE_APPROVAL, (struct sanitize_sink){put, a});
    sanitize_feed(&s, a->args.data, a->args.len);
    sanitize_end(&s);
    a->counts = s.counts;
    return &a->panel;
}

static void approval_size(const struct panel *panel, const struct model *model, int *w, int *h)
{
    (void)panel;
    (void)model;
    *w = 90;
    *h = 22;
}

static void approval_update(struct panel *panel, struct model *model, int w, int h)
{
    struct approval *a = (struct approval *)panel;

    (void)model;
    a->w = w > 6 ? w - 4 : 2;
    a->h = h > 8 ? h - 7 : 1;
    a->rows = text_rows(a->view.data, a->view.len, a->w);
    if (a->top + (size_t)a->h > a->rows)
        a->top = a->rows > (size_t)a->h ? a->rows - (size_t)a->h : 0;
    a->seen = a->seen || a->top + (size_t)a->h >= a->rows;
}

static void allow(const struct approval *a, struct model *model, const char *scope)
{
    struct hash hash = sha256(a->args.data, a->args.len);
    char text[2 * SHA256_BYTES + 1];
    cJSON *verb = model_ask(model, "approve");

    sha256_text(text, &hash);
    json_set_int(verb, "effect", a->is.effect);
    json_set_text(verb, "scope", scope);
    json_set_text(verb, "shown", text);
}

static unsigned answer(struct approval *a, struct model *model, enum action_id action)
{
    if (model->now_us - a->opened_us < APPROVAL_GUARD_US)
        return DID_NOTHING;
    if ((action == ACTION_ALLOW_ONCE || action == ACTION_ALLOW_ALWAYS) && !a->seen) {
        model_say(model, true, "read it to its end first: the arguments go on below");
        return DID_REDRAW;
    }
    if (action == ACTION_DENY)
        a->is.deny(a->is.self, a->is.effect);
    else if (action == ACTION_EDIT_ARGUMENTS)
        a->is.edit(a->is.self, a->is.effect, a->args.data);
    else
        allow(a, model, action == ACTION_ALLOW_ALWAYS ? "always" : "once");
    return DID_CLOSE;
}

static unsigned approval_act(struct panel *panel, struct model *model, enum action_id action)
{
    struct approval *a = (struct approval *)panel;
    size_t page = (size_t)a->h;

    switch (action) {
    case ACTION_ALLOW_ONCE:
    case ACTION_ALLOW_ALWAYS:
    case ACTION_DENY:
    case ACTION_EDIT_ARGUMENTS: return answer(a, model, action);
    case ACTION_BACK: return DID_CLOSE;
    case ACTION_DOWN: a->top++; return DID_REDRAW;
    case ACTION_PAGE_DOWN:
    case ACTION_HALF_DOWN: a->top += page; return DID_REDRAW;
    case ACTION_LAST: a->top = a->rows; return DID_REDRAW;
    case ACTION_UP: a->top -= a->top > 0; return DID_REDRAW;
    case ACTION_PAGE_UP:
    case ACTION_HALF_UP: a->top -= a->top > page ? page : a->top; return DID_REDRAW;
    case ACTION_FIRST: a->top = 0; return DID_REDRAW;
    default: return DID_NOTHING;
    }
}

/* One row of the view, its pictures told from text by their role. */
static void draw_row(struct pen *pen, const struct approval *a, const struct text_row *row)
{
    for (size_t i = 0; i < a->piece_count; i++) {
        const struct piece *piece = &a->pieces[i];
        size_t start = piece->start > row->start ? piece->start : row->start;
        size_t end = piece->end < row->end ? piece->end : row->end;

        if (start < end)
            (void)pen_add(pen, piece->shown ? ROLE_PICTURE : ROLE_TEXT, a->view.data + start,
                          end - start);
    }
}

static void draw_args(const struct approval *a, struct grid *grid, struct rect rect)
{
    struct pen pen = grid_pen(grid, rect);
    struct text_wrap wrap = {
        .text = a->view.data, .len = a->view.len, .width = a->w, .hard = false};
    struct text_row row;

    for (size_t i = 0; text_wrap_next(&wrap, &row) && i < a->top + (size_t)rect.h; i++) {
        if (i < a->top)
            continue;
        pen_at(&pen, 0, (int)(i - a->top));
        draw_row(&pen, a, &row);
    }
}

static void draw_answers(struct pen *pen, const struct approval *a)
{
    enum role yes = a->seen ? ROLE_TEXT : ROLE_DIM;

    pen_put(pen, ROLE_HINT_KEY, "y");
    pen_put(pen, yes, " yes, once   ");
    pen_put(pen, ROLE_HINT_KEY, "a");
    pen_put(pen, yes, " always in this run   ");
    pen_put(pen, ROLE_HINT_KEY, "n");
    pen_put(pen, ROLE_TEXT, " no   ");
    pen_put(pen, ROLE_HINT_KEY, "e");
    pen_put(pen, ROLE_TEXT, " edit   ");
    pen_put(pen, ROLE_HINT_KEY, "Esc");
    pen_put(pen, ROLE_TEXT, " later");
}

static void approval_draw(const struct panel *panel, const struct model *model, struct grid *grid,
                          struct rect rect, bool focused)
{
    const struct approval *a = (const struct approval *)panel;
    struct pen pen = grid_pen(grid, (struct rect){rect.x + 2, rect.y, rect.w - 4, rect.h});
    char note[160];

    (void)model;
    (void)focused; /* an overlay always has the keys */
    pen_at(&pen, 0, 1);
    pen_put(&pen, ROLE_TEXT, "The agent wants to run ");
    put_line(&pen, ROLE_BY_TOOL, a->tool, 30);
    pen_printf(&pen, ROLE_DIM, "  (%s)", a->note);
    draw_args(a, grid, (struct rect){rect.x + 2, rect.y + 3, rect.w - 4, a->h});
    pen_at(&pen, 0, rect.h - 3);
    if (!a->seen)
        pen_printf(&pen, ROLE_WARN, "%zu more lines: go to the end (G) before you say yes",
                   a->rows - a->top - (size_t)a->h);
    else if (sanitize_note(note, sizeof note, SANITIZE_APPROVAL, &a->counts) > 0)
        pen_put(&pen, ROLE_WARN, note);
    pen_at(&pen, 0, rect.h - 2);
    draw_answers(&pen, a);
}

static void approval_note(const struct panel *panel, const struct model *model, char *out,
                          size_t cap)
{
    (void)panel;
    (void)model;
    (void)str_format(out, cap, "Approval");
}

static const struct panel_class class = {
    .name = "approval",
    .title = "",
    .close = approval_close,
    .update = approval_update,
    .act = approval_act,
    .draw = approval_draw,
    .size = approval_size,
    .note = approval_note,
};
