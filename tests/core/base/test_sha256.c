/* SPDX-License-Identifier: MIT */
#include "core/base/sha256.h"

#include <string.h>

#include "tests/suite.h"

static void expect(const struct hash *hash, const char *wanted)
{
    char text[2 * SHA256_BYTES + 1];

    sha256_text(text, hash);
    CU_ASSERT_STRING_EQUAL(text, wanted);
}

static void agrees_with_the_standards_examples(void)
{
    struct hash hash = sha256("abc", 3);

    expect(&hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    hash = sha256(NULL, 0);
    expect(&hash, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* sha256 of 03 00 00 00 00 00 00 00 "abc" 00 00 00 00 00 00 00 00. */
static void parts_are_led_by_their_length(void)
{
    static const char flat[] = "\3\0\0\0\0\0\0\0abc\0\0\0\0\0\0\0\0";
    const struct hash_part parts[] = {{"abc", 3}, {NULL, 0}};
    struct hash one = sha256_parts(parts, 2), other = sha256(flat, sizeof flat - 1);

    CU_ASSERT_EQUAL(memcmp(&one, &other, sizeof one), 0);
}

static void moving_a_byte_between_parts_changes_the_result(void)
{
    const struct hash_part left[] = {{"ab", 2}, {"c", 1}}, right[] = {{"a", 1}, {"bc", 2}};
    struct hash one = sha256_parts(left, 2), other = sha256_parts(right, 2);

    CU_ASSERT_NOT_EQUAL(memcmp(&one, &other, sizeof one), 0);
    one = sha256_parts(left, 0);
    other = sha256(NULL, 0);
    CU_ASSERT_EQUAL(memcmp(&one, &other, sizeof one), 0);
}

static void pieces_give_what_the_whole_gives(void)
{
    struct sha256_sum *sum = sha256_begin();

    sha256_add(sum, "a", 1);
    sha256_add(sum, NULL, 0);
    sha256_add(sum, "bc", 2);
    struct hash pieces = sha256_end(sum), whole = sha256("abc", 3);
    CU_ASSERT_EQUAL(memcmp(&pieces, &whole, sizeof whole), 0);
}

static const struct test tests[] = {
    {"agrees with the standard's examples", agrees_with_the_standards_examples},
    {"parts are led by their length", parts_are_led_by_their_length},
    {"moving a byte between parts changes the result",
     moving_a_byte_between_parts_changes_the_result},
    {"pieces give what the whole gives", pieces_give_what_the_whole_gives},
    {NULL, NULL},
};

const struct suite suite_sha256 = {"sha256", tests};
