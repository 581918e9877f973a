/* SPDX-License-Identifier: MIT */
/*
 * libcurl forbids most of its functions inside its own callbacks, and a sink may want any of them.
 * So inside, a call only gets a wish (end, drain, hop); settle() grants wishes when libcurl is not
 * running, one by one from the head of the list, because a done may start and cancel other calls.
 *
 *   CONNECTING -> WAITING -> READING -> told and gone
 *        ^            |          '----> told, DRAINING -> gone
 *        '--- hop ----'
 */
#include "core/net/http.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/net/http_call.h"
#include "core/net/url.h"

#define DEFAULT_KEEP 64
#define DRAIN_US     US_PER_S
#define SPAN_TEXT    32
#define NEVER        INT64_MAX

struct http {
    const struct clock *clock;
    CURLM *multi;
    char *ca_file;
    bool ca_folder;
    struct http_call *calls;
    struct pollfd *fds;
    size_t fd_count;
    size_t fd_cap;
    size_t wishes;    /* calls that have one */
    int64_t timer_us; /* when libcurl wants to run on its own, NEVER = not */
    bool inside;      /* libcurl is running, since: */
    int64_t inside_us;
};

/* --- Descriptors and timer: what libcurl wants to be woken for --- */

static size_t find_fd(const struct http *http, curl_socket_t fd)
{
    size_t at = 0;

    while (at < http->fd_count && http->fds[at].fd != fd)
        at++;
    return at;
}

static int on_interest(CURL *easy, curl_socket_t fd, int what, void *ctx, void *per_socket)
{
    struct http *http = ctx;
    size_t at = find_fd(http, fd);

    (void)easy;
    (void)per_socket;
    if (what == CURL_POLL_REMOVE) {
        if (at < http->fd_count)
            http->fds[at] = http->fds[--http->fd_count];
        return 0;
    }
    if (at == http->fd_count) {
        http->fds = mem_room(http->fds, http->fd_count, &http->fd_cap, sizeof *http->fds);
        http->fds[http->fd_count++] = (struct pollfd){.fd = fd};
    }
    http->fds[at].events =
        (short)((what & CURL_POLL_IN ? POLLIN : 0) | (what & CURL_POLL_OUT ? POLLOUT : 0));
    return 0;
}

static void set_timer(struct http *http, long ms)
{
    http->timer_us = ms < 0 ? NEVER : clock_mono(http->clock) + (int64_t)ms * US_PER_MS;
}

static int on_timer(CURLM *multi, long ms, void *ctx)
{
    (void)multi;
    set_timer(ctx, ms);
    return 0;
}

static void run_socket(struct http *http, curl_socket_t fd, int ready)
{
    int running = 0;

    http->inside = true;
    http->inside_us = clock_mono(http->clock);
    /* It fails on a misused handle only; how the transfers fared comes as messages. */
    (void)curl_multi_socket_action(http->multi, fd, ready, &running);
    http->inside = false;
}

/* libcurl calls on_timer only when its next time changes, and its clock is not ours: so it is asked
   again when it did not say. */
static void run_timer(struct http *http)
{
    long ms = -1;

    http->timer_us = NEVER;
    run_socket(http, CURL_SOCKET_TIMEOUT, 0);
    if (http->timer_us == NEVER && curl_multi_timeout(http->multi, &ms) == CURLM_OK)
        set_timer(http, ms);
}

static int ready_of(short revents)
{
    int ready = 0;

    if (revents & (POLLIN | POLLHUP | POLLERR | POLLNVAL))
        ready |= CURL_CSELECT_IN; /* reading is what finds the error and its number */
    if (revents & POLLOUT)
        ready |= CURL_CSELECT_OUT;
    if (revents & (POLLERR | POLLNVAL))
        ready |= CURL_CSELECT_ERR;
    return ready;
}

static void run_ready(struct http *http, const struct pollfd *ready, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (ready[i].revents)
            run_socket(http, ready[i].fd, ready_of(ready[i].revents));
}

/* --- The life of a call --- */

/* One look at the clock serves all that one visit to libcurl brings: some of its callbacks come
   once per event, and a visit takes a millisecond at most. */
int64_t http_call_now(const struct http_call *call)
{
    return call->http->inside ? call->http->inside_us : clock_mono(call->http->clock);
}

void http_call_wish(struct http_call *call, enum http_wish wish)
{
    if (call->wish == HTTP_WISH_NONE)
        call->http->wishes++;
    call->wish = wish;
}

void http_call_enter(struct http_call *call, enum http_phase phase, int64_t limit_us)
{
    call->phase = phase;
    call->deadline = http_call_now(call) + limit_us;
}

static void link_call(struct http *http, struct http_call *call)
{
    call->next = http->calls;
    call->link = &http->calls;
    if (call->next)
        call->next->link = &call->next;
    http->calls = call;
}

static void unlink_call(struct http_call *call)
{
    *call->link = call->next;
    if (call->next)
        call->next->link = call->link;
}

static void take_off(struct http_call *call)
{
    if (!call->easy)
        return;
    http_judge_times(call);
    (void)curl_multi_remove_handle(call->http->multi, call->easy); /* fails when it is not in it */
    curl_easy_cleanup(call->easy);
    call->easy = NULL;
}

static void free_call(struct http_call *call)
{
    if (call->easy)
        curl_easy_cleanup(call->easy);
    http_setup_clear(call);
    buf_free(&call->kept);
    free(call);
}

static void tell(struct http_call *call)
{
    call->told = true;
    call->sink.done(call->ctx, call, &call->result);
}

static void end_call(struct http_call *call)
{
    take_off(call);
    if (!call->told)
        tell(call);
    unlink_call(call);
    free_call(call);
}

static void drain_call(struct http_call *call)
{
    call->result.outcome = HTTP_OK;
    call->result.text[0] = '\0';
    if (call->over) {
        end_call(call);
        return;
    }
    http_judge_times(call);
    http_call_enter(call, HTTP_DRAINING, DRAIN_US);
    tell(call);
}

/* Puts the handle to work; also again, after a redirect. */
static int launch(struct http_call *call, struct err *err)
{
    int rc = http_setup_handle(call, call->http->ca_file, call->http->ca_folder, err);

    if (rc < 0)
        return rc;
    CURLMcode code = curl_multi_add_handle(call->http->multi, call->easy);
    if (code != CURLM_OK)
        return err_set(err, code == CURLM_RECURSIVE_API_CALL ? E_BUSY : E_NOMEM,
                       "libcurl takes no request: %s", curl_multi_strerror(code));
    call->over = false;
    http_call_enter(call, HTTP_CONNECTING, call->limits.connect_us);
    return 0;
}

static void forget_answer(struct http_call *call)
{
    buf_clear(&call->kept);
    call->header_bytes = 0;
    call->result.bytes = 0;
    call->sent = false;
    call->shifted_us = 0;
    call->seen = (struct address_seen){.text = ""};
    call->curl_text[0] = '\0';
}

/* 0, or the call's outcome is set. */
static int hop(struct http_call *call)
{
    struct err err = {0};
    struct url *to = NULL;
    long status = 0;

    (void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status); /* a 3xx: on_headers */
    int rc = url_follow(&to, call->url, http_header(call, "Location"), &err);
    if (rc == 0)
        rc = http_setup_hop(call, to, (int)status, &err);
    if (rc < 0) {
        url_free(to);
        http_judge_as(call, rc == E_DENIED ? HTTP_DENIED : HTTP_REDIRECT, "redirect refused: %s",
                      err.msg);
        return rc;
    }
    (void)curl_multi_remove_handle(call->http->multi, call->easy); /* it is in it: just ended */
    curl_easy_reset(call->easy);
    call->result.hops++;
    forget_answer(call);
    rc = launch(call, &err);
    if (rc < 0)
        http_judge_as(call, HTTP_LOCAL, "%s", err.msg);
    return rc;
}

static void grant(struct http_call *call)
{
    enum http_wish wish = call->wish;

    call->wish = HTTP_WISH_NONE;
    call->http->wishes--;
    if (wish == HTTP_WISH_DRAIN)
        drain_call(call);
    else if (wish == HTTP_WISH_END || hop(call) < 0)
        end_call(call);
}

/* libcurl's own ends become wishes. */
static void take_messages(struct http *http)
{
    int left = 0;

    for (CURLMsg *msg; (msg = curl_multi_info_read(http->multi, &left));) {
        struct http_call *call = NULL;
        CURLcode code = msg->data.result;

        if (msg->msg != CURLMSG_DONE ||
            curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &call) != CURLE_OK)
            continue;
        call->over = true;
        if (call->wish == HTTP_WISH_NONE) {
            http_judge(call, code);
            http_call_wish(call, HTTP_WISH_END);
        }
    }
}

static void settle(struct http *http)
{
    take_messages(http);
    while (http->wishes > 0) {
        struct http_call *call = http->calls;

        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): what grant freed, it took off the list */
        while (call->wish == HTTP_WISH_NONE)
            call = call->next;
        grant(call);
    }
}

/* --- Deadlines --- */

static bool is_late(const struct http_call *call, int64_t now)
{
    return now >= call->deadline || now >= call->total_deadline;
}

static bool any_late(const struct http *http, int64_t now)
{
    for (const struct http_call *call = http->calls; call; call = call->next)
        if (is_late(call, now))
            return true;
    return false;
}

static void judge_late(struct http_call *call, int64_t now)
{
    const struct {
        enum http_outcome outcome;
        int64_t limit_us;
        const char *text;
    } kinds[] = {
        [HTTP_CONNECTING] = {HTTP_TIMEOUT_CONNECT, call->limits.connect_us, "no connection within"},
        [HTTP_WAITING] = {HTTP_TIMEOUT_FIRST_BYTE, call->limits.first_byte_us, "no answer within"},
        [HTTP_READING] = {HTTP_TIMEOUT_IDLE, call->limits.idle_us, "no complete event within"},
        [HTTP_DRAINING] = {HTTP_OK, DRAIN_US, ""},
    };
    bool total = now >= call->total_deadline;
    char span[SPAN_TEXT];

    clock_short(span, sizeof span, total ? call->limits.total_us : kinds[call->phase].limit_us);
    if (total)
        http_judge_as(call, HTTP_TIMEOUT_TOTAL, "the answer took longer than %s", span);
    else
        http_judge_as(call, kinds[call->phase].outcome, "%s %s", kinds[call->phase].text, span);
    http_call_wish(call, HTTP_WISH_END);
}

/* A process that stood still, or whose pass took long, finds a deadline behind it and the answer in
   front: so every socket is asked once more before anybody is given up. */
static void judge_deadlines(struct http *http)
{
    int64_t now = clock_mono(http->clock);

    if (!any_late(http, now))
        return;
    size_t count = http->fd_count;
    struct pollfd *fds = mem_array(count, sizeof *fds);
    (void)http_fds(http, fds, count);
    if (poll(fds, count, 0) > 0)
        run_ready(http, fds, count);
    free(fds);
    settle(http);
    for (struct http_call *call = http->calls; call; call = call->next)
        if (is_late(call, now) && call->wish == HTTP_WISH_NONE)
            judge_late(call, now);
    settle(http);
}

/* --- For the owner --- */

static int open_multi(struct http *http, const struct http_options *options)
{
    size_t keep = options && options->keep > 0 ? options->keep : DEFAULT_KEEP;
    CURLMcode bad = CURLM_OK;

    http->multi = curl_multi_init();
    if (!http->multi)
        return E_IO;
    /* None of these allocates, so one check is enough for all. */
    bad |= curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_interest);
    bad |= curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
    bad |= curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    bad |= curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
    bad |= curl_multi_setopt(http->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    bad |= curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)keep);
    return bad == CURLM_OK ? 0 : E_IO;
}

static int set_ca(struct http *http, const char *ca_file, struct err *err)
{
    http->ca_folder = http_setup_ca_path() != NULL;
    if (!ca_file)
        return 0;
    if (!http->ca_folder)
        return err_set(err, E_UNSUPPORTED,
                       "ca_file: this system has no folder of CAs that it could be added to");
    if (access(ca_file, R_OK) < 0)
        return err_sys(err, errno, "ca_file %s", ca_file);
    http->ca_file = mem_text(ca_file);
    return 0;
}

int http_new(struct http **out, const struct http_options *options, const struct clock *clock,
             struct err *err)
{
    const char *ca_file = options ? options->ca_file : NULL;

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return err_set(err, E_IO, "libcurl does not start");
    struct http *http = mem_new(sizeof *http);
    http->clock = clock;
    http->timer_us = NEVER;
    int rc = set_ca(http, ca_file, err);
    if (rc == 0 && open_multi(http, options) < 0)
        rc = err_set(err, E_IO, "libcurl does not start");
    if (rc < 0) {
        http_free(http);
        return rc;
    }
    *out = http;
    return 0;
}

void http_free(struct http *http)
{
    if (!http)
        return;
    assert(!http->inside);
    while (http->calls) { /* again, when a done started another */
        for (struct http_call *call = http->calls; call; call = call->next) {
            http_judge_as(call, HTTP_CANCELLED, "cancelled");
            http_call_wish(call, HTTP_WISH_END);
        }
        settle(http);
    }
    (void)curl_multi_cleanup(http->multi); /* fails on a bad handle only; NULL is one */
    curl_global_cleanup();
    free(http->ca_file);
    free(http->fds);
    free(http);
}

int http_start(struct http *http, const struct http_request *request, const struct http_sink *sink,
               void *ctx, struct http_call **out, struct err *err)
{
    struct http_call *call = mem_new(sizeof *call);
    int rc = http_setup_fill(call, request, err);

    call->http = http;
    call->sink = *sink;
    call->ctx = ctx;
    call->result.times.start_us = http_call_now(call);
    call->total_deadline = http_call_now(call) + call->limits.total_us;
    buf_init(&call->kept, call->limits.header_bytes);
    if (rc == 0 && http->inside)
        rc = err_set(err, E_BUSY, "a request cannot start inside another one's callback");
    if (rc == 0 && !(call->easy = curl_easy_init()))
        rc = err_set(err, E_NOMEM, "out of memory for a request");
    if (rc == 0)
        rc = launch(call, err);
    if (rc < 0) {
        free_call(call);
        return rc;
    }
    link_call(http, call);
    *out = call;
    return 0;
}

void http_cancel(struct http_call *call)
{
    if (call->told || call->wish == HTTP_WISH_END)
        return;
    http_judge_as(call, HTTP_CANCELLED, "cancelled");
    http_call_wish(call, HTTP_WISH_END);
    if (!call->http->inside)
        grant(call);
}

void http_drain(struct http_call *call)
{
    assert(call->phase >= HTTP_READING);
    if (call->told || call->wish != HTTP_WISH_NONE)
        return;
    http_call_wish(call, HTTP_WISH_DRAIN);
    if (!call->http->inside)
        grant(call);
}

void http_touch(struct http_call *call)
{
    if (call->phase == HTTP_READING)
        call->deadline = http_call_now(call) + call->limits.idle_us;
}

const char *http_header(const struct http_call *call, const char *name)
{
    const char *at = call->kept.data, *end = at + call->kept.len;

    while (at < end) {
        const char *value = at + strlen(at) + 1;

        if (strcasecmp(at, name) == 0)
            return value;
        at = value + strlen(value) + 1;
    }
    return NULL;
}

const char *http_url(const struct http_call *call)
{
    return url_text(call->url);
}

size_t http_fds(const struct http *http, struct pollfd *out, size_t cap)
{
    size_t count = http->fd_count < cap ? http->fd_count : cap;

    if (count > 0)
        memcpy(out, http->fds, count * sizeof *out);
    return http->fd_count;
}

int64_t http_timeout_us(const struct http *http)
{
    int64_t next = http->timer_us;

    for (const struct http_call *call = http->calls; call; call = call->next) {
        int64_t own = call->deadline < call->total_deadline ? call->deadline : call->total_deadline;

        if (own < next)
            next = own;
    }
    if (next == NEVER)
        return -1;
    int64_t left = next - clock_mono(http->clock);
    return left > 0 ? left : 0;
}

void http_step(struct http *http, const struct pollfd *ready, size_t count)
{
    run_ready(http, ready, count);
    if (http->timer_us != NEVER && clock_mono(http->clock) >= http->timer_us)
        run_timer(http);
    settle(http);
    judge_deadlines(http);
}

void http_shift_deadlines(struct http *http, int64_t us)
{
    for (struct http_call *call = http->calls; call; call = call->next) {
        call->deadline += us;
        call->total_deadline += us;
        http_setup_shift(call, us);
    }
}

size_t http_calls(const struct http *http)
{
    size_t count = 0;

    for (const struct http_call *call = http->calls; call; call = call->next)
        count += !call->told;
    return count;
}
