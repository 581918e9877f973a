/* SPDX-License-Identifier: MIT */
#include "tui/reach.h"

#include "core/base/json.h"
#include "history/attach.h"
#include "history/query_run.h"

#include <stdlib.h>

int reach_owner(const struct run_row *run, cJSON *verb, int64_t timeout_us, char **text,
                struct err *err)
{
    struct attach_client *client = NULL;

    if (!run->owner_socket)
        return err_set(err, E_BUSY, "process %lld has the run, and does not listen",
                       (long long)run->owner_pid);
    int rc = attach_connect(&client, run->owner_socket, err);
    if (rc < 0)
        return rc;
    json_set_text(verb, "run", run->uid);
    char *json = json_print(verb);
    rc = attach_call(client, json, timeout_us, text, err);
    free(json);
    attach_client_free(client);
    return rc;
}
