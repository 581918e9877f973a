/* SPDX-License-Identifier: MIT */
/* The real world behind the turn: HTTP calls, child processes, file tools; and news of it. */
#include "core/agent/engine_data.h"

#include "core/agent/run_spec.h"
#include "core/agent/tool_client.h"
#include "core/agent/turn.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

static struct client *client_of(const struct engine *engine, const struct run *run)
{
    for (size_t i = 0; i < engine->client_count; i++)
        if (engine->clients[i].run == run)
            return &engine->clients[i];
    return NULL;
}

static void on_input(void *ctx, const struct run *run, struct input *input)
{
    struct engine *engine = ctx;

    (void)turn_post(engine->turn, run_id(run), input);
}

static void on_delta(void *ctx, const struct run *run, int64_t call,
                     const struct model_delta *delta)
{
    const struct engine *engine = ctx;
    const struct engine_news news = {.kind = NEWS_DELTA,
                                     .run = run_id(run),
                                     .uid = run_uid(run),
                                     .call = call,
                                     .delta = delta->kind,
                                     .text = delta->text,
                                     .len = delta->len};

    engine_tell(engine, &news);
}

static int keep_content(void *ctx, const struct chain_node *node)
{
    struct message *message = NULL;

    if (message_parse(&message, node->body, node->len, NULL) == 0) {
        free(*(char **)ctx);
        *(char **)ctx = mem_text(message->content);
    }
    message_free(message);
    return 0;
}

static int64_t depth_of(struct engine *engine, const struct run *run, int64_t node);

static char *recorded(void *ctx, const struct run *run, int64_t node)
{
    struct engine *engine = ctx;
    struct journal *journal = &engine->options.journal;
    char *text = NULL;
    int64_t depth = depth_of(engine, run, node);

    if (depth >= 0)
        (void)journal->class->chain(journal->self, run_id(run), node, depth, keep_content, &text,
                                    NULL); /* NULL text: the tool says so */
    return text;
}

struct find_depth {
    int64_t node, depth;
};

static int match_depth(void *ctx, const struct chain_node *node)
{
    struct find_depth *find = ctx;

    find->depth = node->depth;
    return 0;
}

static int64_t depth_of(struct engine *engine, const struct run *run, int64_t node)
{
    struct find_depth find = {node, -1};
    struct journal *journal = &engine->options.journal;

    (void)journal->class->chain(journal->self, run_id(run), node, 0, match_depth, &find, NULL);
    return find.depth;
}

static int open_model(struct engine *engine, struct client *client, struct err *err)
{
    struct endpoint endpoint = {0};
    int rc = engine->options.endpoint(engine->options.self, run_spec(client->run), &endpoint, err);

    if (rc == 0) {
        const struct model_client_options options = {
            .http = engine->http,
            .clock = engine->options.clock,
            .mask = engine->options.mask,
            .run = client->run,
            .endpoint = &endpoint,
            .ctx = engine,
            .delta = on_delta,
            .done = on_input,
        };

        rc = model_client_new(&client->model, &options, err);
    }
    endpoint_clear(&endpoint);
    return rc;
}

static int open_tools(struct engine *engine, struct client *client, struct err *err)
{
    const struct tool_client_options options = {
        .run = client->run,
        .clock = engine->options.clock,
        .mask = engine->options.mask,
        .workers = engine->workers,
        .exec_path = engine->options.exec_path,
        .environment = engine->options.environment,
        .tmpdir = engine->options.tmpdir,
        .own_folders = engine->options.own_folders,
        .own_count = engine->options.own_count,
        .task_kind = LETTER_TASK,
        .ctx = engine,
        .done = on_input,
        .recorded = recorded,
    };

    return tool_client_new(&client->tools, &options, err);
}

static int world_open(void *self, struct run *run, struct err *err)
{
    struct engine *engine = self;
    struct client client = {.run = run};
    int rc = open_model(engine, &client, err);

    if (rc == 0)
        rc = open_tools(engine, &client, err);
    if (rc < 0) {
        model_client_free(client.model);
        tool_client_free(client.tools);
        return rc;
    }
    engine->clients = mem_room(engine->clients, engine->client_count, &engine->client_cap,
                               sizeof *engine->clients);
    engine->clients[engine->client_count++] = client;
    return 0;
}

static void world_close(void *self, struct run *run)
{
    struct engine *engine = self;
    struct client *client = client_of(engine, run);

    if (!client)
        return;
    model_client_free(client->model);
    tool_client_free(client->tools);
    *client = engine->clients[--engine->client_count];
}

static void world_append(void *self, struct run *run, enum node_kind kind, const char *body,
                         size_t len)
{
    struct client *client = client_of(self, run);

    if (client)
        model_client_append(client->model, kind, body, len);
}

static void world_rewind(void *self, struct run *run)
{
    struct client *client = client_of(self, run);

    if (client)
        (void)model_client_rewind(client->model, NULL);
}

static void world_check(void *self, struct run *run, int64_t effect, cJSON *facts)
{
    struct client *client = client_of(self, run);

    if (client)
        tool_client_check(client->tools, effect, facts);
}

static void reply(struct engine *engine, const struct action *action)
{
    const struct engine_news news = {
        .kind = NEWS_REPLY, .ticket = action->ticket, .ok = action->ok, .text = action->text};

    if (action->ticket != 0)
        engine_tell(engine, &news);
}

static void world_act(void *self, struct run *run, const struct action *action)
{
    struct engine *engine = self;
    struct client *client = client_of(engine, run);

    if (action->kind == ACTION_REPLY)
        reply(engine, action);
    if (!client || (engine->stopping && action->kind == ACTION_CALL_MODEL))
        return;
    switch (action->kind) {
    case ACTION_CALL_MODEL: model_client_call(client->model, action); break;
    case ACTION_CANCEL_MODEL: model_client_cancel(client->model); break;
    case ACTION_START_TOOL: tool_client_start(client->tools, action); break;
    case ACTION_GO: tool_client_go(client->tools, action->effect); break;
    case ACTION_STOP_TOOL:
        tool_client_stop(client->tools, action->effect,
                         engine->stopping ? PROCESS_STOP_SHUTDOWN : PROCESS_STOP_OPERATOR);
        break;
    case ACTION_KILL: tool_client_kill(action); break;
    case ACTION_ADMIT:
    case ACTION_CHECK:
    case ACTION_TIMER:
    case ACTION_REWIND:
    case ACTION_REPLY: break;
    }
}

static const struct gate_hint *world_hint(void *self, struct run *run)
{
    const struct client *client = client_of(self, run);

    return client ? model_client_hint(client->model) : NULL;
}

static void world_describe(void *self, struct run *run, struct record *call)
{
    const struct client *client = client_of(self, run);

    if (!client)
        return;
    call->body = model_client_describe(client->model, run_finishing(run), &call->call.request);
    call->len = strlen(call->body);
}

static void world_published(void *self, int64_t seq)
{
    const struct engine_news news = {.kind = NEWS_STORED, .seq = seq};

    engine_tell(self, &news);
}

static void world_stalled(void *self, int code, const char *text)
{
    const struct engine_news news = {.kind = NEWS_STALLED, .ok = code != E_CORRUPT, .text = text};

    engine_tell(self, &news);
}

static void world_lost(void *self, struct run *run, const char *text)
{
    const struct engine_news news = {
        .kind = NEWS_LOST, .run = run_id(run), .uid = run_uid(run), .text = text};

    engine_tell(self, &news);
}

static const struct world_class world_class = {
    .open = world_open,
    .close = world_close,
    .append = world_append,
    .rewind = world_rewind,
    .check = world_check,
    .act = world_act,
    .hint = world_hint,
    .describe = world_describe,
    .published = world_published,
    .stalled = world_stalled,
    .lost = world_lost,
};

struct world engine_world(struct engine *engine)
{
    return (struct world){&world_class, engine};
}
