/* SPDX-License-Identifier: MIT */
/*
 * A table: cells are collected as styled lines, then laid out in columns that are as wide as their
 * text, or share what there is, each cell wrapped in its own. Pure.
 */
#ifndef TUI_MARKDOWN_TABLE_H
#define TUI_MARKDOWN_TABLE_H

#include <stddef.h>

#include "tui/lines.h"
#include "tui/margin.h"

#define MARKDOWN_COLUMNS 32 /* what stands in columns beyond is not shown */

enum markdown_align { MARKDOWN_LEFT, MARKDOWN_CENTER, MARKDOWN_RIGHT };

struct markdown_table {
    struct lines cells; /* row by row */
    size_t columns;
    enum markdown_align align[MARKDOWN_COLUMNS];
};

void markdown_table_init(struct markdown_table *table, size_t columns);
void markdown_table_free(struct markdown_table *table);
void markdown_table_draw(const struct markdown_table *table, struct lines *out,
                         struct margin *margin);

#endif
