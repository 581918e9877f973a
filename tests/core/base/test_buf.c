/* SPDX-License-Identifier: MIT */
#include "core/base/buf.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/err.h"
#include "tests/suite.h"

static void starts_empty_and_terminated(void)
{
    struct buf b;

    buf_init(&b, 10);
    CU_ASSERT_STRING_EQUAL(b.data, "");
    CU_ASSERT_EQUAL(b.cap, 0);
    buf_clear(&b);
    buf_drop(&b, 5);
    CU_ASSERT_STRING_EQUAL(b.data, "");
    buf_free(&b);
}

static void appends_whole_or_not_at_all(void)
{
    struct buf b;

    buf_init(&b, 10);
    CU_ASSERT_EQUAL(buf_text(&b, "12345678"), 0);
    CU_ASSERT_EQUAL(buf_text(&b, "abc"), E_TOOBIG);
    CU_ASSERT_EQUAL(buf_printf(&b, "%s", "abc"), E_TOOBIG);
    CU_ASSERT_STRING_EQUAL(b.data, "12345678");
    CU_ASSERT_EQUAL(buf_printf(&b, "%d", 90), 0);
    CU_ASSERT_EQUAL(buf_char(&b, 'x'), E_TOOBIG);
    CU_ASSERT_STRING_EQUAL(b.data, "1234567890");
    CU_ASSERT_EQUAL(b.len, 10);
    buf_free(&b);
}

static void a_ceiling_of_zero_takes_only_nothing(void)
{
    struct buf b;

    buf_init(&b, 0);
    CU_ASSERT_EQUAL(buf_add(&b, "", 0), 0);
    CU_ASSERT_EQUAL(buf_printf(&b, "%s", ""), 0);
    CU_ASSERT_EQUAL(buf_char(&b, 'x'), E_TOOBIG);
    CU_ASSERT_STRING_EQUAL(b.data, "");
    buf_free(&b);
}

static void keeps_any_bytes(void)
{
    struct buf b;

    buf_init(&b, 1 << 10);
    CU_ASSERT_EQUAL(buf_add(&b, "a\0b", 3), 0);
    CU_ASSERT_EQUAL(b.len, 3);
    CU_ASSERT_EQUAL(memcmp(b.data, "a\0b", 4), 0);
    buf_free(&b);
}

static void grows_to_its_ceiling_and_not_beyond(void)
{
    struct buf b;

    buf_init(&b, 1000);
    for (size_t i = 0; i < 1000; i++)
        CU_ASSERT_EQUAL_FATAL(buf_char(&b, (char)('a' + i % 26)), 0);
    CU_ASSERT_EQUAL(buf_char(&b, 'x'), E_TOOBIG);
    CU_ASSERT(b.cap <= 1001);
    CU_ASSERT_EQUAL(b.data[999], 'a' + 999 % 26);
    CU_ASSERT_EQUAL(b.data[1000], '\0');
    buf_free(&b);
}

static void drops_from_the_front_and_cuts_the_end(void)
{
    struct buf b;

    buf_init(&b, 100);
    CU_ASSERT_EQUAL(buf_text(&b, "one two three"), 0);
    buf_drop(&b, 4);
    CU_ASSERT_STRING_EQUAL(b.data, "two three");
    buf_cut(&b, 3);
    CU_ASSERT_STRING_EQUAL(b.data, "two");
    buf_drop(&b, 99);
    CU_ASSERT_STRING_EQUAL(b.data, "");
    buf_free(&b);
}

static void what_is_taken_leaves_it_empty(void)
{
    struct buf b;

    buf_init(&b, 100);
    CU_ASSERT_EQUAL(buf_text(&b, "mine"), 0);
    char *text = buf_take(&b);
    CU_ASSERT_STRING_EQUAL(text, "mine");
    CU_ASSERT_STRING_EQUAL(b.data, "");
    CU_ASSERT_EQUAL(b.max, 100);
    free(text);
    text = buf_take(&b);
    CU_ASSERT_STRING_EQUAL(text, "");
    free(text);
    buf_free(&b);
}

static void whole_numbers_are_written_in_decimal(void)
{
    static const int64_t cases[] = {0, 7, -7, 10, 1234567890, INT64_MAX, INT64_MIN};
    struct buf b;

    buf_init(&b, 100);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[32];

        buf_clear(&b);
        (void)snprintf(text, sizeof text, "%" PRId64, cases[i]); /* it fits */
        CU_ASSERT_EQUAL(buf_int(&b, cases[i]), 0);
        CU_ASSERT_STRING_EQUAL(b.data, text);
    }
    buf_free(&b);
}

/* Formatting tries the room that is there first. */
static void formats_whole_at_every_fill(void)
{
    for (size_t fill = 0; fill < 140; fill++) {
        struct buf b;

        buf_init(&b, 150);
        for (size_t i = 0; i < fill; i++)
            CU_ASSERT_EQUAL(buf_char(&b, 'x'), 0);
        int rc = buf_printf(&b, "%s-%d", "twelve chars", 12345);
        CU_ASSERT_EQUAL(rc, fill + 18 <= 150 ? 0 : E_TOOBIG);
        CU_ASSERT_EQUAL(b.len, rc == 0 ? fill + 18 : fill);
        CU_ASSERT_STRING_EQUAL(b.data + fill, rc == 0 ? "twelve chars-12345" : "");
        buf_free(&b);
    }
}

static const struct test tests[] = {
    {"a new one is empty and terminated", starts_empty_and_terminated},
    {"appends whole or not at all", appends_whole_or_not_at_all},
    {"a ceiling of zero takes only nothing", a_ceiling_of_zero_takes_only_nothing},
    {"keeps any bytes", keeps_any_bytes},
    {"grows to its ceiling and not beyond", grows_to_its_ceiling_and_not_beyond},
    {"drops from the front and cuts the end", drops_from_the_front_and_cuts_the_end},
    {"what is taken leaves it empty", what_is_taken_leaves_it_empty},
    {"whole numbers are written in decimal", whole_numbers_are_written_in_decimal},
    {"formats whole at every fill, or not at all", formats_whole_at_every_fill},
    {NULL, NULL},
};

const struct suite suite_buf = {"buf", tests};
