/* SPDX-License-Identifier: MIT */
/* Any text as a tree: folded and unfolded everywhere, every row is drawn, harmless, on one line. */
#include <locale.h>
#include <stdint.h>
#include <stdlib.h>

#include "tui/json_tree.h"
#include "tui/lines.h"

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

static void require_rows(const struct json_tree *tree)
{
    struct lines lines;

    lines_init(&lines, 1 << 24);
    for (size_t i = 0; i < json_tree_count(tree); i++) {
        size_t len;
        lines_cut(&lines, 0);
        json_tree_write(tree, i, &lines);
        const char *text = lines_text(&lines, 0, &len);
        require(!lines.full);
        for (size_t b = 0; b < len; b++)
            require((unsigned char)text[b] >= ' ' && text[b] != 0x7F);
    }
    lines_free(&lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_tree *tree;

    if (size < 1 || size > 1 << 13)
        return 0;
    json_tree_new(&tree, (const char *)data + 1, size - 1);
    require_rows(tree);
    size_t all = json_tree_count(tree);
    for (unsigned i = 0; i < 16 && json_tree_count(tree) > 0; i++) {
        size_t row = (data[0] + i * 31u) % json_tree_count(tree);
        size_t at = json_tree_toggle(tree, row);
        require(at <= row && at < json_tree_count(tree));
    }
    require_rows(tree);
    json_tree_unfold(tree, SIZE_MAX);
    require(json_tree_count(tree) >= all);
    require_rows(tree);
    json_tree_free(tree);
    return 0;
}
