/* SPDX-License-Identifier: MIT */
#include "core/model/classify.h"

#include <stdio.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/model/openai_chat.h"
#include "tests/suite.h"
#include "tests/support/reading.h"

#define S ((int64_t)US_PER_S)

/* Reads a body as the engine would, and judges it. */
static struct verdict judged(int status, const char *body, struct call_facts facts)
{
    struct reading reading = {.body = body, .status = status};
    struct model_answer answer = {0};
    struct verdict v;

    reading.broken = facts.outcome != HTTP_OK;
    reading_run(&answer, &reading);
    facts.status = status;
    facts.answer = &answer;
    if (!facts.endpoint)
        facts.endpoint = "host";
    classify(&v, &facts);
    CU_ASSERT_TRUE(utf8_valid(v.cause, strlen(v.cause)));
    CU_ASSERT_PTR_NULL(strchr(v.cause, '\n'));
    CU_ASSERT_EQUAL(v.cause[0] == '\0', v.failure == FAILURE_NONE);
    model_answer_clear(&answer);
    return v;
}

static bool is(enum failure got, enum failure wanted, const char *what)
{
    if (got == wanted)
        return true;
    printf("%s: %s, not %s\n", what, failure_name(got), failure_name(wanted));
    return false;
}

#define ERROR(members) "{\"error\":{" members "}}"
#define CODE(code)                                                                                 \
    ERROR("\"message\":\"m\",\"type\":\"invalid_request_error\",\"code\":\"" code "\"")
#define TYPE(type)     ERROR("\"message\":\"m\",\"type\":\"" type "\"")
#define WORDS(message) ERROR("\"message\":\"" message "\",\"type\":\"invalid_request_error\"")

static void statuses(void)
{
    static const struct {
        int status;
        enum failure failure;
    } cases[] = {
        {302, FAILURE_SECURITY}, {400, FAILURE_REQUEST},   {401, FAILURE_AUTH},
        {402, FAILURE_BILLING},  {403, FAILURE_FORBIDDEN}, {404, FAILURE_NOT_FOUND},
        {405, FAILURE_REQUEST},  {408, FAILURE_BUSY},      {409, FAILURE_BUSY},
        {413, FAILURE_CONTEXT},  {418, FAILURE_REQUEST},   {422, FAILURE_REQUEST},
        {424, FAILURE_REQUEST},  {425, FAILURE_BUSY},      {429, FAILURE_THROTTLED},
        {499, FAILURE_REQUEST},  {500, FAILURE_SERVER},    {501, FAILURE_REQUEST},
        {502, FAILURE_SERVER},   {503, FAILURE_SERVER},    {504, FAILURE_SERVER},
        {505, FAILURE_REQUEST},  {520, FAILURE_SERVER},    {529, FAILURE_OVERLOADED},
    };
    static const char *const bodies[] = {
        "",    "<html>gone</html>", "{\"detail\":\"x\"}", TYPE("api_error"), "{\"error\":\"x\"}",
        "null"};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t j = 0; j < sizeof bodies / sizeof *bodies; j++) {
            struct verdict v =
                judged(cases[i].status, bodies[j], (struct call_facts){.outcome = HTTP_OK});
            char number[16];

            (void)str_format(number, sizeof number, "%d", cases[i].status);
            CU_ASSERT_TRUE(is(v.failure, cases[i].failure, number));
            CU_ASSERT_PTR_NOT_NULL(strstr(v.cause, number));
            CU_ASSERT_FALSE(v.once);
        }
}

static void codes(void)
{
    static const struct {
        int status;
        const char *body;
        enum failure failure;
    } cases[] = {
        {429, CODE("insufficient_quota"), FAILURE_BILLING},
        {429, CODE("credit_balance_exhausted"), FAILURE_BILLING},
        {429, CODE("organization_spend_limit_exceeded"), FAILURE_BILLING},
        {429, CODE("project_spend_limit_exceeded"), FAILURE_BILLING},
        {429, CODE("organization_usage_limit_exceeded"), FAILURE_BILLING},
        {429, TYPE("insufficient_quota"), FAILURE_BILLING},
        {429, ERROR("\"type\":\"insufficient_quota\",\"code\":\"rate_limit_exceeded\""),
         FAILURE_THROTTLED},
        {429, CODE("slow_down"), FAILURE_THROTTLED},
        {429, CODE("something_new"), FAILURE_THROTTLED},
        {503, CODE("server_is_overloaded"), FAILURE_OVERLOADED},
        {503, TYPE("service_unavailable_error"), FAILURE_SERVER},
        {400, CODE("context_length_exceeded"), FAILURE_CONTEXT},
        {400, TYPE("exceed_context_size_error"), FAILURE_CONTEXT},
        {400, WORDS("This model's maximum context length is 8 tokens."), FAILURE_CONTEXT},
        {400, WORDS("max_tokens must be positive, got -186"), FAILURE_CONTEXT},
        {400, TYPE("too_many_prompt_tokens"), FAILURE_CONTEXT},
        {400, CODE("tool_use_failed"), FAILURE_RESAMPLE},
        {429, CODE("billing_hard_limit_reached"), FAILURE_BILLING},
        {429, CODE("enforced_spend_limit_reached"), FAILURE_BILLING},
        {429, CODE("contract_spend_limit_reached"), FAILURE_BILLING},
        {400, TYPE("billing_error"), FAILURE_BILLING},
        {400, CODE("request_too_large"), FAILURE_CONTEXT},
        {400, CODE("content_policy_violation"), FAILURE_FILTER},
        {400, CODE("invalid_api_key"), FAILURE_AUTH},
        {400, CODE("rate_limit_exceeded"), FAILURE_THROTTLED},
        {503, TYPE("rate_limit_error"), FAILURE_THROTTLED},
        {500, TYPE("overloaded_error"), FAILURE_OVERLOADED},
        {400, TYPE("authentication_error"), FAILURE_REQUEST},
        {400, TYPE("permission_error"), FAILURE_REQUEST},
        {400, TYPE("not_found_error"), FAILURE_REQUEST},
        {400, WORDS("Too Many Tokens"), FAILURE_CONTEXT},
        {422, WORDS("context window exceeded"), FAILURE_CONTEXT},
        {400, WORDS("exceeds the available context size"), FAILURE_CONTEXT},
        {400, WORDS("prompt is too long: 9 > 8"), FAILURE_CONTEXT},
        {400, WORDS("tool_calls must be followed by tool messages"), FAILURE_TRANSCRIPT},
        {400, WORDS("'tool' must be a response to a preceeding message"), FAILURE_TRANSCRIPT},
        {400, WORDS("Not the same number of function calls and responses"), FAILURE_TRANSCRIPT},
        {400, WORDS("reasoning_effort cannot go with a TOOL"), FAILURE_EFFORT},
        {400, CODE("content_filter"), FAILURE_FILTER},
        {404, CODE("model_not_found"), FAILURE_NOT_FOUND},
        {400, CODE("model_not_found"), FAILURE_NOT_FOUND},
        {400, CODE("invalid_value"), FAILURE_REQUEST},
        {401, TYPE("api_error"), FAILURE_AUTH},
        {403, TYPE("invalid_request_error"), FAILURE_FORBIDDEN},
        {400, WORDS("`tool_use` ids were found without `tool_result` blocks"), FAILURE_TRANSCRIPT},
        {400, WORDS("tool_call_ids did not have response messages: a"), FAILURE_TRANSCRIPT},
        {400, WORDS("Unexpected role 'tool' after role 'user'"), FAILURE_TRANSCRIPT},
        {400, WORDS("Function tools with reasoning_effort are not supported"), FAILURE_EFFORT},
        {400, WORDS("Invalid value for reasoning_effort"), FAILURE_REQUEST},
        {500, WORDS("maximum context length"), FAILURE_SERVER},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct verdict v =
            judged(cases[i].status, cases[i].body, (struct call_facts){.outcome = HTTP_OK});

        CU_ASSERT_TRUE(is(v.failure, cases[i].failure, cases[i].body));
        CU_ASSERT_EQUAL(v.once, v.failure == FAILURE_TRANSCRIPT || v.failure == FAILURE_EFFORT ||
                                    v.failure == FAILURE_RESAMPLE);
    }
}

#define DATA(json) "data: " json "\n\n"

static void inside_200(void)
{
    static const struct {
        const char *body;
        enum failure failure;
    } cases[] = {
        {DATA("{\"error\":{\"message\":\"m\",\"type\":\"overloaded_error\"}}"), FAILURE_OVERLOADED},
        {DATA("{\"choices\":[{\"delta\":{\"content\":\"x\"}}]}")
             DATA("{\"error\":{\"message\":\"m\",\"type\":\"overloaded_error\"}}"),
         FAILURE_OVERLOADED},
        {DATA("{\"error\":{\"message\":\"m\",\"type\":\"rate_limit_error\"}}"), FAILURE_THROTTLED},
        {DATA("{\"error\":{\"message\":\"m\",\"type\":\"api_error\"}}"), FAILURE_SERVER},
        {DATA("{\"error\":{\"message\":\"m\",\"type\":\"server_error\"}}"), FAILURE_SERVER},
        {DATA("{\"error\":{\"message\":\"m\"}}"), FAILURE_SERVER},
        {DATA("{\"error\":{\"message\":\"m\",\"code\":502}}"), FAILURE_SERVER},
        {DATA("{\"error\":{\"message\":\"m\",\"code\":429}}"), FAILURE_THROTTLED},
        {DATA("{\"error\":{\"message\":\"m\",\"code\":401}}"), FAILURE_AUTH},
        {DATA("{\"error\":{\"message\":\"m\",\"type\":\"authentication_error\"}}"), FAILURE_AUTH},
        {DATA("{\"error\":{\"message\":\"m\",\"type\":\"permission_error\"}}"), FAILURE_FORBIDDEN},
        {DATA("{\"error\":{\"message\":\"m\",\"type\":\"not_found_error\"}}"), FAILURE_NOT_FOUND},
        {DATA("{\"error\":{\"message\":\"m\",\"type\":\"invalid_request_error\"}}"),
         FAILURE_REQUEST},
        {DATA("{\"error\":{\"message\":\"m\",\"code\":\"tool_use_failed\",\"status_code\":400}}"),
         FAILURE_RESAMPLE},
        {DATA("{\"choices\":[{\"delta\":{},\"finish_reason\":\"error\"}]}"), FAILURE_SERVER},
        {"{\"error\":{\"message\":\"m\",\"code\":402}}", FAILURE_BILLING},
        {"<html></html>", FAILURE_PROTOCOL},
        {"", FAILURE_PROTOCOL},
        {"{}", FAILURE_PROTOCOL},
        {DATA("{\"choices\":"), FAILURE_PROTOCOL},
        {DATA("{\"choices\":[{\"delta\":{\"content\":\"x\"}}]}"), FAILURE_STREAM},
        {DATA("{\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}"),
         FAILURE_NONE},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct verdict v = judged(200, cases[i].body, (struct call_facts){.outcome = HTTP_OK});

        CU_ASSERT_TRUE(is(v.failure, cases[i].failure, cases[i].body));
    }
}

static void transfers(void)
{
    static const struct {
        enum http_outcome outcome;
        enum failure failure;
    } cases[] = {
        {HTTP_DNS, FAILURE_CONNECT},
        {HTTP_CONNECT, FAILURE_CONNECT},
        {HTTP_TLS, FAILURE_SECURITY},
        {HTTP_TIMEOUT_CONNECT, FAILURE_TIMEOUT},
        {HTTP_TIMEOUT_FIRST_BYTE, FAILURE_TIMEOUT},
        {HTTP_TIMEOUT_IDLE, FAILURE_TIMEOUT},
        {HTTP_TIMEOUT_TOTAL, FAILURE_TIMEOUT},
        {HTTP_RESET, FAILURE_STREAM},
        {HTTP_TRUNCATED, FAILURE_STREAM},
        {HTTP_TOO_BIG, FAILURE_TOOBIG},
        {HTTP_PROTOCOL, FAILURE_PROTOCOL},
        {HTTP_REDIRECT, FAILURE_SECURITY},
        {HTTP_PROXY, FAILURE_CONNECT},
        {HTTP_DENIED, FAILURE_SECURITY},
        {HTTP_LOCAL, FAILURE_CONNECT},
        {HTTP_CANCELLED, FAILURE_CANCELLED},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct call_facts facts = {.outcome = cases[i].outcome,
                                   .transfer_text = "127.0.0.1:9: as the network says"};
        struct verdict v;

        classify(&v, &facts);
        CU_ASSERT_TRUE(is(v.failure, cases[i].failure, http_outcome_name(cases[i].outcome)));
        CU_ASSERT_STRING_EQUAL(v.cause, "127.0.0.1:9: as the network says");
        facts.transfer_text = NULL;
        classify(&v, &facts);
        CU_ASSERT_TRUE(v.cause[0] != '\0');
    }
}

static void every_transfer(void)
{
    for (int i = 0; i < HTTP_OUTCOMES; i++) {
        struct call_facts facts = {.outcome = (enum http_outcome)i};
        struct verdict v;

        classify(&v, &facts);
        CU_ASSERT_NOT_EQUAL(v.failure, FAILURE_NONE);
    }
}

#define GOOD DATA("{\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}")
#define HALF DATA("{\"choices\":[{\"delta\":{\"content\":\"x\"}}]}")

static void broken_transfers(void)
{
    struct call_facts reset = {.outcome = HTTP_RESET, .transfer_text = "host: reset"};
    struct call_facts idle = {.outcome = HTTP_TIMEOUT_IDLE, .transfer_text = "host: silent"};
    struct call_facts cancelled = {.outcome = HTTP_CANCELLED};
    struct call_facts stopped = {.outcome = HTTP_STOPPED};

    CU_ASSERT_EQUAL(judged(200, GOOD, reset).failure, FAILURE_NONE);
    CU_ASSERT_EQUAL(judged(200, HALF, reset).failure, FAILURE_STREAM);
    CU_ASSERT_EQUAL(judged(200, HALF, idle).failure, FAILURE_TIMEOUT);
    CU_ASSERT_STRING_EQUAL(judged(200, HALF, idle).cause, "host: silent");
    CU_ASSERT_EQUAL(judged(429, "{\"err", reset).failure, FAILURE_THROTTLED);
    CU_ASSERT_EQUAL(judged(200, GOOD, cancelled).failure, FAILURE_CANCELLED);
    CU_ASSERT_EQUAL(judged(200, DATA("{"), stopped).failure, FAILURE_PROTOCOL);
}

static void too_big(void)
{
    struct model_answer answer = {.outcome = ANSWER_PROTOCOL, .code = E_TOOBIG};
    struct call_facts facts = {.outcome = HTTP_STOPPED, .status = 200, .answer = &answer};
    struct verdict v;

    classify(&v, &facts);
    CU_ASSERT_EQUAL(v.failure, FAILURE_TOOBIG);
}

static void headers(void)
{
    static const struct {
        const char *after, *ms, *word;
        int64_t wait_us;
        int said;
    } cases[] = {
        {NULL, NULL, NULL, -1, -1},
        {"2", NULL, NULL, 2 * S, -1},
        {"86400", NULL, "true", 86400 * S, 1},
        {"1000000000000", NULL, "false", -1, 0},
        {"Mon, 01 Jan 2001 00:00:00 GMT", NULL, "False", 0, 0},
        {"-5", NULL, "maybe", -1, -1},
        {"soon", NULL, "TRUE", -1, 1},
        {"9", "1500", NULL, 1500 * US_PER_MS, -1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct verdict v = judged(429, "",
                                  (struct call_facts){.outcome = HTTP_OK,
                                                      .retry_after = cases[i].after,
                                                      .retry_after_ms = cases[i].ms,
                                                      .should_retry = cases[i].word,
                                                      .now_wall_us = 1795000000 * S});

        CU_ASSERT_EQUAL(v.retry_after_us, cases[i].wait_us);
        CU_ASSERT_EQUAL(v.word, cases[i].said);
        CU_ASSERT_EQUAL(v.failure, FAILURE_THROTTLED);
    }
}

static void profile_status(void)
{
    struct call_facts facts = {.outcome = HTTP_OK, .retry_status = 498};

    CU_ASSERT_EQUAL(judged(498, "", facts).failure, FAILURE_BUSY);
    CU_ASSERT_EQUAL(judged(497, "", facts).failure, FAILURE_REQUEST);
    facts.retry_status = 0;
    CU_ASSERT_EQUAL(judged(498, "", facts).failure, FAILURE_REQUEST);
    CU_ASSERT_EQUAL(judged(200, DATA("{\"error\":{\"message\":\"m\"}}"), facts).failure,
                    FAILURE_SERVER);
}

static bool says(struct verdict v, const char *first, const char *second)
{
    if (strstr(v.cause, first) && strstr(v.cause, second))
        return true;
    printf("cause: %s\n", v.cause);
    return false;
}

static void key_source(void)
{
    struct call_facts facts = {
        .outcome = HTTP_OK, .endpoint = "api.openai.com", .key_source = "OPENAI_API_KEY"};
    struct verdict v = judged(401, TYPE("x"), facts);

    CU_ASSERT_FALSE(failure_row(v.failure)->retry);
    CU_ASSERT_TRUE(says(v, "OPENAI_API_KEY", "api.openai.com"));
    facts.key_source = NULL;
    CU_ASSERT_TRUE(says(judged(401, "", facts), "without a key", "api.openai.com"));
}

static void causes(void)
{
    struct call_facts facts = {.outcome = HTTP_OK, .endpoint = "host:1", .model = "big-model"};

    CU_ASSERT_TRUE(says(judged(404, CODE("model_not_found"), facts), "big-model", "base_url"));
    CU_ASSERT_TRUE(says(judged(400, CODE("context_length_exceeded"), facts), "too long", "roll"));
    CU_ASSERT_TRUE(
        says(judged(402, ERROR("\"message\":\"no\\n\\tmoney\""), facts), "credit", ": no money"));
    CU_ASSERT_TRUE(says(judged(200, "<html>\x1b[2J<b>Log in</b></html>", facts), "host:1",
                        "<html> [2J<b>Log in</b></html>"));
    CU_ASSERT_TRUE(says(judged(204, "", facts), "host:1", "the answer is empty"));
    facts.transfer_text = "as the network says";
    CU_ASSERT_TRUE(says(judged(500, ERROR("\"message\":\"own words\""), facts), "host:1 failed",
                        ": own words"));
    facts.outcome = HTTP_RESET;
    CU_ASSERT_STRING_EQUAL(judged(200, "{\"error\":", facts).cause, "as the network says");
    facts.transfer_text = "";
    CU_ASSERT_TRUE(says(judged(200, "{\"error\":", facts), "host:1", "broke off"));
}

static void long_causes(void)
{
    struct verdict v;
    struct buf body;

    buf_init(&body, SIZE_MAX);
    (void)buf_text(&body, "{\"error\":{\"message\":\"");
    for (size_t i = 0; i < 400; i++)
        (void)buf_text(&body, "\xc3\xa9\xe2\x82\xac");
    (void)buf_text(&body, "\"}}");
    v = judged(500, body.data, (struct call_facts){.outcome = HTTP_OK, .endpoint = "h"});
    buf_free(&body);
    CU_ASSERT_TRUE(strlen(v.cause) > 150);
    CU_ASSERT_PTR_NOT_NULL(strstr(v.cause, "…"));
}

static const struct test tests[] = {
    {"every HTTP status means what it means, whatever its body", statuses},
    {"error codes and words are more telling than a status", codes},
    {"an error inside a 200 is judged like one outside", inside_200},
    {"every way a transfer fails has its word, and keeps its text", transfers},
    {"no failed transfer is taken for a good one", every_transfer},
    {"an answer that is complete survives what happens after it", broken_transfers},
    {"an answer over our caps is never asked for again", too_big},
    {"waits and wishes of the server are passed on", headers},
    {"a profile may name one more status worth a retry", profile_status},
    {"a refused key is named by its source", key_source},
    {"causes say what to do and show what came", causes},
    {"a long message is cut at a character", long_causes},
    {NULL, NULL},
};

const struct suite suite_classify = {"classify", tests};
