/* SPDX-License-Identifier: MIT */
#include "tui/lived.h"

#include "core/base/mem.h"
#include "core/exchange/foreign.h"
#include "core/model/message.h"
#include "tui/stored.h"

#include <stdlib.h>

#define PAGE 256

static void take_answer(struct trajectory_step *step, const struct message *message,
                        const struct node_row *row)
{
    trajectory_name(&step->reasoning, message->reasoning);
    trajectory_name(&step->model, message->model);
    trajectory_name(&step->finish, message->finish_reason);
    for (size_t i = 0; i < message->call_count; i++)
        trajectory_call_add(step, message->calls[i].id, message->calls[i].name,
                            message->calls[i].args);
    if (!row->has_call)
        return;
    trajectory_name(&step->model, row->call.model);
    if (row->call.tokens_in == 0 && row->call.tokens_out == 0)
        return; /* nobody counted */
    step->tokens_in = row->call.tokens_in;
    step->tokens_out = row->call.tokens_out;
    step->tokens_cached = row->call.tokens_cached;
    step->cost_microusd = row->call.cost_microusd;
}

static int take_message(struct trajectory *t, const struct message *message,
                        const struct node_row *row, struct err *err)
{
    static const enum speaker speakers[] = {[ROLE_SYSTEM] = SPEAKER_SYSTEM,
                                            [ROLE_USER] = SPEAKER_USER,
                                            [ROLE_ASSISTANT] = SPEAKER_AGENT};

    if (message->role == ROLE_TOOL) {
        (void)trajectory_answer(t, message->tool_call_id, message->content, message->is_error,
                                row->us); /* on a chain every result has its call */
        return 0;
    }
    struct trajectory_step *step = trajectory_add(t, speakers[message->role], message->content);
    if (!step)
        return err_set(err, E_TOOBIG, "the run has more than %zu messages", TRAJECTORY_STEPS_MAX);
    step->us = row->us;
    if (message->role == ROLE_ASSISTANT)
        take_answer(step, message, row);
    return 0;
}

static int take_node(struct trajectory *t, struct stored *stored, const struct node_row *row,
                     struct err *err)
{
    struct message *message = NULL;

    if (row->kind == NODE_GENESIS)
        return 0;
    buf_clear(&stored->text);
    int rc = query_body(stored->query, stored->run.run, row->node, &stored->text, err);
    if (rc == 0)
        rc = message_parse(&message, stored->text.data, stored->text.len, err);
    if (rc == 0)
        rc = take_message(t, message, row, err);
    message_free(message);
    return rc;
}

static void name(struct trajectory *t, const struct run_row *run)
{
    t->session = mem_text(run->uid);
    trajectory_name(&t->title, run->title);
    trajectory_name(&t->model, run->model);
    trajectory_name(&t->provider, run->provider);
    trajectory_name(&t->workspace, run->workspace);
    if (run->origin && foreign_find(run->origin)) /* else it is rerail's own */
        trajectory_name(&t->agent, run->agent);
}

static int read_chain(struct trajectory *t, struct stored *stored, struct err *err)
{
    struct chain_path path;
    struct arena page = {0};
    struct node_row *rows = NULL;
    size_t count = PAGE;
    int rc = query_path(stored->query, &stored->arena, stored->run.run, 0, &path, err);

    for (int64_t depth = 0; rc == 0 && count == PAGE; depth += PAGE) {
        arena_clear(&page);
        rc = query_nodes(stored->query, &page, &path, depth, PAGE, &rows, &count, err);
        for (size_t i = 0; rc == 0 && i < count; i++)
            rc = take_node(t, stored, &rows[i], err);
    }
    arena_free(&page);
    return rc;
}

int lived_read(struct trajectory **out, struct stored *stored, struct err *err)
{
    struct trajectory *t = trajectory_new();
    int rc = query_begin(stored->query, err);

    if (rc == 0) {
        name(t, &stored->run);
        rc = read_chain(t, stored, err);
        query_end(stored->query);
    }
    if (rc < 0)
        trajectory_free(t);
    else
        *out = t;
    return rc;
}
