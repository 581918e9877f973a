/* SPDX-License-Identifier: MIT */
#include "core/tool/launch.h"

#include "core/tool/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int launch_new(struct launch *out, const struct tool *tool, const cJSON *args,
               const struct launch_context *context, struct err *err)
{
    int rc = confine_intact(context->root, err);

    *out = (struct launch){.cwd = -1};
    if (rc < 0)
        return rc;
    out->env = environment_new(&context->environment);
    out->spec = (struct process_spec){
        .exec_path = context->exec_path,
        .env = (const char *const *)out->env,
        .timeout_us = tool->timeout_us,
        .hold = tool->policy != TOOL_PURE,
        .sandbox = context->sandbox,
    };
    rc = tool->prepare(out, tool, args, context, err);
    if (rc == 0 && out->cwd < 0) {
        out->cwd = fcntl(confine_fd(context->root), F_DUPFD_CLOEXEC, 0);
        if (out->cwd < 0)
            rc = err_sys(err, errno, "open the workspace");
    }
    out->spec.cwd = out->cwd;
    if (rc < 0)
        launch_clear(out);
    return rc;
}

void launch_clear(struct launch *launch)
{
    if (launch->cwd >= 0)
        close(launch->cwd);
    free(launch->argv);
    free(launch->env);
    free(launch->text);
    *launch = (struct launch){.cwd = -1};
}
