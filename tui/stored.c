/* SPDX-License-Identifier: MIT */
#include "tui/stored.h"

#include "history/history.h"

#include <stdlib.h>

#define TEXT_MAX ((size_t)256 << 20)

int stored_open(struct stored *stored, struct err *err)
{
    *stored = (struct stored){0};
    buf_init(&stored->text, TEXT_MAX);
    int rc = history_path(&stored->path, err);
    if (rc == 0)
        rc = query_open(&stored->query, stored->path, NULL, err);
    if (rc == E_NOTFOUND)
        return err_set(err, E_NOTFOUND, "there are no runs yet; start one: rerail exec \"TASK\"");
    return rc;
}

int stored_open_run(struct stored *stored, const char *word, struct err *err)
{
    int64_t run = 0;
    int rc = stored_open(stored, err);

    if (rc == 0)
        rc = query_run_find(stored->query, word, &run, err);
    if (rc == 0)
        rc = query_run(stored->query, &stored->kept, run, &stored->run, err);
    return rc;
}

int stored_refresh(struct stored *stored, struct err *err)
{
    int64_t run = stored->run.run;

    arena_clear(&stored->kept);
    return query_run(stored->query, &stored->kept, run, &stored->run, err);
}

void stored_close(struct stored *stored)
{
    query_close(stored->query);
    arena_free(&stored->arena);
    arena_free(&stored->kept);
    buf_free(&stored->text);
    free(stored->path);
}

int stored_checkpoint(struct stored *stored, const char *word, struct checkpoint_row *row,
                      struct err *err)
{
    return query_checkpoint_find(stored->query, &stored->arena, stored->run.run, word, row, err);
}
