/* SPDX-License-Identifier: MIT */
/*
 * rerail compare: two ways that a conversation went, side by side. Of two runs, or of one: what was
 * rolled back stays reachable by its step's number.
 */
#include "tui/commands.h"

#include "core/agent/state.h"
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tui/cli.h"
#include "tui/conversation.h"
#include "tui/event_text.h"
#include "tui/figure.h"
#include "tui/stored.h"
#include "tui/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DIFF_BYTES ((size_t)256 << 20)
#define CELL       34 /* columns of one side */

struct side {
    struct stored stored;
    struct conversation conversation;
    int64_t node; /* where it ends */
    bool whole;   /* at the run's head */
};

/* "RUN", "RUN:STEP" or "RUN:CHECKPOINT". */
static int read_side(struct side *side, const char *word, struct err *err)
{
    char *name = mem_text(word);
    char *colon = strchr(name, ':');
    struct checkpoint_row row;
    struct node_row node;
    int64_t number;
    int rc;

    if (colon)
        *colon = '\0';
    rc = stored_open_run(&side->stored, name, err);
    side->node = rc == 0 ? side->stored.run.head : 0;
    if (rc == 0 && colon) {
        if (str_int(&number, colon + 1, 1, INT64_MAX) == 0) {
            rc = query_node(side->stored.query, &side->stored.arena, side->stored.run.run, number,
                            &node, err);
            side->node = number;
        } else {
            rc = stored_checkpoint(&side->stored, colon + 1, &row, err);
            side->node = rc == 0 ? row.node : 0;
        }
    }
    side->whole = rc == 0 && side->node == side->stored.run.head;
    if (rc == 0)
        rc = conversation_read(&side->conversation, &side->stored, side->node, err);
    free(name);
    return rc;
}

static void close_side(struct side *side)
{
    conversation_free(&side->conversation);
    stored_close(&side->stored);
}

/* --- the table -----------------------------------------------------------------------------------
 */

static void say_run(char out[FIGURE], const struct side *side)
{
    str_format(out, FIGURE, "%.8s", side->stored.run.uid);
}

static void say_model(char out[FIGURE], const struct side *side)
{
    str_format(out, FIGURE, "%s", side->stored.run.model ? side->stored.run.model : "–");
}

static void say_step(char out[FIGURE], const struct side *side)
{
    str_format(out, FIGURE, "%" PRId64 "%s", side->node, side->whole ? " (the head)" : "");
}

static void say_state(char out[FIGURE], const struct side *side)
{
    str_format(out, FIGURE, "%s",
               side->whole ? state_name((enum run_state)side->stored.run.state) : "not the head");
}

static void say_messages(char out[FIGURE], const struct side *side)
{
    figure_count(out, (int64_t)side->conversation.count);
}

static void say_calls(char out[FIGURE], const struct side *side)
{
    figure_count(out, side->conversation.sums.calls);
}

static void say_tools(char out[FIGURE], const struct side *side)
{
    const struct conversation_sums *sums = &side->conversation.sums;

    str_format(out, FIGURE, sums->failed ? "%lld, %lld failed" : "%lld", (long long)sums->tools,
               (long long)sums->failed);
}

static void say_tokens(char out[FIGURE], const struct side *side)
{
    char in[FIGURE], made[FIGURE];

    figure_count(in, side->conversation.sums.tokens_in);
    figure_count(made, side->conversation.sums.tokens_out);
    str_format(out, FIGURE, "%.10s in, %.10s out", in, made);
}

static void say_cost(char out[FIGURE], const struct side *side)
{
    figure_money(out, side->conversation.sums.cost_microusd);
}

static void say_model_time(char out[FIGURE], const struct side *side)
{
    figure_span(out, side->conversation.sums.model_us);
}

static void say_tool_time(char out[FIGURE], const struct side *side)
{
    figure_span(out, side->conversation.sums.tool_us);
}

static const struct {
    const char *title;
    void (*say)(char out[FIGURE], const struct side *side);
} facts[] = {
    {"run", say_run},
    {"model", say_model},
    {"to step", say_step},
    {"state", say_state},
    {"messages", say_messages},
    {"model calls", say_calls},
    {"tool calls", say_tools},
    {"tokens", say_tokens},
    {"cost", say_cost},
    {"model time", say_model_time},
    {"tool time", say_tool_time},
};

static void print_facts(const struct side sides[2])
{
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        char a[FIGURE], b[FIGURE], line[4 * CELL];

        facts[i].say(a, &sides[0]);
        facts[i].say(b, &sides[1]);
        int pad = CELL - text_width(a, strlen(a));
        str_format(line, sizeof line, "%-12s %s%*s %s", facts[i].title, a, pad, "", b);
        event_text_print(stdout, line);
    }
}

/* --- as JSON -------------------------------------------------------------------------------------
 */

static cJSON *side_json(const struct side *side)
{
    const struct conversation_sums *sums = &side->conversation.sums;
    cJSON *row = cJSON_CreateObject();

    json_set_text(row, "session_id", side->stored.run.uid);
    json_set_int(row, "node", side->node);
    json_set_text(row, "state",
                  side->whole ? state_name((enum run_state)side->stored.run.state) : NULL);
    json_set_text(row, "model", side->stored.run.model);
    json_set_int(row, "messages", (int64_t)side->conversation.count);
    json_set_int(row, "llm_calls", sums->calls);
    json_set_int(row, "tool_calls", sums->tools);
    json_set_int(row, "errors", sums->failed);
    json_set_int(row, "tokens_in", sums->tokens_in);
    json_set_int(row, "tokens_out", sums->tokens_out);
    if (sums->cost_microusd >= 0)
        json_set_number(row, "cost_usd", (double)sums->cost_microusd / 1e6);
    json_set_number(row, "llm_ms", (double)sums->model_us / 1e3);
    json_set_number(row, "tool_ms", (double)sums->tool_us / 1e3);
    return row;
}

static void print_json(const struct side sides[2], const struct conversation_diff *diff,
                       const char *text)
{
    cJSON *row = cJSON_CreateObject();

    cJSON_AddItemToObject(row, "a", side_json(&sides[0]));
    cJSON_AddItemToObject(row, "b", side_json(&sides[1]));
    json_set_int(row, "same", (int64_t)diff->same);
    json_set_int(row, "dropped", (int64_t)diff->dropped);
    json_set_int(row, "added", (int64_t)diff->added);
    json_set_int(row, "changed", (int64_t)diff->changed);
    json_set_text(row, "diff", text);
    char *line = json_print(row);
    event_text_print(stdout, line);
    free(line);
    cJSON_Delete(row);
}

static void compare(const struct side sides[2], bool json)
{
    struct conversation_diff diff;
    struct buf text;

    buf_init(&text, DIFF_BYTES);
    conversation_compare(&text, &sides[0].conversation, &sides[1].conversation, &diff);
    if (json) {
        print_json(sides, &diff, text.data);
    } else {
        print_facts(sides);
        printf("\n%zu messages are the same, %zu only in the first, %zu only in the second, %zu "
               "changed\n",
               diff.same, diff.dropped, diff.added, diff.changed);
        if (text.len > 0) {
            putchar('\n');
            buf_cut(&text, text.len - 1); /* printing ends the line */
            event_text_print(stdout, text.data);
        }
    }
    buf_free(&text);
}

int command_compare(struct cli *cli)
{
    struct side sides[2] = {0};
    struct err err = {0};
    int rc = 0;

    for (int i = 0; rc == 0 && i < 2; i++)
        rc = read_side(&sides[i], cli->words[i], &err);
    if (rc == 0)
        compare(sides, cli_option(cli, "json") != NULL);
    close_side(&sides[0]);
    close_side(&sides[1]);
    return rc < 0 ? cli_error(&err) : EXIT_DONE;
}
