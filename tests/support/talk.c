/* SPDX-License-Identifier: MIT */
#include "tests/support/talk.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "tests/suite.h"

#define TURNS    20
#define ATTEMPTS 5

struct talk talk_begin(struct simulator *sim,
                       char *(*tool)(void *self, const char *name, const cJSON *args), void *self)
{
    struct talk talk = {.sim = sim, .messages = cJSON_CreateArray(), .tool = tool, .self = self};

    buf_init(&talk.steps, 1 << 16);
    return talk;
}

void talk_end(struct talk *talk)
{
    cJSON_Delete(talk->messages);
    buf_free(&talk->steps);
}

static cJSON *add_message(struct talk *talk, const char *role, const char *content)
{
    cJSON *message = cJSON_CreateObject();

    json_set_text(message, "role", role);
    json_set_text(message, "content", content);
    cJSON_AddItemToArray(talk->messages, message);
    return message;
}

static char *request_of(const struct talk *talk)
{
    cJSON *body = cJSON_CreateObject();

    json_set_text(body, "model", "m");
    cJSON_AddItemReferenceToObject(body, "messages", talk->messages);
    char *text = json_print(body);
    cJSON_Delete(body);
    return text;
}

/* The message of the answer, moved out of it; NULL when the answer is none. */
static cJSON *attempt(struct talk *talk, const char *request)
{
    struct caller caller = caller_open(talk->sim);
    cJSON *tree = NULL, *message = NULL;

    caller_post(&caller, request);
    caller_wait(&caller, 60 * (int64_t)US_PER_S);
    char *body = answer_body(caller.got.data, caller.got.len, NULL);
    int status = caller.got.len > 9 ? (int)strtol(caller.got.data + 9, NULL, 10) : 0;
    if (status == 200 && json_parse(&tree, body, strlen(body), NULL, NULL) == 0)
        message = cJSON_DetachItemFromObjectCaseSensitive(
            cJSON_GetArrayItem(json_array(tree, "choices"), 0), "message");
    else
        (void)buf_printf(&talk->steps, "%d ", status);
    cJSON_Delete(tree);
    free(body);
    caller_close(&caller);
    return message;
}

static cJSON *ask(struct talk *talk)
{
    char *request = request_of(talk);
    cJSON *message = NULL;

    for (int i = 0; i < ATTEMPTS && !message; i++)
        message = attempt(talk, request);
    free(request);
    return message;
}

static void do_call(struct talk *talk, const cJSON *call)
{
    const cJSON *function = json_object(call, "function");
    const char *name = json_text(function, "name"), *text = json_text(function, "arguments");
    cJSON *args = NULL;

    (void)buf_printf(&talk->steps, "%s%s", call->prev && call->prev->next ? "+" : "", name);
    CU_ASSERT_EQUAL_FATAL(json_parse(&args, text, strlen(text), &json_args, NULL), 0);
    char *result = talk->tool(talk->self, name, args);
    json_set_text(add_message(talk, "tool", result), "tool_call_id", json_text(call, "id"));
    free(result);
    cJSON_Delete(args);
}

char *talk_on(struct talk *talk)
{
    for (int i = 0; i < TURNS; i++) {
        cJSON *message = ask(talk);
        const cJSON *calls = json_array(message, "tool_calls"), *call;

        CU_ASSERT_PTR_NOT_NULL_FATAL(message);
        cJSON_AddItemToArray(talk->messages, message);
        if (!calls) {
            (void)buf_text(&talk->steps, "| ");
            return mem_text(json_text(message, "content"));
        }
        cJSON_ArrayForEach(call, calls)
        {
            do_call(talk, call);
        }
        (void)buf_char(&talk->steps, ' ');
    }
    return mem_text("it never came to an end");
}

char *talk_say(struct talk *talk, const char *text)
{
    (void)add_message(talk, "user", text);
    return talk_on(talk);
}

void talk_roll_back(struct talk *talk, int count)
{
    while (cJSON_GetArraySize(talk->messages) > count)
        cJSON_DeleteItemFromArray(talk->messages, count);
}
