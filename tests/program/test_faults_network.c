/* SPDX-License-Identifier: MIT */
/*
 * The network's part of the fault catalogue, from the shell to the wire: the built program, its
 * libcurl, and a model on loopback that misbehaves. What a parser or the HTTP layer alone decides
 * is in tests/core; here is what an operator would see.
 */
#include "tests/suite.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "history/query.h"
#include "history/query_work.h"
#include "tests/support/fakehttp.h"
#include "tests/support/mishap.h"
#include "tests/support/scratch.h"

#define ANSWER         "This is the whole answer of the model."
#define FAULTY(faults) "replies:\n  - text: " ANSWER "\n    chunk: 1\n    faults: [" faults "]\n"
#define ANSWERED       "\"content\":\"" ANSWER "\""
#define HEAD           "HTTP/1.1 200 OK\\r\\n"
#define JSON_HEAD      HEAD "Content-Type: application/json\\r\\n"
#define SSE_HEAD       HEAD "Content-Type: text/event-stream\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n"

/* A model that goes wrong `attempts` - 1 times and then answers: what each attempt came to. */
static void goes_wrong_then_answers(const char *scenario, size_t attempts, const char *outcome)
{
    struct mishap m;

    mishap_open(&m);
    mishap_run(&m, scenario, NULL);
    mishap_ended(&m, 0, attempts);
    mishap_shows(&m, outcome, ANSWERED, "\"reason\":\"success\"", NULL);
    CU_ASSERT_EQUAL(mishap_count(&m, "\"event_type\":\"retry\""), attempts - 1);
    CU_ASSERT_EQUAL(mishap_count(&m, ANSWERED), 1);
    mishap_close(&m);
}

/* A model that fails for good. */
static void goes_wrong(const char *scenario, size_t attempts, const char *type, const char *says)
{
    struct mishap m;

    mishap_open(&m);
    mishap_run(&m, scenario, NULL);
    mishap_ended(&m, 1, attempts);
    mishap_shows(&m, "\"event_type\":\"session_error\"", type, says, "\"to\":\"error\"", NULL);
    CU_ASSERT_EQUAL(mishap_count(&m, "\"event_type\":\"session_error\""), 1);
    mishap_close(&m);
}

/* ---- N01 to N06: connections that break ---- */

static void n01(void)
{
    static const char *const again[] = {"resume", "last", NULL};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    int held = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); /* bound, and nobody listens */
    char url[64], named[32];
    const char *const args[] = {"--base-url", url, "--model", "m", NULL};
    const char *argv[40] = {"exec", "do it", "--on-error", "fail", "--json"};
    static const char *const quick[] = {"--set", "retry.floor=1ms",   "--set", "retry.base=2ms",
                                        "--set", "breaker.open=10ms", NULL};
    struct mishap m;
    size_t count = 5;

    CU_ASSERT_EQUAL_FATAL(bind(held, (struct sockaddr *)&address, len), 0);
    CU_ASSERT_EQUAL_FATAL(getsockname(held, (struct sockaddr *)&address, &len), 0);
    (void)snprintf(named, sizeof named, "127.0.0.1:%d", ntohs(address.sin_port));
    (void)snprintf(url, sizeof url, "http://%s/v1", named);
    for (size_t i = 0; args[i]; i++)
        argv[count++] = args[i];
    for (size_t i = 0; quick[i]; i++)
        argv[count++] = quick[i];
    mishap_open(&m);
    mishap_then(&m, argv);
    mishap_ended(&m, 1, 5);
    mishap_shows(&m, named, "\"outcome\":\"connect\"", "\"event_type\":\"retry\"",
                 "\"task\":\"do it\"", NULL);
    CU_ASSERT_EQUAL(mishap_count(&m, "\"event_type\":\"retry\""), 4);
    mishap_then(&m, again);
    CU_ASSERT_TRUE(mishap_count(&m, "\"event_type\":\"llm_start\"") > 5);
    mishap_close(&m);
    close(held);
}

static void n02(void)
{
    goes_wrong_then_answers(FAULTY("{send: [{end: rst}]}"), 2, "\"outcome\":\"stream\"");
}

/* What the first attempt of the first call had got when it broke is kept with it. */
static void check_partial(struct mishap *m, const char *text)
{
    struct query *query = program_history(&m->program);
    struct buf raw;

    buf_init(&raw, 1 << 20);
    CU_ASSERT_EQUAL(query_attempt_raw(query, 1, 1, 0, 1, &raw, NULL), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(raw.data, text));
    CU_ASSERT_PTR_NULL(strstr(raw.data, ANSWER));
    buf_free(&raw);
    query_close(query);
}

static void n03(void)
{
    struct mishap m;

    mishap_open(&m);
    mishap_run(&m, FAULTY("{cut: 4, end: rst}"), NULL);
    mishap_ended(&m, 0, 2);
    mishap_shows(&m, "the connection broke", ANSWERED, NULL);
    CU_ASSERT_EQUAL(mishap_count(&m, ANSWERED), 1); /* nothing of the first attempt in it */
    check_partial(&m, "This");
    mishap_close(&m);
}

static void n04(void)
{
    static const char scenario[] =
        "replies:\n"
        "  - when: {turn: 0}\n"
        "    calls: [{name: write_file, arguments: {path: wrong, content: x}}]\n"
        "    faults: [{cut: call, end: rst, times: always}]\n"
        "  - text: done\n";
    struct mishap m;

    mishap_open(&m);
    mishap_run(&m, scenario, NULL);
    mishap_ended(&m, 1, 5);
    CU_ASSERT_EQUAL(mishap_count(&m, "tool_start"), 0);
    CU_ASSERT_EQUAL(mishap_count(&m, "tool_call\""), 0);
    CU_ASSERT_FALSE(scratch_has(m.program.home, "ws/wrong"));
    mishap_close(&m);
}

static void n05(void)
{
    goes_wrong_then_answers(FAULTY("{cut: finish, end: fin}"), 2, "ended before its end");
    goes_wrong_then_answers(FAULTY("{cut: finish, end: clean}"), 2, "before it was complete");
}

static void n06(void)
{
    goes_wrong_then_answers(
        FAULTY("{send: [{text: \"" JSON_HEAD "Content-Length: 500\\r\\n\\r\\n{\"}, {end: fin}]}"),
        2, "ended before its end");
}

/* ---- N07 to N14: silence, and words that are none ---- */

static void n07(void)
{
    goes_wrong_then_answers(FAULTY("{hang: 5s}"), 2, "no answer within 300ms");
}

static void n08(void)
{
    goes_wrong_then_answers(
        FAULTY("{send: [{head: sse}, {text: d}, {sleep: 5s}, {text: a}, {sleep: 5s}]}"), 2,
        "no complete event within 300ms");
}

static void n09(void)
{
    goes_wrong_then_answers(FAULTY("{pings: 20ms}"), 2, "no complete event within 300ms");
}

static void n10(void)
{
    struct mishap m;

    mishap_open(&m);
    mishap_run(&m, FAULTY("{slow: 20, every: 5ms}"), NULL);
    mishap_ended(&m, 0, 1);
    mishap_shows(&m, ANSWERED, NULL);
    mishap_close(&m);
}

static void n14(void)
{
    goes_wrong_then_answers(FAULTY("{event: '{\"choices\":[', after: 2}"), 2,
                            "event 3 of the stream is not JSON");
}

/* ---- N18 to N25: busy and broken servers ---- */

/* The delay of the first retry that is on record; -1 = there is none. */
static double first_delay(const struct mishap *m, const char *source)
{
    const char *line = strstr(m->feed, "\"event_type\":\"retry\"");
    const char *at = line ? strstr(line, "\"delay_ms\":") : NULL;
    const char *from = line ? strstr(line, "\"source\":\"") : NULL;

    if (!at || !from)
        return -1;
    CU_ASSERT_TRUE(str_starts(from + strlen("\"source\":\""), source));
    return strtod(at + strlen("\"delay_ms\":"), NULL);
}

static void waits_for(const char *fault, const char *source, double least, double most)
{
    struct mishap m;
    char scenario[512];

    (void)snprintf(scenario, sizeof scenario, FAULTY("%s"), fault);
    mishap_open(&m);
    mishap_run(&m, scenario, NULL);
    mishap_ended(&m, 0, 2);
    double delay = first_delay(&m, source);
    if (delay < least || delay > most)
        printf("    %s waited %g ms\n", fault, delay);
    CU_ASSERT_TRUE(delay >= least && delay <= most);
    mishap_close(&m);
}

static void n18(void)
{
    struct mishap m;

    waits_for("{status: 429, retry_after: 1}", "retry-after", 1000, 1010);
    mishap_open(&m);
    mishap_begin(&m, FAULTY("{status: 429, retry_after: 100}"), NULL);
    mishap_await(&m, "\"to\":\"waiting_retry\"");
    CU_ASSERT_EQUAL(kill(m.program.pid, SIGINT), 0);
    mishap_end(&m);
    CU_ASSERT_EQUAL(m.code, 130);
    mishap_shows(&m, "\"to\":\"cancelled\"", NULL);
    mishap_close(&m);
}

static void n19(void)
{
    waits_for("{status: 429, retry_after: {date: -1h}}", "backoff", 0, 10);
}

static void n20(void)
{
    waits_for("{status: 429, retry_after: soon}", "backoff", 0, 10);
    waits_for("{status: 429, retry_after: '-5'}", "backoff", 0, 10);
}

static void n21(void)
{
    struct mishap m;

    mishap_open(&m);
    mishap_run(&m, FAULTY("{status: 429, retry_after: 86400}"), NULL);
    mishap_ended(&m, 3, 1);
    mishap_shows(&m, "\"to\":\"paused\"", "limits the rate", NULL);
    CU_ASSERT_EQUAL(first_delay(&m, "retry-after"), 86400000);
    mishap_close(&m);
    waits_for("{status: 429, retry_after: 1000000000000}", "backoff", 0, 10);
}

static void n22(void)
{
    waits_for("{status: 429, retry_after_ms: 70}", "retry-after", 70, 80);
}

static void n23(void)
{
    struct mishap m;

    mishap_open(&m);
    mishap_run(&m, FAULTY("{status: 500, times: 4}"), NULL);
    mishap_ended(&m, 0, 5);
    mishap_shows(&m, ANSWERED, NULL);
    double most = 2; /* retry.base; it doubles */
    for (const char *at = m.feed; (at = strstr(at, "\"delay_ms\":"));) {
        double delay = strtod(at += strlen("\"delay_ms\":"), NULL);

        CU_ASSERT_TRUE(delay >= 1 && delay <= (most > 1 ? most : 1));
        most *= 2;
    }
    CU_ASSERT_EQUAL(most, 32);
    mishap_close(&m);
}

static void n24(void)
{
    goes_wrong(FAULTY("{status: 500, times: always}"), 5, "\"error_type\":\"server\"",
               "all attempts were used");
}

static void n25(void)
{
#define OVERLOAD(n)                                                                                \
    "{event: '{\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}', after: " #n \
    "}"
    goes_wrong_then_answers(FAULTY("{status: 529}, " OVERLOAD(0) ", " OVERLOAD(3)), 4,
                            "\"outcome\":\"overloaded\"");
}

/* ---- N26 to N33: answers that are wrong ---- */

static void n26(void)
{
    goes_wrong(FAULTY("{status: 200, body: {error: {message: no such thing, "
                      "type: invalid_request_error}}}"),
               1, "\"error_type\":\"request\"", "(status 200): no such thing");
    goes_wrong(FAULTY("{status: 200, type: text/html, body: \"<b>\\e[31mlog in\", times: always}"),
               5, "(status 200)", "<b>");
    goes_wrong(FAULTY("{status: 204, body: '', times: always}"), 5, "(status 204)",
               "the answer is empty");
}

static void n27(void)
{
    goes_wrong(FAULTY("{status: 401}"), 1, "\"error_type\":\"auth\"",
               "refused the key from the simulator's token");
}

static void n28(void)
{
    goes_wrong(FAULTY("{status: 400, times: always, body: {error: {type: invalid_request_error, "
                      "message: \"An assistant message with 'tool_calls' must be followed by tool "
                      "messages responding to each 'tool_call_id'.\"}}}"),
               2, "\"error_type\":\"transcript\"", "do not pair");
}

static void n29(void)
{
    goes_wrong(FAULTY("{status: 413, times: always}"), 1, "\"error_type\":\"context\"",
               "roll back, or choose a model that takes more");
    goes_wrong(FAULTY("{status: 400, times: always, body: {error: {message: maximum context length "
                      "is 8 tokens, type: invalid_request_error, code: context_length_exceeded}}}"),
               1, "\"error_type\":\"context\"", "roll back, or choose a model that takes more");
}

static void n32(void)
{
    goes_wrong(
        FAULTY("{times: always, send: [{text: \"" JSON_HEAD "Content-Encoding: gzip\\r\\n"
               "Content-Length: 10\\r\\n\\r\\n\"}, {hex: '1f8b08000000000000ff'}, {end: fin}]}"),
        5, "\"error_type\":\"protocol\"", "not JSON");
}

static void n33(void)
{
    static const struct {
        const char *scenario, *type, *says;
        size_t attempts;
    } cases[] = {
        {FAULTY("{times: always, send: [{text: \"" SSE_HEAD "zz\\r\\n\"}, {end: fin}]}"),
         "\"error_type\":\"protocol\"", "wrongly encoded", 5},
        {FAULTY("{times: always, send: [{text: \"" SSE_HEAD "-5\\r\\nhello\\r\\n\"}, {end: fin}]}"),
         "\"error_type\":\"protocol\"", "wrongly encoded", 5},
        {FAULTY("{send: [{text: \"" HEAD "\"}, {text: \"a: b\\r\\n\", repeat: 10000000}]}"),
         "\"error_type\":\"toobig\"", "larger than allowed", 1},
        {FAULTY("{send: [{text: \"" HEAD "a: \"}, {text: bbbbbbbbbb, repeat: 100000}]}"),
         "\"error_type\":\"toobig\"", "larger than allowed", 1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        goes_wrong(cases[i].scenario, cases[i].attempts, cases[i].type, cases[i].says);
}

/* ---- N41: the operator does not wait ---- */

#define CANCEL_US 2000000 /* ten times what the operator is promised */

static void cancelled_when(const char *faults, const char *seen)
{
    static const char *const patient[] = {"--set", "http.first_byte_timeout=60s", "--set",
                                          "http.event_timeout=60s", NULL};
    struct mishap m;
    char scenario[512];

    (void)snprintf(scenario, sizeof scenario, FAULTY("%s"), faults);
    mishap_open(&m);
    mishap_begin(&m, scenario, patient);
    mishap_await(&m, seen);
    CU_ASSERT_EQUAL(kill(m.program.pid, SIGINT), 0);
    CU_ASSERT_TRUE(program_ends(&m.program, CANCEL_US));
    mishap_end(&m);
    CU_ASSERT_EQUAL(m.code, 130);
    mishap_shows(&m, "\"to\":\"cancelled\"", "\"status\":\"cancelled\"", NULL);
    mishap_close(&m);
}

static void n41(void)
{
    cancelled_when("{hang: true}", "\"event_type\":\"llm_start\"");
    cancelled_when("{pings: 10ms}", "\"event_type\":\"llm_start\"");
    cancelled_when("{cut: 3, end: hang}", "\"event_type\":\"llm_start\"");
    cancelled_when("{status: 503, retry_after: 60}", "\"to\":\"waiting_retry\"");
}

/* ---- N42: a network that flaps ---- */

#define FLAP_TURNS 200

static const struct fake_step dropped[] = {FAKE_STEP(FAKE_RST), {FAKE_DONE, NULL, 0, 0}};

/* Answer `turn`: a call, or the last word. Its text is kept in `body`. */
static void answer_turn(struct buf *body, struct fake_step *step, unsigned turn)
{
    char message[256];

    if (turn < FLAP_TURNS)
        (void)snprintf(message, sizeof message,
                       "\"tool_calls\":[{\"id\":\"c%u\",\"type\":\"function\",\"function\":{"
                       "\"name\":\"list_files\",\"arguments\":\"{}\"}}]},\"finish_reason\":"
                       "\"tool_calls\"",
                       turn);
    else
        (void)snprintf(message, sizeof message,
                       "\"content\":\"" ANSWER "\"},\"finish_reason\":"
                       "\"stop\"");
    char *text =
        mem_printf("{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",%s}]}", message);
    buf_init(body, 4096);
    CU_ASSERT_EQUAL(buf_printf(body,
                               "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                               "Content-Length: %zu\r\n\r\n%s",
                               strlen(text), text),
                    0);
    free(text);
    step[0] = (struct fake_step){FAKE_SEND, body->data, body->len, 0};
    step[1] = (struct fake_step){FAKE_DONE, NULL, 0, 0};
}

static void n42(void)
{
    static const struct fake_step *answers[FLAP_TURNS * 2];
    static struct fake_step steps[FLAP_TURNS + 1][2];
    static struct buf bodies[FLAP_TURNS + 1];
    struct fakehttp *server = NULL;
    struct mishap m;
    size_t count = 0;

    for (unsigned turn = 0; turn <= FLAP_TURNS; turn++) {
        answer_turn(&bodies[turn], steps[turn], turn);
        if (count % 3 == 2)
            answers[count++] = dropped;
        answers[count++] = steps[turn];
    }
    CU_ASSERT_EQUAL_FATAL(
        fakehttp_start(&server,
                       &(struct fakehttp_options){.answers = answers, .answer_count = count}),
        0);
    fakehttp_serve(server);
    char *url = fakehttp_url(server, NULL, "/v1");
    const char *const argv[] = {"exec",
                                "list",
                                "--json",
                                "--base-url",
                                url,
                                "--model",
                                "m",
                                "--max-iterations",
                                "1000",
                                "--set",
                                "model.stream=false",
                                "--set",
                                "limits.loop_guard=0",
                                "--set",
                                "budget.gain=20",
                                "--set",
                                "retry.floor=1ms",
                                "--set",
                                "retry.base=2ms",
                                NULL};
    mishap_open(&m);
    mishap_then(&m, argv);
    mishap_ended(&m, 0, count);
    mishap_shows(&m, ANSWERED, NULL);
    CU_ASSERT_EQUAL(mishap_count(&m, "\"event_type\":\"retry\""), count - FLAP_TURNS - 1);
    CU_ASSERT_EQUAL(mishap_count(&m, "\"event_type\":\"tool_call\""), FLAP_TURNS);
    mishap_close(&m);
    fakehttp_stop(server);
    free(url);
    for (unsigned turn = 0; turn <= FLAP_TURNS; turn++)
        buf_free(&bodies[turn]);
}

static const struct test tests[] = {
    {"N01 a refused connection is tried five times and named, and again when asked", n01},
    {"N02 a reset before the headers is retried", n02},
    {"N03 a reset after some words is retried clean", n03},
    {"N04 a call that was cut off is never carried out", n04},
    {"N05 an answer without a finish reason is incomplete", n05},
    {"N06 a body shorter than it said is incomplete", n06},
    {"N07 a server that says nothing is given up in time", n07},
    {"N08 a byte now and then is no event", n08},
    {"N09 pings are no event", n09},
    {"N10 a slow answer that comes in time is an answer", n10},
    {"N14 an event that is no JSON fails the stream", n14},
    {"N18 a Retry-After is waited for, and can be cancelled", n18},
    {"N19 a Retry-After in the past is no wait", n19},
    {"N20 a Retry-After that is nonsense gives a backoff", n20},
    {"N21 a day's Retry-After parks the run, an age is nonsense", n21},
    {"N22 retry-after-ms is understood", n22},
    {"N23 four failures and an answer are five requests", n23},
    {"N24 a server that always fails is asked five times", n24},
    {"N25 overload in every form is retried clean", n25},
    {"N26 an answer that is none is told with status and first bytes", n26},
    {"N27 a refused key is not tried again, and its source is named", n27},
    {"N28 a refused transcript is mended once", n28},
    {"N29 a conversation that is too long stops with what to do", n29},
    {"N32 what comes packed unasked is refused", n32},
    {"N33 broken framing and endless headers are bounded", n33},
    {"N41 a cancel is heard in every phase", n41},
    {"N42 two hundred turns over a network that flaps all finish", n42},
    {NULL, NULL},
};

const struct suite suite_faults_network = {"faults_network", tests};
