/* SPDX-License-Identifier: MIT */
#include "core/exchange/trajectory.h"

#include "core/base/mem.h"
#include "core/base/str.h"

#include <stdlib.h>

struct trajectory *trajectory_new(void)
{
    return mem_new(sizeof(struct trajectory));
}

static void step_clear(struct trajectory_step *step)
{
    for (size_t i = 0; i < step->call_count; i++) {
        free(step->calls[i].id);
        free(step->calls[i].name);
        free(step->calls[i].args);
        free(step->calls[i].result);
    }
    free(step->calls);
    free(step->text);
    free(step->reasoning);
    free(step->model);
    free(step->finish);
}

void trajectory_free(struct trajectory *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->count; i++)
        step_clear(&t->steps[i]);
    free(t->steps);
    free(t->agent);
    free(t->version);
    free(t->session);
    free(t->title);
    free(t->model);
    free(t->provider);
    free(t->workspace);
    free(t);
}

struct trajectory_step *trajectory_add(struct trajectory *t, enum speaker speaker, const char *text)
{
    if (t->count >= TRAJECTORY_STEPS_MAX)
        return NULL;
    t->steps = mem_room(t->steps, t->count, &t->cap, sizeof *t->steps);
    struct trajectory_step *step = &t->steps[t->count++];
    *step = (struct trajectory_step){.speaker = speaker,
                                     .text = mem_text(text ? text : ""),
                                     .tokens_in = -1,
                                     .tokens_out = -1,
                                     .tokens_cached = -1,
                                     .cost_microusd = -1};
    return step;
}

struct trajectory_step *trajectory_last(struct trajectory *t)
{
    return t->count > 0 ? &t->steps[t->count - 1] : NULL;
}

struct trajectory_call *trajectory_call_add(struct trajectory_step *step, const char *id,
                                            const char *name, const char *args)
{
    step->calls = mem_room(step->calls, step->call_count, &step->call_cap, sizeof *step->calls);
    struct trajectory_call *call = &step->calls[step->call_count++];
    *call = (struct trajectory_call){.id = mem_text(id ? id : ""),
                                     .name = mem_text(name ? name : ""),
                                     .args = mem_text(args ? args : "")};
    return call;
}

void trajectory_say(struct trajectory_step *step, const char *text)
{
    char *whole = *step->text ? mem_printf("%s\n%s", step->text, text) : mem_text(text);

    free(step->text);
    step->text = whole;
}

static struct trajectory_call *find_open(struct trajectory_step *step, const char *id)
{
    for (size_t i = 0; i < step->call_count; i++)
        if (!step->calls[i].result && (!id || str_eq(step->calls[i].id, id)))
            return &step->calls[i];
    return NULL;
}

bool trajectory_answer(struct trajectory *t, const char *id, const char *result, bool is_error,
                       int64_t us)
{
    struct trajectory_call *call = NULL;

    for (size_t i = t->count; i > 0 && !call; i--) {
        call = find_open(&t->steps[i - 1], id);
        if (!id && t->steps[i - 1].call_count > 0)
            break;
    }
    if (!call)
        return false;
    call->result = mem_text(result ? result : "");
    call->is_error = is_error;
    call->us = us;
    return true;
}

static int each_of(struct trajectory_step *step, int (*each)(void *ctx, char **text), void *ctx)
{
    int rc = each(ctx, &step->text);

    if (rc == 0 && step->reasoning)
        rc = each(ctx, &step->reasoning);
    for (size_t i = 0; rc == 0 && i < step->call_count; i++) {
        rc = each(ctx, &step->calls[i].args);
        if (rc == 0 && step->calls[i].result)
            rc = each(ctx, &step->calls[i].result);
    }
    return rc;
}

int trajectory_each_text(struct trajectory *t, int (*each)(void *ctx, char **text), void *ctx)
{
    int rc = t->title ? each(ctx, &t->title) : 0;

    for (size_t i = 0; rc == 0 && i < t->count; i++)
        rc = each_of(&t->steps[i], each, ctx);
    return rc;
}

void trajectory_name(char **member, const char *text)
{
    if (!*member && text && *text)
        *member = mem_text(text);
}
