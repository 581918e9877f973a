/* SPDX-License-Identifier: MIT */
/*
 * rerail health: the figures of the last attempts, of a run and of each endpoint and tool in it, or
 * of all runs. The same window, thresholds and arithmetic that the breakers judge by.
 */
#include "tui/commands.h"

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/config/config.h"
#include "core/config/run_config.h"
#include "core/guard/health_book.h"
#include "history/query_work.h"
#include "tui/cli.h"
#include "tui/listing.h"
#include "tui/stored.h"

#include <stdlib.h>

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
    const struct health_policy *policy = &config_run(cli->config)->health;
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
