/* SPDX-License-Identifier: MIT */
#include "core/sim/server.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/model/openai_chat.h"
#include "core/model/provider.h"
#include "core/sim/book.h"
#include "core/sim/reel.h"
#include "core/sim/scenario.h"
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

static size_t count_of(const char *text, const char *word)
{
    size_t count = 0;

    while ((text = strstr(text, word))) {
        count++;
        text += strlen(word);
    }
    return count;
}

static void pings_come_one_by_one_and_end(void)
{
    struct played played = play("{pings: 50ms}");

    CU_ASSERT_EQUAL(count_of(played.caller.got.data, ": ping\n\n"), 0);
    caller_wait(&played.caller, 50 * US_PER_MS);
    CU_ASSERT_EQUAL(count_of(played.caller.got.data, ": ping\n\n"), 1);
    caller_wait(&played.caller, US_PER_S);
    CU_ASSERT_EQUAL(count_of(played.caller.got.data, ": ping\n\n"), 21);
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

static int status_of(struct simulator *sim, const char *text)
{
    char *messages = mem_printf("{\"role\":\"user\",\"content\":\"%s\"}", text);
    char *body = chat_body(messages, true), *got = simulator_ask(sim, body);
    int status = (int)strtol(got + 9, NULL, 10);

    free(messages);
    free(body);
    free(got);
    return status;
}

static void attempts_are_counted_for_each_request_alone(void)
{
    static const int expected[] = {500, 500, 429, 200, 200};
    struct simulator *sim = simulator_new(flaky);

    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        CU_ASSERT_EQUAL(status_of(sim, "a"), expected[i]);
        CU_ASSERT_EQUAL(status_of(sim, "b"), expected[i]);
    }
    simulator_free(sim);
    sim = simulator_new(flaky);
    CU_ASSERT_EQUAL(status_of(sim, "a"), 500);
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

/* ---- Time ---- */

static void tokens_come_at_their_rate_after_the_latency(void)
{
    struct simulator *sim =
        simulator_new("replies: [{text: 'a b c d e', latency: 300ms, rate: 10}]");
    struct caller caller = caller_open(sim);
    char *body = chat_body(USER("x"), true);

    caller_post(&caller, body);
    CU_ASSERT_EQUAL(caller.got.len, 0);
    caller_wait(&caller, 299 * US_PER_MS);
    CU_ASSERT_EQUAL(caller.got.len, 0);
    caller_wait(&caller, US_PER_MS);
    CU_ASSERT_EQUAL(count_of(caller.got.data, "\"content\":"), 1); /* the role, with "" */
    caller_wait(&caller, 250 * US_PER_MS);
    CU_ASSERT_EQUAL(count_of(caller.got.data, "\"content\":"), 3);
    caller_wait(&caller, 250 * US_PER_MS);
    CU_ASSERT_EQUAL(count_of(caller.got.data, "\"content\":"), 6);
    CU_ASSERT(str_ends(caller.got.data, "\r\n0\r\n\r\n"));
    free(body);
    caller_close(&caller);
    simulator_free(sim);
}

static void who_does_not_speak_or_does_not_listen_is_sent_away(void)
{
    struct simulator *sim = simulator_named("hello");
    struct caller silent = caller_open(sim), half = caller_open(sim);

    caller_send(&half, "POST /", 6);
    caller_settle(&silent);
    caller_settle(&half);
    caller_wait(&silent, 59 * (int64_t)US_PER_S);
    CU_ASSERT_FALSE(silent.closed);
    caller_wait(&silent, US_PER_S);
    caller_settle(&half);
    CU_ASSERT(silent.closed);
    CU_ASSERT(half.closed);
    caller_close(&silent);
    caller_close(&half);
    simulator_free(sim);
}

/* ---- HTTP ---- */

static const struct {
    const char *request; /* TOKEN stands for the token */
    const char *answer;  /* begins so */
    bool closes;
} requests[] = {
    {"GET /v1/models HTTP/1.1\r\nAuthorization: Bearer TOKEN\r\n\r\n", "HTTP/1.1 200 OK\r\n",
     false},
    {"GET /v1/models?x=1 HTTP/1.1\r\nx-api-key: TOKEN\r\n\r\n", "HTTP/1.1 200 OK\r\n", false},
    {"GET /v1/models HTTP/1.1\r\n\r\n", "HTTP/1.1 401 Unauthorized\r\n", false},
    {"GET /v1/models HTTP/1.1\r\nAuthorization: Bearer no\r\n\r\n", "HTTP/1.1 401 ", false},
    {"GET /v1/models HTTP/1.1\r\nAuthorization: TOKEN\r\n\r\n", "HTTP/1.1 401 ", false},
    {"GET /nothing HTTP/1.1\r\nAuthorization: Bearer TOKEN\r\n\r\n", "HTTP/1.1 404 ", false},
    {"GET /v1/chat/completions HTTP/1.1\r\nAuthorization: Bearer TOKEN\r\n\r\n", "HTTP/1.1 405 ",
     false},
    {"GET /v1/models HTTP/1.0\r\nAuthorization: Bearer TOKEN\r\n\r\n", "HTTP/1.1 200 ", true},
    {"GET /v1/models HTTP/1.1\r\nConnection: close\r\nAuthorization: Bearer TOKEN\r\n\r\n",
     "HTTP/1.1 200 ", true},
    {"POST /v1/chat/completions HTTP/1.1\r\nAuthorization: Bearer TOKEN\r\nContent-Length: "
     "2\r\n\r\n{]",
     "HTTP/1.1 400 ", false},
    {"POST /v1/chat/completions HTTP/1.1\r\nAuthorization: Bearer TOKEN\r\nContent-Length: "
     "2\r\n\r\n{}",
     "HTTP/1.1 400 ", false},
    {"hello\r\n\r\n", "HTTP/1.1 400 ", true},
    {"GET /v1/models HTTP/2.0\r\n\r\n", "HTTP/1.1 505 ", true},
    {"GET / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", "HTTP/1.1 413 ", true},
    {"GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", "HTTP/1.1 501 ", true},
};

static char *with_token(const char *request, const char *token)
{
    const char *place = strstr(request, "TOKEN");

    return place ? mem_printf("%.*s%s%s", (int)(place - request), request, token, place + 5)
                 : mem_text(request);
}

static void a_request_gets_the_answer_that_http_wants(void)
{
    struct simulator *sim = simulator_named("hello");

    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        struct caller caller = caller_open(sim);
        char *text = with_token(requests[i].request, server_token(sim->server));

        caller_send(&caller, text, strlen(text));
        caller_settle(&caller);
        if (!str_starts(caller.got.data, requests[i].answer))
            printf("    %s%s\n", text, caller.got.data);
        CU_ASSERT(str_starts(caller.got.data, requests[i].answer));
        CU_ASSERT_EQUAL(caller.closed, requests[i].closes);
        free(text);
        caller_close(&caller);
    }
    simulator_free(sim);
}

static void requests_sent_ahead_are_answered_in_order(void)
{
    struct simulator *sim = simulator_new("replies: [{text: '<{{user}}>'}]");
    struct caller caller = caller_open(sim);
    struct buf all;

    buf_init(&all, 1 << 20);
    for (int i = 0; i < 50; i++) {
        char *body = mem_printf("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":"
                                "\"n%d\"}]}",
                                i);
        CU_ASSERT_EQUAL(buf_printf(&all,
                                   "POST /v1/chat/completions HTTP/1.1\r\nAuthorization: Bearer "
                                   "%s\r\nContent-Length: %zu\r\n\r\n%s",
                                   server_token(sim->server), strlen(body), body),
                        0);
        free(body);
    }
    caller_send(&caller, all.data, all.len);
    caller_settle(&caller);
    const char *at = caller.got.data;
    for (int i = 0; i < 50 && at; i++) {
        char text[16];

        (void)str_format(text, sizeof text, "<n%d>", i);
        at = strstr(at, text);
        CU_ASSERT_PTR_NOT_NULL(at);
    }
    CU_ASSERT_EQUAL(count_of(caller.got.data, "HTTP/1.1 200 OK"), 50);
    buf_free(&all);
    caller_close(&caller);
    simulator_free(sim);
}

static void a_client_that_waits_for_100_is_told_to_go_on(void)
{
    struct simulator *sim = simulator_named("hello");
    struct caller caller = caller_open(sim);
    char *body = chat_body(USER("hi"), false);
    char *head = mem_printf("POST /v1/chat/completions HTTP/1.1\r\nAuthorization: Bearer %s\r\n"
                            "Expect: 100-continue\r\nContent-Length: %zu\r\n\r\n",
                            server_token(sim->server), strlen(body));

    caller_send(&caller, head, strlen(head));
    caller_settle(&caller);
    CU_ASSERT_STRING_EQUAL(caller.got.data, "HTTP/1.1 100 Continue\r\n\r\n");
    caller_send(&caller, body, strlen(body));
    caller_settle(&caller);
    CU_ASSERT_PTR_NOT_NULL(strstr(caller.got.data, "You said: hi"));
    free(head);
    free(body);
    caller_close(&caller);
    simulator_free(sim);
}

static void an_old_client_gets_a_stream_without_chunks(void)
{
    struct simulator *sim = simulator_named("hello");
    struct caller caller = caller_open(sim);
    char *body = chat_body(USER("hi"), true);
    char *text = mem_printf("POST /v1/chat/completions HTTP/1.0\r\nAuthorization: Bearer %s\r\n"
                            "Content-Length: %zu\r\n\r\n%s",
                            server_token(sim->server), strlen(body), body);

    caller_send(&caller, text, strlen(text));
    caller_settle(&caller);
    CU_ASSERT(caller.closed);
    CU_ASSERT_PTR_NULL(strstr(caller.got.data, "chunked"));
    CU_ASSERT(str_ends(caller.got.data, "}\n\ndata: [DONE]\n\n"));
    free(text);
    free(body);
    caller_close(&caller);
    simulator_free(sim);
}

static void many_connections_stream_side_by_side(void)
{
    struct simulator *sim = simulator_new("replies: [{text: 'a b c {{user}}', rate: 10}]");
    struct caller callers[64];
    size_t count = sizeof callers / sizeof *callers;

    for (size_t i = 0; i < count; i++) {
        char *messages = mem_printf("{\"role\":\"user\",\"content\":\"u%zu\"}", i);
        char *body = chat_body(messages, true);

        callers[i] = caller_open(sim);
        caller_post(&callers[i], body);
        free(body);
        free(messages);
    }
    sim->now_us += US_PER_S;
    for (size_t i = 0; i < count; i++) {
        char text[16];

        caller_settle(&callers[i]);
        (void)str_format(text, sizeof text, " u%zu\"", i);
        CU_ASSERT_PTR_NOT_NULL(strstr(callers[i].got.data, text));
        caller_close(&callers[i]);
    }
    simulator_free(sim);
}

static void a_client_that_goes_away_frees_its_place(void)
{
    struct simulator *sim = simulator_new("replies: [{text: 'a b c', rate: 1}]");
    char *body = chat_body(USER("x"), true);

    for (int i = 0; i < 1500; i++) { /* more than there are places */
        struct caller caller = caller_open(sim);

        caller_send(&caller, "POST", 4);
        server_turn(sim->server);
        if (i % 100 == 0)
            caller_post(&caller, body);
        caller_close(&caller);
        server_turn(sim->server);
    }
    struct caller caller = caller_open(sim);
    caller_post(&caller, body);
    CU_ASSERT(str_starts(caller.got.data, "HTTP/1.1 400 ") == false);
    caller_wait(&caller, 10 * (int64_t)US_PER_S);
    free(body);
    caller_close(&caller);
    simulator_free(sim);
}

/* ---- Expectations, lists, sums ---- */

static char *get(struct simulator *sim, const char *path)
{
    struct caller caller = caller_open(sim);
    char *text =
        mem_printf("GET %s HTTP/1.1\r\nx-api-key: %s\r\n\r\n", path, server_token(sim->server));

    caller_send(&caller, text, strlen(text));
    caller_settle(&caller);
    char *body = answer_body(caller.got.data, caller.got.len, NULL);
    caller_close(&caller);
    free(text);
    return body;
}

static const char expecting[] = "expect:\n"
                                "  - name: streams\n"
                                "    that: {stream: true}\n"
                                "  - when: {turn: {min: 1}}\n"
                                "    that: {offers: shell}\n"
                                "replies:\n"
                                "  - when: {user: hi}\n"
                                "    text: hello\n"
                                "    expect:\n"
                                "      - that: {\"header:content-type\": application/json}\n"
                                "      - that: {\"request:/seed\": {present: true}}\n";

static void what_differs_from_the_expectations_is_said_and_summed(void)
{
    struct simulator *sim = simulator_new(expecting);
    const struct book_sums *sums = server_sums(sim->server);

    CU_ASSERT_EQUAL(status_of(sim, "hi"), 200);
    CU_ASSERT_STRING_EQUAL(sim->reports.data,
                           "request 1: test.yaml:11: request:/seed: not there\n");
    CU_ASSERT_EQUAL(sums->checked, 3);
    CU_ASSERT_EQUAL(sums->failed, 1);
    CU_ASSERT_EQUAL(status_of(sim, "ho"), 400);
    CU_ASSERT_EQUAL(sums->checked, 4);
    CU_ASSERT_EQUAL(sums->unfit, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(sim->reports.data,
                                  "request 2: no reply of scenario test fits this request: 1 "
                                  "messages, the last by user: ho\n"));
    char *got = get(sim, "/expectations");
    CU_ASSERT(str_starts(got, "{\"checked\":4,\"failed\":1,\"unfit\":1,\"differs\":\"request 1: "));
    free(got);
    simulator_free(sim);
}

static void the_requests_are_listed_with_their_times(void)
{
    struct simulator *sim = simulator_new("replies: [{text: a, latency: 2s}]");
    struct caller caller = caller_open(sim);
    char *body = chat_body(USER("x"), true);
    cJSON *tree = NULL;

    caller_post(&caller, body);
    caller_wait(&caller, 2 * US_PER_S);
    char *got = get(sim, "/requests");
    CU_ASSERT_EQUAL_FATAL(json_parse(&tree, got, strlen(got), NULL, NULL), 0);
    const cJSON *entry = json_array(tree, "entries")->child;
    CU_ASSERT_EQUAL(json_int(entry, "number", 0), 1);
    CU_ASSERT_EQUAL(json_int(entry, "status", 0), 200);
    CU_ASSERT_EQUAL(json_int(entry, "bytes", 0), (int64_t)strlen(body));
    CU_ASSERT_EQUAL(json_int(entry, "done_us", 0) - json_int(entry, "first_us", 0), 2 * US_PER_S);
    CU_ASSERT_EQUAL(json_int(tree, "requests", 0), 2);
    cJSON_Delete(tree);
    free(got);
    free(body);
    caller_close(&caller);
    simulator_free(sim);
}

static void the_model_of_the_scenario_is_listed(void)
{
    struct simulator *sim = simulator_new("model: sim-7\nreplies: [{text: a}]");
    char *got = get(sim, "/v1/models");

    CU_ASSERT_STRING_EQUAL(got, "{\"object\":\"list\",\"data\":[{\"id\":\"sim-7\",\"object\":"
                                "\"model\",\"created\":1,\"owned_by\":\"simulator\"}]}");
    free(got);
    simulator_free(sim);
}

static void the_token_is_told_to_nobody(void)
{
    struct simulator *sim = simulator_new(expecting);
    char *lists[] = {get(sim, "/requests"), get(sim, "/expectations"), get(sim, "/v1/models")};

    CU_ASSERT_EQUAL(strlen(server_token(sim->server)), SERVER_TOKEN - 1);
    (void)status_of(sim, "ho");
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        CU_ASSERT_PTR_NULL(strstr(lists[i], server_token(sim->server)));
        free(lists[i]);
    }
    CU_ASSERT_PTR_NULL(strstr(sim->reports.data, server_token(sim->server)));
    simulator_free(sim);
}

static void after_its_last_request_the_server_is_spent(void)
{
    struct scenario *scenario = NULL;
    struct server *server = NULL;
    struct server_options options = {.clock = clock_system(), .requests = 2};
    struct simulator sim = {0};

    CU_ASSERT_EQUAL_FATAL(scenario_find(&scenario, "hello", NULL, NULL), 0);
    options.scenario = scenario;
    CU_ASSERT_EQUAL_FATAL(server_new(&server, &options, NULL), 0);
    sim.server = server;
    sim.now_us = INT64_MIN;
    CU_ASSERT_FALSE(server_spent(server));
    CU_ASSERT_EQUAL(status_of(&sim, "a"), 200);
    CU_ASSERT_FALSE(server_spent(server));
    CU_ASSERT_EQUAL(status_of(&sim, "a"), 200);
    CU_ASSERT(server_spent(server));
    server_free(server);
    scenario_free(scenario);
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
    {"tokens come at their rate, after the latency", tokens_come_at_their_rate_after_the_latency},
    {"who does not speak is sent away", who_does_not_speak_or_does_not_listen_is_sent_away},
    {"a request gets the answer that HTTP wants", a_request_gets_the_answer_that_http_wants},
    {"requests sent ahead are answered in order", requests_sent_ahead_are_answered_in_order},
    {"a client that waits for 100 is told to go on", a_client_that_waits_for_100_is_told_to_go_on},
    {"an old client gets a stream without chunks", an_old_client_gets_a_stream_without_chunks},
    {"many connections stream side by side", many_connections_stream_side_by_side},
    {"a client that goes away frees its place", a_client_that_goes_away_frees_its_place},
    {"what differs from the expectations is said and summed",
     what_differs_from_the_expectations_is_said_and_summed},
    {"the requests are listed with their times", the_requests_are_listed_with_their_times},
    {"the model of the scenario is listed", the_model_of_the_scenario_is_listed},
    {"the token is told to nobody", the_token_is_told_to_nobody},
    {"after its last request the server is spent", after_its_last_request_the_server_is_spent},
    {NULL, NULL},
};

const struct suite suite_server = {"server", tests};
