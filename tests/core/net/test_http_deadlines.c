/* SPDX-License-Identifier: MIT */
/*
 * Deadlines, to the microsecond, on a clock that the test moves.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/net/http.h"
#include "tests/suite.h"
#include "tests/support/httprig.h"

#define SECOND ((int64_t)US_PER_S)

/* Starts a GET and waits until the server has it. */
static void ask(struct httprig *rig, struct httptalk *talk, const struct http_limits *limits)
{
    httprig_start_get(rig, talk, limits);
    CU_ASSERT_TRUE_FATAL(httprig_until(rig, httprig_has_request, rig));
}

static bool is_unhurried(struct httprig *rig, const struct httptalk *talk, int64_t us)
{
    rig->now_us += us;
    http_step(rig->http, NULL, 0);
    return talk->done == 0;
}

static void expect_timeout(struct httprig *rig, struct httptalk *talk, int64_t us,
                           enum http_outcome outcome, const char *text)
{
    CU_ASSERT(http_timeout_us(rig->http) <= us);
    CU_ASSERT_TRUE(is_unhurried(rig, talk, us - 1));
    CU_ASSERT_FALSE(is_unhurried(rig, talk, 1));
    CU_ASSERT_EQUAL(talk->result.outcome, outcome);
    CU_ASSERT_PTR_NOT_NULL(strstr(talk->result.text, text));
    CU_ASSERT_EQUAL(http_timeout_us(rig->http), -1);
}

static void test_no_connection(void)
{
    struct httprig rig;
    struct httptalk talk = {0};
    const struct fake_step *answer = FAKE_ANSWER(FAKE_STEP(FAKE_HANG));
    struct fakehttp_options options = {.answers = &answer, .answer_count = 1, .at_accept = true};

    /* TCP stands, TLS never does. */
    httprig_open(&rig, NULL);
    CU_ASSERT_EQUAL_FATAL(fakehttp_start(&rig.servers[0], &options), 0);
    char *url = mem_printf("https://127.0.0.1:%d/", fakehttp_port(rig.servers[0]));
    CU_ASSERT_EQUAL(httprig_start(&rig, &talk, &(struct http_request){.url = url}, NULL), 0);
    httprig_settle(&rig);
    expect_timeout(&rig, &talk, 10 * SECOND, HTTP_TIMEOUT_CONNECT, ": no connection within 10.0s");
    free(url);
    httptalk_clear(&talk);
    httprig_close(&rig);
}

static void test_no_first_byte(void)
{
    struct httprig rig;
    struct httptalk talk = {0};
    const struct fake_step *answer = FAKE_ANSWER(FAKE_STEP(FAKE_HANG));

    httprig_serve(&rig, &answer, 1);
    ask(&rig, &talk, NULL);
    expect_timeout(&rig, &talk, 120 * SECOND, HTTP_TIMEOUT_FIRST_BYTE, ": no answer within 2m00s");
    httptalk_clear(&talk);
    httprig_close(&rig);
}

struct wanted {
    const struct httptalk *talk;
    size_t len;
};

static bool has_body(const void *ctx)
{
    const struct wanted *wanted = ctx;

    return wanted->talk->body.len >= wanted->len;
}

/* Lets the server say one more piece, waits for it, and lets time pass. */
static void next_piece(struct httprig *rig, struct httptalk *talk, size_t len, int64_t us)
{
    struct wanted wanted = {talk, talk->body.len + len};

    CU_ASSERT_EQUAL(talk->done, 0);
    fakehttp_open(rig->servers[0]);
    CU_ASSERT_TRUE(httprig_until(rig, has_body, &wanted));
    rig->now_us += us;
    http_step(rig->http, NULL, 0);
}

/* The server says `piece` every five seconds; 24 of those are 120 s. */
static void dribble(const char *piece, enum http_outcome outcome)
{
    struct httprig rig;
    struct httptalk talk = {0};
    struct fake_step steps[100] = {FAKE_TEXT("HTTP/1.1 200 OK\r\n\r\n")};
    const struct fake_step *answer = steps;

    for (size_t i = 1; i + 1 < 100; i += 2) {
        steps[i] = (struct fake_step)FAKE_STEP(FAKE_GATE);
        steps[i + 1] = (struct fake_step)FAKE_TEXT(piece);
    }
    httprig_serve(&rig, &answer, 1);
    ask(&rig, &talk, NULL);
    CU_ASSERT_TRUE(httprig_until(&rig, httptalk_has_headers, &talk));
    for (int i = 0; i < 24; i++)
        next_piece(&rig, &talk, strlen(piece), 5 * SECOND);
    CU_ASSERT_EQUAL(talk.done, 1);
    CU_ASSERT_EQUAL(talk.result.outcome, outcome);
    CU_ASSERT_PTR_NOT_NULL(strstr(talk.result.text, ": no complete event within 2m00s"));
    httptalk_clear(&talk);
    httprig_close(&rig);
}

static void test_slow_byte(void)
{
    dribble("d", HTTP_TIMEOUT_IDLE);
}

static void test_endless_ping(void)
{
    dribble(": ping\n\n", HTTP_TIMEOUT_IDLE);
}

static void touch(struct httptalk *talk)
{
    http_touch(talk->call);
}

/* Each event comes 100 s after the one before: in time. After 30 minutes it is enough all the same.
 */
static void test_total(void)
{
    struct httprig rig;
    struct httptalk talk = {.on_bytes = touch};
    struct fake_step steps[50] = {FAKE_TEXT("HTTP/1.1 200 OK\r\n\r\n")};
    const struct fake_step *answer = steps;

    for (size_t i = 1; i + 1 < 50; i += 2) {
        steps[i] = (struct fake_step)FAKE_STEP(FAKE_GATE);
        steps[i + 1] = (struct fake_step)FAKE_TEXT(FAKE_EVENT);
    }
    httprig_serve(&rig, &answer, 1);
    ask(&rig, &talk, NULL);
    CU_ASSERT_TRUE(httprig_until(&rig, httptalk_has_headers, &talk));
    for (int i = 0; i < 18; i++)
        next_piece(&rig, &talk, strlen(FAKE_EVENT), 100 * SECOND);
    CU_ASSERT_EQUAL(talk.done, 1);
    CU_ASSERT_EQUAL(talk.result.outcome, HTTP_TIMEOUT_TOTAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(talk.result.text, ": the answer took longer than 30m00s"));
    httptalk_clear(&talk);
    httprig_close(&rig);
}

/* Dribbled byte by byte, with 119 s between two events, and whole in the end. */
static void test_slow_but_complete(void)
{
    struct httprig rig;
    struct httptalk talk = {.on_bytes = touch};
    const struct fake_step *answer =
        FAKE_ANSWER({FAKE_SLICES, "HTTP/1.1 200 OK\r\n\r\n", 0, 1}, {FAKE_SLICES, FAKE_EVENT, 0, 1},
                    FAKE_STEP(FAKE_GATE), {FAKE_SLICES, FAKE_EVENT, 0, 1}, FAKE_STEP(FAKE_FIN));

    httprig_serve(&rig, &answer, 1);
    ask(&rig, &talk, NULL);
    CU_ASSERT_TRUE(httprig_until(&rig, httptalk_has_bytes, &talk));
    httprig_settle(&rig);
    CU_ASSERT_TRUE(is_unhurried(&rig, &talk, 119 * SECOND));
    fakehttp_open(rig.servers[0]);
    CU_ASSERT_TRUE(httprig_finish(&rig, &talk));
    CU_ASSERT_EQUAL(talk.result.outcome, HTTP_OK);
    CU_ASSERT_STRING_EQUAL(talk.body.data, FAKE_EVENT FAKE_EVENT);
    httptalk_clear(&talk);
    httprig_close(&rig);
}

static void test_own_deadlines(void)
{
    struct httprig rig;
    struct httptalk talk = {0};
    struct http_limits limits = {.first_byte_us = 300 * US_PER_MS, .idle_us = 200 * US_PER_MS};
    const struct fake_step *answer = FAKE_ANSWER(
        FAKE_STEP(FAKE_GATE), FAKE_TEXT("HTTP/1.1 200 OK\r\n\r\n"), FAKE_STEP(FAKE_HANG));

    httprig_serve(&rig, &answer, 1);
    ask(&rig, &talk, &limits);
    CU_ASSERT_TRUE(is_unhurried(&rig, &talk, 299 * US_PER_MS));
    fakehttp_open(rig.servers[0]);
    CU_ASSERT_TRUE(httprig_until(&rig, httptalk_has_headers, &talk));
    CU_ASSERT_TRUE(is_unhurried(&rig, &talk, 199 * US_PER_MS));
    http_touch(talk.call);
    expect_timeout(&rig, &talk, 200 * US_PER_MS, HTTP_TIMEOUT_IDLE, "within 200ms");
    httptalk_clear(&talk);
    httprig_close(&rig);
}

static void test_shift(void)
{
    struct httprig rig;
    struct httptalk talk = {0};
    const struct fake_step *answer = FAKE_ANSWER(FAKE_STEP(FAKE_HANG));

    httprig_serve(&rig, &answer, 1);
    ask(&rig, &talk, NULL);
    rig.now_us += 3600 * SECOND;
    http_shift_deadlines(rig.http, 3600 * SECOND);
    expect_timeout(&rig, &talk, 120 * SECOND, HTTP_TIMEOUT_FIRST_BYTE, "no answer");
    httptalk_clear(&talk);
    httprig_close(&rig);
}

/* The answer is in the socket when the deadline is found to have passed: it counts. */
static void test_asked_once_more(void)
{
    struct httprig rig;
    struct httptalk talk = {0};
    const struct fake_step *answer = FAKE_ANSWER(FAKE_TEXT(FAKE_OK_HI));
    struct pollfd fds[4];

    httprig_serve(&rig, &answer, 1);
    char *url = fakehttp_url(rig.servers[0], NULL, "/v1");
    CU_ASSERT_EQUAL(httprig_start(&rig, &talk, &(struct http_request){.url = url}, NULL), 0);
    while (!httprig_has_request(&rig)) {
        size_t count = http_fds(rig.http, fds, 4);

        (void)poll(fds, count, 0); /* whatever is ready */
        http_step(rig.http, fds, count);
        fakehttp_step(rig.servers[0]);
    }
    CU_ASSERT_EQUAL(http_fds(rig.http, fds, 4), 1);
    CU_ASSERT_EQUAL(poll(fds, 1, 10000), 1);
    CU_ASSERT_FALSE(is_unhurried(&rig, &talk, 3600 * SECOND - 1));
    CU_ASSERT_EQUAL(talk.result.outcome, HTTP_OK);
    CU_ASSERT_STRING_EQUAL(talk.body.data, "hi");
    free(url);
    httptalk_clear(&talk);
    httprig_close(&rig);
}

static const struct test tests[] = {
    {"no connection after 10 s ends the call", test_no_connection},
    {"no first byte after 120 s ends the call (N07)", test_no_first_byte},
    {"a byte every 5 s does not put off the event deadline (N08)", test_slow_byte},
    {"pings do not put off the event deadline (N09)", test_endless_ping},
    {"an answer that dribbles but is complete in time is whole (N10)", test_slow_but_complete},
    {"30 minutes end even a lively answer", test_total},
    {"the deadlines are the caller's to set", test_own_deadlines},
    {"time that the process stood still does not count", test_shift},
    {"an answer that is already here beats the deadline behind it", test_asked_once_more},
    {NULL, NULL},
};

const struct suite suite_http_deadlines = {"http_deadlines", tests};
