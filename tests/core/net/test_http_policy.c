/* SPDX-License-Identifier: MIT */
/*
 * Whom http talks to: redirects, addresses, ports, proxies.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/err.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/net/http.h"
#include "core/net/http_call.h"
#include "core/net/url.h"
#include "tests/suite.h"
#include "tests/support/httprig.h"

#define SECRET "sk-canary-7f3a"

static const struct fake_step ok_hi[] = {FAKE_TEXT(FAKE_OK_HI), FAKE_STEP(FAKE_DONE)};

static void add_server(struct httprig *rig, size_t at, const struct fake_step *answer)
{
    /* One answer is enough here, and fakehttp wants an array. */
    static const struct fake_step *answers[HTTPRIG_SERVERS];
    struct fakehttp_options options = {.answers = &answers[at], .answer_count = 1};

    answers[at] = answer;
    CU_ASSERT_EQUAL_FATAL(fakehttp_start(&rig->servers[at], &options), 0);
}

/* Runs the request to its end and forgets the body. */
static void run(struct httprig *rig, struct httptalk *talk, const struct http_request *request)
{
    CU_ASSERT_EQUAL_FATAL(httprig_start(rig, talk, request, NULL), 0);
    CU_ASSERT_TRUE(httprig_finish(rig, talk));
    CU_ASSERT_EQUAL(talk->done, 1);
}

/* --- Redirects --- */

static const struct http_header headers[] = {{"Authorization", "Bearer " SECRET, false},
                                             {"Cookie", "a=" SECRET, false},
                                             {"X-Api-Key", SECRET, true},
                                             {"X-Plain", "kept", false},
                                             {"Content-Type", "text/plain", false}};

#define HEADER_COUNT (sizeof headers / sizeof *headers)

/* "STATUS, Location: http://127.0.0.1:PORT/there" as an answer. Yours. */
static char *redirect_to(int status, int port)
{
    return mem_printf("HTTP/1.1 %d Moved\r\nLocation: http://127.0.0.1:%d/there\r\n"
                      "Content-Length: 6\r\n\r\nunread",
                      status, port);
}

static void test_provider_redirect(void)
{
    static const int statuses[] = {300, 301, 302, 303, 304, 307, 308};

    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        struct httprig rig;
        struct httptalk talk = {0};

        httprig_open(&rig, NULL);
        add_server(&rig, 1, ok_hi);
        char *answer = redirect_to(statuses[i], fakehttp_port(rig.servers[1]));
        add_server(&rig, 0, FAKE_ANSWER(FAKE_TEXT(answer)));
        char *url = fakehttp_url(rig.servers[0], NULL, "/v1");
        run(&rig, &talk,
            &(struct http_request){.url = url,
                                   .headers = headers,
                                   .header_count = HEADER_COUNT,
                                   .body = "{}",
                                   .body_len = 2});
        CU_ASSERT_EQUAL(talk.result.outcome, HTTP_REDIRECT);
        CU_ASSERT_EQUAL(talk.result.status, statuses[i]);
        CU_ASSERT_FALSE(talk.headers);
        CU_ASSERT_EQUAL(talk.body.len, 0);
        char *expected =
            mem_printf("127.0.0.1:%d: answers %d, to 127.0.0.1:%d: set that as the "
                       "address if you trust it",
                       fakehttp_port(rig.servers[0]), statuses[i], fakehttp_port(rig.servers[1]));
        CU_ASSERT_STRING_EQUAL(talk.result.text, expected);
        httprig_settle(&rig);
        CU_ASSERT_EQUAL(fakehttp_connections(rig.servers[1]), 0);
        free(expected);
        free(url);
        httptalk_clear(&talk);
        httprig_close(&rig);
        free(answer);
    }
}

/* A tool's request to a server that answers with a redirect; both places are opened by the user. */
struct hop {
    struct httprig rig;
    struct httptalk talk;
    char *answer;
    char *url;
    char *allow[2];
};

static void open_hop(struct hop *hop, int status, bool to_itself)
{
    static struct fake_step redirect[2];
    static const struct fake_step *const answers[] = {redirect, ok_hi};
    struct fakehttp_options options = {.answers = answers, .answer_count = 2};

    *hop = (struct hop){.answer = NULL};
    httprig_open(&hop->rig, NULL);
    add_server(&hop->rig, 1, ok_hi);
    if (to_itself)
        hop->answer = mem_printf("HTTP/1.1 %d Moved\r\nLocation: /there\r\n"
                                 "Content-Length: 6\r\n\r\nunread",
                                 status);
    else
        hop->answer = redirect_to(status, fakehttp_port(hop->rig.servers[1]));
    redirect[0] = (struct fake_step)FAKE_TEXT(hop->answer);
    CU_ASSERT_EQUAL_FATAL(fakehttp_start(&hop->rig.servers[0], &options), 0);
    hop->url = fakehttp_url(hop->rig.servers[0], NULL, "/here");
    for (int i = 0; i < 2; i++)
        hop->allow[i] = mem_printf("127.0.0.1:%d", fakehttp_port(hop->rig.servers[i]));
}

static void run_hop(struct hop *hop, const char *method, const char *body, size_t allowed)
{
    run(&hop->rig, &hop->talk,
        &(struct http_request){.method = method,
                               .url = hop->url,
                               .headers = headers,
                               .header_count = HEADER_COUNT,
                               .body = body ? mem_text(body) : NULL,
                               .body_len = body ? strlen(body) : 0,
                               .body_moves = true,
                               .policy = HTTP_TOOL,
                               .allow = (const char *const *)hop->allow,
                               .allow_count = allowed});
}

static void close_hop(struct hop *hop)
{
    httptalk_clear(&hop->talk);
    httprig_close(&hop->rig);
    for (int i = 0; i < 2; i++)
        free(hop->allow[i]);
    free(hop->answer);
    free(hop->url);
}

static void note_url(struct httptalk *talk)
{
    talk->ctx = mem_text(http_url(talk->call));
}

static void test_other_origin(void)
{
    struct hop hop;

    open_hop(&hop, 302, false);
    hop.talk.on_done = note_url;
    run_hop(&hop, NULL, NULL, 2);
    CU_ASSERT_EQUAL(hop.talk.result.outcome, HTTP_OK);
    CU_ASSERT_EQUAL(hop.talk.result.hops, 1);
    char *there = fakehttp_url(hop.rig.servers[1], NULL, "/there");
    CU_ASSERT_STRING_EQUAL(hop.talk.ctx, there);
    free(there);
    free(hop.talk.ctx);
    CU_ASSERT_STRING_EQUAL(hop.talk.body.data, "hi");
    CU_ASSERT_TRUE(fakehttp_saw(hop.rig.servers[0], SECRET));
    CU_ASSERT_TRUE(fakehttp_saw(hop.rig.servers[1], "GET /there HTTP/1.1"));
    CU_ASSERT_TRUE(fakehttp_saw(hop.rig.servers[1], "X-Plain: kept"));
    CU_ASSERT_FALSE(fakehttp_saw(hop.rig.servers[1], SECRET));
    close_hop(&hop);
}

static void test_same_origin(void)
{
    struct hop hop;

    open_hop(&hop, 301, true);
    run_hop(&hop, NULL, NULL, 1);
    CU_ASSERT_EQUAL(hop.talk.result.outcome, HTTP_OK);
    const struct fake_request *second = fakehttp_request(hop.rig.servers[0], 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(second);
    CU_ASSERT_TRUE(str_starts(second->text, "GET /there HTTP/1.1"));
    CU_ASSERT_PTR_NOT_NULL(strstr(second->text, "Authorization: Bearer " SECRET));
    CU_ASSERT_PTR_NOT_NULL(strstr(second->text, "X-Api-Key: " SECRET));
    CU_ASSERT_EQUAL(fakehttp_connections(hop.rig.servers[0]), 2);
    close_hop(&hop);
}

static void test_methods(void)
{
    static const struct {
        int status;
        const char *method, *body;
        bool to_itself;
        enum http_outcome outcome;
        const char *line, *got; /* of the second request */
    } rows[] = {
        {303, "POST", "x=1", true, HTTP_OK, "GET /there ", ""},
        {302, "POST", "x=1", true, HTTP_OK, "GET /there ", ""},
        {303, "PUT", "x=1", true, HTTP_OK, "GET /there ", ""},
        {302, "PUT", "x=1", true, HTTP_OK, "PUT /there ", "x=1"},
        {307, "POST", "x=1", true, HTTP_OK, "POST /there ", "x=1"},
        {308, "POST", "x=1", true, HTTP_OK, "POST /there ", "x=1"},
        {303, "POST", "x=1", false, HTTP_OK, "GET /there ", ""},
        {307, "POST", "x=1", false, HTTP_DENIED, NULL, NULL},
        {302, "PUT", "x=1", false, HTTP_DENIED, NULL, NULL},
        {307, "DELETE", NULL, true, HTTP_OK, "DELETE /there ", ""},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hop hop;

        open_hop(&hop, rows[i].status, rows[i].to_itself);
        run_hop(&hop, rows[i].method, rows[i].body, 2);
        CU_ASSERT_EQUAL(hop.talk.result.outcome, rows[i].outcome);
        const struct fake_request *got =
            fakehttp_request(hop.rig.servers[!rows[i].to_itself], rows[i].to_itself);
        CU_ASSERT_EQUAL(got != NULL, rows[i].line != NULL);
        if (got) {
            CU_ASSERT_TRUE(str_starts(got->text, rows[i].line));
            CU_ASSERT_STRING_EQUAL(got->body, rows[i].got);
            CU_ASSERT_EQUAL(strstr(got->text, "Content-Type") != NULL,
                            str_starts(rows[i].line, rows[i].method));
        }
        close_hop(&hop);
    }
}

static void test_closed_hop(void)
{
    struct hop hop;

    open_hop(&hop, 302, false);
    run_hop(&hop, NULL, NULL, 1); /* the second place is not opened */
    CU_ASSERT_EQUAL(hop.talk.result.outcome, HTTP_DENIED);
    CU_ASSERT_PTR_NOT_NULL(strstr(hop.talk.result.text, "ports 80 and 443"));
    CU_ASSERT_EQUAL(fakehttp_connections(hop.rig.servers[1]), 0);
    close_hop(&hop);
}

static void test_bad_locations(void)
{
    static const struct {
        const char *location;
        enum http_outcome outcome;
    } rows[] = {
        {"http://127.0.0.1/", HTTP_DENIED},
        {"http://169.254.169.254/latest/meta-data/", HTTP_DENIED},
        {"http://localhost/", HTTP_DENIED},
        {"//127.0.0.1/", HTTP_DENIED},
        {"file:///etc/passwd", HTTP_DENIED},
        {"ftp://a.example/", HTTP_DENIED},
        {"gopher://a.example/", HTTP_DENIED},
        {"http://u:p@a.example/", HTTP_DENIED},
        {"http://a.example:22/", HTTP_DENIED},
        {"http://", HTTP_REDIRECT},
        {"http://a.example:99999/", HTTP_REDIRECT},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct httprig rig;
        struct httptalk talk = {0};

        httprig_open(&rig, NULL);
        char *answer = mem_printf("HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
                                  rows[i].location);
        add_server(&rig, 0, FAKE_ANSWER(FAKE_TEXT(answer)));
        char *url = fakehttp_url(rig.servers[0], NULL, "/");
        char *allow = mem_printf("127.0.0.1:%d", fakehttp_port(rig.servers[0]));
        run(&rig, &talk,
            &(struct http_request){.url = url,
                                   .policy = HTTP_TOOL,
                                   .allow = (const char *const[]){allow},
                                   .allow_count = 1});
        CU_ASSERT_EQUAL(talk.result.outcome, rows[i].outcome);
        CU_ASSERT_FALSE(talk.headers);
        free(allow);
        free(url);
        httptalk_clear(&talk);
        httprig_close(&rig);
        free(answer);
    }
}

static void test_loop(void)
{
    static const struct {
        int limit, hops;
    } rows[] = {{0, 5}, {2, 2}, {-1, 0}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct httprig rig;
        struct httptalk talk = {0};

        httprig_open(&rig, NULL);
        add_server(&rig, 0,
                   FAKE_ANSWER(FAKE_TEXT(
                       "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")));
        char *url = fakehttp_url(rig.servers[0], NULL, "/");
        char *allow = mem_printf("127.0.0.1:%d", fakehttp_port(rig.servers[0]));
        run(&rig, &talk,
            &(struct http_request){.url = url,
                                   .policy = HTTP_TOOL,
                                   .allow = (const char *const[]){allow},
                                   .allow_count = 1,
                                   .limits.redirects = rows[i].limit});
        CU_ASSERT_EQUAL(talk.result.outcome, HTTP_REDIRECT);
        CU_ASSERT_EQUAL(talk.result.hops, rows[i].hops);
        CU_ASSERT_EQUAL(fakehttp_requests(rig.servers[0]), (size_t)rows[i].hops + 1);
        CU_ASSERT_PTR_NOT_NULL(strstr(talk.result.text, "too many redirects"));
        free(allow);
        free(url);
        httptalk_clear(&talk);
        httprig_close(&rig);
    }
}

/* What has no Location, or is no redirect, is an answer. */
static void test_3xx_answers(void)
{
    static const int statuses[] = {300, 302, 304, 305};

    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        struct httprig rig;
        struct httptalk talk = {0};

        httprig_open(&rig, NULL);
        char *answer = mem_printf("HTTP/1.1 %d X\r\n%sContent-Length: 0\r\n\r\n", statuses[i],
                                  statuses[i] == 302 ? "" : "Location: /\r\n");
        add_server(&rig, 0, FAKE_ANSWER(FAKE_TEXT(answer)));
        char *url = fakehttp_url(rig.servers[0], NULL, "/");
        char *allow = mem_printf("127.0.0.1:%d", fakehttp_port(rig.servers[0]));
        run(&rig, &talk,
            &(struct http_request){.url = url,
                                   .policy = HTTP_TOOL,
                                   .allow = (const char *const[]){allow},
                                   .allow_count = 1});
        CU_ASSERT_EQUAL(talk.result.outcome, HTTP_OK);
        CU_ASSERT_EQUAL(talk.status, statuses[i]);
        free(allow);
        free(url);
        httptalk_clear(&talk);
        httprig_close(&rig);
        free(answer);
    }
}

/* --- Addresses --- */

/* Every way to say "this machine" or "inside" that we know of. */
static const char *const closed[] = {
    "http://127.0.0.1/",
    "http://127.0.0.1./",
    "http://127.1/",
    "http://127.0.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0X7F.0.0.1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://0/",
    "http://0.0.0.0/",
    "http://127.255.255.254/",
    "http://\xe2\x91\xa0\xe2\x91\xa1\xe2\x91\xa6.\xe2\x93\xaa.\xe2\x93\xaa.\xe2\x91\xa0/",
    "http://127%2e0%2e0%2e1/",
    "https://localhost/",
    "https://LOCALHOST/",
    "https://localhost./",
    "https://a.localhost/",
    "http://10.0.0.1/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://172.16.0.1/",
    "http://192.0.0.1/",
    "http://192.168.0.1/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://[::]/",
    "http://[::1]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b::169.254.169.254]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:4136:e378:8000:63bf:80ff:fffe]/",
    "http://[fc00::1]/",
    "http://[fd12:3456::1]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25lo]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
};

static void test_spellings(void)
{
    struct httprig rig;

    httprig_open(&rig, NULL);
    for (size_t i = 0; i < sizeof closed / sizeof *closed; i++) {
        struct httptalk talk = {0};

        run(&rig, &talk, &(struct http_request){.url = closed[i], .policy = HTTP_TOOL});
        /* A machine without IPv6, or a resolver that does not know "localhost.", never gets as far
           as the address. */
        bool unknown = talk.result.outcome == HTTP_DNS &&
                       (strchr(closed[i], '[') || strstr(closed[i], "localhost.") ||
                        strstr(closed[i], "1./") || (unsigned char)closed[i][7] >= 0x80);
        if (talk.result.outcome != HTTP_DENIED && !unknown)
            printf("    %s: %s\n", closed[i], talk.result.text);
        CU_ASSERT_TRUE(talk.result.outcome == HTTP_DENIED || unknown);
        CU_ASSERT_EQUAL(talk.result.times.sent_us, 0);
        httptalk_clear(&talk);
    }
    httprig_close(&rig);
}

static curl_socket_t open_to(struct http_call *call, const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(80)};
    struct curl_sockaddr address = {
        .family = AF_INET, .socktype = SOCK_STREAM, .protocol = IPPROTO_TCP, .addrlen = sizeof v4};

    CU_ASSERT_EQUAL(inet_pton(AF_INET, text, &v4.sin_addr), 1);
    memcpy(&address.addr, &v4, sizeof v4);
    return http_on_socket(call, CURLSOCKTYPE_IPCXN, &address);
}

/* The same call, the same name: first it is out there, then in here. */
static void test_rebinding(void)
{
    struct http_call call = {.policy = HTTP_TOOL};

    CU_ASSERT_EQUAL_FATAL(url_parse(&call.url, "http://a.example/", NULL), 0);
    curl_socket_t fd = open_to(&call, "8.8.8.8");
    CU_ASSERT(fd >= 0);
    CU_ASSERT_EQUAL(close(fd), 0);
    CU_ASSERT_EQUAL(call.seen.denied, ADDRESS_PUBLIC);
    CU_ASSERT_EQUAL(open_to(&call, "127.0.0.1"), CURL_SOCKET_BAD);
    CU_ASSERT_EQUAL(call.seen.denied, ADDRESS_LOOPBACK);
    CU_ASSERT_EQUAL(open_to(&call, "169.254.169.254"), CURL_SOCKET_BAD);
    CU_ASSERT_EQUAL(call.seen.denied, ADDRESS_LINK_LOCAL);
    url_free(call.url);
}

static void test_denied_text(void)
{
    struct httprig rig;
    struct httptalk talk = {0};

    httprig_open(&rig, NULL);
    run(&rig, &talk,
        &(struct http_request){.url = "http://0xa9fea9fe/latest", .policy = HTTP_TOOL});
    CU_ASSERT_STRING_EQUAL(talk.result.text,
                           "169.254.169.254:80: 169.254.169.254:80 is a link-local address, which "
                           "is closed here");
    httptalk_clear(&talk);
    httprig_close(&rig);
}

static void test_ports(void)
{
    static const struct {
        const char *url, *allow;
        int rc;
    } rows[] = {
        {"http://8.8.8.8/", NULL, 0},
        {"https://8.8.8.8/", NULL, 0},
        {"http://8.8.8.8:443/", NULL, 0},
        {"http://8.8.8.8:22/", NULL, E_DENIED},
        {"https://8.8.8.8:8443/", NULL, E_DENIED},
        {"https://8.8.8.8:8443/", "8.8.8.8:8443", 0},
        {"https://8.8.8.8:8443/", "8.8.8.8", E_DENIED},
        {"https://8.8.8.8:8443/", "8.8.8.8:844", E_DENIED},
        {"https://A.example:8443/", "a.EXAMPLE:8443", 0},
        {"http://[::1]:8080/", "[::1]:8080", 0},
    };
    struct httprig rig;

    httprig_open(&rig, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct httptalk talk = {0};
        struct http_request request = {.url = rows[i].url,
                                       .policy = HTTP_TOOL,
                                       .allow = &rows[i].allow,
                                       .allow_count = rows[i].allow != NULL};

        CU_ASSERT_EQUAL(httprig_start(&rig, &talk, &request, NULL), rows[i].rc);
        if (talk.call)
            http_cancel(talk.call);
        httptalk_clear(&talk);
    }
    httprig_close(&rig);
}

/* A kept connection was judged by another policy, or before the name changed its address. */
static void test_tool_connects_anew(void)
{
    struct httprig rig;

    httprig_open(&rig, NULL);
    add_server(&rig, 0, ok_hi);
    char *url = fakehttp_url(rig.servers[0], NULL, "/");
    char *allow = mem_printf("127.0.0.1:%d", fakehttp_port(rig.servers[0]));
    for (int i = 0; i < 3; i++) {
        struct httptalk talk = {0};

        run(&rig, &talk,
            &(struct http_request){.url = url,
                                   .policy = i == 0 ? HTTP_PROVIDER : HTTP_TOOL,
                                   .allow = (const char *const[]){allow},
                                   .allow_count = 1});
        CU_ASSERT_EQUAL(talk.result.outcome, HTTP_OK);
        CU_ASSERT_FALSE(talk.result.reused);
        httptalk_clear(&talk);
    }
    CU_ASSERT_EQUAL(fakehttp_connections(rig.servers[0]), 3);
    free(allow);
    free(url);
    httprig_close(&rig);
}

/* --- Proxies --- */

static void set_proxy(const char *name, int port)
{
    char *proxy = mem_printf("http://127.0.0.1:%d", port);

    CU_ASSERT_EQUAL(setenv(name, proxy, 1), 0);
    free(proxy);
}

static void test_proxy_refuses(void)
{
    struct httprig rig;
    struct httptalk talk = {0};

    httprig_open(&rig, NULL);
    add_server(&rig, 0,
               FAKE_ANSWER(FAKE_TEXT("HTTP/1.1 407 Proxy Auth\r\nContent-Length: 2\r\n\r\nno"),
                           FAKE_STEP(FAKE_FIN)));
    set_proxy("https_proxy", fakehttp_port(rig.servers[0]));
    run(&rig, &talk,
        &(struct http_request){
            .url = "https://a.example/v1", .headers = headers, .header_count = HEADER_COUNT});
    CU_ASSERT_EQUAL(talk.result.outcome, HTTP_PROXY);
    CU_ASSERT_STRING_EQUAL(talk.result.text, "a.example:443: the proxy answers 407");
    CU_ASSERT_FALSE(fakehttp_saw(rig.servers[0], SECRET));
    httptalk_clear(&talk);
    fakehttp_stop(rig.servers[0]);
    rig.servers[0] = NULL;
    run(&rig, &talk, &(struct http_request){.url = "https://a.example/v1"});
    CU_ASSERT_EQUAL(talk.result.outcome, HTTP_CONNECT);
    CU_ASSERT_PTR_NOT_NULL(strstr(talk.result.text, "a.example:443: cannot connect to 127.0.0.1:"));
    CU_ASSERT_EQUAL(unsetenv("https_proxy"), 0);
    httptalk_clear(&talk);
    httprig_close(&rig);
}

/* Neither what stays on this machine nor a tool goes through a proxy. */
static void test_proxy_not_asked(void)
{
    struct httprig rig;

    httprig_open(&rig, NULL);
    add_server(&rig, 0, ok_hi);
    add_server(&rig, 1, FAKE_ANSWER(FAKE_TEXT("HTTP/1.1 502 Proxy\r\nContent-Length: 0\r\n\r\n")));
    set_proxy("http_proxy", fakehttp_port(rig.servers[1]));
    char *url = fakehttp_url(rig.servers[0], NULL, "/");
    char *allow = mem_printf("127.0.0.1:%d", fakehttp_port(rig.servers[0]));
    for (int i = 0; i < 2; i++) {
        struct httptalk talk = {0};

        run(&rig, &talk,
            &(struct http_request){.url = url,
                                   .policy = i == 0 ? HTTP_PROVIDER : HTTP_TOOL,
                                   .allow = (const char *const[]){allow},
                                   .allow_count = 1});
        CU_ASSERT_EQUAL(talk.result.status, 200);
        httptalk_clear(&talk);
    }
    CU_ASSERT_EQUAL(fakehttp_connections(rig.servers[1]), 0);
    CU_ASSERT_EQUAL(unsetenv("http_proxy"), 0);
    free(allow);
    free(url);
    httprig_close(&rig);
}

static const struct test tests[] = {
    {"N37 a provider's redirect is an error and the key does not follow", test_provider_redirect},
    {"a tool's secrets do not follow to another origin", test_other_origin},
    {"a tool's headers follow inside the origin", test_same_origin},
    {"a redirect changes methods as HTTP says and never carries a body abroad", test_methods},
    {"each hop is judged anew", test_closed_hop},
    {"N38 a redirect inwards or to another scheme is refused", test_bad_locations},
    {"N38 a loop of redirects ends after five", test_loop},
    {"a 3xx that leads nowhere is an answer to a tool", test_3xx_answers},
    {"N39 every spelling of an inner address is refused at the socket", test_spellings},
    {"N40 the address of each connection is judged, whatever the name was before", test_rebinding},
    {"a refused address is named", test_denied_text},
    {"tools reach ports 80 and 443 and what the user opened", test_ports},
    {"a tool never uses a kept connection", test_tool_connects_anew},
    {"N36 a proxy that refuses or is down is named and gets no key", test_proxy_refuses},
    {"loopback and tools go past the proxy", test_proxy_not_asked},
    {NULL, NULL},
};

const struct suite suite_http_policy = {"http_policy", tests};
