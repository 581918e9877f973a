/* SPDX-License-Identifier: MIT */
#include "tui/key_command.h"

#include "core/base/clock.h"
#include "core/config/secret.h"
#include "core/tool/process.h"
#include "tui/child.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define WAIT_US ((int64_t)30 * US_PER_S)

static int judge(struct secret **out, const struct process_result *result, const char *program,
                 struct err *err)
{
    char why[ERR_REASON_MAX];

    if (result->stop == PROCESS_STOP_TIMEOUT)
        return err_set(err, E_TIMEOUT, "the key's program %s gave none in 30 seconds", program);
    if (result->end == PROCESS_NOT_RUN)
        return err_set(err, E_NOTFOUND, "the key's program %s does not run: %s", program,
                       result->error ? strerror_r(result->error, why, sizeof why)
                                     : "it ended by itself");
    if (result->end != PROCESS_EXITED || result->code != 0)
        return err_set(err, E_IO, "the key's program %s failed (%d): run it by hand", program,
                       result->code);
    if (result->out.head_len == 0)
        return err_set(err, E_NOTFOUND, "the key's program %s printed no key", program);
    return secret_new(out, result->out.head, result->out.head_len, err);
}

int key_command_run(struct secret **out, char *const *argv, const char *const *environment,
                    const char *exec_path, struct err *err)
{
    int cwd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    const struct process_spec spec = {.exec_path = exec_path,
                                      .argv = (const char *const *)argv,
                                      .env = environment,
                                      .cwd = cwd,
                                      .timeout_us = WAIT_US};

    if (cwd < 0)
        return err_sys(err, errno, "/");
    struct process *process = child_run(&spec, -1);
    const struct process_result *result = process_result(process);
    int rc = judge(out, result, argv[0], err);
    explicit_bzero((char *)(uintptr_t)result->out.head, result->out.head_len);
    process_free(process);
    close(cwd);
    return rc;
}
