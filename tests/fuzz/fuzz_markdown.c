/* SPDX-License-Identifier: MIT */
/*
 * Whatever a model writes: no line is wider than the page, no control reaches it, the spans of a
 * line are as long as its text, and a text that came in pieces ends like one that came whole. The
 * first byte is the width, the second where the text is cut.
 */
#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tui/markdown.h"

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

static void require_lines(const struct lines *lines, int width)
{
    for (size_t i = 0; i < lines->count; i++) {
        const struct line *line = &lines->items[i];
        const char *text = lines->text.data + line->text;
        size_t spans = 0;
        require(text_width(text, line->len) <= (width < 2 ? 2 : width));
        for (size_t s = 0; s < line->spans; s++)
            spans += lines->spans[line->span + s].len;
        require(spans == line->len);
        for (size_t b = 0; b < line->len; b++)
            require((unsigned char)text[b] >= ' ');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct markdown *whole, *parts;

    if (size < 2 || size > 1 << 13)
        return 0;
    const char *text = (const char *)data + 2;
    size_t len = size - 2, cut = data[1] % (len + 1);
    int width = 1 + data[0] % 100;
    markdown_new(&whole);
    markdown_feed(whole, text, len);
    markdown_end(whole);
    const struct lines *a = markdown_lines(whole, width);
    require_lines(a, width);
    markdown_new(&parts);
    markdown_feed(parts, text, cut);
    require_lines(markdown_lines(parts, width), width);
    markdown_feed(parts, text + cut, len - cut);
    require_lines(markdown_lines(parts, width), width);
    markdown_end(parts);
    const struct lines *b = markdown_lines(parts, width);
    require(a->count == b->count && a->text.len == b->text.len);
    require(memcmp(a->text.data, b->text.data, a->text.len) == 0);
    markdown_free(parts);
    markdown_free(whole);
    return 0;
}
