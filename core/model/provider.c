/* SPDX-License-Identifier: MIT */
#include "core/model/provider.h"

#include <stdlib.h>

#include "core/base/str.h"
#include "core/model/openai_chat.h"

static const struct provider *const providers[] = {
    &openai_chat,
};

#define PROVIDER_COUNT (sizeof providers / sizeof *providers)

const struct provider *provider_at(size_t index)
{
    return index < PROVIDER_COUNT ? providers[index] : NULL;
}

const struct provider *provider_find(const char *name)
{
    for (size_t i = 0; i < PROVIDER_COUNT; i++)
        if (str_eq(providers[i]->name, name))
            return providers[i];
    return NULL;
}

void model_error_clear(struct model_error *e)
{
    free(e->type);
    free(e->code);
    free(e->param);
    free(e->message);
    *e = (struct model_error){0};
}

void model_answer_clear(struct model_answer *a)
{
    message_free(a->message);
    model_error_clear(&a->error);
    free(a->model);
    free(a->id);
    free(a->excerpt);
    *a = (struct model_answer){0};
}

const char *answer_outcome_name(enum answer_outcome outcome)
{
    static const char *const names[] = {
        [ANSWER_OK] = "ok",
        [ANSWER_INCOMPLETE] = "incomplete",
        [ANSWER_ERROR] = "error",
        [ANSWER_PROTOCOL] = "protocol",
    };

    return (size_t)outcome < sizeof names / sizeof *names ? names[outcome] : "?";
}

const char *answer_stop_name(enum answer_stop stop)
{
    static const char *const names[] = {
        [STOP_END] = "end",
        [STOP_CALLS] = "calls",
        [STOP_LENGTH] = "length",
        [STOP_FILTER] = "filter",
    };

    return (size_t)stop < sizeof names / sizeof *names ? names[stop] : "?";
}
