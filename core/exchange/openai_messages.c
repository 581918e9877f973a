/* SPDX-License-Identifier: MIT */
#include "core/exchange/openai_messages.h"

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <stdlib.h>

/* ---- reading */

static void take_calls(struct trajectory_step *step, const cJSON *message)
{
    const cJSON *call, *old = json_object(message, "function_call");

    cJSON_ArrayForEach(call, json_array(message, "tool_calls"))
    {
        const cJSON *function = json_object(call, "function");
        char *args = records_json(json_get(function, "arguments"));

        trajectory_call_add(step, json_text(call, "id"), json_text(function, "name"), args);
        free(args);
    }
    if (old) {
        char *args = records_json(json_get(old, "arguments"));

        trajectory_call_add(step, "", json_text(old, "name"), args);
        free(args);
    }
}

static int take_message(struct trajectory *t, const cJSON *message, struct err *err)
{
    const char *role = json_text(message, "role"), *thought;
    char *text = records_text(json_get(message, "content"));
    bool result = str_eq(role, "tool") || str_eq(role, "function");
    struct trajectory_step *step = NULL;

    if (result && !trajectory_answer(t, json_text(message, "tool_call_id"), text, false, 0))
        t->left_out++;
    if (!result) {
        bool agent = str_eq(role, "assistant");

        step = trajectory_add(t,
                              agent                  ? SPEAKER_AGENT
                              : str_eq(role, "user") ? SPEAKER_USER
                                                     : SPEAKER_SYSTEM,
                              text);
        if (str_eq(role, "user"))
            trajectory_name(&t->title, text);
        if (step && agent) {
            thought = json_text(message, "reasoning_content");
            trajectory_name(&step->reasoning, thought ? thought : json_text(message, "reasoning"));
            take_calls(step, message);
        }
    }
    free(text);
    return result || step
               ? 0
               : err_set(err, E_TOOBIG, "it has more than %zu messages", TRAJECTORY_STEPS_MAX);
}

static const cJSON *messages_of(const cJSON *record)
{
    return cJSON_IsArray(record) ? record : json_array(record, "messages");
}

bool openai_fits(const struct records *records)
{
    for (size_t i = 0; i < records->count; i++) {
        const cJSON *list = messages_of(records->at[i]);

        if (!list || (cJSON_GetArraySize(list) > 0 && !json_text(list->child, "role")))
            return false;
    }
    return records->count > 0;
}

int openai_read(struct trajectory *t, const struct records *records, size_t from, size_t *next,
                struct err *err)
{
    const cJSON *message, *list = messages_of(records->at[from]);
    size_t number = 0;
    int rc = 0;

    *next = from + 1;
    trajectory_name(&t->model, json_text(records->at[from], "model"));
    cJSON_ArrayForEach(message, list)
    {
        number++;
        if (rc == 0 && !json_text(message, "role"))
            rc = err_set(err, E_PARSE, "message %zu of conversation %zu has no role", number,
                         from + 1);
        if (rc == 0)
            rc = take_message(t, message, err);
    }
    return rc;
}

/* ---- writing */

static cJSON *add_message(cJSON *messages, const char *role, const char *content)
{
    cJSON *message = cJSON_CreateObject();

    json_set_text(message, "role", role);
    json_set_text(message, "content", content);
    cJSON_AddItemToArray(messages, message);
    return message;
}

static void add_calls(cJSON *message, const struct trajectory_step *step)
{
    cJSON *calls = cJSON_AddArrayToObject(message, "tool_calls");

    for (size_t i = 0; i < step->call_count; i++) {
        cJSON *call = cJSON_CreateObject(), *function;

        json_set_text(call, "id", step->calls[i].id);
        json_set_text(call, "type", "function");
        function = cJSON_AddObjectToObject(call, "function");
        json_set_text(function, "name", step->calls[i].name);
        json_set_text(function, "arguments", step->calls[i].args);
        cJSON_AddItemToArray(calls, call);
    }
}

static void add_step(cJSON *messages, const struct trajectory_step *step)
{
    static const char *const roles[] = {
        [SPEAKER_SYSTEM] = "system", [SPEAKER_USER] = "user", [SPEAKER_AGENT] = "assistant"};
    cJSON *message = add_message(messages, roles[step->speaker], step->text);

    json_set_text(message, "reasoning_content", step->reasoning);
    if (step->call_count > 0)
        add_calls(message, step);
    for (size_t i = 0; i < step->call_count; i++) {
        if (!step->calls[i].result)
            continue;
        cJSON *result = add_message(messages, "tool", step->calls[i].result);
        json_set_text(result, "tool_call_id", step->calls[i].id);
    }
}

int openai_write(struct buf *out, const struct trajectory *t)
{
    cJSON *root = cJSON_CreateObject();
    cJSON *messages = cJSON_AddArrayToObject(root, "messages");

    for (size_t i = 0; i < t->count; i++)
        add_step(messages, &t->steps[i]);
    int rc = json_write(out, root);
    cJSON_Delete(root);
    return rc < 0 ? rc : buf_char(out, '\n');
}
