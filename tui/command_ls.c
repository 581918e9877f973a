/* SPDX-License-Identifier: MIT */
/* rerail ls: all runs, live and stored, newest first. */
#include "tui/commands.h"

#include "core/agent/state.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "tui/cli.h"
#include "tui/listing.h"
#include "tui/row_json.h"
#include "tui/stored.h"

#define PAGE 100

static const struct column columns[] = {
    {"id", "RUN", COLUMN_TEXT},
    {"state", "STATE", COLUMN_TEXT},
    {"owner", "OWNER", COLUMN_TEXT},
    {"agent", "AGENT", COLUMN_TEXT},
    {"iterations", "ITER", COLUMN_NUMBER},
    {"tool_calls", "TOOLS", COLUMN_NUMBER},
    {"tokens", "TOKENS", COLUMN_NUMBER},
    {"updated", "UPDATED (UTC)", COLUMN_TIME},
    {"task", "TASK", COLUMN_TEXT},
    {NULL, NULL, COLUMN_TEXT},
};

/* Page by page, so that ten thousand runs take no more memory than a hundred. */
static int list(struct stored *stored, struct listing *listing, int64_t most, struct err *err)
{
    struct run_page page = {.limit = PAGE};
    struct run_row *rows = NULL;
    size_t count = PAGE;
    int rc = 0;

    while (rc == 0 && count == PAGE && most > 0) {
        arena_clear(&stored->arena);
        rc = query_runs(stored->query, &stored->arena, &page, &rows, &count, err);
        for (size_t i = 0; rc == 0 && i < count && most > 0; i++, most--) {
            listing_add(listing, row_json_run(&rows[i]));
            page.before = rows[i].run;
        }
    }
    return rc;
}

int command_ls(struct cli *cli)
{
    const char *limit = cli_option(cli, "limit");
    bool json = cli_option(cli, "json") != NULL;
    struct stored stored;
    struct listing *listing;
    struct err err = {0};
    int64_t most = json ? INT64_MAX : 50;

    if (limit && str_int(&most, limit, 1, INT64_MAX) < 0)
        return cli_fail(EXIT_USAGE, "--limit takes a number from 1, not %s", limit);
    int rc = stored_open(&stored, &err);
    if (rc == 0) {
        listing_new(&listing, columns, json, stdout);
        rc = list(&stored, listing, most, &err);
        if (listing_end(listing) == 0 && rc == 0)
            fprintf(stderr, "there are no runs yet; start one: rerail exec \"TASK\"\n");
    }
    stored_close(&stored);
    if (rc == E_NOTFOUND) {
        fprintf(stderr, "%s\n", err.msg); /* an empty list is no error */
        return EXIT_DONE;
    }
    return rc < 0 ? cli_error(&err) : EXIT_DONE;
}
