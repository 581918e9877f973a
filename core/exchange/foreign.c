/* SPDX-License-Identifier: MIT */
#include "core/exchange/foreign.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/exchange/atif.h"
#include "core/exchange/claude_session.h"
#include "core/exchange/codex_session.h"
#include "core/exchange/openai_messages.h"
#include "core/exchange/opencode_session.h"

#include <stdlib.h>

/* The first that fits; those with the plainest mark first. */
static const struct foreign table[] = {
    {"atif", "ATIF trajectories, versions 1.0 to 1.8", atif_fits, atif_read},
    {"opencode", "sessions of opencode: opencode export, or run --format json", opencode_fits,
     opencode_read},
    {"codex", "rollout files of codex, in ~/.codex/sessions", codex_fits, codex_read},
    {"claude", "session files of Claude Code, in ~/.claude/projects, or its stream-json",
     claude_fits, claude_read},
    {"openai", "OpenAI messages: one conversation, a list, or one a line", openai_fits,
     openai_read},
};

const struct foreign *foreign_at(size_t index)
{
    return index < sizeof table / sizeof *table ? &table[index] : NULL;
}

const struct foreign *foreign_find(const char *name)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (str_eq(table[i].name, name))
            return &table[i];
    return NULL;
}

static const struct foreign *recognise(const struct records *records)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].fits(records))
            return &table[i];
    return NULL;
}

static int read_one(struct foreign_list *out, const struct records *records, size_t *at,
                    struct err *err)
{
    struct trajectory *t = trajectory_new();
    int rc = out->format->read(t, records, *at, at, err);

    if (rc == 0 && t->count == 0)
        rc = err_set(err, E_PARSE, "there is no message in it");
    if (rc == 0 && out->count >= FOREIGN_RUNS_MAX)
        rc = err_set(err, E_TOOBIG, "it has more than %zu conversations", FOREIGN_RUNS_MAX);
    if (rc < 0) {
        trajectory_free(t);
        return rc;
    }
    trajectory_name(&t->agent, out->format->name);
    out->at = mem_room(out->at, out->count, &out->cap, sizeof *out->at);
    out->at[out->count++] = t;
    return 0;
}

int foreign_read(struct foreign_list *out, const char *text, size_t len, struct err *err)
{
    struct records records;
    size_t at = 0;

    *out = (struct foreign_list){0};
    int rc = records_read(&records, text, len, err);
    if (rc == 0) {
        out->cut = records.cut;
        out->format = recognise(&records);
        if (!out->format)
            rc = err_set(err, E_PARSE, "it is no record of an agent that rerail knows");
    }
    while (rc == 0 && at < records.count)
        rc = read_one(out, &records, &at, err);
    records_free(&records);
    return rc;
}

void foreign_free(struct foreign_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        trajectory_free(list->at[i]);
    free(list->at);
    *list = (struct foreign_list){0};
}
