/* SPDX-License-Identifier: MIT */
/*
 * At any width from 1 to 20: every row fits, rows move forward, nothing but blanks and newlines
 * falls between them, and the cells of a text are as wide together as its clusters. The first byte
 * is the width.
 */
#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tui/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return setlocale(LC_CTYPE, "C.UTF-8") ? 0 : -1;
}

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void require_cells(const char *text, size_t len)
{
    struct text_cell cell;
    int cluster, cells = 0;
    size_t bytes = text_cluster(text, len, 0, &cluster);

    require(bytes > 0 && bytes <= len && cluster >= 0);
    require(text_before(text, bytes) == 0);
    if (text[0] == '\t')
        return;
    for (size_t at = 0; at < bytes; cells += cell.width) {
        at += text_cell(&cell, text + at, bytes - at);
        require(cell.len <= TEXT_GLYPH && (cell.width == 0) == (cell.len == 0));
        for (size_t i = 0; i < cell.len; i++)
            require((unsigned char)cell.glyph[i] >= ' ' && cell.glyph[i] != 0x7F);
    }
    require(cells == cluster);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text_row row;
    size_t covered = 0;
    int width;

    if (size < 1 || size > 1 << 14)
        return 0;
    const char *text = (const char *)data + 1;
    size_t len = size - 1;
    struct text_wrap wrap = {.text = text, .len = len, .width = 1 + data[0] % 20};
    wrap.hard = data[0] & 0x80;
    while (text_wrap_next(&wrap, &row)) {
        require(row.width <= wrap.width && row.start >= covered && row.end >= row.start);
        for (; covered < row.start; covered++)
            require(strchr(" \t\n", text[covered]) != NULL);
        require(wrap.at > row.start);
        covered = row.end;
    }
    for (; covered < len; covered++)
        require(strchr(" \t\n", text[covered]) != NULL);
    for (size_t at = 0; at < len; at += text_cluster(text + at, len - at, 0, &width))
        require_cells(text + at, len - at);
    return 0;
}
