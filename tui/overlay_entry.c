/* SPDX-License-Identifier: MIT */
/*
 * A line to type, at the bottom of the screen, with what would complete it above.
 */
#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "tui/model.h"
#include "tui/overlay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRY_MAX  ((size_t)1 << 20)
#define CANDIDATES 256
#define LIST_MAX   10 /* of them on the screen */
#define TEXT_MAX   6  /* rows of the text on the screen */

struct entry {
    struct panel panel;
    struct entry_options is;
    struct buf text;
    size_t at; /* the cursor's byte */
    const char *names[CANDIDATES], *helps[CANDIDATES];
    size_t count, chosen; /* chosen = count: none */
};

static const struct panel_class class;

static const struct {
    const char *title, *hint;
    bool several; /* lines */
} kinds[ENTRY_KINDS] = {
    [ENTRY_COMMAND] = {"Command", "Tab completes, Enter runs it", false},
    [ENTRY_PALETTE] = {"What to do", "a few letters of it; Enter does it", false},
    [ENTRY_SEARCH] = {"Search", "a pattern; small letters match both cases", false},
    [ENTRY_FILTER] = {"Filter", "only rows that match; empty shows all again", false},
    [ENTRY_NEW_RUN] = {"New run: what should the agent do?", "Enter starts it, M-Enter: new line",
                       true},
    [ENTRY_INJECT] = {"Message to the agent", "Enter sends it, M-Enter: new line", true},
    [ENTRY_LABEL] = {"Name of this checkpoint", "empty removes it", false},
    [ENTRY_JUMP] = {"Go to", "a label, a step's number, #N for iteration N, or last", false},
    [ENTRY_DENY] = {"No. Why not?", "the model is told; may be empty", false},
    [ENTRY_ARGUMENTS] = {"Arguments of the call", "Enter lets it run with these", true},
    [ENTRY_WRITE] = {"Write to file", "what Detail shows", false},
};

static void complete(struct entry *e)
{
    e->count = e->is.complete ? e->is.complete(e->is.self, e->is.kind, e->text.data, e->names,
                                               e->helps, CANDIDATES)
                              : 0;
    e->chosen = e->is.kind == ENTRY_PALETTE && e->count > 0 ? 0 : e->count;
}

struct panel *entry_open(const struct entry_options *options)
{
    struct entry *e = mem_new(sizeof *e);

    e->panel.class = &class;
    e->is = *options;
    buf_init(&e->text, ENTRY_MAX);
    if (options->text)
        (void)buf_text(&e->text, options->text); /* longer than that nothing is offered to edit */
    e->at = e->text.len;
    complete(e);
    return &e->panel;
}

static void entry_close(struct panel *panel)
{
    buf_free(&((struct entry *)panel)->text);
    free(panel);
}

/* --- editing -------------------------------------------------------------------------------------
 */

static void replace(struct entry *e, size_t start, size_t end, const char *text, size_t len)
{
    char *tail = mem_copy(e->text.data + end, e->text.len - end);
    size_t tail_len = e->text.len - end;

    buf_cut(&e->text, start);
    if (buf_add(&e->text, text, len) == 0)
        start += len;
    (void)buf_add(&e->text, tail, tail_len); /* it was there before */
    free(tail);
    e->at = start;
    complete(e);
}

static size_t word_before(const struct entry *e)
{
    size_t at = e->at;

    while (at > 0 && e->text.data[at - 1] == ' ')
        at--;
    while (at > 0 && e->text.data[at - 1] != ' ')
        at--;
    return at;
}

static size_t next(const struct entry *e)
{
    int width;

    return e->at + (e->at < e->text.len
                        ? text_cluster(e->text.data + e->at, e->text.len - e->at, 0, &width)
                        : 0);
}

static size_t line_start(const struct entry *e)
{
    size_t at = e->at;

    while (at > 0 && e->text.data[at - 1] != '\n')
        at--;
    return at;
}

static size_t line_end(const struct entry *e)
{
    return e->at + strcspn(e->text.data + e->at, "\n");
}

static unsigned entry_key(struct panel *panel, struct model *model, struct key key)
{
    struct entry *e = (struct entry *)panel;
    char bytes[4];

    (void)model;
    if (key_types(key))
        replace(e, e->at, e->at, bytes, utf8_put(bytes, key.code));
    return DID_REDRAW;
}

static unsigned entry_paste(struct panel *panel, struct model *model, const char *text, size_t len)
{
    struct entry *e = (struct entry *)panel;
    char *line = mem_copy(text, len);

    (void)model;
    for (size_t i = 0; !kinds[e->is.kind].several && i < len; i++)
        if (line[i] == '\n' || line[i] == '\t')
            line[i] = ' ';
    replace(e, e->at, e->at, line, len);
    free(line);
    return DID_REDRAW;
}

/* The chosen candidate, or the first, in place of the last word. */
static void take_candidate(struct entry *e)
{
    size_t start = e->is.kind == ENTRY_PALETTE ? 0 : word_before(e);
    const char *name = e->count > 0 ? e->names[e->chosen < e->count ? e->chosen : 0] : NULL;

    if (!name)
        return;
    char *text = mem_printf("%s ", name);
    if (e->at > 0 && e->text.data[e->at - 1] == ' ' && e->is.kind != ENTRY_PALETTE)
        start = e->at;
    replace(e, start, e->text.len, text, strlen(text));
    free(text);
}

static unsigned submit(struct entry *e)
{
    if (e->is.kind == ENTRY_PALETTE && e->chosen < e->count)
        return DID_CLOSE | e->is.submit(e->is.self, e->is.kind, e->names[e->chosen], e->is.number);
    return DID_CLOSE | e->is.submit(e->is.self, e->is.kind, e->text.data, e->is.number);
}

static void choose(struct entry *e, int by)
{
    if (e->count == 0)
        return;
    if (e->chosen >= e->count)
        e->chosen = by > 0 ? 0 : e->count - 1;
    else
        e->chosen = (e->chosen + e->count + (size_t)by) % e->count;
}

static unsigned entry_act(struct panel *panel, struct model *model, enum action_id action)
{
    struct entry *e = (struct entry *)panel;

    (void)model;
    switch (action) {
    case ACTION_PROMPT_SUBMIT: return submit(e);
    case ACTION_BACK:
    case ACTION_INTERRUPT: return DID_CLOSE;
    case ACTION_PROMPT_NEWLINE:
        if (kinds[e->is.kind].several)
            replace(e, e->at, e->at, "\n", 1);
        break;
    case ACTION_PROMPT_COMPLETE: take_candidate(e); break;
    case ACTION_PROMPT_LEFT: e->at = text_before(e->text.data, e->at); break;
    case ACTION_PROMPT_RIGHT: e->at = next(e); break;
    case ACTION_PROMPT_UP:
    case ACTION_PROMPT_OLDER: choose(e, -1); break;
    case ACTION_PROMPT_DOWN:
    case ACTION_PROMPT_NEWER: choose(e, 1); break;
    case ACTION_PROMPT_WORD_LEFT: e->at = word_before(e); break;
    case ACTION_PROMPT_WORD_RIGHT:
        e->at += strspn(e->text.data + e->at, " ");
        e->at += strcspn(e->text.data + e->at, " ");
        break;
    case ACTION_PROMPT_START: e->at = line_start(e); break;
    case ACTION_PROMPT_END: e->at = line_end(e); break;
    case ACTION_PROMPT_RUB:
        if (e->text.len == 0)
            return DID_CLOSE; /* one more than was typed */
        replace(e, text_before(e->text.data, e->at), e->at, "", 0);
        break;
    case ACTION_PROMPT_DELETE: replace(e, e->at, next(e), "", 0); break;
    case ACTION_PROMPT_RUB_WORD: replace(e, word_before(e), e->at, "", 0); break;
    case ACTION_PROMPT_KILL_BEFORE: replace(e, line_start(e), e->at, "", 0); break;
    case ACTION_PROMPT_KILL_AFTER: replace(e, e->at, line_end(e), "", 0); break;
    default: return DID_NOTHING;
    }
    return DID_REDRAW;
}

/* --- drawing -------------------------------------------------------------------------------------
 */

static size_t listed(const struct entry *e)
{
    return e->count < LIST_MAX ? e->count : LIST_MAX;
}

static size_t text_lines(const struct entry *e, int w)
{
    size_t rows = text_rows(e->text.data, e->text.len, w) +
                  (e->text.len > 0 && e->text.data[e->text.len - 1] == '\n');

    return rows < 1 ? 1 : rows > TEXT_MAX ? TEXT_MAX : rows;
}

static void entry_size(const struct panel *panel, const struct model *model, int *w, int *h)
{
    const struct entry *e = (const struct entry *)panel;

    (void)model;
    *w = GRID_MAX_W; /* all there is, at the bottom */
    *h = (int)listed(e) + (int)text_lines(e, 60) + 3;
}

static void entry_update(struct panel *panel, struct model *model, int w, int h)
{
    (void)panel;
    (void)model;
    (void)w;
    (void)h;
}

static void draw_list(const struct entry *e, struct pen *pen)
{
    size_t shown = listed(e);
    size_t from = e->chosen < e->count && e->chosen >= shown ? e->chosen - shown + 1 : 0;

    for (size_t i = 0; i < shown; i++) {
        bool now = from + i == e->chosen;
        enum role role = now ? ROLE_COMPLETION_NOW : ROLE_COMPLETION;

        pen_at(pen, 0, (int)i);
        pen_printf(pen, role, " %-22s ", e->names[from + i]);
        (void)pen_cut(pen, now ? role : ROLE_DIM, e->helps[from + i], pen_left(pen) - 1);
    }
}

/* Wraps the text and puts the cursor; the last rows show when it is long. */
static void draw_text(const struct entry *e, struct grid *grid, struct rect rect)
{
    struct pen pen = grid_pen(grid, rect);
    struct text_wrap wrap = {
        .text = e->text.data, .len = e->text.len, .width = rect.w, .hard = true};
    size_t rows = text_lines(e, rect.w), all = text_rows(e->text.data, e->text.len, rect.w);
    size_t skip = all > rows ? all - rows : 0;
    struct text_row row;
    int y = 0, cursor_y = 0, cursor_x = 0;

    for (size_t i = 0; text_wrap_next(&wrap, &row); i++) {
        if (i < skip)
            continue;
        y = (int)(i - skip);
        pen_at(&pen, 0, y);
        (void)pen_add(&pen, ROLE_PROMPT, e->text.data + row.start, row.end - row.start);
        if (e->at >= row.start && e->at <= row.end) {
            cursor_y = y;
            cursor_x = text_width(e->text.data + row.start, e->at - row.start);
        }
    }
    if (e->text.len > 0 && e->at == e->text.len && e->text.data[e->text.len - 1] == '\n')
        cursor_y = y + 1, cursor_x = 0;
    grid_cursor(grid, rect.x + (cursor_x < rect.w ? cursor_x : rect.w - 1), rect.y + cursor_y);
}

static void entry_draw(const struct panel *panel, const struct model *model, struct grid *grid,
                       struct rect rect, bool focused)
{
    const struct entry *e = (const struct entry *)panel;
    struct pen pen = grid_pen(grid, rect);
    int list = (int)listed(e);

    (void)model;
    (void)focused; /* an overlay always has the keys */
    draw_list(e, &pen);
    pen_at(&pen, 1, list);
    pen_put(&pen, ROLE_PROMPT_MARK, "›");
    draw_text(e, grid, (struct rect){rect.x + 3, rect.y + list, rect.w - 4, rect.h - list - 1});
    pen_at(&pen, 1, rect.h - 1);
    pen_printf(&pen, ROLE_DIM, "%s; Esc: never mind", kinds[e->is.kind].hint);
}

static void entry_note(const struct panel *panel, const struct model *model, char *out, size_t cap)
{
    (void)model;
    (void)str_format(out, cap, "%s", kinds[((const struct entry *)panel)->is.kind].title);
}

static const struct panel_class class = {
    .name = "prompt",
    .title = "",
    .close = entry_close,
    .update = entry_update,
    .act = entry_act,
    .draw = entry_draw,
    .key = entry_key,
    .paste = entry_paste,
    .size = entry_size,
    .note = entry_note,
};
