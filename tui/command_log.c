/* SPDX-License-Identifier: MIT */
/*
 * rerail log: the events of a run, those of the past and, with --follow, those to come. Exits 1
 * when the process that it follows dies with the run.
 */
#include "tui/commands.h"

#include "core/base/clock.h"
#include "history/query_event.h"
#include "history/watch.h"
#include "tui/cli.h"
#include "tui/event_text.h"
#include "tui/stored.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#define PAGE 256
/* How often a follower looks whether the owner lives: a death writes nothing that would wake it. */
#define LOOK_MS 1000

struct log {
    const struct cli *cli;
    struct stored *stored;
    struct event_page page;
    bool json, follow;
    bool deaf; /* nobody reads on */
};

static void print_text(struct log *log, const struct event_row *event)
{
    struct buf *line = &log->stored->text;
    char time[CLOCK_ISO];

    buf_clear(line);
    if (query_event_json(log->stored->query, event, line, NULL) < 0)
        return;
    clock_iso(time, event->us);
    char *full = buf_take(line);
    if (event_text(line, event->type, full))
        printf("%.8s  %s\n", time + 11, line->data);
    free(full);
}

static void print_event(struct log *log, const struct event_row *event)
{
    struct buf *line = &log->stored->text;

    if (!log->json) {
        print_text(log, event);
        return;
    }
    buf_clear(line);
    if (query_event_json(log->stored->query, event, line, NULL) == 0)
        event_text_print(stdout, line->data);
}

/* Everything behind the last event printed. */
static int catch_up(struct log *log, struct err *err)
{
    struct stored *stored = log->stored;
    struct event_row *rows = NULL;
    size_t count = PAGE;
    int rc = 0;

    while (rc == 0 && count == PAGE && !log->deaf) {
        arena_clear(&stored->arena);
        rc = query_events(stored->query, &stored->arena, &log->page, &rows, &count, err);
        for (size_t i = 0; rc == 0 && i < count; i++) {
            print_event(log, &rows[i]);
            log->page.after = rows[i].seq;
        }
    }
    log->deaf = fflush(stdout) == EOF; /* cli_main says why, where there is more to it */
    return rc;
}

/* Whether more can come: a run that rests and that nobody has will not speak by itself. */
static bool is_over(struct log *log)
{
    return stored_refresh(log->stored, NULL) < 0 || log->stored->run.owner != RUN_OWNED;
}

/* True when there is nobody to write for any more. */
static bool await_change(struct watch *watch, int *rc, struct err *err)
{
    struct pollfd fds[] = {{.fd = watch_fd(watch), .events = POLLIN},
                           {.fd = fileno(stdout), .events = 0}};

    if (poll(fds, 2, LOOK_MS) < 0 && errno != EINTR)
        *rc = err_sys(err, errno, "poll");
    (void)watch_take(watch); /* what it was about is seen in the file */
    return (fds[1].revents & (POLLERR | POLLHUP)) != 0;
}

/* Woken by the file, and by the clock to look at the lease. Ends when the run's owner has let go of
   it or died, and with the reader. */
static int follow(struct log *log, struct err *err)
{
    struct watch *watch = NULL;
    bool over = false, changed;
    int rc = watch_new(&watch, log->stored->path, err);

    while (rc == 0) {
        over = is_over(log); /* before the last look, so that nothing is missed */
        rc = query_changed(log->stored->query, &changed, err);
        if (rc == 0)
            rc = catch_up(log, err);
        if (rc < 0 || over || log->deaf || await_change(watch, &rc, err))
            break;
    }
    watch_free(watch);
    if (rc == 0 && over && log->stored->run.owner == RUN_OWNER_DIED)
        return err_set(err, E_CLOSED,
                       "process %lld died while it had the run; rerail resume %s goes on with it",
                       (long long)log->stored->run.owner_pid, log->cli->words[0]);
    return rc;
}

int command_log(struct cli *cli)
{
    const char *type = cli_option(cli, "type");
    struct stored stored;
    struct err err = {0};
    struct log log = {.cli = cli,
                      .stored = &stored,
                      .page = {.limit = PAGE},
                      .json = cli_option(cli, "json") != NULL,
                      .follow = cli_option(cli, "follow") != NULL};

    if (type && event_type_find(type) < 0)
        return cli_fail(EXIT_USAGE, "there is no event %s: see man rerail", type);
    log.page.type = type ? event_type_find(type) + 1 : 0;
    int rc = stored_open_run(&stored, cli->words[0], &err);
    if (rc == 0) {
        log.page.run = stored.run.run;
        rc = log.follow ? follow(&log, &err) : catch_up(&log, &err);
    }
    stored_close(&stored);
    return rc < 0 ? cli_error(&err) : EXIT_DONE;
}
