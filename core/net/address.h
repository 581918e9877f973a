/* SPDX-License-Identifier: MIT */
/*
 * What kind of place a socket address is. A name can be spelt in a hundred ways and resolve to
 * something else a second later; so what a model may talk to is decided here, on the very sockaddr
 * that connect() is about to get. Pure: a table of prefixes, no look-ups.
 */
#ifndef CORE_NET_ADDRESS_H
#define CORE_NET_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

enum address_kind {
    ADDRESS_PUBLIC,      /* none of the below */
    ADDRESS_UNSPECIFIED, /* 0.0.0.0/8, :: (both reach this machine) */
    ADDRESS_LOOPBACK,    /* 127.0.0.0/8, ::1 */
    ADDRESS_PRIVATE,     /* 10/8, 172.16/12, 192.168/16, fc00::/7, fec0::/10 */
    ADDRESS_SHARED,      /* 100.64.0.0/10, carrier NAT */
    ADDRESS_LINK_LOCAL,  /* 169.254.0.0/16 (cloud metadata), fe80::/10 */
    ADDRESS_MULTICAST,   /* 224.0.0.0/4, ff00::/8 */
    ADDRESS_RESERVED,    /* 192.0.0.0/24, 198.18.0.0/15, 240.0.0.0/4, 64:ff9b:1::/48 */
    ADDRESS_UNKNOWN      /* no IP address at all, or cut short */
};

/* IPv4 wrapped in IPv6 (mapped, compatible, translated, NAT64, 6to4, Teredo) is what the IPv4
   address inside is. */
enum address_kind address_classify(const struct sockaddr *address, socklen_t len);

/* "loopback", "link-local" and so on. Static text. */
const char *address_kind_name(enum address_kind kind);

#define ADDRESS_TEXT 56
/* "127.0.0.1:80", "[::1]:443", or "?" */
void address_text(char out[ADDRESS_TEXT], const struct sockaddr *address, socklen_t len);

#endif
