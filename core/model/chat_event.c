/* SPDX-License-Identifier: MIT */
/*
 * Parse first, judge later: every member may be missing, null or of a type nobody promised. What is
 * not understood is passed over; only what would make the answer wrong stops it.
 */
#include "core/model/chat_reader.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/model/chat_error.h"
#include "core/model/chat_quick.h"
#include "core/model/chat_usage.h"

#define LABEL_MAX ((size_t)256) /* bytes kept of model, id and finish_reason */

/* ---- Text ---- */

static void show(struct chat_reader *r, const struct model_delta *delta)
{
    if (r->options.on_delta)
        r->options.on_delta(r->options.self, delta);
}

static int too_long(struct err *err)
{
    return err_set(err, E_TOOBIG, "the answer is longer than %zu MiB", MESSAGE_TEXT_MAX >> 20);
}

static int shown(struct chat_reader *r, struct chat_channel *ch, size_t before)
{
    if (ch->text.len > before)
        show(r, &(struct model_delta){.kind = ch->kind,
                                      .text = ch->text.data + before,
                                      .len = ch->text.len - before,
                                      .name = ""});
    return 0;
}

int chat_channel_add(struct chat_reader *r, struct chat_channel *ch, const char *text, size_t len,
                     enum mend mended, struct err *err)
{
    size_t before = ch->text.len;
    int rc;

    if (len == 0)
        return 0;
    rc = mend_text(&ch->text, &ch->half, text, len, mended == MEND_MARKED);
    return rc < 0 ? too_long(err) : shown(r, ch, before);
}

int chat_channel_end(struct chat_reader *r, struct chat_channel *ch)
{
    size_t before = ch->text.len;

    return mend_end(&ch->text, &ch->half) < 0 ? E_TOOBIG : shown(r, ch, before);
}

/* ---- Labels ---- */

/* The first text counts; "" is none. */
static void keep_first(char **label, const char *text, size_t len)
{
    if (!*label && len > 0)
        *label = mem_copy(text, len > LABEL_MAX ? utf8_cut(text, LABEL_MAX) : len);
}

/* The last reason counts, but "" (some servers send it with every event) never hides one. */
static void keep_reason(struct chat_reader *r, const char *text, size_t len)
{
    if (!text || (len == 0 && r->finish_reason))
        return;
    free(r->finish_reason);
    r->finish_reason = mem_copy(text, len > LABEL_MAX ? utf8_cut(text, LABEL_MAX) : len);
}

static void keep_first_text(char **label, const char *text)
{
    keep_first(label, text ? text : "", text ? strlen(text) : 0);
}

/* ---- Content ---- */

struct taking {
    struct chat_reader *r;
    enum mend mended;
    struct err *err;
};

static int take_text(const struct taking *t, struct chat_channel *ch, const char *text)
{
    return text ? chat_channel_add(t->r, ch, text, strlen(text), t->mended, t->err) : 0;
}

/* Mistral's thinking part: a string, or a list of text parts. */
static int take_thinking(const struct taking *t, const cJSON *part)
{
    const cJSON *piece;
    int rc = take_text(t, &t->r->reasoning, json_text(part, "thinking"));

    cJSON_ArrayForEach(piece, json_array(part, "thinking"))
    {
        if (rc == 0)
            rc = take_text(t, &t->r->reasoning, json_text(piece, "text"));
    }
    return rc;
}

/* Content is a string, or a list of parts: text and thinking are taken, others passed over. */
static int take_content(const struct taking *t, const cJSON *delta)
{
    const cJSON *part;
    int rc = take_text(t, &t->r->content, json_text(delta, "content"));

    cJSON_ArrayForEach(part, json_array(delta, "content"))
    {
        if (rc < 0)
            break;
        if (str_eq(json_text(part, "type"), "thinking"))
            rc = take_thinking(t, part);
        else if (str_eq(json_text(part, "type"), "text"))
            rc = take_text(t, &t->r->content, json_text(part, "text"));
    }
    return rc < 0 ? rc : take_text(t, &t->r->content, json_text(delta, "refusal"));
}

/* reasoning_content, else reasoning; servers that send both say the same thing twice. */
static int take_reasoning(const struct taking *t, const cJSON *delta)
{
    const char *text = json_text(delta, "reasoning_content");

    if (!text || !*text)
        text = json_text(delta, "reasoning");
    return take_text(t, &t->r->reasoning, text);
}

/* ---- Tool calls ---- */

/* An index is a whole number, absent, or null. */
static int read_index(struct tool_fragment *f, const cJSON *item, struct err *err)
{
    const cJSON *index = json_get(item, "index");

    if (!index)
        return 0;
    f->has_index = true;
    f->index = json_int(item, "index", -1);
    if (!cJSON_IsNumber(index) || (double)f->index != index->valuedouble)
        return err_set(err, E_PROTOCOL, "a tool call's index is not a whole number");
    return 0;
}

/* An id that is a number is kept as its text. */
static char *read_id(const cJSON *item)
{
    const cJSON *id = json_get(item, "id");

    if (cJSON_IsString(id))
        return mem_text(id->valuestring);
    return cJSON_IsNumber(id) ? json_print(id) : NULL;
}

static char *read_extra(const cJSON *item)
{
    const cJSON *extra = json_object(item, "extra_content");
    char *text = extra ? json_print(extra) : NULL;
    char *whole = text ? mem_printf("{\"extra_content\":%s}", text) : NULL;

    free(text);
    return whole;
}

/* Arguments are a string, or (some gateways) the object itself. */
static char *read_args(const cJSON *function)
{
    const cJSON *args = json_get(function, "arguments");

    if (cJSON_IsString(args))
        return mem_text(args->valuestring);
    return args ? json_print(args) : NULL;
}

static int take_fragment(const struct taking *t, const struct tool_fragment *f)
{
    size_t slot = 0;
    int rc = tool_assembly_add(&t->r->calls, f, &slot, t->err);

    if (rc == 0)
        show(t->r, &(struct model_delta){.kind = DELTA_CALL,
                                         .text = f->args ? f->args : "",
                                         .len = f->args_len,
                                         .call = slot,
                                         .name = t->r->calls.slots[slot].name});
    return rc;
}

/* One element of tool_calls. `whole`: of an unstreamed message, where each is a call of its own. */
static int take_call(const struct taking *t, const cJSON *item, bool whole)
{
    const cJSON *function = json_object(item, "function");
    char *id = read_id(item), *args = read_args(function), *extra = read_extra(item);
    struct tool_fragment f = {.id = id,
                              .name = json_text(function, "name"),
                              .args = args,
                              .args_len = args ? strlen(args) : 0,
                              .extra = extra,
                              .event = t->r->answer.events};
    int rc = 0;

    f.doubtful =
        t->mended && (mend_doubtful(args ? args : "") || (f.name && mend_doubtful(f.name)));
    if (!whole)
        rc = read_index(&f, item, t->err);
    f.whole = whole;
    if (rc == 0)
        rc = take_fragment(t, &f);
    free(id);
    free(args);
    free(extra);
    return rc;
}

static int take_calls(const struct taking *t, const cJSON *delta, bool whole)
{
    const cJSON *item;
    int rc = 0;

    cJSON_ArrayForEach(item, json_array(delta, "tool_calls"))
    {
        if (rc == 0 && cJSON_IsObject(item))
            rc = take_call(t, item, whole);
    }
    return rc;
}

/* ---- Choices ---- */

static bool nothing_yet(const struct chat_reader *r)
{
    return r->content.text.len == 0 && r->reasoning.text.len == 0 && r->calls.count == 0;
}

/* What a choice brings: a delta, or in an unstreamed answer the message. Some streams carry both,
   the message being everything so far; some end in an unstreamed chunk. */
static const cJSON *choice_part(const struct chat_reader *r, const cJSON *choice, bool *whole)
{
    const cJSON *delta = json_object(choice, "delta");

    *whole = !delta && (r->shape == CHAT_BODY || nothing_yet(r));
    return *whole ? json_object(choice, "message") : delta;
}

/* Text first: it joins what mend_tree would blank out. */
static int take_choice(const struct taking *t, cJSON *choice)
{
    struct chat_reader *r = t->r;
    const char *finish = json_text(choice, "finish_reason");
    bool whole;
    const cJSON *part = choice_part(r, choice, &whole);
    int rc = take_reasoning(t, part);

    if (rc == 0)
        rc = take_content(t, part);
    if (t->mended == MEND_MARKED)
        mend_tree(choice);
    if (rc == 0)
        rc = take_calls(t, part, whole);
    if (rc == 0 && chat_opaque_take(&r->opaque, part) < 0)
        rc = too_long(t->err);
    keep_reason(r, finish, finish ? strlen(finish) : 0);
    chat_usage_read(&r->answer.usage, json_object(choice, "usage"));
    if (json_get(choice, "error"))
        (void)chat_refuse(r, choice, true);
    return rc;
}

/* We ask for one choice; another index is not ours. */
static int take_choices(const struct taking *t, const cJSON *event)
{
    cJSON *choice;
    int rc = 0;

    cJSON_ArrayForEach(choice, json_array(event, "choices"))
    {
        if (rc < 0 || !cJSON_IsObject(choice) || json_int(choice, "index", 0) != 0)
            continue;
        t->r->chosen = true;
        rc = take_choice(t, choice);
    }
    return rc;
}

bool chat_refuse(struct chat_reader *r, const cJSON *value, bool failed)
{
    struct model_error e = {0};

    if (!chat_error_read(&e, value, failed))
        return false;
    if (r->refused)
        model_error_clear(&e);
    else
        r->answer.error = e;
    r->refused = true;
    return true;
}

int chat_event_take(struct chat_reader *r, cJSON *event, enum mend mended, struct err *err)
{
    struct taking t = {r, mended, err};
    int rc = take_choices(&t, event);

    if (mended == MEND_MARKED)
        mend_tree(event);
    keep_first_text(&r->answer.model, json_text(event, "model"));
    keep_first_text(&r->answer.id, json_text(event, "id"));
    chat_usage_read(&r->answer.usage, json_object(event, "usage"));
    chat_usage_read(&r->answer.usage, json_object(json_object(event, "x_groq"), "usage"));
    (void)chat_refuse(r, event, false);
    return rc;
}

/* ---- The short way ---- */

static int take_quick_text(struct chat_reader *r, const struct chat_quick *q, struct err *err)
{
    const struct slice *thought =
        q->reasoning_content.len > 0 ? &q->reasoning_content : &q->reasoning;
    int rc = chat_channel_add(r, &r->reasoning, thought->at, thought->len, MEND_NOTHING, err);

    if (rc == 0)
        rc = chat_channel_add(r, &r->content, q->content.at, q->content.len, MEND_NOTHING, err);
    return rc;
}

static int take_quick_args(struct chat_reader *r, const struct chat_quick *q, size_t slot,
                           struct err *err)
{
    int rc = tool_assembly_append(&r->calls, slot, q->args.at, q->args.len, err);

    if (rc == 0)
        show(r, &(struct model_delta){.kind = DELTA_CALL,
                                      .text = q->args.at,
                                      .len = q->args.len,
                                      .call = slot,
                                      .name = r->calls.slots[slot].name});
    return rc;
}

bool chat_event_take_quick(struct chat_reader *r, const struct chat_quick *q, int *rc,
                           struct err *err)
{
    size_t slot = 0;

    if (q->args.at && !tool_assembly_extends(&r->calls, q->call_index, &slot))
        return false;
    r->chosen = true;
    *rc = take_quick_text(r, q, err);
    if (*rc == 0 && q->args.at)
        *rc = take_quick_args(r, q, slot, err);
    keep_reason(r, q->finish_reason.at, q->finish_reason.len);
    keep_first(&r->answer.model, q->model.at, q->model.len);
    keep_first(&r->answer.id, q->id.at, q->id.len);
    return true;
}
