/* SPDX-License-Identifier: MIT */
/*
 * rerail [TASK]: the console. Without a task it shows the runs, or, when rerail died while a run
 * was at work, takes that run over and goes on with it.
 */
#include "tui/commands.h"

#include "core/agent/state.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "history/history.h"
#include "history/query.h"
#include "history/query_run.h"
#include "tui/app.h"
#include "tui/cli.h"
#include "tui/session.h"
#include "tui/stored.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The newest run whose owner died while it was at work; 0 = none. */
static int64_t orphan(const char *path)
{
    const struct run_page page = {.limit = 64};
    struct query *query = NULL;
    struct arena arena = {0};
    struct run_row *rows;
    size_t count = 0;
    int64_t run = 0;

    if (query_open(&query, path, NULL, NULL) == 0 &&
        query_runs(query, &arena, &page, &rows, &count, NULL) == 0)
        for (size_t i = 0; i < count && run == 0; i++)
            if (rows[i].owner == RUN_OWNER_DIED &&
                !state_info((enum run_state)rows[i].state)->ended)
                run = rows[i].run;
    query_close(query);
    arena_free(&arena);
    return run;
}

static int show(const struct app_options *options)
{
    struct err err = {0};
    int code = app_run(options, &err);

    if (code == E_UNSUPPORTED)
        return cli_fail(EXIT_USAGE, "%s; without a screen: rerail %s", err.msg,
                        options->run ? "log --follow RUN" : "exec \"TASK\"");
    return code < 0 ? cli_error(&err) : code;
}

/* The console on a run (0 = on the task, or on what a dead process left at work). */
static int console_on(struct cli *cli, const struct session_task *task, int64_t run, bool take_over)
{
    struct app_options app = {
        .config = cli->config, .task = *task, .run = run, .take_over = take_over};
    const struct session_options options = {.config = cli->config, .environment = cli->environment};
    struct session *session = NULL;
    struct history_report report = {0};
    struct err err = {0};
    int code = session_open(&session, &options, &report, &err) < 0 ? cli_error(&err) : -1;

    if (code < 0) {
        app.session = session;
        if (run == 0 && (!task->task || task->own_workspace)) {
            app.run = orphan(session_history(session));
            app.take_over = app.run != 0;
        }
        if (app.run)
            app.task.task = NULL;
        code = show(&app);
    }
    if (report.damage)
        fprintf(stderr, "rerail: %s\n", report.damage);
    history_report_free(&report);
    session_close(session);
    return code;
}

int command_console_task(struct cli *cli, const struct session_task *task)
{
    return console_on(cli, task, 0, false);
}

/* On this run; where its process died, its work is taken over. */
static int attach(struct cli *cli, const struct stored *stored)
{
    const struct session_task task = {.interactive = true};

    bool died = stored->run.owner == RUN_OWNER_DIED &&
                !state_info((enum run_state)stored->run.state)->ended;

    return console_on(cli, &task, stored->run.run, died);
}

int command_attach(struct cli *cli)
{
    struct stored stored;
    struct err err = {0};
    int rc = stored_open_run(&stored, cli->word_count > 0 ? cli->words[0] : "last", &err);
    int code = rc < 0 ? cli_error(&err) : attach(cli, &stored);

    stored_close(&stored);
    return code;
}

int command_console(struct cli *cli)
{
    const char *scenario = cli_option(cli, "simulator");
    char *text = cli->word_count > 0 ? cli_join(cli, 0) : NULL;
    char *provider = scenario ? mem_printf("simulator:%s", scenario) : NULL;
    const struct session_task task = {.task = text,
                                      .provider = provider,
                                      .workspace = cli_option(cli, "workspace"),
                                      .interactive = true};
    int code = command_console_task(cli, &task);

    free(provider);
    free(text);
    return code;
}
