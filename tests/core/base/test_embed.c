/* SPDX-License-Identifier: MIT */
#include "core/base/embed.h"

#include <stdio.h>

#include "tests/suite.h"

static void a_name_the_build_does_not_know_is_null(void)
{
    CU_ASSERT_PTR_NULL(embed_find("themes/no-such.yaml"));
    CU_ASSERT_PTR_NULL(embed_find(""));
}

static void every_file_is_found_by_its_name(void)
{
    for (const struct embed *file = embed_table; file->name; file++)
        CU_ASSERT_PTR_EQUAL(embed_find(file->name), file);
}

static void every_file_is_the_one_in_the_tree(void)
{
    for (const struct embed *file = embed_table; file->name; file++) {
        FILE *in = fopen(file->name, "rb");
        size_t i = 0;

        CU_ASSERT_PTR_NOT_NULL_FATAL(in);
        for (int c; (c = getc(in)) != EOF; i++)
            if (i >= file->size || file->bytes[i] != c)
                break;
        CU_ASSERT_EQUAL(i, file->size);
        CU_ASSERT_EQUAL(file->bytes[file->size], 0);
        CU_ASSERT(feof(in));
        (void)fclose(in); /* read only: nothing to lose */
    }
}

static const struct test tests[] = {
    {"a name the build does not know is NULL", a_name_the_build_does_not_know_is_null},
    {"every file is found by its name", every_file_is_found_by_its_name},
    {"every file is the one in the tree, and a zero follows", every_file_is_the_one_in_the_tree},
    {NULL, NULL},
};

const struct suite suite_embed = {"embed", tests};
