/* SPDX-License-Identifier: MIT */
#include "tests/support/httprig.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FDS_MAX     1024
#define PATIENCE_US ((int64_t)10 * US_PER_S)
#define QUIET_MS    20 /* how long nothing happens before nothing more will */

static int64_t rig_now(void *self)
{
    const struct httprig *rig = self;

    return rig->now_us;
}

void httprig_open(struct httprig *rig, const struct http_options *options)
{
    *rig = (struct httprig){.now_us = 1000 * US_PER_S};
    rig->clock = (struct clock){.mono_us = rig_now, .wall_us = rig_now, .self = rig};
    if (http_new(&rig->http, options, &rig->clock, NULL) < 0)
        abort();
}

void httprig_serve(struct httprig *rig, const struct fake_step *const *answers, size_t count)
{
    struct fakehttp_options options = {.answers = answers, .answer_count = count};

    httprig_open(rig, NULL);
    if (fakehttp_start(&rig->servers[0], &options) < 0)
        abort();
}

void httprig_close(struct httprig *rig)
{
    http_free(rig->http);
    for (size_t i = 0; i < HTTPRIG_SERVERS; i++)
        fakehttp_stop(rig->servers[i]);
}

static bool on_headers(void *ctx, struct http_call *call, int status)
{
    struct httptalk *talk = ctx;

    (void)call;
    talk->headers = true;
    talk->status = status;
    return !talk->refuse_headers;
}

static bool on_bytes(void *ctx, struct http_call *call, const char *data, size_t len)
{
    struct httptalk *talk = ctx;

    (void)call;
    if (buf_add(&talk->body, data, len) < 0)
        abort();
    if (talk->on_bytes)
        talk->on_bytes(talk);
    return !talk->refuse_bytes;
}

static void on_done(void *ctx, struct http_call *call, const struct http_result *result)
{
    struct httptalk *talk = ctx;
    const char *value = http_header(call, "retry-after");

    talk->done++;
    talk->result = *result;
    if (value)
        (void)snprintf(talk->retry_after, sizeof talk->retry_after, "%s", value);
    if (talk->on_done)
        talk->on_done(talk);
    talk->call = NULL;
}

const struct http_sink httprig_sink = {on_headers, on_bytes, on_done};

int httprig_start(struct httprig *rig, struct httptalk *talk, const struct http_request *request,
                  struct err *err)
{
    buf_init(&talk->body, (size_t)128 << 20);
    return http_start(rig->http, request, &httprig_sink, talk, &talk->call, err);
}

void httptalk_clear(struct httptalk *talk)
{
    buf_free(&talk->body);
    *talk = (struct httptalk){.call = NULL};
}

/* One pass of everybody's loop; false when nothing was ready within wait_ms. */
static bool turn(struct httprig *rig, int wait_ms)
{
    struct pollfd fds[FDS_MAX];
    size_t own = http_fds(rig->http, fds, FDS_MAX), count = own;

    for (size_t i = 0; i < HTTPRIG_SERVERS; i++)
        if (rig->servers[i])
            count += fakehttp_fds(rig->servers[i], fds + count, FDS_MAX - count);
    bool due = http_timeout_us(rig->http) == 0;
    bool ready = poll(fds, count, due ? 0 : wait_ms) > 0;
    http_step(rig->http, fds, own);
    for (size_t i = 0; i < HTTPRIG_SERVERS; i++)
        if (rig->servers[i])
            fakehttp_step(rig->servers[i]);
    return ready || due;
}

bool httprig_until(struct httprig *rig, bool (*until)(const void *ctx), const void *ctx)
{
    struct clock real = clock_system();
    int64_t end = clock_mono(&real) + PATIENCE_US;

    while (!until(ctx)) {
        if (clock_mono(&real) > end)
            return false;
        (void)turn(rig, QUIET_MS);
    }
    return true;
}

static bool is_done(const void *ctx)
{
    const struct httptalk *talk = ctx;

    return talk->done > 0;
}

bool httprig_finish(struct httprig *rig, struct httptalk *talk)
{
    return httprig_until(rig, is_done, talk);
}

void httprig_settle(struct httprig *rig)
{
    while (turn(rig, QUIET_MS))
        continue;
}

static struct fakehttp *first_server(const void *rig)
{
    return ((const struct httprig *)rig)->servers[0];
}

bool httprig_has_connection(const void *rig)
{
    return fakehttp_connections(first_server(rig)) > 0;
}

bool httprig_has_request(const void *rig)
{
    return fakehttp_requests(first_server(rig)) > 0;
}

bool httprig_is_alone(const void *rig)
{
    return fakehttp_open_connections(first_server(rig)) == 0;
}

bool httptalk_has_headers(const void *talk)
{
    return ((const struct httptalk *)talk)->headers;
}

bool httptalk_has_bytes(const void *talk)
{
    return ((const struct httptalk *)talk)->body.len > 0;
}

void httprig_start_get(struct httprig *rig, struct httptalk *talk, const struct http_limits *limits)
{
    char *url = fakehttp_url(rig->servers[0], NULL, "/v1");
    struct http_request request = {.url = url};

    if (limits)
        request.limits = *limits;
    if (httprig_start(rig, talk, &request, NULL) < 0)
        abort();
    free(url);
}

bool httprig_get(struct httprig *rig, struct httptalk *talk, const char *path)
{
    char *url = fakehttp_url(rig->servers[0], NULL, path);
    int rc = httprig_start(rig, talk, &(struct http_request){.url = url}, NULL);

    free(url);
    return rc == 0 && httprig_finish(rig, talk);
}
