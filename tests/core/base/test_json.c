/* SPDX-License-Identifier: MIT */
#include "core/base/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "tests/suite.h"

struct check {
    const char *text;
    int rc;
};

static void expect_all(const struct check *checks, size_t count, const struct json_limits *limits)
{
    for (size_t i = 0; i < count; i++) {
        struct err err = {0};
        int rc = json_check(checks[i].text, strlen(checks[i].text), limits, &err);
        if (rc != checks[i].rc)
            CU_FAIL_FATAL(checks[i].text);
        CU_ASSERT_EQUAL(err.code, rc);
    }
}

#define EXPECT_ALL(checks, limits) expect_all(checks, sizeof(checks) / sizeof *(checks), limits)

static void takes_what_the_standard_takes(void)
{
    static const struct check checks[] = {
        {"null", 0},
        {" \t\r\n true \n", 0},
        {"[]", 0},
        {"{}", 0},
        {"[ [ ] , { } ]", 0},
        {"{\"a\":1,\"b\":[1,2,{\"c\":null}],\"\":\"\"}", 0},
        {"-0", 0},
        {"0.5e-3", 0},
        {"1E+2", 0},
        {"9007199254740993", 0},
        {"1e-400", 0},
        {"1.7976931348623157e308", 0},
        {"-1.7976931348623157E+308", 0},
        {"0e999999999999", 0},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"", 0},
        {"\"\\ud83d\\ude00\"", 0},
        {"\"\xf0\x9f\x98\x80 \xef\xbf\xbf \x7f\"", 0},
    };

    EXPECT_ALL(checks, NULL);
}

static void refuses_what_cjson_lets_pass(void)
{
    static const struct check checks[] = {
        {"", E_PARSE},          {"  ", E_PARSE},
        {"{} x", E_PARSE},      {"1 2", E_PARSE},
        {"01", E_PARSE},        {"-", E_PARSE},
        {"+1", E_PARSE},        {".5", E_PARSE},
        {"1.", E_PARSE},        {"1e", E_PARSE},
        {"0x10", E_PARSE},      {"NaN", E_PARSE},
        {"Infinity", E_PARSE},  {"tru", E_PARSE},
        {"True", E_PARSE},      {"\"a\nb\"", E_PARSE},
        {"\"a\tb\"", E_PARSE},  {"\"\x01\"", E_PARSE},
        {"\"open", E_PARSE},    {"\"open\\", E_PARSE},
        {"\"\\x41\"", E_PARSE}, {"\"\\u12g4\"", E_PARSE},
        {"\"\\u12\"", E_PARSE}, {"\xef\xbb\xbf{}", E_PARSE},
        {"'a'", E_PARSE},       {"// no\n1", E_PARSE},
    };

    EXPECT_ALL(checks, NULL);
}

static void refuses_broken_structure(void)
{
    static const struct check checks[] = {
        {"[", E_PARSE},        {"]", E_PARSE},          {"{", E_PARSE},
        {"[1,]", E_PARSE},     {"[,1]", E_PARSE},       {"[1 2]", E_PARSE},
        {"[1}", E_PARSE},      {"{]", E_PARSE},         {"{\"a\"}", E_PARSE},
        {"{\"a\":}", E_PARSE}, {"{\"a\":1,}", E_PARSE}, {"{a:1}", E_PARSE},
        {"{1:1}", E_PARSE},    {"{\"a\" 1}", E_PARSE},  {"{\"a\":1 \"b\":2}", E_PARSE},
        {"{,}", E_PARSE},      {"[[1]", E_PARSE},       {"{\"a\":1]", E_PARSE},
    };

    EXPECT_ALL(checks, NULL);
}

static void refuses_numbers_a_double_cannot_hold(void)
{
    static const struct check checks[] = {
        {"1e999", E_RANGE},
        {"-1e999", E_RANGE},
        {"[1,2,1e309]", E_RANGE},
        {"1.8e308", E_RANGE},
        {"0.0018e311", E_RANGE},
        {"18e307", E_RANGE},
        {"1e99999999999999999999", E_RANGE},
        {"1e-99999999999999999999", 0},
        {"0.0017e311", 0},
        {"1000000000000000000000000000000000000000000000000000000000000001", E_RANGE},
        {"100000000000000000000000000000000000000000000000000000000000001", 0},
    };

    EXPECT_ALL(checks, NULL);
}

static void refuses_nul_and_half_surrogate_pairs(void)
{
    static const struct check checks[] = {
        {"\"safe\\u0000/../etc\"", E_PARSE},
        {"{\"a\\u0000\":1}", E_PARSE},
        {"\"\\ud83d\"", E_PARSE},
        {"\"\\ud83d x\"", E_PARSE},
        {"\"\\ud83d\\n\"", E_PARSE},
        {"\"\\ud83d\\u0041\"", E_PARSE},
        {"\"\\ud83d\\ud83d\"", E_PARSE},
        {"\"\\ude00\"", E_PARSE},
        {"\"\\ude00\\ud83d\"", E_PARSE},
        {"\"\xed\xa0\xbd\"", E_PARSE},
        {"\"\xc0\x80\"", E_PARSE},
        {"\"\xf4\x90\x80\x80\"", E_PARSE},
        {"\"\xe2\x82\"", E_PARSE},
        {"\"\xff\"", E_PARSE},
        {"\xc3\xa9", E_PARSE},
    };

    EXPECT_ALL(checks, NULL);
    CU_ASSERT_EQUAL(json_check("1\0", 2, NULL, NULL), E_PARSE);
    CU_ASSERT_EQUAL(json_check("\"a\0b\"", 5, NULL, NULL), E_PARSE);
}

/* Every place in a long text where the eight-byte steps could skip over something. */
static void finds_a_wrong_byte_at_any_place(void)
{
    char text[40];

    for (size_t len = 3; len < sizeof text; len++)
        for (size_t at = 1; at < len - 1; at++)
            for (size_t bad = 0; bad < 4; bad++) {
                memset(text, 'x', len);
                text[0] = text[len - 1] = '"';
                CU_ASSERT_EQUAL_FATAL(json_check(text, len, NULL, NULL), 0);
                text[at] = "\x1f\xff\"\\"[bad];
                int rc = json_check(text, len, NULL, NULL);
                CU_ASSERT_EQUAL_FATAL(rc, E_PARSE);
            }
}

static void says_where(void)
{
    struct err err;

    CU_ASSERT_EQUAL(json_check("[1, oops]", 9, NULL, &err), E_PARSE);
    CU_ASSERT_STRING_EQUAL(err.msg, "JSON, byte 4: a value was expected");
}

static void bounds_depth_nodes_and_bytes(void)
{
    struct json_limits limits = {.bytes = 20, .depth = 3, .nodes = 5};
    static const struct check checks[] = {
        {"[[[]]]", 0},
        {"[[[[]]]]", E_TOOBIG},
        {"{\"a\":{\"b\":[{}]}}", E_TOOBIG},
        {"[1,2,3,4]", 0},
        {"[1,2,3,4,5]", E_TOOBIG},
        {"[1,2,3          ]   ", 0},
        {"[1,2,3          ]    ", E_TOOBIG},
    };

    EXPECT_ALL(checks, &limits);
}

static void a_hundred_thousand_brackets_are_only_too_deep(void)
{
    size_t len = 100000;
    char *text = mem_new(len + 1);

    memset(text, '[', len);
    CU_ASSERT_EQUAL(json_check(text, len, NULL, NULL), E_TOOBIG);
    CU_ASSERT_EQUAL(json_check(text, 128, NULL, NULL), E_PARSE);
    struct json_limits wild = {.depth = 1000000};
    CU_ASSERT_EQUAL(json_check(text, len, &wild, NULL), E_TOOBIG);
    free(text);
}

static void levels_are_told_apart_at_any_depth(void)
{
    struct json_limits limits = {.depth = JSON_DEPTH_MAX};
    struct buf text;

    buf_init(&text, 1 << 16);
    for (int i = 0; i < JSON_DEPTH_MAX; i++)
        CU_ASSERT_EQUAL(buf_text(&text, i % 3 ? "[" : "{\"k\":"), 0);
    CU_ASSERT_EQUAL(buf_text(&text, "1"), 0);
    for (int i = JSON_DEPTH_MAX; i-- > 0;)
        CU_ASSERT_EQUAL(buf_text(&text, i % 3 ? "]" : "}"), 0);
    CU_ASSERT_EQUAL(json_check(text.data, text.len, &limits, NULL), 0);
    text.data[text.len - 70] = text.data[text.len - 70] == ']' ? '}' : ']';
    CU_ASSERT_EQUAL(json_check(text.data, text.len, &limits, NULL), E_PARSE);
    buf_free(&text);
}

static void refuses_duplicate_keys_when_asked(void)
{
    struct json_limits unique = {.unique = true};
    struct err err;
    static const struct check checks[] = {
        {"{\"a\":1,\"A\":2}", 0},
        {"{\"a\":1,\"b\":{\"a\":2}}", 0},
        {"[{\"a\":1},{\"a\":1}]", 0},
        {"{\"a\":1,\"b\":2,\"a\":1}", E_PARSE},
        {"{\"a\":1,\"\\u0061\":1}", E_PARSE},
        {"[0,{\"x\":{\"y\":[{\"k\":1,\"k\":2}]}}]", E_PARSE},
    };

    EXPECT_ALL(checks, &unique);
    CU_ASSERT_EQUAL(json_check("{\"a\":1,\"a\":1}", 13, NULL, NULL), 0);
    CU_ASSERT_EQUAL(json_check("{\"a\":1,\"a\":1}", 13, &json_args, &err), E_PARSE);
    CU_ASSERT_STRING_EQUAL(err.msg, "JSON: the key \"a\" appears twice in one object");
}

static cJSON *parsed(const char *text)
{
    cJSON *tree = NULL;

    CU_ASSERT_EQUAL_FATAL(json_parse(&tree, text, strlen(text), NULL, NULL), 0);
    return tree;
}

static void parse_leaves_nothing_behind_a_failure(void)
{
    cJSON *tree = (cJSON *)1;

    CU_ASSERT_EQUAL(json_parse(&tree, "{} ?", 4, NULL, NULL), E_PARSE);
    CU_ASSERT_PTR_NULL(tree);
    CU_ASSERT_EQUAL(json_parse(&tree, "{\"a\":1,\"a\":1}", 13, &json_args, NULL), E_PARSE);
    CU_ASSERT_PTR_NULL(tree);
}

static void parse_needs_no_terminator(void)
{
    cJSON *tree;
    char *text = mem_try(3);

    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    memcpy(text, "123", 3);
    CU_ASSERT_EQUAL_FATAL(json_parse(&tree, text, 2, NULL, NULL), 0);
    CU_ASSERT_EQUAL(tree->valuedouble, 12);
    cJSON_Delete(tree);
    free(text);
}

static void looks_up_by_exact_key_and_type(void)
{
    cJSON *tree =
        parsed("{\"Text\":\"T\",\"text\":\"t\",\"n\":1.9,\"o\":{},\"a\":[],\"z\":null,\"b\":true}");

    CU_ASSERT_STRING_EQUAL(json_text(tree, "text"), "t");
    CU_ASSERT_PTR_NULL(json_text(tree, "TEXT"));
    CU_ASSERT_PTR_NULL(json_text(tree, "n"));
    CU_ASSERT_PTR_NULL(json_get(tree, "z"));
    CU_ASSERT_PTR_NULL(json_get(NULL, "z"));
    CU_ASSERT_PTR_NULL(json_get(json_array(tree, "a"), "z"));
    CU_ASSERT_PTR_NOT_NULL(json_object(tree, "o"));
    CU_ASSERT_PTR_NULL(json_object(tree, "a"));
    CU_ASSERT_PTR_NULL(json_array(tree, "o"));
    CU_ASSERT_EQUAL(json_number(tree, "n", 0), 1.9);
    CU_ASSERT_EQUAL(json_number(tree, "text", 7), 7);
    CU_ASSERT_EQUAL(json_int(tree, "n", 0), 1);
    CU_ASSERT_EQUAL(json_int(tree, "b", 7), 7);
    CU_ASSERT_TRUE(json_bool(tree, "b", false));
    CU_ASSERT_TRUE(json_bool(tree, "n", true));
    cJSON_Delete(tree);
}

static void whole_numbers_of_ours_are_exact(void)
{
    static const struct {
        int64_t value;
        const char *text;
    } cases[] = {
        {0, "{\"n\":0}"},
        {-1, "{\"n\":-1}"},
        {INT64_C(9007199254740993), "{\"n\":9007199254740993}"},
        {INT64_MAX, "{\"n\":9223372036854775807}"},
        {INT64_MIN, "{\"n\":-9223372036854775808}"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cJSON *tree = cJSON_CreateObject();
        json_set_int(tree, "n", cases[i].value);
        CU_ASSERT_EQUAL(json_int(tree, "n", 5), cases[i].value);
        CU_ASSERT_EQUAL(json_number(tree, "n", 5), (double)cases[i].value);
        char *text = json_print(tree);
        CU_ASSERT_STRING_EQUAL(text, cases[i].text);
        free(text);
        cJSON_Delete(tree);
    }
}

static void parsed_whole_numbers_saturate(void)
{
    static const struct {
        const char *text;
        int64_t value;
    } cases[] = {
        {"{\"n\":9007199254740991}", INT64_C(9007199254740991)},
        {"{\"n\":1764000000123456}", INT64_C(1764000000123456)},
        {"{\"n\":-9007199254740992}", -INT64_C(9007199254740992)},
        {"{\"n\":9223372036854775807}", INT64_MAX},
        {"{\"n\":1e300}", INT64_MAX},
        {"{\"n\":-1e300}", INT64_MIN},
        {"{\"n\":-1.9}", -1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cJSON *tree = parsed(cases[i].text);
        CU_ASSERT_EQUAL(json_int(tree, "n", 5), cases[i].value);
        cJSON_Delete(tree);
    }
}

static void setting_twice_leaves_one_member(void)
{
    cJSON *tree = cJSON_CreateObject();

    json_set_text(tree, "k", "one");
    json_set_text(tree, "k", NULL);
    CU_ASSERT_STRING_EQUAL(json_text(tree, "k"), "one");
    json_set_bool(tree, "k", true);
    json_set_number(tree, "n", 0.25);
    char *text = json_print(tree);
    CU_ASSERT_STRING_EQUAL(text, "{\"k\":true,\"n\":0.25}");
    free(text);
    cJSON_Delete(tree);
}

static void prints_what_reads_back_the_same(void)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {" [ 1 , 2.50 , -0 , 1e2 ] ", "[1,2.5,0,100]"},
        {"[1764000000123456,9007199254740992]", "[1764000000123456,9007199254740992]"},
        {"[0.1,0.30000000000000004,1e-7]", "[0.1,0.30000000000000004,1e-07]"},
        {"[1.7976931348623157e308,5e-324]", "[1.7976931348623157e+308,4.94065645841247e-324]"},
        {"{\"b\":[],\"a\":{}}", "{\"b\":[],\"a\":{}}"},
        {"\"\\u001b\\u0007\\b\\f\\n\\r\\t\\\"\\\\\\/\"",
         "\"\\u001b\\u0007\\b\\f\\n\\r\\t\\\"\\\\/\""},
        {"\"\\ud83d\\ude00\\u007f\"", "\"\xf0\x9f\x98\x80\x7f\""},
        {"[true,false,null]", "[true,false,null]"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cJSON *tree = parsed(cases[i].in);
        char *text = json_print(tree);
        CU_ASSERT_STRING_EQUAL(text, cases[i].out);
        CU_ASSERT_EQUAL(json_check(text, strlen(text), NULL, NULL), 0);
        free(text);
        cJSON_Delete(tree);
    }
}

static void no_number_is_infinite_on_paper(void)
{
    cJSON *tree = cJSON_CreateObject();

    json_set_number(tree, "i", INFINITY);
    json_set_number(tree, "n", NAN);
    char *text = json_print(tree);
    CU_ASSERT_STRING_EQUAL(text, "{\"i\":null,\"n\":null}");
    free(text);
    cJSON_Delete(tree);
}

static void one_value_has_one_canonical_text(void)
{
    static const char *const same[] = {
        "{\"b\":1,\"a\":{\"z\":[{\"y\":1,\"x\":2}],\"B\":0}}",
        "{ \"a\" : {\"B\":0.0,\"z\":[{\"x\":2,\"\\u0079\":1e0}]}, \"b\":1 }",
    };

    for (size_t i = 0; i < 2; i++) {
        cJSON *tree = parsed(same[i]);
        char *text = json_canonical(tree);
        CU_ASSERT_STRING_EQUAL(text, "{\"a\":{\"B\":0,\"z\":[{\"x\":2,\"y\":1}]},\"b\":1}");
        free(text);
        cJSON_Delete(tree);
    }
}

static void writes_whole_or_not_at_all(void)
{
    cJSON *tree = parsed("{\"key\":[\"value\"]}");
    struct buf out;

    for (size_t max = 2; max < 20; max++) {
        buf_init(&out, max);
        CU_ASSERT_EQUAL(buf_text(&out, "x="), 0);
        int rc = json_write(&out, tree);
        CU_ASSERT_EQUAL(rc, max < 19 ? E_TOOBIG : 0);
        CU_ASSERT_STRING_EQUAL(out.data, max < 19 ? "x=" : "x={\"key\":[\"value\"]}");
        buf_free(&out);
    }
    cJSON_Delete(tree);
}

static void quotes_any_bytes(void)
{
    struct buf out;

    buf_init(&out, 100);
    CU_ASSERT_EQUAL(json_quote(&out, "a\0\xff\xe2\x82\x1b\"", 7), 0);
    CU_ASSERT_STRING_EQUAL(out.data, "\"a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\\u001b\\\"\"");
    CU_ASSERT_EQUAL(json_check(out.data, out.len, NULL, NULL), 0);
    buf_clear(&out);
    CU_ASSERT_EQUAL(json_quote(&out, NULL, 0), 0);
    CU_ASSERT_STRING_EQUAL(out.data, "\"\"");
    buf_free(&out);
}

static const struct test tests[] = {
    {"takes what the standard takes", takes_what_the_standard_takes},
    {"refuses what cJSON lets pass", refuses_what_cjson_lets_pass},
    {"refuses broken structure", refuses_broken_structure},
    {"refuses numbers that a double cannot hold", refuses_numbers_a_double_cannot_hold},
    {"refuses NUL and half surrogate pairs", refuses_nul_and_half_surrogate_pairs},
    {"finds a wrong byte at any place", finds_a_wrong_byte_at_any_place},
    {"says where", says_where},
    {"bounds depth, nodes and bytes", bounds_depth_nodes_and_bytes},
    {"a hundred thousand brackets are only too deep",
     a_hundred_thousand_brackets_are_only_too_deep},
    {"levels are told apart at any depth", levels_are_told_apart_at_any_depth},
    {"refuses duplicate keys when asked", refuses_duplicate_keys_when_asked},
    {"parse leaves nothing behind a failure", parse_leaves_nothing_behind_a_failure},
    {"parse needs no terminator", parse_needs_no_terminator},
    {"looks up by exact key and type", looks_up_by_exact_key_and_type},
    {"whole numbers of ours are exact", whole_numbers_of_ours_are_exact},
    {"parsed whole numbers saturate", parsed_whole_numbers_saturate},
    {"setting twice leaves one member", setting_twice_leaves_one_member},
    {"prints what reads back the same", prints_what_reads_back_the_same},
    {"no number is infinite on paper", no_number_is_infinite_on_paper},
    {"one value has one canonical text", one_value_has_one_canonical_text},
    {"writes whole or not at all", writes_whole_or_not_at_all},
    {"quotes any bytes", quotes_any_bytes},
    {NULL, NULL},
};

const struct suite suite_json = {"json", tests};
