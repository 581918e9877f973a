/* SPDX-License-Identifier: MIT */
/*
 * A line to type, or several, at the bottom of the screen, with what would complete it above. What
 * was submitted before comes back with Up, C-p and C-r; Tab goes into the list of completions.
 */
#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "tui/model.h"
#include "tui/overlay.h"
#include "tui/recall.h"
#include "tui/typing.h"

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
    struct typing typing;
    const char *names[CANDIDATES], *helps[CANDIDATES];
    size_t count, chosen; /* chosen = count: none */
    size_t back;          /* the text is so far back; 0 = it is new */
    char *fresh;          /* what was being typed before that */
    char *sought;         /* C-r goes on looking for this; NULL = it did not begin */
    bool missed;          /* and found nothing further */
};

static const struct panel_class class;

static const struct {
    const char *title, *hint;
    bool several;     /* lines */
    const char *kind; /* what it is kept as; NULL = not at all */
} kinds[ENTRY_KINDS] = {
    [ENTRY_COMMAND] = {"Command", "Enter runs it, Tab completes, Up: earlier ones", false,
                       "command"},
    [ENTRY_PALETTE] = {"What to do", "a few letters of it; Enter does it", false, NULL},
    [ENTRY_SEARCH] = {"Search", "a pattern; small letters match both cases", false, "search"},
    [ENTRY_FILTER] = {"Filter", "only rows that match; empty shows all again", false, "search"},
    [ENTRY_NEW_RUN] = {"New run: what should the agent do?", "Enter starts it, M-Enter: new line",
                       true, "task"},
    [ENTRY_INJECT] = {"Message to the agent", "Enter sends it, M-Enter: new line", true, "message"},
    [ENTRY_LABEL] = {"Name of this checkpoint", "empty removes it", false, NULL},
    [ENTRY_FORK] = {"Name of the new branch", "one word; empty: rerail names it", false, NULL},
    [ENTRY_BREAK] = {"Stop where",
                     "tool NAME, error, state NAME, iteration N, cost $, context %, text …", false,
                     "break"},
    [ENTRY_JUMP] = {"Go to", "a label, a step's number, #N for iteration N, or last", false,
                    "place"},
    [ENTRY_DENY] = {"No. Why not?", "the model is told; may be empty", false, "reason"},
    [ENTRY_ARGUMENTS] = {"Arguments of the call", "Enter lets it run with these", true, NULL},
    [ENTRY_WRITE] = {"Write to file", "what Detail shows", false, "file"},
};

static void complete(struct entry *e)
{
    e->count = e->is.complete ? e->is.complete(e->is.self, e->is.kind, e->typing.text.data,
                                               e->names, e->helps, CANDIDATES)
                              : 0;
    e->chosen = e->is.kind == ENTRY_PALETTE && e->count > 0 ? 0 : e->count;
}

struct panel *entry_open(const struct entry_options *options)
{
    struct entry *e = mem_new(sizeof *e);

    e->panel.class = &class;
    e->is = *options;
    typing_init(&e->typing, ENTRY_MAX);
    if (options->text)
        typing_insert(&e->typing, options->text, strlen(options->text));
    complete(e);
    return &e->panel;
}

static void forget_search(struct entry *e)
{
    free(e->sought);
    e->sought = NULL;
    e->missed = false;
}

static void entry_close(struct panel *panel)
{
    struct entry *e = (struct entry *)panel;

    forget_search(e);
    free(e->fresh);
    typing_free(&e->typing);
    free(e);
}

/* --- typing --------------------------------------------------------------------------------------
 */

static unsigned entry_key(struct panel *panel, struct model *model, struct key key)
{
    struct entry *e = (struct entry *)panel;
    char bytes[4];

    (void)model;
    if (!key_types(key))
        return DID_REDRAW;
    forget_search(e);
    typing_insert(&e->typing, bytes, utf8_put(bytes, key.code));
    complete(e);
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
    forget_search(e);
    typing_insert(&e->typing, line, len);
    complete(e);
    free(line);
    return DID_REDRAW;
}

/* --- completion ----------------------------------------------------------------------------------
 */

static bool in_list(const struct entry *e)
{
    return e->chosen < e->count;
}

static void take_candidate(struct entry *e)
{
    char *text = mem_printf("%s ", e->names[e->chosen]);
    size_t start = e->is.kind == ENTRY_PALETTE ? 0 : typing_word(&e->typing);

    typing_replace(&e->typing, start, e->typing.text.len, text, strlen(text));
    free(text);
    complete(e);
}

static void choose(struct entry *e, int by)
{
    if (e->count == 0)
        return;
    if (!in_list(e))
        e->chosen = by > 0 ? 0 : e->count - 1;
    else
        e->chosen = (e->chosen + e->count + (size_t)by) % e->count;
}

/* One completion is taken; of several the next is chosen, and Enter takes it. */
static void tab(struct entry *e, int by)
{
    choose(e, by);
    if (e->count == 1)
        take_candidate(e);
}

/* --- what was typed before -----------------------------------------------------------------------
 */

static void show_typed(struct entry *e, const char *text, size_t back)
{
    if (e->back == 0) {
        free(e->fresh);
        e->fresh = mem_text(e->typing.text.data);
    }
    e->back = back;
    typing_set(&e->typing, text);
    complete(e);
}

static void older(struct entry *e)
{
    const char *kind = kinds[e->is.kind].kind;
    const char *text = kind && e->is.recall ? recall_get(e->is.recall, kind, e->back) : NULL;

    if (text)
        show_typed(e, text, e->back + 1);
}

static void newer(struct entry *e)
{
    if (e->back == 0)
        return;
    if (e->back == 1)
        show_typed(e, e->fresh, 0);
    else
        show_typed(e, recall_get(e->is.recall, kinds[e->is.kind].kind, e->back - 2), e->back - 1);
}

/* The next older one that holds what had been typed when it began. */
static void seek(struct entry *e)
{
    const char *kind = kinds[e->is.kind].kind;
    size_t back = e->back;

    if (!kind || !e->is.recall)
        return;
    if (!e->sought)
        e->sought = mem_text(e->typing.text.data);
    const char *text = recall_find(e->is.recall, kind, e->sought, &back);
    e->missed = !text;
    if (text)
        show_typed(e, text, back + 1);
}

/* --- keys ----------------------------------------------------------------------------------------
 */

static unsigned submit(struct entry *e)
{
    const char *kind = kinds[e->is.kind].kind;

    if (e->is.kind == ENTRY_PALETTE && in_list(e))
        return DID_CLOSE | e->is.submit(e->is.self, e->is.kind, e->names[e->chosen], e->is.number);
    if (in_list(e)) {
        take_candidate(e);
        return DID_REDRAW;
    }
    if (kind && e->is.recall)
        recall_add(e->is.recall, kind, e->typing.text.data);
    return DID_CLOSE | e->is.submit(e->is.self, e->is.kind, e->typing.text.data, e->is.number);
}

/* Esc leaves the list first. */
static unsigned back(struct entry *e)
{
    if (e->is.kind == ENTRY_PALETTE || !in_list(e))
        return DID_CLOSE;
    e->chosen = e->count;
    return DID_REDRAW;
}

/* Up and Down: in the list, else in the text, else to what was typed before. */
static void up_or_down(struct entry *e, enum action_id action)
{
    bool down = action == ACTION_PROMPT_DOWN;

    if (in_list(e))
        choose(e, down ? 1 : -1);
    else if (!typing_act(&e->typing, action))
        (down ? newer : older)(e);
}

static unsigned entry_act(struct panel *panel, struct model *model, enum action_id action)
{
    struct entry *e = (struct entry *)panel;

    (void)model;
    if (action != ACTION_PROMPT_SEARCH)
        forget_search(e);
    switch (action) {
    case ACTION_PROMPT_SUBMIT: return submit(e);
    case ACTION_BACK: return back(e);
    case ACTION_INTERRUPT: return DID_CLOSE;
    case ACTION_PROMPT_COMPLETE: tab(e, 1); return DID_REDRAW;
    case ACTION_PROMPT_COMPLETE_BACK: tab(e, -1); return DID_REDRAW;
    case ACTION_PROMPT_UP:
    case ACTION_PROMPT_DOWN: up_or_down(e, action); return DID_REDRAW;
    case ACTION_PROMPT_OLDER: in_list(e) ? choose(e, -1) : older(e); return DID_REDRAW;
    case ACTION_PROMPT_NEWER: in_list(e) ? choose(e, 1) : newer(e); return DID_REDRAW;
    case ACTION_PROMPT_SEARCH: seek(e); return DID_REDRAW;
    case ACTION_PROMPT_RUB:
        if (e->typing.text.len == 0)
            return DID_CLOSE; /* one more than was typed */
        break;
    case ACTION_PROMPT_NEWLINE:
        if (!kinds[e->is.kind].several)
            return DID_NOTHING;
        break;
    default: break;
    }
    if (!typing_act(&e->typing, action))
        return DID_NOTHING;
    complete(e);
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
    size_t rows = text_rows(e->typing.text.data, e->typing.text.len, w) +
                  (e->typing.text.len > 0 && e->typing.text.data[e->typing.text.len - 1] == '\n');

    return rows < 1 ? 1 : rows > TEXT_MAX ? TEXT_MAX : rows;
}

static void entry_size(const struct panel *panel, const struct model *model, int *w, int *h)
{
    const struct entry *e = (const struct entry *)panel;

    (void)model;
    *w = GRID_MAX_W; /* all there is, at the bottom */
    *h = (int)listed(e) + (int)text_lines(e, 60) + 1;
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
        .text = e->typing.text.data, .len = e->typing.text.len, .width = rect.w, .hard = true};
    size_t rows = text_lines(e, rect.w),
           all = text_rows(e->typing.text.data, e->typing.text.len, rect.w);
    size_t skip = all > rows ? all - rows : 0;
    struct text_row row;
    int y = 0, cursor_y = 0, cursor_x = 0;

    for (size_t i = 0; text_wrap_next(&wrap, &row); i++) {
        if (i < skip)
            continue;
        y = (int)(i - skip);
        pen_at(&pen, 0, y);
        (void)pen_add(&pen, ROLE_PROMPT, e->typing.text.data + row.start, row.end - row.start);
        if (e->typing.at >= row.start && e->typing.at <= row.end) {
            cursor_y = y;
            cursor_x = text_width(e->typing.text.data + row.start, e->typing.at - row.start);
        }
    }
    if (e->typing.text.len > 0 && e->typing.at == e->typing.text.len &&
        e->typing.text.data[e->typing.text.len - 1] == '\n')
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
    if (e->sought)
        pen_printf(&pen, e->missed ? ROLE_WARN : ROLE_DIM, "%s \"%s\"; C-r goes on",
                   e->missed ? "no earlier one with" : "earlier ones with", e->sought);
    else
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
