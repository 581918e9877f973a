/* SPDX-License-Identifier: MIT */
/*
 * Asked in this order: did the operator stop it; is the answer good all the same; what did the
 * server say (its error code, then its words, then its status); how did the transfer fail; what did
 * the reader make of the body. Every answer to these is a row of a table.
 */
#include "core/model/classify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/buf.h"
#include "core/base/str.h"
#include "core/model/chat_error.h"
#include "core/net/retry_after.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* ---- What the transfer says ---- */

static const enum failure of_transfer[HTTP_OUTCOMES] = {
    [HTTP_DNS] = FAILURE_CONNECT,
    [HTTP_CONNECT] = FAILURE_CONNECT,
    [HTTP_TLS] = FAILURE_SECURITY,
    [HTTP_TIMEOUT_CONNECT] = FAILURE_TIMEOUT,
    [HTTP_TIMEOUT_FIRST_BYTE] = FAILURE_TIMEOUT,
    [HTTP_TIMEOUT_IDLE] = FAILURE_TIMEOUT,
    [HTTP_TIMEOUT_TOTAL] = FAILURE_TIMEOUT,
    [HTTP_RESET] = FAILURE_STREAM,
    [HTTP_TRUNCATED] = FAILURE_STREAM,
    [HTTP_TOO_BIG] = FAILURE_TOOBIG,
    [HTTP_PROTOCOL] = FAILURE_PROTOCOL,
    [HTTP_REDIRECT] = FAILURE_SECURITY,
    [HTTP_PROXY] = FAILURE_CONNECT,
    [HTTP_DENIED] = FAILURE_SECURITY,
    [HTTP_LOCAL] = FAILURE_CONNECT,
    [HTTP_CANCELLED] = FAILURE_CANCELLED,
};

/* ---- What the server says ---- */

/* Error codes and types, compared whole. The weak ones are too vague to contradict an HTTP status:
   they count only for an error inside a 200 that names none. */
static const struct {
    const char *code;
    enum failure failure;
    bool weak;
} codes[] = {
    {"insufficient_quota", FAILURE_BILLING, false},
    {"credit_balance_exhausted", FAILURE_BILLING, false},
    {"organization_spend_limit_exceeded", FAILURE_BILLING, false},
    {"project_spend_limit_exceeded", FAILURE_BILLING, false},
    {"organization_usage_limit_exceeded", FAILURE_BILLING, false},
    {"billing_hard_limit_reached", FAILURE_BILLING, false},
    {"enforced_spend_limit_reached", FAILURE_BILLING, false},
    {"contract_spend_limit_reached", FAILURE_BILLING, false},
    {"billing_error", FAILURE_BILLING, false},
    {"context_length_exceeded", FAILURE_CONTEXT, false},
    {"exceed_context_size_error", FAILURE_CONTEXT, false},
    {"too_many_prompt_tokens", FAILURE_CONTEXT, false},
    {"request_too_large", FAILURE_CONTEXT, false},
    {"tool_use_failed", FAILURE_RESAMPLE, false},
    {"content_filter", FAILURE_FILTER, false},
    {"content_policy_violation", FAILURE_FILTER, false},
    {"model_not_found", FAILURE_NOT_FOUND, false},
    {"invalid_api_key", FAILURE_AUTH, false},
    {"rate_limit_exceeded", FAILURE_THROTTLED, false},
    {"rate_limit_error", FAILURE_THROTTLED, false},
    {"slow_down", FAILURE_THROTTLED, false},
    {"server_is_overloaded", FAILURE_OVERLOADED, false},
    {"overloaded_error", FAILURE_OVERLOADED, false},
    {"invalid_request_error", FAILURE_REQUEST, true},
    {"authentication_error", FAILURE_AUTH, true},
    {"permission_error", FAILURE_FORBIDDEN, true},
    {"not_found_error", FAILURE_NOT_FOUND, true},
};

/* Words in the message of a 400 or 422, for servers whose codes say nothing. */
static const struct {
    const char *words;
    enum failure failure;
} phrases[] = {
    {"maximum context length", FAILURE_CONTEXT},
    {"context length", FAILURE_CONTEXT},
    {"context window", FAILURE_CONTEXT},
    {"context size", FAILURE_CONTEXT},
    {"prompt is too long", FAILURE_CONTEXT},
    {"too many tokens", FAILURE_CONTEXT},
    {"length of all messages is too long", FAILURE_CONTEXT},
    {"max_tokens must be positive, got -", FAILURE_CONTEXT}, /* vLLM: what is left of the window */
    {"tool_use` ids were found without", FAILURE_TRANSCRIPT},
    {"did not have response messages", FAILURE_TRANSCRIPT},
    {"must be followed by tool messages", FAILURE_TRANSCRIPT},
    {"must be a response to a prece", FAILURE_TRANSCRIPT}, /* "preceeding", as OpenAI spells it */
    {"number of function calls and responses", FAILURE_TRANSCRIPT},
    {"unexpected role 'tool'", FAILURE_TRANSCRIPT},
};

static const struct {
    int status;
    enum failure failure;
} statuses[] = {
    {401, FAILURE_AUTH},      {402, FAILURE_BILLING}, {403, FAILURE_FORBIDDEN},
    {404, FAILURE_NOT_FOUND}, {408, FAILURE_BUSY},    {409, FAILURE_BUSY},
    {413, FAILURE_CONTEXT},   {425, FAILURE_BUSY},    {429, FAILURE_THROTTLED},
    {501, FAILURE_REQUEST},   {505, FAILURE_REQUEST}, {529, FAILURE_OVERLOADED},
};

static enum failure of_code(const char *code, bool with_status)
{
    for (size_t i = 0; code && i < COUNT(codes); i++)
        if (strcmp(codes[i].code, code) == 0 && !(codes[i].weak && with_status))
            return codes[i].failure;
    return FAILURE_NONE;
}

static enum failure of_words(const struct model_error *e)
{
    if (!e->message)
        return FAILURE_NONE;
    if (strcasestr(e->message, "reasoning_effort") &&
        (strcasestr(e->message, "tool") || strcasestr(e->message, "function")))
        return FAILURE_EFFORT;
    for (size_t i = 0; i < COUNT(phrases); i++)
        if (strcasestr(e->message, phrases[i].words))
            return phrases[i].failure;
    return FAILURE_NONE;
}

/* status 0: an error inside a 200 that names none; such are the server's own, unless told. */
static enum failure of_status(int status, int also_busy)
{
    if (status == also_busy && status != 0)
        return FAILURE_BUSY;
    for (size_t i = 0; i < COUNT(statuses); i++)
        if (statuses[i].status == status)
            return statuses[i].failure;
    if (status >= 300 && status < 400)
        return FAILURE_SECURITY;
    return status >= 400 && status < 500 ? FAILURE_REQUEST : FAILURE_SERVER;
}

static enum failure of_error(const struct model_error *e, int status, int also_busy)
{
    enum failure failure = of_code(e->code, status != 0);

    if (failure == FAILURE_NONE)
        failure = of_code(e->type, status != 0);
    if (failure == FAILURE_NONE && (status == 400 || status == 422 || status == 0))
        failure = of_words(e);
    return failure != FAILURE_NONE ? failure : of_status(status, also_busy);
}

static enum failure judge(const struct call_facts *f)
{
    static const struct model_error none = {0};
    const struct model_answer *a = f->answer;
    const struct model_error *e = a ? &a->error : &none;

    if (f->outcome == HTTP_CANCELLED)
        return FAILURE_CANCELLED;
    if (a && a->outcome == ANSWER_OK)
        return FAILURE_NONE;
    if (f->status >= 300 || (a && a->outcome == ANSWER_ERROR))
        return of_error(e, f->status >= 300 ? f->status : e->status, f->retry_status);
    if (f->outcome != HTTP_OK && f->outcome != HTTP_STOPPED)
        return of_transfer[f->outcome];
    if (a && a->outcome == ANSWER_INCOMPLETE)
        return FAILURE_STREAM;
    return a && a->code == E_TOOBIG ? FAILURE_TOOBIG : FAILURE_PROTOCOL;
}

/* ---- What people read ---- */

/* {server}, {model}, {key} and {status} are filled in. What to do stands before the server's own
   words, which may be long. */
static const char *const texts[FAILURE_COUNT] = {
    [FAILURE_CONNECT] = "{server} could not be reached",
    [FAILURE_TIMEOUT] = "{server} took too long",
    [FAILURE_STREAM] = "{server}: the answer broke off before it was complete",
    [FAILURE_SERVER] = "{server} failed{status}",
    [FAILURE_OVERLOADED] = "{server} is overloaded{status}",
    [FAILURE_THROTTLED] = "{server} limits the rate{status}",
    [FAILURE_BUSY] = "{server} is busy{status}",
    [FAILURE_BILLING] = ("{server}: quota or credit is used up{status}; add some, or choose "
                         "another model"),
    [FAILURE_AUTH] = "{server} refused {key}{status}; set a valid one",
    [FAILURE_FORBIDDEN] = "{server} does not permit this{status}: region, permission or moderation",
    [FAILURE_NOT_FOUND] = "{server} knows no model {model}{status}; check its name and base_url",
    [FAILURE_CONTEXT] = ("the conversation is too long for {model}{status}; roll back, or choose a "
                         "model that takes more"),
    [FAILURE_TRANSCRIPT] = "{server} says that tool calls and results do not pair{status}",
    [FAILURE_EFFORT] = ("{model} refuses tools together with reasoning effort{status}; set it to "
                        "none"),
    [FAILURE_RESAMPLE] = "{server} refused the model's own tool call{status}",
    [FAILURE_FILTER] = "{server}: stopped by its content policy{status}; change the prompt",
    [FAILURE_REQUEST] = "{server} refused the request{status}",
    [FAILURE_SECURITY] = "{server} is not where the key may go{status}; check base_url",
    [FAILURE_PROTOCOL] = "{server} gave no proper answer{status}; is base_url right?",
    [FAILURE_TOOBIG] = "{server}: the answer is larger than we take",
    [FAILURE_CANCELLED] = "cancelled",
};

static void fill(struct buf *out, const char *name, size_t len, const struct call_facts *f)
{
    if (strncmp(name, "server", len) == 0)
        (void)buf_text(out, f->endpoint ? f->endpoint : "the server");
    else if (strncmp(name, "model", len) == 0)
        (void)buf_text(out, f->model ? f->model : "the model");
    else if (strncmp(name, "key", len) == 0 && f->key_source)
        (void)buf_printf(out, "the key from %s", f->key_source);
    else if (strncmp(name, "key", len) == 0)
        (void)buf_text(out, "a request without a key");
    else if (f->status)
        (void)buf_printf(out, " (status %d)", f->status);
}

static void expand(struct buf *out, const char *text, const struct call_facts *f)
{
    while (*text) {
        size_t plain = strcspn(text, "{");

        (void)buf_add(out, text, plain);
        text += plain;
        if (*text) {
            size_t len = strcspn(++text, "}");

            fill(out, text, len, f);
            text += len + 1;
        }
    }
}

/* Overlong names only shorten the line: all appends may fail. */
static void write_cause(struct verdict *v, const struct call_facts *f)
{
    const char *words = f->answer ? f->answer->error.message : NULL;
    bool failed = f->outcome != HTTP_OK && f->outcome != HTTP_STOPPED && f->status < 300;
    struct buf out;

    buf_init(&out, 4096);
    if (failed && f->transfer_text && *f->transfer_text)
        (void)buf_text(&out, f->transfer_text);
    else if (texts[v->failure])
        expand(&out, texts[v->failure], f);
    if (words && *words && !(failed && f->transfer_text)) {
        char *line = chat_error_line(words, strlen(words));

        (void)buf_printf(&out, ": %s", line);
        free(line);
    }
    (void)str_format(v->cause, sizeof v->cause, "%s", out.data);
    buf_free(&out);
}

static int read_word(const char *value)
{
    if (value && strcasecmp(value, "true") == 0)
        return 1;
    return value && strcasecmp(value, "false") == 0 ? 0 : -1;
}

void classify(struct verdict *out, const struct call_facts *facts)
{
    *out = (struct verdict){.failure = judge(facts), .word = -1, .retry_after_us = -1};
    if (out->failure == FAILURE_NONE)
        return;
    out->word = read_word(facts->should_retry);
    out->once = out->failure == FAILURE_TRANSCRIPT || out->failure == FAILURE_EFFORT ||
                out->failure == FAILURE_RESAMPLE;
    out->retry_after_us =
        http_retry_after(facts->retry_after_ms, facts->retry_after, facts->now_wall_us);
    write_cause(out, facts);
}
