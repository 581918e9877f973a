/* SPDX-License-Identifier: MIT */
/*
 * The text is cut at safe places into pieces that are rendered once and for all: behind a blank
 * line, where what follows starts a block of its own at the left edge and no list can go on; and
 * before and behind a fence of code. Inside a fence each line is rendered as it ends. Only what is
 * behind the last safe place (the tail) is rendered anew whenever somebody looks.
 */
#include "tui/markdown.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sanitize.h"
#include "tui/markdown_page.h"
#include "tui/text.h"

#define LINES_MAX (4 * MARKDOWN_MAX)
#define TAIL_MAX  (8u << 10) /* bytes; a longer block is cut at one of its lines until the end */

struct markdown {
    struct buf text; /* what came, sanitized */
    struct sanitize sanitize;
    bool ended;
    bool cut; /* it was longer than MARKDOWN_MAX */
    int width;
    struct lines lines;
    size_t done;       /* bytes that are rendered for good, */
    size_t done_lines; /* to so many lines */
    bool joined;       /* what follows done goes on with a block that was cut */
    size_t cost;
    size_t drawn;      /* bytes that lines show, the tail included */
    size_t scan;       /* start of the first line that was not looked at */
    bool blank_before; /* the line before scan is blank, or scan is the start */
    bool fenced;       /* done lies inside a fence of code, */
    char fence;        /* of these characters, */
    size_t fence_len;  /* so many */
};

static void put(void *self, const char *text, size_t len, bool shown)
{
    struct markdown *m = self;

    (void)shown; /* a picture is text like other text here */
    if (!m->cut && buf_add(&m->text, text, len) < 0)
        m->cut = true;
}

void markdown_new(struct markdown **out)
{
    struct markdown *m = mem_new(sizeof *m);

    buf_init(&m->text, MARKDOWN_MAX);
    lines_init(&m->lines, LINES_MAX);
    m->blank_before = true;
    sanitize_start(&m->sanitize, SANITIZE_OUTPUT, (struct sanitize_sink){put, m});
    *out = m;
}

void markdown_free(struct markdown *m)
{
    if (!m)
        return;
    buf_free(&m->text);
    lines_free(&m->lines);
    free(m);
}

void markdown_feed(struct markdown *m, const char *text, size_t len)
{
    sanitize_feed(&m->sanitize, text, len);
}

static void start_over(struct markdown *m)
{
    lines_cut(&m->lines, 0);
    m->done = m->done_lines = m->drawn = m->scan = 0;
    m->joined = false;
    m->blank_before = true;
    m->fenced = false;
}

void markdown_end(struct markdown *m)
{
    if (m->ended)
        return;
    sanitize_end(&m->sanitize);
    m->ended = true;
    start_over(m);
}

size_t markdown_cost(const struct markdown *m)
{
    return m->cost;
}

struct source_line {
    const char *at;
    size_t len;  /* without its newline */
    size_t next; /* where the next one starts */
};

/* The line at `from`; false when its end has not come. */
static bool whole_line(const struct markdown *m, size_t from, struct source_line *line)
{
    const char *at = m->text.data + from;
    const char *newline = memchr(at, '\n', m->text.len - from);

    if (!newline)
        return false;
    *line = (struct source_line){at, (size_t)(newline - at), (size_t)(newline - m->text.data) + 1};
    return true;
}

static size_t indent_of(const struct source_line *line)
{
    size_t at = 0;

    while (at < line->len && line->at[at] == ' ')
        at++;
    return at;
}

static bool is_blank(const struct source_line *line)
{
    for (size_t i = 0; i < line->len; i++)
        if (line->at[i] != ' ' && line->at[i] != '\t')
            return false;
    return true;
}

/* How many fence characters start the line; 0 when fewer than three. */
static size_t fence_run(const struct source_line *line, char *fence)
{
    size_t start = indent_of(line), at = start;

    if (at == line->len || (line->at[at] != '`' && line->at[at] != '~'))
        return 0;
    *fence = line->at[at];
    while (at < line->len && line->at[at] == *fence)
        at++;
    return at - start >= 3 ? at - start : 0;
}

/* An opening fence at the left edge; one of backticks has none behind them. */
static bool opens_fence(const struct source_line *line, char *fence, size_t *len)
{
    *len = fence_run(line, fence);
    return *len > 0 && indent_of(line) == 0 &&
           (*fence == '~' || !memchr(line->at + *len, '`', line->len - *len));
}

static bool closes_fence(const struct markdown *m, const struct source_line *line)
{
    char fence = 0;
    size_t start = indent_of(line), run = fence_run(line, &fence);

    if (run < m->fence_len || fence != m->fence || start > 3)
        return false;
    const struct source_line rest = {line->at + start + run, line->len - start - run, 0};
    return is_blank(&rest);
}

/* A list may go on behind a blank line: with its next item, or indented. */
static bool may_continue_list(const struct source_line *line)
{
    size_t at = 0;

    if (line->len == 0 || line->at[0] == ' ' || line->at[0] == '\t')
        return true;
    if (strchr("-+*", line->at[0]))
        return line->len == 1 || line->at[1] == ' ' || line->at[1] == '\t';
    while (at < line->len && line->at[at] >= '0' && line->at[at] <= '9')
        at++;
    return at > 0 && at < line->len && (line->at[at] == '.' || line->at[at] == ')');
}

static void draw_page(struct markdown *m, size_t end)
{
    if (end > m->done)
        markdown_page(&m->lines, m->text.data + m->done, end - m->done, m->width, !m->joined);
    m->cost += end - m->done;
}

static void render(struct markdown *m, size_t end, bool joined)
{
    draw_page(m, end);
    m->done = end;
    m->joined = joined;
}

/* Starts a fence: its first line is rendered and done. */
static void enter_fence(struct markdown *m, const struct source_line *line, char fence, size_t len)
{
    struct margin margin;

    margin_init(&margin, m->width);
    if (m->lines.count > 0)
        lines_begin(&m->lines);
    markdown_code_top(&m->lines, &margin, line->at + len, line->len - len);
    m->fenced = true;
    m->fence = fence;
    m->fence_len = len;
    m->done = m->scan = line->next;
}

static void step_fence(struct markdown *m, const struct source_line *line)
{
    struct margin margin;

    margin_init(&margin, m->width);
    if (closes_fence(m, line)) {
        markdown_code_bottom(&m->lines, &margin);
        m->fenced = false;
        m->blank_before = true;
    } else {
        markdown_code_line(&m->lines, &margin, line->at, line->len);
    }
    m->cost += line->len;
    m->done = m->scan = line->next;
}

/* Looks at one more whole line outside a fence. */
static void step_text(struct markdown *m, const struct source_line *line)
{
    char fence;
    size_t len, start = (size_t)(line->at - m->text.data);

    if (opens_fence(line, &fence, &len)) { /* which ends a paragraph and a list alike */
        render(m, start, false);
        enter_fence(m, line, fence, len);
        return;
    }
    bool blank = is_blank(line);
    if (m->blank_before && !blank && !may_continue_list(line))
        render(m, start, false);
    else if (start - m->done > TAIL_MAX && !blank && indent_of(line) == 0)
        render(m, start, true);
    m->blank_before = blank;
    m->scan = line->next;
}

/* Renders for good what has become safe. An indented fence belongs to a list, and what is in it
   says nothing about blocks: the scan holds there until the text is ended. */
static void advance(struct markdown *m)
{
    struct source_line line;
    char fence;

    while (!m->lines.full && whole_line(m, m->scan, &line)) {
        if (m->fenced) {
            step_fence(m, &line);
            continue;
        }
        if (indent_of(&line) > 0 && fence_run(&line, &fence) > 0 &&
            m->text.len - m->done <= TAIL_MAX)
            return;
        step_text(m, &line);
    }
}

/* What is not safe yet, as it would look if nothing more came. */
static void draw_tail(struct markdown *m)
{
    const char *tail = m->text.data + m->done;
    size_t len = m->text.len - m->done;
    struct margin margin;

    margin_init(&margin, m->width);
    if (m->fenced) {
        if (len > 0)
            markdown_code_line(&m->lines, &margin, tail, len);
        markdown_code_bottom(&m->lines, &margin);
        m->cost += len;
    } else {
        draw_page(m, m->text.len);
    }
    if (m->cut) {
        lines_begin(&m->lines);
        lines_put(&m->lines, ROLE_WARN, "… the rest is too long to be shown");
    }
    m->drawn = m->text.len;
}

const struct lines *markdown_lines(struct markdown *m, int width)
{
    if (width != m->width) {
        m->width = width;
        start_over(m);
    } else if (m->drawn == m->text.len && m->drawn > 0) {
        return &m->lines;
    }
    lines_cut(&m->lines, m->done_lines);
    if (!m->ended)
        advance(m);
    m->done_lines = m->lines.count;
    draw_tail(m);
    return &m->lines;
}
