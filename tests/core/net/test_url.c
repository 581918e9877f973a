/* SPDX-License-Identifier: MIT */
#include "core/net/url.h"

#include <stddef.h>
#include <string.h>

#include "tests/suite.h"

static void test_parts(void)
{
    static const struct {
        const char *text, *host, *place, *normal;
        int port;
        bool https, loopback;
    } rows[] = {
        {"https://api.example.com/v1", "api.example.com", "api.example.com:443",
         "https://api.example.com/v1", 443, true, false},
        {"HTTP://EXAMPLE.com:80/a?b=c#d", "example.com", "example.com:80",
         "http://EXAMPLE.com:80/a?b=c", 80, false, false},
        {"http://[::1]:8080", "::1", "[::1]:8080", "http://[::1]:8080/", 8080, false, true},
        {"http://2130706433/", "127.0.0.1", "127.0.0.1:80", "http://127.0.0.1/", 80, false, true},
        {"http://0x7f.1/", "127.0.0.1", "127.0.0.1:80", "http://127.0.0.1/", 80, false, true},
        {"http://localhost:11434/v1", "localhost", "localhost:11434", "http://localhost:11434/v1",
         11434, false, true},
        {"https://a.localhost/", "a.localhost", "a.localhost:443", "https://a.localhost/", 443,
         true, true},
        {"http://localhost./", "localhost.", "localhost.:80", "http://localhost./", 80, false,
         false},
        {"http://127.0.0.1.example/", "127.0.0.1.example", "127.0.0.1.example:80",
         "http://127.0.0.1.example/", 80, false, false},
        {"http://[::ffff:7f00:1]/", "::ffff:7f00:1", "[::ffff:7f00:1]:80",
         "http://[::ffff:7f00:1]/", 80, false, false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct url *url = NULL;

        CU_ASSERT_EQUAL_FATAL(url_parse(&url, rows[i].text, NULL), 0);
        CU_ASSERT_STRING_EQUAL(url_host(url), rows[i].host);
        CU_ASSERT_STRING_EQUAL(url_place(url), rows[i].place);
        CU_ASSERT_STRING_EQUAL(url_text(url), rows[i].normal);
        CU_ASSERT_EQUAL(url_port(url), rows[i].port);
        CU_ASSERT_EQUAL(url_https(url), rows[i].https);
        CU_ASSERT_EQUAL(url_loopback(url), rows[i].loopback);
        url_free(url);
    }
}

static void test_refused(void)
{
    static const struct {
        const char *text;
        int rc;
    } rows[] = {
        {"", E_RANGE},
        {"api.example.com", E_RANGE},
        {"http://", E_RANGE},
        {"http://a:0/", E_RANGE},
        {"http://a:99999/", E_RANGE},
        {"http://a:x/", E_RANGE},
        {"http://a b/", E_RANGE},
        {"http://a%40b/", E_RANGE},
        {"http://127.0.0.1%2f@b/", E_DENIED},
        {"http://sk-canary@b/", E_DENIED},
        {"http://b@[::1]/", E_DENIED},
        {"file:///etc/passwd", E_DENIED},
        {"ftp://a/", E_DENIED},
        {"javascript:alert(1)", E_DENIED},
        {"data:text/plain,hi", E_DENIED},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct url *url = NULL;
        struct err err = {0};

        CU_ASSERT_EQUAL(url_parse(&url, rows[i].text, &err), rows[i].rc);
        CU_ASSERT_PTR_NULL(url);
        CU_ASSERT_PTR_NULL(strstr(err.msg, "sk-canary"));
    }
}

static void test_follow(void)
{
    static const struct {
        const char *from, *location, *to;
        bool same;
    } rows[] = {
        {"https://a.example/b/c?d", "e", "https://a.example/b/e", true},
        {"https://a.example/b/c?d", "/e#f", "https://a.example/e", true},
        {"https://a.example/b", "?x=1", "https://a.example/b?x=1", true},
        {"https://a.example/b", "https://A.example:443/", "https://A.example:443/", true},
        {"https://a.example/b", "//b.example/c", "https://b.example/c", false},
        {"https://a.example/b", "https://a.example:444/", "https://a.example:444/", false},
        {"http://a.example/b", "https://a.example/b", "https://a.example/b", false},
        {"http://a.example/", "/a b", "http://a.example/a%20b", true},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct url *from = NULL, *to = NULL;

        CU_ASSERT_EQUAL_FATAL(url_parse(&from, rows[i].from, NULL), 0);
        CU_ASSERT_EQUAL_FATAL(url_follow(&to, from, rows[i].location, NULL), 0);
        CU_ASSERT_STRING_EQUAL(url_text(to), rows[i].to);
        CU_ASSERT_EQUAL(url_same_origin(from, to), rows[i].same);
        url_free(from);
        url_free(to);
    }
}

static void test_not_followed(void)
{
    static const struct {
        const char *from, *location;
        int rc;
    } rows[] = {
        {"https://a.example/", "http://a.example/", E_DENIED},
        {"http://a.example/", "file:///etc/passwd", E_DENIED},
        {"http://a.example/", "ftp://a.example/", E_DENIED},
        {"http://a.example/", "http://u:p@a.example/", E_DENIED},
        {"http://a.example/", "//u@127.0.0.1/", E_DENIED},
        {"http://a.example/", "http://a.example:0/", E_RANGE},
        {"http://a.example/", "http://", E_RANGE},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct url *from = NULL, *to = NULL;

        CU_ASSERT_EQUAL_FATAL(url_parse(&from, rows[i].from, NULL), 0);
        CU_ASSERT_EQUAL(url_follow(&to, from, rows[i].location, NULL), rows[i].rc);
        CU_ASSERT_PTR_NULL(to);
        url_free(from);
    }
}

static const struct test tests[] = {
    {"a URL is taken apart as it will be connected to", test_parts},
    {"other schemes, users and nonsense are refused without quoting them", test_refused},
    {"a Location leads on from where it was read", test_follow},
    {"a Location may not leave https, http or name a user", test_not_followed},
    {NULL, NULL},
};

const struct suite suite_url = {"url", tests};
