/* SPDX-License-Identifier: MIT */
#include "core/tool/search.h"

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mask.h"
#include "core/base/mem.h"
#include "core/base/pattern.h"
#include "core/base/utf8.h"
#include "core/tool/capture.h"
#include "core/tool/confine.h"
#include "core/tool/job.h"
#include "core/tool/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX_BYTES (8u << 20) /* larger files are skipped, and counted */
#define MATCHES        100        /* shown when nothing is said */
#define LINE_MAX_SHOWN 300        /* bytes of a line */
#define LEAD           100        /* bytes of it before the match */
#define LINES_A_LOOK   1024       /* lines between two looks at the clock */
#define SLOW_MAX       3          /* lines on which the pattern may run into its limit */

const char search_parameters[] =
    "{\"type\":\"object\",\"properties\":{"
    "\"pattern\":{\"type\":\"string\",\"minLength\":1,"
    "\"description\":\"Regular expression (PCRE2), tried on each line.\"},"
    "\"path\":{\"type\":[\"string\",\"null\"],"
    "\"description\":\"Folder or file to search in; the workspace if not given.\"},"
    "\"glob\":{\"type\":[\"string\",\"null\"],"
    "\"description\":\"Only files that fit: *.c, src/**/test_*.py\"},"
    "\"literal\":{\"type\":[\"boolean\",\"null\"],"
    "\"description\":\"The pattern is plain text.\"},"
    "\"ignore_case\":{\"type\":[\"boolean\",\"null\"],"
    "\"description\":\"Upper and lower case are the same.\"},"
    "\"max_results\":{\"type\":[\"integer\",\"null\"],\"minimum\":1,\"maximum\":1000,"
    "\"description\":\"Matching lines shown at most; 100 if not given.\"}},"
    "\"required\":[\"pattern\"],\"additionalProperties\":false}";

struct search {
    struct tool_job *job;
    const char *glob, *start;
    struct pattern *pattern;
    size_t limit;
    struct buf out;
    struct buf text;   /* of the file that is searched */
    struct buf masked; /* the same, if it holds a key */
    size_t matches, files, too_large, slow;
    bool full;
};

/* ---- One file ------------------------------------------------------------------------------- */

/* A long line is shown from a little before its match on. */
static int add_match(struct search *s, const char *path, size_t number, const char *line,
                     size_t len, size_t at)
{
    size_t from = len > LINE_MAX_SHOWN && at > LEAD ? at - LEAD : 0, shown;
    int rc;

    while (from > 0 && from < len && ((unsigned char)line[from] & 0xC0) == 0x80)
        from++;
    shown = len - from <= LINE_MAX_SHOWN ? len - from : utf8_cut(line + from, LINE_MAX_SHOWN);
    rc = buf_printf(&s->out, "%s:%zu: %s", path, number, from ? "…" : "");
    if (rc == 0)
        rc = buf_add(&s->out, line + from, shown);
    if (rc == 0)
        rc = buf_printf(&s->out, "%s\n", from + shown < len ? "…" : "");
    return rc;
}

/* False when the search is over. */
static bool try_line(struct search *s, const char *path, size_t number, const char *line,
                     size_t len)
{
    size_t start, end;
    int rc;

    if (number % LINES_A_LOOK == 0 && tool_job_late(s->job))
        return false;
    rc = pattern_find(s->pattern, line, len, 0, &start, &end);
    if (rc < 0)
        return ++s->slow < SLOW_MAX;
    if (rc == 0)
        return true;
    s->full = s->matches == s->limit || add_match(s, path, number, line, len, start) < 0;
    s->matches += !s->full;
    return !s->full;
}

static bool try_lines(struct search *s, const char *path, const struct buf *text)
{
    size_t number = 0;

    for (size_t at = 0; at < text->len;) {
        const char *line = text->data + at, *end = memchr(line, '\n', text->len - at);
        size_t len = end ? (size_t)(end - line) : text->len - at;

        at += len + 1;
        if (!try_line(s, path, ++number, line, len - (len > 0 && line[len - 1] == '\r')))
            return false;
    }
    return true;
}

/* True when s->text holds it and it is worth a look. */
static bool load(struct search *s, int fd)
{
    struct stat st;
    ssize_t n;

    buf_clear(&s->text);
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return false;
    if (st.st_size > FILE_MAX_BYTES) {
        s->too_large++;
        return false;
    }
    if (buf_reserve(&s->text, (size_t)st.st_size) < 0)
        return false;
    while (s->text.len < (size_t)st.st_size &&
           (n = read(fd, s->text.data + s->text.len, (size_t)st.st_size - s->text.len)) > 0)
        s->text.len += (size_t)n;
    s->text.data[s->text.len] = '\0';
    return s->text.len > 0 && !capture_looks_binary(s->text.data, s->text.len);
}

static bool search_open(struct search *s, const char *path, int fd)
{
    const struct mask *mask = s->job->mask;

    if (!load(s, fd))
        return true;
    s->files++;
    if (!mask || !mask_finds(mask, s->text.data, s->text.len))
        return try_lines(s, path, &s->text);
    buf_clear(&s->masked);
    return mask_apply(&s->masked, mask, s->text.data, s->text.len) < 0 ||
           try_lines(s, path, &s->masked);
}

/* ---- All of them ---------------------------------------------------------------------------- */

static bool is_late(void *self)
{
    return tool_job_late(((struct search *)self)->job);
}

static bool search_one(void *self, const struct walk_entry *entry)
{
    struct search *s = self;
    bool go_on = true;
    int fd;

    if (entry->kind != WALK_FILE || !walk_fits(s->glob, s->start, entry))
        return true;
    fd = openat(entry->folder, entry->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0) {
        go_on = search_open(s, entry->path, fd);
        close(fd);
    }
    return go_on;
}

static int search_below(struct search *s, struct walk_totals *totals, struct err *err)
{
    const struct walk_options options = {
        .start = s->start, .late = is_late, .each = search_one, .self = s};
    struct stat st;
    int fd;

    *totals = (struct walk_totals){0};
    if (confine_read(s->job->root, s->start, &fd, &st, NULL) < 0)
        return walk_files(s->job->root, &options, totals, err);
    (void)search_open(s, s->start, fd);
    close(fd);
    return 0;
}

/* ---- The answer ----------------------------------------------------------------------------- */

static int add_remarks(struct buf *out, const struct search *s, const struct walk_totals *totals)
{
    int rc = 0;

    if (s->matches == 0)
        rc = buf_printf(out, "[no match in %zu files]\n", s->files);
    if (rc == 0 && s->full)
        rc = buf_printf(out, "[there are more matches; these are the first %zu]\n", s->matches);
    if (rc == 0 && s->slow > 0)
        rc = buf_printf(out, "[the pattern takes too long on %zu lines%s]\n", s->slow,
                        s->slow == SLOW_MAX ? "; the search was given up" : "");
    if (rc == 0 && tool_job_late(s->job))
        rc = buf_printf(out, "[time was over after %zu files]\n", s->files);
    if (rc == 0 && s->too_large > 0)
        rc = buf_printf(out, "[%zu files larger than %u MiB were skipped]\n", s->too_large,
                        FILE_MAX_BYTES >> 20);
    if (rc == 0 && totals->unreadable > 0)
        rc = buf_printf(out, "[%zu folders could not be read]\n", totals->unreadable);
    if (rc == 0 && totals->cut)
        rc = buf_text(out, "[there are more files than are looked at]\n");
    return rc;
}

static void answer(struct search *s, const struct walk_totals *totals)
{
    struct buf out;
    size_t len;

    buf_init(&out, RESULT_MAX);
    if (result_clean(&out, NULL, s->out.data, s->out.len) < 0)
        (void)buf_text(&out, "[the matches are too large to show]\n");
    (void)add_remarks(&out, s, totals); /* matches leave room for them */
    len = out.len;
    result_take(&s->job->result, buf_take(&out), len);
}

/* Late with nothing found is no answer: tool_job_run says why there is none. */
static bool has_answer(const struct search *s)
{
    return !atomic_load(&s->job->cancel) && (s->matches > 0 || !tool_job_late(s->job));
}

static int prepare(struct search *s, char **start, struct err *err)
{
    const cJSON *args = s->job->args;
    const char *path = json_text(args, "path");
    unsigned flags = (json_bool(args, "literal", false) ? PATTERN_LITERAL : 0) |
                     (json_bool(args, "ignore_case", false) ? PATTERN_NOCASE : 0);
    int rc = confine_clean(start, s->job->root, path ? path : ".", err);

    s->start = *start;
    s->glob = json_text(args, "glob");
    s->limit = (size_t)json_int(args, "max_results", MATCHES);
    return rc < 0 ? rc : pattern_new(&s->pattern, json_text(args, "pattern"), flags, err);
}

void search_files(struct tool_job *job)
{
    struct search s = {.job = job};
    struct walk_totals totals = {0};
    struct err err;
    char *start;
    int rc = prepare(&s, &start, &err);

    buf_init(&s.out, RESULT_MAX / 2);
    buf_init(&s.text, FILE_MAX_BYTES);
    buf_init(&s.masked, 2 * FILE_MAX_BYTES);
    if (rc == 0)
        rc = search_below(&s, &totals, &err);
    if (rc < 0)
        result_refuse(&job->result, &err);
    else if (has_answer(&s))
        answer(&s, &totals);
    pattern_free(s.pattern);
    free(start);
    buf_free(&s.out);
    buf_free(&s.text);
    buf_free(&s.masked);
}
