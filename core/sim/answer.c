/* SPDX-License-Identifier: MIT */
#include "core/sim/answer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/sim/asked.h"
#include "core/sim/dialect.h"
#include "core/sim/fault.h"
#include "core/sim/reply.h"

#define HEAD_MAX ((size_t)64 << 10)
#define PINGS_US INT64_C(300000000) /* how long pings go on */

static const struct {
    int status;
    const char *reason;
} reasons[] = {
    {200, "OK"},
    {204, "No Content"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {413, "Content Too Large"},
    {422, "Unprocessable Content"},
    {425, "Too Early"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {529, "Overloaded"},
};

static const char *reason_of(int status)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Simulated";
}

/* ---- Whole answers ---- */

int answer_plain(struct reel *out, const struct answer_plain *plain)
{
    bool has_body = plain->status != 204 && plain->status != 304;
    struct buf head;

    buf_init(&head, HEAD_MAX);
    int rc = buf_printf(&head, "HTTP/1.1 %d %s\r\n", plain->status, reason_of(plain->status));
    if (rc == 0 && has_body)
        rc = buf_printf(&head, "Content-Type: %s\r\nContent-Length: %zu\r\n",
                        plain->type ? plain->type : "application/json", plain->len);
    if (rc == 0 && plain->headers)
        rc = buf_text(&head, plain->headers);
    if (rc == 0)
        rc = buf_text(&head, plain->keep ? "\r\n" : "Connection: close\r\n\r\n");
    if (rc == 0)
        rc = reel_add(out, head.data, head.len, 0, 1);
    if (rc == 0 && has_body)
        rc = reel_add(out, plain->body, plain->len, 0, 1);
    buf_free(&head);
    out->end = plain->keep ? REEL_KEEP : REEL_FIN;
    return rc;
}

/* RFC 9110's fixed date; strftime would ask the locale. */
static int put_date(struct buf *out, int64_t wall_us)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)(wall_us / US_PER_S);
    struct tm tm;

    if (!gmtime_r(&seconds, &tm))
        return E_RANGE;
    return buf_printf(out, "Retry-After: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n", days[tm.tm_wday],
                      tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
                      tm.tm_sec);
}

static int put_headers(struct buf *out, const struct fault *fault, int64_t wall_us)
{
    const cJSON *header;
    int rc = 0;

    if (fault->retry_after)
        rc = buf_printf(out, "Retry-After: %s\r\n", fault->retry_after);
    if (rc == 0 && fault->retry_date_us != INT64_MIN)
        rc = put_date(out, wall_us + fault->retry_date_us);
    if (rc == 0 && fault->retry_after_ms)
        rc = buf_printf(out, "Retry-After-Ms: %s\r\n", fault->retry_after_ms);
    cJSON_ArrayForEach(header, fault->headers)
    {
        if (rc == 0)
            rc = buf_printf(out, "%s: %s\r\n", header->string, header->valuestring);
    }
    return rc;
}

/* A text as it is, all else as JSON. */
static int put_value(struct buf *out, const cJSON *value)
{
    return cJSON_IsString(value) ? buf_text(out, value->valuestring) : json_write(out, value);
}

static int put_error_body(struct buf *out, const struct answer_spec *spec, int status)
{
    char message[80];

    if (spec->fault->body)
        return put_value(out, spec->fault->body);
    (void)str_format(message, sizeof message, "%s (simulated)", reason_of(status));
    return spec->dialect->error(out, status, message);
}

static int make_status(struct reel *out, const struct answer_spec *spec)
{
    const struct fault *fault = spec->fault;
    struct answer_plain plain = {.status = (int)fault->status, .keep = spec->keep};
    struct buf headers, body;

    buf_init(&headers, HEAD_MAX);
    buf_init(&body, REEL_MAX);
    int rc = put_headers(&headers, fault, spec->wall_us);
    if (rc == 0)
        rc = put_error_body(&body, spec, plain.status);
    plain.type = fault->type ? fault->type : cJSON_IsString(fault->body) ? "text/plain" : NULL;
    plain.headers = headers.data;
    plain.body = body.data;
    plain.len = body.len;
    if (rc == 0)
        rc = answer_plain(out, &plain);
    buf_free(&headers);
    buf_free(&body);
    return rc;
}

/* ---- Streams ---- */

static int stream_head(struct reel *out, const struct answer_spec *spec)
{
    if (!spec->chunks)
        return reel_text(out, REEL_SSE_HEAD);
    int rc = reel_text(out, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                            "Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n");
    return rc < 0 ? rc : reel_text(out, spec->keep ? "\r\n" : "Connection: close\r\n\r\n");
}

/* One piece of the body, as a chunk of its own where chunks are understood. */
static int stream_piece(struct reel *out, const struct answer_spec *spec, const char *data,
                        size_t len, int64_t wait_us, uint64_t times)
{
    struct buf framed;

    if (!spec->chunks)
        return reel_add(out, data, len, wait_us, times);
    buf_init(&framed, REEL_MAX);
    int rc = buf_printf(&framed, "%zx\r\n", len);
    if (rc == 0)
        rc = buf_add(&framed, data, len);
    if (rc == 0)
        rc = buf_text(&framed, "\r\n");
    if (rc == 0)
        rc = reel_add(out, framed.data, framed.len, wait_us, times);
    buf_free(&framed);
    return rc;
}

static int stream_events(struct reel *out, const struct answer_spec *spec,
                         const struct speech *speech, size_t count)
{
    int64_t rate = spec->reply->pace.rate;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < count && i < speech->count; i++) {
        const struct speech_event *event = &speech->events[i];
        int64_t wait = rate > 0 ? (int64_t)event->tokens * US_PER_S / rate : 0;

        rc = stream_piece(out, spec, speech->bytes.data + event->from, event->len, wait, 1);
    }
    return rc;
}

static int stream_end(struct reel *out, const struct answer_spec *spec)
{
    out->end = spec->keep && spec->chunks ? REEL_KEEP : REEL_FIN;
    return spec->chunks ? reel_text(out, "0\r\n\r\n") : 0;
}

static size_t first_event(const struct speech *speech, enum speech_kind kind)
{
    size_t i = 0;

    while (i < speech->count && speech->events[i].kind != kind)
        i++;
    return i;
}

/* Inside the arguments of the first call: its name came, and a piece of them, but not all. */
static size_t inside_call(const struct speech *speech)
{
    size_t first = first_event(speech, SPEECH_CALL), end = first;

    while (end < speech->count && speech->events[end].kind == SPEECH_CALL)
        end++;
    return end - first > 2 ? first + 2 : first + (end > first);
}

/* How many events arrive before the fault. */
static size_t events_before(const struct fault *fault, const struct speech *speech)
{
    if (fault->after == FAULT_CUT_CALL)
        return inside_call(speech);
    if (fault->after == FAULT_CUT_FINAL)
        return first_event(speech, SPEECH_FINISH);
    return (size_t)fault->after;
}

static void end_badly(struct reel *out, const struct fault *fault)
{
    out->end = fault->end == REEL_CLEAN ? REEL_FIN : fault->end;
    out->hang_us = FAULT_HANG_US;
}

/* "data: …" for every line of the event's text. */
static int put_event(struct buf *out, const struct fault *fault)
{
    struct buf text;
    int rc = 0;

    buf_init(&text, out->max);
    if (fault->event_name)
        rc = buf_printf(out, "event: %s\n", fault->event_name);
    if (rc == 0)
        rc = put_value(&text, fault->event);
    for (const char *at = text.data; rc == 0 && at;) {
        const char *eol = strchr(at, '\n');
        size_t len = eol ? (size_t)(eol - at) : strlen(at);

        rc = buf_printf(out, "data: %.*s\n", (int)len, at);
        at = eol ? eol + 1 : NULL;
    }
    buf_free(&text);
    return rc < 0 ? rc : buf_char(out, '\n');
}

static int stream_fault(struct reel *out, const struct answer_spec *spec,
                        const struct speech *speech)
{
    const struct fault *fault = spec->fault;
    struct buf event;
    int rc = stream_events(out, spec, speech, events_before(fault, speech));

    if (fault->kind == FAULT_EVENT && rc == 0) {
        buf_init(&event, REEL_MAX);
        rc = put_event(&event, fault);
        if (rc == 0)
            rc = stream_piece(out, spec, event.data, event.len, 0, 1);
        buf_free(&event);
    }
    if (rc == 0 && (fault->kind == FAULT_EVENT || fault->end == REEL_CLEAN))
        return stream_end(out, spec);
    end_badly(out, fault);
    return rc;
}

static int make_stream(struct reel *out, const struct answer_spec *spec, const struct say *say)
{
    bool broken = spec->fault && spec->fault->kind != FAULT_SLOW;
    struct speech speech;

    speech_init(&speech);
    int rc = spec->dialect->stream(&speech, say);
    if (rc == 0)
        rc = stream_head(out, spec);
    if (rc == 0 && broken)
        rc = stream_fault(out, spec, &speech);
    else if (rc == 0)
        rc = stream_events(out, spec, &speech, speech.count);
    if (rc == 0 && !broken)
        rc = stream_end(out, spec);
    speech_free(&speech);
    return rc;
}

/* ---- Without a stream ---- */

/* The same faults where there are no events: half a body, or the event's text as the body. */
static int make_whole(struct reel *out, const struct answer_spec *spec, const struct say *say)
{
    const struct fault *fault = spec->fault && spec->fault->kind != FAULT_SLOW ? spec->fault : NULL;
    struct answer_plain plain = {.status = 200, .keep = spec->keep};
    struct buf body;

    buf_init(&body, REEL_MAX);
    int rc = fault && fault->kind == FAULT_EVENT ? put_value(&body, fault->event)
                                                 : spec->dialect->whole(&body, say);
    plain.body = body.data;
    plain.len = body.len;
    if (rc == 0)
        rc = answer_plain(out, &plain);
    if (rc == 0 && fault && fault->kind == FAULT_CUT) {
        reel_cut(out, body.len / 2);
        end_badly(out, fault);
    }
    buf_free(&body);
    return rc;
}

/* ---- The rest ---- */

static int make_pings(struct reel *out, const struct answer_spec *spec)
{
    int64_t every = spec->fault->wait_us;
    int rc = stream_head(out, spec);

    out->end = REEL_FIN;
    return rc < 0 ? rc
                  : stream_piece(out, spec, ": ping\n\n", 8, every, (uint64_t)(PINGS_US / every));
}

static int make_send(struct reel *out, const struct fault *fault)
{
    int rc = 0;

    out->end = REEL_FIN;
    for (size_t i = 0; rc == 0 && i < fault->step_count; i++) {
        const struct fault_step *step = &fault->steps[i];

        reel_pause(out, step->sleep_us);
        if (step->text)
            rc = reel_add(out, step->text, step->len, 0, (uint64_t)step->repeat);
        if (step->end != REEL_KEEP) {
            out->end = step->end;
            break;
        }
    }
    out->hang_us = FAULT_HANG_US;
    return rc;
}

/* The same bytes, a few at a time. */
static int slow_down(struct reel *reel, const struct fault *fault)
{
    struct reel slow;
    int rc = 0;

    reel_init(&slow);
    for (size_t at = 0; rc == 0 && at < reel->bytes.len; at += (size_t)fault->bytes) {
        size_t left = reel->bytes.len - at;

        rc =
            reel_add(&slow, reel->bytes.data + at,
                     left < (size_t)fault->bytes ? left : (size_t)fault->bytes, fault->every_us, 1);
    }
    slow.end = reel->end;
    reel_free(reel);
    *reel = slow;
    return rc;
}

static int make_answer(struct reel *out, const struct answer_spec *spec, struct err *err)
{
    struct say say;
    int rc = reply_fill(&say, spec->reply, spec->asked, err);

    reel_pause(out, spec->reply->pace.latency_us);
    if (rc == 0) {
        rc = spec->asked->stream ? make_stream(out, spec, &say) : make_whole(out, spec, &say);
        if (rc < 0)
            rc = err_set(err, rc, "the answer is over %zu MiB", REEL_MAX >> 20);
    }
    say_clear(&say);
    if (rc == 0 && spec->fault && spec->fault->kind == FAULT_SLOW)
        rc = slow_down(out, spec->fault);
    return rc;
}

int answer_make(struct reel *out, int *status, const struct answer_spec *spec, struct err *err)
{
    enum fault_kind kind = spec->fault ? spec->fault->kind : FAULT_NONE;
    int rc = 0;

    *status = 200;
    switch (kind) {
    case FAULT_STATUS:
        *status = (int)spec->fault->status;
        rc = make_status(out, spec);
        break;
    case FAULT_SEND:
        *status = 0;
        rc = make_send(out, spec->fault);
        break;
    case FAULT_HANG:
        *status = 0;
        reel_pause(out, spec->fault->wait_us);
        out->end = REEL_FIN;
        break;
    case FAULT_PINGS: rc = make_pings(out, spec); break;
    case FAULT_NONE:
    case FAULT_CUT:
    case FAULT_EVENT:
    case FAULT_SLOW: return make_answer(out, spec, err);
    }
    return rc < 0 ? err_set(err, rc, "the answer is over %zu MiB", REEL_MAX >> 20) : 0;
}
