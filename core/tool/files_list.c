/* SPDX-License-Identifier: MIT */
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/tool/confine.h"
#include "core/tool/files.h"
#include "core/tool/job.h"
#include "core/tool/walk.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#define LIST_MAX 2000 /* entries listed */

const char files_list_parameters[] =
    "{\"type\":\"object\",\"properties\":{"
    "\"path\":{\"type\":[\"string\",\"null\"],"
    "\"description\":\"Folder, relative to the workspace; the workspace itself if not given.\"},"
    "\"glob\":{\"type\":[\"string\",\"null\"],"
    "\"description\":\"Only what fits, in all subfolders: *.c, src/**/test_*.py\"},"
    "\"depth\":{\"type\":[\"integer\",\"null\"],\"minimum\":1,\"maximum\":64,"
    "\"description\":\"How many levels; 1 if neither this nor glob is given.\"},"
    "\"ignored\":{\"type\":[\"boolean\",\"null\"],"
    "\"description\":\"List what .gitignore leaves out, too.\"}},"
    "\"additionalProperties\":false}";

struct listing {
    struct tool_job *job;
    const char *glob, *start;
    struct buf text;
    size_t listed;
    bool cut;
};

static bool is_late(void *self)
{
    return tool_job_late(((struct listing *)self)->job);
}

/* "src/", "src/main.c", "latest -> releases/3" */
static int add_entry(struct listing *l, const struct walk_entry *entry)
{
    char target[PATH_MAX];
    ssize_t n = -1;

    if (entry->kind == WALK_LINK)
        n = readlinkat(entry->folder, entry->name, target, sizeof target - 1);
    target[n > 0 ? n : 0] = '\0';
    return buf_printf(&l->text, "%s%s%s%s\n", entry->path, entry->kind == WALK_FOLDER ? "/" : "",
                      n > 0 ? " -> " : "", target);
}

static bool list_one(void *self, const struct walk_entry *entry)
{
    struct listing *l = self;

    if (!walk_fits(l->glob, l->start, entry))
        return true;
    l->cut = l->listed == LIST_MAX || add_entry(l, entry) < 0;
    l->listed += !l->cut;
    return !l->cut;
}

static int show_list(struct listing *l, const struct walk_totals *totals)
{
    struct buf out;
    int rc;

    buf_init(&out, RESULT_MAX);
    rc = result_clean(&out, l->job->mask, l->text.data, l->text.len);
    if (rc == 0 && l->listed == 0)
        rc = buf_text(&out, "[nothing]");
    if (rc == 0 && (l->cut || totals->cut))
        rc = buf_printf(&out, "[there are more; these are the first %zu]", l->listed);
    if (rc == 0 && totals->unreadable > 0)
        rc = buf_printf(&out, "[%zu folders could not be read]", totals->unreadable);
    size_t len = out.len;
    result_take(&l->job->result, buf_take(&out), len);
    return rc;
}

void files_list(struct tool_job *job)
{
    const char *path = json_text(job->args, "path");
    struct listing l = {.job = job, .glob = json_text(job->args, "glob")};
    struct walk_totals totals = {0};
    struct err err;
    char *start;
    int rc = confine_clean(&start, job->root, path ? path : ".", &err);

    l.start = start;
    buf_init(&l.text, RESULT_MAX / 4);
    if (rc == 0) {
        const struct walk_options options = {
            .start = start,
            .depth = (int)json_int(job->args, "depth", l.glob ? 0 : 1),
            .ignored_too = json_bool(job->args, "ignored", false),
            .late = is_late,
            .each = list_one,
            .self = &l,
        };
        rc = walk_files(job->root, &options, &totals, &err);
    }
    if (rc < 0)
        result_refuse(&job->result, &err);
    else if (!tool_job_late(job))
        (void)show_list(&l, &totals);
    free(start);
    buf_free(&l.text);
}
