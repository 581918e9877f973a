/* SPDX-License-Identifier: MIT */
#include "core/base/mask.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/suite.h"

#define KEY "sk-Ab/3d+9Z\"q=="

static struct mask *mask_of(const char *const *keys)
{
    struct mask *mask;

    mask_new(&mask);
    for (; *keys; keys++)
        CU_ASSERT_EQUAL(mask_add(mask, *keys, strlen(*keys), NULL), 0);
    return mask;
}

static const char *const one_key[] = {KEY, NULL};

/* The text masked whole: yours, free(). */
static char *whole(const struct mask *mask, const char *text, size_t len)
{
    struct buf out;

    buf_init(&out, 1 << 20);
    CU_ASSERT_EQUAL(mask_apply(&out, mask, text, len), 0);
    return buf_take(&out);
}

/* The text masked in pieces that end at each of `cuts`. */
static char *in_pieces(const struct mask *mask, const char *text, size_t len, const size_t *cuts,
                       size_t count)
{
    struct mask_stream stream;
    struct buf out;
    size_t from = 0;

    buf_init(&out, 1 << 20);
    mask_stream_init(&stream, mask);
    for (size_t i = 0; i <= count; i++) {
        size_t to = i < count ? cuts[i] : len;

        CU_ASSERT_EQUAL(mask_stream_feed(&stream, &out, text + from, to - from), 0);
        from = to;
    }
    CU_ASSERT_EQUAL(mask_stream_end(&stream, &out), 0);
    mask_stream_free(&stream);
    return buf_take(&out);
}

static const struct {
    const char *text, *masked;
} cases[] = {
    {"", ""},
    {"nothing here", "nothing here"},
    {KEY, "***"},
    {"key " KEY " end", "key *** end"},
    {KEY KEY, "******"},
    {"sk-Ab/3d+9Z\"q=", "sk-Ab/3d+9Z\"q="},
    {"{\"k\":\"sk-Ab/3d+9Z\\\"q==\"}", "{\"k\":\"***\"}"},
    {"{\"k\":\"sk-Ab\\/3d+9Z\\\"q==\"}", "{\"k\":\"***\"}"},
    {"?key=sk-Ab%2F3d%2B9Z%22q%3D%3D&x", "?key=***&x"},
    {"?key=sk-Ab%2f3d%2b9Z%22q%3d%3d&x", "?key=***&x"},
};

static void test_forms(void)
{
    struct mask *mask = mask_of(one_key);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *got = whole(mask, cases[i].text, strlen(cases[i].text));

        CU_ASSERT_STRING_EQUAL(got, cases[i].masked);
        CU_ASSERT_EQUAL(mask_finds(mask, cases[i].text, strlen(cases[i].text)),
                        strcmp(cases[i].text, cases[i].masked) != 0);
        free(got);
    }
    mask_free(mask);
}

/* What coreutils' base64 makes of "KEY", "uKEY:", "usKEY::" and "user:KEY". */
static const char *const encoded[] = {
    "c2stQWIvM2QrOVoicT09",
    "dXNrLUFiLzNkKzlaInE9PTo=",
    "dXNzay1BYi8zZCs5WiJxPT06Og==",
    "dXNlcjpzay1BYi8zZCs5WiJxPT0=",
};

static void test_base64(void)
{
    struct mask *mask = mask_of(one_key);

    for (size_t i = 0; i < sizeof encoded / sizeof *encoded; i++) {
        char *got = whole(mask, encoded[i], strlen(encoded[i]));

        CU_ASSERT_PTR_NOT_NULL(strstr(got, "***"));
        CU_ASSERT(strlen(got) <= 14); /* what stays are characters that hold other bytes too */
        free(got);
    }
    mask_free(mask);
}

static void test_base64_url(void)
{
    static const char *const keys[] = {"\xfb\xff\xfe\xfb\xff\xfe\xfb\xff\xfe", NULL};
    struct mask *mask = mask_of(keys);
    char *standard = whole(mask, "+//++//++//+", 12), *url = whole(mask, "-__--__--__-", 12);

    CU_ASSERT_STRING_EQUAL(standard, "***");
    CU_ASSERT_STRING_EQUAL(url, "***");
    free(standard);
    free(url);
    mask_free(mask);
}

static void test_every_cut(void)
{
    static const char text[] = "a" KEY "b sk-Ab/ sk-sk-Ab/3d+9Z\\\"q==c2stQWIvM2QrOVoicT09 sk-A";
    size_t len = sizeof text - 1;
    struct mask *mask = mask_of(one_key);
    char *want = whole(mask, text, len);

    CU_ASSERT_STRING_EQUAL(want, "a***b sk-Ab/ sk-****** sk-A");
    for (size_t first = 0; first <= len; first++) {
        for (size_t second = first; second <= len; second++) {
            size_t cuts[] = {first, second};
            char *got = in_pieces(mask, text, len, cuts, 2);

            CU_ASSERT_STRING_EQUAL(got, want);
            free(got);
        }
    }
    free(want);
    mask_free(mask);
}

static void test_byte_by_byte(void)
{
    static const char text[] = KEY " and " KEY;
    size_t cuts[sizeof text - 1];
    struct mask *mask = mask_of(one_key);

    for (size_t i = 0; i < sizeof text - 1; i++)
        cuts[i] = i;
    char *got = in_pieces(mask, text, sizeof text - 1, cuts, sizeof text - 1);
    CU_ASSERT_STRING_EQUAL(got, "*** and ***");
    free(got);
    mask_free(mask);
}

static void test_overlap(void)
{
    static const char *const keys[] = {"abcdefgh", "efghijkl", "abcdefghijklmnop", NULL};
    static const struct {
        const char *text, *masked;
    } overlaps[] = {
        {"abcdefgh.", "***."},          {"abcdefghijkl.", "***."},
        {"abcdefghijklmnop.", "***."},  {"abcdefghijklmno.", "***mno."},
        {"abcdefghabcdefgh", "******"}, {"xabcdefghijklx", "x***x"},
    };
    struct mask *mask = mask_of(keys);

    for (size_t i = 0; i < sizeof overlaps / sizeof *overlaps; i++) {
        size_t len = strlen(overlaps[i].text);
        char *got = whole(mask, overlaps[i].text, len);

        CU_ASSERT_STRING_EQUAL(got, overlaps[i].masked);
        free(got);
        for (size_t cut = 0; cut <= len; cut++) {
            got = in_pieces(mask, overlaps[i].text, len, &cut, 1);
            CU_ASSERT_STRING_EQUAL(got, overlaps[i].masked);
            free(got);
        }
    }
    mask_free(mask);
}

static void test_holds_little(void)
{
    struct mask *mask = mask_of(one_key);
    struct mask_stream stream;
    struct buf out;

    buf_init(&out, 1 << 20);
    mask_stream_init(&stream, mask);
    CU_ASSERT_EQUAL(mask_stream_feed(&stream, &out, "hello sk-A", 10), 0);
    CU_ASSERT_STRING_EQUAL(out.data, "hello ");
    CU_ASSERT_EQUAL(mask_stream_feed(&stream, &out, "x", 1), 0);
    CU_ASSERT_STRING_EQUAL(out.data, "hello sk-Ax");
    mask_stream_free(&stream);
    buf_free(&out);
    mask_free(mask);
}

static void test_large(void)
{
    size_t len = 100000;
    char *text = mem_new(len + 1);
    struct mask *mask = mask_of(one_key);

    memset(text, 's', len);
    memcpy(text + 4090, KEY, strlen(KEY)); /* over the edge of what is looked at at once */
    memcpy(text + len - strlen(KEY), KEY, strlen(KEY));
    char *want = whole(mask, text, len), *got = in_pieces(mask, text, len, NULL, 0);
    CU_ASSERT_STRING_EQUAL(got, want);
    CU_ASSERT_PTR_NULL(strstr(got, KEY));
    CU_ASSERT_EQUAL(strlen(got), len - 2 * strlen(KEY) + 6);
    free(want);
    free(got);
    free(text);
    mask_free(mask);
}

static void test_any_bytes(void)
{
    static const char key[] = "\x01\x02\x00\xff\x7f/\x80"; /* with a NUL inside */
    struct mask *mask;
    struct buf out;

    mask_new(&mask);
    buf_init(&out, 100);
    CU_ASSERT_EQUAL(mask_add(mask, key, sizeof key - 1, NULL), 0);
    CU_ASSERT_EQUAL(mask_apply(&out, mask, key, sizeof key - 1), 0);
    CU_ASSERT_STRING_EQUAL(out.data, "***");
    buf_free(&out);
    mask_free(mask);
}

static void test_refused_keys(void)
{
    struct err err;
    struct mask *mask;
    char *long_key = mem_new(9000);

    mask_new(&mask);
    CU_ASSERT_EQUAL(mask_add(mask, "short", 5, &err), E_RANGE);
    CU_ASSERT_PTR_NULL(strstr(err.msg, "short "));
    memset(long_key, 'k', 8999);
    CU_ASSERT_EQUAL(mask_add(mask, long_key, 8999, &err), E_TOOBIG);
    CU_ASSERT_EQUAL(mask_add(mask, long_key, 8192, NULL), 0);
    free(long_key);
    mask_free(mask);
}

static void test_nothing_to_hide(void)
{
    struct mask *mask;
    size_t cut = 3;
    char *got = whole(NULL, "plain", 5);

    CU_ASSERT_STRING_EQUAL(got, "plain");
    free(got);
    got = in_pieces(NULL, "plain", 5, &cut, 1);
    CU_ASSERT_STRING_EQUAL(got, "plain");
    free(got);
    mask_new(&mask);
    got = in_pieces(mask, "plain", 5, &cut, 1);
    CU_ASSERT_STRING_EQUAL(got, "plain");
    CU_ASSERT_FALSE(mask_finds(mask, "plain", 5));
    CU_ASSERT_FALSE(mask_finds(NULL, "plain", 5));
    free(got);
    mask_free(mask);
    mask_free(NULL);
}

static void test_full_buffer(void)
{
    struct mask *mask = mask_of(one_key);
    struct buf out;

    buf_init(&out, 4);
    CU_ASSERT_EQUAL(mask_apply(&out, mask, "12345" KEY, 5 + strlen(KEY)), E_TOOBIG);
    CU_ASSERT_PTR_NULL(strstr(out.data, KEY));
    buf_free(&out);
    mask_free(mask);
}

static const struct test tests[] = {
    {"a key is hidden as it is, JSON-escaped and percent-encoded", test_forms},
    {"a key is hidden inside base64 at every alignment", test_base64},
    {"and in both alphabets of base64", test_base64_url},
    {"A12 a key split across chunks anywhere is hidden the same", test_every_cut},
    {"A12 a key that comes byte by byte is hidden", test_byte_by_byte},
    {"keys that overlap leave no rest", test_overlap},
    {"only what may become a key is held back", test_holds_little},
    {"long texts are hidden across every slice", test_large},
    {"a key may hold any bytes", test_any_bytes},
    {"keys too short or too long are refused, unnamed", test_refused_keys},
    {"without keys text passes as it is", test_nothing_to_hide},
    {"a full buffer is an error, never a leak", test_full_buffer},
    {NULL, NULL},
};

const struct suite suite_mask = {"mask", tests};
