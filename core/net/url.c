/* SPDX-License-Identifier: MIT */
#include "core/net/url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"

struct url {
    CURLU *handle;
    char *text;
    char *host;
    char *place;
    int port;
    bool https;
};

/* A copy of one part in our own memory; NULL when there is none. */
static char *part_of(CURLU *handle, CURLUPart part)
{
    unsigned flags = part == CURLUPART_PORT ? CURLU_DEFAULT_PORT : 0;
    char *text = NULL;

    if (curl_url_get(handle, part, &text, flags) != CURLUE_OK)
        return NULL;
    char *copy = mem_text(text);
    curl_free(text);
    return copy;
}

/* Lower case, and without the brackets of an IPv6 address. */
static void plain_host(char *host)
{
    size_t len = strlen(host);

    if (host[0] == '[' && host[len - 1] == ']') {
        memmove(host, host + 1, len - 2);
        host[len - 2] = '\0';
    }
    for (char *c = host; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
}

static int refuse(CURLUcode code, struct err *err)
{
    switch (code) {
    case CURLUE_OK: return 0;
    case CURLUE_OUT_OF_MEMORY: return err_set(err, E_NOMEM, "out of memory for a URL");
    case CURLUE_USER_NOT_ALLOWED:
        return err_set(err, E_DENIED, "the URL names a user before '@'; keys belong in headers");
    case CURLUE_UNSUPPORTED_SCHEME:
        return err_set(err, E_DENIED, "the URL is neither http nor https");
    default: return err_set(err, E_RANGE, "not a URL: %s", curl_url_strerror(code));
    }
}

/* Reads the parts that policy needs out of url->handle. */
static int take_parts(struct url *url, struct err *err)
{
    int64_t port = 0;
    char *scheme = part_of(url->handle, CURLUPART_SCHEME);
    char *port_text = part_of(url->handle, CURLUPART_PORT);
    bool http = str_eq(scheme, "http");

    url->https = str_eq(scheme, "https");
    url->host = part_of(url->handle, CURLUPART_HOST);
    url->text = part_of(url->handle, CURLUPART_URL);
    bool ported = port_text && str_int(&port, port_text, 1, 65535) == 0;
    free(scheme);
    free(port_text);
    if (!http && !url->https)
        return refuse(CURLUE_UNSUPPORTED_SCHEME, err);
    if (!url->host || !url->host[0] || !url->text || !ported)
        return err_set(err, E_RANGE, "not a URL: no usable host or port");
    url->port = (int)port;
    plain_host(url->host);
    url->place = mem_printf(strchr(url->host, ':') ? "[%s]:%d" : "%s:%d", url->host, url->port);
    return 0;
}

/* Sets `text`, absolute or relative to what the handle holds, and takes the result apart. */
static int fill(struct url *url, const char *text, unsigned flags, struct err *err)
{
    CURLUcode code = curl_url_set(url->handle, CURLUPART_URL, text, flags | CURLU_DISALLOW_USER);

    if (code == CURLUE_OK)
        code = curl_url_set(url->handle, CURLUPART_FRAGMENT, NULL, 0);
    int rc = refuse(code, err);
    return rc < 0 ? rc : take_parts(url, err);
}

/* The new url holds `handle`, NULL when there was no memory for one. */
static int make(struct url **out, CURLU *handle, const char *text, unsigned flags, struct err *err)
{
    if (!handle)
        return refuse(CURLUE_OUT_OF_MEMORY, err);
    struct url *url = mem_new(sizeof *url);
    url->handle = handle;
    int rc = fill(url, text, flags, err);
    if (rc < 0) {
        url_free(url);
        return rc;
    }
    *out = url;
    return 0;
}

int url_parse(struct url **out, const char *text, struct err *err)
{
    return make(out, curl_url(), text, 0, err);
}

void url_free(struct url *url)
{
    if (!url)
        return;
    curl_url_cleanup(url->handle);
    free(url->text);
    free(url->host);
    free(url->place);
    free(url);
}

const char *url_text(const struct url *url)
{
    return url->text;
}

const char *url_host(const struct url *url)
{
    return url->host;
}

int url_port(const struct url *url)
{
    return url->port;
}

bool url_https(const struct url *url)
{
    return url->https;
}

const char *url_place(const struct url *url)
{
    return url->place;
}

struct Curl_URL *url_handle(const struct url *url)
{
    return url->handle;
}

bool url_same_origin(const struct url *a, const struct url *b)
{
    return a->https == b->https && a->port == b->port && str_eq(a->host, b->host);
}

bool url_loopback(const struct url *url)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (inet_pton(AF_INET, url->host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, url->host, &v6) == 1)
        return IN6_IS_ADDR_LOOPBACK(&v6);
    return str_eq(url->host, "localhost") || str_ends(url->host, ".localhost");
}

int url_follow(struct url **out, const struct url *from, const char *location, struct err *err)
{
    struct url *to = NULL;
    int rc = make(&to, curl_url_dup(from->handle), location, CURLU_URLENCODE, err);

    if (rc < 0)
        return rc;
    if (from->https && !to->https) {
        url_free(to);
        return err_set(err, E_DENIED, "the redirect leaves https for http");
    }
    *out = to;
    return 0;
}
