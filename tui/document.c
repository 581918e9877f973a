/* SPDX-License-Identifier: MIT */
#include "tui/document.h"

#include "core/base/mem.h"
#include "core/base/pattern.h"
#include "core/base/sanitize.h"
#include "tui/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void document_init(struct document *doc)
{
    *doc = (struct document){.width = 80};
    buf_init(&doc->text, DOCUMENT_MAX);
}

static void rewrap(struct document *doc)
{
    doc->row_count = 0;
    doc->part_at = 0;
    doc->at = doc->part_count > 0 ? doc->parts[0].start : 0;
}

void document_clear(struct document *doc)
{
    buf_clear(&doc->text);
    doc->part_count = 0;
    rewrap(doc);
}

void document_free(struct document *doc)
{
    buf_free(&doc->text);
    free(doc->parts);
    free(doc->rows);
    *doc = (struct document){.width = 80};
}

void document_add(struct document *doc, enum role role, int indent, const char *text, size_t len)
{
    size_t start = doc->text.len;

    if (sanitize_add(&doc->text, SANITIZE_OUTPUT, text, len, NULL) < 0)
        (void)buf_text(&doc->text, "… too long to show: :write puts it into a file");
    doc->parts = mem_room(doc->parts, doc->part_count, &doc->part_cap, sizeof *doc->parts);
    doc->parts[doc->part_count++] = (struct document_part){start, doc->text.len, role, indent};
    if (doc->part_count == 1)
        doc->at = start;
}

void document_printf(struct document *doc, enum role role, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    document_add(doc, role, 0, text, strlen(text));
}

void document_width(struct document *doc, int width)
{
    if (width == doc->width)
        return;
    doc->width = width;
    rewrap(doc);
}

static void add_row(struct document *doc, size_t start, size_t end)
{
    doc->rows = mem_room(doc->rows, doc->row_count, &doc->row_cap, sizeof *doc->rows);
    doc->rows[doc->row_count++] = (struct document_row){start, end, doc->part_at};
}

size_t document_need(struct document *doc, size_t rows)
{
    while (doc->row_count < rows && doc->part_at < doc->part_count) {
        const struct document_part *part = &doc->parts[doc->part_at];
        struct text_wrap wrap = {.text = doc->text.data + part->start,
                                 .len = part->end - part->start,
                                 .width = doc->width - part->indent,
                                 .at = doc->at - part->start};
        struct text_row row;

        if (part->start == part->end) {
            add_row(doc, part->start, part->end); /* an empty part is an empty line */
        } else {
            while (doc->row_count < rows && text_wrap_next(&wrap, &row))
                add_row(doc, part->start + row.start, part->start + row.end);
            if (doc->row_count >= rows && wrap.at < wrap.len) {
                doc->at = part->start + wrap.at;
                break;
            }
        }
        if (++doc->part_at < doc->part_count)
            doc->at = doc->parts[doc->part_at].start;
    }
    return doc->row_count;
}

static void mark(struct grid *grid, struct rect line, int indent, const char *text, size_t len,
                 const struct pattern *marks)
{
    size_t start = 0, end = 0, from = 0;

    while (marks && from <= len && pattern_find(marks, text, len, from, &start, &end) == 1) {
        int x = text_width(text, start), w = text_width(text + start, end - start);

        grid_attrs(grid, rect_cut(line, (struct rect){line.x + indent + x, line.y, w, 1}),
                   ATTR_REVERSE);
        from = end > start ? end : end + 1;
    }
}

void document_draw(const struct document *doc, struct grid *grid, struct rect rect, size_t top,
                   const struct pattern *marks)
{
    struct pen pen = grid_pen(grid, rect);

    for (int y = 0; y < rect.h && top + (size_t)y < doc->row_count; y++) {
        const struct document_row *row = &doc->rows[top + (size_t)y];
        const struct document_part *part = &doc->parts[row->part];

        pen_at(&pen, part->indent, y);
        (void)pen_add(&pen, part->role, doc->text.data + row->start, row->end - row->start);
        mark(grid, (struct rect){rect.x, rect.y + y, rect.w, 1}, part->indent,
             doc->text.data + row->start, row->end - row->start, marks);
    }
}

bool document_find(struct document *doc, const struct pattern *pattern, size_t from, bool backward,
                   size_t *row)
{
    for (size_t i = from; backward ? i-- > 0 : document_need(doc, i + 2) > i + 1;) {
        if (!backward)
            i++;
        const struct document_row *r = &doc->rows[i];

        if (pattern_matches(pattern, doc->text.data + r->start, r->end - r->start)) {
            *row = i;
            return true;
        }
    }
    return false;
}
