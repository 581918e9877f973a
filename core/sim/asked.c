/* SPDX-License-Identifier: MIT */
#include "core/sim/asked.h"

#include <stdlib.h>

#include "core/base/mem.h"
#include "core/base/str.h"

void asked_clear(struct asked *asked)
{
    for (size_t i = 0; i < asked->count; i++)
        free(asked->messages[i].text);
    free(asked->messages);
    free(asked->calls);
    free(asked->tools);
    cJSON_Delete(asked->body);
    *asked = (struct asked){0};
}

void asked_add_message(struct asked *asked, const struct asked_message *message)
{
    asked->messages = mem_room(asked->messages, asked->count, &asked->cap, sizeof *asked->messages);
    asked->messages[asked->count++] = *message;
}

void asked_add_call(struct asked *asked, const struct asked_call *call)
{
    asked->calls =
        mem_room(asked->calls, asked->call_count, &asked->call_cap, sizeof *asked->calls);
    asked->calls[asked->call_count++] = *call;
}

void asked_add_tool(struct asked *asked, const char *name)
{
    asked->tools =
        mem_room(asked->tools, asked->tool_count, &asked->tool_cap, sizeof *asked->tools);
    asked->tools[asked->tool_count++] = name;
}

/* Calls of the message at `from` are waited for; a result must answer one of them. */
static char *take_result(struct asked *asked, size_t place, size_t first_open)
{
    const char *id = asked->messages[place].call_id;

    for (size_t i = first_open; i < asked->call_count; i++) {
        struct asked_call *call = &asked->calls[i];

        if (call->message > place || !str_eq(call->id, id))
            continue;
        if (call->result > 0)
            return mem_printf("call %s has two results", id);
        call->result = place;
        return NULL;
    }
    return mem_printf("the result of message %zu answers no call (%s)", place, id ? id : "no id");
}

static char *first_unanswered(const struct asked *asked, size_t first_open, size_t before)
{
    for (size_t i = first_open; i < asked->call_count && asked->calls[i].message < before; i++)
        if (asked->calls[i].result == 0)
            return mem_printf("call %s (%s) has no result", asked->calls[i].id,
                              asked->calls[i].name);
    return NULL;
}

char *asked_pair(struct asked *asked)
{
    size_t open = 0;
    char *wrong = NULL;

    for (size_t i = 0; i < asked->count && !wrong; i++) {
        if (str_eq(asked->messages[i].role, "tool")) {
            wrong = take_result(asked, i, open);
            continue;
        }
        wrong = first_unanswered(asked, open, i);
        while (open < asked->call_count && asked->calls[open].message < i)
            open++;
    }
    return wrong ? wrong : first_unanswered(asked, open, asked->count);
}

const struct asked_call *asked_answered(const struct asked *asked, const char *tool)
{
    for (size_t i = asked->call_count; i-- > 0;)
        if (asked->calls[i].result > 0 && str_eq(asked->calls[i].name, tool))
            return &asked->calls[i];
    return NULL;
}

const struct asked_call *asked_call_of(const struct asked *asked, const char *id)
{
    for (size_t i = 0; i < asked->call_count; i++)
        if (str_eq(asked->calls[i].id, id))
            return &asked->calls[i];
    return NULL;
}

size_t asked_last_user(const struct asked *asked)
{
    for (size_t i = asked->count; i-- > 0;)
        if (str_eq(asked->messages[i].role, "user"))
            return i;
    return asked->count;
}

size_t asked_count_role(const struct asked *asked, const char *role, size_t from)
{
    size_t count = 0;

    for (size_t i = from; i < asked->count; i++)
        count += str_eq(asked->messages[i].role, role);
    return count;
}
