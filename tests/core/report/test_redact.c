/* SPDX-License-Identifier: MIT */
#include "core/report/redact.h"

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "tests/suite.h"

#include <stdio.h>
#include <string.h>

static const char *const environment[] = {
    "PATH=/usr/bin:/bin",      "DEPLOY_TOKEN=correct-horse-battery", "SHORT_KEY=abc",
    "DATABASE_DSN=pg-staple1", "EDITOR=an-editor-of-choice",         NULL};

static const struct redact_options full = {
    .environment = environment, .home = "/home/alice", .user = "alice", .host = "wonderland"};

struct count {
    const char *kind;
    int64_t times;
};

static const struct {
    const char *text, *want;
    struct count counts[3];
} cases[] = {
    {"nothing to hide", "nothing to hide", {{NULL, 0}}},
    {"", "", {{NULL, 0}}},
    {"key sk-abcdefghijklmnopqrst and ghp_abcdefghijklmnopqrst1",
     "key *** and ***",
     {{"sk- keys", 1}, {"GitHub tokens", 1}}},
    {"deploys with correct-horse-battery, twice: correct-horse-battery",
     "deploys with ***, twice: ***",
     {{"values of the environment", 2}}},
    {"abc an-editor-of-choice", "abc an-editor-of-choice", {{NULL, 0}}},
    {"/home/alice/src and /home/alice", "~/src and ~", {{"paths of the home folder", 2}}},
    {"/home/alice2/src", "/home/alice2/src", {{NULL, 0}}},
    {"/mnt/home/alice/src", "/mnt~/src", {{"paths of the home folder", 1}}},
    {"alice@wonderland: malice in wonderlands",
     "USER@HOST: malice in wonderlands",
     {{"the user's name", 1}, {"the machine's name", 1}}},
    {"postgres://bob:hunter2@db/x", "postgres://***@db/x", {{"passwords in URLs", 1}}},
    /* JSON stays JSON */
    {"{\"a\":1,  \"b\": [true]}", "{\"a\":1,  \"b\": [true]}", {{NULL, 0}}},
    {"{\"url\":\"http://x\",\"mail\":\"me@y\"}",
     "{\"url\":\"http://x\",\"mail\":\"me@y\"}",
     {{NULL, 0}}},
    {"{\"password\":\"hunter2\",\"key\":\"search\",\"tokens\":7,\"token\":\"\"}",
     "{\"password\":\"***\",\"key\":\"search\",\"tokens\":7,\"token\":\"\"}",
     {{"members named like secrets", 1}}},
    {"{\"headers\":{\"Authorization\":\"Basic Zm9v\"}}",
     "{\"headers\":{\"Authorization\":\"***\"}}",
     {{"members named like secrets", 1}}},
    {"{\"arguments\":\"{\\\"path\\\":\\\"/home/alice/x\\\"}\"}",
     "{\"arguments\":\"{\\\"path\\\":\\\"~/x\\\"}\"}",
     {{"paths of the home folder", 1}}},
    {"{\"n\":9007199254740991,\"who\":\"alice\"}",
     "{\"n\":9007199254740991,\"who\":\"USER\"}",
     {{"the user's name", 1}}},
    {"{\"/home/alice/x\":1}", "{\"~/x\":1}", {{"paths of the home folder", 1}}},
    {"{broken: alice", "{broken: USER", {{"the user's name", 1}}},
};

static int64_t counted(const struct redactor *r, const char *kind)
{
    for (size_t i = 0; redact_kind(i); i++)
        if (str_eq(redact_kind(i), kind))
            return redact_count(r, i);
    return -1;
}

static void test_cases(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct redactor *r;
        struct buf out;
        struct err err;
        int64_t sum = 0, want = 0;

        buf_init(&out, 4096);
        CU_ASSERT_EQUAL_FATAL(redactor_new(&r, &full, &err), 0);
        CU_ASSERT_EQUAL(redact_text(r, &out, cases[i].text, strlen(cases[i].text)), 0);
        if (strcmp(out.data, cases[i].want) != 0)
            printf("%s gave %s\n", cases[i].text, out.data);
        CU_ASSERT_STRING_EQUAL(out.data, cases[i].want);
        for (size_t j = 0; j < 3 && cases[i].counts[j].kind; j++) {
            CU_ASSERT_EQUAL(counted(r, cases[i].counts[j].kind), cases[i].counts[j].times);
            want += cases[i].counts[j].times;
        }
        for (size_t j = 0; redact_kind(j); j++)
            sum += redact_count(r, j);
        CU_ASSERT_EQUAL(sum, want);
        buf_free(&out);
        redactor_free(r);
    }
}

static void test_patterns_only(void)
{
    static const char text[] = "alice /home/alice sk-abcdefghijklmnopqrst";
    const struct redact_options none = {0};
    struct redactor *r;
    struct buf out;
    struct err err;

    buf_init(&out, 4096);
    CU_ASSERT_EQUAL_FATAL(redactor_new(&r, &none, &err), 0);
    CU_ASSERT_EQUAL(redact_text(r, &out, text, strlen(text)), 0);
    CU_ASSERT_STRING_EQUAL(out.data, "alice /home/alice ***");
    buf_free(&out);
    redactor_free(r);
    redactor_free(NULL);
}

/* Names that say nothing of anybody stay: masked, they would only make the text unreadable. */
static void test_common_names(void)
{
    const struct redact_options common = {.home = "/", .user = "root", .host = "localhost"};
    static const char text[] = "root@localhost:/root";
    struct redactor *r;
    struct buf out;
    struct err err;

    buf_init(&out, 4096);
    CU_ASSERT_EQUAL_FATAL(redactor_new(&r, &common, &err), 0);
    CU_ASSERT_EQUAL(redact_text(r, &out, text, strlen(text)), 0);
    CU_ASSERT_STRING_EQUAL(out.data, text);
    buf_free(&out);
    redactor_free(r);
}

static void test_no_room(void)
{
    struct redactor *r;
    struct buf out;
    struct err err;

    buf_init(&out, 4);
    CU_ASSERT_EQUAL_FATAL(redactor_new(&r, &full, &err), 0);
    CU_ASSERT_EQUAL(redact_text(r, &out, "alice and alice", 15), E_TOOBIG);
    CU_ASSERT_EQUAL(redact_text(r, &out, "{\"a\":\"alice\"}", 13), E_TOOBIG);
    buf_free(&out);
    redactor_free(r);
}

static const struct test tests[] = {
    {"texts and JSON lose what must not leave, and it is counted", test_cases},
    {"without an operator only what looks like a secret goes", test_patterns_only},
    {"names that name nobody stay", test_common_names},
    {"a text without room is refused", test_no_room},
    {NULL, NULL},
};

const struct suite suite_redact = {"redact", tests};
