/* SPDX-License-Identifier: MIT */
/*
 * rerail show RUN: what a run is, its branches and its chain. Then, with more words, one thing of
 * it: a checkpoint, a step, a model call, a tool call.
 */
#include "tui/commands.h"

#include "core/base/json.h"
#include "core/base/str.h"
#include "core/model/message.h"
#include "history/query_jump.h"
#include "history/query_work.h"
#include "tui/cli.h"
#include "tui/event_text.h"
#include "tui/listing.h"
#include "tui/row_json.h"
#include "tui/stored.h"

#include <stdlib.h>

#define PAGE 256

/* --- plain objects ------------------------------------------------------------------------------
 */

static void print_json(cJSON *row)
{
    char *text = json_print(row);

    event_text_print(stdout, text);
    free(text);
    cJSON_Delete(row);
}

/* "name   value", a line a member that has something to say. */
static void print_members(cJSON *row)
{
    const cJSON *member;
    char line[1024];

    cJSON_ArrayForEach(member, row)
    {
        if (cJSON_IsString(member) && *member->valuestring == '\0')
            continue;
        if (cJSON_IsString(member)) {
            str_format(line, sizeof line, "%-16s %s", member->string, member->valuestring);
        } else {
            char *text = json_print(member);

            str_format(line, sizeof line, "%-16s %s", member->string, text);
            free(text);
        }
        event_text_print(stdout, line);
    }
    cJSON_Delete(row);
}

static void print_row(cJSON *row, bool json)
{
    if (json)
        print_json(row);
    else
        print_members(row);
}

/* --- the run ------------------------------------------------------------------------------------
 */

static const struct column chain_columns[] = {
    {"node", "STEP", COLUMN_NUMBER},
    {"mark", "", COLUMN_TEXT},
    {"iteration", "ITER", COLUMN_NUMBER},
    {"kind", "KIND", COLUMN_TEXT},
    {"call", "CALL", COLUMN_NUMBER},
    {"effect", "EFFECT", COLUMN_NUMBER},
    {"tool", "TOOL", COLUMN_TEXT},
    {"outcome", "OUTCOME", COLUMN_TEXT},
    {"label", "LABEL", COLUMN_TEXT},
    {"text", "TEXT", COLUMN_TEXT},
    {NULL, NULL, COLUMN_TEXT},
};

static int show_chain(struct stored *stored, bool json, struct err *err)
{
    struct chain_path path;
    struct arena page = {0};
    struct node_row *rows = NULL;
    struct listing *listing;
    size_t count = 0;
    int rc = query_path(stored->query, &stored->arena, stored->run.run, 0, &path, err);

    if (rc < 0)
        return rc;
    listing_new(&listing, chain_columns, json, stdout);
    for (int64_t depth = 0; rc == 0 && depth <= path.depth; depth += (int64_t)count) {
        arena_clear(&page);
        rc = query_nodes(stored->query, &page, &path, depth, PAGE, &rows, &count, err);
        for (size_t i = 0; rc == 0 && i < count; i++)
            listing_add(listing, row_json_node(&rows[i]));
        if (count == 0)
            break;
    }
    (void)listing_end(listing);
    arena_free(&page);
    return rc;
}

static const struct column open_columns[] = {
    {"effect", "EFFECT", COLUMN_NUMBER},     {"tool", "TOOL", COLUMN_TEXT},
    {"state", "STATE", COLUMN_TEXT},         {"policy", "POLICY", COLUMN_TEXT},
    {"arguments", "ARGUMENTS", COLUMN_TEXT}, {NULL, NULL, COLUMN_TEXT},
};

/* Tool calls without an outcome: what a person is asked about, with the words to judge it by. */
static int show_open(struct stored *stored, bool json, struct err *err)
{
    struct listing *listing;
    struct open_work work;
    int rc = query_open_work(stored->query, &stored->arena, stored->run.run, PAGE, &work, err);

    if (rc < 0 || work.effect_count == 0)
        return rc;
    if (!json)
        puts("");
    listing_new(&listing, open_columns, json, stdout);
    for (size_t i = 0; rc == 0 && i < work.effect_count; i++) {
        cJSON *row = row_json_effect(&work.effects[i]);

        buf_clear(&stored->text);
        rc = query_effect_args(stored->query, stored->run.run, work.effects[i].effect,
                               &stored->text, err);
        json_set_text(row, "arguments", stored->text.data);
        listing_add(listing, row);
    }
    (void)listing_end(listing);
    return rc;
}

static int show_run(struct stored *stored, bool json, struct err *err)
{
    print_row(row_json_run(&stored->run), json);
    if (!json)
        puts("");
    int rc = show_chain(stored, json, err);
    return rc < 0 ? rc : show_open(stored, json, err);
}

/* --- one thing of it ----------------------------------------------------------------------------
 */

static const struct column attempt_columns[] = {
    {"attempt", "ATTEMPT", COLUMN_NUMBER},  {"outcome", "OUTCOME", COLUMN_TEXT},
    {"status", "STATUS", COLUMN_NUMBER},    {"duration_ms", "TOOK", COLUMN_MS},
    {"delay_ms", "THEN WAITED", COLUMN_MS}, {"delay_source", "BY", COLUMN_TEXT},
    {"cause", "CAUSE", COLUMN_TEXT},        {NULL, NULL, COLUMN_TEXT},
};

static int show_attempts(struct stored *stored, int64_t call, int64_t effect, bool json,
                         struct err *err)
{
    struct attempt_row *rows = NULL;
    struct listing *listing;
    size_t count = 0;
    int rc = query_attempts(stored->query, &stored->arena, stored->run.run, call, effect, 0, PAGE,
                            &rows, &count, err);

    if (rc < 0)
        return rc;
    if (!json)
        puts("");
    listing_new(&listing, attempt_columns, json, stdout);
    for (size_t i = 0; i < count; i++)
        listing_add(listing, row_json_attempt(&rows[i]));
    (void)listing_end(listing);
    return 0;
}

static void print_part(const char *name, const char *text)
{
    if (!text || !*text)
        return;
    printf("\n%s:\n", name);
    event_text_print(stdout, text);
}

/* A message as a person reads it. */
static void print_message(const char *body, size_t len)
{
    struct message *message = NULL;

    if (message_parse(&message, body, len, NULL) < 0) {
        print_part("body", body); /* the root of the chain is no message */
        return;
    }
    print_part("reasoning", message->reasoning);
    print_part("content", message->content);
    for (size_t i = 0; i < message->call_count; i++) {
        print_part("call", message->calls[i].name);
        event_text_print(stdout, message->calls[i].args);
    }
    message_free(message);
}

static int show_node(struct stored *stored, int64_t node, bool json, struct err *err)
{
    struct node_row row;
    int rc = query_node(stored->query, &stored->arena, stored->run.run, node, &row, err);

    if (rc < 0)
        return rc;
    print_row(row_json_node(&row), json);
    buf_clear(&stored->text);
    rc = query_body(stored->query, stored->run.run, node, &stored->text, err);
    if (rc == 0 && json)
        event_text_print(stdout, stored->text.data);
    else if (rc == 0)
        print_message(stored->text.data, stored->text.len);
    return rc;
}

static int show_call(struct stored *stored, const char *which, bool json, struct err *err)
{
    struct call_row row;
    int64_t number;

    if (str_int(&number, which, 1, INT64_MAX) < 0)
        return err_set(err, E_USAGE, "show RUN call takes a number, not %s", which);
    int rc = query_call(stored->query, &stored->arena, stored->run.run, number, &row, err);
    if (rc < 0)
        return rc;
    print_row(row_json_call(&row), json);
    rc = show_attempts(stored, number, 0, json, err);
    if (rc == 0 && row.node > 0) {
        if (!json)
            puts("");
        rc = show_node(stored, row.node, json, err);
    }
    return rc;
}

static int show_effect(struct stored *stored, const char *which, bool json, struct err *err)
{
    struct effect_row row;
    int64_t number;

    if (str_int(&number, which, 1, INT64_MAX) < 0)
        return err_set(err, E_USAGE, "show RUN effect takes a number, not %s", which);
    int rc = query_effect(stored->query, &stored->arena, stored->run.run, number, &row, err);
    if (rc < 0)
        return rc;
    print_row(row_json_effect(&row), json);
    rc = show_attempts(stored, 0, number, json, err);
    buf_clear(&stored->text);
    if (rc == 0)
        rc = query_effect_args(stored->query, stored->run.run, number, &stored->text, err);
    if (rc == 0)
        print_part("arguments", stored->text.data);
    buf_clear(&stored->text);
    if (rc == 0)
        rc = query_effect_result(stored->query, stored->run.run, number, &stored->text, err);
    if (rc == 0)
        print_part("result", stored->text.data);
    return rc;
}

static int show_step(struct stored *stored, const char *which, bool json, struct err *err)
{
    int64_t node;

    if (str_int(&node, which, 1, INT64_MAX) < 0)
        return err_set(err, E_USAGE, "show RUN step takes a number, not %s", which);
    return show_node(stored, node, json, err);
}

static int show_checkpoint(struct stored *stored, const char *which, bool json, struct err *err)
{
    struct checkpoint_row row;
    struct jump_preview preview;
    int rc = stored_checkpoint(stored, which, &row, err);

    if (rc < 0)
        return rc;
    print_row(row_json_checkpoint(&row), json);
    rc = query_preview(stored->query, &stored->arena, stored->run.run, row.node, 0, &preview, err);
    if (rc == 0 && !json)
        printf("%-16s drops %lld messages; %lld effects stay in the world\n", "rolling back",
               (long long)preview.messages, (long long)preview.effects);
    return rc < 0 ? rc : show_node(stored, row.node, json, err);
}

static const struct {
    const char *word;
    int (*show)(struct stored *stored, const char *which, bool json, struct err *err);
} things[] = {{"call", show_call}, {"effect", show_effect}, {"step", show_step}};

static int show(struct stored *stored, const struct cli *cli, struct err *err)
{
    bool json = cli_option(cli, "json") != NULL;

    if (cli->word_count == 1)
        return show_run(stored, json, err);
    if (cli->word_count == 2)
        return show_checkpoint(stored, cli->words[1], json, err);
    for (size_t i = 0; i < sizeof things / sizeof *things; i++)
        if (str_eq(cli->words[1], things[i].word))
            return things[i].show(stored, cli->words[2], json, err);
    return err_set(err, E_USAGE, "show RUN what? call N, effect N, step N, or a checkpoint");
}

int command_show(struct cli *cli)
{
    struct stored stored;
    struct err err = {0};
    int rc = stored_open_run(&stored, cli->words[0], &err);

    if (rc == 0)
        rc = show(&stored, cli, &err);
    stored_close(&stored);
    return rc < 0 ? cli_error(&err) : EXIT_DONE;
}
