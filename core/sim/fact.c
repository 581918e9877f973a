/* SPDX-License-Identifier: MIT */
#include "core/sim/fact.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/sim/asked.h"
#include "core/sim/inbound.h"

#define SPEC_MAX  256
#define VALUE_MAX ((size_t)64 << 20)

/* ---- Values. A full buffer shows as a value that is cut: it only holds parts of one request ----
 */

static bool put(struct buf *out, const char *text)
{
    return text && buf_text(out, text) == 0;
}

static bool put_count(struct buf *out, size_t count)
{
    return buf_printf(out, "%zu", count) == 0;
}

static bool put_message(const struct asked *asked, size_t place, struct buf *out)
{
    return place < asked->count && put(out, asked->messages[place].text);
}

static size_t first_of(const struct asked *asked, const char *role)
{
    size_t i = 0;

    while (i < asked->count && !str_eq(asked->messages[i].role, role))
        i++;
    return i;
}

static bool value_role(const struct asked *asked, const char *argument, struct buf *out)
{
    (void)argument;
    return asked->count > 0 && put(out, asked->messages[asked->count - 1].role);
}

static bool value_last(const struct asked *asked, const char *argument, struct buf *out)
{
    (void)argument;
    return asked->count > 0 && put_message(asked, asked->count - 1, out);
}

static bool value_task(const struct asked *asked, const char *argument, struct buf *out)
{
    (void)argument;
    return put_message(asked, first_of(asked, "user"), out);
}

static bool value_user(const struct asked *asked, const char *argument, struct buf *out)
{
    (void)argument;
    return put_message(asked, asked_last_user(asked), out);
}

static bool value_system(const struct asked *asked, const char *argument, struct buf *out)
{
    bool any = false;

    (void)argument;
    for (size_t i = 0; i < asked->count; i++)
        if (str_eq(asked->messages[i].role, "system") ||
            str_eq(asked->messages[i].role, "developer"))
            any = put_message(asked, i, out) && buf_char(out, '\n') == 0;
    return any;
}

/* A JSON value as text: a string is itself, all else compact JSON. */
static bool put_json(struct buf *out, const cJSON *value)
{
    if (!value)
        return false;
    return cJSON_IsString(value) ? put(out, value->valuestring) : json_write(out, value) == 0;
}

/* One step of an RFC 6901 pointer; *at moves behind it. */
static const cJSON *pointer_step(const cJSON *value, const char **at)
{
    char key[SPEC_MAX];
    size_t len = 0;
    int64_t index;

    for ((*at)++; **at && **at != '/' && len < sizeof key - 1; (*at)++) {
        bool escaped = (*at)[0] == '~' && ((*at)[1] == '0' || (*at)[1] == '1');

        *at += escaped;
        key[len++] = *(!escaped ? *at : **at == '1' ? "/" : "~");
    }
    key[len] = '\0';
    if (!cJSON_IsArray(value))
        return json_get(value, key);
    if (str_int(&index, key, -1, 1 << 24) < 0)
        return NULL;
    /* -1 is not the RFC's, but "the last message" is what scenarios ask most. */
    return cJSON_GetArrayItem(value, (int)(index < 0 ? cJSON_GetArraySize(value) - 1 : index));
}

static const cJSON *point(const cJSON *value, const char *pointer)
{
    while (value && *pointer == '/')
        value = pointer_step(value, &pointer);
    return *pointer ? NULL : value;
}

static bool value_request(const struct asked *asked, const char *argument, struct buf *out)
{
    return put_json(out, point(asked->body, argument));
}

static bool value_header(const struct asked *asked, const char *argument, struct buf *out)
{
    return asked->http && put(out, inbound_header(asked->http, argument));
}

/* A result's text, or what a pointer finds in it when it is JSON. */
static bool put_result(const struct asked *asked, size_t place, const char *pointer,
                       struct buf *out)
{
    const char *text = asked->messages[place].text;
    cJSON *tree = NULL;

    if (!*pointer)
        return put(out, text);
    if (json_parse(&tree, text, strlen(text), NULL, NULL) < 0)
        return false;
    bool found = put_json(out, point(tree, pointer));
    cJSON_Delete(tree);
    return found;
}

static bool value_result(const struct asked *asked, const char *argument, struct buf *out)
{
    const char *slash = argument ? strchr(argument, '/') : NULL;

    if (!argument || slash == argument) {
        for (size_t i = asked->count; i-- > 0;)
            if (str_eq(asked->messages[i].role, "tool"))
                return put_result(asked, i, argument ? argument : "", out);
        return false;
    }
    char *tool = mem_copy(argument, slash ? (size_t)(slash - argument) : strlen(argument));
    const struct asked_call *call = asked_answered(asked, tool);
    free(tool);
    return call && put_result(asked, call->result, slash ? slash : "", out);
}

static bool value_answer(const struct asked *asked, const char *argument, struct buf *out)
{
    const struct asked_call *call = asked_call_of(asked, argument);

    return call && call->result > 0 && put_message(asked, call->result, out);
}

static bool value_model(const struct asked *asked, const char *argument, struct buf *out)
{
    (void)argument;
    return put(out, asked->model);
}

static bool value_tool_choice(const struct asked *asked, const char *argument, struct buf *out)
{
    (void)argument;
    return put(out, asked->tool_choice);
}

static bool value_stream(const struct asked *asked, const char *argument, struct buf *out)
{
    (void)argument;
    return put(out, asked->stream ? "true" : "false");
}

static bool value_messages(const struct asked *asked, const char *argument, struct buf *out)
{
    (void)argument;
    return put_count(out, asked->count);
}

static bool value_user_messages(const struct asked *asked, const char *argument, struct buf *out)
{
    (void)argument;
    return put_count(out, asked_count_role(asked, "user", 0));
}

static bool value_turn(const struct asked *asked, const char *argument, struct buf *out)
{
    (void)argument;
    return put_count(out, asked_count_role(asked, "assistant", 0));
}

static bool value_tool_results(const struct asked *asked, const char *argument, struct buf *out)
{
    (void)argument;
    return put_count(out, asked_count_role(asked, "tool", 0));
}

static bool value_new_results(const struct asked *asked, const char *argument, struct buf *out)
{
    (void)argument;
    return put_count(out, asked_count_role(asked, "tool", asked_last_user(asked)));
}

static bool put_line(struct buf *out, const char *text, bool first)
{
    return (first || buf_char(out, '\n') == 0) && put(out, text);
}

static bool value_offers(const struct asked *asked, const char *argument, struct buf *out)
{
    (void)argument;
    for (size_t i = 0; i < asked->tool_count; i++)
        (void)put_line(out, asked->tools[i], i == 0);
    return asked->tool_count > 0;
}

static bool put_called(const struct asked *asked, size_t from, struct buf *out)
{
    bool any = false;

    for (size_t i = 0; i < asked->call_count; i++)
        if (asked->calls[i].message >= from)
            any = put_line(out, asked->calls[i].name, !any);
    return any;
}

static bool value_called(const struct asked *asked, const char *argument, struct buf *out)
{
    (void)argument;
    return put_called(asked, asked_last_user(asked), out);
}

static bool value_ever_called(const struct asked *asked, const char *argument, struct buf *out)
{
    (void)argument;
    return put_called(asked, 0, out);
}

/* The first whole number in another fact. */
static bool value_number(const struct asked *asked, const char *argument, struct buf *out)
{
    const struct fact *fact;
    const char *inner;
    struct buf text;

    if (fact_find(&fact, &inner, argument, NULL) < 0 || fact->value == value_number)
        return false;
    buf_init(&text, VALUE_MAX);
    bool found = fact->value(asked, inner, &text);
    const char *digits = text.data + strcspn(text.data, "0123456789");
    size_t len = strspn(digits, "0123456789");
    found = found && len > 0 && buf_add(out, digits, len) == 0;
    buf_free(&text);
    return found;
}

const struct fact fact_table[] = {
    {"role", "role of the last message", FACT_PLAIN, false, value_role},
    {"last", "text of the last message", FACT_PLAIN, false, value_last},
    {"task", "text of the first user message", FACT_PLAIN, false, value_task},
    {"user", "text of the last user message", FACT_PLAIN, false, value_user},
    {"system", "text of the system messages", FACT_PLAIN, false, value_system},
    {"result",
     "the last tool result; `result:NAME` of that tool; a JSON pointer may follow: "
     "`result:stock/count`",
     FACT_MAY_TAKE, false, value_result},
    {"answer", "`answer:ID`: the result of that call", FACT_MUST_TAKE, false, value_answer},
    {"messages", "number of messages", FACT_PLAIN, false, value_messages},
    {"turn", "number of assistant messages", FACT_PLAIN, false, value_turn},
    {"user_messages", "number of user messages", FACT_PLAIN, false, value_user_messages},
    {"tool_results", "number of tool results", FACT_PLAIN, false, value_tool_results},
    {"new_results", "number of them since the last user message", FACT_PLAIN, false,
     value_new_results},
    {"called", "tools called since the last user message", FACT_PLAIN, true, value_called},
    {"ever_called", "tools called", FACT_PLAIN, true, value_ever_called},
    {"offers", "names of the tools on offer", FACT_PLAIN, true, value_offers},
    {"tool_choice", "none, auto, required or a tool's name", FACT_PLAIN, false, value_tool_choice},
    {"model", "the model asked for", FACT_PLAIN, false, value_model},
    {"stream", "true or false", FACT_PLAIN, false, value_stream},
    {"number", "`number:FACT`: the first whole number in that fact", FACT_MUST_TAKE, false,
     value_number},
    {"request", "`request:/json/pointer`: any member of the request", FACT_MUST_TAKE, false,
     value_request},
    {"header", "`header:NAME`: a header of the request", FACT_MUST_TAKE, false, value_header},
    {0},
};

/* ---- Names and templates ---- */

static int no_such_fact(const char *name, struct err *err)
{
    const char *names[sizeof fact_table / sizeof *fact_table];
    size_t count = 0;

    for (; fact_table[count].name; count++)
        names[count] = fact_table[count].name;
    const char *nearest = str_nearest(name, names, count);
    if (nearest)
        return err_set(err, E_NOTFOUND, "no such fact '%s': did you mean '%s'?", name, nearest);
    return err_set(err, E_NOTFOUND, "no such fact '%s'", name);
}

int fact_find(const struct fact **out, const char **argument, const char *spec, struct err *err)
{
    size_t len = strcspn(spec, ":");
    const struct fact *fact = fact_table;
    char name[SPEC_MAX];

    (void)str_format(name, sizeof name, "%.*s", (int)(len < SPEC_MAX ? len : SPEC_MAX - 1), spec);
    while (fact->name && !str_eq(fact->name, name))
        fact++;
    if (!fact->name)
        return no_such_fact(name, err);
    *argument = spec[len] ? spec + len + 1 : NULL;
    if (*argument && fact->argument == FACT_PLAIN)
        return err_set(err, E_PARSE, "%s takes no argument", name);
    if (!*argument && fact->argument == FACT_MUST_TAKE)
        return err_set(err, E_PARSE, "%s takes an argument: %s", name, fact->help);
    *out = fact;
    return 0;
}

/* The next fact in braces at or behind `text`: its spec copied into `spec`, *before and *behind
   around it. False when there is none. A spec that is too long is cut, and then no fact. */
static bool next_slot(const char *text, char spec[SPEC_MAX], const char **before,
                      const char **behind)
{
    const char *open = strstr(text, "{{"), *shut = open ? strstr(open, "}}") : NULL;

    if (!shut)
        return false;
    const char *from = open + 2, *to = shut;
    while (from < to && *from == ' ')
        from++;
    while (to > from && to[-1] == ' ')
        to--;
    size_t len = (size_t)(to - from) < SPEC_MAX ? (size_t)(to - from) : SPEC_MAX - 1;
    memcpy(spec, from, len);
    spec[len] = '\0';
    *before = open;
    *behind = shut + 2;
    return true;
}

int fact_check_template(const char *text, struct err *err)
{
    char spec[SPEC_MAX];
    const char *before, *argument;
    const struct fact *fact;
    int rc = 0;

    while (rc == 0 && next_slot(text, spec, &before, &text))
        rc = fact_find(&fact, &argument, spec, err);
    return rc;
}

int fact_fill(struct buf *out, const char *text, const struct asked *asked)
{
    char spec[SPEC_MAX];
    const char *before, *behind, *argument;
    const struct fact *fact;
    struct buf value;
    int rc = 0;

    buf_init(&value, VALUE_MAX);
    while (rc == 0 && next_slot(text, spec, &before, &behind)) {
        rc = buf_add(out, text, (size_t)(before - text));
        buf_clear(&value);
        if (rc == 0 && fact_find(&fact, &argument, spec, NULL) == 0 &&
            fact->value(asked, argument, &value))
            rc = buf_add(out, value.data, value.len);
        text = behind;
    }
    buf_free(&value);
    return rc < 0 ? rc : buf_text(out, text);
}

int fact_fill_number(int64_t *out, const char *text, const struct asked *asked)
{
    struct buf filled;

    buf_init(&filled, VALUE_MAX);
    int rc = fact_fill(&filled, text, asked);
    if (rc == 0)
        rc = str_int(out, filled.data, INT64_MIN, INT64_MAX);
    buf_free(&filled);
    return rc;
}
