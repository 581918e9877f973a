/* SPDX-License-Identifier: MIT */
/*
 * OpenAI Chat Completions, as the real server speaks it: role first, then text or call fragments,
 * then the finish reason, then (when asked for) a chunk of usage alone, then [DONE].
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/sim/asked.h"
#include "core/sim/dialect.h"
#include "core/sim/reply.h"

#define TEXT_MAX ((size_t)64 << 20)

/* ---- Reading a request ---- */

/* A message's content: a text, or a list of parts of which the texts count. Yours. */
static char *content_text(const cJSON *content)
{
    const cJSON *part;
    struct buf text;

    if (cJSON_IsString(content))
        return mem_text(content->valuestring);
    buf_init(&text, TEXT_MAX);
    cJSON_ArrayForEach(part, content)
    {
        const char *piece = json_text(part, "text");
        if (piece)
            (void)buf_text(&text, piece); /* parts of one body, which is below the ceiling */
    }
    return buf_take(&text);
}

static int read_call(struct asked *asked, const cJSON *call, struct err *err)
{
    const cJSON *function = json_object(call, "function");
    const struct asked_call read = {.id = json_text(call, "id"),
                                    .name = json_text(function, "name"),
                                    .arguments = json_text(function, "arguments"),
                                    .message = asked->count - 1};

    if (!read.id || !read.name || !read.arguments)
        return err_set(err, E_PARSE, "messages[%zu]: a tool call needs id, name and arguments",
                       read.message);
    asked_add_call(asked, &read);
    return 0;
}

static int read_message(struct asked *asked, const cJSON *message, struct err *err)
{
    const char *role = json_text(message, "role");
    const cJSON *call;

    if (!role)
        return err_set(err, E_PARSE, "messages[%zu] has no role", asked->count);
    const struct asked_message read = {.role = role,
                                       .text = content_text(json_get(message, "content")),
                                       .call_id = json_text(message, "tool_call_id")};
    asked_add_message(asked, &read);
    cJSON_ArrayForEach(call, json_array(message, "tool_calls"))
    {
        int rc = read_call(asked, call, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static const char *tool_choice(const cJSON *body)
{
    const char *word = json_text(body, "tool_choice");

    return word ? word
                : json_text(json_object(json_object(body, "tool_choice"), "function"), "name");
}

static int read_tools(struct asked *asked, struct err *err)
{
    const cJSON *tool;

    cJSON_ArrayForEach(tool, json_array(asked->body, "tools"))
    {
        const char *name = json_text(json_object(tool, "function"), "name");

        if (!name)
            return err_set(err, E_PARSE, "tools[%zu] has no function name", asked->tool_count);
        asked_add_tool(asked, name);
    }
    return 0;
}

static int check_pairs(struct asked *asked, struct err *err)
{
    char *wrong = asked_pair(asked);
    int rc = wrong ? err_set(err, E_PARSE,
                             "an assistant message with 'tool_calls' must be followed by tool "
                             "messages responding to each 'tool_call_id': %s",
                             wrong)
                   : 0;

    free(wrong);
    return rc;
}

static int chat_read(struct asked *asked, struct err *err)
{
    const cJSON *body = asked->body, *messages = json_array(body, "messages"), *message;

    asked->model = json_text(body, "model");
    asked->stream = json_bool(body, "stream", false);
    asked->usage = json_bool(json_object(body, "stream_options"), "include_usage", false);
    asked->tool_choice = tool_choice(body);
    if (!asked->model || !messages || !messages->child)
        return err_set(err, E_PARSE, "a request needs a model and messages");
    cJSON_ArrayForEach(message, messages)
    {
        int rc = read_message(asked, message, err);
        if (rc < 0)
            return rc;
    }
    int rc = read_tools(asked, err);
    return rc < 0 ? rc : check_pairs(asked, err);
}

/* ---- Writing ---- */

/* Appends lead, then the text as a JSON string. */
static int put_string(struct buf *out, const char *lead, const char *text, size_t len)
{
    int rc = buf_text(out, lead);

    return rc < 0 ? rc : json_quote(out, text, len);
}

static int put_word(struct buf *out, const char *lead, const char *word)
{
    return put_string(out, lead, word, strlen(word));
}

static int put_usage(struct buf *out, const struct say *say)
{
    if (say->usage) {
        int rc = buf_text(out, "\"usage\":");
        return rc < 0 ? rc : json_write(out, say->usage);
    }
    return buf_printf(out,
                      "\"usage\":{\"prompt_tokens\":%" PRId64 ",\"completion_tokens\":%" PRId64
                      ",\"total_tokens\":%" PRId64 "}",
                      say->prompt_tokens, say->completion_tokens,
                      say->prompt_tokens + say->completion_tokens);
}

static int put_finish(struct buf *out, const struct say *say)
{
    return say->finish ? put_word(out, "\"finish_reason\":", say->finish)
                       : buf_text(out, "\"finish_reason\":null");
}

/* The members that every answer and every chunk begins with. Nothing in them changes from one time
   to the next: the same request gets the same bytes. */
static int put_head(struct buf *out, const struct say *say, const char *object)
{
    int rc = put_word(out, "{\"id\":", say->id);

    if (rc == 0)
        rc = put_word(out, ",\"object\":", object);
    return rc < 0 ? rc : put_word(out, ",\"created\":1,\"model\":", say->model);
}

static int put_whole_call(struct buf *out, const struct say_call *call)
{
    int rc = put_word(out, "{\"id\":", call->id);

    if (rc == 0)
        rc = put_word(out, ",\"type\":\"function\",\"function\":{\"name\":", call->name);
    if (rc == 0)
        rc = put_word(out, ",\"arguments\":", call->arguments);
    return rc < 0 ? rc : buf_text(out, "}}");
}

static int put_message(struct buf *out, const struct say *say)
{
    struct buf text;
    int rc = 0;

    buf_init(&text, TEXT_MAX);
    for (uint64_t i = 0; rc == 0 && i < say->repeat; i++)
        rc = buf_add(&text, say->text.data, say->text.len);
    if (rc == 0 && (text.len > 0 || say->call_count == 0))
        rc = put_string(out, "{\"role\":\"assistant\",\"content\":", text.data, text.len);
    else if (rc == 0)
        rc = buf_text(out, "{\"role\":\"assistant\",\"content\":null");
    buf_free(&text);
    if (rc == 0 && say->reasoning.len > 0)
        rc = put_string(out, ",\"reasoning_content\":", say->reasoning.data, say->reasoning.len);
    for (size_t i = 0; rc == 0 && i < say->call_count; i++) {
        rc = buf_text(out, i == 0 ? ",\"tool_calls\":[" : ",");
        if (rc == 0)
            rc = put_whole_call(out, &say->calls[i]);
    }
    if (rc == 0 && say->call_count > 0)
        rc = buf_char(out, ']');
    return rc < 0 ? rc : buf_char(out, '}');
}

static int chat_whole(struct buf *out, const struct say *say)
{
    int rc = put_head(out, say, "chat.completion");

    if (rc == 0)
        rc = buf_text(out, ",\"choices\":[{\"index\":0,\"message\":");
    if (rc == 0)
        rc = put_message(out, say);
    if (rc == 0)
        rc = buf_char(out, ',');
    if (rc == 0)
        rc = put_finish(out, say);
    if (rc == 0)
        rc = buf_text(out, "}]");
    if (rc == 0 && !cJSON_IsNull(say->usage)) {
        rc = buf_char(out, ',');
        if (rc == 0)
            rc = put_usage(out, say);
    }
    return rc < 0 ? rc : buf_char(out, '}');
}

/* ---- Streaming ---- */

/* What stands before and behind the delta of every chunk, made once. */
struct chunk {
    struct speech *out;
    struct buf lead;
    const char *tail;
};

static int chunk_begin(struct chunk *c)
{
    return buf_add(&c->out->bytes, c->lead.data, c->lead.len);
}

static int chunk_end(struct chunk *c, enum speech_kind kind, size_t tokens)
{
    int rc = buf_text(&c->out->bytes, c->tail);

    if (rc == 0)
        speech_end_event(c->out, kind, tokens);
    return rc;
}

/* A delta that ends in the JSON string of a piece of text, closed by `shut`. */
static int chunk_string(struct chunk *c, const char *open, const char *text, size_t len,
                        const char *shut, enum speech_kind kind, size_t tokens)
{
    int rc = chunk_begin(c);

    if (rc == 0)
        rc = put_string(&c->out->bytes, open, text, len);
    if (rc == 0)
        rc = buf_text(&c->out->bytes, shut);
    return rc < 0 ? rc : chunk_end(c, kind, tokens);
}

/* A text as one delta every `per` tokens. */
static int stream_text(struct chunk *c, const char *open, const char *shut, const char *text,
                       size_t len, size_t per, enum speech_kind kind)
{
    int rc = 0;

    for (size_t at = 0; rc == 0 && at < len;) {
        size_t end = at, tokens = 0;

        for (; tokens < per && end < len; tokens++)
            end += say_token(text + end, len - end);
        rc = chunk_string(c, open, text + at, end - at, shut, kind, tokens);
        at = end;
    }
    return rc;
}

/* A short text that comes often: its events are made once and copied. */
static int stream_repeats(struct chunk *c, const struct say *say)
{
    size_t first = c->out->count;
    int rc = stream_text(c, "{\"content\":", "}", say->text.data, say->text.len, say->chunk,
                         SPEECH_TEXT);
    size_t last = c->out->count;

    for (uint64_t i = 1; rc == 0 && i < say->repeat; i++)
        for (size_t k = first; rc == 0 && k < last; k++) {
            const struct speech_event event = c->out->events[k];

            rc = buf_reserve(&c->out->bytes, event.len);
            if (rc == 0)
                rc = buf_add(&c->out->bytes, c->out->bytes.data + event.from, event.len);
            if (rc == 0)
                speech_end_event(c->out, event.kind, event.tokens);
        }
    return rc;
}

static int stream_call(struct chunk *c, const struct say *say, size_t index)
{
    const struct say_call *call = &say->calls[index];
    struct buf *bytes = &c->out->bytes;
    char open[80];
    int rc = chunk_begin(c);

    if (rc == 0)
        rc = buf_printf(bytes, "{\"tool_calls\":[{\"index\":%zu,", index);
    if (rc == 0)
        rc = put_word(bytes, "\"id\":", call->id);
    if (rc == 0)
        rc = put_word(bytes, ",\"type\":\"function\",\"function\":{\"name\":", call->name);
    if (rc == 0)
        rc = buf_text(bytes, ",\"arguments\":\"\"}}]}");
    if (rc == 0)
        rc = chunk_end(c, SPEECH_CALL, 1);
    (void)str_format(open, sizeof open,
                     "{\"tool_calls\":[{\"index\":%zu,\"function\":{\"arguments\":", index);
    return rc < 0 ? rc
                  : stream_text(c, open, "}}]}", call->arguments, strlen(call->arguments),
                                say->chunk, SPEECH_CALL);
}

static int stream_finish(struct chunk *c, const struct say *say)
{
    struct buf *bytes = &c->out->bytes;
    int rc = chunk_begin(c);

    if (rc == 0)
        rc = buf_text(bytes, "{},");
    if (rc == 0)
        rc = put_finish(bytes, say);
    if (rc == 0)
        rc = buf_text(bytes, say->usage_wanted ? "}],\"usage\":null}\n\n" : "}]}\n\n");
    if (rc == 0)
        speech_end_event(c->out, SPEECH_FINISH, 0);
    return rc;
}

static int stream_rest(struct chunk *c, const struct say *say)
{
    struct buf *bytes = &c->out->bytes;
    int rc = 0;

    if (say->usage_wanted) {
        rc = buf_text(bytes, "data: ");
        if (rc == 0)
            rc = put_head(bytes, say, "chat.completion.chunk");
        if (rc == 0)
            rc = buf_text(bytes, ",\"choices\":[],");
        if (rc == 0)
            rc = put_usage(bytes, say);
        if (rc == 0)
            rc = buf_text(bytes, "}\n\n");
        if (rc == 0)
            speech_end_event(c->out, SPEECH_REST, 0);
    }
    if (rc == 0)
        rc = buf_text(bytes, "data: [DONE]\n\n");
    if (rc == 0)
        speech_end_event(c->out, SPEECH_REST, 0);
    return rc;
}

static int stream_parts(struct chunk *c, const struct say *say)
{
    static const char first[] = "{\"role\":\"assistant\",\"content\":";
    int rc = chunk_string(c, first, "", 0, "}", SPEECH_OPEN, 0);

    if (rc == 0)
        rc = stream_text(c, "{\"reasoning_content\":", "}", say->reasoning.data, say->reasoning.len,
                         say->chunk, SPEECH_TEXT);
    if (rc == 0)
        rc = stream_repeats(c, say);
    for (size_t i = 0; rc == 0 && i < say->call_count; i++)
        rc = stream_call(c, say, i);
    if (rc == 0 && say->finish)
        rc = stream_finish(c, say);
    return rc < 0 ? rc : stream_rest(c, say);
}

static int chat_stream(struct speech *out, const struct say *say)
{
    struct chunk c = {.out = out,
                      .tail = say->usage_wanted ? ",\"finish_reason\":null}],\"usage\":null}\n\n"
                                                : ",\"finish_reason\":null}]}\n\n"};

    buf_init(&c.lead, TEXT_MAX);
    int rc = buf_text(&c.lead, "data: ");
    if (rc == 0)
        rc = put_head(&c.lead, say, "chat.completion.chunk");
    if (rc == 0)
        rc = buf_text(&c.lead, ",\"choices\":[{\"index\":0,\"delta\":");
    if (rc == 0)
        rc = stream_parts(&c, say);
    buf_free(&c.lead);
    return rc;
}

/* ---- Errors ---- */

static const struct {
    int status;
    const char *type, *code;
} errors[] = {
    {400, "invalid_request_error", NULL},
    {401, "invalid_request_error", "invalid_api_key"},
    {402, "insufficient_quota", "credit_balance_exhausted"},
    {403, "permission_error", NULL},
    {404, "invalid_request_error", "model_not_found"},
    {408, "timeout", NULL},
    {413, "invalid_request_error", NULL},
    {429, "requests", "rate_limit_exceeded"},
    {503, "service_unavailable_error", "server_is_overloaded"},
    {529, "overloaded_error", NULL},
};

static int chat_error(struct buf *out, int status, const char *message)
{
    const char *type = "server_error", *code = NULL;

    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (errors[i].status == status) {
            type = errors[i].type;
            code = errors[i].code;
        }
    int rc = put_word(out, "{\"error\":{\"message\":", message);
    if (rc == 0)
        rc = put_word(out, ",\"type\":", type);
    if (rc == 0)
        rc = buf_text(out, ",\"param\":null,\"code\":");
    if (rc == 0)
        rc = code ? json_quote(out, code, strlen(code)) : buf_text(out, "null");
    return rc < 0 ? rc : buf_text(out, "}}");
}

const struct dialect dialect_chat = {
    .name = "openai-chat",
    .path = "/v1/chat/completions",
    .read = chat_read,
    .whole = chat_whole,
    .stream = chat_stream,
    .error = chat_error,
};
