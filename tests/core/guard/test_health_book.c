/* SPDX-License-Identifier: MIT */
#include "core/guard/health_book.h"

#include "tests/suite.h"

static void test_book(void)
{
    static const char *const keys[] = {"tool:shell", "run", "model:b", "model:a", "zebra", "a"};
    static const char *const sorted[] = {"a", "model:a", "model:b", "run", "tool:shell", "zebra"};
    struct health *pages[6];
    struct health_book *book;

    health_book_new(&book);
    for (size_t i = 0; i < 6; i++)
        pages[i] = health_book_at(book, keys[i]);
    CU_ASSERT_EQUAL(health_book_count(book), 6);
    for (size_t i = 0; i < 6; i++) {
        CU_ASSERT_PTR_EQUAL(health_book_at(book, keys[i]), pages[i]);
        CU_ASSERT_PTR_EQUAL(health_book_find(book, keys[i]), pages[i]);
        CU_ASSERT_STRING_EQUAL(health_book_key(book, i), sorted[i]);
    }
    CU_ASSERT_EQUAL(health_book_count(book), 6);
    CU_ASSERT_PTR_NULL(health_book_find(book, "model:"));
    CU_ASSERT_PTR_NULL(health_book_find(book, "zz"));
    health_book_free(book);
}

static void test_none(void)
{
    health_book_free(NULL);
}

static const struct test tests[] = {
    {"a health is made once, stays where it is, and keys are in order", test_book},
    {"freeing no book is allowed", test_none},
    {NULL, NULL},
};

const struct suite suite_health_book = {"health_book", tests};
