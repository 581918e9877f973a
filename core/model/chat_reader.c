/* SPDX-License-Identifier: MIT */
/*
 * What an HTTP body is decides on its first bytes, not on what its headers claim: a JSON answer to
 * a streaming request, events under a wrong Content-Type, a web page with status 200 are all seen.
 * An answer is complete when its finish_reason or [DONE] came; what the server does with the
 * connection after that does not matter.
 */
#include "core/model/chat_reader.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/model/chat_error.h"
#include "core/model/chat_quick.h"
#include "core/model/chat_usage.h"
#include "core/net/sse.h"

#define BOM "\xef\xbb\xbf"

static struct chat_reader *self(const struct model_reader *r)
{
    return (struct chat_reader *)r;
}

static void channel_init(struct chat_channel *ch, enum model_delta_kind kind)
{
    *ch = (struct chat_channel){.kind = kind};
    buf_init(&ch->text, MESSAGE_TEXT_MAX);
}

/* ---- Events ---- */

/* The stream cannot be read on. The first reason counts. */
static int stop(struct chat_reader *r, const struct err *why, const char *text, size_t len)
{
    if (r->answer.code == 0) {
        r->answer.code = why->code;
        free(r->answer.excerpt);
        r->answer.excerpt = len > 0 ? chat_error_excerpt(text, len) : NULL;
        if (!r->refused)
            r->answer.error.message = mem_text(why->msg);
    }
    return r->answer.code;
}

/* Reads JSON that may hold wrong text. */
static int parse(struct chat_reader *r, cJSON **out, enum mend *mended, const char *text,
                 size_t len, struct err *err)
{
    int rc = json_parse(out, text, len, &json_api, err);

    *mended = rc == E_PARSE ? mend_json(&r->scratch, text, len) : MEND_NOTHING;
    return *mended ? json_parse(out, r->scratch.data, r->scratch.len, &json_api, err) : rc;
}

static void keep_excerpt(struct chat_reader *r, const char *text, size_t len)
{
    if (!r->answer.excerpt && len > 0)
        r->answer.excerpt = chat_error_excerpt(text, len);
}

/* The data of an event named error is an error whatever it looks like. */
static void take_error_event(struct chat_reader *r, const struct sse_event *event, cJSON *tree)
{
    if (!tree || !chat_refuse(r, tree, true)) {
        if (!r->refused)
            r->answer.error.message = chat_error_line(event->data, event->len);
        r->refused = true;
    }
    keep_excerpt(r, event->data, event->len);
}

static int take_long(struct chat_reader *r, const struct sse_event *event, struct err *err)
{
    cJSON *tree = NULL;
    enum mend mended;
    bool named = sse_is(event, "error");
    struct err why = {0};
    int rc = parse(r, &tree, &mended, event->data, event->len, &why);

    if (named) {
        if (tree && mended == MEND_MARKED)
            mend_tree(tree);
        take_error_event(r, event, tree);
        rc = 0;
    } else if (rc == 0) {
        rc = chat_event_take(r, tree, mended, &why);
        if (r->refused)
            keep_excerpt(r, event->data, event->len);
    } else if (event->cut || !sse_is(event, "message")) {
        rc = 0; /* the connection's last gasp, or an event that is none of ours */
    } else {
        char *text = mem_text(why.msg);

        (void)err_set(&why, why.code == E_TOOBIG ? E_TOOBIG : E_PROTOCOL,
                      "event %zu of the stream is not JSON: %s", r->answer.events, text);
        free(text);
        rc = why.code;
    }
    cJSON_Delete(tree);
    if (rc < 0)
        (void)err_set(err, stop(r, &why, event->data, event->len), "%s", why.msg);
    return rc;
}

static bool is_done(const struct sse_event *event)
{
    const char *at = event->data, *end = at + event->len;

    while (at < end && isspace((unsigned char)*at))
        at++;
    while (end > at && isspace((unsigned char)end[-1]))
        end--;
    return end - at == 6 && memcmp(at, "[DONE]", 6) == 0;
}

static bool take_short(struct chat_reader *r, const struct sse_event *event, int *rc,
                       struct err *err)
{
    struct chat_quick quick;
    struct err why = {0};

    if (r->long_way || sse_is(event, "error") ||
        !chat_quick_read(&quick, &r->scratch, event->data, event->len) ||
        !chat_event_take_quick(r, &quick, rc, &why))
        return false;
    if (*rc < 0)
        (void)err_set(err, stop(r, &why, event->data, event->len), "%s", why.msg);
    return true;
}

static int on_event(void *ctx, const struct sse_event *event, struct err *err)
{
    struct chat_reader *r = ctx;
    int rc = 0;

    if (is_done(event)) {
        r->answer.done_seen = true;
        return 0;
    }
    if (r->answer.done_seen || r->refused)
        return 0;
    if (!event->cut)
        r->answer.events++;
    return take_short(r, event, &rc, err) ? rc : take_long(r, event, err);
}

/* ---- Bytes ---- */

/* Whether the text begins, or may still turn out to begin, with a field of an event. */
static bool starts_field(const char *text, size_t len, bool *whole)
{
    static const char *const fields[] = {":", "data:", "event:", "id:", "retry:"};

    *whole = false;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        size_t want = strlen(fields[i]);

        if (strncmp(fields[i], text, len < want ? len : want) == 0) {
            *whole = len >= want;
            return true;
        }
    }
    return false;
}

static enum chat_shape shape_of(const char *text, size_t len, const char *content_type)
{
    bool whole;

    if (memcmp(text, BOM, len < 3 ? len : 3) == 0) {
        text += len < 3 ? len : 3;
        len -= len < 3 ? len : 3;
    }
    while (len > 0 && isspace((unsigned char)*text)) {
        text++;
        len--;
    }
    if (len == 0)
        return CHAT_UNDECIDED;
    if (memchr("{[<\"", *text, 4))
        return CHAT_BODY;
    if (starts_field(text, len, &whole))
        return whole ? CHAT_EVENTS : CHAT_UNDECIDED;
    return content_type && strncasecmp(content_type, "text/event-stream", 17) == 0 ? CHAT_EVENTS
                                                                                   : CHAT_BODY;
}

static int feed_events(struct chat_reader *r, const char *data, size_t len)
{
    struct err err = {0};
    int rc = sse_feed(r->sse, data, len, &err);

    if (rc < 0 && r->answer.code == 0)
        rc = stop(r, &err, NULL, 0);
    return rc;
}

static int begin_events(struct chat_reader *r)
{
    int rc;

    sse_new(&r->sse, NULL, on_event, r);
    r->answer.streamed = true;
    rc = feed_events(r, r->body.data, r->body.len);
    buf_free(&r->body);
    return rc;
}

int chat_reader_feed(struct model_reader *reader, const void *data, size_t len)
{
    struct chat_reader *r = self(reader);
    struct err why = {0};

    if (r->answer.code < 0)
        return r->answer.code;
    r->bytes += len;
    if (r->bytes > MESSAGE_TEXT_MAX) {
        (void)err_set(&why, E_TOOBIG, "the answer is longer than %zu MiB", MESSAGE_TEXT_MAX >> 20);
        return stop(r, &why, NULL, 0);
    }
    if (r->shape == CHAT_EVENTS)
        return feed_events(r, data, len);
    if (buf_add(&r->body, data, len) < 0) {
        (void)err_set(&why, E_NOMEM, "no memory for the answer");
        return stop(r, &why, NULL, 0);
    }
    if (r->shape == CHAT_UNDECIDED)
        r->shape = shape_of(r->body.data, r->body.len, r->options.content_type);
    return r->shape == CHAT_EVENTS ? begin_events(r) : 0;
}

bool chat_reader_done(const struct model_reader *reader)
{
    return self(reader)->answer.done_seen || self(reader)->refused;
}

size_t chat_reader_progress(const struct model_reader *reader)
{
    return self(reader)->answer.events;
}

/* ---- The end ---- */

static bool is_failure(const struct chat_reader *r)
{
    return r->options.status >= 300;
}

/* A short note for people about a body that says nothing itself. */
static void refuse_by_status(struct chat_reader *r)
{
    if (!r->answer.error.message)
        r->answer.error.message = r->body.len > 0 ? chat_error_line(r->body.data, r->body.len)
                                                  : mem_printf("HTTP status %d", r->options.status);
    r->refused = true;
}

/* A body without a choice: an error in some shape, or no answer at all. */
static void body_without_answer(struct chat_reader *r, const cJSON *tree, const char *what)
{
    struct err why = {0};

    keep_excerpt(r, r->body.data, r->body.len);
    if (tree && chat_refuse(r, tree, true))
        return;
    if (is_failure(r))
        return;
    char *line = chat_error_line(r->body.data, r->body.len);
    if (*line)
        (void)err_set(&why, E_PROTOCOL, "%s: %s", what, line);
    else
        (void)err_set(&why, E_PROTOCOL, "the answer is empty");
    free(line);
    (void)stop(r, &why, r->body.data, r->body.len);
}

static void read_body(struct chat_reader *r, bool whole)
{
    cJSON *tree = NULL;
    enum mend mended;
    struct err why = {0};

    if (r->body.len >= 3 && memcmp(r->body.data, BOM, 3) == 0)
        buf_drop(&r->body, 3);
    int rc = parse(r, &tree, &mended, r->body.data, r->body.len, &why);

    if (rc == 0 && !is_failure(r))
        rc = chat_event_take(r, tree, mended, &why);
    else if (tree && mended == MEND_MARKED)
        mend_tree(tree);
    if (rc < 0 && (tree || rc == E_TOOBIG))
        (void)stop(r, &why, r->body.data, r->body.len);
    else if (r->refused)
        keep_excerpt(r, r->body.data, r->body.len);
    else if (tree && !r->chosen)
        body_without_answer(r, tree, "the answer has no choices");
    else if (!tree && (whole || is_failure(r)))
        body_without_answer(r, NULL, "the answer is not JSON");
    cJSON_Delete(tree);
}

static enum answer_outcome judge(const struct chat_reader *r, int code, bool done_seen)
{
    bool ended = r->shape == CHAT_BODY || done_seen || (r->finish_reason && *r->finish_reason);

    if (r->refused)
        return ANSWER_ERROR;
    if (code < 0)
        return ANSWER_PROTOCOL;
    return r->chosen && ended ? ANSWER_OK : ANSWER_INCOMPLETE;
}

static enum answer_stop stop_of(const char *reason, const struct message *m)
{
    static const struct {
        const char *reason;
        enum answer_stop stop;
    } table[] = {
        {"length", STOP_LENGTH},     {"model_length", STOP_LENGTH},   {"max_tokens", STOP_LENGTH},
        {"MAX_TOKENS", STOP_LENGTH}, {"content_filter", STOP_FILTER}, {"SAFETY", STOP_FILTER},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (str_eq(table[i].reason, reason))
            return table[i].stop;
    return m->call_count > 0 ? STOP_CALLS : STOP_END;
}

static void reject_calls(struct message *m, size_t from, const char *why)
{
    for (size_t i = from; i < m->call_count; i++)
        tool_call_reject(&m->calls[i], why);
}

/* Marks the calls that must not run because of how the answer ended. */
static void judge_calls(struct model_answer *a)
{
    struct message *m = a->message;

    if (a->outcome != ANSWER_OK)
        reject_calls(m, 0, "the answer broke off before it was complete");
    else if (a->stop == STOP_LENGTH && m->call_count > 0)
        reject_calls(m, m->call_count - 1, "the answer was cut by the length limit");
    else if (a->stop == STOP_FILTER)
        reject_calls(m, 0, "a content filter ended the answer");
    m->cut = a->outcome != ANSWER_OK || a->stop == STOP_LENGTH;
}

static struct message *make_message(struct chat_reader *r)
{
    struct message *m = mem_new(sizeof *m);

    m->role = ROLE_ASSISTANT;
    m->content = buf_take(&r->content.text);
    m->reasoning = r->reasoning.text.len > 0 ? buf_take(&r->reasoning.text) : NULL;
    tool_assembly_take(&r->calls, m);
    m->opaque = chat_opaque_text(&r->opaque);
    m->provider = mem_text(r->options.profile);
    m->model = mem_text(r->options.model);
    m->finish_reason = r->finish_reason;
    r->finish_reason = NULL;
    return m;
}

/* finish_reason "error" without an error beside it is one all the same. */
static void refuse_by_reason(struct chat_reader *r)
{
    if (r->refused || r->answer.code < 0 || !str_eq(r->finish_reason, "error"))
        return;
    r->answer.error.message = mem_text("the provider ended the answer with an unnamed error");
    r->refused = true;
}

static void end_reading(struct chat_reader *r, bool whole)
{
    if (r->shape == CHAT_EVENTS && r->answer.code == 0)
        (void)sse_end(r->sse, NULL); /* what it says is in r->answer */
    else if (r->shape != CHAT_EVENTS && r->answer.code == 0)
        read_body(r, whole);
    (void)chat_channel_end(r, &r->reasoning); /* three bytes that may not fit any more */
    (void)chat_channel_end(r, &r->content);
    if (is_failure(r)) {
        refuse_by_status(r);
        r->answer.error.status = r->options.status;
    }
    refuse_by_reason(r);
    if (r->refused && !r->answer.error.message && r->answer.excerpt)
        r->answer.error.message = chat_error_line(r->answer.excerpt, strlen(r->answer.excerpt));
}

void chat_reader_finish(struct model_reader *reader, bool whole, struct model_answer *out)
{
    struct chat_reader *r = self(reader);

    end_reading(r, whole);
    *out = r->answer;
    r->answer = (struct model_answer){.code = E_CLOSED};
    out->outcome = judge(r, out->code, out->done_seen);
    out->message = make_message(r);
    out->stop = stop_of(out->message->finish_reason, out->message);
    judge_calls(out);
}

int chat_reader_open(struct model_reader **out, const struct reader_options *options,
                     struct err *err)
{
    struct chat_reader *r = mem_new(sizeof *r);

    (void)err;
    r->options = *options;
    r->options.profile = mem_text(options->profile);
    r->options.model = mem_text(options->model);
    r->options.content_type = mem_text(options->content_type);
    buf_init(&r->body, MESSAGE_TEXT_MAX);
    buf_init(&r->scratch, 3 * MESSAGE_TEXT_MAX); /* a wrong byte becomes three */
    channel_init(&r->content, DELTA_TEXT);
    channel_init(&r->reasoning, DELTA_REASONING);
    chat_opaque_init(&r->opaque);
    chat_usage_none(&r->answer.usage);
    *out = (struct model_reader *)r;
    return 0;
}

void chat_reader_close(struct model_reader *reader)
{
    struct chat_reader *r = self(reader);

    if (!r)
        return;
    sse_free(r->sse);
    buf_free(&r->body);
    buf_free(&r->scratch);
    buf_free(&r->content.text);
    buf_free(&r->reasoning.text);
    tool_assembly_free(&r->calls);
    chat_opaque_free(&r->opaque);
    model_answer_clear(&r->answer);
    free(r->finish_reason);
    free((char *)r->options.profile);
    free((char *)r->options.model);
    free((char *)r->options.content_type);
    free(r);
}
