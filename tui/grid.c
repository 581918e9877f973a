/* SPDX-License-Identifier: MIT */
#include "tui/grid.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"

static const struct cell blank = {.glyph = " ", .len = 1, .width = 1, .role = ROLE_TEXT};

/* Lines by the sides they reach: 1 up, 2 right, 4 down, 8 left. */
static const char *const lines[16] = {" ", "╵", "╶", "└", "╷", "│", "┌", "├",
                                      "╴", "┘", "─", "┴", "┐", "┤", "┬", "┼"};
static const char ascii_lines[16] = {' ', '|', '-', '+', '|', '|', '+', '+',
                                     '-', '+', '-', '+', '+', '+', '+', '+'};

static int at_most(int value, int max)
{
    return value < 0 ? 0 : value > max ? max : value;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

struct rect rect_cut(struct rect a, struct rect b)
{
    int x = larger(a.x, b.x), y = larger(a.y, b.y);
    int right = smaller(a.x + a.w, b.x + b.w), bottom = smaller(a.y + a.h, b.y + b.h);

    return (struct rect){x, y, larger(right - x, 0), larger(bottom - y, 0)};
}

struct rect rect_inner(struct rect r)
{
    return (struct rect){r.x + 1, r.y + 1, larger(r.w - 2, 0), larger(r.h - 2, 0)};
}

bool rect_has(struct rect r, int x, int y)
{
    return x >= r.x && y >= r.y && x < r.x + r.w && y < r.y + r.h;
}

struct rect rect_center(struct rect r, int w, int h)
{
    w = smaller(w, r.w);
    h = smaller(h, r.h);
    return (struct rect){r.x + (r.w - w) / 2, r.y + (r.h - h) / 2, w, h};
}

void grid_init(struct grid *grid, int w, int h)
{
    *grid = (struct grid){0};
    grid_resize(grid, w, h);
}

void grid_free(struct grid *grid)
{
    free(grid->cells);
    *grid = (struct grid){0};
}

void grid_resize(struct grid *grid, int w, int h)
{
    grid->w = at_most(w, GRID_MAX_W);
    grid->h = at_most(h, GRID_MAX_H);
    free(grid->cells);
    grid->cells = mem_array((size_t)grid->w * (size_t)grid->h, sizeof *grid->cells);
    grid_clear(grid);
}

void grid_clear(struct grid *grid)
{
    size_t count = (size_t)grid->w * (size_t)grid->h;

    for (size_t i = 0; i < count; i++)
        grid->cells[i] = blank;
    grid->cursor = false;
}

struct rect grid_rect(const struct grid *grid)
{
    return (struct rect){0, 0, grid->w, grid->h};
}

static struct cell *cell_at(struct grid *grid, int x, int y)
{
    return &grid->cells[(size_t)y * (size_t)grid->w + (size_t)x];
}

const struct cell *grid_cell(const struct grid *grid, int x, int y)
{
    return &grid->cells[(size_t)y * (size_t)grid->w + (size_t)x];
}

/* Half of a wide character is no character: what loses its other half becomes a blank. */
static void make_blank(struct cell *cell)
{
    uint8_t role = cell->role, attrs = cell->attrs;

    *cell = blank;
    cell->role = role;
    cell->attrs = attrs;
}

static void part_wide(struct grid *grid, int x, int y)
{
    struct cell *cell = cell_at(grid, x, y);

    if (cell->width == 0 && x > 0)
        make_blank(cell - 1);
    if (cell->width == 2 && x + 1 < grid->w)
        make_blank(cell + 1);
}

/* Puts a cell whose columns are all inside the grid. */
static void put_cell(struct grid *grid, int x, int y, const struct cell *cell)
{
    for (int i = 0; i < cell->width; i++)
        part_wide(grid, x + i, y);
    *cell_at(grid, x, y) = *cell;
    if (cell->width == 2)
        *cell_at(grid, x + 1, y) =
            (struct cell){.width = 0, .role = cell->role, .attrs = cell->attrs};
}

struct stand_in {
    const char *glyph;
    char ascii;
};

static const struct stand_in stand_ins[] = {
    {"…", '~'},   {"●", '*'}, {"○", 'o'}, {"◌", 'o'}, {"◉", '*'},  {"•", '*'},  {"·", '.'},
    {"▸", '>'},   {"▾", 'v'}, {"›", '>'}, {"‹", '<'}, {"→", '>'},  {"←", '<'},  {"↑", '^'},
    {"↓", 'v'},   {"↻", '@'}, {"✓", '+'}, {"✗", 'x'}, {"⚠", '!'},  {"⏎", '$'},  {"␍", '<'},
    {"⟨", '<'},   {"⟩", '>'}, {"–", '-'}, {"—", '-'}, {"‘", '\''}, {"’", '\''}, {"“", '"'},
    {"”", '"'},   {"▕", '['}, {"▏", ']'}, {"░", '.'}, {"▒", ':'},  {"▓", '='},  {"█", '#'},
    {"▁", '_'},   {"▂", '.'}, {"▃", '-'}, {"▄", '='}, {"▅", '+'},  {"▆", '*'},  {"▇", '%'},
    {"⏸", '='}, {"■", '#'}, {"□", '.'}, {"◆", '*'}, {"◇", 'o'},  {"§", 'S'},  {"×", 'x'},
    {"≤", '<'},   {"≥", '>'}, {"─", '-'}, {"│", '|'}, {"━", '='},  {"┃", '|'},  {"╌", '-'},
};

static int arms_of(const char *glyph, size_t len)
{
    for (int arms = 1; arms < 16; arms++)
        if (strlen(lines[arms]) == len && memcmp(lines[arms], glyph, len) == 0)
            return arms;
    return 0;
}

/* The letter under an accent, when it is an ASCII one. */
static char plain_letter(const char *glyph, size_t len)
{
    utf8proc_int32_t parts[8];
    int32_t cp;
    int boundary = 0;

    utf8_next(glyph, len, &cp);
    if (cp < 0)
        return '?';
    utf8proc_ssize_t count = utf8proc_decompose_char(cp, parts, 8, UTF8PROC_DECOMPOSE, &boundary);
    if (count <= 0 || parts[0] <= ' ' || parts[0] >= 0x7F)
        return '?';
    return (char)parts[0];
}

char grid_stand_in(const char *glyph, size_t len)
{
    if (len > 0 && (unsigned char)glyph[0] < 0x80)
        return glyph[0];
    for (size_t i = 0; i < sizeof stand_ins / sizeof *stand_ins; i++)
        if (strlen(stand_ins[i].glyph) == len && memcmp(stand_ins[i].glyph, glyph, len) == 0)
            return stand_ins[i].ascii;
    int arms = arms_of(glyph, len);
    if (arms)
        return ascii_lines[arms];
    return plain_letter(glyph, len);
}

void grid_fill(struct grid *grid, struct rect rect, enum role role)
{
    struct cell cell = blank;
    struct rect in = rect_cut(rect, grid_rect(grid));

    cell.role = (uint8_t)role;
    for (int y = in.y; y < in.y + in.h; y++)
        for (int x = in.x; x < in.x + in.w; x++)
            put_cell(grid, x, y, &cell);
}

void grid_attrs(struct grid *grid, struct rect rect, unsigned attrs)
{
    struct rect in = rect_cut(rect, grid_rect(grid));

    for (int y = in.y; y < in.y + in.h; y++)
        for (int x = in.x; x < in.x + in.w; x++)
            cell_at(grid, x, y)->attrs |= (uint8_t)attrs;
}

static int arms_at(const struct grid *grid, const struct cell *cell)
{
    if (!grid->ascii)
        return arms_of(cell->glyph, cell->len);
    switch (cell->glyph[0]) {
    case '-': return 2 | 8;
    case '|': return 1 | 4;
    case '+': return 15;
    default: return 0;
    }
}

static void put_arms(struct grid *grid, struct rect clip, int x, int y, int arms, enum role role)
{
    struct cell cell = {.width = 1, .role = (uint8_t)role};

    if (!rect_has(clip, x, y))
        return;
    arms |= arms_at(grid, cell_at(grid, x, y));
    if (grid->ascii) {
        cell.glyph[0] = ascii_lines[arms];
        cell.len = 1;
    } else {
        cell.len = (uint8_t)strlen(lines[arms]);
        memcpy(cell.glyph, lines[arms], cell.len);
    }
    put_cell(grid, x, y, &cell);
}

void grid_box(struct grid *grid, struct rect r, enum role role)
{
    struct rect clip = grid_rect(grid);
    int right = r.x + r.w - 1, bottom = r.y + r.h - 1;

    if (r.w < 2 || r.h < 2)
        return;
    for (int x = r.x + 1; x < right; x++) {
        put_arms(grid, clip, x, r.y, 2 | 8, role);
        put_arms(grid, clip, x, bottom, 2 | 8, role);
    }
    for (int y = r.y + 1; y < bottom; y++) {
        put_arms(grid, clip, r.x, y, 1 | 4, role);
        put_arms(grid, clip, right, y, 1 | 4, role);
    }
    put_arms(grid, clip, r.x, r.y, 2 | 4, role);
    put_arms(grid, clip, right, r.y, 4 | 8, role);
    put_arms(grid, clip, r.x, bottom, 1 | 2, role);
    put_arms(grid, clip, right, bottom, 1 | 8, role);
}

void grid_cursor(struct grid *grid, int x, int y)
{
    grid->cursor = rect_has(grid_rect(grid), x, y);
    grid->cursor_x = x;
    grid->cursor_y = y;
}

struct pen grid_pen(struct grid *grid, struct rect area)
{
    return (struct pen){.grid = grid, .area = area};
}

void pen_at(struct pen *pen, int x, int y)
{
    pen->x = x;
    pen->y = y;
}

int pen_left(const struct pen *pen)
{
    return larger(pen->area.w - pen->x, 0);
}

/* Puts one glyph where the pen stands; of a wide one that is cut by the edge, a blank remains. */
static void put_glyph(struct pen *pen, struct rect clip, enum role role,
                      const struct text_cell *glyph)
{
    struct cell cell = blank;
    int x = pen->area.x + pen->x, y = pen->area.y + pen->y;
    bool whole = rect_has(clip, x, y) && rect_has(clip, x + glyph->width - 1, y);

    cell.role = (uint8_t)role;
    cell.attrs = (uint8_t)pen->attrs;
    if (whole && !pen->grid->ascii) {
        memcpy(cell.glyph, glyph->glyph, sizeof cell.glyph);
        cell.len = glyph->len;
        cell.width = glyph->width;
        put_cell(pen->grid, x, y, &cell);
        return;
    }
    if (whole)
        cell.glyph[0] = grid_stand_in(glyph->glyph, glyph->len);
    for (int i = 0; i < glyph->width; i++)
        if (rect_has(clip, x + i, y))
            put_cell(pen->grid, x + i, y, &cell);
}

/* One more glyph of a text that starts at column `start`; returns the bytes it took. */
static size_t put_next(struct pen *pen, struct rect clip, enum role role, int start,
                       const char *text, size_t len)
{
    struct text_cell glyph;
    size_t used = text_cell(&glyph, text, len);
    int tab = text[0] == '\t' ? TEXT_TAB - (pen->x - start) % TEXT_TAB : 1;

    while (glyph.width > 0 && tab-- > 0) {
        put_glyph(pen, clip, role, &glyph);
        pen->x += glyph.width;
    }
    return used;
}

int pen_add(struct pen *pen, enum role role, const char *text, size_t len)
{
    struct rect clip = rect_cut(pen->area, grid_rect(pen->grid));
    int start = pen->x;

    for (size_t at = 0; at < len && text[at] != '\n' && pen->x < pen->area.w;)
        at += put_next(pen, clip, role, start, text + at, len - at);
    return pen->x - start;
}

int pen_put(struct pen *pen, enum role role, const char *text)
{
    return pen_add(pen, role, text, strlen(text));
}

int pen_printf(struct pen *pen, enum role role, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    int len = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (len < 0)
        return 0;
    size_t kept = (size_t)len < sizeof text ? (size_t)len : utf8_cut(text, sizeof text - 1);
    return pen_add(pen, role, text, kept);
}

int pen_cut(struct pen *pen, enum role role, const char *text, int columns)
{
    size_t len = strcspn(text, "\n");
    int width;

    if (columns <= 0)
        return 0;
    size_t fits = text_fit(text, len, columns, &width);
    if (fits == len)
        return pen_add(pen, role, text, len);
    fits = text_fit(text, fits, columns - 1, &width);
    return pen_add(pen, role, text, fits) + pen_put(pen, role, "…");
}

int pen_right(struct pen *pen, enum role role, const char *text)
{
    pen->x = pen->area.w - text_width(text, strlen(text));
    return pen_put(pen, role, text);
}

void pen_repeat(struct pen *pen, enum role role, const char *glyph, int count)
{
    while (count-- > 0 && pen->x < pen->area.w)
        pen_put(pen, role, glyph);
}

/* "{role}", with the attributes' letters behind it: "{text+bu}". */
static int dump_style(const struct cell *cell, struct buf *out)
{
    static const char letters[] = "bdiurs";
    char attrs[8];
    size_t n = 0;

    for (unsigned i = 0; letters[i]; i++)
        if (cell->attrs & 1u << i)
            attrs[n++] = letters[i];
    attrs[n] = '\0';
    return buf_printf(out, "{%s%s%s}", role_name(cell->role), n ? "+" : "", attrs);
}

static bool is_blank(const struct cell *cell)
{
    return cell->len == 1 && cell->glyph[0] == ' ';
}

static int dump_row(const struct grid *grid, int y, struct buf *out, bool with_roles)
{
    const struct cell *row = grid_cell(grid, 0, y);
    int end = grid->w, rc = 0;
    unsigned style = ROLE_TEXT << 8; /* role and attributes of the cell before */

    while (end > 0 && is_blank(&row[end - 1]) &&
           (!with_roles || (row[end - 1].role == ROLE_TEXT && row[end - 1].attrs == 0)))
        end--;
    for (int x = 0; rc == 0 && x < end; x++) {
        unsigned now = (unsigned)row[x].role << 8 | row[x].attrs;
        if (with_roles && now != style)
            rc = dump_style(&row[x], out);
        style = now;
        if (rc == 0)
            rc = buf_add(out, row[x].glyph, row[x].len);
    }
    return rc < 0 ? rc : buf_char(out, '\n');
}

int grid_dump(const struct grid *grid, struct buf *out, bool with_roles)
{
    int rc = 0;

    for (int y = 0; rc == 0 && y < grid->h; y++)
        if (grid->w > 0)
            rc = dump_row(grid, y, out, with_roles);
    return rc;
}
