/* SPDX-License-Identifier: MIT */
#include "tui/rebuild.h"

#include "core/agent/run_spec.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/config/run_config.h"
#include "core/failure.h"
#include "core/model/profile.h"
#include "core/model/transcript.h"
#include "core/tool/tool.h"
#include "history/query_work.h"
#include "tui/stored.h"

#include <stdlib.h>
#include <string.h>

#define PAGE         64
#define ATTEMPTS_MAX 64

/* --- the transcript ------------------------------------------------------------------------------
 */

static int new_transcript(struct rebuilt *out, const char *model, struct err *err)
{
    struct toolset *set = NULL;
    int rc = run_spec_toolset(&set, out->spec, err);

    if (rc < 0)
        return rc;
    size_t count = toolset_count(set);
    struct model_tool *tools = mem_array(count + 1, sizeof *tools);
    for (size_t i = 0; i < count; i++) {
        const struct tool *tool = toolset_at(set, i);

        tools[i] = (struct model_tool){tool->name, tool->description, tool->parameters};
    }
    const struct transcript_options options = {
        .profile = out->profile, .model = model, .tools = tools, .tool_count = count};
    rc = transcript_new(&out->transcript, &options, err);
    free(tools);
    toolset_free(set);
    return rc;
}

static int append(struct rebuilt *out, const struct node_row *node, const struct buf *body,
                  struct err *err)
{
    struct message *message = NULL;

    if (node->kind == NODE_GENESIS)
        return 0;
    int rc = message_parse(&message, body->data, body->len, err);
    if (rc == 0)
        rc = transcript_append(out->transcript, message, err);
    message_free(message);
    return rc < 0 ? err_wrap(err, rc, "step %lld", (long long)node->node) : 0;
}

static int append_node(struct rebuilt *out, struct stored *stored, const struct node_row *node,
                       struct hash *chain, struct err *err)
{
    buf_clear(&stored->text);
    int rc = query_body(stored->query, stored->run.run, node->node, &stored->text, err);
    if (rc < 0)
        return rc;
    struct hash body = sha256(stored->text.data, stored->text.len);
    *chain = node_chain(chain, node->kind, &body, node->node);
    return append(out, node, &stored->text, err);
}

/* All messages from the root to `node` (0 = the head), and the chain's hash there. */
static int append_path(struct rebuilt *out, struct stored *stored, int64_t node, struct hash *chain,
                       struct err *err)
{
    struct chain_path path;
    struct node_row *rows = NULL;
    struct arena page = {0};
    size_t count = 1;
    int rc = query_path(stored->query, &stored->arena, stored->run.run, node, &path, err);

    memset(chain, 0, sizeof *chain);
    for (int64_t depth = 0; rc == 0 && count > 0 && depth <= path.depth; depth += (int64_t)count) {
        arena_clear(&page);
        rc = query_nodes(stored->query, &page, &path, depth, PAGE, &rows, &count, err);
        for (size_t i = 0; rc == 0 && i < count; i++)
            rc = append_node(out, stored, &rows[i], chain, err);
    }
    arena_free(&page);
    return rc;
}

static int read_spec(struct rebuilt *out, struct stored *stored, struct err *err)
{
    const char *json = NULL;
    int rc = query_run_config(stored->query, &stored->arena, stored->run.run, &json, err);

    return rc < 0 ? rc : run_spec_parse(&out->spec, json, err);
}

/* --- the parameters ------------------------------------------------------------------------------
 */

/* What a call's row keeps, read back. Texts are borrowed from the tree; extra is yours. */
static struct model_params params_of(const cJSON *kept, char **extra)
{
    const cJSON *more = json_object(kept, "extra");
    const char *choice = json_text(kept, "tool_choice");

    *extra = more ? json_print(more) : NULL;
    return (struct model_params){
        .model = json_text(kept, "model"),
        .max_tokens = json_int(kept, "max_tokens", 0),
        .stream = json_bool(kept, "stream", false),
        .choice = str_eq(choice, "none")       ? CHOICE_NONE
                  : str_eq(choice, "required") ? CHOICE_REQUIRED
                                               : CHOICE_AUTO,
        .one_call = json_bool(kept, "one_call", false),
        .effort = json_text(kept, "effort"),
        .extra = *extra,
    };
}

static struct hash hash_of(const struct rebuilt *out, const struct hash *chain, const char *params)
{
    const char *tools = transcript_tools_text(out->transcript);
    struct hash tools_hash = sha256(tools, strlen(tools));
    const struct hash_part parts[] = {
        {chain->at, SHA256_BYTES},
        {params, strlen(params)},
        {tools_hash.at, SHA256_BYTES},
    };

    return sha256_parts(parts, 3);
}

/* After an attempt that the server refused for its effort, the next is sent with none. */
static int adapt(struct model_params *params, struct stored *stored, int64_t call, int64_t attempt,
                 struct err *err)
{
    struct attempt_row *rows = NULL;
    size_t count = 0;
    int rc = query_attempts(stored->query, &stored->arena, stored->run.run, call, 0, 0,
                            ATTEMPTS_MAX, &rows, &count, err);

    if (rc == 0 && (attempt < 1 || (size_t)attempt > count))
        return err_set(err, E_NOTFOUND, "call %lld has %zu attempts", (long long)call, count);
    for (size_t i = 0; rc == 0 && i + 1 < (size_t)attempt; i++)
        if (rows[i].outcome && failure_named(rows[i].outcome) == FAILURE_EFFORT)
            params->effort = "none";
    return rc;
}

static int set_url(struct rebuilt *out, struct err *err)
{
    const char *base = out->spec->config->model.base_url;
    struct buf url, full;

    base = base ? base : out->profile->base_url;
    buf_init(&url, 4096);
    buf_init(&full, 4096);
    int rc = profile_base_url(&url, out->profile, base ? base : "http://127.0.0.1", err);
    if (rc == 0)
        rc = profile_url(&full, url.data, provider_find(out->profile->format)->path);
    out->url = buf_take(&full);
    buf_free(&url);
    return rc;
}

/* --- all of it -----------------------------------------------------------------------------------
 */

static int rebuild(struct rebuilt *out, struct stored *stored, const struct call_row *row,
                   const cJSON *kept, int64_t attempt, struct err *err)
{
    char *extra = NULL;
    struct model_params params = params_of(kept, &extra);
    struct hash chain;
    int rc = new_transcript(out, params.model, err);

    if (rc == 0)
        rc = append_path(out, stored, row->parent, &chain, err);
    if (rc == 0) {
        char *text = json_canonical(kept);
        struct hash hash = hash_of(out, &chain, text);

        out->matches = memcmp(&hash, &row->request, sizeof hash) == 0;
        free(text);
        rc = adapt(&params, stored, row->call, attempt, err);
    }
    if (rc == 0)
        rc = transcript_request(&out->body, out->transcript, &params, err);
    free(extra);
    return rc == 0 ? set_url(out, err) : rc;
}

int rebuild_request(struct rebuilt *out, struct stored *stored, int64_t call, int64_t attempt,
                    struct err *err)
{
    const char *params = NULL;
    struct call_row row;
    cJSON *kept = NULL;

    *out = (struct rebuilt){0};
    buf_init(&out->body, TRANSCRIPT_MAX);
    int rc = query_call(stored->query, &stored->arena, stored->run.run, call, &row, err);
    if (rc == 0)
        rc = query_call_params(stored->query, &stored->arena, stored->run.run, call, &params, err);
    if (rc == 0 && !*params) /* a run that another agent has lived */
        rc = err_set(err, E_NOTFOUND,
                     "the request of call %lld is not on record: it was not made here",
                     (long long)call);
    if (rc == 0)
        rc = json_parse(&kept, params, strlen(params), NULL, err);
    if (rc == 0)
        rc = read_spec(out, stored, err);
    if (rc < 0) {
        cJSON_Delete(kept);
        return rc;
    }
    const char *profile = json_text(kept, "profile");
    out->profile = profile ? profile_find(profile) : NULL;
    rc = out->profile ? rebuild(out, stored, &row, kept, attempt, err)
                      : err_set(err, E_CORRUPT, "call %lld names no profile", (long long)call);
    cJSON_Delete(kept);
    return rc;
}

int rebuild_head(struct rebuilt *out, struct stored *stored, struct err *err)
{
    struct hash chain;

    *out = (struct rebuilt){0};
    buf_init(&out->body, TRANSCRIPT_MAX);
    int rc = read_spec(out, stored, err);
    if (rc < 0)
        return rc;
    const struct run_config *config = out->spec->config;
    out->profile = config->model.profile ? profile_find(config->model.profile) : NULL;
    if (!out->profile)
        out->profile = profile_for_url(config->model.base_url ? config->model.base_url : "");
    rc = new_transcript(out, config->model.name, err);
    return rc < 0 ? rc : append_path(out, stored, 0, &chain, err);
}

void rebuilt_clear(struct rebuilt *rebuilt)
{
    transcript_free(rebuilt->transcript);
    run_spec_free(rebuilt->spec);
    buf_free(&rebuilt->body);
    free(rebuilt->url);
}
