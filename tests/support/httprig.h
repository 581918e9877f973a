/* SPDX-License-Identifier: MIT */
/*
 * A struct http and scripted servers in one poll loop, on a clock that the test moves: nothing
 * happens but what the test lets happen, and no time passes but what it says.
 */
#ifndef TESTS_SUPPORT_HTTPRIG_H
#define TESTS_SUPPORT_HTTPRIG_H

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/net/http.h"
#include "tests/support/fakehttp.h"

#define HTTPRIG_SERVERS 2

struct httprig {
    struct http *http;
    struct fakehttp *servers[HTTPRIG_SERVERS]; /* the test's to stop; NULL = none */
    struct clock clock;
    int64_t now_us;
};

/* What one call did, and what its sink shall do. */
struct httptalk {
    struct http_call *call;
    bool headers; /* the sink's headers was called, with this status */
    int status;
    size_t done; /* how often done was called */
    struct buf body;
    struct http_result result;
    char retry_after[64]; /* as http_header gave it inside done */
    bool refuse_headers;
    bool refuse_bytes;
    void (*on_bytes)(struct httptalk *talk); /* inside bytes, inside done */
    void (*on_done)(struct httptalk *talk);
    void *ctx; /* the test's */
};

void httprig_open(struct httprig *rig, const struct http_options *options);
/* The same with one server and these answers. */
void httprig_serve(struct httprig *rig, const struct fake_step *const *answers, size_t count);
void httprig_close(struct httprig *rig); /* frees http, stops the servers */

extern const struct http_sink httprig_sink; /* its ctx is a struct httptalk */

/* Prepares the talk and starts the request; http_start's result. */
int httprig_start(struct httprig *rig, struct httptalk *talk, const struct http_request *request,
                  struct err *err);
void httptalk_clear(struct httptalk *talk);

/* Lets everybody act until `until` is true of ctx; false (after ten real seconds) when it never is.
 */
bool httprig_until(struct httprig *rig, bool (*until)(const void *ctx), const void *ctx);
bool httprig_finish(struct httprig *rig, struct httptalk *talk); /* until done */
void httprig_settle(struct httprig *rig); /* until nobody has anything to do without time passing */

/* Conditions of httprig_until: of a rig, or of a talk. */
bool httprig_has_connection(const void *rig); /* one was made with the first server */
bool httprig_has_request(const void *rig);    /* the first server got one whole */
bool httprig_is_alone(const void *rig);       /* the first server has no connection left */
bool httptalk_has_headers(const void *talk);
bool httptalk_has_bytes(const void *talk);

/* Starts GET /v1 from the first server. Limits may be NULL. */
void httprig_start_get(struct httprig *rig, struct httptalk *talk,
                       const struct http_limits *limits);

/* GET path from the first server as its provider, to the end. The talk is the caller's to clear. */
bool httprig_get(struct httprig *rig, struct httptalk *talk, const char *path);

#endif
