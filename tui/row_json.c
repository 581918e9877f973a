/* SPDX-License-Identifier: MIT */
#include "tui/row_json.h"

#include "core/agent/state.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "history/query_chain.h"
#include "history/query_run.h"
#include "history/query_work.h"
#include "tui/listing.h"

static const char *const owners[] = {
    [RUN_UNOWNED] = "", [RUN_OWNED] = "live", [RUN_OWNER_DIED] = "died"};

static void set_ms(cJSON *row, const char *name, int64_t us)
{
    if (us >= 0)
        json_set_number(row, name, (double)us / 1000);
}

static void set_usd(cJSON *row, int64_t micro)
{
    if (micro >= 0)
        json_set_number(row, "cost_usd", (double)micro / 1e6);
}

static void set_some(cJSON *row, const char *name, int64_t value)
{
    if (value > 0)
        json_set_int(row, name, value);
}

cJSON *row_json_run(const struct run_row *row)
{
    cJSON *json = cJSON_CreateObject();
    char id[16];

    str_format(id, sizeof id, "%.8s", row->uid);
    json_set_text(json, "id", id);
    json_set_text(json, "session_id", row->uid);
    json_set_text(json, "state", state_name((enum run_state)row->state));
    json_set_text(json, "reason", row->reason);
    json_set_text(json, "owner", owners[row->owner]);
    set_some(json, "owner_pid", row->owner == RUN_OWNED ? row->owner_pid : 0);
    json_set_text(json, "agent", row->agent);
    json_set_text(json, "model", row->model);
    json_set_text(json, "provider", row->provider);
    json_set_text(json, "workspace", row->workspace);
    json_set_text(json, "imported_from", row->origin);
    json_set_text(json, "parent", row->parent);
    set_some(json, "parent_step", row->parent_step);
    json_set_text(json, "race", row->race);
    json_set_text(json, "lane", row->lane);
    json_set_text(json, "branch", row->branch_name);
    json_set_int(json, "head", row->head);
    json_set_int(json, "iterations", row->iterations);
    json_set_int(json, "tool_calls", row->tool_calls);
    json_set_int(json, "errors", row->errors);
    json_set_int(json, "retries", row->retries);
    json_set_int(json, "tokens", row->tokens_in + row->tokens_out);
    json_set_int(json, "tokens_in", row->tokens_in);
    json_set_int(json, "tokens_out", row->tokens_out);
    json_set_int(json, "tokens_cached", row->tokens_cached);
    set_usd(json, row->cost_microusd);
    listing_time(json, "created", row->created_us);
    listing_time(json, "updated", row->updated_us);
    json_set_text(json, "task", row->title);
    return json;
}

cJSON *row_json_node(const struct node_row *row)
{
    cJSON *json = cJSON_CreateObject();

    json_set_int(json, "node", row->node);
    json_set_int(json, "parent", row->parent);
    json_set_int(json, "depth", row->depth);
    json_set_text(json, "kind", node_kind_name(row->kind));
    listing_time(json, "time", row->us);
    json_set_bool(json, "checkpoint", row->checkpoint);
    json_set_text(json, "mark", row->checkpoint ? "●" : "");
    set_some(json, "iteration", row->iteration);
    json_set_text(json, "label", row->label);
    json_set_int(json, "bytes", (int64_t)row->len);
    if (row->has_call)
        json_set_int(json, "call", row->call.call);
    if (row->has_effect) {
        json_set_int(json, "effect", row->effect.effect);
        json_set_text(json, "tool", row->effect.tool);
        json_set_text(json, "outcome", effect_state_name(row->effect.state));
    }
    json_set_text(json, "text", row->preview);
    return json;
}

cJSON *row_json_checkpoint(const struct checkpoint_row *row)
{
    cJSON *json = cJSON_CreateObject();

    json_set_int(json, "node", row->node);
    json_set_int(json, "depth", row->depth);
    json_set_int(json, "iteration", row->iteration);
    listing_time(json, "time", row->us);
    json_set_text(json, "label", row->label);
    json_set_int(json, "effects", row->effects);
    json_set_text(json, "effect_tool", row->effect_tool);
    return json;
}

cJSON *row_json_call(const struct call_row *row)
{
    cJSON *json = cJSON_CreateObject();
    char hash[2 * SHA256_BYTES + 1];

    sha256_text(hash, &row->request);
    json_set_int(json, "call", row->call);
    json_set_int(json, "iteration", row->iteration);
    json_set_text(json, "model", row->model);
    json_set_text(json, "provider", row->provider);
    listing_time(json, "time", row->us);
    json_set_bool(json, "ended", row->ended);
    set_some(json, "node", row->node);
    json_set_int(json, "attempts", row->attempts);
    json_set_int(json, "tokens_in", row->tokens_in);
    json_set_int(json, "tokens_out", row->tokens_out);
    json_set_int(json, "tokens_cached", row->tokens_cached);
    json_set_int(json, "tokens_reasoning", row->tokens_reasoning);
    set_usd(json, row->cost_microusd);
    set_ms(json, "duration_ms", row->duration_us);
    set_ms(json, "first_token_ms", row->first_us);
    json_set_text(json, "finish_reason", row->finish);
    json_set_text(json, "error", row->error);
    json_set_text(json, "request_hash", hash);
    return json;
}

cJSON *row_json_effect(const struct effect_row *row)
{
    cJSON *json = cJSON_CreateObject();

    json_set_int(json, "effect", row->effect);
    json_set_text(json, "tool", row->tool);
    json_set_text(json, "state", effect_state_name(row->state));
    json_set_text(json, "policy", row->policy);
    json_set_int(json, "node", row->node);
    set_some(json, "result", row->result);
    json_set_text(json, "call_id", row->call_id);
    json_set_text(json, "key", row->key);
    json_set_int(json, "attempts", row->attempts);
    listing_time(json, "time", row->us);
    listing_time(json, "started", row->started_us);
    listing_time(json, "ended", row->ended_us);
    if (row->started_us > 0 && row->ended_us >= row->started_us)
        set_ms(json, "duration_ms", row->ended_us - row->started_us);
    json_set_int(json, "arguments_bytes", (int64_t)row->args_len);
    json_set_int(json, "result_bytes", (int64_t)row->result_len);
    json_set_text(json, "by", row->by);
    json_set_text(json, "note", row->note);
    return json;
}

cJSON *row_json_attempt(const struct attempt_row *row)
{
    cJSON *json = cJSON_CreateObject();

    json_set_int(json, "attempt", row->n);
    listing_time(json, "time", row->us);
    json_set_text(json, "outcome", row->ended ? row->outcome : "in flight");
    if (row->status >= 0)
        json_set_int(json, "status", row->status);
    set_ms(json, "duration_ms", row->ended ? row->duration_us : -1);
    set_ms(json, "delay_ms", row->delay_us);
    json_set_text(json, "delay_source", row->delay_source);
    json_set_text(json, "request_id", row->request_id);
    json_set_bool(json, "injected", row->injected);
    json_set_int(json, "raw_bytes", (int64_t)row->raw_len);
    json_set_text(json, "cause", row->cause);
    return json;
}
