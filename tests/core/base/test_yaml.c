/* SPDX-License-Identifier: MIT */
#include "core/base/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "tests/suite.h"

static struct yaml *parsed(const char *text)
{
    struct yaml *doc = NULL;
    struct err err = {0};

    if (yaml_parse(&doc, "t.yaml", text, strlen(text), &err) < 0)
        CU_FAIL_FATAL(err.msg);
    return doc;
}

static void reads_the_core_schema(void)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"[true, True, TRUE, false, False, FALSE]", "[true,true,true,false,false,false]"},
        {"[null, Null, NULL, ~, ]", "[null,null,null,null]"},
        {"a:\nb: 1", "{\"a\":null,\"b\":1}"},
        {"[0, -7, +7, 007, 0x1F, 0o17]", "[0,-7,7,7,31,15]"},
        {"[1.5, .5, 5., 1e3, -2.5E-1]", "[1.5,0.5,5,1000,-0.25]"},
        {"[9007199254740992, -9007199254740992]", "[9007199254740992,-9007199254740992]"},
        {"[yes, no, on, off, y, n]", "[\"yes\",\"no\",\"on\",\"off\",\"y\",\"n\"]"},
        {"[1_000, 0b1, 12:30, 1.2.3, 0x, 0o8, 2026-11-23]",
         "[\"1_000\",\"0b1\",\"12:30\",\"1.2.3\",\"0x\",\"0o8\",\"2026-11-23\"]"},
        {"['true', \"1\", '~', \"\"]", "[\"true\",\"1\",\"~\",\"\"]"},
        {"a: |\n  1\n  2\n", "{\"a\":\"1\\n2\\n\"}"},
        {"a: >\n  1\n  2\n", "{\"a\":\"1 2\\n\"}"},
        {"1: a\ntrue: b\n'': c\n", "{\"1\":\"a\",\"true\":\"b\",\"\":\"c\"}"},
        {"\xef\xbb\xbf"
         "a: \xc3\xa9",
         "{\"a\":\"\xc3\xa9\"}"},
        {"%YAML 1.2\n---\na: 1\n...\n", "{\"a\":1}"},
        {"- a: 1\n  b:\n    - c\n- 2", "[{\"a\":1,\"b\":[\"c\"]},2]"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct yaml *doc = parsed(cases[i].in);
        char *text = json_print(yaml_root(doc));
        CU_ASSERT_STRING_EQUAL(text, cases[i].out);
        free(text);
        yaml_drop(doc);
    }
}

static void an_empty_document_is_an_empty_mapping(void)
{
    static const char *const texts[] = {"",      "\n\n",    "# only a comment\n",
                                        "---\n", "--- ~\n", "null"};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct yaml *doc = parsed(texts[i]);
        CU_ASSERT_TRUE(cJSON_IsObject(yaml_root(doc)));
        CU_ASSERT_EQUAL(cJSON_GetArraySize(yaml_root(doc)), 0);
        CU_ASSERT_EQUAL(yaml_line(doc, yaml_root(doc)), 1);
        yaml_drop(doc);
    }
}

static void knows_the_line_of_every_value(void)
{
    struct yaml *doc = parsed("# first\n"
                              "model: gpt\n"
                              "retry:\n"
                              "  tries: 5\n"
                              "\n"
                              "  wait: 1\n"
                              "keys: {a: 1,\n"
                              "       b: 2}\n"
                              "list:\n"
                              "  - one\n"
                              "  - |\n"
                              "    two\n"
                              "  - x: 3\n");
    const cJSON *root = yaml_root(doc), *retry = json_object(root, "retry");
    const cJSON *keys = json_object(root, "keys"), *list = json_array(root, "list");
    const struct {
        const cJSON *value;
        int line;
    } cases[] = {
        {root, 2},
        {json_get(root, "model"), 2},
        {retry, 3},
        {json_get(retry, "tries"), 4},
        {json_get(retry, "wait"), 6},
        {keys, 7},
        {json_get(keys, "b"), 8},
        {list, 9},
        {cJSON_GetArrayItem(list, 0), 10},
        {cJSON_GetArrayItem(list, 1), 11},
        {cJSON_GetArrayItem(list, 2), 13},
        {json_get(cJSON_GetArrayItem(list, 2), "x"), 13},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CU_ASSERT_PTR_NOT_NULL(cases[i].value);
        CU_ASSERT_EQUAL(yaml_line(doc, cases[i].value), cases[i].line);
    }
    struct yaml *other = parsed("a: 1");
    CU_ASSERT_EQUAL(yaml_line(doc, yaml_root(other)), 0);
    CU_ASSERT_EQUAL(yaml_line(doc, NULL), 0);
    CU_ASSERT_STRING_EQUAL(yaml_name(doc), "t.yaml");
    yaml_drop(other);
    yaml_drop(doc);
    yaml_drop(NULL);
}

static void refuses_and_names_the_line(void)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"a: 1\nb: &x 2\n", "t.yaml:2: anchors (&) are not allowed"},
        {"a: &x [1]\n", "t.yaml:1: anchors (&) are not allowed"},
        {"a: 1\n\nb: *x\n", "t.yaml:3: aliases (*) are not allowed"},
        {"*x : 1\n", "t.yaml:1: aliases (*) are not allowed"},
        {"a: !!str 1\n", "t.yaml:1: tags (!) are not allowed"},
        {"a: ! 1\n", "t.yaml:1: tags (!) are not allowed"},
        {"a: !x {}\n", "t.yaml:1: tags (!) are not allowed"},
        {"a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n", "t.yaml:5: 'c' is there already"},
        {"{a: 1, \"\\x61\": 2}", "t.yaml:1: 'a' is there already"},
        {"a: 1\n---\nb: 2\n", "t.yaml:2: only one document is allowed"},
        {"a: 1\n[1]: 2\n", "t.yaml:2: a key must be a text"},
        {"? {a: 1}\n: 2\n", "t.yaml:1: a key must be a text"},
        {"? \n: 2\n", "t.yaml:1: a key was expected"},
        {"~: 2\n", "t.yaml:1: a key was expected"},
        {"a: .inf\n", "t.yaml:1: a finite number was expected"},
        {"a: 1\nb: -.INF\n", "t.yaml:2: a finite number was expected"},
        {"a: .nan\n", "t.yaml:1: a finite number was expected"},
        {"a: 1e999\n", "t.yaml:1: a finite number was expected"},
        {"a: 9007199254740993\n",
         "t.yaml:1: a whole number beyond 2^53: put it in quotes to keep it"},
        {"a: 99999999999999999999\n",
         "t.yaml:1: a whole number beyond 2^53: put it in quotes to keep it"},
        {"a: 0xFFFFFFFFFFFFFFFFFF\n",
         "t.yaml:1: a whole number beyond 2^53: put it in quotes to keep it"},
        {"a: \"x\\0y\"\n", "t.yaml:1: a text may not hold \\0"},
        {"a: 1\n  b: 2\n", "t.yaml:2: mapping values are not allowed in this context"},
        {"a: [1, 2\nb: 3\n", "t.yaml:2: did not find expected ',' or ']'"},
        {"a:\n\t- 1\n", "t.yaml:2: found character that cannot start any token"},
        {"a: \xff\n", "t.yaml:1: invalid leading UTF-8 octet"},
        {"a: \x01\n", "t.yaml:1: control characters are not allowed"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct yaml *doc = (struct yaml *)1;
        struct err err = {0};
        int rc = yaml_parse(&doc, "t.yaml", cases[i].text, strlen(cases[i].text), &err);
        CU_ASSERT_EQUAL(rc, E_PARSE);
        CU_ASSERT_PTR_NULL(doc);
        CU_ASSERT_STRING_EQUAL(err.msg, cases[i].says);
    }
}

static void bounds_depth_and_size(void)
{
    struct buf text;
    struct yaml *doc;

    buf_init(&text, YAML_MAX_BYTES + 10);
    for (int i = 0; i < YAML_MAX_DEPTH; i++)
        CU_ASSERT_EQUAL(buf_char(&text, '['), 0);
    for (int i = 0; i < YAML_MAX_DEPTH; i++)
        CU_ASSERT_EQUAL(buf_char(&text, ']'), 0);
    CU_ASSERT_EQUAL(yaml_parse(&doc, "t", text.data, text.len, NULL), 0);
    yaml_drop(doc);
    CU_ASSERT_EQUAL(yaml_parse(&doc, "t", "[[[[[[[[[[[[[[[[[]", 18, NULL), E_PARSE);
    buf_clear(&text);
    while (text.len <= YAML_MAX_BYTES)
        CU_ASSERT_EQUAL_FATAL(buf_text(&text, "# a comment\n"), 0);
    CU_ASSERT_EQUAL(yaml_parse(&doc, "t", text.data, text.len, NULL), E_TOOBIG);
    CU_ASSERT_EQUAL(yaml_parse(&doc, "t", text.data, YAML_MAX_BYTES, NULL), 0);
    yaml_drop(doc);
    buf_free(&text);
}

/* A test that would be seen by its time: 60,000 keys, compared each with each, are hours. */
static void many_keys_cost_no_more_than_many_values(void)
{
    struct buf text;
    struct yaml *doc;

    buf_init(&text, YAML_MAX_BYTES);
    for (int i = 0; i < 60000; i++)
        CU_ASSERT_EQUAL_FATAL(buf_printf(&text, "k%d: %d\n", i, i), 0);
    CU_ASSERT_EQUAL_FATAL(yaml_parse(&doc, "t", text.data, text.len, NULL), 0);
    CU_ASSERT_EQUAL(yaml_line(doc, json_get(yaml_root(doc), "k59999")), 60000);
    yaml_drop(doc);
    buf_free(&text);
}

static void loads_regular_files_only(void)
{
    char dir[] = "/tmp/rerail-yaml-XXXXXX";
    struct yaml *doc;
    struct err err;

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    char *file = path_join(dir, "config.yaml"), *fifo = path_join(dir, "fifo");
    CU_ASSERT_EQUAL(path_write(file, "a: 1\nb: [\n", 10, NULL), 0);
    CU_ASSERT_EQUAL(yaml_load(&doc, file, &err), E_PARSE);
    CU_ASSERT_EQUAL(strncmp(err.msg, file, strlen(file)), 0);
    CU_ASSERT_EQUAL(path_write(file, "a: 1\n", 5, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(yaml_load(&doc, file, NULL), 0);
    CU_ASSERT_STRING_EQUAL(yaml_name(doc), file);
    CU_ASSERT_EQUAL(json_int(yaml_root(doc), "a", 0), 1);
    yaml_drop(doc);
    CU_ASSERT_EQUAL(mkfifo(fifo, 0600), 0);
    CU_ASSERT_EQUAL(yaml_load(&doc, fifo, NULL), E_DENIED);
    CU_ASSERT_EQUAL(yaml_load(&doc, dir, NULL), E_DENIED);
    CU_ASSERT_EQUAL(unlink(file), 0);
    CU_ASSERT_EQUAL(yaml_load(&doc, file, NULL), E_NOTFOUND);
    CU_ASSERT_PTR_NULL(doc);
    CU_ASSERT_EQUAL(unlink(fifo), 0);
    CU_ASSERT_EQUAL(rmdir(dir), 0);
    free(file);
    free(fifo);
}

static const struct test tests[] = {
    {"reads the core schema", reads_the_core_schema},
    {"an empty document is an empty mapping", an_empty_document_is_an_empty_mapping},
    {"knows the line of every value", knows_the_line_of_every_value},
    {"refuses and names the line", refuses_and_names_the_line},
    {"bounds depth and size", bounds_depth_and_size},
    {"many keys cost no more than many values", many_keys_cost_no_more_than_many_values},
    {"loads regular files only", loads_regular_files_only},
    {NULL, NULL},
};

const struct suite suite_yaml = {"yaml", tests};
