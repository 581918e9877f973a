/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as the body of a Chat answer: read whole, in slices, and without the short way, they
 * give the same answer; nothing in it is over its ceiling, wrong UTF-8, or a call that may run
 * although the answer is not complete.
 *
 * The first byte chooses status, Content-Type and how the transfer ended; the second how it is cut.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/model/chat_reader.h"
#include "core/model/openai_chat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
    if (!truth)
        abort();
}

static void must_be_text(const char *text, size_t most)
{
    must(!text || (strlen(text) <= most && utf8_valid(text, strlen(text))));
}

struct body {
    const char *bytes;
    size_t len;
    uint8_t kind;
};

/* Deltas must come as whole characters. */
static void on_delta(void *self, const struct model_delta *delta)
{
    size_t *total = self;

    must(utf8_valid(delta->text, delta->len));
    must(delta->kind != DELTA_CALL || delta->call < MESSAGE_CALLS_MAX);
    if (delta->kind == DELTA_TEXT)
        *total += delta->len;
}

static void read_body(struct model_answer *out, const struct body *body, size_t slice,
                      bool long_way)
{
    static const int statuses[] = {200, 200, 200, 204, 302, 400, 429, 500};
    static const char *const types[] = {"text/event-stream", "application/json", "text/html", NULL};
    size_t total = 0;
    struct reader_options options = {.status = statuses[body->kind & 7],
                                     .content_type = types[body->kind >> 3 & 3],
                                     .profile = "p",
                                     .model = "m",
                                     .on_delta = on_delta,
                                     .self = &total};
    struct model_reader *r;

    must(openai_chat.open(&r, &options, NULL) == 0);
    ((struct chat_reader *)r)->long_way = long_way;
    for (size_t at = 0; at < body->len; at += slice) {
        size_t len = body->len - at < slice ? body->len - at : slice;
        char *copy = mem_copy(body->bytes + at, len);

        (void)openai_chat.feed(r, copy, len); /* finish tells */
        free(copy);
    }
    openai_chat.finish(r, body->kind & 32, out);
    openai_chat.close(r);
    must(total == strlen(out->message->content));
}

static void check_calls(const struct model_answer *a)
{
    const struct message *m = a->message;

    must(m->call_count <= MESSAGE_CALLS_MAX);
    for (size_t i = 0; i < m->call_count; i++) {
        const struct tool_call *call = &m->calls[i];

        must_be_text(call->id, MESSAGE_ID_MAX);
        must_be_text(call->name, MESSAGE_NAME_MAX);
        must_be_text(call->args, MESSAGE_ARGS_MAX);
        must(call->args_valid == !call->args_error);
        must(!call->args_valid || a->outcome == ANSWER_OK);
        must(!call->args_valid ||
             json_check(call->args, strlen(call->args), &json_args, NULL) == 0);
        must(!call->extra || json_check(call->extra, strlen(call->extra), NULL, NULL) == 0);
    }
}

static void check(const struct model_answer *a)
{
    must_be_text(a->message->content, MESSAGE_TEXT_MAX);
    must_be_text(a->message->reasoning, MESSAGE_TEXT_MAX);
    must_be_text(a->message->finish_reason, 256);
    must_be_text(a->model, 256);
    must_be_text(a->id, 256);
    must_be_text(a->error.type, 256);
    must_be_text(a->error.code, 400);
    must_be_text(a->error.message, 4096);
    must_be_text(a->excerpt, 3 * 512);
    must(a->outcome == ANSWER_OK || a->outcome == ANSWER_INCOMPLETE || a->error.message ||
         a->error.type || a->error.code || a->error.status);
    must((a->outcome == ANSWER_PROTOCOL) <= (a->code < 0));
    check_calls(a);
}

/* All that an answer says, and a message that history can store and read again. */
static char *text_of(const struct model_answer *a)
{
    struct message *again = NULL;
    struct buf out;
    size_t stored;

    buf_init(&out, SIZE_MAX);
    must(message_print(&out, a->message) == 0);
    stored = out.len;
    must(message_parse(&again, out.data, out.len, NULL) == 0);
    must(message_print(&out, again) == 0);
    must(out.len == 2 * stored && memcmp(out.data, out.data + stored, stored) == 0);
    message_free(again);
    must(buf_printf(&out, "%d %d %d %d %d %zu", a->outcome, a->stop, a->code, a->done_seen,
                    a->streamed, a->events) == 0);
    must(buf_printf(&out, "%s|%s|%s|%s|%s|%s|%s|%d", a->error.type ? a->error.type : "",
                    a->error.code ? a->error.code : "", a->error.param ? a->error.param : "",
                    a->error.message ? a->error.message : "", a->model ? a->model : "",
                    a->id ? a->id : "", a->excerpt ? a->excerpt : "", a->error.status) == 0);
    must(buf_printf(&out, "%lld %lld %lld %lld", (long long)a->usage.input,
                    (long long)a->usage.output, (long long)a->usage.cached,
                    (long long)a->usage.total) == 0);
    return buf_take(&out);
}

static char *read_to_text(const struct body *body, size_t slice, bool long_way)
{
    struct model_answer answer;
    char *text;

    read_body(&answer, body, slice, long_way);
    check(&answer);
    text = text_of(&answer);
    model_answer_clear(&answer);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct body body;
    char *whole;

    if (size < 2)
        return 0;
    body = (struct body){(const char *)data + 2, size - 2, data[0]};
    whole = read_to_text(&body, body.len + 1, false);
    for (int long_way = 0; long_way <= 1; long_way++) {
        char *cut = read_to_text(&body, 1 + data[1] % 64, long_way);

        must(strcmp(whole, cut) == 0);
        free(cut);
    }
    free(whole);
    return 0;
}
