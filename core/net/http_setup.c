/* SPDX-License-Identifier: MIT */
#include "core/net/http_call.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/net/url.h"

#define DEFAULT_CONNECT_US    ((int64_t)10 * US_PER_S)
#define DEFAULT_FIRST_BYTE_US ((int64_t)120 * US_PER_S)
#define DEFAULT_IDLE_US       ((int64_t)120 * US_PER_S)
#define DEFAULT_TOTAL_US      ((int64_t)1800 * US_PER_S)
#define DEFAULT_BYTES         ((int64_t)64 << 20)
#define DEFAULT_HEADER_BYTES  ((size_t)64 << 10)
#define DEFAULT_REDIRECTS     5

/* How much later than our own deadline libcurl would give up connecting. It must have one: it
   shares it out among the addresses of a name. */
#define CONNECT_MARGIN_MS 1000

/* The same for every request, whoever asks. */
static const struct {
    CURLoption option;
    long value;
} fixed[] = {
    {CURLOPT_NOSIGNAL, 1},
    {CURLOPT_QUICK_EXIT, 1}, /* else giving up a DNS look-up waits for its thread: up to 5 s */
    {CURLOPT_FOLLOWLOCATION, 0},
    {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
    {CURLOPT_HTTP09_ALLOWED, 0},
    {CURLOPT_SSL_VERIFYPEER, 1},
    {CURLOPT_SSL_VERIFYHOST, 2},
    {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
    {CURLOPT_PROXY_SSL_VERIFYPEER, 1},
    {CURLOPT_PROXY_SSL_VERIFYHOST, 2},
    {CURLOPT_PROXY_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
    {CURLOPT_NETRC, CURL_NETRC_IGNORED},
    {CURLOPT_SUPPRESS_CONNECT_HEADERS, 1},
    {CURLOPT_TCP_KEEPALIVE, 1},
};

static bool is_token_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token(const char *text)
{
    size_t len = 0;

    while (is_token_char(text[len]))
        len++;
    return len > 0 && text[len] == '\0';
}

static bool is_value(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' && *text != '\t')
            return false;
    return true;
}

static int check_header(const struct http_header *header, struct err *err)
{
    if (!is_token(header->name))
        return err_set(err, E_RANGE, "a request header has a name that HTTP does not allow");
    if (!header->value || !is_value(header->value))
        return err_set(err, E_RANGE, "the value of the request header %s has control bytes",
                       header->name);
    return 0;
}

static bool leaves_origin_unsent(const struct http_header *header)
{
    return header->secret || strcasecmp(header->name, "Authorization") == 0 ||
           strcasecmp(header->name, "Cookie") == 0;
}

/* libcurl spells an empty value "Name;", because "Name:" takes a header away. */
static size_t line_len(const struct http_header *header)
{
    return strlen(header->name) + strlen(header->value) + sizeof ": ";
}

static char *write_line(char *at, const struct http_header *header)
{
    size_t len = line_len(header);

    (void)snprintf(at, len, header->value[0] ? "%s: %s" : "%s;%s", header->name, header->value);
    return at + len;
}

/* Links the lines that keep() is true for, and the last, which is always kept. What was dropped
   stays dropped. */
static void link_lines(struct http_call *call, bool (*keep)(const struct http_line *))
{
    struct curl_slist *next = NULL;

    for (size_t i = call->line_count + 1; i-- > 0;) {
        if (i < call->line_count && keep && !keep(&call->lines[i]))
            call->lines[i].node.data = NULL;
        if (!call->lines[i].node.data)
            continue;
        call->lines[i].node.next = next;
        next = &call->lines[i].node;
    }
    call->headers = next;
}

static int fill_headers(struct http_call *call, const struct http_request *request, struct err *err)
{
    static char no_expect[] = "Expect:";
    size_t size = 1;

    for (size_t i = 0; i < request->header_count; i++) {
        int rc = check_header(&request->headers[i], err);

        if (rc < 0)
            return rc;
        size += line_len(&request->headers[i]);
    }
    call->line_count = request->header_count;
    call->lines = mem_array(call->line_count + 1, sizeof *call->lines);
    call->line_text = mem_new(size);
    call->line_size = size;
    char *at = call->line_text;
    for (size_t i = 0; i < request->header_count; i++) {
        call->lines[i].node.data = at;
        call->lines[i].secret = leaves_origin_unsent(&request->headers[i]);
        at = write_line(at, &request->headers[i]);
    }
    call->lines[call->line_count].node.data = no_expect;
    link_lines(call, NULL);
    return 0;
}

static void fill_limits(struct http_limits *limits)
{
    if (limits->connect_us <= 0)
        limits->connect_us = DEFAULT_CONNECT_US;
    if (limits->first_byte_us <= 0)
        limits->first_byte_us = DEFAULT_FIRST_BYTE_US;
    if (limits->idle_us <= 0)
        limits->idle_us = DEFAULT_IDLE_US;
    if (limits->total_us <= 0)
        limits->total_us = DEFAULT_TOTAL_US;
    if (limits->bytes <= 0)
        limits->bytes = DEFAULT_BYTES;
    if (limits->header_bytes == 0)
        limits->header_bytes = DEFAULT_HEADER_BYTES;
    if (limits->redirects == 0)
        limits->redirects = DEFAULT_REDIRECTS;
}

static void fill_allow(struct http_call *call, const struct http_request *request)
{
    call->allow_count = request->allow_count;
    call->allow = mem_array(call->allow_count, sizeof *call->allow);
    for (size_t i = 0; i < call->allow_count; i++)
        call->allow[i] = mem_text(request->allow[i]);
}

static bool is_opened(const struct http_call *call, const struct url *url)
{
    for (size_t i = 0; i < call->allow_count; i++)
        if (strcasecmp(call->allow[i], url_place(url)) == 0)
            return true;
    return false;
}

int http_setup_permit(const struct http_call *call, const struct url *url, struct err *err)
{
    bool web_port = url_port(url) == 80 || url_port(url) == 443;

    if (call->policy == HTTP_TOOL && !web_port && !is_opened(call, url))
        return err_set(err, E_DENIED, "%s: tools reach ports 80 and 443 only; the user can open it",
                       url_place(url));
    if (call->policy == HTTP_PROVIDER && !url_https(url) && !call->allow_plain &&
        !url_loopback(url))
        return err_set(err, E_DENIED, "%s: http:// would send the key in clear; use https://",
                       url_place(url));
    return 0;
}

bool http_setup_permit_address(const struct http_call *call, enum address_kind kind)
{
    if (call->policy == HTTP_TOOL)
        return kind == ADDRESS_PUBLIC || is_opened(call, call->url);
    return url_https(call->url) || call->allow_plain || kind == ADDRESS_LOOPBACK;
}

int http_setup_fill(struct http_call *call, const struct http_request *request, struct err *err)
{
    const char *method = request->method ? request->method : request->body ? "POST" : "GET";

    call->body = (void *)request->body;
    call->body_len = request->body_len;
    call->body_moves = request->body_moves;
    call->policy = request->policy;
    call->allow_plain = request->allow_plain;
    call->limits = request->limits;
    fill_limits(&call->limits);
    fill_allow(call, request);
    call->method = mem_text(method);
    if (!is_token(method))
        return err_set(err, E_RANGE, "not a method that HTTP allows");
    int rc = fill_headers(call, request, err);
    if (rc == 0)
        rc = url_parse(&call->url, request->url, err);
    return rc < 0 ? rc : http_setup_permit(call, call->url, err);
}

void http_setup_clear(struct http_call *call)
{
    if (call->line_text)
        explicit_bzero(call->line_text, call->line_size);
    free(call->line_text);
    free(call->lines);
    free(call->method);
    if (call->body_moves)
        free(call->body);
    for (size_t i = 0; i < call->allow_count; i++)
        free(call->allow[i]);
    free(call->allow);
    url_free(call->url);
}

/* A method that is expected to carry a body carries an empty one rather than none at all. */
static bool carries_body(const struct http_call *call)
{
    return call->body || str_eq(call->method, "POST") || str_eq(call->method, "PUT") ||
           str_eq(call->method, "PATCH");
}

static CURLcode set_method(struct http_call *call)
{
    CURL *easy = call->easy;
    curl_off_t len = call->body ? (curl_off_t)call->body_len : 0;
    CURLcode code = CURLE_OK;

    if (str_eq(call->method, "HEAD"))
        return curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    if (carries_body(call)) {
        code = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, len);
        if (code == CURLE_OK)
            code = curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->body ? call->body : "");
    }
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call->method);
    return code;
}

static CURLcode set_fixed(CURL *easy)
{
    CURLcode code = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");

    for (size_t i = 0; i < sizeof fixed / sizeof *fixed && code == CURLE_OK; i++)
        code = curl_easy_setopt(easy, fixed[i].option, fixed[i].value);
    return code;
}

/* Eight hexadecimal digits and ".0": a certificate by the hash of its subject, as OpenSSL looks it
   up. */
static bool is_hashed(const char *name)
{
    return strspn(name, "0123456789abcdef") == 8 && str_eq(name + 8, ".0");
}

const char *http_setup_ca_path(void)
{
    const char *path = curl_version_info(CURLVERSION_NOW)->capath;
    DIR *dir = path ? opendir(path) : NULL;
    bool hashed = false;

    if (!dir)
        return NULL;
    for (const struct dirent *entry; !hashed && (entry = readdir(dir));)
        hashed = is_hashed(entry->d_name);
    (void)closedir(dir); /* only read */
    return hashed ? path : NULL;
}

static CURLcode set_texts(CURL *easy, const CURLoption *options, size_t count, const char *text)
{
    CURLcode code = CURLE_OK;

    for (size_t i = 0; i < count && code == CURLE_OK; i++)
        code = curl_easy_setopt(easy, options[i], text);
    return code;
}

/* libcurl's defaults read the bundle of all authorities, 40 ms of work, for every connection: it
   keeps what it read only when there is no folder beside it. From the folder OpenSSL takes the one
   certificate that it needs, and a file of one's own can stand beside it. */
static CURLcode set_ca(CURL *easy, const char *ca_file, bool folder)
{
    static const CURLoption files[] = {CURLOPT_CAINFO, CURLOPT_PROXY_CAINFO};
    static const CURLoption folders[] = {CURLOPT_CAPATH, CURLOPT_PROXY_CAPATH};

    return folder ? set_texts(easy, files, 2, ca_file) : set_texts(easy, folders, 2, NULL);
}

/* A tool's connection is its own: a kept one was judged by another policy. Plain http to this
   machine must not go through a proxy, nor may a tool, whose peer the proxy would hide. */
static CURLcode set_policy(struct http_call *call)
{
    bool tool = call->policy == HTTP_TOOL;
    CURLcode code = CURLE_OK;

    if (tool || (!url_https(call->url) && !call->allow_plain))
        code = curl_easy_setopt(call->easy, CURLOPT_PROXY, "");
    if (tool && code == CURLE_OK)
        code = curl_easy_setopt(call->easy, CURLOPT_FRESH_CONNECT, 1L);
    if (tool && code == CURLE_OK)
        code = curl_easy_setopt(call->easy, CURLOPT_FORBID_REUSE, 1L);
    return code;
}

static CURLcode set_connect_limit(struct http_call *call)
{
    int64_t us = call->limits.connect_us + call->shifted_us;

    return curl_easy_setopt(call->easy, CURLOPT_CONNECTTIMEOUT_MS,
                            (long)(us / US_PER_MS) + CONNECT_MARGIN_MS);
}

static CURLcode set_limits(struct http_call *call)
{
    CURLcode code = set_connect_limit(call);

    if (code == CURLE_OK)
        code =
            curl_easy_setopt(call->easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)call->limits.bytes);
    return code;
}

static CURLcode set_callbacks(struct http_call *call)
{
    CURL *easy = call->easy;
    CURLcode bad = CURLE_OK;

    /* None of these allocates, so one check is enough for all. */
    bad |= curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
    bad |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->curl_text);
    bad |= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers);
    bad |= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, http_on_header);
    bad |= curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
    bad |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, http_on_bytes);
    bad |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    bad |= curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, http_on_ready);
    bad |= curl_easy_setopt(easy, CURLOPT_PREREQDATA, call);
    bad |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, http_on_socket);
    bad |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, call);
    return bad;
}

int http_setup_handle(struct http_call *call, const char *ca_file, bool ca_folder, struct err *err)
{
    CURLcode code = curl_easy_setopt(call->easy, CURLOPT_CURLU, url_handle(call->url));

    if (code == CURLE_OK)
        code = set_fixed(call->easy);
    if (code == CURLE_OK)
        code = set_method(call);
    if (code == CURLE_OK)
        code = set_ca(call->easy, ca_file, ca_folder);
    if (code == CURLE_OK)
        code = set_policy(call);
    if (code == CURLE_OK)
        code = set_limits(call);
    if (code == CURLE_OK)
        code = set_callbacks(call);
    if (code == CURLE_OUT_OF_MEMORY)
        return err_set(err, E_NOMEM, "out of memory for a request");
    if (code != CURLE_OK)
        return err_set(err, E_IO, "libcurl refuses to be set up: %s", curl_easy_strerror(code));
    return 0;
}

void http_setup_shift(struct http_call *call, int64_t us)
{
    if (call->phase != HTTP_CONNECTING)
        return;
    call->shifted_us += us;
    (void)set_connect_limit(
        call); /* when it fails, libcurl gives up early and the call is retried */
}

static bool is_not_secret(const struct http_line *line)
{
    return !line->secret;
}

static bool is_not_of_body(const struct http_line *line)
{
    return !line->node.data || strncasecmp(line->node.data, "Content-", 8) != 0;
}

int http_setup_hop(struct http_call *call, struct url *to, int status, struct err *err)
{
    bool same = url_same_origin(call->url, to);
    bool becomes_get = status == 303 || (status < 303 && str_eq(call->method, "POST"));
    int rc = http_setup_permit(call, to, err);

    if (rc < 0)
        return rc;
    if (call->body && !becomes_get && !same)
        return err_set(err, E_DENIED, "the redirect would send the body on to %s", url_place(to));
    if (!same)
        link_lines(call, is_not_secret);
    if (becomes_get && !str_eq(call->method, "HEAD")) {
        free(call->method);
        call->method = mem_text("GET");
        if (call->body_moves)
            free(call->body);
        call->body = NULL;
        call->body_moves = false;
        link_lines(call, is_not_of_body);
    }
    url_free(call->url);
    call->url = to;
    return 0;
}
