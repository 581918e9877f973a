/* SPDX-License-Identifier: MIT */
/*
 * What libcurl calls while a transfer runs, and so where the policy and the ceilings are kept: the
 * address of every socket, the moment before the request leaves, every header, every byte.
 */
#include "core/net/http_call.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "core/net/url.h"

#define DRAIN_BYTES ((int64_t)64 << 10)
#define NO_MORE     ((size_t)-1) /* ends the transfer */

curl_socket_t http_on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct http_call *call = ctx;
    enum address_kind kind = address_classify(&address->addr, address->addrlen);
    struct address_seen *seen = &call->seen;

    (void)purpose; /* libcurl opens no other kind of socket for http */
    address_text(seen->text, &address->addr, address->addrlen);
    if (!http_setup_permit_address(call, kind)) {
        seen->denied = kind;
        return CURL_SOCKET_BAD;
    }
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    seen->error = fd < 0 ? errno : 0;
    return fd < 0 ? CURL_SOCKET_BAD : fd;
}

/* The connection stands and the request is about to go. libcurl would send it a second time when a
   kept connection turns out to be dead; but whether to pay twice is the retry guard's to decide. */
int http_on_ready(void *ctx, char *peer, char *own, int peer_port, int own_port)
{
    struct http_call *call = ctx;

    (void)peer;
    (void)own;
    (void)peer_port;
    (void)own_port;
    if (call->sent) {
        if (call->wish == HTTP_WISH_NONE) {
            http_judge_as(call, HTTP_RESET, "the kept connection was closed as it was used");
            http_call_wish(call, HTTP_WISH_END);
        }
        return CURL_PREREQFUNC_ABORT;
    }
    http_call_enter(call, HTTP_WAITING, call->limits.first_byte_us);
    call->sent = true;
    call->result.times.sent_us = http_call_now(call);
    return CURL_PREREQFUNC_OK;
}

static void stop(struct http_call *call)
{
    if (call->wish != HTTP_WISH_NONE)
        return;
    http_judge_as(call, HTTP_STOPPED, "stopped");
    http_call_wish(call, HTTP_WISH_END);
}

static bool is_redirect(long status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* A 3xx that is not an answer. Always ends the transfer, and names only the place that it leads to.
 */
static void meet_redirect(struct http_call *call, long status)
{
    const char *location = http_header(call, "Location");
    struct url *to = NULL;

    if (call->policy == HTTP_TOOL && call->result.hops < call->limits.redirects) {
        http_call_wish(call, HTTP_WISH_HOP);
        return;
    }
    if (location && url_follow(&to, call->url, location, NULL) == 0)
        http_judge_as(call, HTTP_REDIRECT,
                      call->policy == HTTP_TOOL ? "answers %ld once more, to %s: too many redirects"
                                                : "answers %ld, to %s: set that as the address if "
                                                  "you trust it",
                      status, url_place(to));
    else
        http_judge_as(call, HTTP_REDIRECT, "answers %ld, which leads nowhere", status);
    url_free(to);
    http_call_wish(call, HTTP_WISH_END);
}

/* The blank line after the headers of one answer; a 1xx is only a herald. */
static bool end_headers(struct http_call *call)
{
    bool provider = call->policy == HTTP_PROVIDER;
    long status = 0;

    (void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status); /* known by now */
    if (status < 200)
        return true;
    call->result.status = (int)status;
    http_call_enter(call, HTTP_READING, call->limits.idle_us);
    if (provider ? status >= 300 && status < 400
                 : is_redirect(status) && http_header(call, "Location")) {
        meet_redirect(call, status);
        return false;
    }
    if (call->sink.headers && !call->sink.headers(call->ctx, call, (int)status))
        stop(call);
    return call->wish != HTTP_WISH_END;
}

static size_t trimmed(const char **text, size_t len)
{
    while (len > 0 && strchr(" \t\r\n", (*text)[len - 1]))
        len--;
    while (len > 0 && strchr(" \t", **text)) {
        (*text)++;
        len--;
    }
    return len;
}

/* Keeps "Name: value"; a line that is neither that nor text is only counted. 0 or buf_add's error.
 */
static int keep_header(struct buf *kept, const char *line, size_t len)
{
    const char *colon = memchr(line, ':', len);

    if (!colon || colon == line || memchr(line, '\0', len))
        return 0;
    const char *value = colon + 1;
    size_t value_len = trimmed(&value, len - (size_t)(value - line));
    int rc = buf_add(kept, line, (size_t)(colon - line));
    if (rc == 0)
        rc = buf_char(kept, '\0');
    if (rc == 0)
        rc = buf_add(kept, value, value_len);
    return rc < 0 ? rc : buf_char(kept, '\0');
}

static size_t refuse(struct http_call *call, enum http_outcome outcome, const char *why)
{
    if (call->wish == HTTP_WISH_NONE) {
        http_judge_as(call, outcome, "%s", why);
        http_call_wish(call, HTTP_WISH_END);
    }
    return NO_MORE;
}

/* libcurl would unpack a transfer that is coded in any way it knows, though nobody asked for it. */
static bool is_packed(const char *line, size_t len)
{
    static const char field[] = "Transfer-Encoding:";
    size_t name_len = sizeof field - 1;

    if (len < name_len || strncasecmp(line, field, name_len) != 0)
        return false;
    const char *value = line + name_len;
    size_t value_len = trimmed(&value, len - name_len);
    return value_len != strlen("chunked") || strncasecmp(value, "chunked", value_len) != 0;
}

size_t http_on_header(char *data, size_t size, size_t count, void *ctx)
{
    struct http_call *call = ctx;
    size_t len = size * count;
    bool status_line = len > 5 && memcmp(data, "HTTP/", 5) == 0;
    bool blank = len > 0 && (data[0] == '\r' || data[0] == '\n');

    call->result.times.last_byte_us = http_call_now(call);
    call->header_bytes += len;
    if (call->header_bytes > call->limits.header_bytes)
        return refuse(call, HTTP_TOO_BIG, "the headers are larger than allowed");
    if (call->phase != HTTP_WAITING)
        return len; /* trailers */
    if (status_line) {
        buf_clear(&call->kept);
        call->result.times.first_byte_us = call->result.times.last_byte_us;
    } else if (blank) {
        return end_headers(call) ? len : NO_MORE;
    } else if (is_packed(data, len)) {
        return refuse(call, HTTP_PROTOCOL, "the answer is packed, which nobody asked for");
    } else if (keep_header(&call->kept, data, len) < 0) {
        return refuse(call, HTTP_TOO_BIG, "the headers are larger than allowed");
    }
    return len;
}

size_t http_on_bytes(char *data, size_t size, size_t count, void *ctx)
{
    struct http_call *call = ctx;
    size_t len = size * count;

    if (call->phase == HTTP_DRAINING || call->wish == HTTP_WISH_DRAIN) {
        call->drained += (int64_t)len;
        return call->drained <= DRAIN_BYTES ? len : NO_MORE;
    }
    if (call->wish != HTTP_WISH_NONE)
        return NO_MORE;
    call->result.times.last_byte_us = http_call_now(call);
    call->result.bytes += (int64_t)len;
    if (call->result.bytes > call->limits.bytes)
        return refuse(call, HTTP_TOO_BIG, "the answer is larger than allowed");
    if (call->sink.bytes && !call->sink.bytes(call->ctx, call, data, len))
        stop(call);
    return call->wish == HTTP_WISH_END ? NO_MORE : len;
}
