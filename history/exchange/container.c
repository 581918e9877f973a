/* SPDX-License-Identifier: MIT */
/*
 * One row a table of a run, as schema.c has them, in an order in which each row finds what it
 * refers to. The suite `container` compares them with the schema.
 */
#include "history/exchange/container.h"

#include "core/event.h"
#include "core/journal.h"

#include <string.h>

#define CALL_TOKENS ((int64_t)1 << 31) /* of one call: views multiply them by what they like */

#define CELLS(name, ...) static const struct cell name[] = {__VA_ARGS__, {NULL, CELL_INT, 0}}

#define CELL(name, kind)                                                                           \
    {                                                                                              \
        name, CELL_##kind, 0                                                                       \
    }
#define ONE_OF(name, below)                                                                        \
    {                                                                                              \
        name, CELL_INT, below                                                                      \
    }

CELLS(run_cells, CELL("uid", TEXT), CELL("title", TEXT), CELL("agent", TEXT), CELL("model", TEXT),
      CELL("provider", TEXT), CELL("workspace", TEXT), CELL("config", BODY),
      CELL("created_us", INT), CELL("updated_us", INT), CELL("state", INT), CELL("reason", TEXT),
      CELL("iterations", INT), CELL("tool_calls", INT), CELL("errors", INT), CELL("retries", INT),
      CELL("tokens_in", INT), CELL("tokens_out", INT), CELL("tokens_cached", INT),
      CELL("cost_microusd", INT), CELL("branch", INT));
CELLS(descent_cells, CELL("parent", TEXT), CELL("step", INT), CELL("race", TEXT),
      CELL("lane", TEXT));
CELLS(segment_cells, CELL("segment", INT), CELL("parent", INT), CELL("base", INT));
CELLS(node_cells, CELL("segment", INT), CELL("depth", INT), CELL("node", INT), CELL("parent", INT),
      ONE_OF("kind", NODE_KIND_COUNT), CELL("us", INT), CELL("blob", BODY), CELL("chain", BYTES));
CELLS(branch_cells, CELL("branch", INT), CELL("name", TEXT), CELL("head", INT), CELL("base", INT),
      CELL("from_branch", INT), CELL("us", INT));
CELLS(reflog_cells, CELL("n", INT), CELL("branch", INT), CELL("from_node", INT),
      CELL("to_node", INT), ONE_OF("op", HEAD_OP_COUNT), CELL("actor", TEXT), CELL("reason", TEXT),
      CELL("us", INT));
CELLS(checkpoint_cells, CELL("node", INT), CELL("iteration", INT), CELL("input_seq", INT),
      CELL("us", INT), CELL("summary", PACKED));
CELLS(snapshot_cells, CELL("node", INT), CELL("tree", BYTES), CELL("coverage", TEXT),
      CELL("us", INT));
CELLS(label_cells, CELL("node", INT), CELL("text", TEXT), CELL("us", INT));
CELLS(breakpoint_cells, CELL("breakpoint", INT), CELL("spec", TEXT), ONE_OF("enabled", 2),
      CELL("hits", INT), CELL("us", INT));
CELLS(input_cells, CELL("seq", INT), CELL("type", INT), CELL("wall_us", INT), CELL("mono_us", INT),
      CELL("random", WIDE), CELL("facts", TEXT), CELL("blob", BODY), CELL("decision", BYTES));
CELLS(call_cells, CELL("call", INT), CELL("branch", INT), CELL("parent", INT),
      CELL("iteration", INT), CELL("model", TEXT), CELL("provider", TEXT), CELL("params", BODY),
      CELL("request", BYTES), CELL("us", INT), ONE_OF("ended", 2), CELL("node", INT),
      ONE_OF("tokens_in", CALL_TOKENS), ONE_OF("tokens_out", CALL_TOKENS),
      ONE_OF("tokens_cached", CALL_TOKENS), ONE_OF("tokens_reasoning", CALL_TOKENS),
      CELL("cost_microusd", INT), CELL("duration_us", INT), CELL("first_us", INT),
      CELL("finish", TEXT), CELL("error", TEXT));
CELLS(effect_cells, CELL("effect", INT), CELL("node", INT), CELL("ix", INT), CELL("tool", TEXT),
      CELL("policy", TEXT), CELL("call_id", TEXT), CELL("key", TEXT), CELL("args_hash", BYTES),
      CELL("args", BODY), CELL("epoch", INT), ONE_OF("state", EFFECT_STATE_COUNT), CELL("us", INT),
      CELL("started_us", INT), CELL("ended_us", INT), CELL("result", INT),
      CELL("result_blob", BODY), CELL("pid", INT), CELL("start_time", INT), CELL("boot_id", TEXT),
      CELL("by", TEXT), CELL("note", TEXT));
CELLS(attempt_cells, CELL("call", INT), CELL("effect", INT), CELL("n", INT), CELL("us", INT),
      ONE_OF("ended", 2), CELL("outcome", TEXT), CELL("cause", TEXT), CELL("status", INT),
      CELL("duration_us", INT), CELL("first_us", INT), CELL("delay_us", INT),
      CELL("delay_source", TEXT), CELL("request_id", TEXT), ONE_OF("injected", 2),
      CELL("raw", BODY));
CELLS(event_cells, CELL("seq", ORDER), CELL("branch", INT), CELL("node", INT),
      ONE_OF("type", EVENT_TYPE_COUNT), CELL("us", INT), CELL("body", TEXT));

#define PART(table, order)                                                                         \
    {                                                                                              \
#table, "run", order, table##_cells, 1, false                                              \
    }

const struct part container_parts[] = {
    {"run", "id", "id", run_cells, 1, false},
    {"descent", "run", "run", descent_cells, 1, true},
    PART(segment, "segment"),
    PART(node, "segment, depth"),
    PART(branch, "branch"),
    PART(reflog, "n"),
    PART(checkpoint, "node"),
    {"snapshot", "run", "node", snapshot_cells, 1, true},
    PART(label, "node"),
    PART(breakpoint, "breakpoint"),
    PART(input, "seq"),
    PART(call, "call"),
    PART(effect, "effect"),
    PART(attempt, "call, effect, n"),
    PART(event, "seq"),
};
const size_t container_part_count = sizeof container_parts / sizeof *container_parts;

const struct part *container_part(const char *name)
{
    for (size_t i = 0; i < container_part_count; i++)
        if (strcmp(container_parts[i].name, name) == 0)
            return &container_parts[i];
    return NULL;
}
