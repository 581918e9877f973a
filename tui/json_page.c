/* SPDX-License-Identifier: MIT */
#include "tui/json_page.h"

#include "core/base/mem.h"
#include "tui/json_tree.h"
#include "tui/lines.h"
#include "tui/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define JSON_MAX  ((size_t)1 << 20) /* bytes of text that are a tree */
#define LINES_MAX ((size_t)8 << 20) /* bytes of all lines */
#define OPEN_ROWS 400               /* more than that are not unfolded unasked */

struct json_page {
    struct json_tree *tree;
    struct lines lines, row; /* row: one of the tree before it is wrapped */
    size_t *rows;            /* of each line: the tree's */
    size_t row_cap;
    int width; /* 0 = to be laid out */
};

static bool is_container(const char *text, size_t len)
{
    size_t at = 0;

    while (at < len && strchr(" \t\r\n", text[at]))
        at++;
    return at < len && (text[at] == '{' || text[at] == '[');
}

struct json_page *json_page_new(const char *text, size_t len)
{
    struct json_page *page;

    if (len > JSON_MAX || !is_container(text, len))
        return NULL;
    page = mem_new(sizeof *page);
    lines_init(&page->lines, LINES_MAX);
    lines_init(&page->row, LINES_MAX);
    json_tree_new(&page->tree, text, len);
    if (json_tree_error(page->tree)) {
        json_page_free(page);
        return NULL;
    }
    json_tree_unfold(page->tree, SIZE_MAX);
    if (json_tree_count(page->tree) > OPEN_ROWS)
        json_tree_unfold(page->tree, 1);
    return page;
}

void json_page_free(struct json_page *page)
{
    if (!page)
        return;
    json_tree_free(page->tree);
    lines_free(&page->lines);
    lines_free(&page->row);
    free(page->rows);
    free(page);
}

/* --- layout --------------------------------------------------------------------------------------
 */

static void begin_line(struct json_page *page, size_t row)
{
    page->rows = mem_room(page->rows, page->lines.count, &page->row_cap, sizeof *page->rows);
    page->rows[page->lines.count] = row;
    lines_begin(&page->lines);
}

static void add_cut(struct json_page *page, size_t row, const char *text, size_t len)
{
    size_t fits = text_fit(text, len, page->width, NULL);

    begin_line(page, row);
    if (fits < len)
        fits = text_fit(text, len, page->width - 1, NULL);
    lines_copy(&page->lines, &page->row, 0, 0, fits);
    if (fits < len)
        lines_put(&page->lines, ROLE_DIM, "…");
}

/* What does not fit goes on below, a little further in than it began. */
static void add_wrapped(struct json_page *page, size_t row, const char *text, size_t len)
{
    int hang = 2 * json_tree_depth(page->tree, row) + 4;
    struct text_wrap wrap = {.text = text, .len = len, .width = page->width};
    struct text_row piece;

    hang = hang > page->width / 2 ? page->width / 2 : hang;
    while (text_wrap_next(&wrap, &piece)) {
        begin_line(page, row);
        if (piece.start > 0)
            lines_repeat(&page->lines, ROLE_TEXT, " ", hang);
        lines_copy(&page->lines, &page->row, 0, piece.start, piece.end);
        wrap.width = page->width - hang;
    }
}

static void lay_out(struct json_page *page)
{
    lines_cut(&page->lines, 0);
    for (size_t row = 0; row < json_tree_count(page->tree) && !page->lines.full; row++) {
        const char *text;
        size_t len;

        lines_cut(&page->row, 0);
        json_tree_write(page->tree, row, &page->row);
        text = lines_text(&page->row, 0, &len);
        if (json_tree_is_folded(page->tree, row))
            add_cut(page, row, text, len);
        else
            add_wrapped(page, row, text, len);
    }
}

const struct lines *json_page_lines(struct json_page *page, int width)
{
    if (page->width != width) {
        page->width = width;
        lay_out(page);
    }
    return &page->lines;
}

/* --- folds ---------------------------------------------------------------------------------------
 */

size_t json_page_fold(struct json_page *page, size_t line, enum json_fold fold)
{
    int width = page->width;
    size_t row = line < page->lines.count ? page->rows[line] : 0;

    if (fold == JSON_TOGGLE || json_tree_is_folded(page->tree, row) != (fold == JSON_FOLD))
        row = json_tree_toggle(page->tree, row);
    page->width = 0;
    (void)json_page_lines(page, width);
    for (line = 0; line < page->lines.count && page->rows[line] < row;)
        line++;
    return line;
}

void json_page_fold_all(struct json_page *page, bool fold)
{
    json_tree_unfold(page->tree, fold ? 1 : SIZE_MAX);
    page->width = 0;
}
