/* SPDX-License-Identifier: MIT */
#include "tui/margin.h"

#include <stdio.h>
#include <string.h>

#define ROOM_MIN 4 /* columns of text that a margin must leave */

void margin_init(struct margin *margin, int page)
{
    *margin = (struct margin){.page = page < 1 ? 1 : page};
}

static int used(const struct margin *margin)
{
    int width = 0;

    for (int i = 0; i < margin->depth && i < MARGIN_DEEP; i++)
        width += margin->parts[i].width;
    return width;
}

void margin_push(struct margin *margin, enum role role, const char *first, const char *rest)
{
    int width = text_width(first, strlen(first));

    if (margin->depth < MARGIN_DEEP) {
        struct margin_part *part = &margin->parts[margin->depth];
        *part = (struct margin_part){.role = role};
        if (used(margin) + width + ROOM_MIN <= margin->page) {
            snprintf(part->first, sizeof part->first, "%s", first);
            snprintf(part->rest, sizeof part->rest, "%s", rest);
            part->width = width;
        }
    }
    margin->depth++;
}

void margin_pop(struct margin *margin)
{
    margin->depth--;
}

bool margin_started(const struct margin *margin)
{
    return margin->depth == 0 || margin->depth > MARGIN_DEEP ||
           margin->parts[margin->depth - 1].started;
}

int margin_room(const struct margin *margin)
{
    int room = margin->page - used(margin);

    return room < 1 ? 1 : room;
}

void margin_begin(struct margin *margin, struct lines *lines)
{
    lines_begin(lines);
    for (int i = 0; i < margin->depth && i < MARGIN_DEEP; i++) {
        struct margin_part *part = &margin->parts[i];
        lines_put(lines, part->role, part->started ? part->rest : part->first);
        part->started = true;
    }
}

/* Blanks at its end are nobody's: only the parts up to the last that shows something. */
void margin_blank(struct margin *margin, struct lines *lines)
{
    int last = 0;

    lines_begin(lines);
    for (int i = 0; i < margin->depth && i < MARGIN_DEEP; i++)
        if (strspn(margin->parts[i].rest, " ") < strlen(margin->parts[i].rest))
            last = i + 1;
    for (int i = 0; i < last; i++)
        lines_put(lines, margin->parts[i].role, margin->parts[i].rest);
}
