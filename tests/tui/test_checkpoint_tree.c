/* SPDX-License-Identifier: MIT */
#include "tui/checkpoint_tree.h"

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "history/query_chain.h"
#include "tests/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Checkpoints are written as their segments in order of creation, each at the next depth of its
   segment: "11122". A segment is "number<parent@first". */
struct tree_case {
    const char *segments, *places;
    struct tree_head head;
    const char *kept;   /* another branch's head, as segment@depth; NULL = none */
    int64_t folded[4];  /* lines; 0 ends */
    const char *expect; /* mark and number of each row */
};

static size_t read_segments(struct segment_place *out, const char *text)
{
    size_t count = 0;
    int used = 0;
    long long segment, parent, first;

    for (; sscanf(text, "%lld<%lld@%lld%n", &segment, &parent, &first, &used) == 3; text += used)
        out[count++] = (struct segment_place){segment, parent, first};
    return count;
}

static size_t read_places(struct checkpoint_place *out, const struct segment_place *segments,
                          const char *text)
{
    int64_t depth[16] = {0};
    size_t count = 0;

    for (; *text; text++) {
        int64_t segment = *text - '0';

        if (depth[segment] == 0)
            depth[segment] = segment < 9 ? segments[segment - 1].first : 1;
        out[count] = (struct checkpoint_place){(int64_t)count + 1, segment, depth[segment]++};
        count++;
    }
    return count;
}

static void expect_tree(const struct tree_case *is)
{
    struct segment_place segments[16];
    struct checkpoint_place places[64];
    struct tree_head kept = {0};
    struct tree_row *rows;
    struct buf text;
    long long segment = 0, depth = 0;
    size_t folded = 0;

    if (is->kept && sscanf(is->kept, "%lld@%lld", &segment, &depth) == 2)
        kept = (struct tree_head){segment, depth};
    while (is->folded[folded])
        folded++;
    size_t segment_count = read_segments(segments, is->segments);
    size_t count = checkpoint_tree(
        &rows, &(struct tree_source){.places = places,
                                     .place_count = read_places(places, segments, is->places),
                                     .segments = segments,
                                     .segment_count = segment_count,
                                     .head = is->head,
                                     .heads = &kept,
                                     .head_count = is->kept ? 1 : 0,
                                     .folded = is->folded,
                                     .folded_count = folded});
    buf_init(&text, 1 << 16);
    for (size_t i = 0; i < count; i++) {
        struct grid grid;
        grid_init(&grid, 30, 1);
        struct pen pen = grid_pen(&grid, grid_rect(&grid));
        checkpoint_tree_draw(&rows[i], &pen);
        if (rows[i].folded)
            pen_printf(&pen, ROLE_TEXT, "%zu", rows[i].folded);
        else
            pen_printf(&pen, ROLE_TEXT, "%lld", (long long)rows[i].node);
        CU_ASSERT_EQUAL(grid_dump(&grid, &text, false), 0);
        grid_free(&grid);
    }
    CU_ASSERT_STRING_EQUAL(text.data, is->expect);
    if (strcmp(text.data, is->expect) != 0)
        printf("%s", text.data);
    buf_free(&text);
    free(rows);
}

static void lines_hang_where_they_left(void)
{
    static const struct tree_case cases[] = {
        {"1<0@1", "", {1, 0}, NULL, {0}, ""},
        {"1<0@1", "111", {1, 3}, NULL, {0}, "● 3\n○ 2\n○ 1\n"},
        /* the head moved on, the next checkpoint did not come yet */
        {"1<0@1", "111", {1, 9}, NULL, {0}, "● 3\n○ 2\n○ 1\n"},
        /* rolled back, nothing new yet */
        {"1<0@1", "1111", {1, 2}, NULL, {0}, "  ◌ 4\n┌─◌ 3\n● 2\n○ 1\n"},
        /* … and then on */
        {"1<0@1 2<1@3", "111122", {2, 4}, NULL, {0}, "● 6\n○ 5\n│ ◌ 4\n├─◌ 3\n○ 2\n○ 1\n"},
        /* undone: back on the first line, the second is left */
        {"1<0@1 2<1@3", "111122", {1, 4}, NULL, {0}, "● 4\n○ 3\n│ ◌ 6\n├─◌ 5\n○ 2\n○ 1\n"},
        /* two lines left the same checkpoint, which is the head */
        {"1<0@1 2<1@2", "11122", {1, 1}, NULL, {0}, "  ◌ 5\n┌─◌ 4\n│ ◌ 3\n├─◌ 2\n● 1\n"},
        /* a line that left a line */
        {"1<0@1 2<1@3 3<2@4",
         "111223",
         {1, 3},
         NULL,
         {0},
         "● 3\n│ ◌ 5\n│ ├─◌ 6\n├─◌ 4\n○ 2\n○ 1\n"},
        /* another branch's way is no rolled-back one */
        {"1<0@1 2<1@2", "11122", {1, 3}, "2@2", {0}, "● 3\n○ 2\n│ ◌ 5\n├─○ 4\n○ 1\n"},
        /* a folded line is one row, with what left it */
        {"1<0@1 2<1@3", "111122", {2, 4}, NULL, {3, 0}, "● 6\n○ 5\n├─▸ 2\n○ 2\n○ 1\n"},
        /* a segment nobody has heard of stands by itself */
        {"1<0@1", "119", {1, 2}, NULL, {0}, "◌ 3\n● 2\n○ 1\n"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_tree(&cases[i]);
}

static void many_thousand_checkpoints_are_quick_to_lay_out(void)
{
    const size_t count = 40000, lines = 1000;
    struct checkpoint_place *places = mem_array(count, sizeof *places);
    struct segment_place *segments = mem_array(lines, sizeof *segments);
    struct tree_row *rows;
    size_t active = 0;

    /* every forty a roll-back by ten */
    for (size_t i = 0; i < lines; i++)
        segments[i] = (struct segment_place){(int64_t)i + 1, (int64_t)i, (int64_t)i * 30 + 1};
    for (size_t i = 0; i < count; i++)
        places[i] = (struct checkpoint_place){(int64_t)i + 1, (int64_t)(i / 40) + 1,
                                              segments[i / 40].first + (int64_t)(i % 40)};
    CU_ASSERT_EQUAL_FATAL(
        checkpoint_tree(&rows, &(struct tree_source){.places = places,
                                                     .place_count = count,
                                                     .segments = segments,
                                                     .segment_count = lines,
                                                     .head = {1000, places[count - 1].depth}}),
        count);
    CU_ASSERT(rows[0].head && rows[0].node == (int64_t)count);
    for (size_t i = 0; i < count; i++) {
        active += rows[i].active;
        CU_ASSERT(rows[i].lane <= CHECKPOINT_LANES);
    }
    CU_ASSERT_EQUAL(active, lines * 30 + 10);
    free(rows);
    free(segments);
    free(places);
}

static void lines_left_by_lines_without_end_share_the_last_lane(void)
{
    struct checkpoint_place places[200];
    struct segment_place segments[100];
    struct tree_row *rows;

    /* every line is left after its first checkpoint and goes on to a second */
    for (int i = 0; i < 100; i++) {
        segments[i] = (struct segment_place){i + 1, i, i + 1};
        places[2 * i] = (struct checkpoint_place){2 * i + 1, i + 1, i + 1};
        places[2 * i + 1] = (struct checkpoint_place){2 * i + 2, i + 1, i + 2};
    }
    CU_ASSERT_EQUAL_FATAL(checkpoint_tree(&rows, &(struct tree_source){.places = places,
                                                                       .place_count = 200,
                                                                       .segments = segments,
                                                                       .segment_count = 100,
                                                                       .head = {1, 2}}),
                          200);
    for (int i = 0; i < 200; i++)
        CU_ASSERT(rows[i].lane <= CHECKPOINT_LANES);
    free(rows);
}

const struct suite suite_checkpoint_tree = {
    "checkpoint_tree",
    (const struct test[]){
        {"lines hang where they left", lines_hang_where_they_left},
        {"many thousand checkpoints are quick to lay out",
         many_thousand_checkpoints_are_quick_to_lay_out},
        {"lines left by lines without end share the last lane",
         lines_left_by_lines_without_end_share_the_last_lane},
        {NULL, NULL},
    },
};
