/* SPDX-License-Identifier: MIT */
#include "tui/listing.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "tests/suite.h"

static const struct column columns[] = {
    {"name", "NAME", COLUMN_TEXT}, {"count", "N", COLUMN_NUMBER},
    {"ms", "TOOK", COLUMN_MS},     {"bytes", "SIZE", COLUMN_BYTES},
    {"usd", "COST", COLUMN_USD},   {"share", "SHARE", COLUMN_PERCENT},
    {"when", "WHEN", COLUMN_TIME}, {"text", "TEXT", COLUMN_TEXT},
    {NULL, NULL, COLUMN_TEXT},
};

static cJSON *full_row(void)
{
    cJSON *row = cJSON_CreateObject();

    json_set_text(row, "name", "日本");
    json_set_int(row, "count", 12);
    json_set_number(row, "ms", 1900);
    json_set_int(row, "bytes", 18842);
    json_set_number(row, "usd", 0.02);
    json_set_number(row, "share", 4.06);
    listing_time(row, "when", 1000000);
    json_set_text(row, "text", "a\x1b[31mred\nb");
    return row;
}

static char *print(bool json, bool any)
{
    struct listing *listing;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    listing_new(&listing, columns, json, out);
    if (any) {
        listing_add(listing, full_row());
        listing_add(listing, cJSON_CreateObject());
    }
    CU_ASSERT_EQUAL(listing_end(listing), any ? 2 : 0);
    CU_ASSERT_EQUAL(fclose(out), 0);
    return text;
}

static void a_table_lines_up(void)
{
    char *text = print(false, true);

    CU_ASSERT_STRING_EQUAL(text,
                           "NAME   N  TOOK      SIZE     COST  SHARE  WHEN                 TEXT\n"
                           "日本  12  1.9s  18.4 KiB  $0.0200   4.1%  1970-01-01 00:00:01  ared⏎b\n"
                           "–      –     –         –        –      –  –                    –\n");
    CU_ASSERT_PTR_NULL(strchr(text, '\x1b'));
    free(text);
}

static void json_is_one_object_a_line(void)
{
    char *text = print(true, true);
    const char *newline = strchr(text, '\n');
    cJSON *row = NULL;

    CU_ASSERT_PTR_NOT_NULL_FATAL(newline);
    CU_ASSERT_EQUAL_FATAL(json_parse(&row, text, (size_t)(newline - text), NULL, NULL), 0);
    CU_ASSERT_STRING_EQUAL(json_text(row, "when"), "1970-01-01T00:00:01.000000Z");
    CU_ASSERT_EQUAL(json_int(row, "bytes", 0), 18842);
    CU_ASSERT_STRING_EQUAL(newline, "\n{}\n");
    cJSON_Delete(row);
    free(text);
}

static void nothing_has_no_heading(void)
{
    char *text = print(false, false);

    CU_ASSERT_STRING_EQUAL(text, "");
    free(text);
}

static void bytes_have_their_unit(void)
{
    static const struct {
        int64_t bytes;
        const char *text;
    } cases[] = {{0, "0 B"},
                 {1023, "1023 B"},
                 {1024, "1.0 KiB"},
                 {18842, "18.4 KiB"},
                 {200000, "195 KiB"},
                 {1 << 20, "1.0 MiB"},
                 {3LL << 40, "3.0 TiB"},
                 {5000LL << 40, "5000 TiB"}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[32];

        listing_bytes(text, sizeof text, cases[i].bytes);
        CU_ASSERT_STRING_EQUAL(text, cases[i].text);
    }
}

static const struct test tests[] = {
    {"a table lines up, and its cells are harmless", a_table_lines_up},
    {"JSON is one object a line, with what no column shows", json_is_one_object_a_line},
    {"a table without rows has no heading", nothing_has_no_heading},
    {"bytes have the unit that keeps them short", bytes_have_their_unit},
    {NULL, NULL},
};

const struct suite suite_listing = {"listing", tests};
