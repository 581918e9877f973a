/* SPDX-License-Identifier: MIT */
#include "tui/document.h"

#include "core/base/mem.h"
#include "core/base/pattern.h"
#include "core/base/sanitize.h"
#include "tui/lines.h"
#include "tui/markdown.h"
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

static void drop_parts(struct document *doc)
{
    for (size_t i = 0; i < doc->part_count; i++) {
        json_page_free(doc->parts[i].json);
        if (!doc->parts[i].borrowed)
            markdown_free(doc->parts[i].markdown);
    }
    doc->part_count = 0;
}

void document_clear(struct document *doc)
{
    drop_parts(doc);
    buf_clear(&doc->text);
    rewrap(doc);
}

void document_free(struct document *doc)
{
    drop_parts(doc);
    buf_free(&doc->text);
    free(doc->parts);
    free(doc->rows);
    *doc = (struct document){.width = 80};
}

static void add_part(struct document *doc, struct document_part part)
{
    doc->parts = mem_room(doc->parts, doc->part_count, &doc->part_cap, sizeof *doc->parts);
    doc->parts[doc->part_count++] = part;
    if (doc->part_count == 1)
        doc->at = part.start;
}

void document_add(struct document *doc, enum role role, int indent, const char *text, size_t len)
{
    size_t start = doc->text.len;

    if (sanitize_add(&doc->text, SANITIZE_OUTPUT, text, len, NULL) < 0)
        (void)buf_text(&doc->text, "… too long to show: :write puts it into a file");
    add_part(doc, (struct document_part){
                      .start = start, .end = doc->text.len, .role = role, .indent = indent});
}

void document_stream(struct document *doc, struct markdown *markdown)
{
    add_part(doc, (struct document_part){.start = doc->text.len,
                                         .end = doc->text.len,
                                         .markdown = markdown,
                                         .borrowed = true});
}

void document_data(struct document *doc, enum role role, int indent, const char *text, size_t len)
{
    struct json_page *json = json_page_new(text, len);

    if (json)
        add_part(doc, (struct document_part){
                          .start = doc->text.len, .end = doc->text.len, .json = json});
    else
        document_add(doc, role, indent, text, len);
}

void document_markdown(struct document *doc, const char *text, size_t len)
{
    struct markdown *markdown;

    markdown_new(&markdown);
    markdown_feed(markdown, text, len);
    markdown_end(markdown);
    document_stream(doc, markdown);
    doc->parts[doc->part_count - 1].borrowed = false;
}

/* Rows of a part and of those behind it go; wrapping goes on at its start. */
static void rewrap_from(struct document *doc, size_t part)
{
    if (doc->part_at < part)
        return;
    while (doc->row_count > 0 && doc->rows[doc->row_count - 1].part >= part)
        doc->row_count--;
    doc->part_at = part;
    doc->at = doc->parts[part].start;
}

void document_grown(struct document *doc)
{
    if (doc->part_count > 0)
        rewrap_from(doc, doc->part_count - 1);
}

bool document_folds(const struct document *doc)
{
    for (size_t i = 0; i < doc->part_count; i++)
        if (doc->parts[i].json)
            return true;
    return false;
}

size_t document_fold(struct document *doc, size_t row, enum json_fold fold)
{
    if (row >= doc->row_count || !doc->parts[doc->rows[row].part].json)
        return row;
    size_t part = doc->rows[row].part, line = doc->rows[row].start, first = row - line;

    line = json_page_fold(doc->parts[part].json, line, fold);
    rewrap_from(doc, part);
    (void)document_need(doc, first + line + 1);
    return first + line;
}

void document_fold_all(struct document *doc, bool fold)
{
    for (size_t i = 0; i < doc->part_count; i++)
        if (doc->parts[i].json)
            json_page_fold_all(doc->parts[i].json, fold);
    rewrap(doc);
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

static const struct lines *lines_of(const struct document *doc, const struct document_part *part)
{
    int width = doc->width > 0 ? doc->width : 1;

    return part->json ? json_page_lines(part->json, width) : markdown_lines(part->markdown, width);
}

static bool is_text(const struct document_part *part)
{
    return !part->json && !part->markdown;
}

static const char *row_text(const struct document *doc, size_t row, size_t *len)
{
    const struct document_row *r = &doc->rows[row];
    const struct document_part *part = &doc->parts[r->part];

    if (!is_text(part))
        return lines_text(lines_of(doc, part), r->start, len);
    *len = r->end - r->start;
    return doc->text.data + r->start;
}

bool document_matches(const struct document *doc, size_t row, const struct pattern *pattern)
{
    size_t len;
    const char *text = row_text(doc, row, &len);

    return pattern_matches(pattern, text, len);
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

        if (!is_text(part)) {
            for (size_t i = 0; i < lines_of(doc, part)->count; i++)
                add_row(doc, i, i);
        } else if (part->start == part->end) {
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

        size_t len;
        const char *text = row_text(doc, top + (size_t)y, &len);

        pen_at(&pen, part->indent, y);
        if (!is_text(part))
            lines_draw(lines_of(doc, part), row->start, &pen, NULL, 0);
        else
            (void)pen_add(&pen, part->role, text, len);
        mark(grid, (struct rect){rect.x, rect.y + y, rect.w, 1}, part->indent, text, len, marks);
    }
}
