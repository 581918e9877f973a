/* SPDX-License-Identifier: MIT */
/*
 * rerail health: the figures of the last attempts, of a run and of each endpoint and tool in it, or
 * of all runs, and their circuit breakers. The same window, thresholds and arithmetic that the
 * engine judges by. Breakers belong to the process that has the run: it is asked for them. Where
 * nobody has it, they are what its attempts make of them, as for the next process that takes it.
 */
#include "tui/commands.h"

#include "core/agent/guards.h"
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/config/config.h"
#include "core/config/run_config.h"
#include "core/guard/health_book.h"
#include "core/journal.h"
#include "history/query_work.h"
#include "tui/cli.h"
#include "tui/listing.h"
#include "tui/reach.h"
#include "tui/stored.h"

#include <stdlib.h>
#include <string.h>

#define ANSWER_US ((int64_t)2 * US_PER_S)

static const struct column columns[] = {
    {"scope", "WHAT", COLUMN_TEXT},
    {"status", "STATUS", COLUMN_TEXT},
    {"samples", "N", COLUMN_NUMBER},
    {"error_percent", "ERRORS", COLUMN_PERCENT},
    {"average_ms", "AVERAGE", COLUMN_MS},
    {"p50_ms", "P50", COLUMN_MS},
    {"p90_ms", "P90", COLUMN_MS},
    {"p99_ms", "P99", COLUMN_MS},
    {"first_token_ms", "FIRST TOKEN", COLUMN_MS},
    {"tokens_per_second", "TOK/S", COLUMN_NUMBER},
    {NULL, NULL, COLUMN_TEXT},
};

/* --- folding -------------------------------------------------------------------------------------
 */

static struct health_outcome outcome_of(const struct attempt_row *row)
{
    int64_t rest = row->duration_us - row->first_us;

    return (struct health_outcome){
        .at_us = row->us + row->duration_us,
        .failure = failure_named(row->outcome ? row->outcome : ""),
        .latency_us = row->duration_us,
        .ttft_us = row->first_us >= 0 ? row->first_us : HEALTH_ABSENT,
        .milli_rate = row->first_us >= 0 && rest > 0 && row->tokens_out > 0
                          ? row->tokens_out * 1000 * US_PER_S / rest
                          : HEALTH_ABSENT,
        .ref = row->call ? row->call : row->effect,
    };
}

static void record(struct health_book *book, const struct health_policy *policy,
                   const struct attempt_row *row)
{
    const struct health_outcome outcome = outcome_of(row);
    char *key = row->call ? mem_printf("model %s/%s", row->provider ? row->provider : "", row->name)
                          : mem_printf("tool %s", row->name);

    if (outcome.failure != FAILURE_COUNT &&
        (failure_row(outcome.failure)->ok || failure_row(outcome.failure)->error)) {
        health_record(health_book_at(book, "all"), policy, &outcome);
        health_record(health_book_at(book, key), policy, &outcome);
    }
    free(key);
}

/* --- figures -------------------------------------------------------------------------------------
 */

static void set_spread_ms(cJSON *row, const char *name, int64_t us)
{
    if (us != HEALTH_ABSENT)
        json_set_number(row, name, (double)us / 1000);
}

static cJSON *figures_json(const char *scope, const struct health_figures *figures)
{
    cJSON *row = cJSON_CreateObject();

    json_set_text(row, "scope", scope);
    json_set_text(row, "status", health_status_name(figures->status));
    json_set_int(row, "samples", (int64_t)figures->n);
    json_set_int(row, "errors", (int64_t)figures->errors);
    json_set_int(row, "successes", (int64_t)figures->successes);
    if (figures->error_permille != HEALTH_ABSENT)
        json_set_number(row, "error_percent", figures->error_permille / 10.0);
    if (figures->latency.n > 0) {
        set_spread_ms(row, "average_ms", figures->latency.avg);
        set_spread_ms(row, "p50_ms", figures->latency.p50.value);
        set_spread_ms(row, "p90_ms", figures->latency.p90.value);
        set_spread_ms(row, "p99_ms", figures->latency.p99.value);
        json_set_int(row, "p99_call", figures->latency.p99.ref);
    }
    if (figures->ttft.n > 0)
        set_spread_ms(row, "first_token_ms", figures->ttft.avg);
    if (figures->rate.n > 0)
        json_set_int(row, "tokens_per_second", figures->rate.avg / 1000);
    return row;
}

static void print_book(const struct health_book *book, const struct health_policy *policy,
                       int64_t now_us, bool json)
{
    struct listing *listing;

    listing_new(&listing, columns, json, stdout);
    for (size_t i = 0; i < health_book_count(book); i++) {
        const char *key = health_book_key(book, i);
        struct health_figures figures;

        health_figures(&figures, health_book_find(book, key), policy, now_us);
        listing_add(listing, figures_json(key, &figures));
    }
    if (listing_end(listing) == 0)
        fprintf(stderr, "nothing was tried in this window\n");
}

/* --- breakers ------------------------------------------------------------------------------------
 */

static const struct column breaker_columns[] = {
    {"breaker", "BREAKER", COLUMN_TEXT},
    {"state", "STATE", COLUMN_TEXT},
    {"failures_in_row", "IN A ROW", COLUMN_NUMBER},
    {"failures", "FAILURES", COLUMN_NUMBER},
    {"outcomes", "OF", COLUMN_NUMBER},
    {"next", "NEXT TRY", COLUMN_TEXT},
    {"reason", "OPENED BY", COLUMN_TEXT},
    {NULL, NULL, COLUMN_TEXT},
};

/* As the attempts of the window left them, seen from now. */
static cJSON *made_by_attempts(const struct run_config *config, const struct attempt_row *rows,
                               size_t count)
{
    struct clock clock = clock_system();
    int64_t now_us = clock_wall(&clock);
    struct past_attempt *past = mem_array(count + 1, sizeof *past);
    struct guards *guards = guards_new();

    for (size_t i = 0; i < count; i++) {
        const struct attempt_row *row = &rows[count - 1 - i]; /* they come newest first */

        past[i] = (struct past_attempt){
            .scope = mem_text(row->call ? "model" : "tool"),
            .key = row->call ? mem_printf("%s/%s", row->provider ? row->provider : "", row->name)
                             : mem_text(row->name),
            .wall_us = row->us,
            .duration_us = row->duration_us,
            .outcome = mem_text(row->outcome),
        };
    }
    guards_recall(guards, past, count, config, now_us, now_us);
    cJSON *list = guards_report(guards, now_us);
    for (size_t i = 0; i < count; i++) {
        free(past[i].scope);
        free(past[i].key);
        free(past[i].outcome);
    }
    free(past);
    guards_free(guards);
    return list;
}

/* As the process that has the run knows them; NULL when it says nothing. */
static cJSON *told_by_owner(const struct run_row *run)
{
    cJSON *verb = cJSON_CreateObject(), *list = NULL;
    char *text = NULL;

    json_set_text(verb, "verb", "breaker");
    json_set_text(verb, "action", "list");
    json_set_text(verb, "by", "shell");
    if (reach_owner(run, verb, ANSWER_US, &text, NULL) == 0)
        (void)json_parse(&list, text, strlen(text), NULL, NULL); /* else what is stored will do */
    free(text);
    cJSON_Delete(verb);
    return list;
}

static void say_next(cJSON *row)
{
    const char *state = json_text(row, "state");
    int64_t wait_us = (int64_t)(json_number(row, "wait_ms", 0) * US_PER_MS);
    char span[32], text[64] = "with the next call, as a probe";

    clock_short(span, sizeof span, wait_us);
    if (str_eq(state, "closed") || str_eq(state, "forced_closed"))
        str_format(text, sizeof text, "with the next call");
    else if (str_eq(state, "forced_open"))
        str_format(text, sizeof text, "when the operator closes it");
    else if (json_bool(row, "probing", false))
        str_format(text, sizeof text, "a probe is under way");
    else if (wait_us > 0)
        str_format(text, sizeof text, "in %s", span);
    json_set_text(row, "next", text);
}

/* Whether the options ask for this one. A tool's key says its workspace behind the name. */
static bool is_wanted(const struct cli *cli, const char *scope, const char *key)
{
    const char *provider = cli_option(cli, "endpoint"), *tool = cli_option(cli, "tool");
    bool model = str_eq(scope, "model");
    const char *wanted = model ? provider : tool;

    if (!provider && !tool)
        return true;
    if (!wanted)
        return false;
    size_t len = strlen(wanted);
    return strncmp(key, wanted, len) == 0 && (key[len] == (model ? '/' : '@') || key[len] == '\0');
}

static cJSON *breaker_row(const char *scope, const char *key, const cJSON *told)
{
    cJSON *row = cJSON_CreateObject();
    size_t len = strcspn(key, str_eq(scope, "tool") ? "@" : "");
    char *name = mem_printf("%s %.*s", scope, (int)len, key);
    const cJSON *member;

    json_set_text(row, "breaker", name);
    cJSON_ArrayForEach(member, told)
    {
        if (!str_eq(member->string, "scope") && !str_eq(member->string, "key"))
            (void)cJSON_AddItemToObject(row, member->string, cJSON_Duplicate(member, true));
    }
    say_next(row);
    free(name);
    return row;
}

static void print_breakers(const struct cli *cli, const cJSON *list)
{
    struct listing *listing;
    bool json = cli_option(cli, "json") != NULL, first = true;
    const cJSON *told;

    listing_new(&listing, breaker_columns, json, stdout);
    cJSON_ArrayForEach(told, list)
    {
        const char *scope = json_text(told, "scope"), *key = json_text(told, "key");

        if (!scope || !key || !is_wanted(cli, scope, key))
            continue;
        if (first && !json)
            puts("");
        first = false;
        listing_add(listing, breaker_row(scope, key, told));
    }
    (void)listing_end(listing); /* none is no news */
}

/* --- the window ----------------------------------------------------------------------------------
 */

/* Of a run that rests it is the window that ended with it: now there is nothing in it. */
static int64_t moment(const struct stored *stored, bool one)
{
    struct clock clock = clock_system();

    return one && stored->run.owner != RUN_OWNED ? stored->run.updated_us : clock_wall(&clock);
}

static int health(const struct cli *cli, struct stored *stored, struct err *err)
{
    const struct run_config *config = config_run(cli->config);
    const struct health_policy *policy = &config->health;
    bool one = cli->word_count > 0;
    int64_t now_us = moment(stored, one);
    struct health_book *book;
    struct attempt_row *rows = NULL;
    size_t count = 0;
    const struct window window = {
        .run = one ? stored->run.run : 0,
        .provider = cli_option(cli, "endpoint"),
        .tool = cli_option(cli, "tool"),
        .since_us = now_us - policy->window_us,
        .limit = (size_t)policy->window,
    };
    int rc = query_window(stored->query, &stored->arena, &window, &rows, &count, err);

    if (rc < 0)
        return rc;
    health_book_new(&book);
    for (size_t i = count; i-- > 0;) /* they come newest first */
        record(book, policy, &rows[i]);
    print_book(book, policy, now_us, cli_option(cli, "json") != NULL);
    health_book_free(book);
    cJSON *breakers = one && stored->run.owner == RUN_OWNED ? told_by_owner(&stored->run) : NULL;
    if (!breakers)
        breakers = made_by_attempts(config, rows, count);
    print_breakers(cli, breakers);
    cJSON_Delete(breakers);
    return 0;
}

int command_health(struct cli *cli)
{
    struct stored stored;
    struct err err = {0};
    int rc = cli->word_count > 0 ? stored_open_run(&stored, cli->words[0], &err)
                                 : stored_open(&stored, &err);

    if (rc == 0)
        rc = health(cli, &stored, &err);
    stored_close(&stored);
    return rc < 0 ? cli_error(&err) : EXIT_DONE;
}
