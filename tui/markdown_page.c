/* SPDX-License-Identifier: MIT */
/*
 * md4c calls for every block, span and piece of text. Text gathers in `flow` (or in the table's
 * cell, or as code) until its block ends; then it is wrapped behind the margin. A blank line stands
 * between blocks, but not between the items of a tight list: whoever starts a block puts the one
 * that is due.
 */
#include "tui/markdown_page.h"

#include <assert.h>
#include <md4c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/entity.h"
#include "tui/markdown_table.h"

#define FLOW_MAX (16u << 20)
#define CODE_TAB 4
#define DEEP_MAX 32 /* lists in lists; deeper ones count like the last */

struct list_level {
    bool ordered, tight;
    unsigned number;
};

struct page {
    struct lines *out;
    struct margin margin;
    struct lines flow; /* one line: the text of the block that is being read */
    struct buf scratch;
    bool blank_due;
    enum role role; /* of plain text: a heading's, a quotation's */
    unsigned attrs; /* of spans, and a heading's */
    int links, codes, quotes, lists;
    struct list_level levels[DEEP_MAX];
    struct buf link; /* where the link that is being read goes to */
    size_t link_start;
    struct buf code; /* a code block's text, */
    struct buf lang; /* its language */
    bool in_code;
    struct markdown_table table;
    bool in_table;
};

/* In prose a tab is a blank. */
static void add_text(struct page *p, enum role role, unsigned attrs, const char *text, size_t len)
{
    struct lines *to = p->in_table ? &p->table.cells : &p->flow;

    for (const char *tab; (tab = memchr(text, '\t', len)) != NULL;) {
        lines_add(to, role, attrs, text, (size_t)(tab - text));
        lines_add(to, role, attrs, " ", 1);
        len -= (size_t)(tab - text) + 1;
        text = tab + 1;
    }
    lines_add(to, role, attrs, text, len);
}

static enum role span_role(const struct page *p)
{
    return p->codes ? ROLE_CODE : p->links ? ROLE_LINK : p->role;
}

static void put_due_blank(struct page *p)
{
    if (p->blank_due && p->out->count > 0)
        margin_blank(&p->margin, p->out);
    p->blank_due = false;
}

static struct list_level *level_of(struct page *p)
{
    int at = p->lists < DEEP_MAX ? p->lists : DEEP_MAX;

    return at > 0 ? &p->levels[at - 1] : NULL;
}

/* Wraps what has gathered. */
static void flush(struct page *p)
{
    struct text_wrap wrap = {.width = margin_room(&p->margin)};
    struct text_row row;

    if (p->flow.count == 0)
        return;
    wrap.text = lines_text(&p->flow, 0, &wrap.len);
    if (wrap.len > 0)
        put_due_blank(p);
    while (text_wrap_next(&wrap, &row)) {
        margin_begin(&p->margin, p->out);
        lines_copy(p->out, &p->flow, 0, row.start, row.end);
    }
    lines_cut(&p->flow, 0);
    lines_begin(&p->flow);
}

static void end_block(struct page *p)
{
    flush(p);
    struct list_level *level = level_of(p);
    p->blank_due = !level || !level->tight;
}

static void draw_rule(struct page *p, const char *glyph, int columns)
{
    put_due_blank(p);
    margin_begin(&p->margin, p->out);
    lines_repeat(p->out, ROLE_CODE_BORDER, glyph, columns);
}

static void enter_list(struct page *p, bool ordered, bool tight, unsigned start)
{
    flush(p);
    struct list_level *outer = level_of(p);
    if (outer && outer->tight)
        p->blank_due = false;
    p->lists++;
    struct list_level *inner = level_of(p);
    assert(inner); /* p->lists was never below 0 */
    *inner = (struct list_level){.ordered = ordered, .tight = tight, .number = start};
}

static void leave_list(struct page *p)
{
    p->lists--;
    end_block(p);
}

static void enter_item(struct page *p, const MD_BLOCK_LI_DETAIL *item)
{
    static const char *const bullets[] = {"• ", "◦ ", "– "};
    struct list_level *level = level_of(p);
    char first[MARGIN_TEXT], rest[MARGIN_TEXT];

    put_due_blank(p);
    if (item->is_task)
        snprintf(first, sizeof first, "[%c] ", item->task_mark == ' ' ? ' ' : 'x');
    else if (level && level->ordered)
        snprintf(first, sizeof first, "%u. ", level->number++);
    else
        snprintf(first, sizeof first, "%s", bullets[p->lists > 0 ? (p->lists - 1) % 3 : 0]);
    snprintf(rest, sizeof rest, "%*s", text_width(first, strlen(first)), "");
    margin_push(&p->margin, ROLE_BULLET, first, rest);
}

static void leave_item(struct page *p)
{
    flush(p);
    if (!margin_started(&p->margin)) /* an item without text is an item all the same */
        margin_begin(&p->margin, p->out);
    margin_pop(&p->margin);
}

static void enter_quote(struct page *p)
{
    put_due_blank(p);
    margin_push(&p->margin, ROLE_CODE_BORDER, "▏ ", "▏ ");
    p->quotes++;
    p->role = ROLE_QUOTE;
}

static void leave_quote(struct page *p)
{
    p->quotes--;
    margin_pop(&p->margin);
    p->role = p->quotes ? ROLE_QUOTE : ROLE_TEXT;
    end_block(p);
}

static void enter_heading(struct page *p, unsigned level)
{
    p->role = ROLE_HEADING;
    p->attrs = level > 2 ? ATTR_BOLD | ATTR_ITALIC : ATTR_BOLD;
}

static void leave_heading(struct page *p, unsigned level)
{
    size_t len = 0;
    const char *text = p->flow.count > 0 ? lines_text(&p->flow, 0, &len) : "";
    int width = text_width(text, len), room = margin_room(&p->margin);

    flush(p);
    if (level == 1 && width > 0)
        draw_rule(p, "━", width < room ? width : room);
    p->role = p->quotes ? ROLE_QUOTE : ROLE_TEXT;
    p->attrs = 0;
    end_block(p);
}

/* Without room for a border, code stands bare. */
static bool has_border(const struct margin *margin)
{
    return margin_room(margin) >= 8;
}

/* The first word of what stands behind a fence. */
static size_t first_word(const char **text, size_t len)
{
    size_t start = 0;

    while (start < len && (*text)[start] <= ' ' && (*text)[start] >= 0)
        start++;
    size_t end = start;
    while (end < len && ((*text)[end] > ' ' || (*text)[end] < 0))
        end++;
    *text += start;
    return end - start;
}

void markdown_code_top(struct lines *out, struct margin *margin, const char *info, size_t len)
{
    int room = margin_room(margin), width;
    const char *lang = info;

    if (!has_border(margin))
        return;
    margin_begin(margin, out);
    lines_put(out, ROLE_CODE_BORDER, "┌");
    len = first_word(&lang, len);
    size_t fits = text_fit(lang, len, room - 4, &width);
    if (fits > 0) {
        lines_put(out, ROLE_CODE_BORDER, " ");
        lines_add(out, ROLE_DIM, 0, lang, fits);
        lines_put(out, ROLE_CODE_BORDER, " ");
        room -= width + 2;
    }
    lines_repeat(out, ROLE_CODE_BORDER, "─", room - 1);
}

/* Tabs become blanks, at stops of four as md4c has them: what is before them on the screen is not
   in the line. */
static int expand_tabs(struct buf *out, const char *text, size_t len)
{
    int rc = 0, column = 0;

    for (size_t at = 0; rc == 0 && at < len;) {
        const char *tab = memchr(text + at, '\t', len - at);
        size_t run = tab ? (size_t)(tab - text) - at : len - at;
        rc = buf_add(out, text + at, run);
        column += text_width(text + at, run);
        at += run + (tab != NULL);
        for (int blanks = tab ? CODE_TAB - column % CODE_TAB : 0; rc == 0 && blanks > 0; blanks--) {
            rc = buf_char(out, ' ');
            column++;
        }
    }
    return rc;
}

void markdown_code_line(struct lines *out, struct margin *margin, const char *text, size_t len)
{
    bool border = has_border(margin), more = true;
    struct text_row row;
    struct buf line;

    buf_init(&line, CODE_TAB * len);
    if (expand_tabs(&line, text, len) < 0)
        buf_clear(&line); /* out of memory: an empty line in its place */
    struct text_wrap wrap = {.text = line.data, .len = line.len, .hard = true};
    wrap.width = margin_room(margin) - (border ? 2 : 0);
    for (bool any = false; (more = text_wrap_next(&wrap, &row)) || !any; any = true) {
        margin_begin(margin, out);
        if (border)
            lines_put(out, ROLE_CODE_BORDER, line.len > 0 ? "│ " : "│");
        if (more)
            lines_add(out, ROLE_CODE, 0, line.data + row.start, row.end - row.start);
    }
    buf_free(&line);
}

void markdown_code_bottom(struct lines *out, struct margin *margin)
{
    if (!has_border(margin))
        return;
    margin_begin(margin, out);
    lines_put(out, ROLE_CODE_BORDER, "└");
    lines_repeat(out, ROLE_CODE_BORDER, "─", margin_room(margin) - 1);
}

static void enter_code(struct page *p, const MD_BLOCK_CODE_DETAIL *detail)
{
    flush(p);
    put_due_blank(p);
    p->in_code = true;
    buf_clear(&p->code);
    buf_clear(&p->lang);
    (void)buf_add(&p->lang, detail->info.text, detail->info.size); /* a name that long is none */
}

static void leave_code(struct page *p)
{
    const char *at = p->code.data, *end = at + p->code.len;

    p->in_code = false;
    markdown_code_top(p->out, &p->margin, p->lang.data, p->lang.len);
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline ? newline : end;
        markdown_code_line(p->out, &p->margin, at, (size_t)(stop - at));
        at = stop + 1;
    }
    markdown_code_bottom(p->out, &p->margin);
    end_block(p);
}

static void enter_table(struct page *p, const MD_BLOCK_TABLE_DETAIL *detail)
{
    flush(p);
    put_due_blank(p);
    markdown_table_init(&p->table, detail->col_count);
    p->in_table = true;
}

static void leave_table(struct page *p)
{
    p->in_table = false;
    markdown_table_draw(&p->table, p->out, &p->margin);
    markdown_table_free(&p->table);
    end_block(p);
}

static void enter_cell(struct page *p, const MD_BLOCK_TD_DETAIL *detail, bool head)
{
    size_t column = p->table.columns ? p->table.cells.count % p->table.columns : 0;

    if (column < MARKDOWN_COLUMNS)
        p->table.align[column] = detail->align == MD_ALIGN_RIGHT    ? MARKDOWN_RIGHT
                                 : detail->align == MD_ALIGN_CENTER ? MARKDOWN_CENTER
                                                                    : MARKDOWN_LEFT;
    lines_begin(&p->table.cells);
    p->attrs = head ? ATTR_BOLD : 0;
}

static int enter_block(MD_BLOCKTYPE type, void *detail, void *self)
{
    struct page *p = self;
    const MD_BLOCK_UL_DETAIL *ul = detail;
    const MD_BLOCK_OL_DETAIL *ol = detail;

    switch (type) {
    case MD_BLOCK_QUOTE: enter_quote(p); break;
    case MD_BLOCK_UL: enter_list(p, false, ul->is_tight, 0); break;
    case MD_BLOCK_OL: enter_list(p, true, ol->is_tight, ol->start); break;
    case MD_BLOCK_LI: enter_item(p, detail); break;
    case MD_BLOCK_H: enter_heading(p, ((const MD_BLOCK_H_DETAIL *)detail)->level); break;
    case MD_BLOCK_CODE: enter_code(p, detail); break;
    case MD_BLOCK_TABLE: enter_table(p, detail); break;
    case MD_BLOCK_TH: enter_cell(p, detail, true); break;
    case MD_BLOCK_TD: enter_cell(p, detail, false); break;
    default: break;
    }
    return 0;
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *self)
{
    struct page *p = self;

    switch (type) {
    case MD_BLOCK_QUOTE: leave_quote(p); break;
    case MD_BLOCK_UL:
    case MD_BLOCK_OL: leave_list(p); break;
    case MD_BLOCK_LI: leave_item(p); break;
    case MD_BLOCK_HR:
        draw_rule(p, "─", margin_room(&p->margin));
        end_block(p);
        break;
    case MD_BLOCK_H: leave_heading(p, ((const MD_BLOCK_H_DETAIL *)detail)->level); break;
    case MD_BLOCK_CODE: leave_code(p); break;
    case MD_BLOCK_TABLE: leave_table(p); break;
    case MD_BLOCK_TH: p->attrs = 0; break;
    case MD_BLOCK_P:
    case MD_BLOCK_HTML: end_block(p); break;
    default: break;
    }
    return 0;
}

static void enter_link(struct page *p, const MD_ATTRIBUTE *target)
{
    const struct lines *to = p->in_table ? &p->table.cells : &p->flow;

    p->links++;
    buf_clear(&p->link);
    (void)buf_add(&p->link, target->text, target->size); /* too long to be shown is not shown */
    p->link_start = to->text.len;
}

/* A link is its text; where it goes stands behind it, unless the text says so already. */
static void leave_link(struct page *p)
{
    const struct lines *to = p->in_table ? &p->table.cells : &p->flow;
    const char *text = to->text.data + p->link_start;
    size_t len = to->text.len - p->link_start, skip = p->link.len - len;

    p->links--;
    bool same = p->link.len >= len && memcmp(p->link.data + skip, text, len) == 0 &&
                (skip == 0 || p->link.data[skip - 1] == ':' || p->link.data[skip - 1] == '/');
    if (same || p->link.len == 0)
        return;
    add_text(p, ROLE_DIM, 0, " (", 2);
    add_text(p, ROLE_DIM, 0, p->link.data, p->link.len);
    add_text(p, ROLE_DIM, 0, ")", 1);
}

static int enter_span(MD_SPANTYPE type, void *detail, void *self)
{
    struct page *p = self;

    switch (type) {
    case MD_SPAN_EM: p->attrs |= ATTR_ITALIC; break;
    case MD_SPAN_STRONG: p->attrs |= ATTR_BOLD; break;
    case MD_SPAN_DEL: p->attrs |= ATTR_DIM; break;
    case MD_SPAN_CODE: p->codes++; break;
    case MD_SPAN_A: enter_link(p, &((MD_SPAN_A_DETAIL *)detail)->href); break;
    case MD_SPAN_IMG:
        add_text(p, ROLE_DIM, 0, "[image: ", 8);
        enter_link(p, &((MD_SPAN_IMG_DETAIL *)detail)->src);
        break;
    default: break;
    }
    return 0;
}

static int leave_span(MD_SPANTYPE type, void *detail, void *self)
{
    struct page *p = self;
    unsigned base = p->role == ROLE_HEADING ? ATTR_BOLD : 0;

    (void)detail;
    switch (type) {
    case MD_SPAN_EM: p->attrs &= ~(unsigned)ATTR_ITALIC; break;
    case MD_SPAN_STRONG: p->attrs = (p->attrs & ~(unsigned)ATTR_BOLD) | base; break;
    case MD_SPAN_DEL: p->attrs &= ~(unsigned)ATTR_DIM; break;
    case MD_SPAN_CODE: p->codes--; break;
    case MD_SPAN_A: leave_link(p); break;
    case MD_SPAN_IMG:
        leave_link(p);
        add_text(p, ROLE_DIM, 0, "]", 1);
        break;
    default: break;
    }
    return 0;
}

static void add_entity(struct page *p, const char *text, size_t len)
{
    buf_clear(&p->scratch);
    if (entity_add(&p->scratch, text, len) == 0)
        add_text(p, span_role(p), p->attrs, p->scratch.data, p->scratch.len);
}

static int add_piece(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE size, void *self)
{
    struct page *p = self;

    if (p->in_code) {
        (void)buf_add(&p->code, text, size); /* as long as the whole text at most */
        return 0;
    }
    switch (type) {
    case MD_TEXT_NULLCHAR: add_text(p, span_role(p), p->attrs, "\ufffd", 3); break;
    case MD_TEXT_BR: add_text(p, p->role, 0, "\n", 1); break;
    case MD_TEXT_SOFTBR: add_text(p, p->role, p->attrs, " ", 1); break;
    case MD_TEXT_ENTITY: add_entity(p, text, size); break;
    default: add_text(p, span_role(p), p->attrs, text, size); break;
    }
    return 0;
}

void markdown_page(struct lines *out, const char *text, size_t len, int width, bool apart)
{
    const MD_PARSER parser = {
        .flags = MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_TASKLISTS | MD_FLAG_NOHTML |
                 MD_FLAG_PERMISSIVEURLAUTOLINKS,
        .enter_block = enter_block,
        .leave_block = leave_block,
        .enter_span = enter_span,
        .leave_span = leave_span,
        .text = add_piece,
    };
    struct page p = {.out = out, .role = ROLE_TEXT, .blank_due = apart && out->count > 0};

    margin_init(&p.margin, width);
    lines_init(&p.flow, FLOW_MAX);
    lines_begin(&p.flow);
    buf_init(&p.scratch, 256);
    buf_init(&p.link, 4096);
    buf_init(&p.code, FLOW_MAX);
    buf_init(&p.lang, 256);
    if (md_parse(text, (MD_SIZE)len, &parser, &p) != 0) /* out of memory: what there is, bare */
        lines_add(&p.flow, ROLE_TEXT, 0, text, len);
    flush(&p);
    lines_free(&p.flow);
    buf_free(&p.scratch);
    buf_free(&p.link);
    buf_free(&p.code);
    buf_free(&p.lang);
}
