/* SPDX-License-Identifier: MIT */
#include "core/sim/server.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/sim/book.h"
#include "core/sim/scenario.h"
#include "tests/suite.h"
#include "tests/support/simulator.h"

#define USER(text) "{\"role\":\"user\",\"content\":\"" text "\"}"

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
    CU_ASSERT_EQUAL(answer_count(caller.got.data, "\"content\":"), 1); /* the role, with "" */
    caller_wait(&caller, 250 * US_PER_MS);
    CU_ASSERT_EQUAL(answer_count(caller.got.data, "\"content\":"), 3);
    caller_wait(&caller, 250 * US_PER_MS);
    CU_ASSERT_EQUAL(answer_count(caller.got.data, "\"content\":"), 6);
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
    CU_ASSERT_EQUAL(answer_count(caller.got.data, "HTTP/1.1 200 OK"), 50);
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
    caller_wait(&caller, 10 * (int64_t)US_PER_S);
    CU_ASSERT(str_ends(caller.got.data, "\r\n0\r\n\r\n"));
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

    CU_ASSERT_EQUAL(simulator_status(sim, "hi"), 200);
    CU_ASSERT_STRING_EQUAL(sim->reports.data,
                           "request 1: test.yaml:11: request:/seed: not there\n");
    CU_ASSERT_EQUAL(sums->checked, 3);
    CU_ASSERT_EQUAL(sums->failed, 1);
    CU_ASSERT_EQUAL(simulator_status(sim, "ho"), 400);
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
    (void)simulator_status(sim, "ho");
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
    CU_ASSERT_EQUAL(simulator_status(&sim, "a"), 200);
    CU_ASSERT_FALSE(server_spent(server));
    CU_ASSERT_EQUAL(simulator_status(&sim, "a"), 200);
    CU_ASSERT(server_spent(server));
    server_free(server);
    scenario_free(scenario);
}

static const struct test tests[] = {
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
