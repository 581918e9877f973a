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

static int show(struct cli *cli, struct session *session, char *task, char *provider)
{
    struct err err = {0};
    int64_t run = task ? 0 : orphan(session_history(session));
    const struct app_options options = {.config = cli->config,
                                        .session = session,
                                        .provider = provider,
                                        .workspace = cli_option(cli, "workspace"),
                                        .task = task,
                                        .run = run,
                                        .take_over = run != 0};
    int code = app_run(&options, &err);

    if (code == E_UNSUPPORTED)
        return cli_fail(EXIT_USAGE, "%s; without a screen: rerail exec \"TASK\"", err.msg);
    return code < 0 ? cli_error(&err) : code;
}

int command_console(struct cli *cli)
{
    const struct session_options options = {.config = cli->config, .environment = cli->environment};
    const char *scenario = cli_option(cli, "simulator");
    struct session *session = NULL;
    struct history_report report = {0};
    struct err err = {0};

    char *task = cli->word_count > 0 ? cli_join(cli, 0) : NULL;
    char *provider = scenario ? mem_printf("simulator:%s", scenario) : NULL;
    int code = session_open(&session, &options, &report, &err) < 0
                   ? cli_error(&err)
                   : show(cli, session, task, provider);
    if (report.damage)
        fprintf(stderr, "rerail: %s\n", report.damage);
    history_report_free(&report);
    session_close(session);
    free(provider);
    free(task);
    return code;
}
