/* SPDX-License-Identifier: MIT */
#include "tui/past.h"

#include "core/agent/run.h"
#include "core/agent/run_spec.h"
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/config/config.h"
#include "core/config/run_config.h"
#include "core/model/message.h"
#include "history/arena.h"
#include "history/query_chain.h"
#include "history/query_run.h"
#include "tui/session.h"

#include <stdlib.h>
#include <string.h>

#define PAGE      64
#define BYTES_MAX ((size_t)32 << 20) /* of messages: they are read back as one JSON text */

struct reading {
    struct query *query;
    struct arena arena, page;
    const struct run_row *run;
    const char *prompt; /* of the run itself: not taken along */
    struct buf body, lines;
};

static bool is_prompt(const struct reading *reading, const struct node_row *row)
{
    struct message *message = NULL;

    if (row->kind != NODE_SYSTEM || row->depth != 1 || !reading->prompt)
        return false;
    bool same = message_parse(&message, reading->body.data, reading->body.len, NULL) == 0 &&
                str_eq(message->content, reading->prompt);
    message_free(message);
    return same;
}

static int add_node(struct reading *reading, const struct node_row *row, struct err *err)
{
    if (row->kind == NODE_GENESIS)
        return 0;
    buf_clear(&reading->body);
    int rc = query_body(reading->query, reading->run->run, row->node, &reading->body, err);
    if (rc < 0)
        return err_wrap(err, rc, "step %lld", (long long)row->node);
    if (is_prompt(reading, row))
        return 0;
    if (buf_add(&reading->lines, reading->body.data, reading->body.len) < 0 ||
        buf_char(&reading->lines, '\n') < 0)
        return err_set(err, E_TOOBIG, "its messages are more than %d MiB: begin at an earlier step",
                       (int)(BYTES_MAX >> 20));
    return 0;
}

static int add_path(struct reading *reading, int64_t node, struct err *err)
{
    struct chain_path path;
    struct node_row *rows = NULL;
    size_t count = 1;
    int rc = query_path(reading->query, &reading->arena, reading->run->run, node, &path, err);

    for (int64_t depth = 0; rc == 0 && count > 0 && depth <= path.depth; depth += (int64_t)count) {
        arena_clear(&reading->page);
        rc = query_nodes(reading->query, &reading->page, &path, depth, PAGE, &rows, &count, err);
        for (size_t i = 0; rc == 0 && i < count; i++)
            rc = add_node(reading, &rows[i], err);
    }
    return rc;
}

/* What the operator had set by then. */
static int apply_changes(struct reading *reading, int64_t node, struct run_config *config,
                         struct err *err)
{
    const char *json = NULL;
    const cJSON *change;
    cJSON *summary = NULL;
    int rc = query_summary(reading->query, &reading->arena, reading->run->run, node, &json, err);

    if (rc == 0)
        rc = json_parse(&summary, json, strlen(json), NULL, err);
    cJSON_ArrayForEach(change, json_array(summary, "changes"))
    {
        const char *name = json_text(change, "name"), *value = json_text(change, "value");

        if (rc == 0 && name && value)
            rc = run_config_set(config, name, value, err);
    }
    cJSON_Delete(summary);
    return rc;
}

/* An imported run tells whose model it was, not where one is. */
static void make_ours(struct run_spec *spec, const struct config *config)
{
    struct run_config *own;

    run_config_copy(&own, config_run(config));
    if (!own->model.name)
        own->model.name = mem_text(spec->config->model.name);
    run_config_free(spec->config);
    spec->config = own;
    free(spec->provider);
    spec->provider = mem_text(session_provider(config));
}

static int read_spec(struct run_spec **out, struct reading *reading, int64_t node,
                     const struct config *config, struct err *err)
{
    const char *json = NULL;
    struct run_spec *spec = NULL;
    int rc = query_run_config(reading->query, &reading->arena, reading->run->run, &json, err);

    if (rc == 0)
        rc = run_spec_parse(&spec, json, err);
    if (!spec)
        return rc;
    run_past_free(spec->past); /* its chain has it */
    spec->past = NULL;
    spec->interactive = false;
    spec->loop = RUN_LOOP_VERSION;
    if (reading->run->origin) {
        make_ours(spec, config);
    } else {
        reading->prompt = spec->config->agent.system;
        rc = apply_changes(reading, node, spec->config, err);
    }
    *out = spec;
    return rc;
}

int past_spec(struct run_spec **out, struct query *query, const struct run_row *run, int64_t node,
              const struct config *config, struct err *err)
{
    struct reading reading = {.query = query, .run = run};
    struct checkpoint_row checkpoint;
    struct run_spec *spec = NULL;

    buf_init(&reading.body, SIZE_MAX); /* every body was bounded when it was stored */
    buf_init(&reading.lines, BYTES_MAX);
    int rc = query_checkpoint(query, &reading.arena, run->run, node, &checkpoint, err);
    if (rc == 0)
        rc = read_spec(&spec, &reading, node, config, err);
    if (rc == 0)
        rc = add_path(&reading, node, err);
    if (rc == 0 && spec) {
        spec->past = run_past_new(mem_text(run->uid), node, buf_take(&reading.lines));
        *out = spec;
    } else {
        run_spec_free(spec);
    }
    buf_free(&reading.body);
    buf_free(&reading.lines);
    arena_free(&reading.arena);
    arena_free(&reading.page);
    return rc;
}
