/* SPDX-License-Identifier: MIT */
/*
 * crowd URL RUNS MS: starts so many runs in one process, evenly over so many milliseconds, against
 * the server at URL, and ends when all of them rest. What exec does for one run, for many.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/config/config.h"
#include "history/history.h"
#include "tui/session.h"

extern char **environ;

static int configure(struct config *config, const char *url, struct err *err)
{
    const struct {
        const char *name, *value;
    } flags[] = {
        {"base-url", url},     {"model", "bench"},         {"max-iterations", "100000"},
        {"model.key", "none"}, {"limits.loop_guard", "0"}, {"allow-unsandboxed", "true"},
    };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < sizeof flags / sizeof *flags; i++)
        rc = config_flag(config, flags[i].name, flags[i].value, err);
    return rc;
}

static int start(struct session *session, const struct config *config, int number, struct err *err)
{
    char *text = mem_printf("work bench-run-%d", number);
    const struct session_task task = {.task = text};
    int rc = session_start(session, number + 1, config, &task, err);

    free(text);
    return rc;
}

/* Takes what has come: whether all are at rest, and how many runs could not be started. */
static bool take_mail(struct session *session, int *refused)
{
    bool resting = false;

    for (struct mail *mail = mailbox_take(session_mailbox(session)); mail;) {
        struct news *news = (struct news *)mail;

        mail = mail->next;
        resting = news->is.kind == NEWS_AT_REST || (resting && news->is.kind != NEWS_STARTED);
        if (news->is.kind == NEWS_REFUSED) {
            (void)fprintf(stderr, "crowd: %s\n", news->is.text);
            (*refused)++;
        }
        news_free(news);
    }
    return resting;
}

static int crowd(struct session *session, const struct config *config, int runs, int ms,
                 struct err *err)
{
    struct clock clock = clock_system();
    int64_t from = clock_mono(&clock);
    struct pollfd fd = {.fd = mailbox_fd(session_mailbox(session)), .events = POLLIN};
    int started = 0, refused = 0, rc = 0;
    bool resting = false;

    while (rc == 0 && refused == 0 && !(resting && started == runs)) {
        int64_t due = from + (int64_t)started * ms * US_PER_MS / runs;
        int64_t left = due - clock_mono(&clock);

        if (started < runs && left <= 0) {
            rc = start(session, config, started++, err);
            resting = false;
            continue;
        }
        (void)poll(&fd, 1, started < runs ? (int)(left / US_PER_MS) + 1 : -1);
        if (fd.revents)
            resting = take_mail(session, &refused);
    }
    return refused ? err_set(err, E_IO, "%d runs were refused", refused) : rc;
}

int main(int argc, char **argv)
{
    struct config *config = NULL;
    struct session *session = NULL;
    struct err err = {0};

    if (argc != 4) {
        (void)fprintf(stderr, "usage: crowd URL RUNS MS\n");
        return 2;
    }
    config_new(&config);
    int rc = configure(config, argv[1], &err);
    const struct session_options options = {
        .config = config, .environment = (const char *const *)environ, .whole = true};
    if (rc == 0)
        rc = session_open(&session, &options, NULL, &err);
    if (rc == 0)
        rc = crowd(session, config, (int)strtol(argv[2], NULL, 10), (int)strtol(argv[3], NULL, 10),
                   &err);
    if (rc < 0)
        (void)fprintf(stderr, "crowd: %s\n", err.msg);
    session_close(session);
    config_free(config);
    return rc < 0 ? 1 : 0;
}
