/* SPDX-License-Identifier: MIT */
/* rerail import FILE: a run from a file becomes a stored one. */
#include "tui/commands.h"

#include "core/agent/state.h"
#include "history/exchange/import.h"
#include "history/history.h"
#include "tui/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PEEK 64 /* bytes that tell what a file is */

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
    char start[PEEK];
    struct err err = {0};
    size_t len = 0;
    int rc = peek(path, start, &len, &err);

    if (rc == 0 && !import_is_ours(start, len))
        rc = err_set(&err, E_PARSE, "%s is not a run that rerail exported", path);
    if (rc == 0)
        rc = open_history(&history, &err);
    if (rc == 0)
        rc = import_own(history, path, &err);
    history_close(history);
    return rc < 0 ? cli_error(&err) : EXIT_DONE;
}
