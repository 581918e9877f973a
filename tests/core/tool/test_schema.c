/* SPDX-License-Identifier: MIT */
#include "core/tool/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "tests/suite.h"

#define PATHS                                                                                      \
    "{\"type\":\"object\",\"properties\":{\"path\":{\"type\":\"string\"},"                         \
    "\"limit\":{\"type\":[\"integer\",\"null\"],\"minimum\":1,\"maximum\":10}},"                   \
    "\"required\":[\"path\"],\"additionalProperties\":false}"

static struct schema *compiled(const char *text)
{
    struct schema *schema = NULL;
    struct err err = {0};

    CU_ASSERT_EQUAL(schema_new(&schema, text, strlen(text), &err), 0);
    if (!schema)
        printf("schema refused: %s: %s\n", text, err.msg);
    CU_ASSERT_PTR_NOT_NULL_FATAL(schema);
    return schema;
}

/* What is said about value; "" when it fits. Yours. */
static char *said(const char *schema_text, const char *value_text)
{
    struct schema *schema = compiled(schema_text);
    struct buf problems;
    cJSON *value;

    CU_ASSERT_EQUAL_FATAL(json_parse(&value, value_text, strlen(value_text), NULL, NULL), 0);
    buf_init(&problems, 8192);
    size_t count = schema_check(schema, "arguments", value, &problems);
    CU_ASSERT_EQUAL(count == 0, problems.len == 0);
    cJSON_Delete(value);
    schema_free(schema);
    return buf_take(&problems);
}

static void expect(const char *schema, const char *value, const char *wanted)
{
    char *got = said(schema, value);

    if (strcmp(got, wanted) != 0)
        printf("%s against %s\n  said:   %s\n  wanted: %s\n", value, schema, got, wanted);
    CU_ASSERT_STRING_EQUAL(got, wanted);
    free(got);
}

static void each_keyword_says_what_it_wants(void)
{
    static const struct {
        const char *schema, *value, *said;
    } cases[] = {
        {"true", "[1,{}]", ""},
        {"{}", "null", ""},
        {"false", "1", "arguments: nothing is allowed here"},
        {"{\"type\":\"string\"}", "12", "arguments: expected a string, got 12"},
        {"{\"type\":[\"string\",\"null\"]}", "null", ""},
        {"{\"type\":[\"string\",\"null\"]}", "{}",
         "arguments: expected null or a string, got an object"},
        {"{\"type\":\"boolean\"}", "\"true\"", "arguments: expected true or false, got \"true\""},
        {"{\"type\":\"integer\"}", "1.0", ""},
        {"{\"type\":\"integer\"}", "1.5", "arguments: expected a whole number, got 1.5"},
        {"{\"type\":\"number\"}", "3", ""},
        {"{\"enum\":[\"a\",1,null]}", "null", ""},
        {"{\"enum\":[\"a\",1]}", "\"A\"", "arguments: must be one of [\"a\",1], got \"A\""},
        {"{\"const\":{\"a\":1}}", "{\"a\":1}", ""},
        {"{\"const\":1}", "2", "arguments: must be 1, got 2"},
        {"{\"minimum\":2,\"maximum\":4}", "2", ""},
        {"{\"minimum\":2}", "1.5", "arguments: must be at least 2, got 1.5"},
        {"{\"maximum\":4}", "5", "arguments: must be at most 4, got 5"},
        {"{\"exclusiveMinimum\":2}", "2", "arguments: must be more than 2, got 2"},
        {"{\"exclusiveMaximum\":2}", "2", "arguments: must be less than 2, got 2"},
        {"{\"minLength\":2,\"maxLength\":2}", "\"\xc3\xa4\xf0\x9f\x9a\x82\"", ""},
        {"{\"minLength\":2}", "\"\xc3\xa4\"", "arguments: must have at least 2 characters, has 1"},
        {"{\"maxLength\":1}", "\"ab\"", "arguments: must have at most 1 characters, has 2"},
        {"{\"pattern\":\"^[a-z]+$\"}", "\"abc\"", ""},
        {"{\"pattern\":\"^[a-z]+$\"}", "\"a1\"", "arguments: must match ^[a-z]+$, got \"a1\""},
        {"{\"items\":{\"type\":\"string\"}}", "[\"a\",1,\"b\",2]",
         "arguments[1]: expected a string, got 1; arguments[3]: expected a string, got 2"},
        {"{\"minItems\":1}", "[]", "arguments: must have at least 1 items, has 0"},
        {"{\"maxItems\":1}", "[1,2]", "arguments: must have at most 1 items, has 2"},
        {"{\"minProperties\":1}", "{}", "arguments: must have at least 1 members, has 0"},
        {"{\"maxProperties\":0}", "{\"a\":1}", "arguments: must have at most 0 members, has 1"},
        {"{\"additionalProperties\":{\"type\":\"null\"}}", "{\"a\":1}",
         "arguments.a: expected null, got 1"},
        {"{\"properties\":{\"a\":{\"properties\":{\"b\":{\"items\":{\"type\":\"null\"}}}}}}",
         "{\"a\":{\"b\":[null,0]}}", "arguments.a.b[1]: expected null, got 0"},
        {"{\"allOf\":[{\"minimum\":2},{\"maximum\":4}]}", "9",
         "arguments: must be at most 4, got 9"},
        {"{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}", "null", ""},
        {"{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}", "1",
         "arguments: fits none of 2 forms; of the first: arguments: expected a string, got 1"},
        {"{\"oneOf\":[{\"minimum\":2},{\"maximum\":4}]}", "9", ""},
        {"{\"oneOf\":[{\"minimum\":2},{\"maximum\":4}]}", "3",
         "arguments: fits 2 forms of which only one may fit"},
        {"{\"title\":\"t\",\"description\":\"d\",\"default\":1,\"examples\":[],\"format\":\"f\"}",
         "2", ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect(cases[i].schema, cases[i].value, cases[i].said);
}

static void objects_name_what_is_missing_wrong_and_unknown(void)
{
    expect(PATHS, "{\"path\":\"a\"}", "");
    expect(PATHS, "{\"path\":\"a\",\"limit\":null}", "");
    expect(PATHS, "{}", "arguments: missing 'path'");
    expect(PATHS, "{\"path\":null}", "arguments.path: expected a string, got null");
    expect(PATHS, "[]", "arguments: expected an object, got an array");
    expect(
        PATHS, "{\"path\":12,\"limit\":11,\"paht\":1,\"x\":2}",
        "arguments.path: expected a string, got 12; arguments.limit: must be at most 10, got 11; "
        "arguments: unknown 'paht', did you mean 'path'?; arguments: unknown 'x'");
}

static void eight_problems_are_listed_and_the_rest_counted(void)
{
    char *got = said("{\"items\":{\"type\":\"null\"}}", "[1,2,3,4,5,6,7,8,9,10]");

    CU_ASSERT_PTR_NOT_NULL(strstr(got, "arguments[7]: "));
    CU_ASSERT_PTR_NULL(strstr(got, "arguments[8]: "));
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "; and 2 more"));
    free(got);
}

static void a_long_value_is_shown_cut_between_characters(void)
{
    char *got =
        said("{\"type\":\"null\"}",
             "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa4\xc3\xa4\"");

    CU_ASSERT_PTR_NOT_NULL(strstr(got, "aaa\xe2\x80\xa6"));
    free(got);
}

/* Alternatives inside alternatives: twice the work a level would be 2^16 here. */
static void nested_alternatives_cost_no_more_than_their_size(void)
{
    struct buf text;

    buf_init(&text, 1 << 20);
    for (int i = 0; i < 16; i++)
        CU_ASSERT_EQUAL(buf_text(&text, "{\"anyOf\":[{\"type\":\"null\"},"), 0);
    CU_ASSERT_EQUAL(buf_text(&text, "false"), 0);
    for (int i = 0; i < 16; i++)
        CU_ASSERT_EQUAL(buf_text(&text, "]}"), 0);
    char *got = said(text.data, "1");
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "fits none of 2 forms"));
    free(got);
    buf_free(&text);
}

static void a_wrong_schema_is_refused_with_its_place(void)
{
    static const struct {
        const char *schema, *said;
    } cases[] = {
        {"{\"minimun\":1}", "minimun: no such keyword, did you mean 'minimum'?"},
        {"{\"$ref\":\"#/x\"}", "$ref: keyword not supported"},
        {"{\"properties\":{\"a\":{\"if\":{}}}}", "properties.a.if: keyword not supported"},
        {"{\"type\":\"strng\"}",
         "type: must be null, boolean, integer, number, string, array or object"},
        {"{\"type\":[]}", "type: must be null, boolean, integer, number, string, array or object"},
        {"{\"enum\":[]}", "enum: must be a list of values"},
        {"{\"required\":[1]}", "required: must be a list of names"},
        {"{\"properties\":[]}", "properties: must be an object of schemas"},
        {"{\"items\":[{}]}", "items: must be a schema: an object, true or false"},
        {"{\"minLength\":-1}", "minLength: must be a whole number from 0 on"},
        {"{\"maxItems\":1.5}", "maxItems: must be a whole number from 0 on"},
        {"{\"minimum\":\"1\"}", "minimum: must be a number"},
        {"{\"anyOf\":[{\"items\":{},\"x\":1}]}", "anyOf.x: keyword not supported"},
        {"{\"anyOf\":[]}", "anyOf: must be a list of schemas"},
        {"[]", "must be a schema: an object, true or false"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct schema *schema;
        struct err err = {0};

        CU_ASSERT_EQUAL(schema_new(&schema, cases[i].schema, strlen(cases[i].schema), &err),
                        E_PARSE);
        CU_ASSERT_PTR_NULL(schema);
        CU_ASSERT_STRING_EQUAL(err.msg, cases[i].said);
    }
}

static void hostile_schemas_are_refused(void)
{
    struct buf text;
    struct schema *schema;
    struct err err;

    buf_init(&text, 1 << 20);
    for (int i = 0; i < 40; i++)
        CU_ASSERT_EQUAL(buf_text(&text, "{\"items\":"), 0);
    CU_ASSERT_EQUAL(buf_text(&text, "true"), 0);
    for (int i = 0; i < 40; i++)
        CU_ASSERT_EQUAL(buf_text(&text, "}"), 0);
    CU_ASSERT_EQUAL(schema_new(&schema, text.data, text.len, &err), E_PARSE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "nested too deeply"));
    CU_ASSERT_EQUAL(schema_new(&schema, "{\"type\":1", 9, &err), E_PARSE);
    CU_ASSERT_EQUAL(schema_new(&schema, "{\"pattern\":\"(\"}", 15, &err), E_PARSE);
    CU_ASSERT_EQUAL(strncmp(err.msg, "pattern: ", 9), 0);
    buf_free(&text);
}

static void a_pattern_that_takes_too_long_is_a_problem(void)
{
    char *got = said("{\"pattern\":\"^(a+)+$\"}",
                     "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"");

    CU_ASSERT_PTR_NOT_NULL(strstr(got, "takes too long to match"));
    free(got);
}

static void the_tree_stays_as_it_was_given(void)
{
    struct schema *schema = compiled(PATHS), *again;
    char *text = json_print(schema_tree(schema));

    CU_ASSERT_STRING_EQUAL(text, PATHS);
    CU_ASSERT_EQUAL(schema_from(&again, schema_tree(schema), NULL), 0);
    schema_free(again);
    schema_free(schema);
    free(text);
}

static const struct test tests[] = {
    {"each keyword says what it wants", each_keyword_says_what_it_wants},
    {"T03 objects name what is missing, wrong and unknown",
     objects_name_what_is_missing_wrong_and_unknown},
    {"eight problems are listed and the rest counted",
     eight_problems_are_listed_and_the_rest_counted},
    {"a long value is shown cut between characters", a_long_value_is_shown_cut_between_characters},
    {"nested alternatives cost no more than their size",
     nested_alternatives_cost_no_more_than_their_size},
    {"a wrong schema is refused with its place", a_wrong_schema_is_refused_with_its_place},
    {"hostile schemas are refused", hostile_schemas_are_refused},
    {"a pattern that takes too long is a problem", a_pattern_that_takes_too_long_is_a_problem},
    {"the tree stays as it was given", the_tree_stays_as_it_was_given},
    {NULL, NULL},
};

const struct suite suite_schema = {"schema", tests};
