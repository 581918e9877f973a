/* SPDX-License-Identifier: MIT */
/*
 * The life of a call seen by its owner: every call that was started is done exactly once, however
 * it is ended and wherever from.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/err.h"
#include "core/base/mem.h"
#include "core/net/http.h"
#include "tests/suite.h"
#include "tests/support/httprig.h"

#define SECOND    ((int64_t)US_PER_S)
#define CANCEL_US (2 * SECOND) /* ten times what is promised: the machine may be busy */
#define BACKLOG   8

/* --- Cancel in each phase --- */

static void expect_quick_cancel(struct httprig *rig, struct httptalk *talk)
{
    struct clock real = clock_system();
    int64_t start = clock_mono(&real);

    CU_ASSERT_EQUAL_FATAL(talk->done, 0);
    http_cancel(talk->call);
    CU_ASSERT_EQUAL(talk->done, 1);
    CU_ASSERT_EQUAL(talk->result.outcome, HTTP_CANCELLED);
    CU_ASSERT_EQUAL(http_calls(rig->http), 0);
    CU_ASSERT_EQUAL(http_timeout_us(rig->http), -1);
    httptalk_clear(talk);
    httprig_close(rig);
    CU_ASSERT(clock_mono(&real) - start < CANCEL_US);
}

static void test_cancel_resolving(void)
{
    struct httprig rig;
    struct httptalk talk = {0};

    httprig_open(&rig, NULL);
    CU_ASSERT_EQUAL(
        httprig_start(&rig, &talk, &(struct http_request){.url = "https://rerail.invalid/"}, NULL),
        0);
    http_step(rig.http, NULL, 0); /* the look-up has a thread now */
    expect_quick_cancel(&rig, &talk);
}

/* A listener whose queue is full: the next connection is neither made nor refused. */
struct full_listener {
    int fds[BACKLOG + 1];
    int port;
};

static void fill_listener(struct full_listener *full)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    full->fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_EQUAL_FATAL(bind(full->fds[0], (struct sockaddr *)&address, len), 0);
    CU_ASSERT_EQUAL_FATAL(listen(full->fds[0], 0), 0);
    CU_ASSERT_EQUAL_FATAL(getsockname(full->fds[0], (struct sockaddr *)&address, &len), 0);
    full->port = ntohs(address.sin_port);
    for (size_t i = 1; i <= BACKLOG; i++) {
        full->fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(full->fds[i], (struct sockaddr *)&address, len); /* made or under way */
    }
}

static void empty_listener(struct full_listener *full)
{
    for (size_t i = 0; i <= BACKLOG; i++)
        (void)close(full->fds[i]); /* of this test only */
}

static void test_cancel_connecting(void)
{
    struct full_listener full;
    struct httprig rig;
    struct httptalk talk = {0};

    fill_listener(&full);
    httprig_open(&rig, NULL);
    char *url = mem_printf("http://127.0.0.1:%d/", full.port);
    CU_ASSERT_EQUAL(httprig_start(&rig, &talk, &(struct http_request){.url = url}, NULL), 0);
    httprig_settle(&rig);
    CU_ASSERT_EQUAL(talk.done, 0);
    expect_quick_cancel(&rig, &talk);
    free(url);
    empty_listener(&full);
}

static void test_cancel_in_tls(void)
{
    struct httprig rig;
    struct httptalk talk = {0};
    const struct fake_step *answer = FAKE_ANSWER(FAKE_STEP(FAKE_HANG));

    httprig_serve(&rig, &answer, 1);
    char *url = mem_printf("https://127.0.0.1:%d/", fakehttp_port(rig.servers[0]));
    CU_ASSERT_EQUAL(httprig_start(&rig, &talk, &(struct http_request){.url = url}, NULL), 0);
    CU_ASSERT_TRUE(httprig_until(&rig, httprig_has_connection, &rig));
    expect_quick_cancel(&rig, &talk);
    free(url);
}

static void test_cancel_waiting(void)
{
    struct httprig rig;
    struct httptalk talk = {0};
    const struct fake_step *answer =
        FAKE_ANSWER(FAKE_TEXT("HTTP/1.1 200 OK\r\nX-Half: "), FAKE_STEP(FAKE_HANG));

    httprig_serve(&rig, &answer, 1);
    httprig_start_get(&rig, &talk, NULL);
    CU_ASSERT_TRUE(httprig_until(&rig, httprig_has_request, &rig));
    expect_quick_cancel(&rig, &talk);
}

static void test_cancel_reading(void)
{
    struct httprig rig;
    struct httptalk talk = {0};
    const struct fake_step *answer =
        FAKE_ANSWER(FAKE_TEXT(FAKE_SSE FAKE_CHUNK), FAKE_STEP(FAKE_HANG));

    httprig_serve(&rig, &answer, 1);
    httprig_start_get(&rig, &talk, NULL);
    CU_ASSERT_TRUE(httprig_until(&rig, httptalk_has_bytes, &talk));
    expect_quick_cancel(&rig, &talk);
}

static void test_cancel_before_anything(void)
{
    struct httprig rig;
    struct httptalk talk = {0};
    const struct fake_step *answer = FAKE_ANSWER(FAKE_TEXT(FAKE_OK_HI));

    httprig_serve(&rig, &answer, 1);
    httprig_start_get(&rig, &talk, NULL);
    expect_quick_cancel(&rig, &talk);
}

static void test_cancel_closes(void)
{
    struct httprig rig;
    struct httptalk talk = {0};
    const struct fake_step *answer =
        FAKE_ANSWER(FAKE_TEXT(FAKE_SSE FAKE_CHUNK), FAKE_STEP(FAKE_HANG));

    httprig_serve(&rig, &answer, 1);
    httprig_start_get(&rig, &talk, NULL);
    CU_ASSERT_TRUE(httprig_until(&rig, httptalk_has_bytes, &talk));
    http_cancel(talk.call);
    CU_ASSERT_TRUE(httprig_until(&rig, httprig_is_alone, &rig));
    httptalk_clear(&talk);
    httprig_close(&rig);
}

/* --- From inside a sink --- */

static void cancel(struct httptalk *talk)
{
    http_cancel(talk->call);
    CU_ASSERT_EQUAL(talk->done, 0); /* not inside bytes, but before http_step returns */
}

static void test_cancel_inside(void)
{
    struct httprig rig;
    struct httptalk talk = {.on_bytes = cancel};
    const struct fake_step *answer =
        FAKE_ANSWER(FAKE_TEXT(FAKE_SSE FAKE_CHUNK FAKE_CHUNK FAKE_LAST_CHUNK));

    httprig_serve(&rig, &answer, 1);
    CU_ASSERT_TRUE(httprig_get(&rig, &talk, "/"));
    CU_ASSERT_EQUAL(talk.result.outcome, HTTP_CANCELLED);
    CU_ASSERT_STRING_EQUAL(talk.body.data, FAKE_EVENT);
    httprig_settle(&rig);
    CU_ASSERT_EQUAL(talk.done, 1);
    httptalk_clear(&talk);
    httprig_close(&rig);
}

static void test_refusing_sink(void)
{
    const struct fake_step *answer =
        FAKE_ANSWER(FAKE_TEXT(FAKE_SSE FAKE_CHUNK FAKE_CHUNK FAKE_LAST_CHUNK));

    for (int at_headers = 0; at_headers < 2; at_headers++) {
        struct httprig rig;
        struct httptalk talk = {.refuse_headers = at_headers, .refuse_bytes = true};

        httprig_serve(&rig, &answer, 1);
        CU_ASSERT_TRUE(httprig_get(&rig, &talk, "/"));
        CU_ASSERT_EQUAL(talk.result.outcome, HTTP_STOPPED);
        CU_ASSERT_EQUAL(talk.result.status, 200);
        CU_ASSERT_STRING_EQUAL(talk.body.data, at_headers ? "" : FAKE_EVENT);
        CU_ASSERT_EQUAL(talk.done, 1);
        httptalk_clear(&talk);
        httprig_close(&rig);
    }
}

struct pair {
    struct httprig rig;
    struct httptalk talks[2];
    struct httptalk late; /* started inside a sink */
};

static bool pair_is_done(const void *ctx)
{
    const struct pair *pair = ctx;

    return pair->talks[0].done + pair->talks[1].done == 2;
}

static void cancel_both(struct httptalk *talk)
{
    struct pair *pair = talk->ctx;

    for (int i = 0; i < 2; i++)
        if (pair->talks[i].call)
            http_cancel(pair->talks[i].call);
}

static void open_pair(struct pair *pair, const struct fake_step *const *answer)
{
    *pair = (struct pair){.late = {.call = NULL}};
    httprig_serve(&pair->rig, answer, 1);
    for (int i = 0; i < 2; i++)
        pair->talks[i].ctx = pair;
}

static void close_pair(struct pair *pair)
{
    for (int i = 0; i < 2; i++)
        httptalk_clear(&pair->talks[i]);
    httptalk_clear(&pair->late);
    httprig_close(&pair->rig);
}

/* Whichever speaks first cancels itself and the other, from inside bytes and from inside done. */
static void test_cancel_each_other(void)
{
    const struct fake_step *answer =
        FAKE_ANSWER(FAKE_TEXT(FAKE_SSE FAKE_CHUNK), FAKE_STEP(FAKE_HANG));

    for (int from_done = 0; from_done < 2; from_done++) {
        struct pair pair;

        open_pair(&pair, &answer);
        for (int i = 0; i < 2; i++) {
            pair.talks[i].on_bytes = from_done ? cancel : cancel_both;
            pair.talks[i].on_done = from_done ? cancel_both : NULL;
            httprig_start_get(&pair.rig, &pair.talks[i], NULL);
        }
        CU_ASSERT_TRUE(httprig_until(&pair.rig, pair_is_done, &pair));
        for (int i = 0; i < 2; i++) {
            CU_ASSERT_EQUAL(pair.talks[i].done, 1);
            CU_ASSERT_EQUAL(pair.talks[i].result.outcome, HTTP_CANCELLED);
        }
        CU_ASSERT_EQUAL(http_calls(pair.rig.http), 0);
        close_pair(&pair);
    }
}

static int start_late(struct pair *pair)
{
    char *url = fakehttp_url(pair->rig.servers[0], NULL, "/late");
    int rc = httprig_start(&pair->rig, &pair->late, &(struct http_request){.url = url}, NULL);

    free(url);
    return rc;
}

static void start_in_bytes(struct httptalk *talk)
{
    struct pair *pair = talk->ctx;

    CU_ASSERT_EQUAL(start_late(pair), E_BUSY);
    CU_ASSERT_PTR_NULL(pair->late.call);
}

static void start_in_done(struct httptalk *talk)
{
    CU_ASSERT_EQUAL(start_late(talk->ctx), 0);
}

static void test_start_inside(void)
{
    struct pair pair;
    const struct fake_step *answer = FAKE_ANSWER(FAKE_TEXT(FAKE_OK_HI));

    open_pair(&pair, &answer);
    pair.talks[0].on_bytes = start_in_bytes;
    pair.talks[0].on_done = start_in_done;
    httprig_start_get(&pair.rig, &pair.talks[0], NULL);
    CU_ASSERT_TRUE(httprig_finish(&pair.rig, &pair.talks[0]));
    CU_ASSERT_EQUAL(pair.talks[0].result.outcome, HTTP_OK);
    CU_ASSERT_TRUE(httprig_finish(&pair.rig, &pair.late));
    CU_ASSERT_EQUAL(pair.late.result.outcome, HTTP_OK);
    close_pair(&pair);
}

/* --- Draining --- */

static void drain(struct httptalk *talk)
{
    http_drain(talk->call);
}

/* Ten answers of which only the first event is wanted; the tail comes at once or a little later. */
static void drain_ten(const struct fake_step *answer)
{
    struct httprig rig;

    httprig_serve(&rig, &answer, 1);
    for (int i = 0; i < 10; i++) {
        struct httptalk talk = {.on_bytes = drain};

        CU_ASSERT_TRUE(httprig_get(&rig, &talk, "/"));
        CU_ASSERT_EQUAL(talk.result.outcome, HTTP_OK);
        CU_ASSERT_EQUAL(talk.result.status, 200);
        CU_ASSERT_STRING_EQUAL(talk.body.data, FAKE_EVENT);
        CU_ASSERT_EQUAL(talk.done, 1);
        CU_ASSERT_EQUAL(http_calls(rig.http), 0);
        httptalk_clear(&talk);
        fakehttp_open(rig.servers[0]);
        httprig_settle(&rig);
    }
    CU_ASSERT_EQUAL(fakehttp_requests(rig.servers[0]), 10);
    CU_ASSERT_EQUAL(fakehttp_connections(rig.servers[0]), 1);
    httprig_close(&rig);
}

static void test_drain(void)
{
    drain_ten(FAKE_ANSWER(FAKE_TEXT(FAKE_SSE FAKE_CHUNK FAKE_CHUNK FAKE_LAST_CHUNK)));
    drain_ten(FAKE_ANSWER(FAKE_TEXT(FAKE_SSE FAKE_CHUNK), FAKE_STEP(FAKE_GATE),
                          FAKE_TEXT(FAKE_CHUNK FAKE_LAST_CHUNK)));
}

static void test_drain_hanging(void)
{
    struct httprig rig;
    struct httptalk talk = {0};
    const struct fake_step *answer =
        FAKE_ANSWER(FAKE_TEXT(FAKE_SSE FAKE_CHUNK), FAKE_STEP(FAKE_HANG));

    httprig_serve(&rig, &answer, 1);
    httprig_start_get(&rig, &talk, NULL);
    CU_ASSERT_TRUE(httprig_until(&rig, httptalk_has_bytes, &talk));
    http_drain(talk.call);
    CU_ASSERT_EQUAL(talk.done, 1);
    CU_ASSERT_EQUAL(talk.result.outcome, HTTP_OK);
    CU_ASSERT_EQUAL(http_calls(rig.http), 0);
    CU_ASSERT_EQUAL(fakehttp_open_connections(rig.servers[0]), 1);
    CU_ASSERT(http_timeout_us(rig.http) <= SECOND);
    rig.now_us += SECOND;
    CU_ASSERT_TRUE(httprig_until(&rig, httprig_is_alone, &rig));
    CU_ASSERT_EQUAL(http_timeout_us(rig.http), -1);
    CU_ASSERT_EQUAL(talk.done, 1);
    httptalk_clear(&talk);
    httprig_close(&rig);
}

static void test_drain_flood(void)
{
    static char flood[16384];
    struct httprig rig;
    struct httptalk talk = {.on_bytes = drain};
    const struct fake_step *answer = FAKE_ANSWER(FAKE_TEXT("HTTP/1.1 200 OK\r\n\r\n"),
                                                 {FAKE_REPEAT, flood, sizeof flood, 100000});

    httprig_serve(&rig, &answer, 1);
    CU_ASSERT_TRUE(httprig_get(&rig, &talk, "/"));
    CU_ASSERT_TRUE(httprig_until(&rig, httprig_is_alone, &rig));
    CU_ASSERT_EQUAL(talk.result.outcome, HTTP_OK);
    CU_ASSERT(fakehttp_sent(rig.servers[0]) < (int64_t)64 << 20);
    httptalk_clear(&talk);
    httprig_close(&rig);
}

static void test_free_in_flight(void)
{
    struct pair pair;
    const struct fake_step *answer =
        FAKE_ANSWER(FAKE_TEXT(FAKE_SSE FAKE_CHUNK), FAKE_STEP(FAKE_HANG));

    open_pair(&pair, &answer);
    httprig_start_get(&pair.rig, &pair.talks[0], NULL);
    CU_ASSERT_TRUE(httprig_until(&pair.rig, httptalk_has_bytes, &pair.talks[0]));
    httprig_start_get(&pair.rig, &pair.talks[1], NULL);
    http_free(pair.rig.http);
    pair.rig.http = NULL;
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(pair.talks[i].done, 1);
        CU_ASSERT_EQUAL(pair.talks[i].result.outcome, HTTP_CANCELLED);
    }
    close_pair(&pair);
}

/* --- Requests that are not sent --- */

static void test_bad_requests(void)
{
    static const struct {
        const char *method, *url, *name, *value;
        int rc;
    } rows[] = {
        {NULL, "https://a.example/", "X-Ok", "a\tb", 0},
        {"G T", "https://a.example/", NULL, NULL, E_RANGE},
        {"", "https://a.example/", NULL, NULL, E_RANGE},
        {"GET / HTTP/1.1\r\nX: y", "https://a.example/", NULL, NULL, E_RANGE},
        {NULL, "https://a.example/", "X", "a\r\nY: b", E_RANGE},
        {NULL, "https://a.example/", "X", "a\nb", E_RANGE},
        {NULL, "https://a.example/", "X", "a\x01", E_RANGE},
        {NULL, "https://a.example/", "X", NULL, E_RANGE},
        {NULL, "https://a.example/", "X y", "a", E_RANGE},
        {NULL, "https://a.example/", "X:", "a", E_RANGE},
        {NULL, "https://a.example/", "", "a", E_RANGE},
        {NULL, "", NULL, NULL, E_RANGE},
        {NULL, "a.example/v1", NULL, NULL, E_RANGE},
        {NULL, "https://", NULL, NULL, E_RANGE},
        {NULL, "https://a.example:0/", NULL, NULL, E_RANGE},
        {NULL, "https://a.example:65536/", NULL, NULL, E_RANGE},
        {NULL, "https://a b.example/", NULL, NULL, E_RANGE},
        {NULL, "https://a.example/\r\nX: y", NULL, NULL, E_RANGE},
        {NULL, "file:///etc/passwd", NULL, NULL, E_DENIED},
        {NULL, "ftp://a.example/", NULL, NULL, E_DENIED},
        {NULL, "gopher://a.example/", NULL, NULL, E_DENIED},
        {NULL, "https://sk-canary@a.example/", NULL, NULL, E_DENIED},
        {NULL, "https://u:sk-canary@a.example/", NULL, NULL, E_DENIED},
        {NULL, "http://a.example/", NULL, NULL, E_DENIED},
        {NULL, "http://10.0.0.1/", NULL, NULL, E_DENIED},
        {NULL, "http://localhost.example/", NULL, NULL, E_DENIED},
        {NULL, "http://127.0.0.1.example/", NULL, NULL, E_DENIED},
        {NULL, "http://localhost/", NULL, NULL, 0},
        {NULL, "http://LOCALHOST:11434/v1", NULL, NULL, 0},
        {NULL, "http://ollama.localhost/", NULL, NULL, 0},
        {NULL, "http://127.0.0.1:8080/", NULL, NULL, 0},
        {NULL, "http://127.9.9.9/", NULL, NULL, 0},
        {NULL, "http://[::1]:8080/", NULL, NULL, 0},
    };
    struct httprig rig;

    httprig_open(&rig, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct httptalk talk = {0};
        struct err err = {0};
        struct http_header header = {rows[i].name, rows[i].value, false};
        struct http_request request = {.method = rows[i].method,
                                       .url = rows[i].url,
                                       .headers = &header,
                                       .header_count = rows[i].name != NULL,
                                       .body = mem_text("moved"),
                                       .body_len = 5,
                                       .body_moves = true};

        CU_ASSERT_EQUAL(httprig_start(&rig, &talk, &request, &err), rows[i].rc);
        CU_ASSERT_EQUAL(err.msg[0] != '\0', rows[i].rc != 0);
        CU_ASSERT_PTR_NULL(strstr(err.msg, "sk-canary"));
        CU_ASSERT_EQUAL(talk.done, 0);
        if (talk.call)
            http_cancel(talk.call);
        httptalk_clear(&talk);
    }
    CU_ASSERT_EQUAL(http_calls(rig.http), 0);
    httprig_close(&rig);
}

static void test_no_such_name(void)
{
    struct httprig rig;
    struct httptalk talk = {0};
    /* A label of 64 letters: no resolver asks anybody for that. */
    const char *url =
        "https://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.invalid/";

    httprig_open(&rig, NULL);
    CU_ASSERT_EQUAL(httprig_start(&rig, &talk, &(struct http_request){.url = url}, NULL), 0);
    CU_ASSERT_TRUE(httprig_finish(&rig, &talk));
    CU_ASSERT_EQUAL(talk.result.outcome, HTTP_DNS);
    CU_ASSERT_PTR_NOT_NULL(strstr(talk.result.text, ".invalid:443: this name has no address"));
    httptalk_clear(&talk);
    httprig_close(&rig);
}

static void test_slow_look_up(void)
{
    struct httprig rig;
    struct httptalk talk = {0};
    const struct http_request request = {.url = "https://rerail.invalid/"};

    httprig_open(&rig, NULL);
    CU_ASSERT_EQUAL(httprig_start(&rig, &talk, &request, NULL), 0);
    http_step(rig.http, NULL, 0); /* the look-up has a thread now */
    rig.now_us += 10 * SECOND;
    http_step(rig.http, NULL, 0);
    CU_ASSERT_EQUAL(talk.done, 1);
    /* Unless the resolver was quicker than this thread. */
    CU_ASSERT(talk.result.outcome == HTTP_TIMEOUT_CONNECT || talk.result.outcome == HTTP_DNS);
    httptalk_clear(&talk);
    httprig_close(&rig);
}

static void test_out_of_descriptors(void)
{
    struct httprig rig;
    struct httptalk talk = {0};
    struct rlimit before, none;
    const struct fake_step *answer = FAKE_ANSWER(FAKE_TEXT(FAKE_OK_HI));

    httprig_serve(&rig, &answer, 1);
    httprig_start_get(&rig, &talk, NULL);
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 3;
    CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &none), 0);
    for (int i = 0; i < 100 && talk.done == 0; i++)
        http_step(rig.http, NULL, 0);
    CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &before), 0);
    CU_ASSERT_EQUAL(talk.result.outcome, HTTP_LOCAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(talk.result.text, "no socket: Too many open files"));
    httptalk_clear(&talk);
    CU_ASSERT_TRUE(httprig_get(&rig, &talk, "/"));
    CU_ASSERT_EQUAL(talk.result.outcome, HTTP_OK);
    httptalk_clear(&talk);
    httprig_close(&rig);
}

static void test_names(void)
{
    for (int i = 0; i < HTTP_OUTCOMES; i++) {
        const char *name = http_outcome_name((enum http_outcome)i);

        CU_ASSERT_PTR_NOT_NULL_FATAL(name);
        for (int j = 0; j < i; j++)
            CU_ASSERT_STRING_NOT_EQUAL(name, http_outcome_name((enum http_outcome)j));
    }
}

static const struct test tests[] = {
    {"cancel while the name is looked up takes no time (N41)", test_cancel_resolving},
    {"cancel while TCP connects takes no time (N41)", test_cancel_connecting},
    {"cancel in the TLS handshake takes no time (N41)", test_cancel_in_tls},
    {"cancel while headers are awaited takes no time (N41)", test_cancel_waiting},
    {"cancel inside the body takes no time (N41)", test_cancel_reading},
    {"cancel before the first step takes no time (N41)", test_cancel_before_anything},
    {"a cancelled call leaves no connection", test_cancel_closes},
    {"a cancel inside bytes is done before the step returns", test_cancel_inside},
    {"a sink that says false stops its call", test_refusing_sink},
    {"calls may cancel each other from anywhere", test_cancel_each_other},
    {"a call may start inside done, not inside bytes", test_start_inside},
    {"draining keeps the connection", test_drain},
    {"draining a server that hangs ends after a second", test_drain_hanging},
    {"draining a flood ends after 64 KiB", test_drain_flood},
    {"calls in flight are told when http goes", test_free_in_flight},
    {"what cannot be sent is refused at the start", test_bad_requests},
    {"N35 a name without address is named", test_no_such_name},
    {"N35 a look-up that hangs ends with the time to connect", test_slow_look_up},
    {"running out of descriptors is this machine's failure", test_out_of_descriptors},
    {"every outcome has a name of its own", test_names},
    {NULL, NULL},
};

const struct suite suite_http_calls = {"http_calls", tests};
