/* SPDX-License-Identifier: MIT */
#include "tui/markdown_table.h"

#include <string.h>

#define TABLE_MAX (1u << 20)
#define CELL_MIN  3
#define BETWEEN   " │ "
#define BETWEEN_W 3

void markdown_table_init(struct markdown_table *table, size_t columns)
{
    *table = (struct markdown_table){.columns = columns};
    lines_init(&table->cells, TABLE_MAX);
}

void markdown_table_free(struct markdown_table *table)
{
    lines_free(&table->cells);
}

static size_t shown_columns(const struct markdown_table *table)
{
    return table->columns < MARKDOWN_COLUMNS ? table->columns : MARKDOWN_COLUMNS;
}

static void natural_widths(const struct markdown_table *table, int *widths)
{
    size_t len;

    for (size_t c = 0; c < shown_columns(table); c++) {
        widths[c] = CELL_MIN;
        for (size_t i = c; i < table->cells.count; i += table->columns) {
            const char *text = lines_text(&table->cells, i, &len);
            int width = text_width(text, len);
            widths[c] = width > widths[c] ? width : widths[c];
        }
    }
}

/* Takes from the widest until all fit, one column at a time from the largest difference. */
static void fit_widths(int *widths, size_t count, int room)
{
    int sum = 0;

    for (size_t c = 0; c < count; c++)
        sum += widths[c];
    while (sum > room) {
        size_t widest = 0;
        int second = CELL_MIN;
        for (size_t c = 1; c < count; c++)
            if (widths[c] > widths[widest])
                widest = c;
        for (size_t c = 0; c < count; c++)
            if (c != widest && widths[c] > second && widths[c] < widths[widest])
                second = widths[c];
        int take = widths[widest] - second > 0 ? widths[widest] - second : 1;
        take = take > sum - room ? sum - room : take;
        if (widths[widest] - take < CELL_MIN)
            return;
        widths[widest] -= take;
        sum -= take;
    }
}

static void put_segment(const struct markdown_table *table, struct lines *out, size_t cell,
                        const struct text_row *row, enum markdown_align align, int width)
{
    int blanks = width - row->width;
    int before = align == MARKDOWN_RIGHT ? blanks : align == MARKDOWN_CENTER ? blanks / 2 : 0;

    lines_repeat(out, ROLE_TEXT, " ", before);
    lines_copy(out, &table->cells, cell, row->start, row->end);
    lines_repeat(out, ROLE_TEXT, " ", blanks - before);
}

/* One row of the table: as many lines as its longest cell needs. */
static void draw_row(const struct markdown_table *table, size_t first, const int *widths,
                     struct lines *out, struct margin *margin)
{
    struct text_wrap wraps[MARKDOWN_COLUMNS];
    struct text_row rows[MARKDOWN_COLUMNS];
    size_t columns = shown_columns(table);

    for (size_t c = 0; c < columns; c++) {
        wraps[c] = (struct text_wrap){.width = widths[c]};
        if (first + c < table->cells.count)
            wraps[c].text = lines_text(&table->cells, first + c, &wraps[c].len);
    }
    for (bool more = true, any = false; more; any = true) {
        more = false;
        for (size_t c = 0; c < columns; c++)
            more = text_wrap_next(&wraps[c], &rows[c]) || more;
        if (!more && any)
            return;
        margin_begin(margin, out);
        for (size_t c = 0; c < columns; c++) {
            if (c > 0)
                lines_put(out, ROLE_CODE_BORDER, BETWEEN);
            if (first + c < table->cells.count)
                put_segment(table, out, first + c, &rows[c], table->align[c], widths[c]);
        }
    }
}

static void draw_rule(const int *widths, size_t columns, struct lines *out, struct margin *margin)
{
    margin_begin(margin, out);
    for (size_t c = 0; c < columns; c++) {
        if (c > 0)
            lines_put(out, ROLE_CODE_BORDER, "─┼─");
        lines_repeat(out, ROLE_CODE_BORDER, "─", widths[c]);
    }
}

/* Where columns would be too narrow to read: a line a cell, a rule between rows. */
static void draw_stacked(const struct markdown_table *table, struct lines *out,
                         struct margin *margin)
{
    for (size_t i = 0; i < table->cells.count; i++) {
        struct text_wrap wrap = {.width = margin_room(margin)};
        struct text_row row;
        wrap.text = lines_text(&table->cells, i, &wrap.len);
        if (i > 0 && i % table->columns == 0) {
            margin_begin(margin, out);
            lines_repeat(out, ROLE_CODE_BORDER, "─", margin_room(margin));
        }
        while (text_wrap_next(&wrap, &row)) {
            margin_begin(margin, out);
            lines_copy(out, &table->cells, i, row.start, row.end);
        }
    }
}

void markdown_table_draw(const struct markdown_table *table, struct lines *out,
                         struct margin *margin)
{
    int widths[MARKDOWN_COLUMNS];
    size_t columns = shown_columns(table);
    int room = margin_room(margin) - BETWEEN_W * ((int)columns - 1);

    if (columns == 0)
        return;
    if (room < CELL_MIN * (int)columns) {
        draw_stacked(table, out, margin);
        return;
    }
    natural_widths(table, widths);
    fit_widths(widths, columns, room);
    for (size_t first = 0; first < table->cells.count; first += table->columns) {
        draw_row(table, first, widths, out, margin);
        if (first == 0)
            draw_rule(widths, columns, out, margin);
    }
}
