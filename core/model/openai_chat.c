/* SPDX-License-Identifier: MIT */
/*
 * Requests of the Chat Completions format. What differs between servers is asked of the profile.
 * Order of the members is fixed, so that one conversation gives one text.
 */
#include "core/model/openai_chat.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/str.h"
#include "core/model/chat_reader.h"
#include "core/model/profile.h"

#define TOOL_NAME_MAX 64

/* Appends texts up to a NULL. */
static int put(struct buf *out, ...)
{
    va_list ap;
    const char *text;
    int rc = 0;

    va_start(ap, out);
    while (rc == 0 && (text = va_arg(ap, const char *)))
        rc = buf_text(out, text);
    va_end(ap);
    return rc;
}

/* Appends "lead", then the text as a JSON string. */
static int put_string(struct buf *out, const char *lead, const char *text)
{
    int rc = buf_text(out, lead);

    return rc < 0 ? rc : json_quote(out, text, strlen(text));
}

/* Appends the members of a JSON object's text, each behind a comma. */
static int put_members(struct buf *out, const char *object)
{
    size_t len = strlen(object);

    if (len <= 2)
        return 0;
    int rc = buf_char(out, ',');
    return rc < 0 ? rc : buf_add(out, object + 1, len - 2);
}

/* ---- Messages ---- */

/* Whether the opaque members of a message may go to where this request goes. */
static bool is_own(const struct wire_message *w)
{
    return str_eq(w->message->provider, w->profile->name) && str_eq(w->message->model, w->model);
}

/* Arguments that are no JSON break servers that parse them again for their template; the model
   still sees what it wrote. */
static int put_args(struct buf *out, const struct tool_call *call)
{
    struct buf wrapped;
    int rc;

    if (json_check(call->args, strlen(call->args), &json_api, NULL) == 0)
        return put_string(out, ",\"arguments\":", call->args);
    buf_init(&wrapped, out->max);
    rc = put_string(&wrapped, "{\"invalid\":", call->args);
    if (rc == 0)
        rc = buf_char(&wrapped, '}');
    if (rc == 0)
        rc = put_string(out, ",\"arguments\":", wrapped.data);
    buf_free(&wrapped);
    return rc;
}

static int put_call(struct buf *out, const struct wire_message *w, size_t i)
{
    const struct tool_call *call = &w->message->calls[i];
    int rc = put_string(out, i > 0 ? ",{\"id\":" : "{\"id\":", w->call_ids[i]);

    if (rc == 0)
        rc = put_string(out, ",\"type\":\"function\",\"function\":{\"name\":", call->name);
    if (rc == 0)
        rc = put_args(out, call);
    if (rc == 0)
        rc = buf_char(out, '}');
    if (rc == 0 && call->extra && is_own(w))
        rc = put_members(out, call->extra);
    else if (rc == 0 && w->profile->foreign_call && !is_own(w))
        rc = put(out, ",", w->profile->foreign_call, NULL);
    return rc < 0 ? rc : buf_char(out, '}');
}

static int put_calls(struct buf *out, const struct wire_message *w)
{
    int rc = buf_text(out, ",\"tool_calls\":[");

    for (size_t i = 0; rc == 0 && i < w->message->call_count; i++)
        rc = put_call(out, w, i);
    return rc < 0 ? rc : buf_char(out, ']');
}

static int put_thinking(struct buf *out, const struct wire_message *w)
{
    const struct message *m = w->message;

    if (w->profile->echo == ECHO_TEXT_WITH_CALLS && m->call_count > 0)
        return put_string(out, ",\"reasoning_content\":", m->reasoning ? m->reasoning : "");
    if (w->profile->echo == ECHO_OPAQUE && m->opaque && is_own(w))
        return put_members(out, m->opaque);
    return 0;
}

static int put_assistant(struct buf *out, const struct wire_message *w)
{
    const struct message *m = w->message;
    bool empty = !*m->content && m->call_count > 0 && w->profile->content == CONTENT_NULL;
    int rc = empty ? buf_text(out, "{\"role\":\"assistant\",\"content\":null")
                   : put_string(out, "{\"role\":\"assistant\",\"content\":", m->content);

    if (rc == 0)
        rc = put_thinking(out, w);
    if (rc == 0 && m->call_count > 0)
        rc = put_calls(out, w);
    return rc < 0 ? rc : buf_char(out, '}');
}

static int put_result(struct buf *out, const struct wire_message *w)
{
    int rc = put_string(out, "{\"role\":\"tool\",\"tool_call_id\":", w->result_id);

    if (rc == 0)
        rc = put_string(out, ",\"content\":", w->message->content);
    return rc < 0 ? rc : buf_char(out, '}');
}

static int put_plain(struct buf *out, const struct wire_message *w)
{
    const char *role = w->message->role == ROLE_SYSTEM ? w->profile->system : "user";
    int rc = put_string(out, "{\"role\":", role);

    if (rc == 0)
        rc = put_string(out, ",\"content\":", w->message->content);
    return rc < 0 ? rc : buf_char(out, '}');
}

static int encode(struct wire *wire, const struct wire_message *w)
{
    struct buf *out = &wire->messages;
    size_t before = out->len;
    int rc = w->before ? buf_char(out, ',') : 0;

    if (rc == 0 && w->message->role == ROLE_ASSISTANT)
        rc = put_assistant(out, w);
    else if (rc == 0 && w->message->role == ROLE_TOOL)
        rc = put_result(out, w);
    else if (rc == 0)
        rc = put_plain(out, w);
    if (rc < 0)
        buf_cut(out, before);
    return rc;
}

/* ---- Tools ---- */

static bool is_tool_name(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789_-";
    size_t len = strlen(name);

    return len > 0 && len <= TOOL_NAME_MAX && strspn(name, allowed) == len;
}

static int put_tool(struct buf *out, const struct model_tool *tool, struct err *err)
{
    cJSON *schema = NULL;
    char *text = NULL;
    int rc;

    if (!is_tool_name(tool->name))
        return err_set(err, E_PARSE, "tool '%s': a name is 1 to %d of A-Z a-z 0-9 _ -", tool->name,
                       TOOL_NAME_MAX);
    rc = json_parse(&schema, tool->schema, strlen(tool->schema), &json_api, err);
    if (rc == 0 && !cJSON_IsObject(schema))
        rc = err_set(err, E_PARSE, "the schema is not a JSON object");
    if (rc < 0)
        rc = err_wrap(err, rc, "tool '%s'", tool->name);
    if (rc == 0)
        rc = put_string(out, "{\"type\":\"function\",\"function\":{\"name\":", tool->name);
    if (rc == 0 && tool->description)
        rc = put_string(out, ",\"description\":", tool->description);
    if (rc == 0) {
        text = json_print(schema);
        rc = put(out, ",\"parameters\":", text, "}}", NULL);
    }
    free(text);
    cJSON_Delete(schema);
    return rc;
}

static int encode_tools(struct buf *out, const struct model_tool *tools, size_t count,
                        struct err *err)
{
    int rc = buf_char(out, '[');

    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (i > 0)
            rc = buf_char(out, ',');
        if (rc == 0)
            rc = put_tool(out, &tools[i], err);
    }
    return rc < 0 ? rc : buf_char(out, ']');
}

/* ---- The body ---- */

/* Definitions are left out only where the server would take them for an invitation. */
static bool sends_tools(const struct wire_body *b)
{
    return b->tools && (b->params->choice != CHOICE_NONE || b->profile->tool_choice);
}

static int put_tools(struct buf *out, const struct wire_body *b)
{
    static const char *const choices[] = {
        [CHOICE_AUTO] = NULL, [CHOICE_NONE] = "none", [CHOICE_REQUIRED] = "required"};
    const char *choice = choices[b->params->choice];
    int rc = 0;

    if (!sends_tools(b))
        return 0;
    rc = put(out, ",\"tools\":", b->tools, NULL);
    if (rc == 0 && choice)
        rc = put(out, ",\"tool_choice\":\"", choice, "\"", NULL);
    if (rc == 0 && b->params->one_call && b->profile->parallel)
        rc = buf_text(out, ",\"parallel_tool_calls\":false");
    return rc;
}

static int put_effort(struct buf *out, const struct wire_body *b)
{
    int rc;

    if (!b->params->effort || b->profile->effort == EFFORT_NEVER)
        return 0;
    if (b->profile->effort == EFFORT_SENT)
        return put_string(out, ",\"reasoning_effort\":", b->params->effort);
    rc = put_string(out, ",\"reasoning\":{\"effort\":", b->params->effort);
    return rc < 0 ? rc : buf_char(out, '}');
}

static int put_params(struct buf *out, const struct wire_body *b)
{
    const struct model_params *p = b->params;
    int rc = p->stream ? buf_text(out, ",\"stream\":true") : 0;

    if (rc == 0 && p->stream && b->profile->stream_options)
        rc = buf_text(out, ",\"stream_options\":{\"include_usage\":true}");
    if (rc == 0 && p->max_tokens > 0)
        rc = buf_printf(out, ",\"%s\":%" PRId64, b->profile->max_tokens, p->max_tokens);
    return rc < 0 ? rc : put_effort(out, b);
}

/* Whether we write that member ourselves, here or in some other request. */
static bool is_ours(const char *key, const struct wire_body *b)
{
    static const char *const always[] = {"model", "messages", "tools", "stream", "stream_options"};
    const struct model_params *p = b->params;

    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        if (str_eq(key, always[i]))
            return true;
    if (str_eq(key, b->profile->max_tokens))
        return p->max_tokens > 0;
    if (str_eq(key, "tool_choice"))
        return p->choice != CHOICE_AUTO;
    if (str_eq(key, "parallel_tool_calls"))
        return p->one_call;
    return (str_eq(key, "reasoning_effort") || str_eq(key, "reasoning")) && p->effort;
}

static int put_extra(struct buf *out, const struct wire_body *b, struct err *err)
{
    const char *text = b->params->extra;
    cJSON *extra = NULL;
    const cJSON *item;
    int rc;

    if (!text)
        return 0;
    rc = json_parse(&extra, text, strlen(text), &json_args, err);
    if (rc == 0 && !cJSON_IsObject(extra))
        rc = err_set(err, E_PARSE, "not a JSON object");
    if (rc < 0)
        rc = err_wrap(err, rc, "extra request members");
    cJSON_ArrayForEach(item, extra)
    {
        if (rc < 0 || is_ours(item->string, b))
            continue;
        rc = put_string(out, ",", item->string);
        if (rc == 0)
            rc = buf_char(out, ':');
        if (rc == 0)
            rc = json_write(out, item);
    }
    cJSON_Delete(extra);
    return rc;
}

static int build(struct buf *out, const struct wire_body *b, struct err *err)
{
    const struct buf *messages = &b->wire->messages;
    size_t before = out->len;
    int rc = put_string(out, "{\"model\":", b->params->model);

    if (rc == 0)
        rc = buf_text(out, ",\"messages\":[");
    if (rc == 0)
        rc = buf_add(out, messages->data, messages->len);
    if (rc == 0)
        rc = buf_char(out, ']');
    if (rc == 0)
        rc = put_tools(out, b);
    if (rc == 0)
        rc = put_params(out, b);
    if (rc == 0)
        rc = put_extra(out, b, err);
    if (rc == 0)
        rc = buf_char(out, '}');
    if (rc < 0)
        buf_cut(out, before);
    return rc;
}

const struct provider openai_chat = {
    .name = "openai-chat",
    .help = "OpenAI Chat Completions, as nearly every server speaks it",
    .path = "/chat/completions",
    .models = "/models",
    .encode = encode,
    .tools = encode_tools,
    .build = build,
    .open = chat_reader_open,
    .feed = chat_reader_feed,
    .done = chat_reader_done,
    .progress = chat_reader_progress,
    .finish = chat_reader_finish,
    .close = chat_reader_close,
};
