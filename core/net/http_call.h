/* SPDX-License-Identifier: MIT */
/*
 * What the four files of http share, and nobody else: http.c drives the loop and the life of a
 * call, http_setup.c turns a request into a libcurl handle, http_answer.c is what libcurl calls
 * while it runs, http_judge.c turns the end of it into a result. A call is wanted by its owner
 * until it is told (done was called); a told call that is still here is draining.
 */
#ifndef CORE_NET_HTTP_CALL_H
#define CORE_NET_HTTP_CALL_H

#include "core/base/buf.h"
#include "core/net/address.h"
#include "core/net/http.h"

#include <curl/curl.h>

struct url;

/* One request header; libcurl reads the nodes where they lie. */
struct http_line {
    struct curl_slist node;
    bool secret;
};

/* What a call waits for: each has its deadline. */
enum http_phase {
    HTTP_CONNECTING, /* DNS, TCP, proxy, TLS */
    HTTP_WAITING,    /* the request is out or going out, the headers are not all here */
    HTTP_READING,    /* body */
    HTTP_DRAINING    /* told; only the connection is still of use */
};

/* What shall happen to a call as soon as libcurl is not running: it forbids most things inside. */
enum http_wish {
    HTTP_WISH_NONE,
    HTTP_WISH_END, /* with the outcome in the result */
    HTTP_WISH_DRAIN,
    HTTP_WISH_HOP /* follow the redirect */
};

struct http_call {
    struct http *http;
    struct http_call *next;
    struct http_call **link; /* what points here */
    CURL *easy;
    struct http_sink sink;
    void *ctx;

    struct url *url;
    char *method;
    struct http_line *lines; /* line_count of them, then the one that silences Expect */
    size_t line_count;
    struct curl_slist *headers; /* the first of the lines that are sent */
    char *line_text;            /* all lines, line_size bytes; wiped at the end */
    size_t line_size;
    void *body;
    size_t body_len;
    bool body_moves;
    enum http_policy policy;
    bool allow_plain;
    char **allow; /* allow_count own copies */
    size_t allow_count;
    struct http_limits limits; /* defaults filled in */

    enum http_phase phase;
    int64_t deadline;       /* of the phase */
    int64_t total_deadline; /* of the call */
    enum http_wish wish;
    int64_t shifted_us; /* what http_shift_deadlines added since the phase CONNECTING began */
    bool sent;          /* the request went out */
    bool over;          /* libcurl is done with it */
    bool told;          /* done was called */

    struct buf kept; /* headers of the newest answer: name, NUL, value, NUL, … */
    size_t header_bytes;
    int64_t drained;
    struct http_result result;
    struct address_seen {
        char text[ADDRESS_TEXT];  /* the last one tried */
        enum address_kind denied; /* what the policy refused, ADDRESS_PUBLIC = nothing */
        int error;                /* errno when no socket could be made */
    } seen;
    char curl_text[CURL_ERROR_SIZE];
};

/* --- http_setup.c --- */

/* Fills the call from the request: copies, checked. On failure the call holds what it got so far.
 */
int http_setup_fill(struct http_call *call, const struct http_request *request, struct err *err);
/* May this call go to this URL, as written? E_DENIED with the reason. */
int http_setup_permit(const struct http_call *call, const struct url *url, struct err *err);
/* And to an address of this kind, as resolved? */
bool http_setup_permit_address(const struct http_call *call, enum address_kind kind);
/* The system's folder of authorities by hash, NULL when it has none. Static. */
const char *http_setup_ca_path(void);
/* Sets every option of call->easy. ca_folder: there is such a folder; without, ca_file is NULL. 0,
   or E_NOMEM or E_IO. */
int http_setup_handle(struct http_call *call, const char *ca_file, bool ca_folder, struct err *err);
/* The request as it goes on to `to` after `status`. Takes `to` on success. E_DENIED. */
int http_setup_hop(struct http_call *call, struct url *to, int status, struct err *err);
void http_setup_shift(struct http_call *call, int64_t us); /* libcurl's own connect deadline */
void http_setup_clear(struct http_call *call);             /* wipes and frees what fill made */

/* --- http_judge.c --- */

/* Sets outcome and text for libcurl's code. */
void http_judge(struct http_call *call, CURLcode code);
/* Sets outcome, and text as "host:port: …". */
void http_judge_as(struct http_call *call, enum http_outcome outcome, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Reads status and times off the handle, before it goes. */
void http_judge_times(struct http_call *call);

/* --- http_answer.c: libcurl's callbacks, set by http_setup_handle --- */

size_t http_on_header(char *data, size_t size, size_t count, void *ctx);
size_t http_on_bytes(char *data, size_t size, size_t count, void *ctx);
int http_on_ready(void *ctx, char *peer, char *own, int peer_port, int own_port);
curl_socket_t http_on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address);

/* --- http.c --- */

int64_t http_call_now(const struct http_call *call);
void http_call_enter(struct http_call *call, enum http_phase phase, int64_t limit_us);
void http_call_wish(struct http_call *call, enum http_wish wish);

#endif
