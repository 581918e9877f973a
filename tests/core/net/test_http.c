/* SPDX-License-Identifier: MIT */
#include "core/net/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/err.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/net/sse.h"
#include "tests/suite.h"
#include "tests/support/httprig.h"

#define SECOND ((int64_t)US_PER_S)
#define SECRET "sk-canary-7f3a"

#define EIGHT(text) text text text text text text text text

/* GET from a server that always answers so. */
static void get_from(struct httptalk *talk, const struct fake_step *answer)
{
    struct httprig rig;

    httprig_serve(&rig, &answer, 1);
    CU_ASSERT_TRUE(httprig_get(&rig, talk, "/v1"));
    CU_ASSERT_EQUAL(talk->done, 1);
    CU_ASSERT_EQUAL(http_calls(rig.http), 0);
    httprig_close(&rig);
}

/* Starts a GET and waits until the server has it. */
static void ask(struct httprig *rig, struct httptalk *talk, const struct http_limits *limits)
{
    httprig_start_get(rig, talk, limits);
    CU_ASSERT_TRUE_FATAL(httprig_until(rig, httprig_has_request, rig));
}

/* --- What goes right --- */

static void test_get(void)
{
    struct httptalk talk = {0};

    get_from(&talk, FAKE_ANSWER(FAKE_TEXT(FAKE_OK_HI)));
    CU_ASSERT_EQUAL(talk.result.outcome, HTTP_OK);
    CU_ASSERT_EQUAL(talk.result.status, 200);
    CU_ASSERT_EQUAL(talk.status, 200);
    CU_ASSERT_STRING_EQUAL(talk.body.data, "hi");
    CU_ASSERT_EQUAL(talk.result.bytes, 2);
    CU_ASSERT_STRING_EQUAL(talk.result.text, "");
    CU_ASSERT_FALSE(talk.result.reused);
    httptalk_clear(&talk);
}

static void test_post(void)
{
    struct httprig rig;
    struct httptalk talk = {0};
    const struct fake_step *answer = FAKE_ANSWER(FAKE_TEXT(FAKE_OK_HI));
    const struct http_header headers[] = {{"Authorization", "Bearer " SECRET, true},
                                          {"Content-Type", "application/json", false},
                                          {"X-Empty", "", false}};

    httprig_serve(&rig, &answer, 1);
    char *url = fakehttp_url(rig.servers[0], NULL, "/v1/chat?a=b#part");
    char *body = mem_text("{\"stream\":true}");
    struct http_request request = {.url = url,
                                   .headers = headers,
                                   .header_count = 3,
                                   .body = body,
                                   .body_len = strlen(body),
                                   .body_moves = true};
    CU_ASSERT_EQUAL(httprig_start(&rig, &talk, &request, NULL), 0);
    CU_ASSERT_TRUE(httprig_finish(&rig, &talk));
    char *expected = mem_printf("POST /v1/chat?a=b HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                                "Accept: */*\r\nAuthorization: Bearer " SECRET "\r\n"
                                "Content-Type: application/json\r\nX-Empty:\r\n"
                                "Content-Length: 15\r\n\r\n{\"stream\":true}",
                                fakehttp_port(rig.servers[0]));
    CU_ASSERT_STRING_EQUAL(fakehttp_request(rig.servers[0], 0)->text, expected);
    free(expected);
    free(url);
    httptalk_clear(&talk);
    httprig_close(&rig);
}

static void test_methods(void)
{
    static const struct {
        const char *method, *body, *line, *length;
    } rows[] = {
        {"GET", NULL, "GET / ", NULL},
        {"HEAD", NULL, "HEAD / ", NULL},
        {"DELETE", NULL, "DELETE / ", NULL},
        {"POST", NULL, "POST / ", "Content-Length: 0\r\n"},
        {"PUT", "ab", "PUT / ", "Content-Length: 2\r\n"},
        {"PATCH", "", "PATCH / ", "Content-Length: 0\r\n"},
        {"REPORT", "abc", "REPORT / ", "Content-Length: 3\r\n"},
    };
    const struct fake_step *answer =
        FAKE_ANSWER(FAKE_TEXT("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"));

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct httprig rig;
        struct httptalk talk = {0};

        httprig_serve(&rig, &answer, 1);
        char *url = fakehttp_url(rig.servers[0], NULL, "/");
        struct http_request request = {.method = rows[i].method,
                                       .url = url,
                                       .body = rows[i].body,
                                       .body_len = rows[i].body ? strlen(rows[i].body) : 0};
        CU_ASSERT_EQUAL(httprig_start(&rig, &talk, &request, NULL), 0);
        CU_ASSERT_TRUE(httprig_finish(&rig, &talk));
        CU_ASSERT_EQUAL(talk.result.outcome, HTTP_OK);
        CU_ASSERT_EQUAL(talk.result.status, 204);
        const char *text = fakehttp_request(rig.servers[0], 0)->text;
        CU_ASSERT_TRUE(str_starts(text, rows[i].line));
        CU_ASSERT_EQUAL(rows[i].length != NULL, strstr(text, "Content-Length") != NULL);
        CU_ASSERT_TRUE(!rows[i].length || strstr(text, rows[i].length));
        free(url);
        httptalk_clear(&talk);
        httprig_close(&rig);
    }
}

static void test_large_body(void)
{
    struct httprig rig;
    struct httptalk talk = {0};
    const struct fake_step *answer = FAKE_ANSWER(FAKE_TEXT(FAKE_OK_HI));
    size_t len = (size_t)3 << 20;
    char *body = mem_new(len);

    for (size_t i = 0; i < len; i++)
        body[i] = (char)('a' + i % 26);
    httprig_serve(&rig, &answer, 1);
    char *url = fakehttp_url(rig.servers[0], NULL, "/");
    struct http_request request = {.url = url, .body = body, .body_len = len};
    CU_ASSERT_EQUAL(httprig_start(&rig, &talk, &request, NULL), 0);
    CU_ASSERT_TRUE(httprig_finish(&rig, &talk));
    const struct fake_request *got = fakehttp_request(rig.servers[0], 0);
    CU_ASSERT_EQUAL_FATAL(got->body_len, len);
    CU_ASSERT_EQUAL(memcmp(got->body, body, len), 0);
    CU_ASSERT_PTR_NULL(strstr(got->text, "Expect"));
    free(body);
    free(url);
    httptalk_clear(&talk);
    httprig_close(&rig);
}

static void test_reuse(void)
{
    struct httprig rig;
    const struct fake_step *answer = FAKE_ANSWER(FAKE_TEXT(FAKE_SSE FAKE_CHUNK FAKE_LAST_CHUNK));

    httprig_serve(&rig, &answer, 1);
    for (int i = 0; i < 10; i++) {
        struct httptalk talk = {0};

        CU_ASSERT_TRUE(httprig_get(&rig, &talk, "/v1"));
        CU_ASSERT_STRING_EQUAL(talk.body.data, FAKE_EVENT);
        CU_ASSERT_EQUAL(talk.result.reused, i > 0);
        CU_ASSERT_EQUAL(talk.result.times.connect_us > 0, i == 0);
        httptalk_clear(&talk);
    }
    CU_ASSERT_EQUAL(fakehttp_requests(rig.servers[0]), 10);
    CU_ASSERT_EQUAL(fakehttp_connections(rig.servers[0]), 1);
    httprig_close(&rig);
}

#define CROWD 50

static bool crowd_is_done(const void *ctx)
{
    const struct httptalk *talks = ctx;
    size_t done = 0;

    for (size_t i = 0; i < CROWD; i++)
        done += talks[i].done;
    return done == CROWD;
}

/* Fifty at once, each on a connection of its own; four are kept. */
static void test_crowd(void)
{
    static struct httptalk talks[CROWD];
    struct httprig rig;
    const struct fake_step *answer = FAKE_ANSWER(FAKE_STEP(FAKE_GATE), FAKE_TEXT(FAKE_OK_HI));
    struct fakehttp_options options = {.answers = &answer, .answer_count = 1};

    httprig_open(&rig, &(struct http_options){.keep = 4});
    CU_ASSERT_EQUAL_FATAL(fakehttp_start(&rig.servers[0], &options), 0);
    char *url = fakehttp_url(rig.servers[0], NULL, "/");
    for (size_t i = 0; i < CROWD; i++)
        CU_ASSERT_EQUAL(httprig_start(&rig, &talks[i], &(struct http_request){.url = url}, NULL),
                        0);
    CU_ASSERT_EQUAL(http_calls(rig.http), CROWD);
    for (size_t i = 0; i < CROWD; i++)
        fakehttp_open(rig.servers[0]);
    CU_ASSERT_TRUE(httprig_until(&rig, crowd_is_done, talks));
    httprig_settle(&rig);
    for (size_t i = 0; i < CROWD; i++) {
        CU_ASSERT_EQUAL(talks[i].result.outcome, HTTP_OK);
        CU_ASSERT_STRING_EQUAL(talks[i].body.data, "hi");
        httptalk_clear(&talks[i]);
    }
    CU_ASSERT(fakehttp_open_connections(rig.servers[0]) <= 4);
    free(url);
    httprig_close(&rig);
}

/* For those who use the server from elsewhere: in a thread of its own it does the same. */
static void test_served_by_thread(void)
{
    struct fakehttp *server = NULL;
    struct httprig rig;
    const struct fake_step *answer = FAKE_ANSWER(FAKE_STEP(FAKE_GATE), FAKE_TEXT(FAKE_OK_HI));
    struct fakehttp_options options = {.answers = &answer, .answer_count = 1};

    httprig_open(&rig, NULL);
    CU_ASSERT_EQUAL_FATAL(fakehttp_start(&server, &options), 0);
    fakehttp_serve(server);
    char *url = fakehttp_url(server, NULL, "/");
    for (int i = 0; i < 3; i++) {
        struct httptalk talk = {0};

        CU_ASSERT_EQUAL(httprig_start(&rig, &talk, &(struct http_request){.url = url}, NULL), 0);
        fakehttp_open(server);
        CU_ASSERT_TRUE(httprig_finish(&rig, &talk));
        CU_ASSERT_STRING_EQUAL(talk.body.data, "hi");
        CU_ASSERT_EQUAL(fakehttp_requests(server), (size_t)i + 1);
        httptalk_clear(&talk);
    }
    CU_ASSERT_EQUAL(fakehttp_connections(server), 1);
    free(url);
    httprig_close(&rig);
    fakehttp_stop(server);
}

static void test_times(void)
{
    struct httprig rig;
    struct httptalk talk = {0};
    const struct fake_step *answer = FAKE_ANSWER(FAKE_STEP(FAKE_GATE), FAKE_TEXT(FAKE_OK(4) "ab"),
                                                 FAKE_STEP(FAKE_GATE), FAKE_TEXT("cd"));

    httprig_serve(&rig, &answer, 1);
    int64_t start = rig.now_us;
    ask(&rig, &talk, NULL);
    rig.now_us += 3 * SECOND;
    fakehttp_open(rig.servers[0]);
    CU_ASSERT_TRUE(httprig_until(&rig, httptalk_has_bytes, &talk));
    rig.now_us += 4 * SECOND;
    fakehttp_open(rig.servers[0]);
    CU_ASSERT_TRUE(httprig_finish(&rig, &talk));
    const struct http_times *times = &talk.result.times;
    CU_ASSERT_EQUAL(times->start_us, start);
    CU_ASSERT_EQUAL(times->sent_us, start);
    CU_ASSERT_EQUAL(times->first_byte_us, start + 3 * SECOND);
    CU_ASSERT_EQUAL(times->last_byte_us, start + 7 * SECOND);
    CU_ASSERT(times->connect_us > 0 && times->connect_us < SECOND);
    CU_ASSERT_EQUAL(times->tls_us, 0);
    httptalk_clear(&talk);
    httprig_close(&rig);
}

static void test_idle_is_free(void)
{
    struct httprig rig;
    struct httptalk talk = {0};
    struct pollfd fds[4];
    const struct fake_step *answer = FAKE_ANSWER(FAKE_TEXT(FAKE_OK_HI));

    httprig_serve(&rig, &answer, 1);
    CU_ASSERT_EQUAL(http_timeout_us(rig.http), -1);
    CU_ASSERT_TRUE(httprig_get(&rig, &talk, "/v1"));
    CU_ASSERT_EQUAL(http_fds(rig.http, fds, 4), 0);
    CU_ASSERT_EQUAL(http_timeout_us(rig.http), -1);
    CU_ASSERT_EQUAL(fakehttp_open_connections(rig.servers[0]), 1);
    httptalk_clear(&talk);
    httprig_close(&rig);
}

/* --- Headers --- */

static void test_headers(void)
{
    struct httptalk talk = {0};

    get_from(&talk, FAKE_ANSWER(FAKE_TEXT(
                        "HTTP/1.1 100 Continue\r\nRetry-After: 1\r\n\r\n"
                        "HTTP/1.1 103 Early Hints\r\nRetry-After: 2\r\n\r\n"
                        "HTTP/1.1 429 Too Many\r\nretry-AFTER: \t 7 \r\nRetry-After: 8\r\n"
                        "Content-Length: 0\r\n\r\n")));
    CU_ASSERT_EQUAL(talk.result.outcome, HTTP_OK);
    CU_ASSERT_EQUAL(talk.status, 429);
    CU_ASSERT_STRING_EQUAL(talk.retry_after, "7");
    httptalk_clear(&talk);
}

static void check_lookup(struct httptalk *talk)
{
    static const struct {
        const char *name, *value;
    } rows[] = {
        {"content-type", "text/event-stream; charset=utf-8"},
        {"X-Request-ID", "req_1"},
        {"x-should-retry", "true"},
        {"Retry-After-Ms", "250"},
        {"x-empty", ""},
        {"x-trailer", NULL},
        {"x-none", NULL},
        {"", NULL},
        {"250", NULL},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *value = http_header(talk->call, rows[i].name);

        CU_ASSERT_TRUE(str_eq(value, rows[i].value));
    }
}

static void test_lookup(void)
{
    struct httptalk talk = {.on_bytes = check_lookup, .on_done = check_lookup};

    get_from(&talk, FAKE_ANSWER(FAKE_TEXT(
                        "HTTP/1.1 503 Busy\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
                        "x-request-id:req_1\r\nx-should-retry:  true \r\nretry-after-ms: 250\r\n"
                        "X-Empty:\r\nTransfer-Encoding: chunked\r\nTrailer: X-Trailer\r\n\r\n"
                        "2\r\nhi\r\n0\r\nX-Trailer: 1\r\n\r\n")));
    CU_ASSERT_EQUAL(talk.result.status, 503);
    CU_ASSERT_STRING_EQUAL(talk.body.data, "hi");
    httptalk_clear(&talk);
}

/* --- What goes wrong --- */

static void test_refused(void)
{
    struct httprig rig;
    struct httptalk talk = {0};
    const struct fake_step *answer = FAKE_ANSWER(FAKE_TEXT(FAKE_OK_HI));
    char expected[HTTP_TEXT_MAX];

    httprig_serve(&rig, &answer, 1);
    char *url = fakehttp_url(rig.servers[0], NULL, "/v1?key=" SECRET);
    int port = fakehttp_port(rig.servers[0]);
    fakehttp_stop(rig.servers[0]);
    rig.servers[0] = NULL;
    CU_ASSERT_EQUAL(httprig_start(&rig, &talk, &(struct http_request){.url = url}, NULL), 0);
    CU_ASSERT_TRUE(httprig_finish(&rig, &talk));
    CU_ASSERT_EQUAL(talk.result.outcome, HTTP_CONNECT);
    (void)snprintf(expected, sizeof expected,
                   "127.0.0.1:%d: cannot connect to 127.0.0.1:%d: Connection refused", port, port);
    CU_ASSERT_STRING_EQUAL(talk.result.text, expected);
    CU_ASSERT_EQUAL(talk.result.times.sent_us, 0);
    CU_ASSERT_EQUAL(talk.result.status, 0);
    free(url);
    httptalk_clear(&talk);
    httprig_close(&rig);
}

/* How an answer ends, and what of it came through before. */
static const struct ending {
    const char *name;
    struct fake_step steps[6];
    enum http_outcome outcome;
    const char *body;
} endings[] = {
    {"N02 reset before headers", {FAKE_STEP(FAKE_RST)}, HTTP_RESET, ""},
    {"closed before headers", {FAKE_STEP(FAKE_FIN)}, HTTP_RESET, ""},
    {"reset inside headers",
     {FAKE_TEXT("HTTP/1.1 200 OK\r\nCont"), FAKE_STEP(FAKE_RST)},
     HTTP_RESET,
     ""},
    {"N03 reset after 3 events",
     {FAKE_TEXT(FAKE_SSE FAKE_CHUNK FAKE_CHUNK FAKE_CHUNK), FAKE_STEP(FAKE_GATE),
      FAKE_STEP(FAKE_RST)},
     HTTP_RESET,
     FAKE_EVENT FAKE_EVENT FAKE_EVENT},
    {"N05 end before the last chunk",
     {FAKE_TEXT(FAKE_SSE FAKE_CHUNK), FAKE_STEP(FAKE_FIN)},
     HTTP_TRUNCATED,
     FAKE_EVENT},
    {"N05 end inside a chunk",
     {FAKE_TEXT(FAKE_SSE "f\r\ndata"), FAKE_STEP(FAKE_FIN)},
     HTTP_TRUNCATED,
     "data"},
    {"N05 end without a length: the parser knows",
     {FAKE_TEXT("HTTP/1.1 200 OK\r\n\r\n" FAKE_EVENT), FAKE_STEP(FAKE_FIN)},
     HTTP_OK,
     FAKE_EVENT},
    {"N06 shorter than Content-Length",
     {FAKE_TEXT(FAKE_OK(100) "hi"), FAKE_STEP(FAKE_FIN)},
     HTTP_TRUNCATED,
     "hi"},
    {"longer than Content-Length",
     {FAKE_TEXT(FAKE_OK(2) "hiho"), FAKE_STEP(FAKE_FIN)},
     HTTP_OK,
     "hi"},
    {"N26 200 text/html",
     {FAKE_TEXT("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>")},
     HTTP_OK,
     "<html>"},
    {"N26 204", {FAKE_TEXT("HTTP/1.1 204 No Content\r\n\r\n")}, HTTP_OK, ""},
    {"N32 gzip unasked",
     {{FAKE_SEND,
       "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08x", 0,
       0}},
     HTTP_OK,
     "\x1f\x8b\x08x"},
    {"N32 a gzip transfer",
     {FAKE_TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")},
     HTTP_PROTOCOL,
     ""},
    {"N32 a gzip transfer behind a chunked one",
     {FAKE_TEXT("HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\nTransfer-Encoding:gzip\r\n\r\n")},
     HTTP_PROTOCOL,
     ""},
    {"N33 not HTTP",
     {FAKE_TEXT("SSH-2.0-OpenSSH_9.2\r\n"), FAKE_STEP(FAKE_FIN)},
     HTTP_PROTOCOL,
     ""},
    {"N33 a bad status line",
     {FAKE_TEXT("HTTP/1.1 2x0 OK\r\n\r\n"), FAKE_STEP(FAKE_FIN)},
     HTTP_PROTOCOL,
     ""},
    {"N33 an unknown version",
     {FAKE_TEXT("HTTP/7 200 OK\r\n\r\n"), FAKE_STEP(FAKE_FIN)},
     HTTP_PROTOCOL,
     ""},
    {"N33 chunked garbage",
     {FAKE_TEXT(FAKE_SSE "zz\r\nhi\r\n"), FAKE_STEP(FAKE_HANG)},
     HTTP_PROTOCOL,
     ""},
    {"N33 a negative chunk",
     {FAKE_TEXT(FAKE_SSE "-1\r\nhi\r\n"), FAKE_STEP(FAKE_HANG)},
     HTTP_PROTOCOL,
     ""},
    {"N33 a chunk beyond 64 bits",
     {FAKE_TEXT(FAKE_SSE "fffffffffffffffff\r\nhi\r\n"), FAKE_STEP(FAKE_HANG)},
     HTTP_PROTOCOL,
     ""},
    {"N33 a NUL in a header",
     {{FAKE_SEND, "HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n", 28, 0}, FAKE_STEP(FAKE_FIN)},
     HTTP_PROTOCOL,
     ""},
    {"N33 10^9 headers",
     {FAKE_TEXT("HTTP/1.1 200 OK\r\n"), {FAKE_REPEAT, EIGHT(EIGHT("X-A: b\r\n")), 0, 15625000}},
     HTTP_TOO_BIG,
     ""},
    {"N33 10^9 heralds",
     {{FAKE_REPEAT, EIGHT(EIGHT("HTTP/1.1 100 Continue\r\n\r\n")), 0, 15625000}},
     HTTP_TOO_BIG,
     ""},
    {"N33 a 1 MB header",
     {FAKE_TEXT("HTTP/1.1 200 OK\r\nX: "),
      {FAKE_REPEAT, EIGHT(EIGHT("xxxxxxxxxxxxxxxx")), 0, 1024},
      FAKE_TEXT("\r\n\r\n")},
     HTTP_TOO_BIG,
     ""},
    {"10^9 trailers",
     {FAKE_TEXT(FAKE_SSE FAKE_CHUNK "0\r\n"),
      {FAKE_REPEAT, EIGHT(EIGHT("X-A: b\r\n")), 0, 15625000}},
     HTTP_TOO_BIG,
     FAKE_EVENT},
    {"a length beyond the ceiling",
     {FAKE_TEXT("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nhi"), FAKE_STEP(FAKE_HANG)},
     HTTP_TOO_BIG,
     ""},
};

/* A gate opens once all before it came through, so that a reset cannot overtake it. */
static void open_gate(struct httptalk *talk)
{
    const struct httprig *rig = talk->ctx;

    if (talk->body.len == 3 * strlen(FAKE_EVENT))
        fakehttp_open(rig->servers[0]);
}

static void test_endings(void)
{
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        struct httprig rig;
        struct httptalk talk = {.on_bytes = open_gate, .ctx = &rig};
        const struct fake_step *answer = endings[i].steps;

        httprig_serve(&rig, &answer, 1);
        CU_ASSERT_TRUE(httprig_get(&rig, &talk, "/v1?key=" SECRET));
        if (talk.result.outcome != endings[i].outcome || !str_eq(talk.body.data, endings[i].body))
            printf("    %s: %s, not %s: %s\n", endings[i].name,
                   http_outcome_name(talk.result.outcome), http_outcome_name(endings[i].outcome),
                   talk.result.text);
        CU_ASSERT_EQUAL(talk.result.outcome, endings[i].outcome);
        CU_ASSERT_STRING_EQUAL(talk.body.data, endings[i].body);
        CU_ASSERT_EQUAL(talk.done, 1);
        CU_ASSERT_EQUAL(fakehttp_requests(rig.servers[0]), 1);
        CU_ASSERT_EQUAL(talk.result.outcome == HTTP_OK, talk.result.text[0] == '\0');
        CU_ASSERT_PTR_NULL(strstr(talk.result.text, SECRET));
        httptalk_clear(&talk);
        httprig_close(&rig);
    }
}

/* libcurl would send the request again by itself. */
static void test_sent_once(void)
{
    static const enum fake_do ways[] = {FAKE_RST, FAKE_FIN};

    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct httprig rig;
        struct httptalk first = {0}, second = {0};
        const struct fake_step *const answers[] = {FAKE_ANSWER(FAKE_TEXT(FAKE_OK_HI)),
                                                   FAKE_ANSWER(FAKE_STEP(ways[i])),
                                                   FAKE_ANSWER(FAKE_TEXT(FAKE_OK_HI))};

        httprig_serve(&rig, answers, 3);
        CU_ASSERT_TRUE(httprig_get(&rig, &first, "/v1"));
        CU_ASSERT_TRUE(httprig_get(&rig, &second, "/v1"));
        CU_ASSERT_EQUAL(second.result.outcome, HTTP_RESET);
        httprig_settle(&rig);
        CU_ASSERT_EQUAL(fakehttp_requests(rig.servers[0]), 2);
        httptalk_clear(&first);
        httptalk_clear(&second);
        httprig_close(&rig);
    }
}

/* A kept connection that the server closed meanwhile is not used. */
static void test_stale_connection(void)
{
    struct httprig rig;
    struct httptalk first = {0}, second = {0};
    const struct fake_step *const answers[] = {
        FAKE_ANSWER(FAKE_TEXT(FAKE_OK_HI), FAKE_STEP(FAKE_FIN)),
        FAKE_ANSWER(FAKE_TEXT(FAKE_OK_HI))};

    httprig_serve(&rig, answers, 2);
    CU_ASSERT_TRUE(httprig_get(&rig, &first, "/v1"));
    CU_ASSERT_TRUE(httprig_until(&rig, httprig_is_alone, &rig));
    CU_ASSERT_TRUE(httprig_get(&rig, &second, "/v1"));
    CU_ASSERT_EQUAL(second.result.outcome, HTTP_OK);
    CU_ASSERT_EQUAL(fakehttp_requests(rig.servers[0]), 2);
    CU_ASSERT_EQUAL(fakehttp_connections(rig.servers[0]), 2);
    httptalk_clear(&first);
    httptalk_clear(&second);
    httprig_close(&rig);
}

static long rss_kib(void)
{
    char text[64] = "", *resident = NULL;
    FILE *in = fopen("/proc/self/statm", "r");

    CU_ASSERT_PTR_NOT_NULL_FATAL(in);
    CU_ASSERT_PTR_NOT_NULL(fgets(text, sizeof text, in));
    (void)fclose(in);                  /* only read */
    (void)strtol(text, &resident, 10); /* the size of all, first */
    return strtol(resident, NULL, 10) * (sysconf(_SC_PAGESIZE) / 1024);
}

static void forget(struct httptalk *talk)
{
    buf_clear(&talk->body);
}

static void test_too_many_bytes(void)
{
    struct httprig rig;
    struct httptalk talk = {.on_bytes = forget};
    static char events[1000 * sizeof FAKE_EVENT];
    const struct fake_step *answer =
        FAKE_ANSWER(FAKE_TEXT("HTTP/1.1 200 OK\r\n\r\n"), {FAKE_REPEAT, events, 0, 10000});

    for (size_t i = 0; i < 1000; i++)
        memcpy(events + i * strlen(FAKE_EVENT), FAKE_EVENT, strlen(FAKE_EVENT));
    httprig_serve(&rig, &answer, 1);
    long before = rss_kib();
    CU_ASSERT_TRUE(httprig_get(&rig, &talk, "/v1"));
    CU_ASSERT_EQUAL(talk.result.outcome, HTTP_TOO_BIG);
    CU_ASSERT(talk.result.bytes > (int64_t)64 << 20);
    CU_ASSERT(talk.result.bytes <= ((int64_t)64 << 20) + 16384);
    CU_ASSERT(suite_is_watched() || rss_kib() - before < 16 * 1024);
    httptalk_clear(&talk);
    httprig_close(&rig);
}

static void feed(struct httptalk *talk)
{
    talk->refuse_bytes = sse_feed(talk->ctx, talk->body.data, talk->body.len, NULL) < 0;
    buf_clear(&talk->body);
}

static int no_event(void *ctx, const struct sse_event *event, struct err *err)
{
    (void)ctx;
    (void)event;
    return err_set(err, E_PROTOCOL, "there is no event in this");
}

static void test_endless_line(void)
{
    static char line[16384];
    struct httprig rig;
    struct sse *sse = NULL;
    struct httptalk talk = {.on_bytes = feed};
    const struct fake_step *answer = FAKE_ANSWER(FAKE_TEXT("HTTP/1.1 200 OK\r\n\r\ndata: "),
                                                 {FAKE_REPEAT, line, sizeof line, 6400});

    memset(line, 'x', sizeof line);
    sse_new(&sse, NULL, no_event, NULL);
    talk.ctx = sse;
    httprig_serve(&rig, &answer, 1);
    long before = rss_kib();
    CU_ASSERT_TRUE(httprig_get(&rig, &talk, "/v1"));
    CU_ASSERT_EQUAL(talk.result.outcome, HTTP_STOPPED);
    CU_ASSERT(talk.result.bytes > (int64_t)8 << 20);
    CU_ASSERT(talk.result.bytes <= ((int64_t)8 << 20) + 16384);
    CU_ASSERT(suite_is_watched() || rss_kib() - before < 16 * 1024);
    sse_free(sse);
    httptalk_clear(&talk);
    httprig_close(&rig);
}

static void test_own_limits(void)
{
    static const struct {
        const char *answer;
        struct http_limits limits;
        enum http_outcome outcome;
    } rows[] = {
        {FAKE_OK(2) "hi", {.bytes = 2}, HTTP_OK},
        {FAKE_OK(3) "hi!", {.bytes = 2}, HTTP_TOO_BIG},
        {FAKE_SSE "3\r\nhi!\r\n0\r\n\r\n", {.bytes = 2}, HTTP_TOO_BIG},
        {"HTTP/1.1 200 OK\r\nX: 1\r\nContent-Length: 0\r\n\r\n", {.header_bytes = 44}, HTTP_OK},
        {"HTTP/1.1 200 OK\r\nX: 1\r\nContent-Length: 0\r\n\r\n",
         {.header_bytes = 43},
         HTTP_TOO_BIG},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct httprig rig;
        struct httptalk talk = {0};
        const struct fake_step *answer = FAKE_ANSWER(FAKE_TEXT(rows[i].answer));

        httprig_serve(&rig, &answer, 1);
        ask(&rig, &talk, &rows[i].limits);
        CU_ASSERT_TRUE(httprig_finish(&rig, &talk));
        CU_ASSERT_EQUAL(talk.result.outcome, rows[i].outcome);
        httptalk_clear(&talk);
        httprig_close(&rig);
    }
}

static const struct test tests[] = {
    {"a GET gives status, body and a silent result", test_get},
    {"a POST is on the wire as it was given, and nothing unasked with it", test_post},
    {"every method goes out with the length it needs", test_methods},
    {"a body of 3 MiB goes out at once, without asking first", test_large_body},
    {"ten requests use one connection", test_reuse},
    {"fifty calls run at once and four connections are kept", test_crowd},
    {"a server in a thread of its own serves as well", test_served_by_thread},
    {"times are points on the clock", test_times},
    {"idle means no descriptor and no timer", test_idle_is_free},
    {"heralds leave no header behind and the first of two counts", test_headers},
    {"headers are found by name in any case, trailers are not", test_lookup},
    {"connection refused names host and port, never the query (N01)", test_refused},
    {"every way to end an answer has its outcome (N02 N03 N05 N06 N26 N32 N33)", test_endings},
    {"a request on a dead kept connection is not sent twice", test_sent_once},
    {"a kept connection that was closed meanwhile is not used", test_stale_connection},
    {"N31 a body without end is given up at 64 MiB in flat memory", test_too_many_bytes},
    {"N30 a line of 100 MB is given up at 8 MiB in flat memory", test_endless_line},
    {"the ceilings are the caller's to set", test_own_limits},
    {NULL, NULL},
};

const struct suite suite_http = {"http", tests};
