/* SPDX-License-Identifier: MIT */
/* rerail export RUN: a run as a file, in rerail's own form or in one that others read. */
#include "tui/commands.h"

#include "core/base/str.h"
#include "history/exchange/export.h"
#include "history/query_event.h"
#include "tui/cli.h"
#include "tui/outlet.h"
#include "tui/stored.h"

#include <stdio.h>

#define PAGE 256

static int write_own(struct stored *stored, struct outlet *outlet, struct err *err)
{
    const struct export_options options = {.put = outlet_put, .ctx = outlet};

    return export_run(stored->query, stored->run.run, &options, err);
}

static int write_event(struct stored *stored, const struct event_row *event, struct outlet *outlet,
                       struct err *err)
{
    struct buf *line = &stored->text;

    buf_clear(line);
    int rc = query_event_json(stored->query, event, line, err);
    if (rc == 0)
        rc = buf_char(line, '\n');
    return rc < 0 ? rc : outlet_put(outlet, line->data, line->len, err);
}

static int write_events(struct stored *stored, struct outlet *outlet, struct err *err)
{
    struct event_page page = {.run = stored->run.run, .limit = PAGE};
    struct event_row *rows = NULL;
    size_t count = PAGE;
    int rc = 0;

    while (rc == 0 && count == PAGE) {
        arena_clear(&stored->arena);
        rc = query_events(stored->query, &stored->arena, &page, &rows, &count, err);
        for (size_t i = 0; rc == 0 && i < count; i++) {
            rc = write_event(stored, &rows[i], outlet, err);
            page.after = rows[i].seq;
        }
    }
    return rc;
}

static const struct {
    const char *name;
    int (*write)(struct stored *stored, struct outlet *outlet, struct err *err);
} formats[] = {
    {"rerail", write_own},
    {"jsonl", write_events},
};

int command_export(struct cli *cli)
{
    const char *format = cli_option(cli, "format");
    struct stored stored;
    struct outlet *outlet = NULL;
    struct err err = {0};
    size_t which = 0;

    for (; format && !str_eq(format, formats[which].name); which++)
        if (which + 1 == sizeof formats / sizeof *formats)
            return cli_fail(EXIT_USAGE, "there is no format %s: see rerail export --help", format);
    int rc = stored_open_run(&stored, cli->words[0], &err);
    if (rc == 0)
        rc = outlet_open(&outlet, cli_option(cli, "output"), cli_option(cli, "force"), &err);
    if (rc == 0)
        rc = formats[which].write(&stored, outlet, &err);
    rc = outlet_end(outlet, rc, &err);
    stored_close(&stored);
    return rc < 0 ? cli_error(&err) : EXIT_DONE;
}
