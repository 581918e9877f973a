/* SPDX-License-Identifier: MIT */
#include "tests/support/golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "tests/suite.h"
#include "tui/grid.h"

#define GOLDEN_MAX (4u << 20)

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT(fputs(text, file) >= 0);
    CU_ASSERT_EQUAL(fclose(file), 0);
}

static void read_file(struct buf *out, const char *path)
{
    FILE *file = fopen(path, "r");
    char bytes[4096];
    size_t n;

    if (!file)
        return; /* then it differs */
    while ((n = fread(bytes, 1, sizeof bytes, file)) > 0)
        CU_ASSERT_EQUAL(buf_add(out, bytes, n), 0);
    CU_ASSERT_EQUAL(fclose(file), 0);
}

void golden_text(const char *path, const char *text)
{
    const char *accept = getenv("ACCEPT");
    struct buf want;

    if (accept && *accept) {
        write_file(path, text);
        return;
    }
    buf_init(&want, GOLDEN_MAX);
    read_file(&want, path);
    CU_ASSERT_STRING_EQUAL(text, want.data);
    if (strcmp(text, want.data) != 0)
        printf("---- %s has\n%s---- but now it is\n%s----\n", path, want.data, text);
    buf_free(&want);
}

void golden_grid(const char *path, const struct grid *grid)
{
    struct buf text;

    buf_init(&text, GOLDEN_MAX);
    CU_ASSERT_EQUAL(grid_dump(grid, &text, false), 0);
    golden_text(path, text.data);
    buf_free(&text);
}
