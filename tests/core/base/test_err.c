/* SPDX-License-Identifier: MIT */
#include "core/base/err.h"

#include <errno.h>
#include <string.h>

#include "core/base/utf8.h"
#include "tests/suite.h"

static void fills_the_box_and_gives_the_code_back(void)
{
    struct err err = {0};

    CU_ASSERT_EQUAL(err_set(&err, E_PARSE, "line %d: no such key '%s'", 3, "quti"), E_PARSE);
    CU_ASSERT_EQUAL(err.code, E_PARSE);
    CU_ASSERT_STRING_EQUAL(err.msg, "line 3: no such key 'quti'");
    CU_ASSERT_EQUAL(err_set(NULL, E_RANGE, "nobody reads this"), E_RANGE);
}

static void names_what_errno_means(void)
{
    static const struct {
        int number, code;
    } cases[] = {
        {ENOENT, E_NOTFOUND}, {EACCES, E_DENIED}, {EEXIST, E_EXISTS}, {ENOSPC, E_FULL},
        {EDQUOT, E_FULL},     {EFBIG, E_FULL},    {ENOMEM, E_NOMEM},  {EIO, E_IO},
        {EPIPE, E_CLOSED},    {EAGAIN, E_BUSY},   {0, E_IO},
    };
    struct err err;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CU_ASSERT_EQUAL(err_sys(&err, cases[i].number, "x"), cases[i].code);
        CU_ASSERT_EQUAL(err_sys(NULL, cases[i].number, "x"), cases[i].code);
        CU_ASSERT_EQUAL(err.code, cases[i].code);
    }
    CU_ASSERT_EQUAL(err_sys(&err, ENOENT, "%s", "/nowhere"), E_NOTFOUND);
    CU_ASSERT_STRING_EQUAL(err.msg, "/nowhere: No such file or directory");
}

static void wraps_in_front_of_what_it_says(void)
{
    struct err err;

    err_set(&err, E_RANGE, "7 is too large");
    CU_ASSERT_EQUAL(err_wrap(&err, E_IO, "keys.conf: line %d", 3), E_RANGE);
    CU_ASSERT_STRING_EQUAL(err.msg, "keys.conf: line 3: 7 is too large");
    CU_ASSERT_EQUAL(err_wrap(NULL, E_FULL, "x"), E_FULL);
    err = (struct err){0};
    CU_ASSERT_EQUAL(err_wrap(&err, E_FULL, "keys.conf"), E_FULL);
    CU_ASSERT_EQUAL(err.code, E_FULL);
    CU_ASSERT_STRING_EQUAL(err.msg, "keys.conf");
}

static void is_one_clean_line_of_utf8(void)
{
    struct err err;

    err_set(&err, E_IO, "%s", "a\nb\x1b[31m\x7f\xc2\x9b\xff\xe2\x82 \xc3\xa9");
    CU_ASSERT_STRING_EQUAL(err.msg, "a b [31m  \xef\xbf\xbd\xef\xbf\xbd \xc3\xa9");
}

/* Whatever the length, and whatever the size of the characters at the end of the box. */
static void a_cut_is_marked_and_splits_nothing(void)
{
    static const char *const fill[] = {"x", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    char text[400];
    struct err err;

    for (size_t f = 0; f < 4; f++)
        for (size_t len = 240; len < 270; len++) {
            size_t size = strlen(fill[f]), used = len % size;
            memset(text, 'a', used);
            for (; used + size <= len; used += size)
                memcpy(text + used, fill[f], size);
            text[used] = '\0';
            err_set(&err, E_IO, "%s", text);
            size_t shown = strlen(err.msg);
            CU_ASSERT_TRUE(utf8_valid(err.msg, shown));
            if (used < ERR_MSG_MAX)
                CU_ASSERT_STRING_EQUAL(err.msg, text);
            if (used >= ERR_MSG_MAX) {
                CU_ASSERT(shown > ERR_MSG_MAX - 8);
                CU_ASSERT_STRING_EQUAL(err.msg + shown - 3, "\xe2\x80\xa6");
            }
        }
}

static void every_code_has_its_name(void)
{
    CU_ASSERT_STRING_EQUAL(err_name(E_PARSE), "E_PARSE");
    CU_ASSERT_STRING_EQUAL(err_name(E_UNSUPPORTED), "E_UNSUPPORTED");
    for (int code = E_UNSUPPORTED; code < 0; code++)
        CU_ASSERT_STRING_NOT_EQUAL(err_name(code), "E_?");
    CU_ASSERT_STRING_EQUAL(err_name(0), "E_?");
    CU_ASSERT_STRING_EQUAL(err_name(1), "E_?");
    CU_ASSERT_STRING_EQUAL(err_name(E_UNSUPPORTED - 1), "E_?");
    CU_ASSERT_STRING_EQUAL(err_name(-2147483647 - 1), "E_?");
}

static const struct test tests[] = {
    {"fills the box and gives the code back", fills_the_box_and_gives_the_code_back},
    {"names what errno means", names_what_errno_means},
    {"wraps in front of what it says", wraps_in_front_of_what_it_says},
    {"is one clean line of UTF-8", is_one_clean_line_of_utf8},
    {"a cut is marked and splits nothing", a_cut_is_marked_and_splits_nothing},
    {"every code has its name", every_code_has_its_name},
    {NULL, NULL},
};

const struct suite suite_err = {"err", tests};
