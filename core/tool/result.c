/* SPDX-License-Identifier: MIT */
#include "core/tool/result.h"

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mask.h"
#include "core/base/mem.h"
#include "core/base/sanitize.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/tool/process.h"
#include "core/tool/tool.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTE_MAX 160

void result_clear(struct tool_result *result)
{
    free(result->text);
    *result = (struct tool_result){.status = -1};
}

void result_take(struct tool_result *result, char *text, size_t len)
{
    free(result->text);
    result->failure = FAILURE_NONE;
    result->text = text;
    result->len = len;
    result->status = -1;
}

/* {"error": cause}, and beside it what the tool said, if anything. */
static void set_error(struct tool_result *result, const char *output)
{
    cJSON *object = cJSON_CreateObject();

    json_set_text(object, "error", result->cause);
    if (output && *output)
        json_set_text(object, "output", output);
    /* The analyzer does not see that result_clear leaves NULL. */
    free(result->text); /* NOLINT(clang-analyzer-unix.Malloc) */
    result->text = json_print(object);
    result->len = strlen(result->text);
    result->is_error = true;
    cJSON_Delete(object);
}

static void set_cause(struct tool_result *result, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void set_cause(struct tool_result *result, const char *fmt, ...)
{
    va_list ap;
    char *text;

    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0)
        mem_fail(ERR_MSG_MAX);
    va_end(ap);
    (void)sanitize_line(result->cause, sizeof result->cause, text, strlen(text));
    free(text);
}

void result_fail(struct tool_result *result, enum failure failure, const char *fmt, ...)
{
    struct buf text;
    va_list ap;

    buf_init(&text, RESULT_MAX);
    va_start(ap, fmt);
    (void)buf_vprintf(&text, fmt, ap); /* too long a text is no text; the cause says that much */
    va_end(ap);
    result_clear(result);
    result->failure = failure;
    set_cause(result, "%s", text.len ? text.data : failure_row(failure)->text);
    set_error(result, strlen(result->cause) < text.len ? text.data : NULL);
    buf_free(&text);
}

void result_refuse(struct tool_result *result, const struct err *err)
{
    enum failure failure = FAILURE_TOOL;

    if (err->code == E_DENIED)
        failure = FAILURE_DENIED;
    if (err->code == E_NOTFOUND || err->code == E_RANGE || err->code == E_PARSE ||
        err->code == E_EXISTS || err->code == E_TOOBIG)
        failure = FAILURE_ARGUMENTS;
    result_fail(result, failure, "%s", err->msg);
}

void result_final(struct tool_result *result, int attempts)
{
    cJSON *object;

    if (!result->is_error || attempts <= 0 ||
        json_parse(&object, result->text, result->len, NULL, NULL) < 0)
        return;
    json_set_int(object, "attempts", attempts);
    free(result->text);
    result->text = json_print(object);
    result->len = strlen(result->text);
    cJSON_Delete(object);
}

/* ---- Text for the model --------------------------------------------------------------------- */

static void add_counts(struct sanitize_counts *sum, const struct sanitize_counts *more)
{
    sum->escapes += more->escapes;
    sum->invisible += more->invisible;
    sum->bidi += more->bidi;
    sum->wrong += more->wrong;
}

/* A remark of ours, on a line of its own. */
static int add_note(struct buf *out, const char *note)
{
    if (!*note)
        return 0;
    return buf_printf(out, "%s[%s]", out->len && out->data[out->len - 1] != '\n' ? "\n" : "", note);
}

static int add_counts_note(struct buf *out, const struct sanitize_counts *counts)
{
    char note[NOTE_MAX];

    (void)sanitize_note(note, sizeof note, SANITIZE_MODEL, counts);
    return add_note(out, note);
}

int result_clean(struct buf *out, const struct mask *mask, const char *text, size_t len)
{
    struct sanitize_counts counts = {0};
    size_t before = out->len;
    struct buf masked;
    int rc;

    buf_init(&masked, RESULT_MAX);
    rc = mask_apply(&masked, mask, text, len);
    if (rc == 0)
        rc = sanitize_add(out, SANITIZE_MODEL, masked.data, masked.len, &counts);
    if (rc == 0)
        rc = add_counts_note(out, &counts);
    if (rc < 0)
        buf_cut(out, before);
    buf_free(&masked);
    return rc;
}

/* Bytes at the start of text that belong to a character begun before it. */
static size_t torn(const char *text, size_t len)
{
    size_t at = 0;

    while (at < len && at < 3 && ((unsigned char)text[at] & 0xC0) == 0x80)
        at++;
    return at;
}

enum which_end { END_HEAD, END_TAIL };

/* One end of what was cut. A key that lies across the cut is still readable in part within the
   margin, so that goes, after masking; then what is over the size. */
static int add_end(struct buf *out, enum which_end which, const char *text, size_t len,
                   const struct mask *mask, struct sanitize_counts *counts)
{
    struct sanitize_counts found = {0};
    struct buf masked, clean;
    int rc;

    buf_init(&masked, RESULT_MAX);
    buf_init(&clean, RESULT_MAX);
    rc = mask_apply(&masked, mask, text, len);
    size_t margin = masked.len < PROCESS_MARGIN ? masked.len : PROCESS_MARGIN;
    if (which == END_HEAD)
        buf_cut(&masked, utf8_cut(masked.data, masked.len - margin));
    else
        buf_drop(&masked, margin + torn(masked.data + margin, masked.len - margin));
    if (rc == 0)
        rc = sanitize_add(&clean, SANITIZE_MODEL, masked.data, masked.len, &found);
    if (which == END_HEAD)
        buf_cut(&clean, utf8_cut(clean.data, clean.len < PROCESS_KEEP ? clean.len : PROCESS_KEEP));
    else if (clean.len > PROCESS_KEEP)
        buf_drop(&clean, clean.len - PROCESS_KEEP);
    if (which == END_TAIL)
        buf_drop(&clean, torn(clean.data, clean.len));
    if (rc == 0)
        rc = buf_add(out, clean.data, clean.len);
    add_counts(counts, &found);
    buf_free(&masked);
    buf_free(&clean);
    return rc;
}

/* The middle is missing: said between the two ends. */
static int add_cut(struct buf *out, const struct process_output *from, const struct mask *mask,
                   struct sanitize_counts *counts)
{
    char note[NOTE_MAX];
    int rc = add_end(out, END_HEAD, from->head, from->head_len, mask, counts);

    str_format(note, sizeof note, "%" PRIu64 " of %" PRIu64 " bytes left out here",
               from->total - 2 * PROCESS_KEEP, from->total);
    if (rc == 0)
        rc = add_note(out, note);
    if (rc == 0)
        rc = buf_char(out, '\n');
    return rc < 0 ? rc : add_end(out, END_TAIL, from->tail, from->tail_len, mask, counts);
}

static int add_whole(struct buf *out, const struct buf *text, const struct mask *mask,
                     struct sanitize_counts *counts)
{
    struct sanitize_counts found = {0};
    struct buf masked;
    int rc;

    buf_init(&masked, RESULT_MAX);
    rc = mask_apply(&masked, mask, text->data, text->len);
    if (rc == 0)
        rc = sanitize_add(out, SANITIZE_MODEL, masked.data, masked.len, &found);
    add_counts(counts, &found);
    buf_free(&masked);
    return rc;
}

/* Nothing was lost, but it may still be too much to show whole. */
static int add_joined(struct buf *out, const struct process_output *from, const struct mask *mask,
                      struct sanitize_counts *counts)
{
    struct process_output ends = *from;
    struct buf text;
    int rc;

    buf_init(&text, RESULT_MAX);
    rc = buf_add(&text, from->head, from->head_len);
    if (rc == 0)
        rc = buf_add(&text, from->tail, from->tail_len);
    ends.head_len = ends.tail_len = PROCESS_KEEP + PROCESS_MARGIN;
    ends.head = text.data;
    ends.tail = text.data + text.len - (text.len < ends.tail_len ? text.len : ends.tail_len);
    if (rc == 0)
        rc = text.len > 2 * PROCESS_KEEP ? add_cut(out, &ends, mask, counts)
                                         : add_whole(out, &text, mask, counts);
    buf_free(&text);
    return rc;
}

static int add_output(struct buf *out, const struct process_output *from, const struct mask *mask,
                      struct sanitize_counts *counts)
{
    if (from->binary)
        return buf_printf(out, "[binary: %" PRIu64 " bytes, sha256 %s]\n", from->total,
                          from->sha256);
    if (from->head_len + from->tail_len == from->total)
        return add_joined(out, from, mask, counts);
    return add_cut(out, from, mask, counts);
}

/* ---- What it means -------------------------------------------------------------------------- */

/* What may go away by itself; anything else would fail again. */
static bool passes(int error)
{
    return error == 0 || error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE ||
           error == ETXTBSY || error == EINTR;
}

static void judge_not_run(struct tool_result *result, const struct process_result *process)
{
    char why[ERR_REASON_MAX];

    if (!process->stage) {
        result->failure = FAILURE_CANCELLED;
        set_cause(result, "stopped before it was started; nothing ran");
        return;
    }
    result->failure = FAILURE_UNSTARTED;
    result->retry = passes(process->error) ? 0 : -1;
    set_cause(result, "could not be started, nothing ran: %s: %s", process->stage,
              process->error ? strerror_r(process->error, why, sizeof why) : "it ended by itself");
}

static void judge_stopped(struct tool_result *result, const struct tool *tool,
                          const struct process_result *process)
{
    bool late = process->stop == PROCESS_STOP_TIMEOUT;
    char span[32];

    clock_short(span, sizeof span, process->wall_us);
    result->failure = late ? FAILURE_TIMEOUT : FAILURE_CANCELLED;
    result->effects_unknown = tool->policy != TOOL_PURE;
    set_cause(result, "stopped after %s%s%s%s", span,
              late                                     ? ": its time was over"
              : process->stop == PROCESS_STOP_SHUTDOWN ? ": rerail was closed"
                                                       : " by the operator",
              result->effects_unknown ? "; effects unknown" : "",
              process->stuck ? "; it hangs in the kernel and could not be killed" : "");
}

static int retry_word(const struct tool *tool, int code)
{
    for (size_t i = 0; i < tool->retry_count; i++)
        if (tool->retry_codes[i] == code)
            return 1;
    return -1;
}

static void judge_end(struct tool_result *result, const struct tool *tool,
                      const struct process_result *process)
{
    const char *name = process->end == PROCESS_SIGNALLED ? sigabbrev_np(process->code) : NULL;

    if (name)
        set_cause(result, "killed by SIG%s", name);
    else if (process->end == PROCESS_SIGNALLED)
        set_cause(result, "killed by signal %d", process->code);
    else if (process->code != 0)
        set_cause(result, "exit %d", process->code);
    if (process->end == PROCESS_EXITED)
        result->status = process->code;
    if (!result->cause[0])
        result->failure = FAILURE_NONE;
    else
        result->failure = tool->shell ? FAILURE_EXIT : FAILURE_TOOL;
    if (result->failure == FAILURE_TOOL && process->end == PROCESS_EXITED)
        result->retry = retry_word(tool, process->code);
}

static void judge(struct tool_result *result, const struct tool *tool,
                  const struct process_result *process)
{
    if (process->end == PROCESS_NOT_RUN)
        judge_not_run(result, process);
    else if (process->stop != PROCESS_STOP_NONE)
        judge_stopped(result, tool, process);
    else
        judge_end(result, tool, process);
    result->is_error = result->failure != FAILURE_NONE && result->failure != FAILURE_EXIT;
}

/* A command tool's stderr is for the operator, until it fails. */
static bool wants_stderr(const struct tool *tool, const struct tool_result *result,
                         const struct process_result *process)
{
    return process->err.total > 0 && (tool->shell || result->failure != FAILURE_NONE);
}

static int write_text(struct buf *out, const struct tool_result *result, const struct tool *tool,
                      const struct process_result *process, const struct mask *mask)
{
    struct sanitize_counts counts = {0};
    int rc = add_output(out, &process->out, mask, &counts);

    if (rc == 0 && wants_stderr(tool, result, process)) {
        rc = add_note(out, "stderr");
        if (rc == 0)
            rc = buf_char(out, '\n');
        if (rc == 0)
            rc = add_output(out, &process->err, mask, &counts);
    }
    if (rc == 0)
        rc = add_counts_note(out, &counts);
    if (rc == 0 && process->background)
        rc = add_note(out, "a background process still held the output; it was stopped");
    if (rc == 0 && !result->is_error)
        rc = add_note(out, result->cause);
    if (rc == 0 && out->len == 0 && !result->is_error)
        rc = add_note(out, "no output");
    return rc;
}

void result_of_process(struct tool_result *result, const struct tool *tool,
                       const struct process_result *process, const struct mask *mask)
{
    struct buf text;

    result_clear(result);
    result->duration_us = process->wall_us;
    judge(result, tool, process);
    buf_init(&text, RESULT_MAX);
    if (write_text(&text, result, tool, process, mask) < 0)
        (void)add_note(&text, "the rest of the output is too large");
    if (result->is_error) {
        set_error(result, text.data);
        buf_free(&text);
    } else {
        result->len = text.len;
        result->text = buf_take(&text);
    }
}
