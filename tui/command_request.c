/* SPDX-License-Identifier: MIT */
/*
 * rerail request: the exact bytes of what was sent to the model, rebuilt and checked; rerail
 * context: what the model has in front of it now, by part.
 */
#include "tui/commands.h"

#include "core/agent/run_spec.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/config/run_config.h"
#include "core/model/message.h"
#include "core/model/profile.h"
#include "core/model/transcript.h"
#include "history/query_work.h"
#include "tui/cli.h"
#include "tui/conversation.h"
#include "tui/event_text.h"
#include "tui/listing.h"
#include "tui/rebuild.h"
#include "tui/stored.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DIFF_BYTES ((size_t)256 << 20)

/* "7" or "7.2": attempt 2 of call 7. */
static int parse_call(int64_t *call, int64_t *attempt, const char *word, struct err *err)
{
    char *number = mem_text(word);
    char *dot = strchr(number, '.');
    int rc = 0;

    *attempt = 1;
    if (dot) {
        *dot = '\0';
        rc = str_int(attempt, dot + 1, 1, INT64_MAX);
    }
    if (rc == 0)
        rc = str_int(call, number, 1, INT64_MAX);
    free(number);
    return rc < 0 ? err_set(err, E_USAGE, "a call is a number, or number.attempt, not %s", word)
                  : 0;
}

/* --- printing ------------------------------------------------------------------------------------
 */

/* Exactly, where nobody can be fooled by it; made harmless on a terminal. */
static void print_body(const struct buf *body)
{
    if (isatty(STDOUT_FILENO))
        event_text_print(stdout, body->data);
    else
        fwrite(body->data, 1, body->len, stdout);
}

/* Between single quotes; a quote inside is what a URL writes for it. */
static void print_url(const char *url)
{
    for (; *url; url++)
        if (*url == '\'')
            fputs("%27", stdout);
        else
            putchar(*url);
}

/* For a shell: the key stays in its variable. */
static void print_curl(const struct rebuilt *rebuilt)
{
    const struct profile *profile = rebuilt->profile;
    const char *variable = profile->key_env ? profile->key_env : "API_KEY";
    const char *scheme = profile->auth == AUTH_API_KEY ? "" : "Bearer ";

    fputs("curl -sS '", stdout);
    print_url(rebuilt->url);
    printf("' \\\n  -H 'Content-Type: application/json' \\\n  -H \"%s: %s$%s\" \\\n"
           "  --data-binary @- <<'RERAIL_BODY'\n",
           profile_auth_name(profile), scheme, variable);
    event_text_print(stdout, rebuilt->body.data);
    printf("RERAIL_BODY\n");
}

static int print_raw(struct stored *stored, int64_t call, int64_t attempt, struct err *err)
{
    buf_clear(&stored->text);
    int rc =
        query_attempt_raw(stored->query, stored->run.run, call, 0, attempt, &stored->text, err);
    if (rc == 0 && stored->text.len == 0)
        return err_set(err, E_NOTFOUND, "no raw answer is kept: only failed attempts keep one");
    if (rc == 0)
        print_body(&stored->text);
    return rc;
}

/* What call `to` was told that `from` was not, and the other way round. */
static int print_diff(struct stored *stored, int64_t from, int64_t to, struct err *err)
{
    const int64_t calls[2] = {from, to};
    struct conversation sides[2] = {0};
    struct conversation_diff diff;
    const char *params[2];
    struct buf text;
    int rc = 0;

    for (int i = 0; rc == 0 && i < 2; i++) {
        struct call_row row;

        rc = query_call(stored->query, &stored->arena, stored->run.run, calls[i], &row, err);
        if (rc == 0)
            rc = query_call_params(stored->query, &stored->arena, stored->run.run, calls[i],
                                   &params[i], err);
        if (rc == 0)
            rc = conversation_read(&sides[i], stored, row.parent, err);
    }
    buf_init(&text, DIFF_BYTES);
    if (rc == 0) {
        conversation_compare(&text, &sides[0], &sides[1], &diff);
        if (strcmp(params[0], params[1]) != 0)
            (void)buf_printf(&text, "- parameters %s\n+ parameters %s\n", params[0], params[1]);
        printf(
            "call %lld to call %lld: %zu messages the same, %zu dropped, %zu added, %zu changed; "
            "about %lld tokens, then %lld\n",
            (long long)from, (long long)to, diff.same, diff.dropped, diff.added, diff.changed,
            (long long)diff.tokens[0], (long long)diff.tokens[1]);
        if (text.len > 0)
            buf_cut(&text, text.len - 1); /* printing ends the line */
        event_text_print(stdout, text.data);
    }
    buf_free(&text);
    conversation_free(&sides[0]);
    conversation_free(&sides[1]);
    return rc;
}

static int request(const struct cli *cli, struct stored *stored, struct rebuilt *rebuilt,
                   struct err *err)
{
    int64_t call = 0, attempt = 1;
    int rc = parse_call(&call, &attempt, cli->words[1], err);

    if (rc < 0)
        return rc;
    if (cli_option(cli, "diff")) {
        int64_t other = 0, ignored;

        rc = parse_call(&other, &ignored, cli_option(cli, "diff"), err);
        return rc < 0 ? rc : print_diff(stored, call, other, err);
    }
    if (cli_option(cli, "raw"))
        return print_raw(stored, call, attempt, err);
    rc = rebuild_request(rebuilt, stored, call, attempt, err);
    if (rc < 0)
        return rc;
    if (!rebuilt->matches)
        return err_set(err, E_CORRUPT,
                       "the request of call %lld cannot be rebuilt as it was sent: its hash "
                       "differs; run rerail fsck",
                       (long long)call);
    fprintf(stderr, "%s %s: %zu bytes, hash matches\n", rebuilt->profile->name, rebuilt->url,
            rebuilt->body.len);
    if (cli_option(cli, "curl"))
        print_curl(rebuilt);
    else
        print_body(&rebuilt->body);
    return 0;
}

int command_request(struct cli *cli)
{
    struct rebuilt rebuilt = {0};
    struct stored stored;
    struct err err = {0};
    int rc = stored_open_run(&stored, cli->words[0], &err);

    if (rc == 0)
        rc = request(cli, &stored, &rebuilt, &err);
    rebuilt_clear(&rebuilt);
    stored_close(&stored);
    return rc < 0 ? cli_error(&err) : EXIT_DONE;
}

/* --- context -------------------------------------------------------------------------------------
 */

enum part {
    PART_TOOLS,
    PART_SYSTEM,
    PART_USER,
    PART_ANSWERS,
    PART_REASONING,
    PART_CALLS,
    PART_RESULTS,
    PART_COUNT
};

static const char *const part_names[PART_COUNT] = {
    [PART_TOOLS] = "tool definitions", [PART_SYSTEM] = "system prompt",
    [PART_USER] = "task and messages", [PART_ANSWERS] = "answers",
    [PART_REASONING] = "reasoning",    [PART_CALLS] = "tool calls",
    [PART_RESULTS] = "tool results",
};

struct parts {
    int64_t count[PART_COUNT], tokens[PART_COUNT];
};

static void add(struct parts *parts, enum part part, const char *text)
{
    if (!text || !*text)
        return;
    parts->count[part]++;
    parts->tokens[part] += message_tokens_of(text);
}

static void add_message(struct parts *parts, const struct message *message)
{
    static const enum part by_role[] = {
        [ROLE_SYSTEM] = PART_SYSTEM,
        [ROLE_USER] = PART_USER,
        [ROLE_ASSISTANT] = PART_ANSWERS,
        [ROLE_TOOL] = PART_RESULTS,
    };

    add(parts, by_role[message->role], message->content);
    add(parts, PART_REASONING, message->reasoning);
    for (size_t i = 0; i < message->call_count; i++) {
        add(parts, PART_CALLS, message->calls[i].args);
        parts->tokens[PART_CALLS] += message_tokens_of(message->calls[i].name);
    }
}

/* Every message on the head's path. */
static int measure(struct parts *parts, struct stored *stored, struct err *err)
{
    struct chain_path path;
    struct node_row *rows = NULL;
    struct arena page = {0};
    size_t count = 1;
    int rc = query_path(stored->query, &stored->arena, stored->run.run, 0, &path, err);

    for (int64_t depth = 0; rc == 0 && count > 0 && depth <= path.depth; depth += (int64_t)count) {
        arena_clear(&page);
        rc = query_nodes(stored->query, &page, &path, depth, 64, &rows, &count, err);
        for (size_t i = 0; rc == 0 && i < count; i++) {
            struct message *message = NULL;

            buf_clear(&stored->text);
            rc = query_body(stored->query, stored->run.run, rows[i].node, &stored->text, err);
            if (rc == 0 && message_parse(&message, stored->text.data, stored->text.len, NULL) == 0)
                add_message(parts, message);
            message_free(message);
        }
    }
    arena_free(&page);
    return rc;
}

static const struct column columns[] = {
    {"part", "PART", COLUMN_TEXT},       {"pieces", "PIECES", COLUMN_NUMBER},
    {"tokens", "TOKENS", COLUMN_NUMBER}, {"percent", "SHARE", COLUMN_PERCENT},
    {NULL, NULL, COLUMN_TEXT},
};

static void print_parts(const struct parts *parts, bool json)
{
    struct listing *listing;
    int64_t sum = 0;

    for (int i = 0; i < PART_COUNT; i++)
        sum += parts->tokens[i];
    listing_new(&listing, columns, json, stdout);
    for (int i = 0; i < PART_COUNT; i++) {
        cJSON *row = cJSON_CreateObject();

        json_set_text(row, "part", part_names[i]);
        json_set_int(row, "pieces", parts->count[i]);
        json_set_int(row, "tokens", parts->tokens[i]);
        if (sum > 0)
            json_set_number(row, "percent", 100.0 * (double)parts->tokens[i] / (double)sum);
        listing_add(listing, row);
    }
    (void)listing_end(listing);
}

static int context(const struct cli *cli, struct stored *stored, struct rebuilt *rebuilt,
                   struct err *err)
{
    bool json = cli_option(cli, "json") != NULL;
    struct parts parts = {0};
    int rc = rebuild_head(rebuilt, stored, err);

    if (rc == 0)
        rc = measure(&parts, stored, err);
    if (rc < 0)
        return rc;
    const char *tools = transcript_tools_text(rebuilt->transcript);
    int64_t window = rebuilt->spec->config->model.context;
    int64_t all = transcript_tokens(rebuilt->transcript, transcript_count(rebuilt->transcript)) +
                  transcript_tool_tokens(rebuilt->transcript);
    parts.count[PART_TOOLS] = *tools ? 1 : 0;
    parts.tokens[PART_TOOLS] = transcript_tool_tokens(rebuilt->transcript);
    print_parts(&parts, json);
    if (!json && window > 0)
        printf("\nabout %lld tokens of %lld, %.0f%%\n", (long long)all, (long long)window,
               100.0 * (double)all / (double)window);
    else if (!json)
        printf("\nabout %lld tokens; what the model takes is not known (set model.context)\n",
               (long long)all);
    return 0;
}

int command_context(struct cli *cli)
{
    struct rebuilt rebuilt = {0};
    struct stored stored;
    struct err err = {0};
    int rc = stored_open_run(&stored, cli->words[0], &err);

    if (rc == 0)
        rc = context(cli, &stored, &rebuilt, &err);
    rebuilt_clear(&rebuilt);
    stored_close(&stored);
    return rc < 0 ? cli_error(&err) : EXIT_DONE;
}
