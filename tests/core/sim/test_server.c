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

static const struct test tests[] = {
    {"a reply is read as it was written, streamed and not", a_reply_is_read_as_it_was_written},
    {"the same request gets the same bytes from another process",
     the_same_request_gets_the_same_bytes_from_another_process},
    {"usage comes when it is asked for", usage_comes_when_it_is_asked_for},
    {"twenty thousand tokens are one stream", twenty_thousand_tokens_are_one_stream},
    {NULL, NULL},
};

const struct suite suite_server = {"server", tests};
