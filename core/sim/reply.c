/* SPDX-License-Identifier: MIT */
#include "core/sim/reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/sim/asked.h"
#include "core/sim/condition.h"
#include "core/sim/fact.h"
#include "core/sim/fault.h"

#define TEXT_MAX  ((size_t)64 << 20)
#define TOKEN_MAX 12 /* bytes of one token */
#define CHUNK_MAX 100000
#define RATE_MAX  1000000

/* ---- Reading ---- */

static int read_template(const struct strict *s, const cJSON *value, void *at)
{
    struct err why = {0};
    int rc = strict_scalar(s, value, at);

    if (rc == 0 && fact_check_template(*(char **)at, &why) < 0)
        rc = strict_fail(s, value, "%s", why.msg);
    return rc;
}

/* Every text inside a tree is a template. */
static int check_templates(const struct strict *s, const cJSON *value)
{
    const cJSON *part;
    struct err why = {0};
    int rc = 0;

    if (cJSON_IsString(value) && fact_check_template(value->valuestring, &why) < 0)
        return strict_fail(s, value, "%s", why.msg);
    cJSON_ArrayForEach(part, value)
    {
        rc = check_templates(s, part);
        if (rc < 0)
            break;
    }
    return rc;
}

static int read_arguments(const struct strict *s, const cJSON *value, void *at)
{
    if (!cJSON_IsObject(value) && !cJSON_IsString(value))
        return strict_fail(s, value, "arguments: expected names and values, or a raw text");
    int rc = check_templates(s, value);
    return rc < 0 ? rc : strict_keep(s, value, at);
}

static const struct strict_field call_fields[] = {
    {"id", read_template, offsetof(struct reply_call, id)},
    {"name", read_template, offsetof(struct reply_call, name)},
    {"arguments", read_arguments, offsetof(struct reply_call, arguments)},
    {0},
};

static int read_calls(const struct strict *s, const cJSON *value, void *at)
{
    struct reply *reply = at;
    const cJSON *entry;

    if (!cJSON_IsArray(value))
        return strict_fail(s, value, "calls: expected a list");
    reply->calls = mem_array((size_t)cJSON_GetArraySize(value) + 1, sizeof *reply->calls);
    cJSON_ArrayForEach(entry, value)
    {
        struct reply_call *call = &reply->calls[reply->call_count++];
        int rc = strict_read(s, entry, "a call", call_fields, call);

        if (rc == 0 && !call->name)
            rc = strict_fail(s, entry, "a call needs a name");
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int read_when(const struct strict *s, const cJSON *value, void *at)
{
    return condition_read(at, s, value);
}

static int read_faults(const struct strict *s, const cJSON *value, void *at)
{
    struct reply *reply = at;

    return fault_read_list(&reply->faults, &reply->fault_count, s, value);
}

static int read_expect(const struct strict *s, const cJSON *value, void *at)
{
    struct reply *reply = at;

    return expectation_read_list(&reply->expects, &reply->expect_count, s, value);
}

static int read_finish(const struct strict *s, const cJSON *value, void *at)
{
    if (!cJSON_IsString(value) && !cJSON_IsNull(value))
        return strict_fail(s, value, "finish: expected a text, or null to send none");
    return strict_keep(s, value, at);
}

static int read_usage(const struct strict *s, const cJSON *value, void *at)
{
    if (!cJSON_IsObject(value) && !cJSON_IsNull(value))
        return strict_fail(s, value, "usage: expected counts, or null to send none");
    return strict_keep(s, value, at);
}

static int read_chunk(const struct strict *s, const cJSON *value, void *at)
{
    int rc = strict_whole(s, value, at);

    if (rc == 0 && (*(int64_t *)at < 1 || *(int64_t *)at > CHUNK_MAX))
        rc = strict_fail(s, value, "chunk: expected 1 to %d tokens an event", CHUNK_MAX);
    return rc;
}

static int read_rate(const struct strict *s, const cJSON *value, void *at)
{
    int rc = strict_whole(s, value, at);

    if (rc == 0 && *(int64_t *)at > RATE_MAX)
        rc =
            strict_fail(s, value, "rate: expected at most a million tokens a second, 0 = no limit");
    return rc;
}

static const struct strict_field pace_fields[] = {
    {"latency", strict_duration, offsetof(struct pace, latency_us)},
    {"rate", read_rate, offsetof(struct pace, rate)},
    {"chunk", read_chunk, offsetof(struct pace, chunk)},
    {0},
};

int pace_read(struct pace *out, const struct strict *s, const cJSON *value)
{
    return strict_read(s, value, "defaults", pace_fields, out);
}

static const struct strict_field reply_fields[] = {
    {"name", strict_text, offsetof(struct reply, name)},
    {"when", read_when, offsetof(struct reply, when)},
    {"expect", read_expect, 0},
    {"text", read_template, offsetof(struct reply, text)},
    {"repeat", read_template, offsetof(struct reply, repeat)},
    {"reasoning", read_template, offsetof(struct reply, reasoning)},
    {"calls", read_calls, 0},
    {"finish", read_finish, offsetof(struct reply, finish)},
    {"usage", read_usage, offsetof(struct reply, usage)},
    {"latency", strict_duration, offsetof(struct reply, pace.latency_us)},
    {"rate", read_rate, offsetof(struct reply, pace.rate)},
    {"chunk", read_chunk, offsetof(struct reply, pace.chunk)},
    {"faults", read_faults, 0},
    {0},
};

int reply_read(struct reply *out, const struct strict *s, const cJSON *value)
{
    *out = (struct reply){.line = yaml_line(s->doc, value), .pace = {-1, -1, -1}};
    int rc = strict_read(s, value, "a reply", reply_fields, out);

    if (rc == 0 && !out->text && !out->reasoning && out->call_count == 0 && out->fault_count == 0)
        rc = strict_fail(s, value, "a reply says something: text, reasoning, calls, or faults");
    if (rc == 0 && out->repeat && !out->text)
        rc = strict_fail(s, value, "repeat goes with text");
    return rc;
}

void reply_clear(struct reply *reply)
{
    for (size_t i = 0; i < reply->call_count; i++) {
        free(reply->calls[i].id);
        free(reply->calls[i].name);
    }
    free(reply->calls);
    free(reply->name);
    free(reply->text);
    free(reply->reasoning);
    free(reply->repeat);
    condition_free(reply->when);
    expectation_free_list(reply->expects, reply->expect_count);
    fault_free_list(reply->faults, reply->fault_count);
    *reply = (struct reply){0};
}

/* ---- Expectations ---- */

static const struct strict_field expectation_fields[] = {
    {"name", strict_text, offsetof(struct expectation, name)},
    {"when", read_when, offsetof(struct expectation, when)},
    {"that", read_when, offsetof(struct expectation, that)},
    {0},
};

int expectation_read_list(struct expectation **out, size_t *count, const struct strict *s,
                          const cJSON *list)
{
    const cJSON *entry;

    if (!cJSON_IsArray(list))
        return strict_fail(s, list, "expect: expected a list");
    *out = mem_array((size_t)cJSON_GetArraySize(list) + 1, sizeof **out);
    cJSON_ArrayForEach(entry, list)
    {
        struct expectation *e = &(*out)[(*count)++];

        e->line = yaml_line(s->doc, entry);
        int rc = strict_read(s, entry, "an expectation", expectation_fields, e);
        if (rc == 0 && !e->that)
            rc = strict_fail(s, entry, "an expectation needs `that`: what must hold");
        if (rc < 0)
            return rc;
    }
    return 0;
}

void expectation_free_list(struct expectation *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(list[i].name);
        condition_free(list[i].when);
        condition_free(list[i].that);
    }
    free(list);
}

/* ---- Filling in ---- */

size_t say_token(const char *text, size_t len)
{
    size_t at = 0, start;

    while (at < len && (text[at] == ' ' || text[at] == '\n'))
        at++;
    start = at;
    while (at < len && text[at] != ' ' && text[at] != '\n')
        at++;
    if (at - start <= TOKEN_MAX)
        return at;
    size_t cut = utf8_cut(text, start + TOKEN_MAX);
    return cut > start ? cut : start + TOKEN_MAX;
}

size_t say_count_tokens(const char *text, size_t len)
{
    size_t count = 0;

    for (size_t at = 0; at < len; count++)
        at += say_token(text + at, len - at);
    return count;
}

/* A copy of the tree with every text filled in. */
static int fill_tree(cJSON *value, const struct asked *asked)
{
    cJSON *part;
    int rc = 0;

    if (cJSON_IsString(value) && strstr(value->valuestring, "{{")) {
        struct buf text;

        buf_init(&text, TEXT_MAX);
        rc = fact_fill(&text, value->valuestring, asked);
        if (rc == 0 && !cJSON_SetValuestring(value, text.data))
            rc = E_NOMEM;
        buf_free(&text);
    }
    cJSON_ArrayForEach(part, value)
    {
        if (rc == 0)
            rc = fill_tree(part, asked);
    }
    return rc;
}

static int fill_arguments(char **out, const cJSON *arguments, const struct asked *asked)
{
    struct buf text;
    int rc;

    if (!cJSON_IsObject(arguments)) {
        buf_init(&text, TEXT_MAX);
        rc = fact_fill(&text, arguments ? arguments->valuestring : "{}", asked);
        *out = buf_take(&text);
        return rc;
    }
    cJSON *copy = cJSON_Duplicate(arguments, true);
    if (!copy)
        return E_NOMEM;
    rc = fill_tree(copy, asked);
    *out = json_print(copy);
    cJSON_Delete(copy);
    return rc;
}

static int fill_text(char **out, const char *template, const struct asked *asked)
{
    struct buf text;

    buf_init(&text, TEXT_MAX);
    int rc = fact_fill(&text, template, asked);
    *out = buf_take(&text);
    return rc;
}

/* An id of our own depends on where in the conversation the call is made, and on nothing else. */
static char *own_id(const struct asked *asked, size_t index)
{
    return mem_printf("call_%zu_%zu", asked_count_role(asked, "assistant", 0), index);
}

static int fill_calls(struct say *out, const struct reply *reply, const struct asked *asked)
{
    int rc = 0;

    out->calls = mem_array(reply->call_count, sizeof *out->calls);
    for (size_t i = 0; rc == 0 && i < reply->call_count; i++) {
        const struct reply_call *from = &reply->calls[i];
        struct say_call *call = &out->calls[out->call_count++];

        if (from->id)
            rc = fill_text(&call->id, from->id, asked);
        else
            call->id = own_id(asked, i);
        if (rc == 0)
            rc = fill_text(&call->name, from->name, asked);
        if (rc == 0)
            rc = fill_arguments(&call->arguments, from->arguments, asked);
    }
    return rc;
}

static int fill_repeat(struct say *out, const struct reply *reply, const struct asked *asked,
                       struct err *err)
{
    int64_t repeat = 1;

    if (reply->repeat && (fact_fill_number(&repeat, reply->repeat, asked) < 0 || repeat < 1 ||
                          repeat > REPLY_REPEAT_MAX))
        return err_set(err, E_PARSE, "repeat '%s' is no number from 1 to %d", reply->repeat,
                       REPLY_REPEAT_MAX);
    out->repeat = (uint64_t)repeat;
    return 0;
}

static void count_usage(struct say *say, const struct asked *asked)
{
    size_t prompt = 0, said = say_count_tokens(say->reasoning.data, say->reasoning.len);

    for (size_t i = 0; i < asked->count; i++)
        prompt += say_count_tokens(asked->messages[i].text, strlen(asked->messages[i].text)) + 4;
    for (size_t i = 0; i < asked->call_count; i++)
        prompt +=
            say_count_tokens(asked->calls[i].arguments, strlen(asked->calls[i].arguments)) + 8;
    for (size_t i = 0; i < say->call_count; i++)
        said += say_count_tokens(say->calls[i].arguments, strlen(say->calls[i].arguments)) + 8;
    said += say_count_tokens(say->text.data, say->text.len) * say->repeat;
    say->prompt_tokens = (int64_t)prompt;
    say->completion_tokens = (int64_t)said;
}

static void choose_finish(struct say *say, const struct reply *reply)
{
    if (reply->finish)
        say->finish = cJSON_IsString(reply->finish) ? reply->finish->valuestring : NULL;
    else
        say->finish = say->call_count > 0 ? "tool_calls" : "stop";
}

int reply_fill(struct say *out, const struct reply *reply, const struct asked *asked,
               struct err *err)
{
    char hash[2 * SHA256_BYTES + 1];

    *out = (struct say){.model = asked->model ? asked->model : "simulator",
                        .usage = reply->usage,
                        .usage_wanted = asked->usage && !cJSON_IsNull(reply->usage),
                        .chunk = reply->pace.chunk > 0 ? (size_t)reply->pace.chunk : 1};
    sha256_text(hash, &asked->hash);
    (void)snprintf(out->id, sizeof out->id, "sim-%.16s", hash);
    buf_init(&out->text, TEXT_MAX);
    buf_init(&out->reasoning, TEXT_MAX);
    int rc = fill_repeat(out, reply, asked, err);
    if (rc < 0)
        return rc;
    if (reply->text)
        rc = fact_fill(&out->text, reply->text, asked);
    if (rc == 0 && reply->reasoning)
        rc = fact_fill(&out->reasoning, reply->reasoning, asked);
    if (rc == 0)
        rc = fill_calls(out, reply, asked);
    if (rc < 0)
        return err_set(err, rc, "the reply at line %d grows too big", reply->line);
    count_usage(out, asked);
    choose_finish(out, reply);
    return 0;
}

void say_clear(struct say *say)
{
    for (size_t i = 0; i < say->call_count; i++) {
        free(say->calls[i].id);
        free(say->calls[i].name);
        free(say->calls[i].arguments);
    }
    free(say->calls);
    buf_free(&say->text);
    buf_free(&say->reasoning);
}
