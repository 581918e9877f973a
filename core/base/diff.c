/* SPDX-License-Identifier: MIT */
#include "core/base/diff.h"

#include "core/base/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What differs between equal starts and ends. A diagonal is k = x - y, x being lines of `a` and y
   lines of `b` behind which the script so far stands; reach[k] is the furthest such x. */
struct search {
    const char *const *a, *const *b;
    int a_count, b_count;
    int *reach;              /* of diagonals -DIFF_MAX - 1 … DIFF_MAX + 1, at [0] diagonal 0 */
    int *rows[DIFF_MAX + 1]; /* reach as it was before d differences, diagonals -d - 1 … d + 1 */
};

struct script {
    struct diff_line *lines;
    size_t count;
};

static void put(struct script *script, enum diff_op op, size_t a, size_t b)
{
    script->lines[script->count++] = (struct diff_line){op, a, b};
}

/* Whether diagonal k is come to from above (a line of b added), not from the left. */
static bool is_down(const int *reach, int d, int k)
{
    return k == -d || (k != d && reach[k - 1] < reach[k + 1]);
}

/* One more difference: true when both ends are reached. */
static bool advance(struct search *s, int d)
{
    for (int k = -d; k <= d; k += 2) {
        int x = is_down(s->reach, d, k) ? s->reach[k + 1] : s->reach[k - 1] + 1;

        while (x < s->a_count && x - k < s->b_count && strcmp(s->a[x], s->b[x - k]) == 0)
            x++;
        s->reach[k] = x;
        if (x >= s->a_count && x - k >= s->b_count)
            return true;
    }
    return false;
}

/* The number of differences, or -1 when there are more than DIFF_MAX. */
static int search(struct search *s)
{
    for (int d = 0; d <= DIFF_MAX; d++) {
        size_t size = (size_t)(2 * d + 3) * sizeof *s->reach;

        s->rows[d] = mem_copy(s->reach - d - 1, size);
        if (advance(s, d))
            return d;
    }
    return -1;
}

/* The way back from both ends, so the script comes out backwards. */
static void walk_back(const struct search *s, int differences, size_t skip, struct script *script)
{
    int x = s->a_count, y = s->b_count;

    for (int d = differences; d >= 0; d--) {
        const int *reach = s->rows[d] + d + 1;
        bool down = is_down(reach, d, x - y);
        int from = down ? reach[x - y + 1] : reach[x - y - 1];

        for (int start = d == 0 ? 0 : from + !down; x > start;)
            put(script, DIFF_SAME, skip + (size_t)--x, skip + (size_t)--y);
        if (d > 0 && down)
            put(script, DIFF_ADDED, skip + (size_t)x, skip + (size_t)--y);
        else if (d > 0)
            put(script, DIFF_DROPPED, skip + (size_t)--x, skip + (size_t)y);
    }
}

static void reverse(struct diff_line *lines, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        struct diff_line line = lines[i];

        lines[i] = lines[count - 1 - i];
        lines[count - 1 - i] = line;
    }
}

/* The middle, `skip` lines from the start of both. */
static void put_middle(struct script *script, const char *const *a, size_t a_count,
                       const char *const *b, size_t b_count, size_t skip)
{
    int *reach = mem_array(2 * DIFF_MAX + 3, sizeof *reach);
    struct search s = {.a = a + skip,
                       .b = b + skip,
                       .a_count = (int)a_count,
                       .b_count = (int)b_count,
                       .reach = reach + DIFF_MAX + 1};
    size_t first = script->count;
    int differences = a_count < INT32_MAX / 2 && b_count < INT32_MAX / 2 ? search(&s) : -1;

    if (differences >= 0) {
        walk_back(&s, differences, skip, script);
        reverse(script->lines + first, script->count - first);
    }
    for (size_t i = 0; differences < 0 && i < a_count; i++)
        put(script, DIFF_DROPPED, skip + i, skip);
    for (size_t i = 0; differences < 0 && i < b_count; i++)
        put(script, DIFF_ADDED, skip + a_count, skip + i);
    for (int d = 0; d <= DIFF_MAX; d++)
        free(s.rows[d]);
    free(reach);
}

struct diff_line *diff_lines(const char *const *a, size_t a_count, const char *const *b,
                             size_t b_count, size_t *count)
{
    struct script script = {mem_array(a_count + b_count + 1, sizeof *script.lines), 0};
    size_t shorter = a_count < b_count ? a_count : b_count, start = 0, end = 0;

    for (; start < shorter && strcmp(a[start], b[start]) == 0; start++)
        put(&script, DIFF_SAME, start, start);
    while (end < shorter - start && strcmp(a[a_count - 1 - end], b[b_count - 1 - end]) == 0)
        end++;
    put_middle(&script, a, a_count - start - end, b, b_count - start - end, start);
    for (; end > 0; end--)
        put(&script, DIFF_SAME, a_count - end, b_count - end);
    *count = script.count;
    return script.lines;
}
