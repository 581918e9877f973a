/* SPDX-License-Identifier: MIT */
/*
 * A slice is cut into lines where it lies. What must outlive the slice is copied once: an
 * unfinished line into `line`, the data of an unfinished event into `data`. A long line that came
 * in many slices is not copied again when it turns out to be data: the two buffers change places.
 */
#include "core/net/sse.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/mem.h"

#define DEFAULT_MAX ((size_t)8 << 20)
#define BOM         "\xef\xbb\xbf"
#define BOM_LEN     3

struct span {
    const char *at;
    size_t len;
};

struct sse {
    struct sse_limits limits;
    sse_event_fn *event;
    void *ctx;
    int failed; /* 0, or what every further call returns */

    struct buf line; /* the line that the last slice ended in */
    bool after_cr;   /* the last slice ended in CR: an LF that follows belongs to it */
    bool started;    /* the place for a byte order mark is behind us */
    size_t bom;      /* bytes of it seen */

    bool has_data;    /* the event has a data field */
    bool held;        /* its data is in `data` from data_from on; else `lent` in the slice */
    struct span lent; /* at most one line */
    struct buf data;
    size_t data_from;
    struct buf name;
    struct buf id;

    int64_t retry_ms;
    uint64_t events;
    uint64_t comments;
};

/* Where the next CR and LF of a slice are, so that each byte is searched once for each. */
struct scan {
    const char *end;
    const char *cr;
    const char *lf;
};

static const char *find(const char *at, const char *end, char c)
{
    const char *found = memchr(at, c, (size_t)(end - at));

    return found ? found : end;
}

/* The end of the line that begins at `at`, or scan->end. */
static const char *next_eol(struct scan *scan, const char *at)
{
    if (scan->lf < at)
        scan->lf = find(at, scan->end, '\n');
    if (scan->cr < at)
        scan->cr = find(at, scan->end, '\r');
    return scan->cr < scan->lf ? scan->cr : scan->lf;
}

static int too_big(const char *what, size_t max, struct err *err)
{
    return err_set(err, E_TOOBIG, "%s of the event stream is longer than %zu bytes", what, max);
}

static int append(struct buf *buf, struct span text, const char *what, struct err *err)
{
    int rc = buf_add(buf, text.at, text.len);

    if (rc == E_NOMEM)
        return err_set(err, rc, "out of memory for %s of the event stream", what);
    return rc < 0 ? too_big(what, buf->max, err) : 0;
}

/* Moves data that lies in the slice to where it outlives it. */
static int hold_data(struct sse *sse, struct err *err)
{
    if (!sse->has_data || sse->held)
        return 0;
    sse->held = true;
    sse->data_from = 0;
    return append(&sse->data, sse->lent, "an event", err);
}

static void adopt_line(struct sse *sse, struct span value)
{
    struct buf line = sse->line;

    sse->data_from = (size_t)(value.at - line.data);
    sse->line = sse->data;
    sse->data = line;
    sse->held = true;
}

static int add_data(struct sse *sse, struct span value, bool in_slice, struct err *err)
{
    size_t have = sse->held ? sse->data.len - sse->data_from : sse->lent.len;

    if (value.len > sse->limits.event ||
        (sse->has_data && have + 1 > sse->limits.event - value.len))
        return too_big("an event", sse->limits.event, err);
    if (!sse->has_data) {
        sse->has_data = true;
        if (in_slice)
            sse->lent = value;
        else
            adopt_line(sse, value);
        return 0;
    }
    int rc = hold_data(sse, err);
    if (rc == 0)
        rc = append(&sse->data, (struct span){"\n", 1}, "an event", err);
    return rc < 0 ? rc : append(&sse->data, value, "an event", err);
}

static int set_text(struct buf *buf, struct span value, struct err *err)
{
    buf_clear(buf);
    return append(buf, value, "a field", err);
}

static void set_retry(struct sse *sse, struct span value)
{
    int64_t ms = 0;

    for (size_t i = 0; i < value.len; i++) {
        if (value.at[i] < '0' || value.at[i] > '9' || ms > (INT64_MAX - 9) / 10)
            return;
        ms = ms * 10 + (value.at[i] - '0');
    }
    if (value.len > 0)
        sse->retry_ms = ms;
}

static bool span_is(struct span span, const char *text)
{
    return span.len == strlen(text) && memcmp(span.at, text, span.len) == 0;
}

static int set_field(struct sse *sse, struct span name, struct span value, bool in_slice,
                     struct err *err)
{
    if (span_is(name, "data"))
        return add_data(sse, value, in_slice, err);
    if (span_is(name, "event"))
        return set_text(&sse->name, value, err);
    if (span_is(name, "id") && (value.len == 0 || !memchr(value.at, '\0', value.len)))
        return set_text(&sse->id, value, err);
    if (span_is(name, "retry"))
        set_retry(sse, value);
    return 0; /* a field that the standard does not know is ignored */
}

static int take_field(struct sse *sse, struct span line, bool in_slice, struct err *err)
{
    const char *end = line.at + line.len, *colon = find(line.at, end, ':');
    const char *value = colon < end ? colon + 1 : end;

    if (value < end && *value == ' ')
        value++;
    return set_field(sse, (struct span){line.at, (size_t)(colon - line.at)},
                     (struct span){value, (size_t)(end - value)}, in_slice, err);
}

static void forget_event(struct sse *sse)
{
    sse->has_data = sse->held = false;
    sse->lent = (struct span){0};
    buf_clear(&sse->data);
    buf_clear(&sse->name);
}

static int dispatch(struct sse *sse, bool cut, struct err *err)
{
    struct sse_event event = {.name = "message",
                              .name_len = strlen("message"),
                              .data = sse->lent.at,
                              .len = sse->lent.len,
                              .id = sse->id.data,
                              .id_len = sse->id.len,
                              .cut = cut};
    int rc = 0;

    if (sse->held) {
        event.data = sse->data.data + sse->data_from;
        event.len = sse->data.len - sse->data_from;
    }
    if (sse->name.len > 0) {
        event.name = sse->name.data;
        event.name_len = sse->name.len;
    }
    if (sse->has_data) {
        sse->events++;
        rc = sse->event(sse->ctx, &event, err);
    }
    forget_event(sse);
    return rc;
}

static int take_line(struct sse *sse, struct span line, bool in_slice, struct err *err)
{
    if (line.len == 0)
        return dispatch(sse, false, err);
    if (line.len > sse->limits.line)
        return too_big("a line", sse->limits.line, err);
    if (line.at[0] == ':') {
        sse->comments++;
        return 0;
    }
    return take_field(sse, line, in_slice, err);
}

/* Adds to the line that is not whole yet. */
static int keep_line(struct sse *sse, struct span part, struct err *err)
{
    if (part.len > sse->limits.line - sse->line.len)
        return too_big("a line", sse->limits.line, err);
    return append(&sse->line, part, "a line", err);
}

/* The end of a line came: it lies whole in the slice, or began in an earlier one. */
static int end_line(struct sse *sse, struct span rest, struct err *err)
{
    if (sse->line.len == 0)
        return take_line(sse, rest, true, err);
    int rc = keep_line(sse, rest, err);
    if (rc == 0)
        rc = take_line(sse, (struct span){sse->line.data, sse->line.len}, false, err);
    buf_clear(&sse->line);
    return rc;
}

static int take_slice(struct sse *sse, const char *at, const char *end, struct err *err)
{
    struct scan scan = {.end = end, .cr = find(at, end, '\r'), .lf = find(at, end, '\n')};
    int rc = 0;

    if (sse->after_cr && at < end) {
        sse->after_cr = false;
        at += *at == '\n';
    }
    while (at < end && rc == 0) {
        const char *eol = next_eol(&scan, at);

        if (eol == end)
            break;
        rc = end_line(sse, (struct span){at, (size_t)(eol - at)}, err);
        at = eol + 1;
        if (*eol == '\r' && at == end)
            sse->after_cr = true;
        else if (*eol == '\r' && *at == '\n')
            at++;
    }
    if (rc == 0)
        rc = keep_line(sse, (struct span){at, (size_t)(end - at)}, err);
    return rc < 0 ? rc : hold_data(sse, err);
}

/* Skips a byte order mark, which may itself come in pieces; returns the bytes of it in this slice.
 */
static size_t skip_bom(struct sse *sse, const char *bytes, size_t len)
{
    size_t skipped = 0;

    while (sse->bom < BOM_LEN && skipped < len && bytes[skipped] == BOM[sse->bom]) {
        sse->bom++;
        skipped++;
    }
    sse->started = sse->bom == BOM_LEN || skipped < len;
    return skipped;
}

/* The first bytes looked like a mark and were not one: they are the beginning of a line. */
static int return_bom(struct sse *sse, struct err *err)
{
    size_t len = sse->bom < BOM_LEN ? sse->bom : 0;

    sse->bom = 0;
    return keep_line(sse, (struct span){BOM, len}, err);
}

void sse_new(struct sse **out, const struct sse_limits *limits, sse_event_fn *event, void *ctx)
{
    struct sse *sse = mem_new(sizeof *sse);

    sse->limits.line = limits && limits->line > 0 ? limits->line : DEFAULT_MAX;
    sse->limits.event = limits && limits->event > 0 ? limits->event : DEFAULT_MAX;
    sse->event = event;
    sse->ctx = ctx;
    sse->retry_ms = -1;
    /* They change places, and data may lie behind the rest of its line. The limits are kept above.
     */
    buf_init(&sse->line, sse->limits.line + sse->limits.event);
    buf_init(&sse->data, sse->limits.line + sse->limits.event);
    buf_init(&sse->name, sse->limits.line);
    buf_init(&sse->id, sse->limits.line);
    *out = sse;
}

void sse_free(struct sse *sse)
{
    if (!sse)
        return;
    buf_free(&sse->line);
    buf_free(&sse->data);
    buf_free(&sse->name);
    buf_free(&sse->id);
    free(sse);
}

int sse_feed(struct sse *sse, const char *bytes, size_t len, struct err *err)
{
    if (sse->failed)
        return err_set(err, sse->failed, "this event stream is over");
    if (len == 0)
        return 0;
    if (!sse->started) {
        size_t skipped = skip_bom(sse, bytes, len);

        bytes += skipped;
        len -= skipped;
        if (!sse->started)
            return 0;
        sse->failed = return_bom(sse, err);
    }
    if (sse->failed == 0)
        sse->failed = take_slice(sse, bytes, bytes + len, err);
    return sse->failed;
}

int sse_end(struct sse *sse, struct err *err)
{
    int rc = sse->failed;

    if (rc)
        return err_set(err, rc, "this event stream is over");
    if (sse->line.len > 0)
        rc = take_line(sse, (struct span){sse->line.data, sse->line.len}, false, err);
    if (rc == 0)
        rc = dispatch(sse, true, err);
    sse->failed = rc < 0 ? rc : E_CLOSED;
    return rc;
}

bool sse_is(const struct sse_event *event, const char *name)
{
    return span_is((struct span){event->name, event->name_len}, name);
}

uint64_t sse_events(const struct sse *sse)
{
    return sse->events;
}

uint64_t sse_comments(const struct sse *sse)
{
    return sse->comments;
}

int64_t sse_retry_ms(const struct sse *sse)
{
    return sse->retry_ms;
}
