/* SPDX-License-Identifier: MIT */
/* rerail du, gc, fsck: where the bytes of history are, making room, whether the record is whole. */
#include "tui/commands.h"

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "history/du.h"
#include "history/fsck.h"
#include "history/gc.h"
#include "tui/cli.h"
#include "tui/event_text.h"
#include "tui/listing.h"
#include "tui/stored.h"

#include <inttypes.h>
#include <stdlib.h>

#define PAGE 100

/* --- du ------------------------------------------------------------------------------------------
 */

static const struct column place_columns[] = {
    {"what", "WHAT", COLUMN_TEXT},
    {"rows", "ROWS", COLUMN_NUMBER},
    {"bytes", "BYTES", COLUMN_BYTES},
    {NULL, NULL, COLUMN_TEXT},
};

static const struct column run_columns[] = {
    {"id", "RUN", COLUMN_TEXT},          {"nodes", "STEPS", COLUMN_NUMBER},
    {"events", "EVENTS", COLUMN_NUMBER}, {"content_bytes", "CONTENT", COLUMN_BYTES},
    {"bytes", "STORED", COLUMN_BYTES},   {NULL, NULL, COLUMN_TEXT},
};

static void add_place(struct listing *listing, const char *what, int64_t rows, int64_t bytes)
{
    cJSON *row = cJSON_CreateObject();

    json_set_text(row, "what", what);
    if (rows >= 0)
        json_set_int(row, "rows", rows);
    if (bytes >= 0)
        json_set_int(row, "bytes", bytes);
    listing_add(listing, row);
}

static int print_places(struct stored *stored, bool json, struct err *err)
{
    struct du_report report = {0};
    struct listing *listing;
    int rc = du_read(stored->query, &stored->arena, &report, err);

    if (rc < 0)
        return rc;
    listing_new(&listing, place_columns, json, stdout);
    add_place(listing, "file", -1, report.file);
    add_place(listing, "write-ahead log", -1, report.wal);
    add_place(listing, "free pages", -1, report.free);
    add_place(listing, "backups", -1, report.backups);
    add_place(listing, "moved aside", -1, report.damaged);
    add_place(listing, "bodies, as they are", report.blobs, report.blob_content);
    add_place(listing, "bodies, compressed", report.blobs, report.blob_stored);
    for (size_t i = 0; i < report.table_count; i++) {
        char *name = mem_printf("table %s", report.tables[i].name);

        add_place(listing, name, report.tables[i].rows, report.tables[i].bytes);
        free(name);
    }
    (void)listing_end(listing);
    return 0;
}

static void add_run(struct listing *listing, const struct du_run *run)
{
    cJSON *row = cJSON_CreateObject();
    char id[16];

    str_format(id, sizeof id, "%.8s", run->uid);
    json_set_text(row, "id", id);
    json_set_text(row, "session_id", run->uid);
    json_set_int(row, "nodes", run->nodes);
    json_set_int(row, "events", run->events);
    json_set_int(row, "content_bytes", run->content);
    json_set_int(row, "bytes", run->stored);
    listing_add(listing, row);
}

static int print_runs(struct stored *stored, bool json, struct err *err)
{
    struct listing *listing;
    struct du_run *rows = NULL;
    size_t count = PAGE;
    int64_t before = 0;
    int rc = 0;

    listing_new(&listing, run_columns, json, stdout);
    while (rc == 0 && count == PAGE) {
        arena_clear(&stored->arena);
        rc = du_runs(stored->query, &stored->arena, before, PAGE, &rows, &count, err);
        for (size_t i = 0; rc == 0 && i < count; i++) {
            add_run(listing, &rows[i]);
            before = rows[i].run;
        }
    }
    (void)listing_end(listing);
    return rc;
}

int command_du(struct cli *cli)
{
    bool json = cli_option(cli, "json") != NULL;
    struct stored stored;
    struct err err = {0};
    int rc = stored_open(&stored, &err);

    if (rc == 0)
        rc = cli_option(cli, "runs") ? print_runs(&stored, json, &err)
                                     : print_places(&stored, json, &err);
    stored_close(&stored);
    return rc < 0 ? cli_error(&err) : EXIT_DONE;
}

/* --- gc ------------------------------------------------------------------------------------------
 */

static void print_gc(const struct gc_report *report, bool dry)
{
    char bytes[32], freed[32];

    listing_bytes(bytes, sizeof bytes, report->bytes);
    listing_bytes(freed, sizeof freed, report->freed);
    if (dry) {
        printf("would delete %" PRId64 " runs\n", report->runs);
        return;
    }
    printf("deleted %" PRId64 " runs, %" PRId64 " bodies (%s), %" PRId64 " files; gave back %s\n",
           report->runs, report->blobs, bytes, report->files, freed);
    if (report->kept_live > 0)
        printf("kept %" PRId64 " that are live\n", report->kept_live);
}

/* The runs named on the command line, by number. */
static int find_runs(struct stored *stored, const struct cli *cli, int64_t *runs, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < cli->word_count; i++)
        rc = query_run_find(stored->query, cli->words[i], &runs[i], err);
    return rc;
}

static int collect(struct stored *stored, const struct cli *cli, int64_t older_us, struct err *err)
{
    int64_t *runs = mem_array(cli->word_count + 1, sizeof *runs);
    struct clock clock = clock_system();
    struct gc_report report = {0};
    int rc = find_runs(stored, cli, runs, err);

    if (rc == 0) {
        const struct gc_options options = {
            .path = stored->path,
            .runs = runs,
            .run_count = cli->word_count,
            .older_us = older_us > 0 ? clock_wall(&clock) - older_us : 0,
            .dry = cli_option(cli, "dry-run") != NULL,
        };

        query_close(stored->query); /* a reader would hold the write-ahead log back */
        stored->query = NULL;
        rc = gc_run(&report, &options, err);
        if (rc == 0)
            print_gc(&report, options.dry);
    }
    free(runs);
    return rc;
}

int command_gc(struct cli *cli)
{
    const char *older = cli_option(cli, "older");
    struct stored stored;
    struct err err = {0};
    int64_t older_us = 0;

    if (older && (str_duration_us(&older_us, older) < 0 || older_us <= 0))
        return cli_fail(EXIT_USAGE, "--older takes a duration such as 30d or 12h, not %s", older);
    int rc = stored_open(&stored, &err);
    if (rc == 0)
        rc = collect(&stored, cli, older_us, &err);
    stored_close(&stored);
    return rc < 0 ? cli_error(&err) : EXIT_DONE;
}

/* --- fsck ----------------------------------------------------------------------------------------
 */

static void print_finding(void *ctx, int64_t run, const char *text)
{
    struct stored *stored = ctx;
    struct run_row row;

    if (run > 0 && query_run(stored->query, &stored->arena, run, &row, NULL) == 0)
        printf("run %.8s: ", row.uid);
    event_text_print(stdout, text);
}

int command_fsck(struct cli *cli)
{
    struct fsck_report report = {0};
    struct stored stored;
    struct err err = {0};
    bool one = cli->word_count > 0;
    int rc = one ? stored_open_run(&stored, cli->words[0], &err) : stored_open(&stored, &err);

    if (rc == 0) {
        const struct fsck_options options = {.run = one ? stored.run.run : 0,
                                             .quick = cli_option(cli, "quick") != NULL,
                                             .found = print_finding,
                                             .ctx = &stored};

        rc = fsck_run(&report, stored.query, &options, &err);
    }
    stored_close(&stored);
    if (rc < 0)
        return cli_error(&err);
    printf("%" PRId64 " runs, %" PRId64 " steps, %" PRId64 " events, %" PRId64 " bodies, %" PRId64
           " effects: %" PRId64 " findings\n",
           report.runs, report.nodes, report.events, report.blobs, report.effects, report.findings);
    return report.findings > 0 ? EXIT_ERROR : EXIT_DONE;
}
