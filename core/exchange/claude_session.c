/* SPDX-License-Identifier: MIT */
/*
 * The main line is found from its end: the parents of the last message, and with them what belongs
 * to the same answers, because the results of calls made side by side hang beside each other and
 * not on one line. Sub-agents' lines (sidechains) and what was taken back are counted and left out.
 */
#include "core/exchange/claude_session.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <stdlib.h>
#include <string.h>

#define LOOK 32 /* records that tell the format */

struct name { /* of a record, or of an answer, sorted to be found */
    const char *text;
    size_t at;
};

struct claude {
    struct trajectory *t;
    const struct records *records;
    bool *kept;         /* by record: it is on the main line */
    struct name *names; /* the records that have a uuid */
    size_t name_count;
    const char *answer; /* id of the message that the last step is; NULL = none */
    struct err *err;
};

/* ---- the main line */

static const cJSON *message_of(const cJSON *record)
{
    const char *type = json_text(record, "type");

    return str_eq(type, "user") || str_eq(type, "assistant") ? json_object(record, "message")
                                                             : NULL;
}

static bool is_aside(const cJSON *record)
{
    return json_bool(record, "isSidechain", false) || json_text(record, "parent_tool_use_id");
}

static int by_text(const void *a, const void *b)
{
    return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

static const struct name *find(const struct claude *c, const char *text)
{
    struct name key = {.text = text};

    return text && c->name_count > 0 ? bsearch(&key, c->names, c->name_count, sizeof key, by_text)
                                     : NULL;
}

static void index_names(struct claude *c)
{
    c->names = mem_array(c->records->count + 1, sizeof *c->names);
    for (size_t i = 0; i < c->records->count; i++) {
        const char *uuid = json_text(c->records->at[i], "uuid");

        if (uuid)
            c->names[c->name_count++] = (struct name){uuid, i};
    }
    qsort(c->names, c->name_count, sizeof *c->names, by_text);
}

static const char *parent_of(const cJSON *record)
{
    const char *parent = json_text(record, "parentUuid");

    return parent ? parent : json_text(record, "logicalParentUuid");
}

/* From the last message of the main line to its root; a circle ends where it closes. */
static void follow(struct claude *c)
{
    size_t at = c->records->count;

    while (at > 0 && (!message_of(c->records->at[at - 1]) || is_aside(c->records->at[at - 1])))
        at--;
    while (at > 0 && !c->kept[at - 1]) {
        c->kept[at - 1] = true;
        const struct name *parent = find(c, parent_of(c->records->at[at - 1]));
        at = parent ? parent->at + 1 : 0;
    }
}

/* Blocks of an answer that is on the line, and the results of its calls. */
static void gather(struct claude *c)
{
    struct name *ids = mem_array(c->records->count + 1, sizeof *ids);
    size_t count = 0;

    for (size_t i = 0; i < c->records->count; i++) {
        const char *id = json_text(message_of(c->records->at[i]), "id");

        if (c->kept[i] && id)
            ids[count++] = (struct name){id, i};
    }
    qsort(ids, count, sizeof *ids, by_text);
    for (size_t i = 0; i < c->records->count; i++) {
        const cJSON *record = c->records->at[i];
        struct name key = {.text = json_text(message_of(record), "id")};
        const struct name *parent = find(c, parent_of(record));

        if (c->kept[i] || is_aside(record))
            continue;
        if (key.text)
            c->kept[i] = count > 0 && bsearch(&key, ids, count, sizeof key, by_text);
        else if (parent && message_of(record) && json_get(record, "toolUseResult"))
            c->kept[i] = c->kept[parent->at];
    }
    free(ids);
}

/* Without parents every line counts: a stream has nothing that was taken back. */
static void choose(struct claude *c)
{
    bool linked = false;

    for (size_t i = 0; i < c->records->count; i++)
        linked = linked || json_text(c->records->at[i], "parentUuid");
    if (linked) {
        index_names(c);
        follow(c);
        gather(c);
    }
    for (size_t i = 0; i < c->records->count; i++) {
        if (!linked)
            c->kept[i] = !is_aside(c->records->at[i]);
        c->t->left_out += !c->kept[i] && message_of(c->records->at[i]);
    }
}

/* ---- its messages */

static void count_tokens(struct trajectory_step *step, const cJSON *usage)
{
    int64_t fresh = json_int(usage, "input_tokens", -1);
    int64_t read = json_int(usage, "cache_read_input_tokens", 0);

    if (fresh < 0)
        return;
    step->tokens_cached = read;
    step->tokens_in = fresh + read + json_int(usage, "cache_creation_input_tokens", 0);
    step->tokens_out = json_int(usage, "output_tokens", -1);
}

static void take_block(struct trajectory_step *step, const cJSON *block)
{
    const char *type = json_text(block, "type");

    if (str_eq(type, "thinking")) {
        trajectory_name(&step->reasoning, json_text(block, "thinking"));
    } else if (str_eq(type, "tool_use") || str_eq(type, "server_tool_use")) {
        char *args = records_json(json_get(block, "input"));

        trajectory_call_add(step, json_text(block, "id"), json_text(block, "name"), args);
        free(args);
    } else if (!str_eq(type, "redacted_thinking")) {
        char *text = records_text(block);

        trajectory_say(step, text);
        free(text);
    }
}

static struct trajectory_step *add(struct claude *c, enum speaker speaker, const char *text,
                                   const cJSON *record)
{
    struct trajectory_step *step = trajectory_add(c->t, speaker, text);

    if (step)
        step->us = records_time(json_text(record, "timestamp"));
    else
        (void)err_set(c->err, E_TOOBIG, "it has more than %zu messages", TRAJECTORY_STEPS_MAX);
    return step;
}

/* One answer is several lines, a block each, and each says the usage of the whole. */
static int take_answer(struct claude *c, const cJSON *record, const cJSON *message)
{
    const char *id = json_text(message, "id");
    const cJSON *block, *content = json_get(message, "content");
    struct trajectory_step *step =
        id && str_eq(id, c->answer) ? trajectory_last(c->t) : add(c, SPEAKER_AGENT, NULL, record);

    if (!step)
        return E_TOOBIG;
    c->answer = id;
    trajectory_name(&step->model, json_text(message, "model"));
    trajectory_name(&c->t->model, json_text(message, "model"));
    trajectory_name(&step->finish, json_text(message, "stop_reason"));
    count_tokens(step, json_object(message, "usage"));
    if (cJSON_IsArray(content))
        cJSON_ArrayForEach(block, content) take_block(step, block);
    else if (cJSON_IsString(content))
        trajectory_say(step, content->valuestring);
    return 0;
}

static void take_result(struct claude *c, const cJSON *record, const cJSON *block)
{
    char *text = records_text(json_get(block, "content"));
    const char *id = json_text(block, "tool_use_id");

    if (!trajectory_answer(c->t, id ? id : "", text, json_bool(block, "is_error", false),
                           records_time(json_text(record, "timestamp"))))
        c->t->left_out++;
    free(text);
}

static int take_user(struct claude *c, const cJSON *record, const cJSON *message)
{
    const cJSON *block, *content = json_get(message, "content");
    cJSON *rest = cJSON_CreateArray();
    int rc = 0;

    if (cJSON_IsArray(content)) {
        cJSON_ArrayForEach(block, content)
        {
            if (str_eq(json_text(block, "type"), "tool_result"))
                take_result(c, record, block);
            else
                cJSON_AddItemReferenceToArray(rest, (cJSON *)(uintptr_t)block);
        }
    }
    char *text = records_text(cJSON_IsArray(content) ? rest : content);
    if (*text || !cJSON_IsArray(content)) {
        c->answer = NULL;
        rc = add(c, SPEAKER_USER, text, record) ? 0 : E_TOOBIG;
        if (*text != '<' && !json_bool(record, "isMeta", false))
            trajectory_name(&c->t->title, text);
    }
    free(text);
    cJSON_Delete(rest);
    return rc;
}

static int take_record(struct claude *c, const cJSON *record)
{
    const cJSON *message = message_of(record);
    const char *session = json_text(record, "sessionId");

    trajectory_name(&c->t->session, session ? session : json_text(record, "session_id"));
    trajectory_name(&c->t->workspace, json_text(record, "cwd"));
    trajectory_name(&c->t->version, json_text(record, "version"));
    if (!message)
        return 0;
    return str_eq(json_text(record, "type"), "assistant") ? take_answer(c, record, message)
                                                          : take_user(c, record, message);
}

bool claude_fits(const struct records *records)
{
    for (size_t i = 0; i < records->count && i < LOOK; i++) {
        const cJSON *record = records->at[i];

        if ((json_text(record, "sessionId") || json_text(record, "session_id")) &&
            message_of(record))
            return true;
    }
    return false;
}

int claude_read(struct trajectory *t, const struct records *records, size_t from, size_t *next,
                struct err *err)
{
    struct claude c = {.t = t, .records = records, .err = err};
    int rc = 0;

    c.kept = mem_array(records->count + 1, sizeof *c.kept);
    for (size_t i = 0; i < records->count; i++)
        if (str_eq(json_text(records->at[i], "type"), "summary"))
            trajectory_name(&t->title, json_text(records->at[i], "summary"));
    choose(&c);
    for (size_t i = from; rc == 0 && i < records->count; i++)
        if (c.kept[i])
            rc = take_record(&c, records->at[i]);
    free(c.kept);
    free(c.names);
    trajectory_name(&t->agent, "claude");
    trajectory_name(&t->provider, "anthropic");
    *next = records->count;
    return rc;
}
