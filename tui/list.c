/* SPDX-License-Identifier: MIT */
#include "tui/list.h"

#define MARGIN 1 /* rows kept in sight around the chosen one, where there are that many */

static size_t room(const struct list *list)
{
    return list->rows > 0 ? (size_t)list->rows : 0;
}

static size_t last_top(const struct list *list)
{
    return list->count > room(list) ? list->count - room(list) : 0;
}

static size_t add(size_t value, long by, size_t max)
{
    if (by < 0)
        return (size_t)-by > value ? 0 : value - (size_t)-by;
    return max - value < (size_t)by ? max : value + (size_t)by;
}

/* Moves the view as little as brings the chosen row, and a margin, into it. */
static void bring_into_sight(struct list *list)
{
    size_t margin = room(list) > 2 * MARGIN ? MARGIN : 0;
    size_t low = list->at > margin ? list->at - margin : 0;
    size_t high = list->at + margin + 1;

    if (list->top > low)
        list->top = low;
    if (list->top + room(list) < high)
        list->top = high - room(list);
    if (list->top > last_top(list))
        list->top = last_top(list);
}

void list_fit(struct list *list, size_t count, int rows)
{
    list->count = count;
    list->rows = rows;
    if (list->follow && count > 0)
        list->at = count - 1;
    if (list->at >= count)
        list->at = count > 0 ? count - 1 : 0;
    bring_into_sight(list);
}

void list_shift(struct list *list, size_t before, long many)
{
    if (list->at >= before)
        list->at = add(list->at, many, list->at + (many > 0 ? (size_t)many : 0));
    if (list->top >= before)
        list->top = add(list->top, many, list->top + (many > 0 ? (size_t)many : 0));
}

void list_choose(struct list *list, size_t row)
{
    if (list->count == 0)
        return;
    list->at = row < list->count ? row : list->count - 1;
    if (list->at + 1 < list->count)
        list->follow = false;
    bring_into_sight(list);
}

void list_move(struct list *list, long by)
{
    if (list->count > 0)
        list_choose(list, add(list->at, by, list->count - 1));
}

void list_page(struct list *list, int halves)
{
    long half = list->rows > 2 ? list->rows / 2 : 1;
    long by = halves % 2 ? half * halves : (list->rows > 1 ? list->rows - 1 : 1) * (halves / 2);

    if (list->count == 0)
        return;
    list->top = add(list->top, by, last_top(list));
    list_move(list, by);
}

void list_first(struct list *list)
{
    list_choose(list, 0);
}

void list_last(struct list *list, bool follow)
{
    if (list->count > 0)
        list_choose(list, list->count - 1);
    list->follow = follow;
}

void list_scroll(struct list *list, long by)
{
    size_t margin = room(list) > 2 * MARGIN ? MARGIN : 0;

    list->top = add(list->top, by, last_top(list));
    size_t low = list->top > 0 ? list->top + margin : 0;
    size_t high = list_end(list) < list->count ? list_end(list) - margin : list->count;
    if (list->at < low)
        list->at = low;
    if (high > 0 && list->at >= high)
        list->at = high - 1;
    if (list->at + 1 < list->count)
        list->follow = false;
}

size_t list_end(const struct list *list)
{
    return add(list->top, list->rows > 0 ? list->rows : 0, list->count);
}

size_t list_row_at(const struct list *list, int y)
{
    if (y < 0 || y >= list->rows || list->top + (size_t)y >= list->count)
        return list->count;
    return list->top + (size_t)y;
}

void list_bar(const struct list *list, struct grid *grid, struct rect area, enum role role)
{
    if (list->count <= room(list) || area.h < 2)
        return;
    size_t height = (size_t)area.h;
    size_t len = room(list) * height / list->count;
    len = len < 1 ? 1 : len;
    size_t start = last_top(list) ? list->top * (height - len) / last_top(list) : 0;
    struct pen pen = grid_pen(grid, area);
    for (size_t y = start; y < start + len && y < height; y++) {
        pen_at(&pen, area.w - 1, (int)y);
        pen_put(&pen, role, "┃");
    }
}
