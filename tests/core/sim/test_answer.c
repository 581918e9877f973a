/* SPDX-License-Identifier: MIT */
#include "core/sim/answer.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/model/provider.h"
#include "core/sim/book.h"
#include "core/sim/reel.h"
#include "tests/suite.h"
#include "tests/support/simulator.h"

#define USER(text) "{\"role\":\"user\",\"content\":\"" text "\"}"

/* ---- Reading answers as rerail does ---- */

/* The answer in `got`, read by the Chat reader; its text is yours. */
static struct model_answer read_answer(const char *got, size_t len)
{
    const struct provider *chat = provider_find("openai-chat");
    bool stream = strstr(got, "text/event-stream") != NULL, whole = false;
    struct reader_options options = {.status = (int)strtol(got + 9, NULL, 10),
                                     .content_type =
                                         stream ? "text/event-stream" : "application/json",
                                     .profile = "openai",
                                     .model = "m"};
    struct model_answer answer = {0};
    struct model_reader *reader = NULL;
    char *body = answer_body(got, len, &whole);

    CU_ASSERT_EQUAL_FATAL(chat->open(&reader, &options, NULL), 0);
    (void)chat->feed(reader, body, strlen(body));
    chat->finish(reader, whole, &answer);
    chat->close(reader);
    free(body);
    return answer;
}

/* Asks with these messages and reads the answer. */
static struct model_answer ask(struct simulator *sim, const char *messages, bool stream)
{
    char *body = chat_body(messages, stream), *got = simulator_ask(sim, body);
    struct model_answer answer = read_answer(got, strlen(got));

    free(body);
    free(got);
    return answer;
}

/* ---- Answers ---- */

static void a_reply_is_read_as_it_was_written(void)
{
    static const char yaml[] = "replies:\n"
                               "  - reasoning: First I think.\n"
                               "    text: \"Then I say: «{{user}}» and\\nmore.\"\n"
                               "    calls:\n"
                               "      - {name: stock, arguments: {sku: \"A {{turn}}\", n: 2}}\n"
                               "      - {id: mine, name: order, arguments: 'no {json'}\n";

    for (int stream = 0; stream < 2; stream++) {
        struct simulator *sim = simulator_new(yaml);
        struct model_answer answer = ask(sim, USER("dix ü"), stream);
        const struct message *m = answer.message;

        CU_ASSERT_EQUAL(answer.outcome, ANSWER_OK);
        CU_ASSERT_EQUAL(answer.stop, STOP_CALLS);
        CU_ASSERT_STRING_EQUAL(m->content, "Then I say: «dix ü» and\nmore.");
        CU_ASSERT_STRING_EQUAL(m->reasoning, "First I think.");
        CU_ASSERT_EQUAL_FATAL(m->call_count, 2);
        CU_ASSERT_STRING_EQUAL(m->calls[0].id, "call_0_0");
        CU_ASSERT_STRING_EQUAL(m->calls[0].name, "stock");
        CU_ASSERT_STRING_EQUAL(m->calls[0].args, "{\"sku\":\"A 0\",\"n\":2}");
        CU_ASSERT_STRING_EQUAL(m->calls[1].id, "mine");
        CU_ASSERT_STRING_EQUAL(m->calls[1].args, "no {json");
        CU_ASSERT_FALSE(m->calls[1].args_valid);
        model_answer_clear(&answer);
        simulator_free(sim);
    }
}

static void the_same_request_gets_the_same_bytes_from_another_process(void)
{
    char *body = chat_body(USER("go on"), true), *first = NULL;

    for (int i = 0; i < 2; i++) {
        struct simulator *sim = simulator_named("hello");
        char *got = simulator_ask(sim, body);

        if (first)
            CU_ASSERT_STRING_EQUAL(got, first);
        free(first);
        first = got;
        simulator_free(sim);
    }
    free(first);
    free(body);
}

static void usage_comes_when_it_is_asked_for(void)
{
    struct simulator *sim = simulator_new("replies: [{text: a b c}]");
    static const char body[] = "{\"model\":\"m\",\"stream\":true,\"stream_options\":"
                               "{\"include_usage\":true},\"messages\":[" USER("one two") "]}";
    char *got = simulator_ask(sim, body);
    struct model_answer answer = read_answer(got, strlen(got));

    CU_ASSERT_EQUAL(answer.usage.output, 3);
    CU_ASSERT_EQUAL(answer.usage.input, 6);
    CU_ASSERT_EQUAL(answer.usage.total, 9);
    model_answer_clear(&answer);
    free(got);
    simulator_free(sim);
}

static void twenty_thousand_tokens_are_one_stream(void)
{
    struct simulator *sim = simulator_new("replies: [{text: ' token', repeat: 20000}]");
    struct model_answer answer = ask(sim, USER("much"), true);

    CU_ASSERT_EQUAL(answer.outcome, ANSWER_OK);
    CU_ASSERT_EQUAL(strlen(answer.message->content), 6 * 20000);
    CU_ASSERT(answer.events >= 20000);
    model_answer_clear(&answer);
    simulator_free(sim);
}

/* ---- Faults ---- */

/* What comes back for the first attempt of a request, as it is on the wire. */
struct played {
    struct simulator *sim;
    struct caller caller;
};

static struct played play(const char *fault)
{
    char *yaml = mem_printf("replies:\n"
                            "  - text: one two three\n"
                            "    calls: [{name: f, arguments: {a: b c d}}]\n"
                            "    faults: [%s]\n",
                            fault);
    struct played played = {.sim = simulator_new(yaml)};
    char *body = chat_body(USER("x"), true);

    played.caller = caller_open(played.sim);
    caller_post(&played.caller, body);
    free(body);
    free(yaml);
    return played;
}

static void played_free(struct played *played)
{
    caller_close(&played->caller);
    simulator_free(played->sim);
}

static const struct {
    const char *fault;
    const char *head; /* the answer begins so */
    const char *has;  /* and has this in it */
} statuses[] = {
    {"{status: 429, retry_after: 2}", "HTTP/1.1 429 Too Many Requests\r\n",
     "\r\nRetry-After: 2\r\n"},
    {"{status: 429}", "HTTP/1.1 429 ",
     "\r\n\r\n{\"error\":{\"message\":\"Too Many Requests (simulated)\",\"type\":\"requests\","
     "\"param\":null,\"code\":\"rate_limit_exceeded\"}}"},
    {"{status: 429, retry_after: soon}", "HTTP/1.1 429 ", "\r\nRetry-After: soon\r\n"},
    {"{status: 429, retry_after: -1}", "HTTP/1.1 429 ", "\r\nRetry-After: -1\r\n"},
    {"{status: 429, retry_after_ms: 1500}", "HTTP/1.1 429 ", "\r\nRetry-After-Ms: 1500\r\n"},
    {"{status: 429, retry_after: {date: +9s}}", "HTTP/1.1 429 ",
     "\r\nRetry-After: Mon, 24 Nov 2025 16:00:10 GMT\r\n"},
    {"{status: 429, retry_after: {date: -1h}}", "HTTP/1.1 429 ",
     "\r\nRetry-After: Mon, 24 Nov 2025 15:00:01 GMT\r\n"},
    {"{status: 503, headers: {x-should-retry: 'false'}}", "HTTP/1.1 503 Service Unavailable\r\n",
     "\r\nx-should-retry: false\r\n"},
    {"{status: 529}", "HTTP/1.1 529 Overloaded\r\n", "\"overloaded_error\""},
    {"{status: 400, body: {error: {code: context_length_exceeded}}}", "HTTP/1.1 400 ",
     "\r\n\r\n{\"error\":{\"code\":\"context_length_exceeded\"}}"},
    {"{status: 401, body: {detail: no}}", "HTTP/1.1 401 ", "application/json"},
    {"{status: 200, type: text/html, body: <html>}", "HTTP/1.1 200 OK\r\n",
     "Content-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"},
    {"{status: 502, body: ''}", "HTTP/1.1 502 ", "Content-Length: 0\r\n\r\n"},
};

static void a_status_comes_with_its_headers_and_body(void)
{
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        struct played played = play(statuses[i].fault);
        const char *got = played.caller.got.data;

        if (!strstr(got, statuses[i].has))
            printf("    %s: %s\n", statuses[i].fault, got);
        CU_ASSERT(str_starts(got, statuses[i].head));
        CU_ASSERT_PTR_NOT_NULL(strstr(got, statuses[i].has));
        CU_ASSERT_FALSE(played.caller.closed);
        played_free(&played);
    }
}

static void nothing_follows_a_204(void)
{
    struct played played = play("{status: 204}");

    CU_ASSERT_STRING_EQUAL(played.caller.got.data, "HTTP/1.1 204 No Content\r\n\r\n");
    played_free(&played);
}

enum ending { OPEN, FIN, RST };

static const struct {
    const char *fault;
    enum ending ending;
    bool whole;        /* HTTP's framing is complete */
    const char *last;  /* the last that came */
    const char * not ; /* and this did not */
} breaks[] = {
    {"{cut: 0}", FIN, false, "Transfer-Encoding: chunked\r\n\r\n", "data:"},
    {"{cut: 3}", FIN, false, " two\"},\"finish_reason\":null}]}\n\n\r\n", "three"},
    {"{cut: 3, end: rst}", RST, false, " two\"},\"finish_reason\":null}]}\n\n\r\n", "three"},
    {"{cut: 3, end: hang}", OPEN, false, " two\"},\"finish_reason\":null}]}\n\n\r\n", "three"},
    {"{cut: 3, end: clean}", OPEN, true, "}]}\n\n\r\n0\r\n\r\n", "three"},
    {"{cut: call}", FIN, false, "null}]}\n\n\r\n", "d\\\"}"},
    {"{cut: finish}", FIN, false, "null}]}\n\n\r\n", "tool_calls\"}]"},
    {"{cut: finish, end: clean}", OPEN, true, "\r\n0\r\n\r\n", "tool_calls\"}]"},
    {"{event: not json, after: 2}", OPEN, true, "data: not json\n\n\r\n0\r\n\r\n", "two"},
    {"{event: {error: {message: no}}, event_name: error}", OPEN, true,
     "event: error\ndata: {\"error\":{\"message\":\"no\"}}\n\n\r\n0\r\n\r\n", "assistant"},
    {"{event: \"a\\nb\"}", OPEN, true, "data: a\ndata: b\n\n\r\n0\r\n\r\n", "assistant"},
    {"{send: \"HTTP/1.1 200 OK\\r\\nbroken\"}", FIN, false, "HTTP/1.1 200 OK\r\nbroken", "data:"},
    {"{send: [{head: sse}, {text: 'data: '}, {text: ab, repeat: 3}, {hex: '0a 0a'}]}", FIN, false,
     "\r\n\r\ndata: ababab\n\n", "chunked"},
    {"{send: [{text: a}, {end: rst}, {text: b}]}", RST, false, "a", "b"},
    {"{send: [{text: a}, {end: hang}]}", OPEN, false, "a", "b"},
    {"{hang: true}", OPEN, false, "", "HTTP"},
};

static void a_stream_breaks_where_the_scenario_says(void)
{
    for (size_t i = 0; i < sizeof breaks / sizeof *breaks; i++) {
        struct played played = play(breaks[i].fault);
        struct caller *caller = &played.caller;
        enum ending ending = caller->reset ? RST : caller->closed ? FIN : OPEN;
        bool whole = false;
        char *body = answer_body(caller->got.data, caller->got.len, &whole);

        if (ending != breaks[i].ending || whole != breaks[i].whole ||
            !str_ends(caller->got.data, breaks[i].last))
            printf("    %s: ended %d, whole %d: %s\n", breaks[i].fault, ending, whole,
                   caller->got.data);
        CU_ASSERT_EQUAL(ending, breaks[i].ending);
        CU_ASSERT_EQUAL(whole, breaks[i].whole);
        CU_ASSERT(str_ends(caller->got.data, breaks[i].last));
        CU_ASSERT_PTR_NULL(strstr(caller->got.data, breaks[i].not ));
        free(body);
        played_free(&played);
    }
}

static void a_cut_call_has_a_name_and_half_its_arguments(void)
{
    struct played played = play("{cut: call}");
    struct model_answer answer = read_answer(played.caller.got.data, played.caller.got.len);

    CU_ASSERT_EQUAL(answer.outcome, ANSWER_INCOMPLETE);
    CU_ASSERT_EQUAL_FATAL(answer.message->call_count, 1);
    CU_ASSERT_STRING_EQUAL(answer.message->calls[0].name, "f");
    CU_ASSERT_FALSE(answer.message->calls[0].args_valid);
    model_answer_clear(&answer);
    played_free(&played);
}

static void silence_ends_when_its_time_is_over(void)
{
    static const char *const faults[] = {"{hang: 5s}", "{cut: 1, end: hang}"};
    static const int64_t spans[] = {5 * US_PER_S, 300 * (int64_t)US_PER_S};

    for (size_t i = 0; i < 2; i++) {
        struct played played = play(faults[i]);

        caller_wait(&played.caller, spans[i] - 1);
        CU_ASSERT_FALSE(played.caller.closed);
        caller_wait(&played.caller, 1);
        CU_ASSERT(played.caller.closed);
        played_free(&played);
    }
}

static void pings_come_one_by_one_and_end(void)
{
    struct played played = play("{pings: 50ms}");

    CU_ASSERT_EQUAL(answer_count(played.caller.got.data, ": ping\n\n"), 0);
    caller_wait(&played.caller, 50 * US_PER_MS);
    CU_ASSERT_EQUAL(answer_count(played.caller.got.data, ": ping\n\n"), 1);
    caller_wait(&played.caller, US_PER_S);
    CU_ASSERT_EQUAL(answer_count(played.caller.got.data, ": ping\n\n"), 21);
    CU_ASSERT_FALSE(played.caller.closed);
    caller_wait(&played.caller, 300 * (int64_t)US_PER_S);
    CU_ASSERT(played.caller.closed);
    played_free(&played);
}

static void a_slow_answer_is_the_right_one_a_byte_at_a_time(void)
{
    struct played slow = play("{slow: 3, every: 10ms}"), right = play("{status: 500}");
    char *body = chat_body(USER("x"), true);

    CU_ASSERT_EQUAL(slow.caller.got.len, 0);
    caller_wait(&slow.caller, 10 * US_PER_MS);
    CU_ASSERT_EQUAL(slow.caller.got.len, 3);
    caller_wait(&slow.caller, 20 * US_PER_MS);
    CU_ASSERT_EQUAL(slow.caller.got.len, 9);
    caller_wait(&slow.caller, 60 * (int64_t)US_PER_S);
    buf_clear(&right.caller.got);
    caller_post(&right.caller, body);
    CU_ASSERT_STRING_EQUAL(slow.caller.got.data, right.caller.got.data);
    free(body);
    played_free(&slow);
    played_free(&right);
}

/* 64 MiB from a step of one KiB; the client counts, and nobody holds them. */
static void a_huge_line_costs_the_memory_of_one_piece(void)
{
    char piece[1025];
    char *fault;

    memset(piece, 'x', 1024);
    piece[1024] = '\0';
    fault = mem_printf("{send: [{head: sse}, {text: 'data: '}, {text: %s, repeat: 65536}]}", piece);
    struct played played = play(fault);
    CU_ASSERT(played.caller.closed);
    CU_ASSERT_EQUAL(played.caller.got.len, strlen(REEL_SSE_HEAD) + 6 + ((size_t)64 << 20));
    free(fault);
    played_free(&played);
}

static void without_a_stream_a_fault_breaks_the_body(void)
{
    static const struct {
        const char *fault;
        enum answer_outcome outcome;
    } cases[] = {
        {"{cut: 1}", ANSWER_INCOMPLETE},
        {"{event: {error: {message: no}}}", ANSWER_ERROR},
        {"{event: '{oops'}", ANSWER_PROTOCOL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *yaml = mem_printf("replies: [{text: hello you, faults: [%s]}]", cases[i].fault);
        struct simulator *sim = simulator_new(yaml);
        struct model_answer broken = ask(sim, USER("x"), false);
        struct model_answer right = ask(sim, USER("x"), false);

        CU_ASSERT_EQUAL(broken.outcome, cases[i].outcome);
        CU_ASSERT_EQUAL(right.outcome, ANSWER_OK);
        CU_ASSERT_STRING_EQUAL(right.message->content, "hello you");
        model_answer_clear(&broken);
        model_answer_clear(&right);
        simulator_free(sim);
        free(yaml);
    }
}

/* ---- Attempts ---- */

static const char flaky[] = "replies:\n"
                            "  - text: fine\n"
                            "    faults: [{status: 500, times: 2}, {status: 429}]\n";

static void attempts_are_counted_for_each_request_alone(void)
{
    static const int expected[] = {500, 500, 429, 200, 200};
    struct simulator *sim = simulator_new(flaky);

    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        CU_ASSERT_EQUAL(simulator_status(sim, "a"), expected[i]);
        CU_ASSERT_EQUAL(simulator_status(sim, "b"), expected[i]);
    }
    simulator_free(sim);
    sim = simulator_new(flaky);
    CU_ASSERT_EQUAL(simulator_status(sim, "a"), 500);
    simulator_free(sim);
}

static void attempts_of_many_requests_are_bounded_and_the_latest_kept(void)
{
    struct book *book;
    struct hash hash = {{0}};

    book_new(&book);
    for (uint32_t i = 0; i < 5 * BOOK_ATTEMPTS; i++) {
        memcpy(hash.at, &i, sizeof i);
        CU_ASSERT_EQUAL(book_attempt(book, &hash), 0);
        CU_ASSERT_EQUAL(book_attempt(book, &hash), 1);
    }
    uint32_t recent = 5 * BOOK_ATTEMPTS - 1000, old = 3;
    memcpy(hash.at, &recent, sizeof recent);
    CU_ASSERT_EQUAL(book_attempt(book, &hash), 2);
    memcpy(hash.at, &old, sizeof old);
    CU_ASSERT_EQUAL(book_attempt(book, &hash), 0);
    book_free(book);
}

static const struct test tests[] = {
    {"a reply is read as it was written, streamed and not", a_reply_is_read_as_it_was_written},
    {"the same request gets the same bytes from another process",
     the_same_request_gets_the_same_bytes_from_another_process},
    {"usage comes when it is asked for", usage_comes_when_it_is_asked_for},
    {"twenty thousand tokens are one stream", twenty_thousand_tokens_are_one_stream},
    {"a status comes with its headers and body", a_status_comes_with_its_headers_and_body},
    {"nothing follows a 204", nothing_follows_a_204},
    {"a stream breaks where the scenario says", a_stream_breaks_where_the_scenario_says},
    {"a cut call has a name and half its arguments", a_cut_call_has_a_name_and_half_its_arguments},
    {"silence ends when its time is over", silence_ends_when_its_time_is_over},
    {"pings come one by one, and end", pings_come_one_by_one_and_end},
    {"a slow answer is the right one, a few bytes at a time",
     a_slow_answer_is_the_right_one_a_byte_at_a_time},
    {"a huge line costs the memory of one piece", a_huge_line_costs_the_memory_of_one_piece},
    {"without a stream a fault breaks the body", without_a_stream_a_fault_breaks_the_body},
    {"attempts are counted for each request alone, and a restart begins anew",
     attempts_are_counted_for_each_request_alone},
    {"attempts of many requests are bounded, and the latest kept",
     attempts_of_many_requests_are_bounded_and_the_latest_kept},
    {NULL, NULL},
};

const struct suite suite_answer = {"answer", tests};
