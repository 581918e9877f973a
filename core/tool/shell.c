/* SPDX-License-Identifier: MIT */
#include "core/tool/shell.h"

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/tool/confine.h"

const char shell_parameters[] =
    "{\"type\":\"object\",\"properties\":{"
    "\"command\":{\"type\":\"string\",\"minLength\":1,"
    "\"description\":\"Command line for /bin/sh -c.\"},"
    "\"timeout_seconds\":{\"type\":[\"number\",\"null\"],\"exclusiveMinimum\":0,\"maximum\":600,"
    "\"description\":\"It is stopped after so long; 120 if not given.\"},"
    "\"cwd\":{\"type\":[\"string\",\"null\"],"
    "\"description\":\"Folder to run in, relative to the workspace.\"}},"
    "\"required\":[\"command\"],\"additionalProperties\":false}";

int shell_prepare(struct launch *out, const struct tool *tool, const cJSON *args,
                  const struct launch_context *context, struct err *err)
{
    const char *cwd = json_text(args, "cwd");

    (void)tool;
    out->text = mem_text(json_text(args, "command"));
    out->argv = mem_array(4, sizeof *out->argv);
    out->argv[0] = "/bin/sh";
    out->argv[1] = "-c";
    out->argv[2] = out->text;
    out->spec.argv = out->argv;
    out->spec.timeout_us =
        (int64_t)(json_number(args, "timeout_seconds", (double)out->spec.timeout_us / US_PER_S) *
                  US_PER_S);
    return cwd ? confine_folder(context->root, cwd, &out->cwd, err) : 0;
}
