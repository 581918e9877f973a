/* SPDX-License-Identifier: MIT */
#include "tui/probe.h"

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/sanitize.h"
#include "core/config/config.h"
#include "core/config/run_config.h"
#include "core/tool/environment.h"
#include "core/tool/process.h"
#include "tui/child.h"
#include "tui/cli.h"
#include "tui/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OUTPUT_BYTES 2000

int probe_open(struct probe *probe, const struct cli *cli, struct err *err)
{
    const struct run_config *config = config_run(cli->config);
    const struct environment_options options = {
        .from = cli->environment,
        .pass = (const char *const *)config->tool.env.at,
        .pass_count = config->tool.env.count,
    };

    *probe = (struct probe){.timeout_us = config->tool.timeout_us, .stop = -1};
    int rc = place_exec(&probe->exec_path, err);
    if (rc == 0)
        rc = process_become_reaper(err);
    if (rc == 0)
        probe->env = environment_new(&options);
    return rc;
}

void probe_close(struct probe *probe)
{
    free(probe->exec_path);
    free(probe->env);
}

/* The last bytes, whole lines where there are some. */
static void add_end(struct buf *out, const struct process_output *from)
{
    const char *text = from->tail_len > 0 ? from->tail : from->head;
    size_t len = from->tail_len > 0 ? from->tail_len : from->head_len;
    size_t cut = len > OUTPUT_BYTES ? len - OUTPUT_BYTES : 0;
    const char *line = cut > 0 ? memchr(text + cut, '\n', len - cut) : NULL;

    if (line)
        cut = (size_t)(line + 1 - text);
    if (from->binary)
        (void)buf_printf(out, "(%llu bytes that are no text)\n", (unsigned long long)from->total);
    else
        (void)sanitize_add(out, SANITIZE_OUTPUT, text + cut, len - cut, NULL);
}

static char *output_of(const struct process_result *result)
{
    struct buf out;

    buf_init(&out, (size_t)64 * OUTPUT_BYTES);
    add_end(&out, &result->out);
    add_end(&out, &result->err);
    return buf_take(&out);
}

static int judge(struct probe_result *out, const struct process_result *result,
                 const struct probe *probe, struct err *err)
{
    if (result->stop == PROCESS_STOP_OPERATOR)
        return err_set(err, E_CANCELLED, "stopped");
    if (result->end == PROCESS_NOT_RUN)
        return err_sys(err, result->error ? result->error : ENOENT, "the command could not be run");
    *out = (struct probe_result){.code = -1, .us = result->wall_us};
    if (result->stop == PROCESS_STOP_TIMEOUT) {
        out->end = mem_printf("stopped after %lld s", (long long)(probe->timeout_us / US_PER_S));
    } else if (result->end == PROCESS_SIGNALLED) {
        out->end = mem_printf("killed by signal %d", result->code);
    } else {
        out->code = result->code;
        out->end = mem_printf("exit %d", result->code);
    }
    out->output = output_of(result);
    return 0;
}

int probe_run(struct probe_result *out, const struct probe *probe, const char *folder,
              const char *command, struct err *err)
{
    const char *const argv[] = {"/bin/sh", "-c", command, NULL};
    int cwd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    const struct process_spec spec = {.exec_path = probe->exec_path,
                                      .argv = argv,
                                      .env = (const char *const *)probe->env,
                                      .cwd = cwd,
                                      .timeout_us = probe->timeout_us};

    if (cwd < 0)
        return err_sys(err, errno, "%s", folder);
    struct process *process = child_run(&spec, probe->stop);
    int rc = judge(out, process_result(process), probe, err);
    process_free(process);
    close(cwd);
    return rc;
}

void probe_result_free(struct probe_result *result)
{
    free(result->end);
    free(result->output);
}
