/* SPDX-License-Identifier: MIT */
/*
 * rerail import FILE: a run from a file becomes a stored one; the record of another agent becomes a
 * run as ours are told, one for each conversation in it.
 */
#include "tui/commands.h"

#include "core/agent/adopt.h"
#include "core/agent/state.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/uuid.h"
#include "core/config/config.h"
#include "core/exchange/foreign.h"
#include "history/exchange/import.h"
#include "history/history.h"
#include "tui/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PEEK        64                  /* bytes that tell what a file is */
#define FOREIGN_MAX ((size_t)128 << 20) /* bytes of another agent's record */

/* O_NONBLOCK: a FIFO without a writer is refused by whoever reads it whole. */
static int peek(const char *path, char out[PEEK], size_t *len, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    ssize_t got = fd < 0 ? -1 : read(fd, out, PEEK);
    int rc = got < 0 && errno != EAGAIN ? err_sys(err, errno, "%s", path) : 0;

    *len = got > 0 ? (size_t)got : 0;
    if (fd >= 0)
        close(fd);
    return rc;
}

static void tell(const struct import_report *report)
{
    printf("run %.8s: %" PRId64 " steps, %" PRId64 " events, %" PRId64 " bodies%s\n", report->uid,
           report->nodes, report->events, report->bodies,
           report->redacted ? "; secrets in it are masked" : "");
    if (strcmp(report->uid, report->was_uid) != 0)
        printf("it was %.8s there, a name that is taken here\n", report->was_uid);
    if (report->left_out[0])
        printf("left out, for this rerail does not know it: %s\n", report->left_out);
}

static int import_own(struct history *history, const char *path, struct err *err)
{
    const struct import_options options = {.path = path, .states = RUN_STATE_COUNT};
    struct import_report report;
    int rc = import_run(&report, history, &options, err);

    if (rc == 0)
        tell(&report);
    return rc;
}

/* ---- records of others */

struct adopting {
    const struct cli *cli;
    struct journal journal;
    const struct foreign_list *list;
    struct batch batch; /* of all of them: stored together or not at all */
    struct named {
        int64_t run;
        char uid[UUID_TEXT];
    } * runs; /* one for each conversation */
};

static int adopt_one(struct adopting *all, size_t index, struct err *err)
{
    struct clock clock = clock_system();
    struct named *name = &all->runs[index];
    struct adoption adoption = {.uid = name->uid,
                                .format = all->list->format->name,
                                .record = all->list->at[index],
                                .config = config_run(all->cli->config),
                                .wall_us = clock_wall(&clock)};

    uuid_new(name->uid);
    int rc = all->journal.class->new_run(all->journal.self, &name->run, err);
    adoption.run = name->run;
    return rc < 0 ? rc : adopt(&all->batch, &adoption, err);
}

static void tell_adopted(const struct adopting *all)
{
    for (size_t i = 0; i < all->list->count; i++) {
        const struct trajectory *record = all->list->at[i];

        printf("run %.8s: %zu messages from %s%s%s\n", all->runs[i].uid, record->count,
               record->agent, record->version ? " " : "", record->version ? record->version : "");
        if (record->left_out > 0)
            printf("left out: %" PRId64 " messages that are not on its main line\n",
                   record->left_out);
    }
    if (all->list->cut)
        printf("left out: the last line, which its writer did not finish\n");
}

static int import_foreign(struct history *history, const struct cli *cli,
                          const struct foreign_list *list, struct err *err)
{
    struct adopting all = {.cli = cli,
                           .journal = history_journal(history),
                           .list = list,
                           .runs = mem_array(list->count, sizeof *all.runs)};
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < list->count; i++)
        rc = adopt_one(&all, i, err);
    if (rc == 0)
        rc = all.journal.class->commit(all.journal.self, &all.batch, err);
    if (rc == 0)
        tell_adopted(&all);
    batch_free(&all.batch);
    free(all.runs);
    return rc; /* the leases go with the history */
}

static int read_foreign(struct foreign_list *list, const char *path, struct err *err)
{
    char *text = NULL;
    size_t len;
    int rc = path_read(&text, &len, path, FOREIGN_MAX, err);

    if (rc < 0)
        return rc;
    rc = foreign_read(list, text, len, err);
    free(text);
    return rc < 0 ? err_wrap(err, rc, "%s", path) : 0;
}

/* ---- the command */

static int open_history(struct history **out, struct err *err)
{
    struct history_report report;
    int rc = history_open(out, &(struct history_options){0}, &report, err);

    if (report.damage)
        fprintf(stderr, "rerail: %s\n", report.damage);
    history_report_free(&report);
    return rc;
}

int command_import(struct cli *cli)
{
    const char *path = cli->words[0];
    struct history *history = NULL;
    struct foreign_list list = {0};
    char start[PEEK];
    struct err err = {0};
    size_t len = 0;
    int rc = peek(path, start, &len, &err);
    bool ours = rc == 0 && import_is_ours(start, len);

    if (rc == 0 && !ours)
        rc = read_foreign(&list, path, &err);
    if (rc == 0 && !ours)
        rc = cli_configure(cli, &err);
    if (rc == 0)
        rc = open_history(&history, &err);
    if (rc == 0)
        rc = ours ? import_own(history, path, &err) : import_foreign(history, cli, &list, &err);
    history_close(history);
    foreign_free(&list);
    return rc < 0 ? cli_error(&err) : EXIT_DONE;
}
