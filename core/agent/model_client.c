/* SPDX-License-Identifier: MIT */
#include "core/agent/model_client.h"

#include "core/agent/run_spec.h"
#include "core/base/json.h"
#include "core/base/mask.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/config/run_config.h"
#include "core/config/secret.h"
#include "core/model/classify.h"
#include "core/model/pricing.h"
#include "core/model/profile.h"
#include "core/model/transcript.h"
#include "core/net/http.h"
#include "core/tool/tool.h"

#include <stdlib.h>
#include <string.h>

#define RAW_KEEP ((size_t)64 << 10) /* bytes kept of an answer, for the attempt's row */

struct model_client {
    struct model_client_options options;
    struct endpoint endpoint;
    const struct profile *profile;
    const struct provider *provider;
    char *url, *host;
    struct transcript *transcript;

    struct http_call *call; /* NULL = nothing in flight */
    bool silent;            /* a cancel that nobody wants to hear of */
    bool refused;           /* the reader wants no more */
    int64_t number, attempt;
    int64_t start_us, first_us;
    struct model_reader *reader;
    size_t progress;
    struct buf raw;
    struct mask_stream text, reasoning;
    struct gate_hint hint;
};

void endpoint_clear(struct endpoint *endpoint)
{
    free(endpoint->base_url);
    free(endpoint->profile);
    free(endpoint->key_source);
    secret_free(endpoint->key);
    memset(endpoint, 0, sizeof *endpoint);
}

static const struct run_config *config_of(const struct model_client *client)
{
    return run_spec(client->options.run)->config;
}

/* --- set-up --------------------------------------------------------------------------------- */

static int resolve(struct model_client *client, struct err *err)
{
    const struct run_config *config = config_of(client);
    const char *name = client->endpoint.profile ? client->endpoint.profile : config->model.profile;
    const char *base =
        client->endpoint.base_url ? client->endpoint.base_url : config->model.base_url;
    struct buf url, full;

    if (!config->model.name || !*config->model.name)
        return err_set(err, E_NOTFOUND,
                       "no model is named: set model.name in the config, or use --model NAME");
    client->profile = name ? profile_find(name) : profile_for_url(base ? base : "");
    if (!client->profile)
        return err_set(err, E_NOTFOUND, "there is no profile %s: see rerail config", name);
    client->provider = provider_find(client->profile->format);
    base = base ? base : client->profile->base_url;
    if (!base)
        return err_set(err, E_NOTFOUND, "no base URL: set model.base_url, or use --base-url URL");
    buf_init(&url, 4096);
    buf_init(&full, 4096);
    int rc = profile_base_url(&url, client->profile, base, err);
    if (rc == 0 && profile_url(&full, url.data, client->provider->path) == 0) {
        const char *host = strstr(full.data, "://");

        client->url = mem_text(full.data);
        host = host ? host + 3 : full.data;
        client->host = mem_printf("%.*s", (int)strcspn(host, "/?"), host);
    }
    buf_free(&url);
    buf_free(&full);
    return rc;
}

static int new_transcript(struct model_client *client, struct err *err)
{
    const struct toolset *set = run_tools(client->options.run);
    size_t count = toolset_count(set);
    struct model_tool *tools = mem_array(count + 1, sizeof *tools);

    for (size_t i = 0; i < count; i++) {
        const struct tool *tool = toolset_at(set, i);

        tools[i] = (struct model_tool){tool->name, tool->description, tool->parameters};
    }
    const struct transcript_options options = {.profile = client->profile,
                                               .model = config_of(client)->model.name,
                                               .tools = tools,
                                               .tool_count = count};
    int rc = transcript_new(&client->transcript, &options, err);
    free(tools);
    return rc;
}

static int copy_endpoint(struct endpoint *to, const struct endpoint *from, struct err *err)
{
    to->base_url = mem_text(from->base_url);
    to->profile = mem_text(from->profile);
    to->key_source = mem_text(from->key_source);
    if (!from->key)
        return 0;
    return secret_new(&to->key, secret_reveal(from->key), secret_length(from->key), err);
}

int model_client_new(struct model_client **out, const struct model_client_options *options,
                     struct err *err)
{
    struct model_client *client = mem_new(sizeof *client);

    client->options = *options;
    buf_init(&client->raw, RAW_KEEP);
    gate_hint_init(&client->hint);
    mask_stream_init(&client->text, options->mask);
    mask_stream_init(&client->reasoning, options->mask);
    int rc = copy_endpoint(&client->endpoint, options->endpoint, err);
    if (rc == 0)
        rc = resolve(client, err);
    if (rc == 0)
        rc = new_transcript(client, err);
    if (rc < 0) {
        model_client_free(client);
        return rc;
    }
    *out = client;
    return 0;
}

void model_client_free(struct model_client *client)
{
    if (!client)
        return;
    model_client_cancel(client);
    transcript_free(client->transcript);
    mask_stream_free(&client->text);
    mask_stream_free(&client->reasoning);
    buf_free(&client->raw);
    endpoint_clear(&client->endpoint);
    free(client->url);
    free(client->host);
    free(client);
}

/* --- the transcript -------------------------------------------------------------------------- */

void model_client_append(struct model_client *client, enum node_kind kind, const char *body,
                         size_t len)
{
    struct message *message = NULL;

    (void)kind; /* the message says its role itself */
    if (message_parse(&message, body, len, NULL) == 0)
        (void)transcript_append(client->transcript, message, NULL); /* the request will refuse */
    message_free(message);
}

int model_client_rewind(struct model_client *client, struct err *err)
{
    (void)err;
    transcript_truncate(client->transcript, 0);
    return 0;
}

static struct model_params params_for(const struct model_client *client, bool final,
                                      enum call_variant variant, const char *extra)
{
    const struct run_config *config = config_of(client);

    return (struct model_params){
        .model = config->model.name,
        .max_tokens = config->limits.max_tokens,
        .stream = config->model.stream,
        .choice = final ? CHOICE_NONE : CHOICE_AUTO,
        .one_call = !config->model.parallel,
        .effort = variant == VARIANT_NO_EFFORT ? "none" : config->model.effort,
        .extra = extra,
    };
}

char *model_client_describe(const struct model_client *client, bool final, struct hash *request)
{
    char *extra = run_config_extra(config_of(client));
    struct model_params params = params_for(client, final, VARIANT_PLAIN, extra);
    const char *tools = transcript_tools_text(client->transcript);
    struct hash tools_hash = sha256(tools, strlen(tools));
    struct buf text;

    buf_init(&text, TRANSCRIPT_MAX);
    if (transcript_params_text(&text, client->transcript, &params, NULL) < 0)
        buf_clear(&text);
    const struct hash_part parts[] = {
        {run_chain(client->options.run)->at, SHA256_BYTES},
        {text.data, text.len},
        {tools_hash.at, SHA256_BYTES},
    };
    *request = sha256_parts(parts, 3);
    free(extra);
    return buf_take(&text);
}

const struct gate_hint *model_client_hint(const struct model_client *client)
{
    return &client->hint;
}

/* --- what comes back ---------------------------------------------------------------------------
 */

static struct input *input_of(const struct model_client *client, enum input_kind kind)
{
    struct input *input = input_new(kind);
    int64_t now = clock_mono(&client->options.clock);

    json_set_int(input->facts, "call", client->number);
    json_set_int(input->facts, "attempt", client->attempt);
    json_set_int(input->facts, "duration_us", now - client->start_us);
    json_set_int(input->facts, "first_us",
                 client->first_us > 0 ? client->first_us - client->start_us : -1);
    return input;
}

static void set_body(struct model_client *client, struct input *input, const char *text, size_t len)
{
    struct buf masked;

    buf_init(&masked, len * 2 + 1024);
    if (mask_apply(&masked, client->options.mask, text, len) < 0)
        buf_clear(&masked);
    input->len = masked.len;
    input->body = buf_take(&masked);
}

static void give(struct model_client *client, struct input *input)
{
    client->options.done(client->options.ctx, client->options.run, input);
}

/* A failure before anything was sent. */
static void fail_here(struct model_client *client, enum failure failure, const char *cause)
{
    struct input *input = input_of(client, INPUT_CALL_FAILED);

    json_set_text(input->facts, "class", failure_name(failure));
    json_set_text(input->facts, "cause", cause);
    json_set_int(input->facts, "status", -1);
    give(client, input);
}

static int64_t cost_of(const struct model_client *client, const struct model_answer *answer)
{
    const struct run_config *config = config_of(client);
    const struct price own = {.model = config->model.name,
                              .input = config->model.price_input,
                              .cached = config->model.price_cached,
                              .cache_write = -1,
                              .output = config->model.price_output};
    bool has_own = own.input >= 0 && own.output >= 0;

    return price_cost(price_find(config->model.name, &own, has_own ? 1 : 0), &answer->usage);
}

static void set_count(cJSON *facts, const char *name, int64_t value)
{
    json_set_int(facts, name, value > 0 ? value : 0);
}

static void answered(struct model_client *client, struct model_answer *answer,
                     const struct http_result *result, const char *request_id)
{
    struct input *input = input_of(client, INPUT_ANSWER);
    const struct model_usage *usage = &answer->usage;
    cJSON *facts = input->facts;
    struct buf text;

    transcript_name_calls(client->transcript, answer->message);
    buf_init(&text, (size_t)4 * MESSAGE_TEXT_MAX);
    if (message_print(&text, answer->message) < 0)
        buf_clear(&text); /* the reader's ceilings are lower */
    set_body(client, input, text.data, text.len);
    buf_free(&text);
    json_set_text(facts, "finish", answer->message->finish_reason);
    json_set_text(facts, "model", answer->model ? answer->model : config_of(client)->model.name);
    json_set_int(facts, "status", result->status);
    json_set_text(facts, "request_id", request_id);
    set_count(facts, "tokens_in", usage->input);
    set_count(facts, "tokens_out", usage->output);
    set_count(facts, "tokens_cached", usage->cached);
    set_count(facts, "tokens_reasoning", usage->reasoning);
    json_set_int(facts, "cost", cost_of(client, answer));
    give(client, input);
}

static void failed(struct model_client *client, const struct verdict *verdict,
                   const struct http_result *result, const char *request_id)
{
    struct input *input = input_of(client, INPUT_CALL_FAILED);
    cJSON *facts = input->facts;
    struct buf cause;

    buf_init(&cause, 4096);
    (void)mask_apply(&cause, client->options.mask, verdict->cause, strlen(verdict->cause));
    json_set_text(facts, "class", failure_name(verdict->failure));
    json_set_text(facts, "cause", cause.data);
    json_set_int(facts, "status", result->status > 0 ? result->status : -1);
    json_set_int(facts, "retry_after_us", verdict->retry_after_us);
    json_set_int(facts, "word", verdict->word > 0 ? 1 : verdict->word == 0 ? -1 : 0);
    json_set_text(facts, "request_id", request_id);
    buf_free(&cause);
    if (client->raw.len > 0)
        set_body(client, input, client->raw.data, client->raw.len);
    give(client, input);
}

/* The headers by which servers tell how much is left. */
static void read_hint(struct model_client *client, const struct http_call *call)
{
    static const char *const names[] = {
        "retry-after-ms",
        "retry-after",
        "x-should-retry",
        "x-ratelimit-remaining-requests",
        "x-ratelimit-reset-requests",
        "x-ratelimit-remaining-tokens",
        "x-ratelimit-reset-tokens",
    };
    int64_t wall_us = clock_wall(&client->options.clock);

    gate_hint_init(&client->hint);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = http_header(call, names[i]);

        if (value)
            gate_hint_header(&client->hint, names[i], value, wall_us);
    }
}

static void end_reader(struct model_client *client)
{
    if (client->reader)
        client->provider->close(client->reader);
    client->reader = NULL;
    mask_stream_free(&client->text);
    mask_stream_free(&client->reasoning);
    mask_stream_init(&client->text, client->options.mask);
    mask_stream_init(&client->reasoning, client->options.mask);
}

static void on_done(void *ctx, struct http_call *call, const struct http_result *result)
{
    struct model_client *client = ctx;
    struct model_answer answer = {0};
    struct verdict verdict;
    const char *id = http_header(call, "x-request-id");
    char *request_id = mem_text(id);
    bool whole = result->outcome == HTTP_OK;

    client->call = NULL;
    if (client->silent) {
        end_reader(client);
        free(request_id);
        return;
    }
    read_hint(client, call);
    if (client->reader)
        client->provider->finish(client->reader, whole && !client->refused, &answer);
    const struct call_facts facts = {
        .outcome = client->refused && result->outcome == HTTP_STOPPED ? HTTP_OK : result->outcome,
        .transfer_text = result->text,
        .status = result->status,
        .answer = client->reader ? &answer : NULL,
        .endpoint = client->host,
        .model = config_of(client)->model.name,
        .key_source = client->endpoint.key_source,
        .retry_after = http_header(call, "retry-after"),
        .retry_after_ms = http_header(call, "retry-after-ms"),
        .should_retry = http_header(call, "x-should-retry"),
        .now_wall_us = clock_wall(&client->options.clock),
        .retry_status = client->profile->retry_status,
    };
    classify(&verdict, &facts);
    end_reader(client);
    if (verdict.failure == FAILURE_NONE && answer.message)
        answered(client, &answer, result, request_id);
    else
        failed(client, &verdict, result, request_id);
    model_answer_clear(&answer);
    free(request_id);
}

/* --- while it comes ----------------------------------------------------------------------------
 */

static void draw(struct model_client *client, const struct model_delta *delta,
                 struct mask_stream *stream)
{
    struct model_delta masked = *delta;
    struct buf text;

    buf_init(&text, delta->len * 2 + SECRET_MAX);
    if (mask_stream_feed(stream, &text, delta->text, delta->len) == 0) {
        masked.text = text.data;
        masked.len = text.len;
        client->options.delta(client->options.ctx, client->options.run, client->number, &masked);
    }
    buf_free(&text);
}

static void on_delta(void *self, const struct model_delta *delta)
{
    struct model_client *client = self;

    if (client->first_us == 0)
        client->first_us = clock_mono(&client->options.clock);
    if (!client->options.delta || client->silent)
        return;
    if (delta->kind == DELTA_CALL)
        client->options.delta(client->options.ctx, client->options.run, client->number, delta);
    else
        draw(client, delta, delta->kind == DELTA_TEXT ? &client->text : &client->reasoning);
}

static bool on_headers(void *ctx, struct http_call *call, int status)
{
    struct model_client *client = ctx;
    const struct reader_options options = {
        .status = status,
        .content_type = http_header(call, "content-type"),
        .profile = client->profile->name,
        .model = config_of(client)->model.name,
        .on_delta = on_delta,
        .self = client,
    };

    return client->provider->open(&client->reader, &options, NULL) == 0;
}

static bool on_bytes(void *ctx, struct http_call *call, const char *data, size_t len)
{
    struct model_client *client = ctx;
    size_t room = RAW_KEEP - client->raw.len;

    (void)buf_add(&client->raw, data, len < room ? len : room); /* the rest is not kept */
    if (client->provider->feed(client->reader, data, len) < 0) {
        client->refused = true;
        return false;
    }
    size_t progress = client->provider->progress(client->reader);
    if (progress != client->progress)
        http_touch(call);
    client->progress = progress;
    if (client->provider->done(client->reader))
        http_drain(call);
    return true;
}

/* --- asking ------------------------------------------------------------------------------------
 */

static int build(struct model_client *client, const struct action *action, struct buf *body,
                 struct err *err)
{
    char *extra = run_config_extra(config_of(client));
    struct model_params params = params_for(client, action->final, action->variant, extra);
    int rc = transcript_request(body, client->transcript, &params, err);

    free(extra);
    return rc;
}

static int send(struct model_client *client, struct buf *body, struct err *err)
{
    static const struct http_sink sink = {on_headers, on_bytes, on_done};
    const struct run_config *config = config_of(client);
    const char *key = client->endpoint.key ? secret_reveal(client->endpoint.key) : NULL;
    struct buf auth;

    buf_init(&auth, SECRET_MAX + 64);
    int rc = profile_auth_value(&auth, client->profile, key, err);
    const struct http_header headers[] = {
        {"Content-Type", "application/json", false},
        {profile_auth_name(client->profile), auth.data, true},
    };
    size_t len = body->len;
    const struct http_request request = {
        .url = client->url,
        .headers = headers,
        .header_count = auth.len > 0 ? 2 : 1,
        .body = buf_take(body),
        .body_len = len,
        .body_moves = true,
        .policy = HTTP_PROVIDER,
        .allow_plain = config->http.allow_plain,
        .limits = {.connect_us = config->http.connect_us,
                   .first_byte_us = config->http.first_byte_us,
                   .idle_us = config->http.event_us,
                   .total_us = config->http.response_us,
                   .bytes = config->http.response_bytes},
    };
    if (rc == 0)
        rc = http_start(client->options.http, &request, &sink, client, &client->call, err);
    else
        free((void *)(uintptr_t)request.body);
    explicit_bzero(auth.data, auth.len);
    buf_free(&auth);
    return rc;
}

/* Nothing was sent. Buffers give a code and no words. */
static void fail_unsent(struct model_client *client, int rc, enum failure failure, struct err *err)
{
    if (rc == E_NOMEM)
        (void)err_set(err, rc, "no memory for the request");
    fail_here(client, failure, err->msg);
}

void model_client_call(struct model_client *client, const struct action *action)
{
    struct err err = {0};
    struct buf body;

    model_client_cancel(client);
    client->silent = client->refused = false;
    client->number = action->call;
    client->attempt = action->attempt;
    client->start_us = clock_mono(&client->options.clock);
    client->first_us = 0;
    client->progress = 0;
    buf_clear(&client->raw);
    gate_hint_init(&client->hint);
    buf_init(&body, TRANSCRIPT_MAX);
    int rc = build(client, action, &body, &err);
    if (rc < 0) {
        fail_unsent(client, rc, rc == E_TOOBIG ? FAILURE_CONTEXT : FAILURE_REQUEST, &err);
    } else {
        rc = send(client, &body, &err);
        if (rc < 0)
            fail_unsent(client, rc, rc == E_NOTFOUND ? FAILURE_AUTH : FAILURE_REQUEST, &err);
    }
    buf_free(&body);
}

void model_client_cancel(struct model_client *client)
{
    if (!client->call)
        return;
    client->silent = true;
    http_cancel(client->call);
}
