/* SPDX-License-Identifier: MIT */
#include "core/net/http_call.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/net/url.h"

/* What libcurl's codes mean to a run. What is not here is HTTP_PROTOCOL. */
static const struct verdict {
    CURLcode code;
    enum http_outcome outcome;
    const char *text;
} verdicts[] = {
    {CURLE_OK, HTTP_OK, ""},
    {CURLE_COULDNT_RESOLVE_HOST, HTTP_DNS, "this name has no address"},
    {CURLE_COULDNT_RESOLVE_PROXY, HTTP_PROXY, "the proxy's name has no address"},
    {CURLE_COULDNT_CONNECT, HTTP_CONNECT, "cannot connect"},
    {CURLE_PROXY, HTTP_PROXY, "the proxy refuses"},
    {CURLE_OPERATION_TIMEDOUT, HTTP_TIMEOUT_CONNECT, "no connection in time"},
    {CURLE_SSL_CONNECT_ERROR, HTTP_TLS, "TLS handshake failed"},
    {CURLE_PEER_FAILED_VERIFICATION, HTTP_TLS, "its certificate is refused"},
    {CURLE_SSL_CERTPROBLEM, HTTP_TLS, "TLS certificate problem"},
    {CURLE_SSL_CIPHER, HTTP_TLS, "no common TLS cipher"},
    {CURLE_SSL_CACERT_BADFILE, HTTP_TLS, "the CA file cannot be used"},
    {CURLE_SSL_ISSUER_ERROR, HTTP_TLS, "its certificate is refused"},
    {CURLE_SSL_INVALIDCERTSTATUS, HTTP_TLS, "its certificate is refused"},
    {CURLE_GOT_NOTHING, HTTP_RESET, "the connection closed without an answer"},
    {CURLE_SEND_ERROR, HTTP_RESET, "the connection broke while sending"},
    {CURLE_RECV_ERROR, HTTP_RESET, "the connection broke"},
    {CURLE_PARTIAL_FILE, HTTP_TRUNCATED, "the answer ended before its end"},
    {CURLE_FILESIZE_EXCEEDED, HTTP_TOO_BIG, "the answer is larger than allowed"},
    {CURLE_UNSUPPORTED_PROTOCOL, HTTP_PROTOCOL, "the answer is not HTTP"},
    {CURLE_WEIRD_SERVER_REPLY, HTTP_PROTOCOL, "the answer is not HTTP"},
    {CURLE_BAD_CONTENT_ENCODING, HTTP_PROTOCOL, "the answer is wrongly encoded"},
    {CURLE_OUT_OF_MEMORY, HTTP_LOCAL, "out of memory"},
#if LIBCURL_VERSION_NUM >= 0x080600
    {CURLE_TOO_LARGE, HTTP_TOO_BIG, "a header is larger than allowed"},
#endif
};

static const struct verdict other = {CURLE_OK, HTTP_PROTOCOL, "the transfer failed"};

/* Errors of socket() that say that this machine is short of something. */
static bool is_local(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* One line of clean UTF-8, whatever a server put into it. */
static void clean(char *text)
{
    bool ascii = !utf8_valid(text, strlen(text));

    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f || (ascii && (unsigned char)*c >= 0x80))
            *c = '?';
}

void http_judge_as(struct http_call *call, enum http_outcome outcome, const char *fmt, ...)
{
    char what[HTTP_TEXT_MAX + CURL_ERROR_SIZE];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(what, sizeof what, fmt, ap); /* a cut is shown below */
    va_end(ap);
    clean(what);
    call->result.outcome = outcome;
    str_format(call->result.text, sizeof call->result.text, "%s: %s", url_place(call->url), what);
}

static const struct verdict *verdict_of(CURLcode code)
{
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++)
        if (verdicts[i].code == code)
            return &verdicts[i];
    return &other;
}

static void judge_connect(struct http_call *call)
{
    const struct address_seen *seen = &call->seen;
    char text[ERR_REASON_MAX];
    long error = 0;

    (void)curl_easy_getinfo(call->easy, CURLINFO_OS_ERRNO, &error); /* 0 when there is none */
    if (seen->denied != ADDRESS_PUBLIC)
        http_judge_as(call, HTTP_DENIED, "%s is a %s address, which is closed here", seen->text,
                      address_kind_name(seen->denied));
    else if (is_local(seen->error))
        http_judge_as(call, HTTP_LOCAL, "no socket: %s",
                      strerror_r(seen->error, text, sizeof text));
    else
        http_judge_as(call, HTTP_CONNECT, "cannot connect to %s: %s", seen->text,
                      error ? strerror_r((int)error, text, sizeof text) : call->curl_text);
}

/* A connection that goes away in the handshake is as any other that breaks, and may be tried again;
   libcurl has one code for that and for a server that speaks no TLS. */
static bool handshake_broke(const struct http_call *call)
{
    return strstr(call->curl_text, "SSL_ERROR_SYSCALL") ||
           strstr(call->curl_text, "unexpected eof") || strstr(call->curl_text, "reset by peer");
}

void http_judge(struct http_call *call, CURLcode code)
{
    const struct verdict *verdict = verdict_of(code);
    enum http_outcome outcome = verdict->outcome;
    const char *text = verdict->text;
    long proxy_status = 0;

    (void)curl_easy_getinfo(call->easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status); /* 0: none */
    if (code == CURLE_OK) {
        call->result.outcome = HTTP_OK;
        return;
    }
    if (proxy_status >= 300) {
        http_judge_as(call, HTTP_PROXY, "the proxy answers %ld", proxy_status);
        return;
    }
    if (code == CURLE_COULDNT_CONNECT) {
        judge_connect(call);
        return;
    }
    if (code == CURLE_SSL_CONNECT_ERROR && handshake_broke(call)) {
        outcome = HTTP_RESET;
    } else if (code == CURLE_RECV_ERROR && strstr(call->curl_text, "chunk")) {
        outcome = HTTP_PROTOCOL;
        text = verdict_of(CURLE_BAD_CONTENT_ENCODING)->text;
    } else if (code == CURLE_OUT_OF_MEMORY && call->phase == HTTP_WAITING) {
        outcome = HTTP_TOO_BIG; /* before 8.6 libcurl says so of a header line over its 100 KiB */
        text = "a header is larger than allowed, or memory ran out";
    }
    http_judge_as(call, outcome, call->curl_text[0] ? "%s (%s)" : "%s", text, call->curl_text);
}

static int64_t stretch(CURL *easy, CURLINFO from, CURLINFO to)
{
    curl_off_t start = 0, end = 0;

    /* Both stay 0 when libcurl cannot say. */
    if (from)
        (void)curl_easy_getinfo(easy, from, &start);
    (void)curl_easy_getinfo(easy, to, &end);
    return end > start ? end - start : 0;
}

void http_judge_times(struct http_call *call)
{
    struct http_times *times = &call->result.times;
    long status = 0, connects = 0;

    /* All of these stay 0 when libcurl cannot say. */
    (void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(call->easy, CURLINFO_NUM_CONNECTS, &connects);
    call->result.status = (int)status;
    call->result.reused = connects == 0 && call->sent;
    if (call->result.reused)
        return;
    times->dns_us = stretch(call->easy, CURLINFO_NONE, CURLINFO_NAMELOOKUP_TIME_T);
    times->connect_us = stretch(call->easy, CURLINFO_NAMELOOKUP_TIME_T, CURLINFO_CONNECT_TIME_T);
    times->tls_us = stretch(call->easy, CURLINFO_CONNECT_TIME_T, CURLINFO_APPCONNECT_TIME_T);
}

const char *http_outcome_name(enum http_outcome outcome)
{
    static const char *const names[HTTP_OUTCOMES] = {
        [HTTP_OK] = "ok",
        [HTTP_DNS] = "dns",
        [HTTP_CONNECT] = "connect",
        [HTTP_TLS] = "tls",
        [HTTP_TIMEOUT_CONNECT] = "connect timeout",
        [HTTP_TIMEOUT_FIRST_BYTE] = "first byte timeout",
        [HTTP_TIMEOUT_IDLE] = "idle timeout",
        [HTTP_TIMEOUT_TOTAL] = "total timeout",
        [HTTP_RESET] = "reset",
        [HTTP_TRUNCATED] = "truncated",
        [HTTP_TOO_BIG] = "too big",
        [HTTP_PROTOCOL] = "protocol",
        [HTTP_REDIRECT] = "redirect",
        [HTTP_PROXY] = "proxy",
        [HTTP_DENIED] = "denied",
        [HTTP_LOCAL] = "local",
        [HTTP_STOPPED] = "stopped",
        [HTTP_CANCELLED] = "cancelled",
    };

    return names[outcome];
}
