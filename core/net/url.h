/* SPDX-License-Identifier: MIT */
/*
 * The parts of a URL that policy looks at, taken apart by the same parser that will connect
 * (libcurl's), so that the two can never read one text in two ways. Pure: no look-ups.
 */
#ifndef CORE_NET_URL_H
#define CORE_NET_URL_H

#include "core/base/err.h"

#include <stdbool.h>

struct url;
struct Curl_URL;

/* http and https with a host and no user@. E_RANGE: not a URL; E_DENIED: another scheme, or a user
   in it. The texts never quote the URL: it may hold a key. */
int url_parse(struct url **out, const char *text, struct err *err);
void url_free(struct url *url);

const char *url_text(const struct url *url); /* normalised, without the fragment */
const char *url_host(const struct url *url); /* lower case, no brackets, IPv4 in dotted form */
int url_port(const struct url *url);         /* the scheme's own when none is given */
bool url_https(const struct url *url);
const char *url_place(const struct url *url); /* "host:port" or "[v6]:port", for people and lists */

struct Curl_URL *url_handle(const struct url *url); /* libcurl's own form, for http.c */

bool url_same_origin(const struct url *a, const struct url *b); /* scheme, host and port */
bool url_loopback(const struct url *url); /* is spelt localhost, *.localhost, 127.x.y.z or [::1] */

/* Where an answer's Location leads from here. E_RANGE and E_DENIED as url_parse; E_DENIED also from
   https to http. */
int url_follow(struct url **out, const struct url *from, const char *location, struct err *err);

#endif
