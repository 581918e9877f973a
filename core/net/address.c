/* SPDX-License-Identifier: MIT */
#include "core/net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* A prefix and what is behind it. The first row that fits decides. */
struct v4_range {
    uint8_t net[4];
    uint8_t bits;
    enum address_kind kind;
};

static const struct v4_range v4_ranges[] = {
    {{0}, 8, ADDRESS_UNSPECIFIED},        {{10}, 8, ADDRESS_PRIVATE},
    {{100, 64}, 10, ADDRESS_SHARED},      {{127}, 8, ADDRESS_LOOPBACK},
    {{169, 254}, 16, ADDRESS_LINK_LOCAL}, {{172, 16}, 12, ADDRESS_PRIVATE},
    {{192, 0, 0}, 24, ADDRESS_RESERVED},  {{192, 168}, 16, ADDRESS_PRIVATE},
    {{198, 18}, 15, ADDRESS_RESERVED},    {{224}, 4, ADDRESS_MULTICAST},
    {{240}, 4, ADDRESS_RESERVED},
};

/* Where an IPv6 address carries an IPv4 one. */
enum inside { NOTHING, V4_LAST, V4_AFTER_PREFIX, TEREDO };

struct v6_range {
    uint8_t net[16];
    uint8_t bits;
    enum inside inside;
    enum address_kind kind; /* when nothing is inside */
};

static const struct v6_range v6_ranges[] = {
    {{0}, 128, NOTHING, ADDRESS_UNSPECIFIED},
    {{[15] = 1}, 128, NOTHING, ADDRESS_LOOPBACK},
    {{0}, 96, V4_LAST, 0},                      /* ::/96, compatible */
    {{[10] = 0xff, 0xff}, 96, V4_LAST, 0},      /* ::ffff:0:0/96, mapped */
    {{[8] = 0xff, 0xff}, 96, V4_LAST, 0},       /* ::ffff:0:0:0/96, translated */
    {{0x00, 0x64, 0xff, 0x9b}, 96, V4_LAST, 0}, /* 64:ff9b::/96, NAT64 */
    {{0x00, 0x64, 0xff, 0x9b, 0, 1}, 48, NOTHING, ADDRESS_RESERVED}, /* a site's own NAT64 */
    {{0x20, 0x01}, 32, TEREDO, 0},                                   /* 2001::/32 */
    {{0x20, 0x02}, 16, V4_AFTER_PREFIX, 0},                          /* 2002::/16, 6to4 */
    {{0xfc}, 7, NOTHING, ADDRESS_PRIVATE},
    {{0xfe, 0x80}, 10, NOTHING, ADDRESS_LINK_LOCAL},
    {{0xfe, 0xc0}, 10, NOTHING, ADDRESS_PRIVATE},
    {{0xff}, 8, NOTHING, ADDRESS_MULTICAST},
};

static bool has_prefix(const uint8_t *address, const uint8_t *net, unsigned bits)
{
    unsigned bytes = bits / 8, rest = bits % 8;
    uint8_t mask = (uint8_t)(0xff00 >> rest);

    if (memcmp(address, net, bytes) != 0)
        return false;
    return rest == 0 || ((address[bytes] ^ net[bytes]) & mask) == 0;
}

static enum address_kind classify_v4(const uint8_t address[4])
{
    for (size_t i = 0; i < sizeof v4_ranges / sizeof *v4_ranges; i++)
        if (has_prefix(address, v4_ranges[i].net, v4_ranges[i].bits))
            return v4_ranges[i].kind;
    return ADDRESS_PUBLIC;
}

/* RFC 4380: the relay's server in clear, then the client's address with all bits turned over. Both
   get packets. */
static enum address_kind classify_teredo(const uint8_t address[16])
{
    uint8_t client[4];
    enum address_kind server = classify_v4(address + 4);

    for (size_t i = 0; i < sizeof client; i++)
        client[i] = (uint8_t)~address[12 + i];
    return server != ADDRESS_PUBLIC ? server : classify_v4(client);
}

static enum address_kind classify_v6(const uint8_t address[16])
{
    for (size_t i = 0; i < sizeof v6_ranges / sizeof *v6_ranges; i++) {
        const struct v6_range *range = &v6_ranges[i];

        if (!has_prefix(address, range->net, range->bits))
            continue;
        switch (range->inside) {
        case NOTHING: return range->kind;
        case V4_LAST: return classify_v4(address + 12);
        case V4_AFTER_PREFIX: return classify_v4(address + range->bits / 8);
        case TEREDO: return classify_teredo(address);
        }
    }
    return ADDRESS_PUBLIC;
}

enum address_kind address_classify(const struct sockaddr *address, socklen_t len)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (len >= sizeof v4 && address->sa_family == AF_INET) {
        memcpy(&v4, address, sizeof v4);
        return classify_v4((const uint8_t *)&v4.sin_addr);
    }
    if (len >= sizeof v6 && address->sa_family == AF_INET6) {
        memcpy(&v6, address, sizeof v6);
        return classify_v6(v6.sin6_addr.s6_addr);
    }
    return ADDRESS_UNKNOWN;
}

const char *address_kind_name(enum address_kind kind)
{
    static const char *const names[] = {
        [ADDRESS_PUBLIC] = "public",       [ADDRESS_UNSPECIFIED] = "unspecified",
        [ADDRESS_LOOPBACK] = "loopback",   [ADDRESS_PRIVATE] = "private",
        [ADDRESS_SHARED] = "carrier NAT",  [ADDRESS_LINK_LOCAL] = "link-local",
        [ADDRESS_MULTICAST] = "multicast", [ADDRESS_RESERVED] = "reserved",
        [ADDRESS_UNKNOWN] = "unknown",
    };

    return names[kind];
}

void address_text(char out[ADDRESS_TEXT], const struct sockaddr *address, socklen_t len)
{
    char host[INET6_ADDRSTRLEN] = "";
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (len >= sizeof v4 && address->sa_family == AF_INET) {
        memcpy(&v4, address, sizeof v4);
        (void)inet_ntop(AF_INET, &v4.sin_addr, host, sizeof host); /* host is long enough */
        (void)snprintf(out, ADDRESS_TEXT, "%s:%u", host, (unsigned)ntohs(v4.sin_port));
    } else if (len >= sizeof v6 && address->sa_family == AF_INET6) {
        memcpy(&v6, address, sizeof v6);
        (void)inet_ntop(AF_INET6, &v6.sin6_addr, host, sizeof host); /* host is long enough */
        (void)snprintf(out, ADDRESS_TEXT, "[%s]:%u", host, (unsigned)ntohs(v6.sin6_port));
    } else {
        (void)snprintf(out, ADDRESS_TEXT, "?");
    }
}
