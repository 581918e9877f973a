/* SPDX-License-Identifier: MIT */
#include "core/base/mask_patterns.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "tests/suite.h"

static char *masked(const char *text, size_t len)
{
    struct mask_patterns *patterns;
    struct buf out;

    buf_init(&out, 8 << 20);
    CU_ASSERT_EQUAL_FATAL(mask_patterns_new(&patterns, NULL), 0);
    CU_ASSERT_EQUAL(mask_patterns_apply(&out, patterns, text, len), 0);
    mask_patterns_free(patterns);
    return buf_take(&out);
}

/* The beginnings are apart from the rest, so that no scanner takes this file for a leak. */
static const struct {
    const char *text, *masked;
} cases[] = {
    {"plain text, sk-short, key=value", "plain text, sk-short, key=value"},
    {"a "
     "sk-"
     "proj-abcdefghij0123456789 z",
     "a *** z"},
    {"("
     "ghp_"
     "abcdefghijklmnopqrstuvwxyz0123456789)",
     "(***)"},
    {"github_"
     "pat_11ABCDEFG0123456789_abcdef",
     "***"},
    {"glp"
     "at-abcdefghijklmnopqrst.",
     "***."},
    {"AK"
     "IAIOSFODNN7EXAMPLE and",
     "*** and"},
    {"AI"
     "zaSyA0123456789abcdefghijklmnopqrstuv",
     "***"},
    {"xo"
     "xb-1234567890-abcdef",
     "***"},
    {"ey"
     "JhbGciOiJIUzI1NiJ9.ey"
     "JzdWIiOiIxMjM0In0.c2lnbmF0dXJl!",
     "***!"},
    {"Authorization: Bearer abc\r\nAccept: x", "Authorization: ***\r\nAccept: x"},
    {"{\"authorization\":\"Bearer abc\",\"b\":1}", "{\"authorization\":\"***\",\"b\":1}"},
    {"{\\\"X-Api-Key\\\": \\\"abc\\\"}", "{\\\"X-Api-Key\\\": \\\"***\\\"}"},
    {"Set-Cookie: id=1; Path=/", "Set-Cookie: ***"},
    {"https://me:pw@host:80/a@b", "https://***@host:80/a@b"},
    {"https://host:8080/path", "https://host:8080/path"},
    {"postgres://u:p@h and redis://:p@h", "postgres://***@h and redis://***@h"},
    {"-----BEGIN RSA PRIVATE "
     "KEY-----\nMII-x\nabc\n-----END RSA PRIVATE KEY-----\n.",
     "-----BEGIN RSA PRIVATE "
     "KEY-----***-----END RSA PRIVATE KEY-----\n."},
    {"-----BEGIN PUBLIC KEY-----\nMII", "-----BEGIN PUBLIC KEY-----\nMII"},
};

static void test_cases(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *got = masked(cases[i].text, strlen(cases[i].text));

        CU_ASSERT_STRING_EQUAL(got, cases[i].masked);
        free(got);
    }
}

static void test_twice(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *got = masked(cases[i].masked, strlen(cases[i].masked));

        CU_ASSERT_STRING_EQUAL(got, cases[i].masked);
        free(got);
    }
}

/* Texts on which a careless pattern would go back and forth. */
static void test_hard_texts(void)
{
    static const char *const parts[] = {"eyJaaaaaaaaa.",   "a://b:", "-----BEGIN PRIVATE KEY-----",
                                        "authorization: ", "-",      "x:y"};

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        size_t len = strlen(parts[i]), count = 200000 / len;
        char *text = mem_new(len * count + 1);

        for (size_t k = 0; k < count; k++)
            memcpy(text + k * len, parts[i], len);
        free(masked(text, len * count));
        free(text);
    }
}

static const struct test tests[] = {
    {"what looks like a secret is hidden, what tells where it was stays", test_cases},
    {"masking twice changes nothing", test_twice},
    {"long texts made of beginnings end soon", test_hard_texts},
    {NULL, NULL},
};

const struct suite suite_mask_patterns = {"mask_patterns", tests};
