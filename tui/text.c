/* SPDX-License-Identifier: MIT */
#include "tui/text.h"

#include <limits.h>
#include <string.h>
#include <utf8proc.h>
#include <wchar.h>

#include "core/base/buf.h"
#include "core/base/charclass.h"
#include "core/base/utf8.h"

#define ELLIPSIS "…"
#define MARKS    4

#define REPLACEMENT 0xFFFD
#define NO_BASE     0x25CC /* dotted circle: what a mark without a base stands on */

static bool is_plain_ascii(char c)
{
    return c >= ' ' && c < 0x7F;
}

/* Columns of one character. A newer Unicode than the C library's, or a locale without it, makes
   wcwidth say -1: that is one column, where U+FFFD or '?' will stand. */
static int char_width(int32_t cp)
{
    if (cp < ' ')
        return 1;
    int width = wcwidth((wchar_t)cp);
    if (width >= 0)
        return width;
    return charclass_of(cp) == CHAR_MARK ? 0 : 1;
}

/* What stands on a base in one cell: marks, and the later letters of a Hangul syllable. */
static bool is_mark(int32_t cp)
{
    bool jamo = (cp >= 0x1160 && cp <= 0x11FF) || (cp >= 0xD7B0 && cp <= 0xD7FB);

    return cp >= 0 && (jamo || charclass_of(cp) == CHAR_MARK) && char_width(cp) == 0;
}

static int tab_width(int column)
{
    return TEXT_TAB - column % TEXT_TAB;
}

static bool is_pictograph(int32_t cp)
{
    return cp >= 0 &&
           utf8proc_get_property(cp)->boundclass == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC;
}

/* Bytes of the cluster at text, which does not start with plain ASCII followed by ASCII. */
static size_t cluster_bytes(const char *text, size_t len)
{
    utf8proc_int32_t state = 0;
    int32_t before, cp;
    size_t at = utf8_next(text, len, &before);

    while (at < len && before >= 0) {
        size_t used = utf8_next(text + at, len - at, &cp);
        if (cp < 0 || utf8proc_grapheme_break_stateful(before, cp, &state))
            break;
        at += used;
        before = cp;
    }
    return at;
}

/* Counts as text_cell draws: a pictograph swallows what follows it, a mark without a base stands on
   one of its own. */
static int cluster_width(const char *text, size_t bytes)
{
    int32_t cp;
    int width = 0;

    for (size_t at = 0; at < bytes;) {
        at += utf8_next(text + at, bytes - at, &cp);
        if (width == 0 && is_mark(cp))
            width = 1;
        else
            width += char_width(cp);
        if (is_pictograph(cp))
            break;
    }
    return width;
}

size_t text_cluster(const char *text, size_t len, int column, int *width)
{
    *width = 0;
    if (len == 0)
        return 0;
    if (is_plain_ascii(text[0]) && (len == 1 || (unsigned char)text[1] < 0x80)) {
        *width = 1;
        return 1;
    }
    if ((unsigned char)text[0] < ' ' || text[0] == 0x7F) {
        *width = text[0] == '\t' ? tab_width(column) : text[0] == '\n' ? 0 : 1;
        return 1;
    }
    size_t bytes = cluster_bytes(text, len);
    *width = cluster_width(text, bytes);
    return bytes;
}

static void cell_add(struct text_cell *cell, int32_t cp)
{
    cell->len = (uint8_t)(cell->len + utf8_put(cell->glyph + cell->len, cp));
}

/* The character itself when the terminal can be trusted with it. In a locale without Unicode
   nothing but ASCII is printable; there the grid finds a stand-in. */
static int32_t shown_base(int32_t cp)
{
    if (cp == '\t')
        return ' ';
    if (cp >= ' ' && wcwidth((wchar_t)cp) > 0)
        return cp;
    bool unicode = wcwidth(0xE9) > 0;
    bool safe = cp >= 0xA0 && charclass_of(cp) != CHAR_WRONG;
    return safe && !unicode ? cp : REPLACEMENT;
}

/* Adds the marks behind a base, up to the next character that has a width or the cluster's end;
   a pictograph swallows its whole cluster. Returns where it stopped. */
static size_t add_marks(struct text_cell *cell, const char *text, size_t at, size_t end, bool whole)
{
    for (int marks = 0; at < end;) {
        int32_t cp;
        size_t used = utf8_next(text + at, end - at, &cp);
        bool mark = is_mark(cp);
        if (!whole && !mark && char_width(cp) > 0)
            break;
        if (mark && marks++ < MARKS)
            cell_add(cell, cp);
        at += used;
    }
    return at;
}

size_t text_cell(struct text_cell *out, const char *text, size_t len)
{
    int32_t cp;

    *out = (struct text_cell){0};
    if (len == 0)
        return 0;
    size_t at = utf8_next(text, len, &cp);
    if (at == 1 && is_plain_ascii(text[0]) && (len == 1 || (unsigned char)text[1] < 0x80)) {
        out->glyph[0] = text[0];
        out->len = out->width = 1;
        return 1;
    }
    int width = char_width(cp);
    if (cp == '\n' || (width == 0 && !is_mark(cp)))
        return at;
    out->width = (uint8_t)(width == 0 ? 1 : width);
    cell_add(out, width == 0 ? NO_BASE : shown_base(cp));
    return add_marks(out, text, width == 0 ? 0 : at, cluster_bytes(text, len), is_pictograph(cp));
}

size_t text_fit(const char *text, size_t len, int columns, int *width)
{
    size_t at = 0;
    int used = 0, w;

    while (at < len) {
        size_t bytes = text_cluster(text + at, len - at, used, &w);
        if (w > columns - used)
            break;
        at += bytes;
        used += w;
    }
    if (width)
        *width = used;
    return at;
}

int text_width(const char *text, size_t len)
{
    int width;

    text_fit(text, len, INT_MAX, &width);
    return width;
}

/* Start of a stretch in which clusters may be counted: none spans a plain ASCII pair. */
static size_t safe_start(const char *text, size_t at)
{
    while (at > 0 && !(is_plain_ascii(text[at - 1]) && (unsigned char)text[at] < 0x80))
        at--;
    return at;
}

size_t text_before(const char *text, size_t at)
{
    int width;

    if (at == 0)
        return 0;
    size_t start = safe_start(text, at - 1);
    for (;;) {
        size_t bytes = text_cluster(text + start, at - start, 0, &width);
        if (start + bytes >= at)
            return start;
        start += bytes;
    }
}

int text_cut(struct buf *out, const char *text, size_t len, int columns, bool pad)
{
    int width, rc;

    if (columns <= 0)
        return 0;
    size_t fits = text_fit(text, len, columns, &width);
    bool cut = fits < len;
    if (cut)
        fits = text_fit(text, fits, columns - 1, &width);
    rc = buf_add(out, text, fits);
    if (rc == 0 && cut) {
        rc = buf_text(out, ELLIPSIS);
        width++;
    }
    for (; rc == 0 && pad && width < columns; width++)
        rc = buf_char(out, ' ');
    return rc;
}

/* Where a row in the making could end, should the next cluster not fit. */
struct break_point {
    size_t at; /* 0 = nowhere yet */
    int width;
};

/* Characters of Chinese and Japanese that must not start a row, or end one. */
static const char *const closing[] = {"、", "。", "，", "．", "：", "；", "！", "？", "）", "］",
                                      "｝", "」", "』", "】", "〉", "》", "〕", "ー", "々", "…"};
static const char *const opening[] = {"（", "［", "｛", "「", "『", "【", "〈", "《", "〔"};

static bool is_one_of(const char *const *set, size_t count, const char *text, size_t len)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(set[i]) == len && memcmp(set[i], text, len) == 0)
            return true;
    return false;
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c < 0;
}

struct cluster {
    const char *at;
    size_t len;
    int width;
    bool after_word; /* a letter or digit stands before it */
};

/* May a row end between these two neighbours, neither of which is a blank? */
static bool may_part(const struct cluster *a, const struct cluster *b)
{
    if (a->len == 0)
        return false;
    if (a->at[0] == '-' || a->at[0] == '/')
        return a->len == 1 && a->after_word && is_word(b->at[0]);
    if (a->width < 2 && b->width < 2)
        return false;
    return !is_one_of(closing, sizeof closing / sizeof *closing, b->at, b->len) &&
           !is_one_of(opening, sizeof opening / sizeof *opening, a->at, a->len);
}

static bool is_blank(const struct cluster *c)
{
    return c->len == 1 && (c->at[0] == ' ' || c->at[0] == '\t');
}

/* Blanks at a break are nobody's: the next row starts behind them. */
static size_t skip_blanks(const struct text_wrap *w, size_t at)
{
    while (at < w->len && (w->text[at] == ' ' || w->text[at] == '\t'))
        at++;
    return at;
}

static void end_row(struct text_wrap *w, struct text_row *row, size_t end, size_t next, int width)
{
    bool newline = next < w->len && w->text[next] == '\n';

    row->end = end;
    row->width = width;
    row->last = newline || next >= w->len;
    w->at = next + newline;
}

/* The row is full before the cluster at `at`. */
static void break_row(struct text_wrap *w, struct text_row *row, const struct break_point *point,
                      size_t at, int width)
{
    if (point->at > row->start)
        end_row(w, row, point->at, skip_blanks(w, point->at), point->width);
    else
        end_row(w, row, at, at, width);
}

bool text_wrap_next(struct text_wrap *w, struct text_row *row)
{
    struct cluster before = {.at = "", .len = 0}, now;
    struct break_point point = {0};
    int columns = w->width < 1 ? 1 : w->width, used = 0;
    bool words = false; /* something but blanks stands on the row */

    *row = (struct text_row){.start = w->at};
    if (w->at >= w->len)
        return false;
    for (size_t at = w->at;; at += now.len) {
        now.after_word = before.len > 0 && is_word(before.at[0]);
        now.at = w->text + at;
        now.len = text_cluster(now.at, w->len - at, used, &now.width);
        if (now.len == 0 || *now.at == '\n') {
            end_row(w, row, at, at, used);
            return true;
        }
        bool blank = is_blank(&now);
        if (!w->hard && words && !is_blank(&before) && (blank || may_part(&before, &now)))
            point = (struct break_point){.at = at, .width = used};
        if (used + now.width > columns && at > row->start) {
            break_row(w, row, &point, at, used);
            return true;
        }
        used = used + now.width > columns ? columns : used + now.width;
        words = words || !blank;
        before = now;
    }
}

size_t text_rows(const char *text, size_t len, int width)
{
    struct text_wrap wrap = {.text = text, .len = len, .width = width};
    struct text_row row;
    size_t count = 0;

    while (text_wrap_next(&wrap, &row))
        count++;
    return count;
}
