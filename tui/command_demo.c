/* SPDX-License-Identifier: MIT */
/*
 * rerail demo: the seed's shopping assistant on a scripted model and real files. In the console
 * where there is a terminal, headless where there is none.
 */
#include "tui/commands.h"

#include "core/base/path.h"
#include "core/base/uuid.h"
#include "core/sim/demo.h"
#include "tui/cli.h"
#include "tui/session.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A folder of its own for this run's files, in the state folder, so that it survives a kill. */
static int make_workspace(char **out, struct err *err)
{
    char *state = NULL, *demos, uuid[UUID_TEXT];
    int rc = path_root(&state, PATH_STATE, err);

    if (rc < 0)
        return rc;
    demos = path_join(state, "demo");
    uuid_new(uuid);
    *out = path_join(demos, uuid);
    rc = path_own_dir(state, err);
    if (rc == 0)
        rc = path_own_dir(demos, err);
    if (rc == 0)
        rc = demo_workspace(*out, err);
    free(state);
    free(demos);
    return rc;
}

static bool has_screen(void)
{
    const char *term = getenv("TERM");

    return isatty(0) && isatty(1) && term && *term && strcmp(term, "dumb") != 0;
}

int command_demo(struct cli *cli)
{
    struct session_task task = {
        .task = DEMO_TASK, .provider = DEMO_PROVIDER, .own_workspace = true};
    char *workspace = NULL;
    struct err err = {0};
    int code;

    if (make_workspace(&workspace, &err) < 0) {
        free(workspace);
        return cli_error(&err);
    }
    task.workspace = workspace;
    task.interactive = has_screen() && !cli_option(cli, "json");
    code = task.interactive ? command_console_task(cli, &task) : command_exec_task(cli, &task);
    free(workspace);
    return code;
}
