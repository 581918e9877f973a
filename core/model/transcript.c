/* SPDX-License-Identifier: MIT */
/*
 * One mark a message says where the growing texts stood behind it, so going back is cutting. The
 * calls of the last assistant message that wait for a result are the only state that is more than
 * bytes: each mark of a tool message remembers which call it closed.
 *
 * A call has two ids. The chain's is what history and the tools know. The wire's is what this
 * server accepts: the chain's own where its profile allows it and no other call has it, else nine
 * letters and digits made from the call's place, so that the same chain always gives the same.
 */
#include "core/model/transcript.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/model/id_set.h"
#include "core/model/profile.h"

#define NO_CALL SIZE_MAX

struct mark {
    size_t head, messages; /* bytes of the wire behind this message */
    enum message_role role;
    size_t first_call; /* assistant: its calls in the id sets, and how many */
    size_t call_count;
    size_t closes;  /* tool: the call that it answers, else NO_CALL */
    int64_t tokens; /* of all messages up to this one */
};

struct transcript {
    const struct provider *provider;
    const struct profile *profile;
    char *model;
    char *tools; /* encoded; "" for none */
    int64_t tool_tokens;
    struct wire wire;
    struct mark *marks;
    size_t count, cap;
    struct id_set ids;   /* chain ids of all calls, in order */
    struct id_set wires; /* wire ids of the same calls */
    bool *answered;      /* of the same calls */
    size_t answered_cap;
};

static int encode_tools(struct transcript *t, const struct transcript_options *o, struct err *err)
{
    struct buf text;
    int rc = 0;

    buf_init(&text, TRANSCRIPT_MAX);
    if (o->tool_count > 0)
        rc = t->provider->tools(&text, o->tools, o->tool_count, err);
    t->tools = buf_take(&text);
    t->tool_tokens = message_tokens_of(t->tools);
    return rc;
}

int transcript_new(struct transcript **out, const struct transcript_options *options,
                   struct err *err)
{
    struct transcript *t = mem_new(sizeof *t);
    int rc;

    *out = NULL;
    t->profile = options->profile;
    t->model = mem_text(options->model);
    buf_init(&t->wire.head, TRANSCRIPT_MAX);
    buf_init(&t->wire.messages, TRANSCRIPT_MAX);
    t->provider = provider_find(t->profile->format);
    if (t->provider)
        rc = encode_tools(t, options, err);
    else
        rc = err_set(err, E_NOTFOUND, "no wire format '%s'", t->profile->format);
    if (rc < 0) {
        transcript_free(t);
        return rc;
    }
    *out = t;
    return 0;
}

void transcript_free(struct transcript *t)
{
    if (!t)
        return;
    free(t->model);
    free(t->tools);
    buf_free(&t->wire.head);
    buf_free(&t->wire.messages);
    free(t->marks);
    id_set_free(&t->ids);
    id_set_free(&t->wires);
    free(t->answered);
    free(t);
}

size_t transcript_count(const struct transcript *t)
{
    return t->count;
}

/* ---- Calls and results ---- */

/* The last assistant message when only tool messages follow it, or NULL. */
static const struct mark *asking(const struct transcript *t)
{
    for (size_t i = t->count; i > 0; i--) {
        if (t->marks[i - 1].role == ROLE_ASSISTANT)
            return &t->marks[i - 1];
        if (t->marks[i - 1].role != ROLE_TOOL)
            return NULL;
    }
    return NULL;
}

/* The index-th call of that message without a result, or NO_CALL. */
static size_t open_call(const struct transcript *t, size_t index)
{
    const struct mark *mark = asking(t);

    for (size_t i = 0; mark && i < mark->call_count; i++)
        if (!t->answered[mark->first_call + i] && index-- == 0)
            return mark->first_call + i;
    return NO_CALL;
}

const char *transcript_open_call(const struct transcript *t, size_t index)
{
    size_t call = open_call(t, index);

    return call == NO_CALL ? NULL : t->ids.entries[call].text;
}

/* The open call with that id, or NO_CALL. */
static size_t open_call_named(const struct transcript *t, const char *id)
{
    size_t call;

    for (size_t i = 0; (call = open_call(t, i)) != NO_CALL; i++)
        if (strcmp(t->ids.entries[call].text, id) == 0)
            return call;
    return NO_CALL;
}

static bool is_taken(void *self, const char *id)
{
    const struct transcript *t = self;

    return id_set_has(&t->ids, id) || id_set_has(&t->wires, id);
}

void transcript_name_calls(const struct transcript *t, struct message *m)
{
    message_name_calls(m, t->count, is_taken, (void *)t);
}

static bool is_taken_on_wire(void *self, const char *id)
{
    return id_set_has(&((const struct transcript *)self)->wires, id);
}

static bool fits_rule(const struct transcript *t, const char *id)
{
    static const char alnum[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    return t->profile->ids != ID_ALNUM9 || (strlen(id) == 9 && strspn(id, alnum) == 9);
}

/* Takes the calls of a message into the sets. Ids that this server would refuse are blanked, and
   blanks are named like those of an answer that came without. */
static void push_calls(struct transcript *t, const struct message *m)
{
    struct message *wires = message_new(ROLE_ASSISTANT, NULL);

    for (size_t i = 0; i < m->call_count; i++) {
        struct tool_call *call = message_add_call(wires);

        free(call->id);
        call->id = mem_text(fits_rule(t, m->calls[i].id) ? m->calls[i].id : "");
    }
    message_name_calls(wires, t->count, is_taken_on_wire, t);
    for (size_t i = 0; i < m->call_count; i++) {
        t->answered = mem_room(t->answered, t->ids.count, &t->answered_cap, sizeof *t->answered);
        t->answered[t->ids.count] = false;
        id_set_push(&t->ids, m->calls[i].id);
        id_set_push(&t->wires, wires->calls[i].id);
    }
    message_free(wires);
}

/* ---- Growing and going back ---- */

static int check_pairing(const struct transcript *t, const struct message *m, size_t *closes,
                         struct err *err)
{
    const char *open = transcript_open_call(t, 0);

    *closes = NO_CALL;
    if (m->role != ROLE_TOOL && open)
        return err_set(err, E_PROTOCOL, "the tool call %s has no result yet", open);
    if (m->role == ROLE_TOOL) {
        *closes = open_call_named(t, m->tool_call_id);
        if (*closes == NO_CALL)
            return err_set(err, E_PROTOCOL, "a result for %s, which is no open tool call",
                           m->tool_call_id);
    }
    return 0;
}

/* Back to where the wire and the calls stood behind the last mark. */
static void cut_to_marks(struct transcript *t)
{
    const struct mark *last = t->count ? &t->marks[t->count - 1] : NULL;

    buf_cut(&t->wire.head, last ? last->head : 0);
    buf_cut(&t->wire.messages, last ? last->messages : 0);
    id_set_cut(&t->ids, last ? last->first_call + last->call_count : 0);
    id_set_cut(&t->wires, t->ids.count);
}

static int encode(struct transcript *t, const struct message *m, size_t first_call, size_t closes)
{
    struct message before = {0};
    const char **ids = mem_array(m->call_count + 1, sizeof *ids);
    struct wire_message w = {.message = m,
                             .before = t->count ? &before : NULL,
                             .profile = t->profile,
                             .model = t->model,
                             .call_ids = ids};
    int rc;

    if (t->count)
        before.role = t->marks[t->count - 1].role;
    for (size_t i = 0; i < m->call_count; i++)
        ids[i] = t->wires.entries[first_call + i].text;
    w.result_id = closes == NO_CALL ? NULL : t->wires.entries[closes].text;
    rc = t->provider->encode(&t->wire, &w);
    free(ids);
    return rc;
}

int transcript_append(struct transcript *t, const struct message *m, struct err *err)
{
    size_t first_call = t->ids.count, closes;
    int64_t tokens = transcript_tokens(t, t->count) + message_tokens(m);
    int rc = check_pairing(t, m, &closes, err);

    if (rc < 0)
        return rc;
    push_calls(t, m);
    rc = encode(t, m, first_call, closes);
    if (rc < 0) {
        cut_to_marks(t);
        return err_set(err, rc, "the conversation is longer than %zu MiB", TRANSCRIPT_MAX >> 20);
    }
    if (closes != NO_CALL)
        t->answered[closes] = true;
    t->marks = mem_room(t->marks, t->count, &t->cap, sizeof *t->marks);
    t->marks[t->count++] = (struct mark){.head = t->wire.head.len,
                                         .messages = t->wire.messages.len,
                                         .role = m->role,
                                         .first_call = first_call,
                                         .call_count = m->call_count,
                                         .closes = closes,
                                         .tokens = tokens};
    return 0;
}

void transcript_truncate(struct transcript *t, size_t count)
{
    assert(count <= t->count);
    while (t->count > count) {
        const struct mark *last = &t->marks[--t->count];

        if (last->closes != NO_CALL)
            t->answered[last->closes] = false;
    }
    cut_to_marks(t);
}

/* ---- Requests ---- */

/* A request must end with something that the model has not answered yet. */
static int check_ready(const struct transcript *t, struct err *err)
{
    const char *open = transcript_open_call(t, 0);

    if (open)
        return err_set(err, E_PROTOCOL, "the tool call %s has no result yet", open);
    if (t->count == 0 || t->marks[t->count - 1].role == ROLE_ASSISTANT)
        return err_set(err, E_PROTOCOL, "there is no message for the model to answer");
    return 0;
}

int transcript_request(struct buf *out, const struct transcript *t,
                       const struct model_params *params, struct err *err)
{
    struct wire_body body = {.wire = &t->wire,
                             .profile = t->profile,
                             .params = params,
                             .tools = *t->tools ? t->tools : NULL};
    int rc = check_ready(t, err);

    if (rc < 0)
        return rc;
    body.last = t->marks[t->count - 1].role;
    rc = t->provider->build(out, &body, err);
    if (rc == E_TOOBIG || rc == E_NOMEM)
        return err_set(err, rc, "the request is longer than its buffer takes");
    return rc;
}

static int set_extra(cJSON *object, const char *extra, struct err *err)
{
    cJSON *tree = NULL;
    int rc = extra ? json_parse(&tree, extra, strlen(extra), &json_args, err) : 0;

    if (rc < 0)
        return err_wrap(err, rc, "extra request members");
    if (tree)
        (void)cJSON_AddItemToObject(object, "extra", tree); /* fails on NULL only */
    return 0;
}

int transcript_params_text(struct buf *out, const struct transcript *t,
                           const struct model_params *params, struct err *err)
{
    static const char *const choices[] = {
        [CHOICE_AUTO] = "auto", [CHOICE_NONE] = "none", [CHOICE_REQUIRED] = "required"};
    cJSON *object = cJSON_CreateObject();
    int rc;

    if (!object)
        mem_fail(sizeof *object);
    json_set_text(object, "format", t->provider->name);
    json_set_text(object, "profile", t->profile->name);
    json_set_text(object, "model", params->model);
    json_set_int(object, "max_tokens", params->max_tokens);
    json_set_bool(object, "stream", params->stream);
    json_set_text(object, "tool_choice", choices[params->choice]);
    json_set_bool(object, "one_call", params->one_call);
    json_set_text(object, "effort", params->effort);
    rc = set_extra(object, params->extra, err);
    if (rc == 0) {
        char *text = json_canonical(object);

        rc = buf_text(out, text);
        if (rc < 0)
            (void)err_set(err, rc, "the parameters are longer than their buffer takes");
        free(text);
    }
    cJSON_Delete(object);
    return rc;
}

const char *transcript_tools_text(const struct transcript *t)
{
    return t->tools;
}

int64_t transcript_tokens(const struct transcript *t, size_t count)
{
    assert(count <= t->count);
    return count > 0 ? t->marks[count - 1].tokens : 0;
}

int64_t transcript_tool_tokens(const struct transcript *t)
{
    return t->tool_tokens;
}

size_t transcript_bytes(const struct transcript *t)
{
    return t->wire.head.len + t->wire.messages.len;
}
