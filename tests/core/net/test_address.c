/* SPDX-License-Identifier: MIT */
#include "core/net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "tests/suite.h"

union any {
    struct sockaddr base;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* Port 80 of `text`; its length. */
static socklen_t address_of(union any *address, const char *text)
{
    *address = (union any){.v6 = {.sin6_family = AF_INET6, .sin6_port = htons(80)}};
    if (inet_pton(AF_INET6, text, &address->v6.sin6_addr) == 1)
        return sizeof address->v6;
    *address = (union any){.v4 = {.sin_family = AF_INET, .sin_port = htons(80)}};
    CU_ASSERT_EQUAL_FATAL(inet_pton(AF_INET, text, &address->v4.sin_addr), 1);
    return sizeof address->v4;
}

static enum address_kind kind_of(const char *text)
{
    union any address;
    socklen_t len = address_of(&address, text);

    return address_classify(&address.base, len);
}

struct row {
    const char *text;
    enum address_kind kind;
};

static void check(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        CU_ASSERT_EQUAL(kind_of(rows[i].text), rows[i].kind);
}

/* The first and the last of every range, and their neighbours outside. */
static void test_v4(void)
{
    static const struct row rows[] = {
        {"0.0.0.0", ADDRESS_UNSPECIFIED},
        {"0.255.255.255", ADDRESS_UNSPECIFIED},
        {"1.0.0.0", ADDRESS_PUBLIC},
        {"9.255.255.255", ADDRESS_PUBLIC},
        {"10.0.0.0", ADDRESS_PRIVATE},
        {"10.255.255.255", ADDRESS_PRIVATE},
        {"11.0.0.0", ADDRESS_PUBLIC},
        {"100.63.255.255", ADDRESS_PUBLIC},
        {"100.64.0.0", ADDRESS_SHARED},
        {"100.127.255.255", ADDRESS_SHARED},
        {"100.128.0.0", ADDRESS_PUBLIC},
        {"126.255.255.255", ADDRESS_PUBLIC},
        {"127.0.0.0", ADDRESS_LOOPBACK},
        {"127.255.255.255", ADDRESS_LOOPBACK},
        {"128.0.0.0", ADDRESS_PUBLIC},
        {"169.253.255.255", ADDRESS_PUBLIC},
        {"169.254.0.0", ADDRESS_LINK_LOCAL},
        {"169.254.169.254", ADDRESS_LINK_LOCAL},
        {"169.254.255.255", ADDRESS_LINK_LOCAL},
        {"169.255.0.0", ADDRESS_PUBLIC},
        {"172.15.255.255", ADDRESS_PUBLIC},
        {"172.16.0.0", ADDRESS_PRIVATE},
        {"172.31.255.255", ADDRESS_PRIVATE},
        {"172.32.0.0", ADDRESS_PUBLIC},
        {"191.255.255.255", ADDRESS_PUBLIC},
        {"192.0.0.0", ADDRESS_RESERVED},
        {"192.0.0.255", ADDRESS_RESERVED},
        {"192.0.1.0", ADDRESS_PUBLIC},
        {"192.167.255.255", ADDRESS_PUBLIC},
        {"192.168.0.0", ADDRESS_PRIVATE},
        {"192.168.255.255", ADDRESS_PRIVATE},
        {"192.169.0.0", ADDRESS_PUBLIC},
        {"198.17.255.255", ADDRESS_PUBLIC},
        {"198.18.0.0", ADDRESS_RESERVED},
        {"198.19.255.255", ADDRESS_RESERVED},
        {"198.20.0.0", ADDRESS_PUBLIC},
        {"223.255.255.255", ADDRESS_PUBLIC},
        {"224.0.0.0", ADDRESS_MULTICAST},
        {"239.255.255.255", ADDRESS_MULTICAST},
        {"240.0.0.0", ADDRESS_RESERVED},
        {"255.255.255.255", ADDRESS_RESERVED},
        {"8.8.8.8", ADDRESS_PUBLIC},
    };

    check(rows, sizeof rows / sizeof *rows);
}

static void test_v6(void)
{
    static const struct row rows[] = {
        {"::", ADDRESS_UNSPECIFIED},
        {"::1", ADDRESS_LOOPBACK},
        {"fbff::1", ADDRESS_PUBLIC},
        {"fc00::", ADDRESS_PRIVATE},
        {"fdff:ffff::1", ADDRESS_PRIVATE},
        {"fe00::1", ADDRESS_PUBLIC},
        {"fe7f:ffff::1", ADDRESS_PUBLIC},
        {"fe80::1", ADDRESS_LINK_LOCAL},
        {"febf:ffff::1", ADDRESS_LINK_LOCAL},
        {"fec0::1", ADDRESS_PRIVATE},
        {"feff:ffff::1", ADDRESS_PRIVATE},
        {"ff00::", ADDRESS_MULTICAST},
        {"ff02::1", ADDRESS_MULTICAST},
        {"2606:4700::1111", ADDRESS_PUBLIC},
        {"2001:4860:4860::8888", ADDRESS_PUBLIC},
        {"64:ff9b:1::1", ADDRESS_RESERVED},
        {"64:ff9b:1:ffff::1", ADDRESS_RESERVED},
        {"64:ff9b:2::1", ADDRESS_PUBLIC},
    };

    check(rows, sizeof rows / sizeof *rows);
}

/* An IPv4 address inside, in each of the ways there are. */
static void test_v4_inside(void)
{
    static const struct row rows[] = {
        {"::ffff:127.0.0.1", ADDRESS_LOOPBACK},
        {"::ffff:7f00:1", ADDRESS_LOOPBACK},
        {"::ffff:169.254.169.254", ADDRESS_LINK_LOCAL},
        {"::ffff:8.8.8.8", ADDRESS_PUBLIC},
        {"::127.0.0.1", ADDRESS_LOOPBACK},
        {"::10.0.0.1", ADDRESS_PRIVATE},
        {"::2", ADDRESS_UNSPECIFIED},
        {"::8.8.8.8", ADDRESS_PUBLIC},
        {"::ffff:0:127.0.0.1", ADDRESS_LOOPBACK},
        {"64:ff9b::127.0.0.1", ADDRESS_LOOPBACK},
        {"64:ff9b::a00:1", ADDRESS_PRIVATE},
        {"64:ff9b::808:808", ADDRESS_PUBLIC},
        {"2002:7f00:1::", ADDRESS_LOOPBACK},
        {"2002:c0a8:101::1", ADDRESS_PRIVATE},
        {"2002:808:808::1", ADDRESS_PUBLIC},
        /* Teredo: server 65.54.227.120, client 127.0.0.1, 192.168.1.1 and 8.8.8.8; then a server
           of 10.0.0.1. */
        {"2001:0:4136:e378:8000:63bf:80ff:fffe", ADDRESS_LOOPBACK},
        {"2001:0:4136:e378:8000:63bf:3f57:fefe", ADDRESS_PRIVATE},
        {"2001:0:4136:e378:8000:63bf:f7f7:f7f7", ADDRESS_PUBLIC},
        {"2001:0:a00:1:8000:63bf:f7f7:f7f7", ADDRESS_PRIVATE},
    };

    check(rows, sizeof rows / sizeof *rows);
}

static void test_unknown(void)
{
    struct sockaddr_un unix_address = {.sun_family = AF_UNIX, .sun_path = "/tmp/x"};
    union any address;
    socklen_t len = address_of(&address, "8.8.8.8");

    CU_ASSERT_EQUAL(address_classify((struct sockaddr *)&unix_address, sizeof unix_address),
                    ADDRESS_UNKNOWN);
    CU_ASSERT_EQUAL(address_classify(&address.base, len - 1), ADDRESS_UNKNOWN);
    len = address_of(&address, "2606:4700::1111");
    CU_ASSERT_EQUAL(address_classify(&address.base, len - 1), ADDRESS_UNKNOWN);
}

static void test_text(void)
{
    static const char *const rows[][2] = {
        {"127.0.0.1", "127.0.0.1:80"},
        {"::1", "[::1]:80"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:80"},
    };
    char text[ADDRESS_TEXT];
    union any address;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        socklen_t len = address_of(&address, rows[i][0]);

        address_text(text, &address.base, len);
        CU_ASSERT_STRING_EQUAL(text, rows[i][1]);
    }
    address_text(text, &address.base, 1);
    CU_ASSERT_STRING_EQUAL(text, "?");
    for (int kind = ADDRESS_PUBLIC; kind <= ADDRESS_UNKNOWN; kind++)
        CU_ASSERT(strlen(address_kind_name((enum address_kind)kind)) > 0);
}

static const struct test tests[] = {
    {"IPv4 ranges begin and end where they should", test_v4},
    {"IPv6 ranges begin and end where they should", test_v6},
    {"IPv4 inside IPv6 is what it is outside", test_v4_inside},
    {"what is no whole IP address is unknown", test_unknown},
    {"addresses and kinds have a text", test_text},
    {NULL, NULL},
};

const struct suite suite_address = {"address", tests};
