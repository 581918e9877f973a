/* SPDX-License-Identifier: MIT */
#include "core/tool/files.h"

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mask.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/tool/capture.h"
#include "core/tool/confine.h"
#include "core/tool/job.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHOWN_MAX (64u << 10) /* bytes of a file shown at once */
#define LINES_MAX 2000        /* lines shown at once when nothing is said */
#define COUNT_MAX (64 << 20)  /* a larger file is not read on only to count its lines */
#define EDIT_MAX  (8u << 20)  /* a larger file is not for editing by quotation */
#define LIST_MAX  2000        /* entries listed */
#define CHUNK     (64u << 10)
#define STARS     MASK_TEXT

/* ---- Reading -------------------------------------------------------------------------------- */

const char files_read_parameters[] =
    "{\"type\":\"object\",\"properties\":{"
    "\"path\":{\"type\":\"string\",\"description\":\"File, relative to the workspace.\"},"
    "\"offset\":{\"type\":[\"integer\",\"null\"],\"minimum\":1,"
    "\"description\":\"First line to show, counted from 1.\"},"
    "\"limit\":{\"type\":[\"integer\",\"null\"],\"minimum\":1,\"maximum\":100000,"
    "\"description\":\"How many lines at most; 2000 if not given.\"},"
    "\"numbers\":{\"type\":[\"boolean\",\"null\"],"
    "\"description\":\"Put the line's number and a tab before each line.\"}},"
    "\"required\":[\"path\"],\"additionalProperties\":false}";

/* The lines that are wanted, cut out of a file that goes by. */
struct window {
    size_t first, limit; /* lines, from 1 */
    size_t line;         /* the one that is going by */
    bool begun;          /* it has bytes */
    bool full;           /* nothing more is kept */
    bool cut;            /* the last line kept is not whole */
    size_t kept;         /* whole lines kept */
    size_t line_at;      /* where the line that is going by begins in text */
    struct buf text;
};

/* A line that does not fit is left to the next call, unless it is the only one. */
static void keep(struct window *w, const char *data, size_t len)
{
    size_t room = SHOWN_MAX - w->text.len;

    if (w->full || w->line < w->first)
        return;
    if (len <= room) {
        (void)buf_add(&w->text, data, len); /* there is room */
        return;
    }
    w->full = true;
    w->cut = w->kept == 0;
    if (w->cut)
        (void)buf_add(&w->text, data, room);
    buf_cut(&w->text, w->cut ? utf8_cut(w->text.data, w->text.len) : w->line_at);
}

static void end_line(struct window *w)
{
    if (w->line >= w->first && !w->full) {
        w->kept++;
        w->full = w->kept == w->limit;
    }
    w->line_at = w->text.len;
    w->line++;
    w->begun = false;
}

static void feed(struct window *w, const char *data, size_t len)
{
    while (len > 0) {
        const char *end = memchr(data, '\n', len);
        size_t size = end ? (size_t)(end - data) + 1 : len;

        w->begun = true;
        keep(w, data, size);
        if (end)
            end_line(w);
        data += size;
        len -= size;
    }
}

/* The file through the mask into the window. True when it was read to its end. */
static int read_lines(struct tool_job *job, int fd, const struct stat *st, struct window *w,
                      bool *whole, struct err *err)
{
    struct mask_stream stream;
    char *data = mem_new(CHUNK);
    struct buf clear;
    ssize_t n = 0;
    int rc = 0;

    mask_stream_init(&stream, job->mask);
    buf_init(&clear, 4 * CHUNK);
    while (rc == 0 && !tool_job_late(job) && (!w->full || st->st_size <= COUNT_MAX) &&
           (n = read(fd, data, CHUNK)) > 0) {
        buf_clear(&clear);
        rc = mask_stream_feed(&stream, &clear, data, (size_t)n);
        feed(w, clear.data, clear.len);
    }
    buf_clear(&clear);
    if (rc == 0 && n == 0)
        rc = mask_stream_end(&stream, &clear);
    feed(w, clear.data, clear.len);
    if (rc < 0)
        (void)err_set(err, rc, "%s: too large", json_text(job->args, "path"));
    else if (n < 0)
        rc = err_sys(err, errno, "%s", json_text(job->args, "path"));
    if (w->begun)
        end_line(w);
    *whole = n == 0;
    mask_stream_free(&stream);
    buf_free(&clear);
    free(data);
    return rc;
}

static int add_numbered(struct buf *out, const char *text, size_t number)
{
    int rc = 0;

    while (rc == 0 && *text) {
        size_t len = strcspn(text, "\n");

        len += text[len] == '\n';
        rc = buf_printf(out, "%6zu\t", number++);
        if (rc == 0)
            rc = buf_add(out, text, len);
        text += len;
    }
    return rc;
}

static int add_remark(struct buf *out, const struct window *w, bool whole)
{
    size_t last = w->first + w->kept - 1;

    if (whole && w->line == 1)
        return buf_text(out, "[empty file]");
    if (out->len > 0 && out->data[out->len - 1] != '\n' && (w->cut || !whole || last < w->line - 1))
        (void)buf_char(out, '\n'); /* the remark goes on a line of its own, or at least somewhere */
    if (w->cut)
        return buf_printf(out, "[line %zu is longer than %u bytes, its rest is left out]", w->first,
                          SHOWN_MAX);
    if (!whole)
        return buf_printf(out, "[lines %zu to %zu; go on with offset %zu]", w->first, last,
                          last + 1);
    if (last < w->line - 1 || w->first > 1)
        return buf_printf(out, "[lines %zu to %zu of %zu]", w->first, last, w->line - 1);
    return 0;
}

static int show_window(struct tool_job *job, const struct window *w, bool whole, struct err *err)
{
    struct buf clean, out;
    int rc;

    if (whole && w->first > 1 && w->first >= w->line)
        return err_set(err, E_RANGE, "offset %zu is behind the end: the file has %zu lines",
                       w->first, w->line - 1);
    buf_init(&clean, RESULT_MAX);
    buf_init(&out, RESULT_MAX);
    rc = result_clean(&clean, NULL, w->text.data, w->text.len);
    if (rc == 0)
        rc = json_bool(job->args, "numbers", false) ? add_numbered(&out, clean.data, w->first)
                                                    : buf_add(&out, clean.data, clean.len);
    if (rc == 0)
        rc = add_remark(&out, w, whole);
    if (rc == 0) {
        size_t len = out.len;
        result_take(&job->result, buf_take(&out), len);
    } else {
        (void)err_set(err, rc, "the file's text is too large to show");
    }
    buf_free(&clean);
    buf_free(&out);
    return rc;
}

static int refuse_binary(int fd, const struct stat *st, const char *path, struct err *err)
{
    char probe[CAPTURE_PROBE];
    ssize_t n = pread(fd, probe, sizeof probe, 0);

    if (n > 0 && capture_looks_binary(probe, (size_t)n))
        return err_set(err, E_RANGE, "%s: binary file of %" PRId64 " bytes", path,
                       (int64_t)st->st_size);
    return 0;
}

void files_read(struct tool_job *job)
{
    const char *path = json_text(job->args, "path");
    struct window w = {
        .first = (size_t)json_int(job->args, "offset", 1),
        .limit = (size_t)json_int(job->args, "limit", LINES_MAX),
        .line = 1,
    };
    struct err err;
    struct stat st;
    bool whole = false;
    int fd, rc = confine_read(job->root, path, &fd, &st, &err);

    buf_init(&w.text, SHOWN_MAX);
    if (rc == 0)
        rc = refuse_binary(fd, &st, path, &err);
    if (rc == 0)
        rc = read_lines(job, fd, &st, &w, &whole, &err);
    if (rc == 0 && !tool_job_late(job))
        rc = show_window(job, &w, whole, &err);
    if (rc < 0)
        result_refuse(&job->result, &err);
    if (fd >= 0)
        close(fd);
    buf_free(&w.text);
}

/* ---- Writing -------------------------------------------------------------------------------- */

const char files_write_parameters[] =
    "{\"type\":\"object\",\"properties\":{"
    "\"path\":{\"type\":\"string\",\"description\":\"File, relative to the workspace.\"},"
    "\"content\":{\"type\":\"string\",\"description\":\"All of the file's new text.\"}},"
    "\"required\":[\"path\",\"content\"],\"additionalProperties\":false}";

/* A whole file; E_TOOBIG over max. */
static int read_whole(struct tool_job *job, struct buf *out, struct stat *st, struct err *err)
{
    const char *path = json_text(job->args, "path");
    int fd, rc = confine_read(job->root, path, &fd, st, err);
    char *data = mem_new(CHUNK);
    ssize_t n = 0;

    if (rc == 0 && st->st_size > EDIT_MAX)
        rc = err_set(err, E_TOOBIG, "%s: larger than %u MiB", path, EDIT_MAX >> 20);
    while (rc == 0 && (n = read(fd, data, CHUNK)) > 0)
        if ((rc = buf_add(out, data, (size_t)n)) < 0)
            (void)err_set(err, rc, "%s: larger than %u MiB", path, EDIT_MAX >> 20);
    if (rc == 0 && n < 0)
        rc = err_sys(err, errno, "%s", path);
    if (fd >= 0)
        close(fd);
    free(data);
    return rc;
}

static struct confine_write write_options(const struct tool_job *job)
{
    return (struct confine_write){
        .protected_too = job->approved, .linked_too = job->approved, .make_folders = true};
}

static int say_done(struct tool_job *job, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static int say_done(struct tool_job *job, const char *fmt, ...)
{
    struct buf text, clean;
    va_list ap;
    int rc;

    buf_init(&text, 2 * PATH_MAX);
    buf_init(&clean, 8 * PATH_MAX);
    va_start(ap, fmt);
    rc = buf_vprintf(&text, fmt, ap);
    va_end(ap);
    if (rc == 0)
        rc = result_clean(&clean, job->mask, text.data, text.len);
    size_t len = clean.len;
    result_take(&job->result, buf_take(&clean), len);
    buf_free(&text);
    return rc;
}

/* What the model saw as stars may be a key. Where one stands, stars in the new text are taken for
   it and refused. */
static int refuse_stars(struct tool_job *job, const struct buf *old, const char *text,
                        struct err *err)
{
    if (!strstr(text, STARS) || !job->mask || !mask_finds(job->mask, old->data, old->len))
        return 0;
    return err_set(err, E_DENIED,
                   "%s: holds a secret that you see as " STARS "; writing " STARS
                   " would destroy it. Use edit_file on the lines around it",
                   json_text(job->args, "path"));
}

void files_write(struct tool_job *job)
{
    const char *path = json_text(job->args, "path"), *content = json_text(job->args, "content");
    const struct confine_write options = write_options(job);
    struct stat st = {0};
    struct buf old;
    struct err err;
    bool exists = false;
    int rc = 0;

    buf_init(&old, EDIT_MAX);
    if (strstr(content, STARS)) {
        rc = read_whole(job, &old, &st, &err);
        rc = rc == E_NOTFOUND ? 0 : rc;
        if (rc == 0)
            rc = refuse_stars(job, &old, content, &err);
    }
    if (rc == 0) {
        int fd;

        exists = confine_read(job->root, path, &fd, &st, NULL) == 0;
        if (exists)
            close(fd);
        rc = confine_write(job->root, path, content, strlen(content), &options, &err);
    }
    if (rc < 0)
        result_refuse(&job->result, &err);
    else if (exists)
        (void)say_done(job, "wrote %s: %zu bytes, before it had %" PRId64, path, strlen(content),
                       (int64_t)st.st_size);
    else
        (void)say_done(job, "created %s: %zu bytes", path, strlen(content));
    buf_free(&old);
}

/* ---- Editing -------------------------------------------------------------------------------- */

const char files_edit_parameters[] =
    "{\"type\":\"object\",\"properties\":{"
    "\"path\":{\"type\":\"string\",\"description\":\"File, relative to the workspace.\"},"
    "\"old_text\":{\"type\":\"string\",\"minLength\":1,"
    "\"description\":\"Text of the file, exactly as it stands there.\"},"
    "\"new_text\":{\"type\":\"string\",\"description\":\"What takes its place.\"},"
    "\"replace_all\":{\"type\":[\"boolean\",\"null\"],"
    "\"description\":\"Replace every place; else there must be exactly one.\"}},"
    "\"required\":[\"path\",\"old_text\",\"new_text\"],\"additionalProperties\":false}";

static const char *next_match(const struct buf *text, const char *from, const char *old)
{
    return memmem(from, text->len - (size_t)(from - text->data), old, strlen(old));
}

static size_t count_matches(const struct buf *text, const char *old)
{
    size_t count = 0;

    for (const char *at = text->data; (at = next_match(text, at, old)) != NULL; at += strlen(old))
        count++;
    return count;
}

static size_t line_of(const struct buf *text, const char *at)
{
    size_t line = 1;

    for (const char *c = text->data; c < at; c++)
        line += *c == '\n';
    return line;
}

/* Why the text is not there, as far as it can be told. */
static int no_match(struct tool_job *job, const struct buf *text, const char *old, struct err *err)
{
    const char *path = json_text(job->args, "path"), *why = "";
    struct buf masked;

    buf_init(&masked, 2 * EDIT_MAX);
    if (strstr(old, STARS) && job->mask &&
        mask_apply(&masked, job->mask, text->data, text->len) == 0 &&
        memmem(masked.data, masked.len, old, strlen(old)))
        why = ": " STARS " stands for a secret that you do not see; choose lines without it";
    else if (strchr(old, '\n') && !strchr(old, '\r') && memmem(text->data, text->len, "\r\n", 2))
        why = ": the file's lines end in CR LF";
    buf_free(&masked);
    return err_set(err, E_RANGE, "%s: old_text is not in the file%s", path, why);
}

static int replace_all(struct buf *out, const struct buf *text, const char *old, const char *new)
{
    const char *from = text->data, *at;
    int rc = 0;

    while (rc == 0 && (at = next_match(text, from, old)) != NULL) {
        rc = buf_add(out, from, (size_t)(at - from));
        if (rc == 0)
            rc = buf_text(out, new);
        from = at + strlen(old);
    }
    return rc < 0 ? rc : buf_add(out, from, text->len - (size_t)(from - text->data));
}

static int edit(struct tool_job *job, const struct buf *text, struct buf *out, struct err *err)
{
    const char *path = json_text(job->args, "path");
    const char *old = json_text(job->args, "old_text"), *new = json_text(job->args, "new_text");
    size_t count = count_matches(text, old);
    int rc;

    if (capture_looks_binary(text->data, text->len))
        return err_set(err, E_RANGE, "%s: binary file", path);
    if (strcmp(old, new) == 0)
        return err_set(err, E_RANGE, "old_text and new_text are the same");
    if (count == 0)
        return no_match(job, text, old, err);
    if (count > 1 && !json_bool(job->args, "replace_all", false))
        return err_set(err, E_RANGE,
                       "%s: old_text is there %zu times; quote more around it, or set replace_all",
                       path, count);
    rc = replace_all(out, text, old, new);
    return rc < 0 ? err_set(err, rc, "%s: would be larger than %u MiB", path, EDIT_MAX >> 19) : 0;
}

void files_edit(struct tool_job *job)
{
    const char *path = json_text(job->args, "path"), *old = json_text(job->args, "old_text");
    const struct confine_write options = write_options(job);
    struct buf text, out;
    struct stat st;
    struct err err;
    int rc;

    buf_init(&text, EDIT_MAX);
    buf_init(&out, 2 * EDIT_MAX);
    rc = read_whole(job, &text, &st, &err);
    if (rc == 0)
        rc = edit(job, &text, &out, &err);
    if (rc == 0 && !tool_job_late(job)) {
        rc = confine_write(job->root, path, out.data, out.len, &options, &err);
        if (rc == 0)
            (void)say_done(job, "edited %s: %zu replaced, the first in line %zu", path,
                           count_matches(&text, old),
                           line_of(&text, next_match(&text, text.data, old)));
    }
    if (rc < 0)
        result_refuse(&job->result, &err);
    buf_free(&text);
    buf_free(&out);
}
