/* SPDX-License-Identifier: MIT */
#include "core/model/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/sha256.h"
#include "core/base/str.h"

/* Whatever could be stored can be read: escapes take up to six bytes each, opaque members are as
   deep and as many as a server's answer may have them, and repeat keys if it did. */
static const struct json_limits stored_limits = {
    .bytes = (size_t)512 << 20, .depth = 200, .nodes = SIZE_MAX};

static const char *const role_names[] = {
    [ROLE_SYSTEM] = "system",
    [ROLE_USER] = "user",
    [ROLE_ASSISTANT] = "assistant",
    [ROLE_TOOL] = "tool",
};

#define ROLE_COUNT (sizeof role_names / sizeof *role_names)

const char *message_role_name(enum message_role role)
{
    return (size_t)role < ROLE_COUNT ? role_names[role] : "?";
}

int message_role_parse(enum message_role *out, const char *name)
{
    for (size_t i = 0; i < ROLE_COUNT; i++)
        if (str_eq(name, role_names[i])) {
            *out = (enum message_role)i;
            return 0;
        }
    return E_PARSE;
}

struct message *message_new(enum message_role role, const char *content)
{
    struct message *m = mem_new(sizeof *m);

    m->role = role;
    m->content = mem_text(content ? content : "");
    return m;
}

struct message *message_tool_result(const char *tool_call_id, const char *name, const char *content,
                                    bool is_error)
{
    struct message *m = message_new(ROLE_TOOL, content);

    m->tool_call_id = mem_text(tool_call_id ? tool_call_id : "");
    m->name = mem_text(name);
    m->is_error = is_error;
    return m;
}

struct tool_call *message_add_call(struct message *m)
{
    struct tool_call *call;

    m->calls = mem_grow(m->calls, m->call_count + 1, sizeof *m->calls);
    call = &m->calls[m->call_count++];
    *call = (struct tool_call){
        .id = mem_text(""), .name = mem_text(""), .args = mem_text("{}"), .args_valid = false};
    return call;
}

void tool_call_clear(struct tool_call *call)
{
    free(call->id);
    free(call->name);
    free(call->args);
    free(call->args_error);
    free(call->extra);
    *call = (struct tool_call){0};
}

void message_free(struct message *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->call_count; i++)
        tool_call_clear(&m->calls[i]);
    free(m->calls);
    free(m->content);
    free(m->reasoning);
    free(m->opaque);
    free(m->provider);
    free(m->model);
    free(m->finish_reason);
    free(m->tool_call_id);
    free(m->name);
    free(m);
}

static void copy_call(struct message *to, const struct tool_call *from)
{
    struct tool_call *call = message_add_call(to);

    tool_call_clear(call);
    *call = (struct tool_call){
        .id = mem_text(from->id),
        .name = mem_text(from->name),
        .args = mem_text(from->args),
        .args_error = mem_text(from->args_error),
        .args_valid = from->args_valid,
        .extra = mem_text(from->extra),
    };
}

struct message *message_copy(const struct message *m)
{
    struct message *copy = message_new(m->role, m->content);

    copy->reasoning = mem_text(m->reasoning);
    for (size_t i = 0; i < m->call_count; i++)
        copy_call(copy, &m->calls[i]);
    copy->opaque = mem_text(m->opaque);
    copy->provider = mem_text(m->provider);
    copy->model = mem_text(m->model);
    copy->finish_reason = mem_text(m->finish_reason);
    copy->cut = m->cut;
    copy->tool_call_id = mem_text(m->tool_call_id);
    copy->name = mem_text(m->name);
    copy->is_error = m->is_error;
    return copy;
}

/* ---- Arguments ---- */

void tool_call_reject(struct tool_call *call, const char *why)
{
    free(call->args_error);
    call->args_error = mem_text(why);
    call->args_valid = false;
}

/* The first byte that is not JSON white space, or NUL. */
static char first_byte(const char *text)
{
    return text[strspn(text, " \t\r\n")];
}

void tool_call_judge(struct tool_call *call)
{
    struct err err = {0};
    char why[ERR_MSG_MAX + 64];

    if (first_byte(call->args) == '\0') {
        free(call->args);
        call->args = mem_text("{}");
    }
    call->args_valid = false;
    if (call->args_error)
        return;
    if (json_check(call->args, strlen(call->args), &json_args, &err) < 0) {
        (void)str_format(why, sizeof why, "the arguments cannot be read: %s", err.msg);
        tool_call_reject(call, why);
    } else if (first_byte(call->args) != '{') {
        tool_call_reject(call, "the arguments are not a JSON object");
    } else {
        call->args_valid = true;
    }
}

/* ---- Ids ---- */

/* Nine letters and digits: hexadecimal first, as documented; after many collisions (a chain with
   hundreds of thousands of calls) the whole alphabet, so that the search always ends. */
static void own_id(char out[10], size_t turn, size_t place, unsigned attempt)
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    unsigned base = attempt < 32 ? 16 : 36;
    char seed[96];
    int len = snprintf(seed, sizeof seed, "rerail call %zu %zu %u", turn, place, attempt);
    struct hash hash = sha256(seed, (size_t)len);

    memcpy(out, "call", 4);
    for (size_t i = 0; i < 5; i++)
        out[4 + i] = digits[hash.at[i] % base];
    out[9] = '\0';
}

static bool used_before(const struct message *m, size_t place, const char *id)
{
    for (size_t i = 0; i < place; i++)
        if (strcmp(m->calls[i].id, id) == 0)
            return true;
    return false;
}

void message_name_calls(struct message *m, size_t turn, bool (*taken)(void *self, const char *id),
                        void *self)
{
    for (size_t i = 0; i < m->call_count; i++) {
        struct tool_call *call = &m->calls[i];
        unsigned attempt = 0;
        char id[10];

        if (*call->id && !used_before(m, i, call->id) && !(taken && taken(self, call->id)))
            continue;
        do
            own_id(id, turn, i, attempt++);
        while (used_before(m, i, id) || (taken && taken(self, id)));
        free(call->id);
        call->id = mem_text(id);
    }
}

/* ---- Size ---- */

int64_t message_tokens_of(const char *text)
{
    return text ? (int64_t)((strlen(text) + 3) / 4) : 0;
}

int64_t message_tokens(const struct message *m)
{
    int64_t tokens = 4 + message_tokens_of(m->content) + message_tokens_of(m->reasoning);

    for (size_t i = 0; i < m->call_count; i++)
        tokens += 8 + message_tokens_of(m->calls[i].name) + message_tokens_of(m->calls[i].args);
    return tokens;
}

/* ---- Stored text ---- */

enum member_kind {
    MEMBER_TEXT,   /* char *, JSON string */
    MEMBER_OBJECT, /* char *, text of a JSON object */
    MEMBER_FLAG,   /* bool, written only when true */
    MEMBER_CALLS   /* calls and call_count */
};

#define FOR(role) (1u << (role))
#define ANYONE    (FOR(ROLE_SYSTEM) | FOR(ROLE_USER) | FOR(ROLE_ASSISTANT) | FOR(ROLE_TOOL))

/* One row a member, in the order in which they are written. */
struct member {
    const char *key;
    enum member_kind kind;
    unsigned roles; /* FOR(…) of those that may have it */
    bool always;    /* written even when empty, required when read */
    size_t at;      /* offset in the struct */
};

static const struct member message_members[] = {
    {"tool_call_id", MEMBER_TEXT, FOR(ROLE_TOOL), true, offsetof(struct message, tool_call_id)},
    {"name", MEMBER_TEXT, FOR(ROLE_TOOL), false, offsetof(struct message, name)},
    {"content", MEMBER_TEXT, ANYONE, true, offsetof(struct message, content)},
    {"reasoning", MEMBER_TEXT, FOR(ROLE_ASSISTANT), false, offsetof(struct message, reasoning)},
    {"tool_calls", MEMBER_CALLS, FOR(ROLE_ASSISTANT), false, 0},
    {"opaque", MEMBER_OBJECT, FOR(ROLE_ASSISTANT), false, offsetof(struct message, opaque)},
    {"provider", MEMBER_TEXT, FOR(ROLE_ASSISTANT), false, offsetof(struct message, provider)},
    {"model", MEMBER_TEXT, FOR(ROLE_ASSISTANT), false, offsetof(struct message, model)},
    {"finish_reason", MEMBER_TEXT, FOR(ROLE_ASSISTANT), false,
     offsetof(struct message, finish_reason)},
    {"cut", MEMBER_FLAG, FOR(ROLE_ASSISTANT), false, offsetof(struct message, cut)},
    {"is_error", MEMBER_FLAG, FOR(ROLE_TOOL), false, offsetof(struct message, is_error)},
};

static const struct member call_members[] = {
    {"id", MEMBER_TEXT, FOR(ROLE_ASSISTANT), true, offsetof(struct tool_call, id)},
    {"name", MEMBER_TEXT, FOR(ROLE_ASSISTANT), true, offsetof(struct tool_call, name)},
    {"arguments", MEMBER_TEXT, FOR(ROLE_ASSISTANT), true, offsetof(struct tool_call, args)},
    {"invalid", MEMBER_TEXT, FOR(ROLE_ASSISTANT), false, offsetof(struct tool_call, args_error)},
    {"extra", MEMBER_OBJECT, FOR(ROLE_ASSISTANT), false, offsetof(struct tool_call, extra)},
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static char **text_at(const void *thing, const struct member *row)
{
    return (char **)((char *)thing + row->at);
}

static bool *flag_at(const void *thing, const struct member *row)
{
    return (bool *)((char *)thing + row->at);
}

static bool member_is_empty(const void *thing, const struct member *row)
{
    switch (row->kind) {
    case MEMBER_FLAG: return !*flag_at(thing, row);
    case MEMBER_CALLS: return ((const struct message *)thing)->call_count == 0;
    default: return !*text_at(thing, row) || !**text_at(thing, row);
    }
}

static int print_calls(struct buf *out, const struct message *m);

static int print_value(struct buf *out, const void *thing, const struct member *row)
{
    const char *text;

    switch (row->kind) {
    case MEMBER_FLAG: return buf_text(out, "true");
    case MEMBER_CALLS: return print_calls(out, thing);
    case MEMBER_OBJECT: return buf_text(out, *text_at(thing, row));
    default: break;
    }
    text = *text_at(thing, row);
    return json_quote(out, text ? text : "", text ? strlen(text) : 0);
}

/* Writes `,"key":value` for every member that the role has and that is there. */
static int print_members(struct buf *out, const void *thing, const struct member *rows,
                         size_t count, enum message_role role)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < count; i++) {
        const struct member *row = &rows[i];

        if (!(row->roles & FOR(role)) || (!row->always && member_is_empty(thing, row)))
            continue;
        if (out->data[out->len - 1] != '{')
            rc = buf_char(out, ',');
        if (rc == 0)
            rc = buf_char(out, '"');
        if (rc == 0)
            rc = buf_text(out, row->key);
        if (rc == 0)
            rc = buf_text(out, "\":");
        if (rc == 0)
            rc = print_value(out, thing, row);
    }
    return rc;
}

static int print_calls(struct buf *out, const struct message *m)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < m->call_count; i++) {
        rc = buf_text(out, i == 0 ? "[{" : "},{");
        if (rc == 0)
            rc = print_members(out, &m->calls[i], call_members, COUNT(call_members), m->role);
    }
    return rc < 0 ? rc : buf_text(out, "}]");
}

int message_print(struct buf *out, const struct message *m)
{
    size_t before = out->len;
    int rc = buf_text(out, "{\"role\":\"");

    if (rc == 0)
        rc = buf_text(out, message_role_name(m->role));
    if (rc == 0)
        rc = buf_char(out, '"');
    if (rc == 0)
        rc = print_members(out, m, message_members, COUNT(message_members), m->role);
    if (rc == 0)
        rc = buf_char(out, '}');
    if (rc < 0)
        buf_cut(out, before);
    return rc;
}

static int read_calls(struct message *m, const cJSON *value, struct err *err);

/* Takes one member's value; `value` is NULL when the text has none. */
static int read_value(void *thing, const struct member *row, const cJSON *value, struct err *err)
{
    if (!value)
        return row->always ? err_set(err, E_PARSE, "message: no \"%s\"", row->key) : 0;
    if (row->kind == MEMBER_CALLS && cJSON_IsArray(value))
        return read_calls(thing, value, err);
    if (row->kind == MEMBER_FLAG && cJSON_IsBool(value)) {
        *flag_at(thing, row) = cJSON_IsTrue(value);
        return 0;
    }
    if (row->kind == MEMBER_TEXT && cJSON_IsString(value)) {
        free(*text_at(thing, row));
        *text_at(thing, row) = mem_text(value->valuestring);
        return 0;
    }
    if (row->kind == MEMBER_OBJECT && cJSON_IsObject(value)) {
        free(*text_at(thing, row));
        *text_at(thing, row) = json_print(value);
        return 0;
    }
    return err_set(err, E_PARSE, "message: \"%s\" is of the wrong type", row->key);
}

static const struct member *find_member(const struct member *rows, size_t count,
                                        enum message_role role, const char *key)
{
    for (size_t i = 0; i < count; i++)
        if ((rows[i].roles & FOR(role)) && strcmp(rows[i].key, key) == 0)
            return &rows[i];
    return NULL;
}

static int read_members(void *thing, const struct member *rows, size_t count,
                        enum message_role role, const cJSON *object, struct err *err)
{
    const cJSON *value;
    int rc = 0;

    cJSON_ArrayForEach(value, object)
    {
        bool is_role = rows == message_members && strcmp(value->string, "role") == 0;

        if (cJSON_GetObjectItemCaseSensitive(object, value->string) != value)
            return err_set(err, E_PARSE, "message: \"%s\" appears twice", value->string);
        if (!is_role && !find_member(rows, count, role, value->string))
            return err_set(err, E_PARSE, "message: a %s has no \"%s\"", message_role_name(role),
                           value->string);
    }
    for (size_t i = 0; rc == 0 && i < count; i++)
        if (rows[i].roles & FOR(role))
            rc = read_value(thing, &rows[i], json_get(object, rows[i].key), err);
    return rc;
}

static int read_calls(struct message *m, const cJSON *value, struct err *err)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, value)
    {
        int rc = E_PARSE;

        if (m->call_count == MESSAGE_CALLS_MAX)
            return err_set(err, E_TOOBIG, "message: more than %d tool calls", MESSAGE_CALLS_MAX);
        struct tool_call *call = message_add_call(m);
        if (cJSON_IsObject(item))
            rc = read_members(call, call_members, COUNT(call_members), m->role, item, err);
        else
            (void)err_set(err, E_PARSE, "message: a tool call is not an object");
        if (rc < 0)
            return rc;
        tool_call_judge(call);
    }
    return 0;
}

int message_parse(struct message **out, const char *text, size_t len, struct err *err)
{
    cJSON *tree = NULL;
    enum message_role role = ROLE_SYSTEM;
    int rc = json_parse(&tree, text, len, &stored_limits, err);

    *out = NULL;
    if (rc == 0 && message_role_parse(&role, json_text(tree, "role")) < 0)
        rc = err_set(err, E_PARSE, "message: no role, or one that is not known");
    if (rc == 0) {
        *out = message_new(role, "");
        rc = read_members(*out, message_members, COUNT(message_members), role, tree, err);
    }
    if (rc < 0) {
        message_free(*out);
        *out = NULL;
    }
    cJSON_Delete(tree);
    return rc;
}
