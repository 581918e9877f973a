/* SPDX-License-Identifier: MIT */
#include "tui/lines.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

void lines_init(struct lines *lines, size_t max_bytes)
{
    *lines = (struct lines){0};
    buf_init(&lines->text, max_bytes);
}

void lines_free(struct lines *lines)
{
    buf_free(&lines->text);
    free(lines->spans);
    free(lines->items);
    *lines = (struct lines){0};
}

void lines_cut(struct lines *lines, size_t count)
{
    if (count >= lines->count)
        return;
    buf_cut(&lines->text, lines->items[count].text);
    lines->span_count = lines->items[count].span;
    lines->count = count;
    lines->full = false;
}

void lines_begin(struct lines *lines)
{
    if (lines->full)
        return;
    lines->items = mem_room(lines->items, lines->count, &lines->cap, sizeof *lines->items);
    lines->items[lines->count++] =
        (struct line){.text = lines->text.len, .span = lines->span_count};
}

static struct span *last_span(struct lines *lines, const struct line *line)
{
    return line->spans > 0 ? &lines->spans[lines->span_count - 1] : NULL;
}

void lines_add(struct lines *lines, enum role role, unsigned attrs, const char *text, size_t len)
{
    if (lines->full || len == 0 || lines->count == 0)
        return;
    if (len > UINT32_MAX / 2 || buf_add(&lines->text, text, len) < 0) {
        lines->full = true;
        return;
    }
    struct line *line = &lines->items[lines->count - 1];
    struct span *last = last_span(lines, line);
    line->len += len;
    if (last && last->role == role && last->attrs == attrs && last->len < UINT32_MAX / 2) {
        last->len += (uint32_t)len;
        return;
    }
    lines->spans =
        mem_room(lines->spans, lines->span_count, &lines->span_cap, sizeof *lines->spans);
    lines->spans[lines->span_count++] =
        (struct span){.len = (uint32_t)len, .role = (uint8_t)role, .attrs = (uint8_t)attrs};
    line->spans++;
}

void lines_put(struct lines *lines, enum role role, const char *text)
{
    lines_add(lines, role, 0, text, strlen(text));
}

void lines_repeat(struct lines *lines, enum role role, const char *glyph, int count)
{
    while (count-- > 0)
        lines_put(lines, role, glyph);
}

void lines_copy(struct lines *lines, const struct lines *from, size_t line, size_t start,
                size_t end)
{
    const struct line *source = &from->items[line];
    size_t at = 0;

    for (size_t i = 0; i < source->spans && at < end; i++) {
        const struct span *span = &from->spans[source->span + i];
        size_t low = at > start ? at : start, high = at + span->len < end ? at + span->len : end;
        if (low < high)
            lines_add(lines, (enum role)span->role, span->attrs,
                      from->text.data + source->text + low, high - low);
        at += span->len;
    }
}

const char *lines_text(const struct lines *lines, size_t line, size_t *len)
{
    *len = lines->items[line].len;
    return lines->text.data + lines->items[line].text;
}

/* The first mark that ends behind `at`; where what lies at `at` changes next goes to *next. */
static const struct lines_mark *mark_at(const struct lines_mark *marks, size_t count, size_t at,
                                        size_t *next)
{
    for (size_t i = 0; i < count; i++) {
        if (marks[i].end <= at)
            continue;
        bool inside = marks[i].start <= at;
        size_t edge = inside ? marks[i].end : marks[i].start;
        *next = edge < *next ? edge : *next;
        return inside ? &marks[i] : NULL;
    }
    return NULL;
}

void lines_draw(const struct lines *lines, size_t line, struct pen *pen,
                const struct lines_mark *marks, size_t mark_count)
{
    const struct line *item = &lines->items[line];
    const char *text = lines->text.data + item->text;
    unsigned attrs = pen->attrs;
    size_t at = 0, span_end = 0;

    for (size_t i = 0; i < item->spans && pen->x < pen->area.w; i++) {
        const struct span *span = &lines->spans[item->span + i];
        span_end += span->len;
        while (at < span_end) {
            size_t next = span_end;
            const struct lines_mark *mark = mark_at(marks, mark_count, at, &next);
            pen->attrs = attrs | span->attrs;
            pen_add(pen, mark ? mark->role : (enum role)span->role, text + at, next - at);
            at = next;
        }
    }
    pen->attrs = attrs;
}
